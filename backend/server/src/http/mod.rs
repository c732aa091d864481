//! The way in from the network: two thin GraphQL transports of our own, the plain routes, and what
//! guards them all. Nothing here knows a listing; what the API means is behind [`Api`].
//!
//! A request passes, from the outside in: `request_id` (a name for the log, and the metrics),
//! `unread` (what was not read of a body), `headers` (what browsers must not do), `limits` (panics,
//! too much at once), then its route.

mod answer;
mod assets;
mod document;
mod graphql_http;
mod graphql_ws;
mod headers;
mod limits;
mod negotiate;
mod params;
mod plain;
mod problem;
mod request_id;
mod serve;
#[cfg(test)]
mod testing;
mod unread;
mod ws_message;
mod ws_operations;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_graphql::{Request, Response};
use axum::{
    Router, middleware,
    routing::{any, get},
};
use faelled_engine::access::Actor;
use futures_util::stream::BoxStream;
use tokio::sync::Semaphore;

pub use crate::words::Language;
pub use serve::serve;

/// What the transports need of the API.
pub trait Api: Clone + Send + Sync + 'static {
    /// Who sends this bearer token; somebody anonymous when there is none.
    fn authenticate(
        &self,
        bearer: Option<&str>,
    ) -> impl Future<Output = Result<Actor, AuthError>> + Send;

    /// Answers a query or a mutation.
    fn execute(&self, request: Request, caller: Caller) -> impl Future<Output = Response> + Send;

    /// Answers a subscription, once for each event.
    fn execute_stream(&self, request: Request, caller: Caller) -> BoxStream<'static, Response>;

    /// Whether everything is there that an answer needs.
    fn ready(&self) -> impl Future<Output = Readiness> + Send;
}

/// Who asks, and in which language.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who asks.
    pub actor: Actor,
    /// The language that the caller reads best, of those we write.
    pub language: Language,
}

/// Why a bearer token names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The token is unknown, revoked or expired; the caller is not told which.
    #[error("the token is unknown, revoked or expired")]
    Unknown,
    /// The record cannot say just now.
    #[error("the record cannot say who this is")]
    Unavailable,
}

/// Whether the process can answer, part by part. Anyone can read it: parts and remarks name no
/// address, no secret and no database error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readiness {
    parts: BTreeMap<String, Result<(), String>>,
}

impl Readiness {
    /// Adds a part: fine, or what is wrong with it.
    #[must_use]
    pub fn with(mut self, part: impl Into<String>, state: Result<(), String>) -> Self {
        self.parts.insert(part.into(), state);
        self
    }

    /// Whether nothing is wrong.
    pub fn is_ready(&self) -> bool {
        self.parts.values().all(Result::is_ok)
    }

    /// The parts by name.
    pub fn parts(&self) -> impl Iterator<Item = (&str, Result<(), &str>)> {
        self.parts.iter().map(|(part, state)| {
            (
                part.as_str(),
                state.as_ref().copied().map_err(String::as_str),
            )
        })
    }
}

/// What the way in may cost, and whom it lets in.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Origins (`https://example.org`) whose pages may use the API, besides our own.
    pub allowed_origins: Vec<String>,
    /// How long a request may be on its way in, and then how long it may be worked on.
    pub request_timeout: Duration,
    /// Requests and single-answer WebSocket operations that are worked on at once.
    pub max_concurrent: usize,
    /// Sockets (each a WebSocket) that are open at once.
    pub max_sockets: usize,
    /// Bytes of one request body or WebSocket message.
    pub max_body_bytes: usize,
    /// What one socket may do.
    pub socket: SocketSettings,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            allowed_origins: Vec::new(),
            request_timeout: Duration::from_secs(15),
            max_concurrent: 256,
            max_sockets: 2_000,
            max_body_bytes: 1 << 20,
            socket: SocketSettings::default(),
        }
    }
}

/// What one WebSocket may do.
#[derive(Debug, Clone)]
pub struct SocketSettings {
    /// How long the client may wait with `connection_init`.
    pub init_timeout: Duration,
    /// How often the token of an open connection is looked up again.
    pub reauthenticate: Duration,
    /// How often a `ping` is sent. A client that has said nothing for two of them is gone.
    pub keepalive: Duration,
    /// How long one message may take to leave. A client that reads more slowly is gone.
    pub send_timeout: Duration,
    /// Operations under way on one connection.
    pub max_operations: usize,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            init_timeout: Duration::from_secs(3),
            reauthenticate: Duration::from_secs(30),
            keepalive: Duration::from_secs(25),
            send_timeout: Duration::from_secs(10),
            max_operations: 50,
        }
    }
}

/// Every route: `/graphql` (HTTP and WebSocket), `/schema.graphql` with this text, the pages and
/// their assets, `/healthz` and `/readyz`.
pub fn router<A: Api>(api: A, settings: &HttpSettings, sdl: String) -> Router {
    let shared = Shared {
        api,
        permits: Arc::new(Semaphore::new(settings.max_concurrent)),
        sockets: Arc::new(Semaphore::new(settings.max_sockets)),
        settings: Arc::new(settings.clone()),
    };
    let limited = Router::new()
        .route("/graphql", any(graphql_http::handle::<A>))
        .route(
            "/schema.graphql",
            get(async move || plain::schema(sdl.clone())),
        )
        .route("/", get(assets::front_page))
        .route("/en", get(assets::front_page_in_english))
        .route("/graphiql", get(assets::graphiql))
        .route("/assets/{*path}", get(assets::asset))
        .fallback(plain::not_found)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared.permits),
            limits::admit,
        ));
    // An overloaded process lives and says so, hence these two stand outside the limit.
    let probes = Router::new()
        .route("/healthz", get(plain::health))
        .route("/readyz", get(plain::ready::<A>));
    limited
        .merge(probes)
        .method_not_allowed_fallback(plain::method_not_allowed)
        .layer(middleware::from_fn(limits::catch_panic))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&shared.settings),
            headers::cross_origin,
        ))
        .layer(middleware::from_fn(headers::protect))
        .layer(middleware::from_fn(unread::discard))
        .layer(middleware::from_fn(request_id::follow))
        .with_state(shared)
}

/// What the handlers share.
#[derive(Clone)]
struct Shared<A> {
    api: A,
    settings: Arc<HttpSettings>,
    permits: Arc<Semaphore>,
    sockets: Arc<Semaphore>,
}
