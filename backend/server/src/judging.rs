//! Judging takes as long as it takes, and must not hold up the threads that answer requests.

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
