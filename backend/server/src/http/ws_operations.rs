//! The operations of one WebSocket, under way at once.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use async_graphql::Request;
use futures_util::{
    StreamExt,
    future::ready,
    stream::{self, AbortHandle, BoxStream, SelectAll, abortable},
};

use super::{
    Api, Caller, Language, Shared,
    answer::Answer,
    document::{self, Kind},
    limits,
    problem::{Code, Problem},
};
use crate::observe;

/// Who asks on this connection.
#[derive(Debug, Clone)]
pub struct Asker {
    pub bearer: Option<String>,
    pub language: Language,
}

/// What an operation has to tell.
#[derive(Debug)]
pub enum Event {
    /// An answer; others may follow.
    Next(Answer),
    /// It was refused, which ends it.
    Refused(Answer),
    /// It has ended.
    End,
    /// The token is no longer good, which ends the connection.
    Forbidden,
}

/// The operations that are under way, by id.
#[derive(Default)]
pub struct Operations {
    streams: SelectAll<BoxStream<'static, (Arc<str>, Event)>>,
    active: HashMap<Arc<str>, AbortHandle>,
}

impl Operations {
    pub fn contains(&self, id: &str) -> bool {
        self.active.contains_key(id)
    }

    pub fn len(&self) -> usize {
        self.active.len()
    }

    /// Starts an operation under an id that is free.
    pub fn start<A: Api>(
        &mut self,
        id: String,
        shared: &Shared<A>,
        asker: &Asker,
        request: Request,
    ) {
        let id: Arc<str> = id.into();
        let (events, handle) = abortable(events(shared.clone(), asker.clone(), request));
        self.active.insert(Arc::clone(&id), handle);
        self.streams
            .push(events.map(move |event| (Arc::clone(&id), event)).boxed());
    }

    /// Ends an operation, if it is under way. Nothing is heard of it any more, and its id is free.
    pub fn stop(&mut self, id: &str) {
        if let Some(handle) = self.active.remove(id) {
            handle.abort();
        }
    }

    /// The next thing that any of them has to tell. Waits for ever when there is none.
    pub async fn next(&mut self) -> (Arc<str>, Event) {
        match self.streams.next().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }
}

fn events<A: Api>(
    shared: Shared<A>,
    asker: Asker,
    mut request: Request,
) -> BoxStream<'static, Event> {
    match document::weigh(&mut request) {
        Ok(Kind::Subscription) => subscription(shared, asker, request),
        Ok(kind) => {
            let answered = single(shared, asker, request, kind);
            stream::once(answered)
                .chain(stream::once(ready(Event::End)))
                .boxed()
        }
        Err(problem) => stream::once(ready(Event::from(&problem))).boxed(),
    }
}

/// A query or a mutation, under the same limits as over HTTP; only that it waits for its turn.
async fn single<A: Api>(shared: Shared<A>, asker: Asker, request: Request, kind: Kind) -> Event {
    let started = Instant::now();
    let work = async {
        let caller = asker.caller(&shared.api).await?;
        let _permit = shared
            .permits
            .acquire()
            .await
            .map_err(|_| Problem::internal())?;
        Ok(Answer::from(shared.api.execute(request, caller).await))
    };
    let result = limits::bounded(work, shared.settings.request_timeout).await;
    let outcome = result
        .as_ref()
        .map_or_else(|problem| problem.code.outcome(), Answer::outcome);
    observe::graphql_operation(kind.label(), "ws", outcome, started.elapsed());
    match result {
        Ok(answer) if answer.is_refusal() => Event::Refused(answer),
        Ok(answer) => Event::Next(answer),
        Err(problem) => Event::from(&problem),
    }
}

fn subscription<A: Api>(
    shared: Shared<A>,
    asker: Asker,
    request: Request,
) -> BoxStream<'static, Event> {
    let opening = async move {
        let work = async {
            let caller = asker.caller(&shared.api).await?;
            Ok(shared.api.execute_stream(request, caller))
        };
        match limits::bounded(work, shared.settings.request_timeout).await {
            Ok(answers) => {
                let mut open = observe::subscription_opened();
                AssertUnwindSafe(answers)
                    .catch_unwind()
                    .enumerate()
                    .map(move |(number, answer)| {
                        let Ok(answer) = answer.map(Answer::from) else {
                            open.note("internal");
                            return Event::from(&Problem::internal());
                        };
                        open.note(answer.outcome());
                        // Only the first answer can be about the request.
                        if number == 0 && answer.is_refusal() {
                            Event::Refused(answer)
                        } else {
                            Event::Next(answer)
                        }
                    })
                    .chain(stream::once(ready(Event::End)))
                    .boxed()
            }
            Err(problem) => stream::once(ready(Event::from(&problem))).boxed(),
        }
    };
    stream::once(opening).flatten().boxed()
}

impl Asker {
    /// Who asks, looked up anew: a token that has just been revoked changes nothing any more.
    async fn caller<A: Api>(&self, api: &A) -> Result<Caller, Problem> {
        let actor = api.authenticate(self.bearer.as_deref()).await?;
        Ok(Caller {
            actor,
            language: self.language,
        })
    }
}

impl From<&Problem> for Event {
    fn from(problem: &Problem) -> Self {
        if problem.code == Code::Unauthenticated {
            Self::Forbidden
        } else {
            Self::Refused(problem.into())
        }
    }
}
