//! A whole server in one value: the use cases over a record, the board that follows it, and the
//! jobs. `serve` opens one; a test may open several over one record.

use std::{sync::Arc, time::Duration};

use faelled_engine::catalog::Catalog;
use faelled_store::{Store, StoreError};
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    app::{App, Cursors},
    clock::Clock,
    jobs,
    live::Live,
};

/// How long the record may take to close. A connection that waits for what somebody else holds
/// locked closes when that is over, and nobody should wait for it.
const CLOSING: Duration = Duration::from_secs(5);

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
    ) -> Result<Self, StoreError> {
        let live = Live::build(store.clone(), Arc::clone(&catalog), clock).await?;
        let app = App {
            store,
            catalog,
            live,
            clock,
            cursors: Cursors::new(secret),
        };
        Ok(Self {
            app,
            stop: CancellationToken::new(),
            tasks: JoinSet::new(),
        })
    }

    /// Follows the change log from now on.
    pub fn follow(&mut self, poll: Duration) {
        self.tasks
            .spawn(self.app.live.clone().follow(poll, self.stop.clone()));
    }

    /// Does jobs from now on.
    pub fn work(&mut self, settings: jobs::Settings) {
        self.tasks
            .spawn(jobs::run(self.app.clone(), settings, self.stop.clone()));
        self.tasks
            .spawn(jobs::upkeep::run(self.app.clone(), self.stop.clone()));
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
