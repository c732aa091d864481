//! What the API shows.

pub mod agreement;
pub mod listing;
pub mod matching;
pub mod node;
pub mod notice;
pub mod organization;
pub mod person;
pub mod place;
pub mod scalars;
pub mod schedule;
pub mod theme;
pub mod viewer;
