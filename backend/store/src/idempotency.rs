//! Answers kept for requests that come again.

use chrono::{DateTime, TimeDelta, Utc};
use faelled_engine::id::PersonId;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};
use serde_json::Value;

use crate::{
    connect::Store, entity::idempotency, error::StoreError, time::recorded, writing::Writing,
};

/// How long an answer is kept.
pub const IDEMPOTENCY_LIFETIME: TimeDelta = TimeDelta::hours(24);

/// What is known of a request's key.
#[derive(Debug, Clone, PartialEq)]
pub enum Remembered {
    /// Nothing: go on, and [`Writing::remember`] the answer before the commit.
    New,
    /// The same request has been answered: this is the answer.
    Same(Value),
    /// The key was used for another input.
    Other,
}

impl Store {
    /// Forgets the answers whose time is over. Returns how many that were.
    pub async fn purge_idempotency(&self, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let (transaction, _turn) = self.begin().await?;
        let purged = idempotency::Entity::delete_many()
            .filter(idempotency::Column::ExpiresAt.lte(recorded(now)))
            .exec(&transaction)
            .await?;
        transaction.commit().await.map_err(StoreError::of_commit)?;
        Ok(purged.rows_affected)
    }
}

impl Writing {
    /// Asks for the answer to a person's request with this key, and reserves the key when there is
    /// none. Ask before anything else is locked.
    ///
    /// The reservation is a row of this transaction. A second request with the same key waits for
    /// its end (on SQLite for its turn to write): it then finds the answer, or finds the key free
    /// again because the first one came to nothing, or has waited too long and is told that the
    /// record is busy. It never does the thing twice. A key whose time is over is as good as new.
    pub async fn idempotent(
        &mut self,
        person: PersonId,
        mutation: &str,
        key: &str,
        input_hash: &str,
    ) -> Result<Remembered, StoreError> {
        let reserve = self.statement(
            "INSERT INTO idempotency (person_id, mutation, key, input_hash, result, expires_at) \
             VALUES ($1, $2, $3, $4, NULL, $5) \
             ON CONFLICT (person_id, mutation, key) DO UPDATE \
             SET input_hash = excluded.input_hash, result = NULL, \
             expires_at = excluded.expires_at \
             WHERE idempotency.expires_at <= $6",
            [
                person.uuid().into(),
                mutation.into(),
                key.into(),
                input_hash.into(),
                (self.now + IDEMPOTENCY_LIFETIME).into(),
                self.now.into(),
            ],
        );
        if self.transaction.execute_raw(reserve).await?.rows_affected() == 1 {
            self.unanswered = Some(mutation.to_owned());
            return Ok(Remembered::New);
        }
        let found =
            idempotency::Entity::find_by_id((person.uuid(), mutation.to_owned(), key.to_owned()))
                .one(&self.transaction)
                .await?;
        let Some(found) = found else {
            // Purged between the two statements.
            return Err(StoreError::Busy);
        };
        if found.input_hash != input_hash {
            return Ok(Remembered::Other);
        }
        let corrupt = |why| StoreError::corrupt("idempotency key of", mutation, why);
        let result = found.result.ok_or_else(|| corrupt("no answer"))?;
        serde_json::from_str(&result)
            .map(Remembered::Same)
            .map_err(|_| corrupt("its answer is not JSON"))
    }

    /// Keeps the answer to the request whose key [`Writing::idempotent`] has reserved.
    pub async fn remember(
        &mut self,
        person: PersonId,
        mutation: &str,
        key: &str,
        result: &Value,
    ) -> Result<(), StoreError> {
        idempotency::Entity::update_many()
            .set(idempotency::ActiveModel {
                result: Set(Some(result.to_string())),
                ..Default::default()
            })
            .filter(idempotency::Column::PersonId.eq(person.uuid()))
            .filter(idempotency::Column::Mutation.eq(mutation))
            .filter(idempotency::Column::Key.eq(key))
            .exec(&self.transaction)
            .await?;
        self.unanswered = None;
        Ok(())
    }
}
