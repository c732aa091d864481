//! Everything of Fælled that talks to the world. `docs/ARCHITECTURE.md` says who may import whom.

pub mod app;
pub mod auth;
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
