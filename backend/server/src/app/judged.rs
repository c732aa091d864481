//! Whether listings are open, judged before the transaction in which it matters: nobody else should
//! wait for a judgement.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use faelled_engine::{
    access::Presence,
    board::Posted,
    id::ListingId,
    listing::{Listing, ListingStatus},
};
use faelled_store::{StoreError, Writing};

use super::App;
use crate::judging::judging;

/// Listings of the record with their occurrences compiled, in the same order. What the board has as
/// it is, is taken from it.
pub async fn compiled_all(app: &App, listings: Vec<Listing>) -> Vec<Arc<Posted>> {
    let board = app.live.board();
    let known = |listing: &Listing| board.known(listing).map(Arc::clone);
    if let Some(known) = listings.iter().map(known).collect() {
        return known;
    }
    let (catalog, now) = (Arc::clone(&app.catalog), app.clock.now());
    judging(move || {
        let compile = |listing: Listing| {
            let known = board.known(&listing).map(Arc::clone);
            known.unwrap_or_else(|| Arc::new(board.compiled(listing, &catalog, now)))
        };
        listings.into_iter().map(compile).collect()
    })
    .await
}

/// A listing of the record with its occurrences compiled.
pub async fn compiled(app: &App, listing: Listing) -> Arc<Posted> {
    let mut all = compiled_all(app, vec![listing]).await;
    all.remove(0)
}

/// Which listings were open when they were looked at, and in which version.
pub(super) struct Judged(HashMap<ListingId, (i32, Presence)>);

impl Judged {
    /// Looks at listings as they are now.
    pub(super) async fn of(app: &App, ids: &[ListingId]) -> Result<Self, StoreError> {
        let listings = app.store.listings_by_ids(ids).await?;
        let (open, other): (Vec<_>, Vec<_>) = listings
            .into_values()
            .partition(|listing| listing.status == ListingStatus::Open);
        let (open, now) = (compiled_all(app, open).await, app.clock.now());
        let open = open
            .iter()
            .map(|posted| (&posted.listing, posted.presence(now)));
        let other = other.iter().map(|listing| (listing, Presence::Hidden));
        let judged = open
            .chain(other)
            .map(|(listing, presence)| (listing.id, (listing.version, presence)));
        Ok(Self(judged.collect()))
    }

    /// Locks these listings in the order of their ids, so that two pairs never wait for each other.
    /// Nothing, if one of them says something else by now than when it was judged.
    pub(super) async fn lock(
        &self,
        writing: &mut Writing,
        ids: &[ListingId],
    ) -> Result<Option<Locked>, StoreError> {
        let listings = writing.listings_for_update(ids).await?;
        let as_judged = listings.into_iter().map(|(id, listing)| {
            let (version, presence) = *self.0.get(&id)?;
            (version == listing.version).then_some((id, (listing, presence)))
        });
        Ok(as_judged.collect::<Option<_>>().map(Locked))
    }
}

/// Listings that nobody else changes until the transaction ends, each with whether it is open.
pub(super) struct Locked(HashMap<ListingId, (Listing, Presence)>);

impl Locked {
    /// Takes one out, if it is there.
    pub(super) fn take(&mut self, id: ListingId) -> Option<(Listing, Presence)> {
        self.0.remove(&id)
    }
}

/// Judges listings, begins to write, and locks them. If one has changed between judging and locking,
/// all of it is done again.
pub(super) async fn begin(
    app: &App,
    ids: &[ListingId],
    now: DateTime<Utc>,
) -> Result<(Writing, Locked), StoreError> {
    loop {
        let judged = Judged::of(app, ids).await?;
        let mut writing = app.store.write(now).await?;
        if let Some(locked) = judged.lock(&mut writing, ids).await? {
            return Ok((writing, locked));
        }
        writing.rollback().await?;
    }
}
