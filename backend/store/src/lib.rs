//! The record: a SQL database, and the only thing that must not be lost. This crate is the only
//! user of sea-orm, and nothing of it shows outside.
//!
//! [`Store`] reads; [`Writing`] is an open transaction that writes. What a caller cannot forget:
//! every write of a listing, an organization or a match leaves a row in the change log of the same
//! transaction, and the jobs it causes are committed with it or not at all.
//!
//! # Order of locks (PostgreSQL)
//!
//! A transaction that touches several things takes them in this order, so that two of them never
//! wait for each other: idempotency key, listings by id ([`Writing::listings_for_update`]),
//! matches, supports and notices, then jobs by kind and key, then the head of the change log. The
//! last two are taken by [`Writing::commit`], never earlier.
#![warn(missing_docs)]

mod code;
mod connect;
mod entity;
mod error;
mod gate;
mod time;
mod window;
mod writing;

mod changes;
mod flags;
mod health;
mod houses;
mod idempotency;
mod jobs;
mod listing_row;
mod listings;
mod matches;
mod notices;
mod organizations;
mod people;
mod rows;
mod visits;

pub use changes::{Change, ChangeKind, LogBounds};
pub use connect::{DatabaseKind, RecordConfig, ServingLock, Store, sqlite_file};
pub use error::{Constraint, DatabaseFailure, StoreError};
pub use flags::FlagFilter;
pub use health::{Counts, Unreadable};
pub use houses::{AccessAction, AccessLine, AccessLineId, Suspension};
pub use idempotency::{IDEMPOTENCY_LIFETIME, Remembered};
pub use jobs::{ClaimedJob, DeadJob, JobCounts, JobDraft, JobId};
pub use matches::MatchFilter;
pub use notices::{Notice, NoticeDraft, NoticeId, NoticeKind};
pub use organizations::{OrganizationFilter, OrganizationKey};
pub use people::{NewToken, TokenHash};
pub use time::recorded;
pub use window::{End, Moment, Stretch, Window};
pub use writing::{Committed, Writing};
