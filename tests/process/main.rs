//! The real program, as a process of its own: killed, ended, started wrongly, started twice. What
//! is promised here holds for the file that is installed, not only for its parts.
//!
//! `FAELLED_PROVE=1` (`make prove`) kills more often and writes more.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod client;
mod faelled;
mod people;
mod sums;

mod beside;
mod configured;
mod corrupt;
mod demo;
mod ended;
mod killed;
mod rewrapped;
mod together;
mod writers;

use tokio::sync::{Mutex, MutexGuard};

/// Whether full counts are asked for.
fn proving() -> bool {
    std::env::var_os("FAELLED_PROVE").is_some_and(|value| !value.is_empty())
}

/// Lets one test at a time go on. Each starts processes that use every core, so that side by side
/// they would not be quicker, and the ones that measure time would measure their neighbours.
async fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}
