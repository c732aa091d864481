//! What has to be done now and then, by whichever server gets to it: doing it twice is harmless.

use std::time::Duration;

use chrono::TimeDelta;
use faelled_store::StoreError;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::app::App;

const EVERY: Duration = Duration::from_hours(1);
/// A follower that has been away for longer builds its board anew.
const LOG_KEPT: TimeDelta = TimeDelta::days(7);
const LOG_KEPT_AT_LEAST: u32 = 100_000;

/// Prunes the change log and forgets old answers, until it is told to stop.
pub async fn run(app: App, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        match tidy(&app).await {
            Ok(()) | Err(StoreError::Busy) => {}
            Err(error) => {
                tracing::error!(error = %error.in_full(), "the record could not be tidied");
            }
        }
    }
}

async fn tidy(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    let changes = app
        .store
        .prune_changes(now - LOG_KEPT, LOG_KEPT_AT_LEAST)
        .await?;
    let answers = app.store.purge_idempotency(now).await?;
    tracing::debug!(changes, answers, "the record is tidied");
    Ok(())
}
