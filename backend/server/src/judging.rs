//! Judging takes as long as it takes, and must not hold up the threads that answer requests. Where
//! it panics, what it was not about goes on.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

/// Judges on a thread that may be kept busy. A panic comes back to whoever asked.
pub async fn judging<T: Send + 'static>(judge: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(judge).await {
        Ok(judged) => judged,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and whoever waits here with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// What comes of some work; nothing when it panics. The log says where it did.
pub async fn caught<T>(work: impl Future<Output = T>) -> Option<T> {
    AssertUnwindSafe(work).catch_unwind().await.ok()
}

/// The same of work that does not wait.
pub fn attempted<T>(work: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).ok()
}
