//! Who sends a request: a bearer token, looked up once, becomes an [`Actor`].

use async_graphql::{Request, Response};
use faelled_engine::access::Actor;
use faelled_store::StoreError;
use futures_util::stream::BoxStream;

use crate::{
    app::{App, people},
    graphql::Executor,
    http::{Api, AuthError, Caller, Readiness},
};

/// The actor that a bearer token names; anonymous without one.
pub async fn authenticate(app: &App, bearer: Option<&str>) -> Result<Actor, AuthError> {
    let Some(token) = bearer else {
        return Ok(Actor::ANONYMOUS);
    };
    let found = app
        .store
        .actor_by_token(people::token_hash(token), app.clock.now())
        .await;
    match found {
        Ok(Some((person, memberships))) => Ok(Actor::new(person, memberships)),
        Ok(None) => Err(AuthError::Unknown),
        Err(error) => {
            if !matches!(error, StoreError::Busy) {
                tracing::error!(error = %error.in_full(), "a token could not be looked up");
            }
            Err(AuthError::Unavailable)
        }
    }
}

impl Api for Executor {
    async fn authenticate(&self, bearer: Option<&str>) -> Result<Actor, AuthError> {
        authenticate(self.app(), bearer).await
    }

    async fn execute(&self, request: Request, caller: Caller) -> Response {
        self.answer(request, caller).await
    }

    fn execute_stream(&self, request: Request, caller: Caller) -> BoxStream<'static, Response> {
        self.answers(request, caller)
    }

    async fn ready(&self) -> Readiness {
        let app = self.app();
        let record = app
            .store
            .ping()
            .await
            .map_err(|error| not_ready(&error, "does not answer"));
        let behind = match app.store.snapshot_position().await {
            Ok(head) if head <= app.live.position() + BEHIND_AT_MOST => Ok(()),
            Ok(_) => Err("is behind the change log".to_owned()),
            Err(error) => Err(not_ready(&error, "cannot follow the change log")),
        };
        Readiness::default()
            .with("record", record)
            .with("board", behind)
    }
}

/// What the probe is told; the log is told why.
fn not_ready(error: &StoreError, remark: &str) -> String {
    tracing::warn!(error = %error.in_full(), remark, "not ready");
    remark.to_owned()
}

/// Changes that the board may lie behind the log and still answer.
const BEHIND_AT_MOST: i64 = 10_000;
