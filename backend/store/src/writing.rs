//! An open transaction, and how it ends.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, Set, Statement};
use uuid::Uuid;

use crate::{
    changes::ChangeKind, code::Code, connect::Store, entity::change, error::StoreError, gate::Turn,
    jobs::JobDraft, time::recorded,
};

/// An open transaction. Dropped without [`Writing::commit`], it changes nothing.
///
/// On SQLite it holds the one writer; on PostgreSQL one of the connections that write. Keep it
/// short, and wait for nothing else while it is open.
pub struct Writing {
    pub(crate) store: Store,
    pub(crate) now: DateTime<Utc>,
    changes: BTreeMap<(ChangeKind, Uuid), i32>,
    jobs: BTreeMap<(&'static str, String), JobDraft>,
    /// The mutation whose idempotency key has been reserved and not answered yet.
    pub(crate) unanswered: Option<String>,
    // The transaction is dropped, and with it rolled back, before the turn passes on.
    pub(crate) transaction: DatabaseTransaction,
    _turn: Turn,
}

/// What a commit left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The position of its last change in the log; 0 when it logged none. Whoever has followed the
    /// log to here has seen all of it.
    pub position: i64,
}

impl Store {
    /// Begins to write. `now` is the time of everything that is written. Busy when too many others
    /// wait already, or when it took too long to get a turn.
    pub async fn write(&self, now: DateTime<Utc>) -> Result<Writing, StoreError> {
        let (transaction, turn) = self.begin().await?;
        Ok(Writing {
            store: self.clone(),
            now: recorded(now),
            changes: BTreeMap::new(),
            jobs: BTreeMap::new(),
            unanswered: None,
            transaction,
            _turn: turn,
        })
    }
}

impl Writing {
    /// The time of everything that is written.
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Writes a job with this transaction; see [`JobDraft`]. Of several with one kind and key, the
    /// last counts.
    pub fn enqueue(&mut self, job: JobDraft) {
        self.jobs.insert((job.kind, job.key.clone()), job);
    }

    /// Makes it so. The jobs and the change log come last.
    ///
    /// Moving the head of the log locks its one row until the end of the transaction, so that
    /// positions are given in the order of commits: whoever sees position *n* sees every position
    /// below it, and no later commit gets a lower one. (A database sequence gives no such promise:
    /// a slow transaction would commit a low number late, and a follower that had read past it
    /// would miss it for good.) Since every writer waits for that row, it is the last thing taken.
    pub async fn commit(mut self) -> Result<Committed, StoreError> {
        if let Some(mutation) = self.unanswered.take() {
            let why = "its transaction was to be committed without the answer to remember";
            return Err(StoreError::corrupt("idempotency key of", mutation, why));
        }
        let jobs = std::mem::take(&mut self.jobs);
        self.insert_jobs(jobs.into_values()).await?;
        let position = self.log_changes().await?;
        self.transaction
            .commit()
            .await
            .map_err(StoreError::of_commit)?;
        Ok(Committed { position })
    }

    /// Makes it so, and begins again at the same time. Others may write in between.
    pub async fn commit_and_go_on(self) -> Result<Self, StoreError> {
        let (store, now) = (self.store.clone(), self.now);
        self.commit().await?;
        store.write(now).await
    }

    /// Undoes it all; the same as dropping it, but waits until it is done.
    pub async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.transaction.rollback().await?)
    }

    /// Notes that something has a new version. Of several within one transaction, the last counts.
    pub(crate) fn changed(&mut self, kind: ChangeKind, id: Uuid, version: i32) {
        let known = self.changes.entry((kind, id)).or_insert(version);
        *known = version.max(*known);
    }

    pub(crate) fn statement(
        &self,
        sql: impl Into<String>,
        values: impl IntoIterator<Item = sea_orm::Value>,
    ) -> Statement {
        self.store.statement(sql, values)
    }

    async fn log_changes(&mut self) -> Result<i64, StoreError> {
        let changes = std::mem::take(&mut self.changes);
        if changes.is_empty() {
            return Ok(0);
        }
        let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
        let head = self.statement(
            "UPDATE change_head SET position = position + $1 WHERE id = 1 RETURNING position",
            [count.into()],
        );
        let head: i64 = self
            .transaction
            .query_all_raw(head)
            .await?
            .first()
            .ok_or_else(|| StoreError::corrupt("change log", "head", "there is none"))?
            .try_get_by_index(0)?;
        let rows: Vec<_> = changes
            .into_iter()
            .zip(head - count + 1..)
            .map(
                |(((kind, subject), version), position)| change::ActiveModel {
                    position: Set(position),
                    kind: Set(kind.code().to_owned()),
                    subject_id: Set(subject),
                    version: Set(version),
                    at: Set(self.now),
                },
            )
            .collect();
        // Five values a row; PostgreSQL takes 65,535 in a statement, SQLite 32,766.
        for rows in rows.chunks(5_000) {
            change::Entity::insert_many(rows.to_vec())
                .exec_without_returning(&self.transaction)
                .await?;
        }
        Ok(head)
    }
}
