//! The tables, as sea-orm sees them. Nothing of this leaves the crate.

pub mod access_log;
pub mod agreement;
pub mod change;
pub mod change_head;
pub mod citizen_token;
pub mod house_area;
pub mod idempotency;
pub mod job;
pub mod listing;
pub mod listing_theme;
pub mod membership;
pub mod meta;
pub mod notice;
pub mod organization;
pub mod overlap;
pub mod overlap_line;
pub mod person;
pub mod support;
pub mod suspension;
pub mod token;
pub mod visit;
pub mod visit_arrangement;
