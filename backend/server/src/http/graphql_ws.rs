//! GraphQL over WebSocket.
//!
//! One task serves a connection: it reads, looks after the operations and writes, one message at a
//! time. There is no queue of outgoing messages: while one cannot leave, no operation is asked for
//! the next, and a client that does not read for long is cut off.

#[cfg(test)]
mod tests;

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{
        FromRequestParts, Request, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket},
    },
    http::header,
    response::{IntoResponse, Response},
};
use faelled_engine::access::Actor;
use tokio::time::{
    Duration, Instant, Interval, MissedTickBehavior, interval_at, sleep, sleep_until, timeout,
};
use tracing::Instrument;

use super::{
    Api, Shared, headers, limits, negotiate,
    problem::{Code, Problem},
    request_id::RequestId,
    serve::Sockets,
    ws_message::{self, Close, Credentials, Incoming, PROTOCOL},
    ws_operations::{Asker, Event, Operations},
};
use crate::observe;

/// How long the client may take to answer our close.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long a connection that cannot be read any more stays open for our close to arrive.
const LINGERING: Duration = Duration::from_millis(500);
/// Looks at a token that may fail, one after the other, before the connection is given up.
const MAX_FAILED_LOOKS: u32 = 3;

/// Whether this asks for a WebSocket.
pub fn is_upgrade(request: &Request) -> bool {
    request
        .headers()
        .get(header::UPGRADE)
        .is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Opens the WebSocket.
pub async fn upgrade<A: Api>(shared: Shared<A>, request: Request) -> Response {
    if !headers::may_connect(request.headers(), &shared.settings.allowed_origins) {
        return Problem::new(Code::Forbidden, "Pages of this origin may not connect.")
            .into_response();
    }
    let Ok(place) = Arc::clone(&shared.sockets).try_acquire_owned() else {
        return Problem::new(Code::Overloaded, "Too many connections.").into_response();
    };
    let (mut parts, _) = request.into_parts();
    let mut upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            let problem = Problem::bad_request(rejection.body_text());
            return (rejection.status(), problem.into_response()).into_response();
        }
    };
    let speaks = select_protocol(&mut upgrade);
    let sockets = parts
        .extensions
        .get::<Sockets>()
        .cloned()
        .unwrap_or_default();
    let RequestId(request_id) = parts.extensions.get().cloned().unwrap_or_default();
    let language = negotiate::language(&parts.headers);
    let running = sockets.tasks.token();
    let limit = shared.settings.max_body_bytes;
    let span = tracing::info_span!(parent: None, "socket", %request_id);
    let asker = Asker {
        bearer: None,
        language,
    };
    upgrade
        .max_message_size(limit)
        .max_frame_size(limit)
        .on_upgrade(move |socket| {
            let abandoned = sockets.abandoned.clone();
            let mut connection = Connection {
                shared,
                socket,
                sockets,
                speaks,
                asker,
            };
            let serving = async move {
                tokio::select! {
                    () = connection.serve() => {}
                    () = abandoned.cancelled() => {}
                }
                drop((running, place));
            };
            serving.instrument(span)
        })
}

/// Chooses our subprotocol if it is offered. If only others are, the first of them is repeated, for
/// a browser shows a close code only on a connection whose subprotocol it had asked for.
fn select_protocol(upgrade: &mut WebSocketUpgrade) -> bool {
    let offered: Vec<_> = upgrade.requested_protocols().cloned().collect();
    let ours = offered
        .iter()
        .find(|protocol| protocol.as_bytes() == PROTOCOL.as_bytes());
    if let Some(protocol) = ours.or(offered.first()) {
        upgrade.set_selected_protocol(protocol.clone());
    }
    ours.is_some()
}

struct Connection<A> {
    shared: Shared<A>,
    socket: WebSocket,
    sockets: Sockets,
    speaks: bool,
    asker: Asker,
}

/// How a connection ends: with a word from us, or because nobody is there any more.
enum Ending {
    Close(Close),
    Gone,
}

impl From<Close> for Ending {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

impl<A: Api> Connection<A> {
    async fn serve(&mut self) {
        let _open = observe::socket_opened();
        let Err(ending) = self.converse().await;
        let code = match ending {
            Ending::Close(close) => {
                let code = close.code;
                tracing::debug!(code, "socket closed");
                self.say_goodbye(Some(close)).await;
                code
            }
            Ending::Gone => {
                self.say_goodbye(None).await;
                1000
            }
        };
        observe::socket_closed(code);
    }

    async fn converse(&mut self) -> Result<Infallible, Ending> {
        if !self.speaks {
            return Err(Close::NOT_ACCEPTABLE.into());
        }
        let actor = self.shake_hands().await?;
        self.send(ws_message::ack()).await?;
        self.operate(&actor).await
    }

    /// Waits for `connection_init` and learns who it is.
    async fn shake_hands(&mut self) -> Result<Actor, Ending> {
        let deadline = Instant::now() + self.shared.settings.socket.init_timeout;
        let credentials = loop {
            let heard = tokio::select! {
                () = self.sockets.closing.cancelled() => return Err(Close::GOING_AWAY.into()),
                () = sleep_until(deadline) => return Err(Close::INIT_TIMEOUT.into()),
                heard = hear(&mut self.socket) => heard?,
            };
            match heard {
                Some(Incoming::Init(credentials)) => break credentials,
                Some(Incoming::Ping(payload)) => self.send(ws_message::pong(payload)).await?,
                Some(Incoming::Subscribe { .. }) => return Err(Close::UNAUTHORIZED.into()),
                Some(Incoming::Pong | Incoming::Complete { .. }) | None => {}
            }
        };
        self.asker.bearer = match credentials {
            Credentials::None => None,
            Credentials::Bearer(token) => Some(token),
            Credentials::Unreadable => return Err(Close::FORBIDDEN.into()),
        };
        match look_up(&self.shared, &self.asker).await {
            Ok(actor) => Ok(actor),
            Err(Code::Unauthenticated) => Err(Close::FORBIDDEN.into()),
            Err(_) => Err(Close::TRY_AGAIN.into()),
        }
    }

