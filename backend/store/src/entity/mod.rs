//! The tables, as sea-orm sees them. Nothing of this leaves the crate.

pub mod agreement;
pub mod change;
pub mod change_head;
pub mod idempotency;
pub mod job;
pub mod listing;
pub mod listing_theme;
pub mod membership;
pub mod meta;
pub mod notice;
pub mod organization;
pub mod person;
pub mod support;
pub mod token;
