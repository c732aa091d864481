//! What loaders do while a request is executed.
//!
//! A loader that runs as a task of its own may begin before its siblings have asked, and fifty rows
//! then take many statements where five take one. Here the one who executes the request also runs
//! its loaders: they begin when the execution waits, and by then every resolver of a level has
//! asked. No timer is needed, and no sleep of a millisecond for each level.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use futures_util::{
    Stream, StreamExt,
    stream::{self, FuturesUnordered},
    task::{FutureObj, Spawn, SpawnError},
};

/// What the loaders of one request have begun.
#[derive(Clone, Default)]
pub struct Errands(Arc<Mutex<Vec<FutureObj<'static, ()>>>>);

impl Spawn for Errands {
    fn spawn_obj(&self, errand: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(errand);
        Ok(())
    }
}

impl Errands {
    /// Executes a request whose loaders are these.
    pub async fn run<T>(self, execution: impl Future<Output = T>) -> T {
        let mut execution = pin!(execution);
        let mut under_way = FuturesUnordered::new();
        poll_fn(|context| self.alternate(&mut under_way, context, |c| execution.as_mut().poll(c)))
            .await
    }

    /// Executes a subscription whose loaders are these.
    pub fn run_stream<T>(self, execution: impl Stream<Item = T> + Unpin) -> impl Stream<Item = T> {
        let (mut execution, mut under_way) = (execution, FuturesUnordered::new());
        stream::poll_fn(move |context| {
            self.alternate(&mut under_way, context, |c| execution.poll_next_unpin(c))
        })
    }

    /// Lets the execution go as far as it can, then the errands, until both wait.
    fn alternate<T>(
        &self,
        under_way: &mut FuturesUnordered<FutureObj<'static, ()>>,
        context: &mut Context<'_>,
        mut execution: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        loop {
            if let Poll::Ready(done) = execution(context) {
                return Poll::Ready(done);
            }
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            under_way.extend(waiting.drain(..));
            drop(waiting);
            match under_way.poll_next_unpin(context) {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}
