//! The messages of `graphql-transport-ws`, and the codes that end a connection:
//! <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.

use std::borrow::Cow;

use async_graphql::Request;
use serde_json::{Map, Value, json};

use super::{
    answer::Answer,
    graphql_http::token_of,
    params,
    problem::{Code, Problem},
};

/// The subprotocol, the only one that is spoken.
pub const PROTOCOL: &str = "graphql-transport-ws";
/// Longest id of an operation; clients use a UUID or a number.
const MAX_ID: usize = 128;
/// Longest reason, in bytes, that a close frame has room for.
#[cfg(test)]
const MAX_REASON: usize = 123;

/// What a client can say.
#[derive(Debug)]
pub enum Incoming {
    Init(Credentials),
    Ping(Option<Map<String, Value>>),
    Pong,
    Subscribe { id: String, request: Box<Request> },
    Complete { id: String },
}

/// What `connection_init` brings to say who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    None,
    Bearer(String),
    /// Something that is no bearer token.
    Unreadable,
}

/// Why a connection is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    pub code: u16,
    pub reason: Cow<'static, str>,
}

impl Close {
    pub const GOING_AWAY: Self = Self::new(1001, "The server is going away");
    pub const TRY_AGAIN: Self = Self::new(1013, "Try again later");
    pub const UNAUTHORIZED: Self = Self::new(4401, "Unauthorized");
    pub const FORBIDDEN: Self = Self::new(4403, "Forbidden");
    pub const NOT_ACCEPTABLE: Self = Self::new(4406, "Subprotocol not acceptable");
    pub const INIT_TIMEOUT: Self = Self::new(4408, "Connection initialisation timeout");
    pub const TOO_MANY_INITS: Self = Self::new(4429, "Too many initialisation requests");

    /// A message that is not of the protocol.
    pub const fn invalid(reason: &'static str) -> Self {
        Self::new(4400, reason)
    }

    /// A request whose parameters have the wrong shape, which is a message of the wrong shape.
    fn misshapen(problem: Problem) -> Self {
        Self {
            code: 4400,
            reason: problem.message,
        }
    }

    /// A second operation under an id that is taken.
    pub fn duplicate(id: &str) -> Self {
        // A reason has at most 123 bytes.
        let id: String = id
            .chars()
            .filter(|letter| !letter.is_control())
            .take(20)
            .collect();
        Self {
            code: 4409,
            reason: format!("Subscriber for {id} already exists").into(),
        }
    }

    const fn new(code: u16, reason: &'static str) -> Self {
        Self {
            code,
            reason: Cow::Borrowed(reason),
        }
    }
}

/// Reads a message.
pub fn read(text: &str) -> Result<Incoming, Close> {
    let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
        return Err(Close::invalid("Message is not a JSON object"));
    };
    match message.get("type").and_then(Value::as_str) {
        Some("connection_init") => Ok(Incoming::Init(credentials(
            &payload(&mut message)?.unwrap_or_default(),
        ))),
        Some("ping") => Ok(Incoming::Ping(payload(&mut message)?)),
        Some("pong") => payload(&mut message).map(|_| Incoming::Pong),
        Some("subscribe") => {
            let id = id(&mut message)?;
            let Some(Value::Object(payload)) = message.remove("payload") else {
                return Err(Close::invalid("subscribe without a payload"));
            };
            let request = params::from_object(payload).map_err(Close::misshapen)?;
            Ok(Incoming::Subscribe {
                id,
                request: Box::new(request),
            })
        }
        Some("complete") => Ok(Incoming::Complete {
            id: id(&mut message)?,
        }),
        Some(_) => Err(Close::invalid("Message of an unknown type")),
        None => Err(Close::invalid("Message without a type")),
    }
}

/// The connection may be used.
pub fn ack() -> String {
    json!({ "type": "connection_ack" }).to_string()
}

/// Are you there?
pub fn ping() -> String {
    json!({ "type": "ping" }).to_string()
}

/// I am here.
pub fn pong(payload: Option<Map<String, Value>>) -> String {
    let mut message = json!({ "type": "pong" });
    if let Some(payload) = payload {
        message["payload"] = payload.into();
    }
    message.to_string()
}

/// One answer of an operation.
pub fn next(id: &str, answer: &Answer) -> String {
    // The answer is written once, into the message.
    format!(
        r#"{{"id":{},"type":"next","payload":{}}}"#,
        json!(id),
        answer.to_json()
    )
}

/// The operation was refused; there is no `complete` after this.
pub fn error(id: &str, answer: &Answer) -> String {
    json!({ "id": id, "type": "error", "payload": answer.errors }).to_string()
}

/// The operation has ended.
pub fn complete(id: &str) -> String {
    json!({ "id": id, "type": "complete" }).to_string()
}

/// One operation too many.
pub fn too_many(limit: usize) -> Problem {
    Problem::new(
        Code::TooManyOperations,
        format!("At most {limit} operations at once on one connection."),
    )
}

fn id(message: &mut Map<String, Value>) -> Result<String, Close> {
    match message.remove("id") {
        Some(Value::String(id)) if (1..=MAX_ID).contains(&id.len()) => Ok(id),
        _ => Err(Close::invalid("Message without a usable id")),
    }
}

fn payload(message: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, Close> {
    match message.remove("payload") {
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(Value::Null) | None => Ok(None),
        Some(_) => Err(Close::invalid("Payload is not an object")),
    }
}

fn credentials(payload: &Map<String, Value>) -> Credentials {
    let mut given = payload
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    match (given.next(), given.next()) {
        (None | Some((_, Value::Null)), None) => Credentials::None,
        (Some((_, Value::String(text))), None) => token_of(text)
            .map_or(Credentials::Unreadable, |token| {
                Credentials::Bearer(token.to_owned())
            }),
        _ => Credentials::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_of_the_protocol_closes_with_4400() {
        for text in [
            "",
            "x",
            "[]",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":"connection_init","payload":[]}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","operationName":1}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","extensions":"x"}}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"ping","payload":1}"#,
            r#"{"type":"pong","payload":[]}"#,
        ] {
            let close = read(text).unwrap_err();
            assert_eq!(close.code, 4400, "{text}");
            assert!(close.reason.len() <= MAX_REASON, "{text}");
        }
    }

    #[test]
    fn credentials_are_a_bearer_token_or_nothing() {
        for (payload, expected) in [
            ("null", Credentials::None),
            ("{}", Credentials::None),
            (r#"{"authorization":null}"#, Credentials::None),
            (
                r#"{"authorization":"Bearer t"}"#,
                Credentials::Bearer("t".to_owned()),
            ),
            (
                r#"{"Authorization":"bearer t"}"#,
                Credentials::Bearer("t".to_owned()),
            ),
            (r#"{"authorization":"t"}"#, Credentials::Unreadable),
            (r#"{"authorization":1}"#, Credentials::Unreadable),
            (
                r#"{"authorization":"Bearer t","Authorization":null}"#,
                Credentials::Unreadable,
            ),
        ] {
            let text = format!(r#"{{"type":"connection_init","payload":{payload}}}"#);
            let Ok(Incoming::Init(credentials)) = read(&text) else {
                panic!("{text}")
            };
            assert_eq!(credentials, expected, "{text}");
        }
    }

    #[test]
    fn a_reason_is_short_whatever_the_id() {
        assert!(Close::duplicate(&"𝕏".repeat(500)).reason.len() <= MAX_REASON);
    }
}
