//! The protocol as a client sees it, over a real socket.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::frame::CloseFrame},
};

use crate::http::{
    HttpSettings,
    testing::{GOOD_TOKEN, Server},
};

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn connect(server: &Server) -> Self {
        Self::try_connect(server, "graphql-transport-ws", None)
            .await
            .unwrap()
    }

    async fn try_connect(
        server: &Server,
        protocol: &'static str,
        origin: Option<&str>,
    ) -> Result<Self, Box<Error>> {
        let uri = format!("ws://{}/graphql", server.address);
        let mut request = uri.into_client_request()?;
        let headers = request.headers_mut();
        if !protocol.is_empty() {
            headers.insert("sec-websocket-protocol", HeaderValue::from_static(protocol));
        }
        if let Some(origin) = origin {
            headers.insert("origin", HeaderValue::from_str(origin).unwrap());
        }
        Ok(Self(connect_async(request).await?.0))
    }

    /// Connected, and acknowledged with this payload.
    async fn ready(server: &Server, payload: Value) -> Self {
        let mut client = Self::connect(server).await;
        client
            .send(json!({ "type": "connection_init", "payload": payload }))
            .await;
        assert_eq!(client.hear().await, json!({ "type": "connection_ack" }));
        client
    }

    async fn send(&mut self, message: Value) {
        self.0
            .send(Message::text(message.to_string()))
            .await
            .unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        let payload = json!({ "query": query });
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload }))
            .await;
    }

    async fn frame(&mut self) -> Message {
        timeout(Duration::from_secs(5), self.0.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap()
    }

    async fn hear(&mut self) -> Value {
        match self.frame().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The code of the close that comes next, whatever text comes before.
    async fn closed(&mut self) -> u16 {
        loop {
            match self.frame().await {
                Message::Close(Some(CloseFrame { code, .. })) => return code.into(),
                Message::Close(None) => panic!("closed without a code"),
                _ => {}
            }
        }
    }
}

fn quick(settings: &mut HttpSettings) {
    settings.socket.init_timeout = Duration::from_millis(400);
    settings.socket.reauthenticate = Duration::from_millis(50);
}

fn signed_in() -> Value {
    json!({ "authorization": format!("Bearer {GOOD_TOKEN}") })
}

#[tokio::test]
async fn a_subscription_runs_to_its_end() {
    let server = Server::start(|_| {}).await;
    let mut client = Client::ready(&server, Value::Null).await;
    client.subscribe("1", "subscription { count(to: 2) }").await;
    for n in 1..=2 {
        let payload = json!({ "data": { "count": n } });
        assert_eq!(
            client.hear().await,
            json!({ "id": "1", "type": "next", "payload": payload })
        );
    }
    assert_eq!(
        client.hear().await,
        json!({ "id": "1", "type": "complete" })
    );
    // The id is free again, for a query or a mutation too.
    client.subscribe("1", "mutation { change }").await;
    assert_eq!(
        client.hear().await["payload"],
        json!({ "data": { "change": 1 } })
    );
    assert_eq!(client.hear().await["type"], "complete");
}

#[tokio::test]
async fn the_client_completes_and_hears_no_more() {
    let server = Server::start(|_| {}).await;
    let mut client = Client::ready(&server, signed_in()).await;
    client.subscribe("1", "subscription { silence }").await;
    client.subscribe("2", "{ sleeps }").await;
    client.send(json!({ "type": "complete", "id": "1" })).await;
    client.send(json!({ "type": "complete", "id": "2" })).await;
    client
        .send(json!({ "type": "complete", "id": "unknown" }))
        .await;
    client.subscribe("1", "{ signedIn }").await;
    assert_eq!(client.hear().await["payload"]["data"]["signedIn"], true);
}

#[tokio::test]
async fn a_refused_operation_is_an_error_and_not_the_end() {
    let server = Server::start(|settings| settings.socket.max_operations = 1).await;
    let mut client = Client::ready(&server, Value::Null).await;
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ panics }", "INTERNAL"),
        ("{ sleeps }", "TIMEOUT"),
    ] {
        client.subscribe("1", query).await;
        let heard = client.hear().await;
        assert_eq!(
            (&heard["type"], &heard["id"]),
            (&json!("error"), &json!("1")),
            "{query}"
        );
        assert_eq!(heard["payload"][0]["extensions"]["code"], code, "{query}");
        assert!(!heard.to_string().contains("secret"));
    }
    client.subscribe("1", "subscription { breaks }").await;
    assert_eq!(client.hear().await["type"], "next");
    assert_eq!(
        client.hear().await["payload"][0]["extensions"]["code"],
        "INTERNAL"
    );
    client.subscribe("1", "subscription { silence }").await;
    client.subscribe("2", "{ a }").await;
    let heard = client.hear().await;
    assert_eq!(heard["id"], "2");
    assert_eq!(
        heard["payload"][0]["extensions"]["code"],
        "TOO_MANY_OPERATIONS"
    );
    client.subscribe("1", "{ a }").await;
    assert_eq!(client.closed().await, 4409);
}

#[tokio::test]
async fn both_sides_ping() {
    let server = Server::start(|settings| {
        settings.socket.keepalive = Duration::from_millis(500); // A busy machine must still answer in time.
    })
    .await;
    let mut client = Client::connect(&server).await;
    client
        .send(json!({ "type": "ping", "payload": { "n": 1 } }))
        .await;
    assert_eq!(
        client.hear().await,
        json!({ "type": "pong", "payload": { "n": 1 } })
    );
    client.send(json!({ "type": "connection_init" })).await;
    assert_eq!(client.hear().await["type"], "connection_ack");
    for _ in 0..4 {
        assert_eq!(client.hear().await, json!({ "type": "ping" }));
        client.send(json!({ "type": "pong" })).await;
    }
    // Who no longer answers is left, without a word: nobody would hear it.
    let mut last_pings = 0;
    let silence = async {
        while let Some(Ok(message)) = client.0.next().await {
            assert_eq!(
                message,
                Message::text(json!({ "type": "ping" }).to_string())
            );
            last_pings += 1;
        }
    };
    timeout(Duration::from_secs(5), silence).await.unwrap();
    assert!((1..=3).contains(&last_pings), "{last_pings}");
}

