//! What happens after a commit: one runner, one file for each kind of job. A job is small, can be
//! done twice without harm, and says whether it may be tried again.

pub mod assess;
pub mod assess_visits;
pub mod expire_match;
mod flagging;
pub mod upkeep;

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use faelled_store::{ClaimedJob, StoreError};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{app::App, clock::fresh_name, judging, observe};

/// Every kind of job that this server knows how to do.
const KINDS: [&str; 3] = [assess::KIND, assess_visits::KIND, expire_match::KIND];

/// How the runner works.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Jobs done at once.
    pub workers: usize,
    /// How long a claim holds; a job that takes longer is done by somebody else as well.
    pub lease: Duration,
    /// How often it looks for jobs that are due.
    pub poll: Duration,
    /// Tries before a job is laid aside.
    pub max_attempts: u32,
}

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// It can be tried again. What the database said is kept with the job, for who looks after it.
    #[error("{}", .0.in_full())]
    Retry(#[from] StoreError),
    /// Trying again would not help.
    #[error("{0}")]
    Fail(&'static str),
}

impl JobError {
    /// Whether the job is tried again. That the record was busy says nothing against the job,
    /// however often it was: an outage delays, and loses nothing.
    fn is_worth_another_try(&self, attempts: u32, settings: Settings) -> bool {
        match self {
            Self::Retry(_) => self.is_busy() || attempts < settings.max_attempts,
            Self::Fail(_) => false,
        }
    }

    fn is_busy(&self) -> bool {
        matches!(self, Self::Retry(error) if error.is_retryable())
    }
}

/// Does jobs until it is told to stop; then finishes or gives back what it has claimed.
pub async fn run(app: App, settings: Settings, stop: CancellationToken) {
    if settings.workers == 0 {
        return;
    }
    let worker = fresh_name();
    let places = Arc::new(Semaphore::new(settings.workers));
    let mut running = JoinSet::new();
    let mut ticks = tokio::time::interval(settings.poll);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = ticks.tick() => {}
        }
        // As long as there is something due, the next is claimed when a place is free.
        loop {
            // Every place may be taken by a job that hangs; that must not hold up the end.
            let place = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                place = Arc::clone(&places).acquire_owned() => place,
            };
            let Ok(place) = place else { break };
            let Some(job) = claim(&app, settings, worker).await else {
                break;
            };
            let app = app.clone();
            running.spawn(async move {
                perform(&app, &job, settings).await;
                drop(place);
            });
            while running.try_join_next().is_some() {}
        }
    }
    // What is under way has until the lease to finish; the rest is given back at once.
    let finished = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(settings.lease, finished)
        .await
        .is_err()
    {
        running.shutdown().await;
    }
    if let Err(error) = app.store.return_jobs(worker).await {
        tracing::warn!(error = %error.in_full(), "claimed jobs could not be given back; their leases will run out");
    }
}

/// Does every job that is due, here and now. Says how many it did. For tests and the command line.
pub async fn run_due(app: &App, settings: Settings) -> usize {
    let worker = fresh_name();
    let mut done = 0;
    while let Some(job) = claim(app, settings, worker).await {
        perform(app, &job, settings).await;
        done += 1;
    }
    done
}

async fn claim(app: &App, settings: Settings, worker: Uuid) -> Option<ClaimedJob> {
    let lease = TimeDelta::from_std(settings.lease).unwrap_or(TimeDelta::minutes(1));
    match app
        .store
        .claim_jobs(worker, &KINDS, app.clock.now(), lease, 1)
        .await
    {
        Ok(mut jobs) => jobs.pop(),
        Err(StoreError::Busy) => None,
        Err(error) => {
            tracing::error!(error = %error.in_full(), "jobs could not be claimed");
            None
        }
    }
}

async fn perform(app: &App, job: &ClaimedJob, settings: Settings) {
    // A job that ended its process was never failed; it must not do so for ever.
    let outcome = if job.attempts > settings.max_attempts {
        Err(JobError::Fail("it was claimed too often without an end"))
    } else {
        caught(Box::pin(perform_kind(app, job))).await
    };
    let outcome_name = match &outcome {
        Ok(()) => "done",
        Err(error) if error.is_worth_another_try(job.attempts, settings) => "retried",
        Err(_) => "buried",
    };
    observe::job(&job.kind, outcome_name);
    let recorded = match outcome {
        Ok(()) => return,
        Err(error) if error.is_worth_another_try(job.attempts, settings) => {
            tracing::info!(job = job.id.0, kind = %job.kind, %error, "job will be tried again");
            let again = app.clock.now() + backoff(job.attempts);
            let told = error.to_string();
            if error.is_busy() {
                app.store.postpone_job(job, &told, again).await
            } else {
                app.store.fail_job(job, &told, again).await
            }
        }
        Err(error) => {
            tracing::error!(job = job.id.0, kind = %job.kind, %error, "job is laid aside");
            app.store.bury_job(job, &error.to_string()).await
        }
    };
    if let Err(error) = recorded {
        let error = error.in_full();
        tracing::warn!(job = job.id.0, %error, "job's failure could not be kept; its lease will run out");
    }
}

/// What panics once will panic again.
async fn caught(performing: impl Future<Output = Result<(), JobError>>) -> Result<(), JobError> {
    judging::caught(performing)
        .await
        .unwrap_or(Err(JobError::Fail("it panicked; the log says where")))
}

async fn perform_kind(app: &App, job: &ClaimedJob) -> Result<(), JobError> {
    match job.kind.as_str() {
        assess::KIND => assess::perform(app, job).await,
        assess_visits::KIND => assess_visits::perform(app, job).await,
        expire_match::KIND => expire_match::perform(app, job).await,
        _ => Err(JobError::Fail("no such kind of job")),
    }
}

/// 1 s, 2 s, 4 s … at most 10 minutes.
fn backoff(attempts: u32) -> TimeDelta {
    TimeDelta::seconds(1 << attempts.saturating_sub(1).min(10)).min(TimeDelta::minutes(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings {
        workers: 1,
        lease: Duration::from_mins(1),
        poll: Duration::from_secs(1),
        max_attempts: 3,
    };

    #[tokio::test]
    async fn a_job_that_panics_is_not_tried_again() {
        let error = caught(async { panic!("as a bug would") })
            .await
            .unwrap_err();
        assert!(!error.is_worth_another_try(1, SETTINGS), "{error}");
        assert!(caught(async { Ok(()) }).await.is_ok());
    }

    #[test]
    fn a_busy_record_is_never_held_against_a_job() {
        let busy = JobError::Retry(StoreError::Busy);
        assert!(busy.is_worth_another_try(1_000, SETTINGS));
        let broken = JobError::Retry(StoreError::Configuration("as if".into()));
        assert!(broken.is_worth_another_try(2, SETTINGS));
        assert!(!broken.is_worth_another_try(3, SETTINGS));
    }

    #[test]
    fn tries_come_further_and_further_apart() {
        let waits: Vec<i64> = [1, 2, 3, 10, 11, 1_000]
            .map(|attempts| backoff(attempts).num_seconds())
            .to_vec();
        assert_eq!(waits, [1, 2, 4, 512, 600, 600]);
    }
}
