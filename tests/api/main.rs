//! The API, asked through its transport, on both databases.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod absent;
mod agreeing;
mod bad_input;
mod finding;
mod posting;
mod words;
