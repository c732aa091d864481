//! Judging takes as long as it takes, and must not hold up the threads that answer requests. Where
//! it panics, what it was not about goes on.

use std::{panic::AssertUnwindSafe, sync::LazyLock, thread::available_parallelism};

use futures_util::FutureExt;
use tokio::sync::Semaphore;

/// One judgement for each processor: more at once would only make each of them slower. Who asks may
/// go away, a judgement runs to its end; so this bounds the work, whatever bounds the requests.
static PLACES: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(places()));

fn places() -> usize {
    available_parallelism().map_or(1, usize::from)
}

/// Judges on a thread that may be kept busy, when a place is free. A panic comes back to whoever
/// asked.
pub async fn judging<T: Send + 'static>(judge: impl FnOnce() -> T + Send + 'static) -> T {
    let Ok(place) = PLACES.acquire().await else {
        // Nobody closes it.
        return std::future::pending().await;
    };
    ahead(move || {
        let _place = place;
        judge()
    })
    .await
}

/// Judges on such a thread at once, ahead of all who wait. For what the house does by itself, one
/// after the other, and what those who wait for a commit would wait for.
pub async fn ahead<T: Send + 'static>(judge: impl FnOnce() -> T + Send + 'static) -> T {
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

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        thread::sleep,
        time::Duration,
    };

    use super::*;

    #[tokio::test]
    async fn no_more_is_judged_at_once_than_there_are_places_even_if_nobody_waits_any_more() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let judge = || {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            judging(move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                sleep(Duration::from_millis(50));
                now.fetch_sub(1, Ordering::SeqCst);
            })
        };
        for _ in 0..3 * places() {
            // Who asks goes away before there is an answer.
            let _ = tokio::time::timeout(Duration::from_millis(5), judge()).await;
        }
        judge().await;
        assert!(most.load(Ordering::SeqCst) <= places(), "{most:?}");
    }
}
