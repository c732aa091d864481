//! Seeing inside: structured logs, and metrics for Prometheus.
//!
//! Every metric of the program is declared in [`METRICS`]; `/metrics` shows the same words. A label
//! has a value of a closed set, never something that a client writes, and never anything of a
//! person or an organization.

use std::{
    io::{self, IsTerminal},
    sync::OnceLock,
    time::Duration,
};

use axum::{Router, http::header, routing::get};
use metrics::{Unit, counter, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object on each line.
    Json,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only ever grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Times in seconds, in buckets.
    Seconds,
}

/// A metric: its name, what it is, and what it says, with its labels.
pub type Metric = (&'static str, Kind, &'static str);

const HTTP_REQUESTS: &str = "faelled_http_requests_total";
const HTTP_SECONDS: &str = "faelled_http_request_duration_seconds";
const GRAPHQL_OPERATIONS: &str = "faelled_graphql_operations_total";
const GRAPHQL_SECONDS: &str = "faelled_graphql_operation_duration_seconds";
const SUBSCRIPTIONS: &str = "faelled_graphql_subscriptions";
const SOCKETS: &str = "faelled_websocket_connections";
const SOCKET_CLOSES: &str = "faelled_websocket_closes_total";
const BOARD_POSITION: &str = "faelled_board_position";
const BOARD_LISTINGS: &str = "faelled_board_listings";
const JOBS: &str = "faelled_jobs_total";

/// Every metric. Who counts something new adds it here.
pub const METRICS: &[Metric] = &[
    (
        HTTP_REQUESTS,
        Kind::Counter,
        "Requests by `method`, `route` (the pattern, or `unmatched`) and `status`.",
    ),
    (
        HTTP_SECONDS,
        Kind::Seconds,
        "Time to answer a request, by `method`, `route` and `status`.",
    ),
    (
        GRAPHQL_OPERATIONS,
        Kind::Counter,
        "Operations by `type` (query, mutation, subscription), `transport` (http, ws) and `outcome` \
         (ok; errors: answered with errors; refused; timeout; internal: a fault of ours). A \
         subscription counts when it ends.",
    ),
    (
        GRAPHQL_SECONDS,
        Kind::Seconds,
        "Time to answer a query or a mutation, by `type`, `transport` and `outcome`.",
    ),
    (SUBSCRIPTIONS, Kind::Gauge, "Subscriptions that are open."),
    (SOCKETS, Kind::Gauge, "WebSockets that are open."),
    (
        SOCKET_CLOSES,
        Kind::Counter,
        "WebSockets that have been closed, by close `code`.",
    ),
    (
        BOARD_POSITION,
        Kind::Gauge,
        "How far the board has read the change log.",
    ),
    (BOARD_LISTINGS, Kind::Gauge, "Listings on the board."),
    (
        JOBS,
        Kind::Counter,
        "Jobs by `kind` and `outcome` (done; retried: will be tried again; buried: laid aside).",
    ),
];

/// Upper bounds of the buckets, in seconds: an answer should take some milliseconds.
const BUCKETS: &[f64] = &[
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Starts the log. `filter` is a directive of tracing's `EnvFilter`, as in `info,faelled=debug`.
/// The second call of a process changes nothing: tests start many programs in one.
pub fn start_log(filter: &str, format: LogFormat) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(filter).map_err(|error| LogError(error.to_string()))?;
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    let started = match format {
        LogFormat::Text => registry.with(layer).try_init(),
        LogFormat::Json => registry.with(layer.json().flatten_event(true)).try_init(),
    };
    if started.is_ok() {
        log_panics();
    }
    Ok(())
}

/// Whether the log could be started with this filter.
pub fn check_filter(filter: &str) -> Result<(), LogError> {
    EnvFilter::try_new(filter)
        .map(drop)
        .map_err(|error| LogError(error.to_string()))
}

/// A filter that is none.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LogError(String);

/// A panic becomes one line of the log, within the span of its request.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let message = panic.payload_as_str().unwrap_or("not a text");
        tracing::error!(place, message, "panic");
    }));
}

/// The counts of this process. The first call starts counting.
pub fn metrics_handle() -> Result<PrometheusHandle, BuildError> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let handle = builder()?.install_recorder()?;
    describe();
    Ok(HANDLE.get_or_init(|| handle).clone())
}

/// `/metrics`, for a port of its own that only this machine reaches: counts by status and outcome
/// are a way to learn what others do.
pub fn metrics_router(handle: PrometheusHandle) -> Router {
    let text = move || {
        // Without this the buckets of idle times pile up; a scrape comes often enough.
        handle.run_upkeep();
        let text = handle.render();
        async {
            (
                [(
                    header::CONTENT_TYPE,
                    "text/plain; version=0.0.4; charset=utf-8",
                )],
                text,
            )
        }
    };
    Router::new().route("/metrics", get(text))
}

/// The board has read the change log up to here, and holds so many listings.
pub(crate) fn board(position: i64, listings: usize) {
    metrics::gauge!(BOARD_POSITION).set(position as f64);
    metrics::gauge!(BOARD_LISTINGS).set(listings as f64);
}

