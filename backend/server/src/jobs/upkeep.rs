//! What has to be done now and then, by whichever server gets to it: doing it twice is harmless.

use std::time::Duration;

use chrono::{Days, TimeDelta};
use faelled_engine::{flag::OverlapKind, id::Id, schedule};
use faelled_store::StoreError;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::assess_visits;
use crate::app::App;

const EVERY: Duration = Duration::from_hours(1);
/// A follower that has been away for longer builds its board anew.
const LOG_KEPT: TimeDelta = TimeDelta::days(7);
const LOG_KEPT_AT_LEAST: u32 = 100_000;

/// A budget is for its own day; one more is kept to look at.
const BUDGETS_KEPT: Days = Days::new(7);
/// Flags that are judged again at once because what was found is over.
const FLAGS_AT_ONCE: u64 = 1_000;

/// Prunes the change log forgets old answers and citizens who are visited no more, and lets flags
/// be judged again whose finding is over, until it is told to stop.
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
    let mut writing = app.store.write(now).await?;
    let citizens = writing
        .forget_citizens(now - app.citizens.keeping().forget_after)
        .await?;
    let today = schedule::local(now).date_naive();
    writing.forget_budgets(today - BUDGETS_KEPT).await?;
    for flag in app.store.flags_over(now, FLAGS_AT_ONCE).await? {
        if flag.kind == OverlapKind::SameCitizen {
            writing.enqueue(assess_visits::draft(Id::new(flag.sides[0].subject), now));
        }
    }
    writing.commit().await?;
    tracing::debug!(changes, answers, citizens, "the record is tidied");
    Ok(())
}
