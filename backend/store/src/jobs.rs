//! Work to be done after a commit, by whichever process comes first.
//!
//! A job is claimed for a time (its lease), and a worker that is late, because it was slow or
//! died, has lost it: whatever it then says of the job is refused. Jobs are therefore written to
//! do no harm when they run twice.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, Order,
    QueryFilter, QueryOrder, QueryResult, QuerySelect, Set,
    sea_query::{Expr, OnConflict},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    connect::{DatabaseKind, Store},
    entity::job,
    error::StoreError,
    time::recorded,
    writing::Writing,
};

/// A job to be written.
///
/// A job of the same kind and key that has never been claimed is the same job: then only the
/// earlier of both times to run counts, and the payload of the first. Payloads should follow from
/// the key.
#[derive(Debug, Clone, PartialEq)]
pub struct JobDraft {
    /// What is to be done.
    pub kind: &'static str,
    /// To what.
    pub key: String,
    /// What the worker needs to know beside.
    pub payload: Value,
    /// Not before this.
    pub run_at: DateTime<Utc>,
}

/// The identity of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub i64);

/// A job that a worker has claimed. It answers for the claim as well: of two claims of one job,
/// only the later is valid.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedJob {
    /// Its identity.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// To what.
    pub key: String,
    /// What the worker needs to know beside; null when it does not read.
    pub payload: Value,
    /// How often it has been claimed, this time included.
    pub attempts: u32,
    /// Until when it is this worker's.
    pub leased_until: DateTime<Utc>,
    lease: Uuid,
}

/// A job that is not tried again by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadJob {
    /// Its identity.
    pub id: JobId,
    /// What was to be done.
    pub kind: String,
    /// To what.
    pub key: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong last.
    pub last_error: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// How many jobs stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Could be claimed now.
    pub due: u64,
    /// Will be, later.
    pub later: u64,
    /// Are being done.
    pub claimed: u64,
    /// Are not tried again by themselves.
    pub dead: u64,
}

/// What can be claimed: what waits and is due, and what a worker has not finished in its time.
const DUE: &str = "((state IN ('fresh', 'waiting') AND run_at <= $1) \
                   OR (state = 'claimed' AND leased_until <= $1))";

impl Store {
    /// Claims jobs of these kinds that are due, the longest due first, until `lease` later; what
    /// another worker has claimed and not finished in time counts as due. Claiming counts as an
    /// attempt. `worker` is what [`Store::return_jobs`] takes.
    pub async fn claim_jobs(
        &self,
        worker: Uuid,
        kinds: &[&str],
        now: DateTime<Utc>,
        lease: chrono::TimeDelta,
        limit: u64,
    ) -> Result<Vec<ClaimedJob>, StoreError> {
        // Asking first costs a read; claiming nothing would cost a turn to write.
        if kinds.is_empty() || limit == 0 || self.due_jobs(kinds, now).await? == 0 {
            return Ok(Vec::new());
        }
        let now = recorded(now);
        let of_kinds = placeholders(5, kinds.len());
        let skip_locked = match self.kind() {
            DatabaseKind::Sqlite => "",
            DatabaseKind::Postgres => "FOR UPDATE SKIP LOCKED",
        };
        let mut values: Vec<sea_orm::Value> = vec![
            now.into(),
            worker.into(),
            recorded(now + lease).into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ];
        values.extend(kinds.iter().map(|kind| sea_orm::Value::from(*kind)));
        let claim = self.statement(
            format!(
                "WITH due AS MATERIALIZED (SELECT id FROM job WHERE kind IN ({of_kinds}) AND {DUE} \
                 ORDER BY run_at, id LIMIT $4 {skip_locked}) \
                 UPDATE job SET state = 'claimed', lease = $2, leased_until = $3, \
                 attempts = attempts + 1 WHERE id IN (SELECT id FROM due) RETURNING *"
            ),
            values,
        );
        let (transaction, _turn) = self.begin().await?;
        let rows = transaction.query_all_raw(claim).await?;
        let mut jobs = Vec::with_capacity(rows.len());
        for row in &rows {
            // One that does not read must not keep the others from being done.
            match job::Model::from_query_result(row, "") {
                Ok(job) => jobs.push(job),
                Err(_) => self.bury_unread(&transaction, row).await?,
            }
        }
        transaction.commit().await.map_err(StoreError::of_commit)?;
        jobs.sort_by_key(|job| (job.run_at, job.id));
        Ok(jobs.into_iter().map(claimed).collect())
    }

