//! The routes that are neither GraphQL nor pages.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{
    Api, Readiness, Shared, limits,
    negotiate::Media,
    problem::{Code, Problem},
};

/// The schema as text.
pub fn schema(sdl: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, sdl).into_response()
}

/// The process lives.
pub async fn health() -> Response {
    state(StatusCode::OK, &json!({ "status": "ok" }))
}

/// The process can answer, or what keeps it from it.
pub async fn ready<A: Api>(State(shared): State<Shared<A>>) -> Response {
    let work = async { Ok(shared.api.ready().await) };
    let readiness = limits::bounded(work, shared.settings.request_timeout)
        .await
        .unwrap_or_else(|_| {
            Readiness::default().with("check", Err("did not answer in time".to_owned()))
        });
    let parts: Map<_, _> = readiness
        .parts()
        .map(|(part, state)| (part.to_owned(), state.err().unwrap_or("ok").into()))
        .collect();
    let ready = readiness.is_ready();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    state(status, &json!({ "ready": ready, "parts": parts }))
}

/// Anything else.
pub async fn not_found() -> Problem {
    Problem::new(Code::NotFound, "There is nothing at this address.")
}

/// A route that is there, for another method. axum says which one in `Allow`.
pub async fn method_not_allowed() -> Problem {
    Problem::new(Code::MethodNotAllowed, "This address is only for reading.")
}

fn state(status: StatusCode, body: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, Media::Json.content_type()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::{self, call, get};

    #[tokio::test]
    async fn probes_say_how_it_is() {
        let sent = call(get("/healthz")).await;
        assert_eq!(
            (sent.status, sent.json),
            (StatusCode::OK, json!({ "status": "ok" }))
        );
        let sent = call(get("/readyz")).await;
        assert_eq!(sent.status, StatusCode::SERVICE_UNAVAILABLE);
        let expected = json!({ "ready": false, "parts": { "board": "is behind", "record": "ok" } });
        assert_eq!(sent.json, expected);
    }

    #[tokio::test]
    async fn the_rest_is_404_and_reading_is_by_get() {
        let sent = call(get("/nowhere")).await;
        assert_eq!(sent.status, StatusCode::NOT_FOUND);
        assert_eq!(sent.json["errors"][0]["extensions"]["code"], "NOT_FOUND");
        let sent = call(testing::request("POST", "/healthz")).await;
        assert_eq!(sent.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(sent.header("allow"), "GET,HEAD");
        let sent = call(get("/schema.graphql")).await;
        assert_eq!(
            (sent.status, sent.text.as_str()),
            (StatusCode::OK, "type Query")
        );
    }
}