/// A job has ended, one way or another.
pub(crate) fn job(kind: &str, outcome: &'static str) {
    metrics::counter!(JOBS, "kind" => kind.to_owned(), "outcome" => outcome).increment(1);
}

/// A request has been answered.
pub(crate) fn http_request(method: &'static str, route: &str, status: u16, took: Duration) {
    let labels = [
        ("method", method.to_owned()),
        ("route", route.to_owned()),
        ("status", status.to_string()),
    ];
    counter!(HTTP_REQUESTS, &labels).increment(1);
    histogram!(HTTP_SECONDS, &labels).record(took);
}

/// A query or a mutation has been answered.
pub(crate) fn graphql_operation(
    kind: &'static str,
    transport: &'static str,
    outcome: &'static str,
    took: Duration,
) {
    let labels = [
        ("type", kind),
        ("transport", transport),
        ("outcome", outcome),
    ];
    counter!(GRAPHQL_OPERATIONS, &labels).increment(1);
    histogram!(GRAPHQL_SECONDS, &labels).record(took);
}

/// A subscription is open until the guard is dropped; then it counts with how it went.
pub(crate) fn subscription_opened() -> OpenSubscription {
    OpenSubscription {
        outcome: "ok",
        _open: Open::new(SUBSCRIPTIONS),
    }
}

/// A WebSocket is open until the guard is dropped.
pub(crate) fn socket_opened() -> Open {
    Open::new(SOCKETS)
}

/// A WebSocket has been closed. The codes are ours, so they are few.
pub(crate) fn socket_closed(code: u16) {
    counter!(SOCKET_CLOSES, "code" => code.to_string()).increment(1);
}

/// Something that is open, and counted as such.
#[derive(Debug)]
#[must_use]
pub(crate) struct Open(&'static str);

impl Open {
    fn new(name: &'static str) -> Self {
        gauge!(name).increment(1.0);
        Self(name)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        gauge!(self.0).decrement(1.0);
    }
}

/// A subscription that is open.
#[derive(Debug)]
#[must_use]
pub(crate) struct OpenSubscription {
    outcome: &'static str,
    _open: Open,
}

impl OpenSubscription {
    /// How it has gone so far.
    pub(crate) const fn note(&mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for OpenSubscription {
    fn drop(&mut self) {
        let labels = [
            ("type", "subscription"),
            ("transport", "ws"),
            ("outcome", self.outcome),
        ];
        counter!(GRAPHQL_OPERATIONS, &labels).increment(1);
    }
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_duration_seconds".to_owned()), BUCKETS)
}

fn describe() {
    for (name, kind, text) in METRICS {
        match kind {
            Kind::Counter => metrics::describe_counter!(*name, *text),
            Kind::Gauge => metrics::describe_gauge!(*name, *text),
            Kind::Seconds => metrics::describe_histogram!(*name, Unit::Seconds, *text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown_and_declared() {
        let recorder = builder().unwrap().build_recorder();
        let handle = recorder.handle();
        let open = metrics::with_local_recorder(&recorder, || {
            describe();
            http_request("GET", "/graphql", 200, Duration::from_millis(3));
            graphql_operation("query", "http", "ok", Duration::from_millis(2));
            socket_closed(4403);
            drop(subscription_opened());
            board(7, 3);
            job("assess_listing", "done");
            socket_opened()
        });
        let text = handle.render();
        for line in [
            r#"faelled_http_requests_total{method="GET",route="/graphql",status="200"} 1"#,
            r#"faelled_http_request_duration_seconds_bucket{method="GET",route="/graphql",status="200",le="0.005"} 1"#,
            r#"faelled_graphql_operations_total{type="query",transport="http",outcome="ok"} 1"#,
            r#"faelled_graphql_operations_total{type="subscription",transport="ws",outcome="ok"} 1"#,
            r#"faelled_websocket_closes_total{code="4403"} 1"#,
            "faelled_websocket_connections 1",
            "faelled_graphql_subscriptions 0",
            "faelled_board_position 7",
            "faelled_board_listings 3",
            r#"faelled_jobs_total{kind="assess_listing",outcome="done"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        for declared in ["# TYPE", "# HELP"] {
            let shown = text.lines().filter(|line| line.starts_with(declared));
            assert_eq!(shown.count(), METRICS.len(), "{declared}: {text}");
        }
        metrics::with_local_recorder(&recorder, || drop(open));
    }

    #[test]
    fn metrics_are_named_once_and_alike() {
        let mut names: Vec<_> = METRICS.iter().map(|(name, ..)| *name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), METRICS.len());
        for (name, kind, _) in METRICS {
            assert!(name.starts_with("faelled_"), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert_eq!(
                name.ends_with("_duration_seconds"),
                *kind == Kind::Seconds,
                "{name}"
            );
        }
    }

    #[test]
    fn a_filter_that_is_none_is_an_error() {
        assert!(start_log("info,=,", LogFormat::Text).is_err());
    }
}
