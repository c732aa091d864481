//! Everything of Fælled that talks to the world. `docs/ARCHITECTURE.md` says who may import whom.

pub mod app;
pub mod auth;
pub mod citizens;
pub mod cli;
pub mod clock;
pub mod config;
pub mod graphql;
pub mod house;
pub mod http;
pub mod jobs;
pub mod judging;
pub mod live;
pub mod observe;
pub mod words;

/// The stack of a thread that answers. What a request may ask for nests, and each level of it takes
/// some kilobytes, in a debug build many.
pub const STACK: usize = 8 << 20;
