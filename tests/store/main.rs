//! The record, on both databases.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod idempotency;
mod jobs;
mod listings;
mod log;
mod matches;
mod notices;
mod opening;
mod organizations;
mod people;
mod writers;
