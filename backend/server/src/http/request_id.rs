//! Every request has a name, which stands in its answer and on each of its log lines.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method},
    middleware::Next,
    response::Response,
};
use tracing::Instrument;

use crate::{clock::fresh_name, observe};

/// The header that carries it, in both directions.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The name of the request at hand.
#[derive(Debug, Clone, Default)]
pub struct RequestId(pub String);

/// Names the request, or takes the name that a proxy has given it; logs and counts it. The log has
/// the route and never the address: a query by GET may hold what somebody looks for.
pub async fn follow(mut request: Request, next: Next) -> Response {
    let id = given(request.headers()).unwrap_or_else(|| fresh_name().to_string());
    let echo = HeaderValue::from_str(&id).ok();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let method = known_method(request.method());
    let span = tracing::info_span!("request", request_id = %id);
    request.extensions_mut().insert(RequestId(id));
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(echo) = echo {
        response.headers_mut().insert(HEADER, echo);
    }
    let status = response.status().as_u16();
    let took = started.elapsed();
    observe::http_request(method, &route, status, took);
    let _inside = span.enter();
    let milliseconds = took.as_micros() as f64 / 1_000.0;
    if matches!(route.as_str(), "/healthz" | "/readyz") {
        tracing::debug!(method, route, status, milliseconds, "answered");
    } else {
        tracing::info!(method, route, status, milliseconds, "answered");
    }
    response
}

/// The name that the request brings, if it is one that a log can hold.
fn given(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(HEADER)?.to_str().ok()?;
    let sane = (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|letter| letter == b'-' || letter.is_ascii_alphanumeric());
    sane.then(|| id.to_owned())
}

/// A method as a label: what a client invents is not counted by name.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use crate::http::testing::{call, get};

    #[tokio::test]
    async fn a_sane_name_is_kept_and_any_other_replaced() {
        for kept in ["a", "0b5c-7", &"x".repeat(64)] {
            let sent = call(get("/healthz").header("x-request-id", kept)).await;
            assert_eq!(sent.header("x-request-id"), kept);
        }
        for replaced in ["", "a b", "a\"b", "æ", &"x".repeat(65)] {
            let sent = call(get("/healthz").header("x-request-id", replaced)).await;
            let id = sent.header("x-request-id");
            assert_eq!(id.len(), 36, "{replaced}: {id}");
        }
        let first = call(get("/nowhere")).await;
        let second = call(get("/nowhere")).await;
        assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    }
}
