//! The board of this process, and its news. Both are fed by the record's change log alone, can be
//! thrown away, and are built anew from the record.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use faelled_engine::{
    board::{Board, Posted},
    catalog::Catalog,
    id::{FlagId, ListingId, MatchId, OrganizationId},
    listing::{Listing, Poster},
};
use faelled_store::{Change, OrganizationFilter, OrganizationKey, Store, StoreError, Window};
use futures_util::TryStreamExt;
use tokio::sync::{Mutex, broadcast};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    judging::{self, attempted, caught},
    observe,
};

/// Changes read from the log at once.
const CHANGES_AT_ONCE: u64 = 1_000;
/// News that a subscriber may lie behind before it is told so.
const NEWS_KEPT: usize = 4_096;
/// How often what was compiled long ago is compiled anew.
const ROLL_EVERY: Duration = Duration::from_hours(1);
/// Organizations read at once.
const ORGANIZATIONS_AT_ONCE: u64 = 1_000;

/// The board of this process. Cheap to clone.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

struct Inner {
    store: Store,
    catalog: Arc<Catalog>,
    clock: Clock,
    /// Readers take the whole board and let go of the lock; the follower changes it in place when
    /// nobody holds it, and a copy of it otherwise. So a writer never holds up a reader.
    board: RwLock<Arc<Board>>,
    /// The position in the log up to which the board has read. Whoever holds it may read on.
    position: Mutex<i64>,
    /// The same, for those who only want to know.
    seen: AtomicI64,
    news: broadcast::Sender<News>,
}

/// Something that has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// A listing was posted. What is loaded (`app::exchange`) was posted elsewhere, and is no news.
    ListingPosted(ListingId),
    /// A match was proposed or has changed.
    MatchUpdated {
        /// Which one.
        id: MatchId,
        /// Its two sides, which never change: nobody else is to hear of it.
        sides: [Poster; 2],
    },
    /// An overlap was raised, or has changed.
    FlagChanged(FlagId, Raised),
    /// Something changed that nobody will be told of: the log was pruned before it was read.
    Missed,
}

/// Whether a flag is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// It was raised just now.
    Now,
    /// It was there before.
    Before,
}

impl Live {
    /// Builds the board from the record.
    pub async fn build(
        store: Store,
        catalog: Arc<Catalog>,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        let (board, position) = read_all(&store, &catalog, clock).await?;
        observe::board(position, board.len());
        let (news, _) = broadcast::channel(NEWS_KEPT);
        Ok(Self(Arc::new(Inner {
            store,
            catalog,
            clock,
            board: RwLock::new(Arc::new(board)),
            position: Mutex::new(position),
            seen: AtomicI64::new(position),
            news,
        })))
    }

    /// The board as it is now. It does not change while it is held.
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.0.board.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The position in the log up to which the board has read.
    pub fn position(&self) -> i64 {
        self.0.seen.load(Ordering::Acquire)
    }

    /// News from now on.
    pub fn news(&self) -> broadcast::Receiver<News> {
        self.0.news.subscribe()
    }

