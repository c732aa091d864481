//! GraphQL over HTTP: <https://graphql.github.io/graphql-over-http/draft/>, and no more than that.
//!
//! GET asks, POST with a JSON body asks or changes. There are no batches, uploads, forms or
//! persisted documents.

#[cfg(test)]
mod tests;

use std::time::Instant;

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::{
    Api, AuthError, Caller, Shared,
    answer::Answer,
    document::{self, Kind},
    graphql_ws, limits,
    negotiate::{self, Media},
    params,
    problem::{Code, Problem},
};
use crate::observe;

/// Longest bearer token that is looked up.
const MAX_TOKEN: usize = 512;

/// Answers `/graphql`.
pub async fn handle<A: Api>(State(shared): State<Shared<A>>, request: Request) -> Response {
    if graphql_ws::is_upgrade(&request) {
        return graphql_ws::upgrade(shared, request).await;
    }
    let mut response = match negotiate::media_type(request.headers()) {
        Some(media) => match answer(&shared, request).await {
            Ok(answer) => respond(&answer, media),
            Err(problem) => refuse(&problem, media),
        },
        None => Problem::new(
            Code::NotAcceptable,
            "Accept application/graphql-response+json or application/json.",
        )
        .into_response(),
    };
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn answer<A: Api>(shared: &Shared<A>, request: Request) -> Result<Answer, Problem> {
    let (parts, body) = request.into_parts();
    let mut operation = match parts.method {
        Method::GET => params::from_uri(&parts.uri)?,
        Method::POST => params::from_body(&read_body(shared, &parts.headers, body).await?)?,
        _ => return Err(Problem::new(Code::MethodNotAllowed, "Use GET or POST.")),
    };
    let kind = document::weigh(&mut operation)?;
    match kind {
        Kind::Mutation if parts.method == Method::GET => {
            return Err(Problem::new(
                Code::MethodNotAllowed,
                "Send a mutation by POST.",
            ));
        }
        Kind::Subscription => {
            return Err(Problem::bad_request(
                "Subscribe over WebSocket, with the subprotocol graphql-transport-ws.",
            ));
        }
        Kind::Query | Kind::Mutation => {}
    }
    let started = Instant::now();
    let work = async {
        let caller = caller(&shared.api, &parts).await?;
        Ok(Answer::from(shared.api.execute(operation, caller).await))
    };
    let result = limits::bounded(work, shared.settings.request_timeout).await;
    let outcome = result
        .as_ref()
        .map_or_else(|problem| problem.code.outcome(), Answer::outcome);
    observe::graphql_operation(kind.label(), "http", outcome, started.elapsed());
    result
}

/// Who sends these headers.
async fn caller<A: Api>(api: &A, parts: &Parts) -> Result<Caller, Problem> {
    let actor = api.authenticate(bearer(&parts.headers)?).await?;
    Ok(Caller {
        actor,
        language: negotiate::language(&parts.headers),
    })
}

/// The bearer token, if there is an `Authorization` at all.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value
            .to_str()
            .ok()
            .and_then(token_of)
            .map(Some)
            .ok_or_else(|| AuthError::Unknown.into()),
        (Some(_), Some(_)) => Err(AuthError::Unknown.into()),
    }
}

/// The token in `Bearer …`.
pub fn token_of(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    let sane = !token.is_empty()
        && token.len() <= MAX_TOKEN
        && token.bytes().all(|letter| letter.is_ascii_graphic());
    (scheme.eq_ignore_ascii_case("bearer") && sane).then_some(token)
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unknown => Self::new(
                Code::Unauthenticated,
                "The token is unknown, expired or revoked. Send `Authorization: Bearer <token>`, or nothing.",
            ),
            AuthError::Unavailable => Self::new(Code::Unavailable, "Try again in a moment."),
        }
    }
}

async fn read_body<A>(
    shared: &Shared<A>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Bytes, Problem> {
    if !negotiate::sends_json(headers) {
        return Err(Problem::new(
            Code::UnsupportedMediaType,
            "Send the request as application/json in UTF-8, not compressed.",
        ));
    }
    let limit = shared.settings.max_body_bytes;
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let mut chunks = body.into_data_stream();
    let mut read = Vec::new();
    let reading = async {
        if declared.is_some_and(|length| length > limit) {
            return Ok(false);
        }
        while let Some(chunk) = chunks.next().await {
            let chunk =
                chunk.map_err(|_| Problem::bad_request("The body ended before its end."))?;
            if read.len() + chunk.len() > limit {
                return Ok(false);
            }
            read.extend_from_slice(&chunk);
        }
        Ok(true)
    };
    match timeout(shared.settings.request_timeout, reading).await {
        Ok(Ok(true)) => Ok(read.into()),
        Ok(Ok(false)) => Err(Problem::new(
            Code::PayloadTooLarge,
            format!("The body is longer than {limit} bytes."),
        )),
        Ok(Err(problem)) => Err(problem),
        Err(_) => Err(Problem::new(
            Code::RequestTimeout,
            "The body did not arrive in time.",
        )),
    }
}

/// The draft of August 2026 would have 294 for data with errors; no client knows that status yet.
fn respond(answer: &Answer, media: Media) -> Response {
    let status = if answer.is_refusal() && media == Media::GraphqlResponse {
        Code::ValidationFailed.status()
    } else {
        axum::http::StatusCode::OK
    };
    (
        status,
        [(header::CONTENT_TYPE, media.content_type())],
        answer.to_json(),
    )
        .into_response()
}

fn refuse(problem: &Problem, media: Media) -> Response {
    let mut response = problem.respond(media);
    if problem.code == Code::MethodNotAllowed {
        response
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    }
    response
}
