//! A proposal that nobody has answered in time expires.

use faelled_engine::{
    agreement::{Match, Step},
    id::MatchId,
};
use faelled_store::{ClaimedJob, JobDraft};

use super::JobError;
use crate::app::App;

/// The kind of this job.
pub const KIND: &str = "expire_match";

/// The job for a match that was just proposed.
pub fn draft(agreed: &Match) -> JobDraft {
    JobDraft {
        kind: KIND,
        key: agreed.id.uuid().to_string(),
        payload: serde_json::Value::Null,
        run_at: agreed.expires_at(),
    }
}

/// Lets a match expire, if it still waits for its answer.
pub async fn perform(app: &App, job: &ClaimedJob) -> Result<(), JobError> {
    let id = job
        .key
        .parse()
        .map(MatchId::new)
        .map_err(|_| JobError::Fail("no id of a match"))?;
    let now = app.clock.now();
    let mut writing = app.store.write(now).await?;
    if let Some(mut agreed) = writing.match_for_update(id).await?
        && let Some(status) = agreed.after(Step::Expire, None)
    {
        let seen = agreed.version;
        agreed.status = status;
        agreed.version += 1;
        agreed.updated_at = now;
        writing.update_match(&agreed, seen).await?;
    }
    if writing.complete_job(job).await? {
        let committed = writing.commit().await?;
        app.live.catch_up_to(committed.position).await;
    }
    Ok(())
}
