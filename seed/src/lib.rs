//! What a house knows before anybody posts, the Viborg demo, and the generated nation.
//!
//! The formats are those of `seed/data/README.md`, which is written for the people who edit the
//! files. Time and randomness are parameters here too: `today` and a seed decide everything.
#![warn(missing_docs)]

mod catalog;
pub mod demo;
pub mod error;
pub mod listings_csv;
pub mod nation;
pub mod organizations_csv;
pub mod places_csv;
mod schedule_cell;
mod table;

pub use catalog::catalog;
pub use error::{BadCell, SeedError};