    async fn operate(&mut self, actor: &Actor) -> Result<Infallible, Ending> {
        let settings = self.shared.settings.socket.clone();
        let mut operations = Operations::default();
        let mut keepalive = every(settings.keepalive);
        let mut recheck = every(settings.reauthenticate);
        let mut heard_at = Instant::now();
        let mut failed_looks = 0;
        loop {
            tokio::select! {
                () = self.sockets.closing.cancelled() => return Err(Close::GOING_AWAY.into()),
                heard = hear(&mut self.socket) => {
                    heard_at = Instant::now();
                    if let Some(incoming) = heard? {
                        self.react(incoming, &mut operations, settings.max_operations).await?;
                    }
                }
                (id, event) = operations.next() => self.report(&id, event, &mut operations).await?,
                _ = keepalive.tick() => {
                    if heard_at.elapsed() > settings.keepalive * 2 {
                        return Err(Ending::Gone);
                    }
                    self.send(ws_message::ping()).await?;
                }
                _ = recheck.tick(), if self.asker.bearer.is_some() => {
                    match look_up(&self.shared, &self.asker).await {
                        Ok(same) if same == *actor => failed_looks = 0,
                        // With other roles than before, what is open would not all be opened again.
                        Ok(_) | Err(Code::Unauthenticated) => return Err(Close::FORBIDDEN.into()),
                        Err(_) => failed_looks += 1,
                    }
                    if failed_looks >= MAX_FAILED_LOOKS {
                        return Err(Close::TRY_AGAIN.into());
                    }
                }
            }
        }
    }

    async fn react(
        &mut self,
        incoming: Incoming,
        operations: &mut Operations,
        max_operations: usize,
    ) -> Result<(), Ending> {
        match incoming {
            Incoming::Init(_) => Err(Close::TOO_MANY_INITS.into()),
            Incoming::Ping(payload) => self.send(ws_message::pong(payload)).await,
            Incoming::Pong => Ok(()),
            Incoming::Complete { id } => {
                operations.stop(&id);
                Ok(())
            }
            Incoming::Subscribe { id, .. } if operations.contains(&id) => {
                Err(Close::duplicate(&id).into())
            }
            Incoming::Subscribe { id, request } => {
                if operations.len() < max_operations {
                    operations.start(id, &self.shared, &self.asker, *request);
                    return Ok(());
                }
                let problem = ws_message::too_many(max_operations);
                self.send(ws_message::error(&id, &(&problem).into())).await
            }
        }
    }

    async fn report(
        &mut self,
        id: &str,
        event: Event,
        operations: &mut Operations,
    ) -> Result<(), Ending> {
        let message = match event {
            Event::Next(answer) => ws_message::next(id, &answer),
            Event::Refused(answer) => {
                operations.stop(id);
                ws_message::error(id, &answer)
            }
            Event::End => {
                operations.stop(id);
                ws_message::complete(id)
            }
            Event::Forbidden => return Err(Close::FORBIDDEN.into()),
        };
        self.send(message).await
    }

    async fn send(&mut self, text: String) -> Result<(), Ending> {
        let sending = self.socket.send(Message::text(text));
        match timeout(self.shared.settings.socket.send_timeout, sending).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Ending::Gone),
        }
    }

    /// Closes, and waits for the other side to do so too: a connection that is cut while messages
    /// are still arriving loses the close code on its way.
    async fn say_goodbye(&mut self, close: Option<Close>) {
        let closes = close.is_some();
        let farewell = async {
            if let Some(Close { code, reason }) = close {
                let reason = reason.as_ref().into();
                let frame = Message::Close(Some(CloseFrame { code, reason }));
                self.socket.send(frame).await?;
            }
            loop {
                match self.socket.recv().await {
                    Some(Ok(Message::Close(_))) if closes => break,
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => {
                        // What is left of a message that was too long is not read by the library.
                        if closes {
                            sleep(LINGERING).await;
                        }
                        break;
                    }
                }
            }
            Ok::<(), axum::Error>(())
        };
        // Whoever does not answer is gone, which is what was wanted.
        let _ = timeout(FAREWELL, farewell).await;
    }
}

async fn look_up<A: Api>(shared: &Shared<A>, asker: &Asker) -> Result<Actor, Code> {
    let work = async { Ok(shared.api.authenticate(asker.bearer.as_deref()).await?) };
    limits::bounded(work, shared.settings.request_timeout)
        .await
        .map_err(|problem| problem.code)
}

/// The next message. None for a frame that is the library's business.
async fn hear(socket: &mut WebSocket) -> Result<Option<Incoming>, Ending> {
    match socket.recv().await {
        Some(Ok(Message::Text(text))) => Ok(Some(ws_message::read(&text)?)),
        Some(Ok(Message::Binary(_))) => Err(Close::invalid("Message is binary").into()),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Close(_))) | None => Err(Ending::Gone),
        Some(Err(_)) => Err(Close::invalid("Message is broken or too long").into()),
    }
}

fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}
