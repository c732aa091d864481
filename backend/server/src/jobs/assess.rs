//! After a listing was posted or changed: who should hear of it? *Gather* from the record what
//! could fit, let the engine *decide*, *record* a notice for each of the best, once.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use faelled_engine::{
    catalog::Catalog,
    id::ListingId,
    listing::{Listing, ListingKind},
    matching::{self, Suggestion},
    theme::ThemeRef,
};
use faelled_store::{ClaimedJob, JobDraft, NoticeDraft, NoticeKind, StoreError};
use futures_util::TryStreamExt;

use super::JobError;
use crate::{
    app::{
        App,
        judged::{compiled, compiled_all},
    },
    clock::fresh_id,
    judging::judging,
};

/// The kind of this job.
pub const KIND: &str = "assess_listing";

/// Counterparts that hear of a listing at most, and how well they must fit: a notice is for what
/// its reader would be glad to have heard of.
const TOLD_AT_MOST: usize = 10;
const TOLD_FROM: f64 = 0.6;

/// The job for a listing that was just written.
pub fn draft(listing: ListingId, now: DateTime<Utc>) -> JobDraft {
    JobDraft {
        kind: KIND,
        key: listing.uuid().to_string(),
        payload: serde_json::Value::Null,
        run_at: now,
    }
}

/// Assesses a listing as it is now. Notices, and the end of the job, commit together.
pub async fn perform(app: &App, job: &ClaimedJob) -> Result<(), JobError> {
    let id = job
        .key
        .parse()
        .map(ListingId::new)
        .map_err(|_| JobError::Fail("no id of a listing"))?;
    let now = app.clock.now();
    loop {
        let listing = app.store.listing(id).await?;
        let told = match &listing {
            Some(listing) => decide(app, listing, now).await?,
            None => Vec::new(),
        };
        let mut writing = app.store.write(now).await?;
        // If it has changed since it was gathered, the decision is about something else.
        let unchanged = writing
            .listing_for_update(id)
            .await?
            .map(|listing| listing.revision)
            == listing.map(|listing| listing.revision);
        if !unchanged {
            writing.rollback().await?;
            continue;
        }
        writing.insert_notices(&told).await?;
        if writing.complete_job(job).await? {
            writing.commit().await?;
        }
        return Ok(());
    }
}

async fn decide(
    app: &App,
    listing: &Listing,
    now: DateTime<Utc>,
) -> Result<Vec<NoticeDraft>, StoreError> {
    let subject = compiled(app, listing.clone()).await;
    if !subject.is_open(now) {
        return Ok(Vec::new());
    }
    let (kinds, themes) = (
        counterpart_kinds(listing),
        on_one_line(listing, &app.catalog),
    );
    // A "no" ends the reminders, and so does a match that is under way.
    let mut settled = app
        .store
        .excluded_counterparts(&[listing.poster], &[listing.id])
        .await?;
    let settled = Arc::new(settled.remove(&listing.id).unwrap_or_default());
    let mut batches = std::pin::pin!(app.store.open_listings_by_themes(&kinds, &themes));
    let mut best: Vec<Suggestion> = Vec::new();
    while let Some(batch) = batches.try_next().await? {
        let posted = compiled_all(app, batch).await;
        let (catalog, subject) = (Arc::clone(&app.catalog), Arc::clone(&subject));
        let settled = Arc::clone(&settled);
        best = judging(move || {
            let candidates = posted
                .iter()
                .filter(|posted| posted.is_open(now) && !settled.contains(&posted.listing.id))
                .chain(best.iter().map(|known| &known.posted));
            matching::best_fits(candidates, &catalog, &subject, now, TOLD_AT_MOST)
        })
        .await;
    }
    let told = best
        .into_iter()
        .filter(|suggestion| suggestion.fit.score >= TOLD_FROM);
    Ok(told
        .map(|suggestion| NoticeDraft {
            id: fresh_id(),
            kind: NoticeKind::NewCounterpart,
            listing: suggestion.posted.listing.id,
            counterpart: listing.id,
            score: suggestion.fit.score,
        })
        .collect())
}

fn counterpart_kinds(listing: &Listing) -> Vec<ListingKind> {
    [ListingKind::Offer, ListingKind::Need, ListingKind::Wish]
        .into_iter()
        .filter(|kind| kind.meets(listing.content.kind))
        .collect()
}

/// The codes of every theme that lies on one line with a theme of the listing.
fn on_one_line(listing: &Listing, catalog: &Catalog) -> Vec<String> {
    let themes: BTreeSet<ThemeRef> = catalog
        .themes
        .all()
        .filter(|theme| {
            catalog
                .themes
                .closest(&[*theme], &listing.content.themes)
                .is_some()
        })
        .collect();
    themes
        .into_iter()
        .map(|theme| catalog.themes.get(theme).code.clone())
        .collect()
}
