//! What the API shows.

pub mod agreement;
pub mod gap;
pub mod house;
pub mod listing;
pub mod matching;
pub mod node;
pub mod notice;
pub mod organization;
pub mod overlap;
pub mod person;
pub mod place;
pub mod scalars;
pub mod schedule;
pub mod theme;
pub mod viewer;
pub mod visit;