    /// Reads the log up to a position, so that whoever wrote it sees it. If the record does not
    /// answer, the follower catches up later; what was written is safe either way.
    pub async fn catch_up_to(&self, target: i64) {
        let mut position = self.0.position.lock().await;
        while *position < target {
            match caught(Box::pin(self.advance(&mut position))).await {
                Some(Ok(0)) => return,
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    let error = error.in_full();
                    tracing::warn!(%error, "the board could not follow; it will try again");
                    return;
                }
                None => {
                    tracing::error!("following the log panicked; it will try again");
                    return;
                }
            }
        }
    }

    /// Follows the log until it is told to stop. `poll` is how often it looks; other processes'
    /// writes are seen at the latest then.
    pub async fn follow(self, poll: Duration, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(poll);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut rolls = tokio::time::interval(ROLL_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = rolls.tick() => self.roll().await,
                _ = ticks.tick() => self.catch_up_to(i64::MAX).await,
            }
        }
    }

    /// Reads the next changes and carries them out. Says how many there were.
    async fn advance(&self, position: &mut i64) -> Result<u64, StoreError> {
        let changes = self.0.store.changes_after(*position, CHANGES_AT_ONCE).await;
        let changes = match changes {
            // What it says nobody knows; what the record says now, one can read.
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(%error, "the board is built anew");
                return self.begin_anew(position).await;
            }
            read => read?,
        };
        let (Some(first), Some(last)) = (changes.first(), changes.last()) else {
            return Ok(0);
        };
        if first.position != *position + 1 {
            tracing::warn!(
                from = *position,
                "the log was pruned past us; the board is built anew"
            );
            return self.begin_anew(position).await;
        }
        for change in each_that_panics(&changes, |part| self.take_in(part)).await? {
            self.leave_out(change);
        }
        self.announce(&changes).await?;
        self.reached(position, last.position);
        observe::board(last.position, self.board().len());
        Ok(changes.len() as u64)
    }

    /// Builds the board anew, and tells that nobody will be told of what changed meanwhile.
    async fn begin_anew(&self, position: &mut i64) -> Result<u64, StoreError> {
        let (board, read_to) = read_all(&self.0.store, &self.0.catalog, self.0.clock).await?;
        self.change(|current| *current = board);
        self.reached(position, read_to);
        self.tell(News::Missed);
        Ok(1)
    }

    /// Brings the board up to what the record says of what has changed.
    async fn take_in(&self, changes: &[Change]) -> Result<(), StoreError> {
        let listings: BTreeSet<ListingId> = changes.iter().filter_map(Change::listing).collect();
        let organizations: BTreeSet<OrganizationId> =
            changes.iter().filter_map(Change::organization).collect();
        let asked: Vec<ListingId> = listings.into_iter().collect();
        let listings = self.0.store.listings_by_ids(&asked).await?;
        let organizations: Vec<OrganizationId> = organizations.into_iter().collect();
        let organizations = self.0.store.organizations_by_ids(&organizations).await?;
        let unread: Vec<ListingId> = asked
            .into_iter()
            .filter(|id| !listings.contains_key(id))
            .collect();
        let compiled = self
            .compile(move |board, catalog, now| {
                let listings = listings.into_values();
                listings
                    .map(|listing| board.compiled(listing, catalog, now))
                    .collect::<Vec<_>>()
            })
            .await;
        self.change(|board| {
            for organization in organizations.values() {
                board.name(
                    organization.id,
                    organization.version,
                    &organization.profile.name,
                );
            }
            for posted in compiled {
                board.put(posted);
            }
            // One that has changed and cannot be read must not go on showing what it was.
            for id in unread {
                board.remove(id);
            }
        });
        Ok(())
    }

    /// Passes over a change that cannot be taken in, so that it holds up no other. Nothing goes on
    /// showing what was before it.
    fn leave_out(&self, change: &Change) {
        let Change {
            position, kind, id, ..
        } = change;
        tracing::error!(position, ?kind, %id, "a change panicked and is left out of the board");
        if let Some(id) = change.listing() {
            self.change(|board| board.remove(id));
        }
    }

    fn reached(&self, position: &mut i64, at: i64) {
        *position = at;
        self.0.seen.store(at, Ordering::Release);
    }

    /// Compiles what lies on the board too long. One that panics leaves the board.
    async fn roll(&self) {
        // Nothing else may change the board meanwhile, or what is old would come back.
        let _position = self.0.position.lock().await;
        let rolled = self
            .compile(|board, catalog, now| {
                let stale = board.stale(now);
                stale
                    .map(|posted| {
                        let listing = posted.listing.clone();
                        (listing.id, compiled_or_named(listing, catalog, now))
                    })
                    .collect::<Vec<_>>()
            })
            .await;
        self.change(|board| {
            for (id, posted) in rolled {
                match posted {
                    Some(posted) => board.put(posted),
                    None => board.remove(id),
                }
            }
        });
    }

    /// Compiles listings away from the threads that answer requests, and without holding the board:
    /// a rule may take a while.
    async fn compile<T: Send + 'static>(
        &self,
        compile: impl FnOnce(&Board, &Catalog, DateTime<Utc>) -> T + Send + 'static,
    ) -> T {
        let (board, catalog) = (self.board(), Arc::clone(&self.0.catalog));
        let now = self.0.clock.now();
        judging::ahead(move || compile(&board, &catalog, now)).await
    }

    fn change(&self, change: impl FnOnce(&mut Board)) {
        let mut board = self.0.board.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut board));
    }

    fn tell(&self, news: News) {
        // Nobody listening is no fault.
        let _ = self.0.news.send(news);
    }

    /// Tells those who listen. The sides of the matches are read once for all of them.
    async fn announce(&self, changes: &[Change]) -> Result<(), StoreError> {
        if self.0.news.receiver_count() == 0 {
            return Ok(());
        }
        let agreed: BTreeSet<MatchId> = changes.iter().filter_map(Change::agreed).collect();
        let agreed: Vec<MatchId> = agreed.into_iter().collect();
        let agreed = self.0.store.matches_by_ids(&agreed).await?;
        let news = changes.iter().filter_map(|change| {
            if let Some(id) = change.agreed() {
                let agreed = agreed.get(&id)?;
                let sides = [agreed.proposer, agreed.owner];
                return Some(News::MatchUpdated { id, sides });
            }
            if let Some(id) = change.flag() {
                let raised = match change.version {
                    1 => Raised::Now,
                    _ => Raised::Before,
                };
                return Some(News::FlagChanged(id, raised));
            }
            let is_posted = change.version == Listing::POSTED;
            change
                .listing()
                .filter(|_| is_posted)
                .map(News::ListingPosted)
        });
        news.for_each(|news| self.tell(news));
        Ok(())
    }
}

