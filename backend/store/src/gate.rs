//! A fair queue of bounded length before the connections that write.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::error::StoreError;

/// Lets a number of writers in at a time, and a number of others wait in order. Without a bound, a
/// burst of writers would all wait, each longer than its client does.
pub(crate) struct Gate {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    patience: Duration,
}

/// The right to write, until it is dropped.
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Gate {
    pub(crate) fn new(turns: usize, places: usize, patience: Duration) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(turns)),
            places: Arc::new(Semaphore::new(places)),
            patience,
        }
    }

    /// Waits for a turn, in order of arrival.
    pub(crate) async fn enter(&self) -> Result<Turn, StoreError> {
        // A semaphore hands a freed permit to whoever waits first, so that this cannot overtake.
        if let Ok(permit) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(Turn { _permit: permit });
        }
        let _place = self.places.try_acquire().map_err(|_| StoreError::Busy)?;
        match timeout(self.patience, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit }),
            Ok(Err(_)) | Err(_) => Err(StoreError::Busy),
        }
    }
}