#[tokio::test]
async fn each_misuse_has_its_code() {
    let server = Server::start(quick).await;
    let init = |payload: Value| json!({ "type": "connection_init", "payload": payload });
    let query = json!({ "query": "{ a }" });
    for (messages, code) in [
        (vec![], 4408),
        (
            vec![json!({ "type": "subscribe", "id": "1", "payload": query })],
            4401,
        ),
        (
            vec![init(json!({ "authorization": "Bearer nobody" }))],
            4403,
        ),
        (vec![init(json!({ "authorization": GOOD_TOKEN }))], 4403),
        (
            vec![init(json!({ "authorization": "Bearer silent" }))],
            1013,
        ),
        (vec![init(json!([]))], 4400),
        (vec![init(Value::Null), init(Value::Null)], 4429),
        (vec![json!({ "type": "start", "id": "1" })], 4400),
        (
            vec![init(Value::Null), json!({ "type": "subscribe", "id": "1" })],
            4400,
        ),
        (
            vec![
                init(Value::Null),
                json!({ "type": "subscribe", "id": "1", "payload": { "query": 1 } }),
            ],
            4400,
        ),
        (vec![init(json!({ "long": "x".repeat(3 << 20) }))], 4400),
    ] {
        let mut client = Client::connect(&server).await;
        for message in messages.clone() {
            // The server may have closed already.
            let _ = client.0.send(Message::text(message.to_string())).await;
        }
        let shown: String = format!("{messages:?}").chars().take(200).collect();
        assert_eq!(client.closed().await, code, "{shown}");
    }
    for frame in [Message::binary(b"{}".to_vec()), Message::text("nonsense")] {
        let mut client = Client::ready(&server, Value::Null).await;
        client.0.send(frame).await.unwrap();
        assert_eq!(client.closed().await, 4400);
    }
    for protocol in ["", "graphql-ws", "a, b"] {
        let mut client = Client::try_connect(&server, protocol, None).await.unwrap();
        assert_eq!(client.closed().await, 4406, "{protocol}");
    }
    let mut client = Client::try_connect(&server, "graphql-ws, graphql-transport-ws", None)
        .await
        .unwrap();
    client.send(init(Value::Null)).await;
    assert_eq!(client.hear().await["type"], "connection_ack");
}

#[tokio::test]
async fn a_revoked_token_ends_what_it_opened() {
    let server = Server::start(quick).await;
    let mut client = Client::ready(&server, signed_in()).await;
    let mut anonymous = Client::ready(&server, Value::Null).await;
    client.subscribe("1", "subscription { silence }").await;
    anonymous.subscribe("1", "subscription { silence }").await;
    tokio::time::sleep(Duration::from_millis(120)).await;
    server.api.revoke();
    assert_eq!(client.closed().await, 4403);
    anonymous.subscribe("2", "{ a }").await;
    assert_eq!(anonymous.hear().await["payload"]["data"]["a"], 1);
}

#[tokio::test]
async fn a_revoked_token_changes_nothing_before_the_next_look() {
    let server = Server::start(|_| {}).await;
    let mut client = Client::ready(&server, signed_in()).await;
    server.api.revoke();
    client.subscribe("1", "mutation { change }").await;
    assert_eq!(client.closed().await, 4403);
}

#[tokio::test]
async fn other_pages_may_not_connect() {
    let server = Server::start(|settings| {
        settings.allowed_origins = vec!["https://forening.example".to_owned()];
    })
    .await;
    let protocol = "graphql-transport-ws";
    let own = format!("http://{}", server.address);
    for origin in [own.as_str(), "https://forening.example"] {
        assert!(
            Client::try_connect(&server, protocol, Some(origin))
                .await
                .is_ok(),
            "{origin}"
        );
    }
    match Client::try_connect(&server, protocol, Some("https://other.example")).await {
        Err(error) => match *error {
            Error::Http(response) => assert_eq!(response.status(), StatusCode::FORBIDDEN),
            other => panic!("{other}"),
        },
        Ok(_) => panic!("connected"),
    }
}

#[tokio::test]
async fn there_is_an_end_to_connections_and_to_the_server() {
    let server = Server::start(|settings| settings.max_sockets = 1).await;
    let mut client = Client::ready(&server, Value::Null).await;
    client.subscribe("1", "subscription { silence }").await;
    assert!(
        Client::try_connect(&server, "graphql-transport-ws", None)
            .await
            .is_err()
    );
    let ((), code) = tokio::join!(server.stop(), client.closed());
    assert_eq!(code, 1001);
}

#[tokio::test]
async fn who_does_not_read_is_cut_off() {
    let server = Server::start(|settings| {
        settings.socket.send_timeout = Duration::from_millis(100);
    })
    .await;
    let mut client = Client::ready(&server, Value::Null).await;
    client.subscribe("1", "subscription { flood }").await;
    tokio::time::sleep(Duration::from_millis(800)).await;
    let mut heard = 0;
    while let Some(Ok(message)) = client.0.next().await {
        assert!(!matches!(message, Message::Close(_)));
        heard += 1;
    }
    assert!(heard < 100, "{heard}");
}