/// Takes in changes together or, when that panics, each by itself: whatever one of them does to us,
/// the others must still be seen. Gives those that panic by themselves.
async fn each_that_panics<'a, C, E, F: Future<Output = Result<(), E>>>(
    changes: &'a [C],
    take_in: impl Fn(&'a [C]) -> F,
) -> Result<Vec<&'a C>, E> {
    if let Some(taken) = caught(take_in(changes)).await {
        return taken.map(|()| Vec::new());
    }
    let mut panicking = Vec::new();
    for change in changes {
        match caught(take_in(std::slice::from_ref(change))).await {
            Some(taken) => taken?,
            None => panicking.push(change),
        }
    }
    Ok(panicking)
}

/// A listing compiled for the board, unless that panics: then it is named, and left out.
fn compiled_or_named(listing: Listing, catalog: &Catalog, now: DateTime<Utc>) -> Option<Posted> {
    let id = listing.id.uuid();
    let posted = attempted(|| Posted::new(listing, catalog, now));
    if posted.is_none() {
        tracing::error!(listing = %id, "compiling a listing panicked; it is left out of the board");
    }
    posted
}

/// Reads every open listing and every organization's name. The position is read first: replaying
/// the log from there misses nothing, and what it repeats is ignored by version.
async fn read_all(
    store: &Store,
    catalog: &Arc<Catalog>,
    clock: Clock,
) -> Result<(Board, i64), StoreError> {
    let position = store.snapshot_position().await?;
    let now = clock.now();
    let mut board = Board::default();
    let mut window = Window::first(ORGANIZATIONS_AT_ONCE);
    loop {
        let names = store
            .organizations(&OrganizationFilter::default(), &window)
            .await?;
        for organization in &names.items {
            board.name(
                organization.id,
                organization.version,
                &organization.profile.name,
            );
        }
        match names.items.last() {
            Some(last) if names.more => {
                window = Window::first(ORGANIZATIONS_AT_ONCE).after(OrganizationKey::of(last));
            }
            _ => break,
        }
    }
    let mut batches = std::pin::pin!(store.all_open_listings());
    while let Some(batch) = batches.try_next().await? {
        let catalog = Arc::clone(catalog);
        let compile = move |listing| compiled_or_named(listing, &catalog, now);
        let compiled = move || batch.into_iter().filter_map(compile).collect::<Vec<_>>();
        for posted in judging::ahead(compiled).await {
            board.put(posted);
        }
    }
    Ok((board, position))
}

#[cfg(test)]
mod tests {
    use std::{future::ready, sync::Mutex};

    use super::*;

    #[tokio::test]
    async fn a_change_that_panics_holds_up_no_other() {
        let taken = Mutex::new(Vec::<i32>::new());
        let take_in = |changes: &'static [i32]| {
            let taken = &taken;
            async move {
                assert!(!changes.contains(&3), "as a bug would");
                taken.lock().unwrap().extend(changes);
                Ok::<(), StoreError>(())
            }
        };
        let left_out = each_that_panics(&[1, 2, 3, 4], take_in).await.unwrap();
        assert_eq!(left_out, [&3]);
        assert_eq!(*taken.lock().unwrap(), [1, 2, 4]);
    }

    #[tokio::test]
    async fn what_the_record_refuses_is_tried_again_as_a_whole() {
        let take_in = |_: &[i32]| ready(Err::<(), _>(StoreError::Busy));
        assert!(each_that_panics(&[1, 2], take_in).await.is_err());
    }
}
