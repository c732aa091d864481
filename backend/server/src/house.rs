//! A whole server in one value: the use cases over a record, the board that follows it, and the
//! jobs. `serve` opens one; a test may open several over one record.

use std::{sync::Arc, time::Duration};

use faelled_engine::catalog::Catalog;
use faelled_store::{Store, StoreError};
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    app::{App, Cursors},
    citizens::Citizens,
    clock::Clock,
    jobs,
    judging::caught,
    live::Live,
};

/// How long the record may take to close. A connection that waits for what somebody else holds
/// locked closes when that is over, and nobody should wait for it.
const CLOSING: Duration = Duration::from_secs(5);

/// How long after a panic work begins again.
const BEGIN_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A server that is not listening yet.
pub struct House {
    /// Its use cases.
    pub app: App,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl House {
    /// Builds the board of this process from the record. Nothing runs yet.
    pub async fn open(
        store: Store,
        catalog: Arc<Catalog>,
        clock: Clock,
        secret: &[u8],
        citizens: Citizens,
    ) -> Result<Self, StoreError> {
        let live = Live::build(store.clone(), Arc::clone(&catalog), clock).await?;
        let app = App {
            store,
            catalog,
            live,
            clock,
            cursors: Cursors::new(secret),
            citizens: Arc::new(citizens),
        };
        Ok(Self {
            app,
            stop: CancellationToken::new(),
            tasks: JoinSet::new(),
        })
    }

    /// Follows the change log from now on.
    pub fn follow(&mut self, poll: Duration) {
        let (live, stop) = (self.app.live.clone(), self.stop.clone());
        self.keep_going("following the log", move || {
            live.clone().follow(poll, stop.clone())
        });
    }

    /// Does jobs from now on.
    pub fn work(&mut self, settings: jobs::Settings) {
        let (app, stop) = (self.app.clone(), self.stop.clone());
        self.keep_going("doing jobs", move || {
            jobs::run(app.clone(), settings, stop.clone())
        });
        let (app, stop) = (self.app.clone(), self.stop.clone());
        self.keep_going("tidying the record", move || {
            jobs::upkeep::run(app.clone(), stop.clone())
        });
    }

    fn keep_going<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        what: &'static str,
        work: impl Fn() -> F + Send + 'static,
    ) {
        self.tasks.spawn(kept_going(what, self.stop.clone(), work));
    }

    /// Finishes what is under way, gives claimed jobs back, and closes the record.
    pub async fn close(mut self) -> Result<(), StoreError> {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        timeout(CLOSING, self.app.store.close())
            .await
            .unwrap_or_else(|_| {
                tracing::warn!("some connections to the record do not close; they end with us");
                Ok(())
            })
    }
}

/// Works until the work ends by itself. When it panics it begins again: nobody would notice that a
/// server has stopped following or doing jobs while it answers.
async fn kept_going<F: Future<Output = ()>>(
    what: &'static str,
    stop: CancellationToken,
    work: impl Fn() -> F,
) {
    while caught(work()).await.is_none() {
        tracing::error!(what, "it panicked, and begins again");
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(BEGIN_AGAIN_AFTER) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn what_panics_begins_again() {
        let begun = AtomicUsize::new(0);
        let work = async || {
            let before = begun.fetch_add(1, Ordering::Relaxed);
            assert!(before > 0, "as a bug would");
        };
        kept_going("a test", CancellationToken::new(), work).await;
        assert_eq!(begun.load(Ordering::Relaxed), 2);
    }
}
