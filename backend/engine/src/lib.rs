//! Pure judgement. Everything here is a function of its arguments: the same input and the same `now`
//! give the same answer. `docs/MATCHING.md` is the law that this crate follows.
#![warn(missing_docs)]

pub mod access;
pub mod agreement;
pub mod board;
pub mod catalog;
pub mod citizen;
pub mod consortium;
pub mod flag;
pub mod funding;
pub mod gap;
pub mod id;
pub mod linkage;
pub mod listing;
pub mod matching;
pub mod nearby;
pub mod organization;
pub mod overlap;
pub mod place;
pub mod problem;
pub mod schedule;
pub mod text;
pub mod theme;
pub mod visit;
