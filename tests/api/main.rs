//! The API, asked through its transport, on both databases.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]
#![expect(
    clippy::doc_markdown,
    reason = "SQLite and PostgreSQL are names, not code"
)]

mod agreeing;
mod finding;
mod posting;
mod words;
