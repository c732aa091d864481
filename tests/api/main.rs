//! The API, asked through its transport, on both databases.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod absent;
mod agreeing;
mod bad_input;
mod blind;
mod colliding;
mod costs;
mod disclosure;
mod document;
mod finding;
mod handbook;
mod journeys;
mod late;
mod paging;
mod posting;
mod races;
mod rules;
mod schema;
mod sources;
mod statements;
mod subscriptions;
mod two_servers;
mod undefined;
mod viewer;
mod visits;
mod walk;
mod words;