    async fn bury_unread(
        &self,
        transaction: &DatabaseTransaction,
        row: &QueryResult,
    ) -> Result<(), StoreError> {
        let id: i64 = row.try_get("", "id")?;
        tracing::error!(job = id, "a job does not read and is laid aside");
        let bury = self.statement(
            "UPDATE job SET state = 'dead', lease = NULL, leased_until = NULL, attempts = 0, \
             last_error = 'the row does not read' WHERE id = $1",
            [id.into()],
        );
        transaction.execute_raw(bury).await?;
        Ok(())
    }

    /// How many jobs of these kinds could be claimed now.
    async fn due_jobs(&self, kinds: &[&str], now: DateTime<Utc>) -> Result<u64, StoreError> {
        let mut values: Vec<sea_orm::Value> = vec![recorded(now).into()];
        values.extend(kinds.iter().map(|kind| sea_orm::Value::from(*kind)));
        let of_kinds = placeholders(2, kinds.len());
        let sql = format!("SELECT COUNT(*) FROM job WHERE kind IN ({of_kinds}) AND {DUE}");
        let row = self
            .readers()
            .query_one_raw(self.statement(sql, values))
            .await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// A claimed job did not succeed and is to be tried again at a time. False when the claim has
    /// been lost.
    pub async fn fail_job(
        &self,
        job: &ClaimedJob,
        error: &str,
        retry_at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.release(
            job,
            job::ActiveModel {
                state: Set("waiting".to_owned()),
                run_at: Set(recorded(retry_at)),
                last_error: Set(Some(error.to_owned())),
                ..released()
            },
        )
        .await
    }

    /// A claimed job could not be tried, since the record was busy, and is to be at a time. The
    /// attempt does not count. False when the claim has been lost.
    pub async fn postpone_job(
        &self,
        job: &ClaimedJob,
        error: &str,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let attempts = i32::try_from(job.attempts).unwrap_or(i32::MAX);
        self.release(
            job,
            job::ActiveModel {
                state: Set("waiting".to_owned()),
                run_at: Set(recorded(until)),
                attempts: Set(attempts - 1),
                last_error: Set(Some(error.to_owned())),
                ..released()
            },
        )
        .await
    }

    /// A claimed job cannot succeed and is not to be tried again by itself. False when the claim
    /// has been lost.
    pub async fn bury_job(&self, job: &ClaimedJob, error: &str) -> Result<bool, StoreError> {
        self.release(
            job,
            job::ActiveModel {
                state: Set("dead".to_owned()),
                last_error: Set(Some(error.to_owned())),
                ..released()
            },
        )
        .await
    }

    async fn release(&self, job: &ClaimedJob, row: job::ActiveModel) -> Result<bool, StoreError> {
        let (transaction, _turn) = self.begin().await?;
        let updated = job::Entity::update_many()
            .set(row)
            .filter(held(job))
            .exec(&transaction)
            .await?
            .rows_affected;
        transaction.commit().await.map_err(StoreError::of_commit)?;
        Ok(updated == 1)
    }

    /// Gives everything back that a worker has claimed and not finished, for others to claim at
    /// once; the attempt does not count. Returns how many that were.
    pub async fn return_jobs(&self, worker: Uuid) -> Result<u64, StoreError> {
        let (transaction, _turn) = self.begin().await?;
        let returned = job::Entity::update_many()
            .set(job::ActiveModel {
                state: Set("waiting".to_owned()),
                ..released()
            })
            .col_expr(job::Column::Attempts, Expr::cust("attempts - 1"))
            .filter(job::Column::Lease.eq(worker))
            .filter(job::Column::State.eq("claimed"))
            .exec(&transaction)
            .await?
            .rows_affected;
        transaction.commit().await.map_err(StoreError::of_commit)?;
        Ok(returned)
    }

    /// How many jobs stand where.
    pub async fn job_counts(&self, now: DateTime<Utc>) -> Result<JobCounts, StoreError> {
        let statement = self.statement(
            format!(
                "SELECT CASE WHEN {DUE} THEN 'due' WHEN state IN ('fresh', 'waiting') THEN 'later' \
                 ELSE state END AS stands, COUNT(*) FROM job GROUP BY 1"
            ),
            [recorded(now).into()],
        );
        let mut counts = JobCounts::default();
        for row in self.readers().query_all_raw(statement).await? {
            let stands: String = row.try_get_by_index(0)?;
            let count: i64 = row.try_get_by_index(1)?;
            let field = match stands.as_str() {
                "due" => &mut counts.due,
                "later" => &mut counts.later,
                "claimed" => &mut counts.claimed,
                _ => &mut counts.dead,
            };
            *field = u64::try_from(count).unwrap_or(0);
        }
        Ok(counts)
    }

    /// The jobs that are not tried again by themselves, newest first, at most so many.
    pub async fn dead_jobs(&self, limit: u64) -> Result<Vec<DeadJob>, StoreError> {
        let rows = job::Entity::find()
            .filter(job::Column::State.eq("dead"))
            .order_by(job::Column::Id, Order::Desc)
            .limit(limit)
            .all(self.readers())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| DeadJob {
                id: JobId(row.id),
                kind: row.kind,
                key: row.key,
                attempts: u32::try_from(row.attempts).unwrap_or(0),
                last_error: row.last_error.unwrap_or_default(),
                created_at: row.created_at,
            })
            .collect())
    }

    /// Lets every dead job be tried again from now on, as if it never had been. Returns how many
    /// that were.
    pub async fn revive_jobs(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let (transaction, _turn) = self.begin().await?;
        let revived = job::Entity::update_many()
            .set(job::ActiveModel {
                state: Set("waiting".to_owned()),
                run_at: Set(recorded(now)),
                attempts: Set(0),
                ..Default::default()
            })
            .filter(job::Column::State.eq("dead"))
            .exec(&transaction)
            .await?
            .rows_affected;
        transaction.commit().await.map_err(StoreError::of_commit)?;
        Ok(revived)
    }
}

