//! What loaders do while a request is executed.
//!
//! A loader that runs as a task of its own may begin before its siblings have asked, and fifty rows
//! then take many statements where five take one. Here the one who executes the request also runs
//! its loaders: they begin when the execution waits, and by then every resolver of a level has
//! asked. No timer is needed, and no sleep of a millisecond for each level.
//!
//! Judgements are made on threads of their own, and rows that wait for one go on one by one. While
//! any is under way, errands are held back, so that what all those rows ask is asked at once.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::{
    Stream, StreamExt,
    stream::{self, FuturesUnordered},
    task::{FutureObj, Spawn, SpawnError},
};

/// What the loaders of one request have begun.
#[derive(Clone, Default)]
pub struct Errands(Arc<Inner>);

#[derive(Default)]
struct Inner {
    waiting: Mutex<Vec<FutureObj<'static, ()>>>,
    holds: AtomicUsize,
}

/// As long as it lives, no errand begins. Only for as long as something else makes progress.
pub struct Hold(Errands);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.0.holds.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Spawn for Errands {
    fn spawn_obj(&self, errand: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        let waiting = self.0.waiting.lock();
        waiting.unwrap_or_else(PoisonError::into_inner).push(errand);
        Ok(())
    }
}

impl Errands {
    /// Holds errands back.
    pub fn hold(&self) -> Hold {
        self.0.holds.fetch_add(1, Ordering::AcqRel);
        Hold(self.clone())
    }

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
            if self.0.holds.load(Ordering::Acquire) == 0 {
                let waiting = self.0.waiting.lock();
                under_way.extend(waiting.unwrap_or_else(PoisonError::into_inner).drain(..));
            }
            match under_way.poll_next_unpin(context) {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}
