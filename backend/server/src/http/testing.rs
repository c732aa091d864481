//! An API of a few fields behind the real routes, for the tests of this folder.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Context, Error, ErrorExtensions, Object, Request, Response, Schema, Subscription,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{self, HeaderMap, StatusCode},
};
use faelled_engine::{access::Actor, id::Id};
use futures_util::{Stream, StreamExt, stream, stream::BoxStream};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use uuid::Uuid;

use super::{Api, AuthError, Caller, HttpSettings, Readiness, router, serve};

/// A token that is known until [`Fake::revoke`].
pub const GOOD_TOKEN: &str = "good";

/// The API.
#[derive(Clone)]
pub struct Fake {
    schema: Schema<Query, Mutation, Events>,
    revoked: Arc<AtomicBool>,
}

impl Fake {
    pub fn new() -> Self {
        let schema = Schema::build(Query, Mutation, Events)
            .limit_depth(16)
            .finish();
        Self {
            schema,
            revoked: Arc::default(),
        }
    }

    /// From now on nobody knows the good token.
    pub fn revoke(&self) {
        self.revoked.store(true, Ordering::SeqCst);
    }
}

impl Api for Fake {
    async fn authenticate(&self, bearer: Option<&str>) -> Result<Actor, AuthError> {
        match bearer {
            None => Ok(Actor::ANONYMOUS),
            Some(GOOD_TOKEN) if !self.revoked.load(Ordering::SeqCst) => {
                Ok(Actor::new(Id::new(Uuid::from_u128(1)), Vec::new()))
            }
            Some("silent") => Err(AuthError::Unavailable),
            Some(_) => Err(AuthError::Unknown),
        }
    }

    async fn execute(&self, request: Request, caller: Caller) -> Response {
        self.schema.execute(request.data(caller)).await
    }

    fn execute_stream(&self, request: Request, caller: Caller) -> BoxStream<'static, Response> {
        self.schema.execute_stream(request.data(caller))
    }

    async fn ready(&self) -> Readiness {
        Readiness::default()
            .with("record", Ok(()))
            .with("board", Err("is behind".to_owned()))
    }
}

pub struct Query;

#[Object]
impl Query {
    async fn a(&self) -> i32 {
        1
    }

    async fn echo(&self, n: i32) -> i32 {
        n
    }

    /// An error in the place of the value; a `Result<Option<_>>` would take the parent with it.
    async fn fails(&self) -> Option<async_graphql::Result<i32>> {
        Some(Err(
            Error::new("Out of luck.").extend_with(|_, e| e.set("code", "OUT_OF_LUCK"))
        ))
    }

    async fn panics(&self) -> i32 {
        "no number".parse().expect("a secret")
    }

    async fn sleeps(&self) -> i32 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        1
    }

    async fn signed_in(&self, context: &Context<'_>) -> bool {
        context.data_unchecked::<Caller>().actor.person().is_some()
    }

    async fn language(&self, context: &Context<'_>) -> String {
        format!("{:?}", context.data_unchecked::<Caller>().language)
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn change(&self) -> i32 {
        1
    }
}

pub struct Events;

#[Subscription]
impl Events {
    /// Counts from 1.
    async fn count(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=to)
    }

    /// Never says anything.
    async fn silence(&self) -> impl Stream<Item = i32> {
        stream::pending()
    }

    /// More than any buffer holds.
    async fn flood(&self) -> impl Stream<Item = String> {
        stream::repeat_with(|| "x".repeat(1 << 20)).take(1_000)
    }

    async fn breaks(&self) -> impl Stream<Item = i32> {
        stream::iter(1..=2).map(|n| if n == 1 { n } else { panic!("a secret") })
    }
}

/// The routes over the fake, with a request timeout that a test can wait for.
pub fn router_with(change: impl FnOnce(&mut HttpSettings)) -> Router {
    router_over(Fake::new(), change)
}

fn router_over(api: Fake, change: impl FnOnce(&mut HttpSettings)) -> Router {
    let mut settings = HttpSettings {
        request_timeout: Duration::from_millis(300),
        ..HttpSettings::default()
    };
    change(&mut settings);
    router(api, &settings, "type Query".to_owned())
}

/// A request that is being written.
pub struct Sending(http::request::Builder, Body);

impl Sending {
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value), self.1)
    }

    pub fn body(self, body: &'static str) -> Self {
        Self(self.0, Body::from(body))
    }
}

pub fn request(method: &str, uri: &str) -> Sending {
    Sending(
        http::Request::builder().method(method).uri(uri),
        Body::empty(),
    )
}

pub fn get(uri: &str) -> Sending {
    request("GET", uri)
}

/// A GraphQL request as JSON.
#[expect(
    clippy::needless_pass_by_value,
    reason = "tests write the value in the call"
)]
pub fn post(body: Value) -> Sending {
    let sending = request("POST", "/graphql").header("content-type", "application/json");
    Sending(sending.0, Body::from(body.to_string()))
}

/// What came back.
pub struct Sent {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Sent {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends to fresh routes.
pub async fn call(sending: Sending) -> Sent {
    call_on(router_with(|_| {}), sending).await
}

/// Sends to these routes.
pub async fn call_on(router: Router, Sending(builder, body): Sending) -> Sent {
    let response = router.oneshot(builder.body(body).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let json = serde_json::from_str(&text).unwrap_or(Value::Null);
    Sent {
        status: parts.status,
        headers: parts.headers,
        text,
        json,
    }
}

/// The fake on a port of its own.
pub struct Server {
    pub address: SocketAddr,
    pub api: Fake,
    shutdown: CancellationToken,
    task: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Server {
    pub async fn start(change: impl FnOnce(&mut HttpSettings)) -> Self {
        Self::start_with_grace(Duration::from_secs(5), change).await
    }

    pub async fn start_with_grace(grace: Duration, change: impl FnOnce(&mut HttpSettings)) -> Self {
        let api = Fake::new();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let routes = router_over(api.clone(), change);
        let task = tokio::spawn(serve(listener, routes, shutdown.clone(), grace));
        Self {
            address,
            api,
            shutdown,
            task: Some(task).into(),
        }
    }

    /// Asks it to stop and waits until it has.
    pub async fn stop(&self) {
        self.shutdown.cancel();
        let task = self.task.lock().unwrap().take();
        task.unwrap().await.unwrap();
    }
}