impl Writing {
    /// A claimed job is done, and this transaction is its result: both are committed or neither.
    /// False when the claim has been lost; then drop the transaction.
    pub async fn complete_job(&mut self, job: &ClaimedJob) -> Result<bool, StoreError> {
        let done = job::Entity::delete_many()
            .filter(held(job))
            .exec(&self.transaction)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Writes jobs, in the order of kind and key.
    ///
    /// One that is there and has never been claimed is *locked* (by an update that may change
    /// nothing), not merely left alone. Otherwise a worker could claim it, look at the record
    /// before this transaction is committed, finish, and nobody would be left to see what this
    /// transaction wrote. As it is, a worker passes over it until the commit.
    pub(crate) async fn insert_jobs(
        &mut self,
        jobs: impl Iterator<Item = JobDraft>,
    ) -> Result<(), StoreError> {
        let rows: Vec<_> = jobs
            .map(|job| job::ActiveModel {
                kind: Set(job.kind.to_owned()),
                key: Set(job.key),
                payload: Set(job.payload.to_string()),
                state: Set("fresh".to_owned()),
                run_at: Set(recorded(job.run_at)),
                attempts: Set(0),
                created_at: Set(self.now),
                ..Default::default()
            })
            .collect();
        for rows in rows.chunks(3_000) {
            job::Entity::insert_many(rows.to_vec())
                .on_conflict(
                    OnConflict::columns([job::Column::Kind, job::Column::Key])
                        // Not a bound value: PostgreSQL must see that it is the index's condition.
                        .target_and_where(Expr::cust("state = 'fresh'"))
                        .value(
                            job::Column::RunAt,
                            Expr::cust(
                                "CASE WHEN excluded.run_at < job.run_at \
                                 THEN excluded.run_at ELSE job.run_at END",
                            ),
                        )
                        .to_owned(),
                )
                .exec_without_returning(&self.transaction)
                .await?;
        }
        Ok(())
    }
}

/// The claim, if it still holds: nobody else has claimed the job since.
fn held(job: &ClaimedJob) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(job::Column::Id.eq(job.id.0))
        .add(job::Column::State.eq("claimed"))
        .add(job::Column::Lease.eq(job.lease))
        .add(job::Column::Attempts.eq(i32::try_from(job.attempts).unwrap_or(i32::MAX)))
}

fn released() -> job::ActiveModel {
    job::ActiveModel {
        lease: Set(None),
        leased_until: Set(None),
        ..Default::default()
    }
}

fn claimed(row: job::Model) -> ClaimedJob {
    let payload = serde_json::from_str(&row.payload).unwrap_or_else(|_| {
        tracing::error!(
            job = row.id,
            kind = row.kind,
            "a job's payload does not read"
        );
        Value::Null
    });
    ClaimedJob {
        id: JobId(row.id),
        kind: row.kind,
        key: row.key,
        payload,
        attempts: u32::try_from(row.attempts).unwrap_or(0),
        leased_until: row.leased_until.unwrap_or(row.run_at),
        lease: row.lease.unwrap_or_default(),
    }
}

/// `$2, $3, $4` for three values from the second on.
fn placeholders(first: usize, count: usize) -> String {
    let each: Vec<String> = (first..first + count).map(|at| format!("${at}")).collect();
    if each.is_empty() {
        "NULL".to_owned()
    } else {
        each.join(", ")
    }
}
