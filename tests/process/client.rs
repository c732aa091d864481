//! A client of the API, which tells apart what a client has to tell apart: done, refused, busy,
//! and nobody knows.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::faelled::{PATIENCE, Server};

/// What came of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The `data` of an answer without errors.
    Data(Value),
    /// An answer with this code among its errors. Nothing was done, if the code says so.
    Refused(String),
    /// No answer. Whether it was done, only the record knows.
    Lost,
}

impl Answer {
    /// The data of an answer that must be one.
    pub fn data(self) -> Value {
        match self {
            Self::Data(data) => data,
            other => panic!("no answer: {other:?}"),
        }
    }

    /// Whether this says that nothing was done and the same request can come again.
    pub fn says_to_come_again(&self) -> bool {
        let codes = ["BUSY", "OVERLOADED", "UNAVAILABLE"];
        matches!(self, Self::Refused(code) if codes.contains(&code.as_str()))
    }
}

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Client {
    /// Somebody without a token.
    pub fn anonymous(server: &Server) -> Self {
        Self {
            http: reqwest::Client::builder()
                .no_proxy()
                .timeout(PATIENCE)
                .build()
                .unwrap(),
            url: format!("http://{}/graphql", server.address),
            token: None,
        }
    }

    /// Somebody with a token.
    pub fn of(server: &Server, token: &str) -> Self {
        Self::anonymous(server).as_bearer_of(token)
    }

    /// The same connections, another token.
    pub fn as_bearer_of(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// Asks, or does.
    pub async fn send(&self, query: &str, variables: Value) -> Answer {
        let mut request = self
            .http
            .post(&self.url)
            .json(&json!({ "query": query, "variables": variables }));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let Ok(response) = request.send().await else {
            return Answer::Lost;
        };
        let Ok(mut body) = response.json::<Value>().await else {
            return Answer::Lost;
        };
        match body.pointer("/errors/0") {
            Some(error) => {
                let code = error.pointer("/extensions/code").and_then(Value::as_str);
                Answer::Refused(code.unwrap_or("without a code").to_owned())
            }
            None => Answer::Data(body["data"].take()),
        }
    }

    /// Asks what must be answered.
    pub async fn ask(&self, query: &str) -> Value {
        self.send(query, json!({})).await.data()
    }

    /// Posts a listing.
    pub async fn post(&self, listing: &Posting) -> Posted {
        let query = "mutation($input: PostListingInput!) { postListing(input: $input) { \
                     listing { id } userErrors { code field } } }";
        let answer = self.send(query, json!({ "input": listing.input() })).await;
        Posted::read(answer)
    }

    /// Posts until the server has the time for it, and gives the listing's id.
    pub async fn post_patiently(&self, listing: &Posting) -> String {
        timeout(PATIENCE, async {
            loop {
                match self.post(listing).await {
                    Posted::Done(id) => return id,
                    Posted::Not(answer) if answer.says_to_come_again() => {
                        sleep(Duration::from_millis(50)).await;
                    }
                    Posted::Not(answer) => panic!("{} was not posted: {answer:?}", listing.title),
                }
            }
        })
        .await
        .unwrap_or_else(|_| panic!("{} is never posted", listing.title))
    }

    /// How many open listings have these words.
    pub async fn count_listings(&self, text: &str) -> u64 {
        let query = "query($text: String!) { listings(filter: { text: $text }) { totalCount } }";
        let data = self.send(query, json!({ "text": text })).await.data();
        data["listings"]["totalCount"].as_u64().unwrap()
    }
}

/// What came of posting.
#[derive(Debug, Clone, PartialEq)]
pub enum Posted {
    /// Acknowledged, with the listing's id.
    Done(String),
    /// Not acknowledged.
    Not(Answer),
}

impl Posted {
    fn read(answer: Answer) -> Self {
        match &answer {
            Answer::Data(data) => match data["postListing"]["listing"]["id"].as_str() {
                Some(id) => Self::Done(id.to_owned()),
                None => panic!("a post was refused for good: {data}"),
            },
            _ => Self::Not(answer),
        }
    }
}

/// A listing to be posted. Two with one title are the same request.
#[derive(Debug, Clone)]
pub struct Posting {
    pub kind: &'static str,
    pub title: String,
}

impl Posting {
    pub fn new(kind: &'static str, title: impl Into<String>) -> Self {
        Self {
            kind,
            title: title.into(),
        }
    }

    /// The input of `postListing`.
    pub fn input(&self) -> Value {
        let visible = |letter: char| {
            if letter.is_ascii_graphic() {
                letter
            } else {
                '-'
            }
        };
        let key: String = self.title.chars().map(visible).collect();
        json!({
            "idempotencyKey": key,
            "draft": {
                "kind": self.kind,
                "title": self.title,
                "attendance": "EITHER",
                "themes": ["walking-friend"],
                "place": { "postalCode": "8800" },
            },
        })
    }
}

/// What is announced over a WebSocket.
pub struct News(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl News {
    /// Subscribes to listings as they are posted, and waits until that has been heard.
    pub async fn of_listings(server: &Server) -> Self {
        let mut request = format!("ws://{}/graphql", server.address)
            .into_client_request()
            .unwrap();
        request.headers_mut().insert(
            "sec-websocket-protocol",
            "graphql-transport-ws".parse().unwrap(),
        );
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        let mut news = Self(socket);
        news.say(&json!({ "type": "connection_init" })).await;
        assert_eq!(news.next().await["type"], "connection_ack");
        let query = "subscription { listingPosted { title } }";
        news.say(&json!({ "id": "1", "type": "subscribe", "payload": { "query": query } }))
            .await;
        // Messages are taken in order, so that who answers this has taken the one before it. The
        // protocol has no word for "subscribed"; the rest is a matter of a moment.
        news.say(&json!({ "type": "ping" })).await;
        assert_eq!(news.next().await["type"], "pong");
        sleep(Duration::from_millis(200)).await;
        news
    }

    /// The title of the next listing.
    pub async fn next_title(&mut self) -> String {
        loop {
            let message = self.next().await;
            match message["type"].as_str() {
                Some("next") => {
                    let title = &message["payload"]["data"]["listingPosted"]["title"];
                    return title.as_str().unwrap().to_owned();
                }
                Some("ping" | "pong") => {}
                _ => panic!("no news: {message}"),
            }
        }
    }

    async fn say(&mut self, message: &Value) {
        let message = Message::text(message.to_string());
        self.0.send(message).await.unwrap();
    }

    async fn next(&mut self) -> Value {
        let message = timeout(PATIENCE, self.0.next()).await.unwrap();
        let message = message.expect("the connection is open").unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }
}
