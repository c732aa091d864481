//! The same request sent twice is done once: the key of a creating mutation, its actor and the
//! answer it had are kept for a day, in the transaction that did it.

use chrono::{DateTime, Utc};
use faelled_engine::id::{Id, PersonId};
use faelled_store::{Remembered, Writing};
use sha2::{Digest, Sha256};

use super::{App, AppError, Outcome, Refusal, Why};

/// The field of a key.
pub const FIELD: &str = "idempotencyKey";

/// A key as it came in, with what it was sent with.
#[derive(Debug, Clone)]
pub struct Request {
    mutation: &'static str,
    key: String,
    input: String,
}

impl Request {
    /// Reads an optional key: 1-128 visible ASCII characters; one that is no such thing is among
    /// the refusals then. `input` is everything that was sent with it.
    pub fn read(
        refusals: &mut Vec<Refusal>,
        mutation: &'static str,
        key: Option<&str>,
        input: &impl std::fmt::Debug,
    ) -> Option<Self> {
        let key = key?;
        if !(1..=128).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            refusals.push(Refusal::at(FIELD, Why::KeyMalformed));
            return None;
        }
        Some(Self {
            mutation,
            key: key.to_owned(),
            input: hex::encode(Sha256::digest(format!("{input:?}"))),
        })
    }
}

/// How a request begins to write.
pub enum Begun<T> {
    /// For the first time: in this transaction, which ends with [`remember`] and a commit.
    First(Writing),
    /// It has been done: this is what it made.
    Before(Id<T>),
}

/// Begins to write, unless the same request has been done. Nothing else is locked yet.
pub async fn begin<T>(
    app: &App,
    request: Option<&Request>,
    person: PersonId,
    now: DateTime<Utc>,
) -> Outcome<Begun<T>> {
    let mut writing = app.store.write(now).await?;
    match recall(&mut writing, request, person).await? {
        None => Ok(Begun::First(writing)),
        Some(made) => {
            writing.rollback().await?;
            Ok(Begun::Before(made))
        }
    }
}

/// What this request made the first time, if there was a first time.
async fn recall<T>(
    writing: &mut Writing,
    request: Option<&Request>,
    person: PersonId,
) -> Outcome<Option<Id<T>>> {
    let Some(request) = request else {
        return Ok(None);
    };
    let remembered = writing
        .idempotent(person, request.mutation, &request.key, &request.input)
        .await?;
    let reused = || AppError::refused(FIELD, Why::KeyReused);
    match remembered {
        Remembered::New => Ok(None),
        Remembered::Same(made) => {
            let made = made
                .as_str()
                .and_then(|text| text.parse().ok())
                .ok_or_else(reused)?;
            Ok(Some(Id::new(made)))
        }
        Remembered::Other => Err(reused()),
    }
}

/// Keeps what this request made.
pub async fn remember<T>(
    writing: &mut Writing,
    request: Option<&Request>,
    person: PersonId,
    made: Id<T>,
) -> Outcome<()> {
    if let Some(request) = request {
        let made = serde_json::Value::String(made.uuid().to_string());
        writing
            .remember(person, request.mutation, &request.key, &made)
            .await?;
    }
    Ok(())
}
