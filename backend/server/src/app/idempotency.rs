//! The same request sent twice is done once: the key of a creating mutation, its actor and the
//! answer it had are kept for a day, in the transaction that did it.

use faelled_engine::id::{Id, PersonId};
use faelled_store::{Remembered, Writing};
use sha2::{Digest, Sha256};

use super::{AppError, Outcome, Refusal, Why};

const FIELD: &str = "idempotencyKey";

/// A key as it came in, with what it was sent with.
#[derive(Debug, Clone)]
pub struct Request {
    mutation: &'static str,
    key: String,
    input: String,
}

impl Request {
    /// Reads an optional key: 1-128 visible ASCII characters. `input` is everything that was sent
    /// with it.
    pub fn read(
        mutation: &'static str,
        key: Option<&str>,
        input: &impl std::fmt::Debug,
    ) -> Result<Option<Self>, Refusal> {
        let Some(key) = key else { return Ok(None) };
        if !(1..=128).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Refusal::at(FIELD, Why::KeyMalformed));
        }
        let input = hex::encode(Sha256::digest(format!("{input:?}")));
        Ok(Some(Self {
            mutation,
            key: key.to_owned(),
            input,
        }))
    }
}

/// What this request made the first time, if there was a first time. Ask before anything else is
/// locked.
pub async fn recall<T>(
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
