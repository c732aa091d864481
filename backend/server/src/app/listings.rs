//! Posting, changing and finding listings.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use faelled_engine::{
    access::{self, Actor, Presence, Tie},
    board::Posted,
    catalog::Catalog,
    id::{ListingId, OrganizationId, PersonId},
    listing::{Content, Listing, ListingDraft, ListingKind, ListingStatus, Poster},
    matching::{self, Similar, Suggestion},
    nearby::{self, Facets, Filter, FilterDraft, Hit, Order, SortKey},
    organization::Role,
    problem::{Fault, Problem},
};
use faelled_store::{Constraint, Writing};
use serde::{Deserialize, Serialize};

use super::{
    App, AppError, Outcome, Refusal, Why, gather,
    idempotency::{self, Begun, Request},
    judged::{self, compiled},
    paging::{ListError, Origin, PageArgs, Paged, Scope},
};
use crate::{clock::fresh_id, jobs, judging::judging};

/// Counterparts and similar listings shown with a listing that is posted or drafted.
pub const SHOWN_AT_ONCE: usize = 10;

/// What comes in to post a listing.
#[derive(Debug, Clone)]
pub struct PostListing {
    /// On whose behalf; none is the person.
    pub organization: Option<OrganizationId>,
    /// What it says.
    pub draft: ListingDraft,
}

/// Posts a listing.
pub async fn post(
    app: &App,
    actor: &Actor,
    input: PostListing,
    key: Option<&str>,
) -> Outcome<Arc<Posted>> {
    let person = signed_in(actor)?;
    let now = app.clock.now();
    let mut refusals = Vec::new();
    let request = Request::read(&mut refusals, "postListing", key, &input);
    let poster = poster(actor, person, input.organization);
    let content = read(app, input.draft, "draft", now).await;
    let poster = gather(&mut refusals, poster)?;
    let content = gather(&mut refusals, content)?;
    let (Some(poster), Some(content), true) = (poster, content, refusals.is_empty()) else {
        return first_or_refused(app, actor, person, request.as_ref(), refusals).await;
    };
    let listing = new_listing(poster, person, content, now);
    insert_once(app, actor, person, request.as_ref(), listing, now).await
}

/// Copies a listing of one's own, with changes, as a new one.
pub async fn copy(
    app: &App,
    actor: &Actor,
    id: ListingId,
    change: impl Fn(&mut ListingDraft) + Send,
    changes: &(impl std::fmt::Debug + Sync),
    key: Option<&str>,
) -> Outcome<Arc<Posted>> {
    let person = signed_in(actor)?;
    let now = app.clock.now();
    let mut refusals = Vec::new();
    let request = Request::read(&mut refusals, "copyListing", key, &(id, changes));
    let original = managed(actor, app.store.listing(id).await?);
    let original = gather(&mut refusals, original)?;
    let content = match &original {
        Some(original) => {
            let mut draft = original.content.draft(&app.catalog);
            // Whoever copies has not declared a børneattest: who did so, and when, is kept. What
            // else is declared is told without a name, and is part of what is copied.
            draft.declarations.childrens_certificate = None;
            change(&mut draft);
            gather(&mut refusals, read(app, draft, "changes", now).await)?
        }
        None => None,
    };
    let (Some(original), Some(content), true) = (original, content, refusals.is_empty()) else {
        return first_or_refused(app, actor, person, request.as_ref(), refusals).await;
    };
    let listing = new_listing(original.poster, person, content, now);
    insert_once(app, actor, person, request.as_ref(), listing, now).await
}

/// Changes what a listing says.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: ListingId,
    seen: i32,
    change: impl FnOnce(&mut ListingDraft) + Send,
) -> Outcome<Arc<Posted>> {
    let now = app.clock.now();
    let (mut listing, person) = as_seen(app, actor, id, seen).await?;
    if matches!(
        listing.status,
        ListingStatus::Closed | ListingStatus::Withdrawn
    ) {
        return Err(AppError::refused("id", Why::WrongState));
    }
    let mut draft = listing.content.draft(&app.catalog);
    change(&mut draft);
    let capacity = draft.capacity;
    let mut refusals = Vec::new();
    let content = gather(&mut refusals, read(app, draft, "changes", now).await)?;
    // Anything else that can be wrong with a capacity has been said.
    let too_few = 1..i64::from(listing.taken);
    if capacity.is_some_and(|asked| too_few.contains(&asked)) {
        let fault = Fault::OutOfRange {
            min: f64::from(listing.taken),
            max: 10_000.0,
        };
        refusals.push(Refusal::at("changes.capacity", Why::Invalid(fault)));
    }
    let (Some(content), true) = (content, refusals.is_empty()) else {
        return Err(AppError::Refused(refusals));
    };
    listing.certificate_declared = declared(&content, listing.certificate_declared, person, now);
    listing.content = content;
    listing.assured_at = now;
    save(app, actor, listing, now).await
}

/// A decision about a listing as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Hide it for a while.
    Pause,
    /// Show it again.
    Resume,
    /// It is done with.
    Close,
    /// It was not meant.
    Withdraw,
    /// It is still current.
    Confirm,
}

/// Carries out a decision about a listing.
pub async fn decide(
    app: &App,
    actor: &Actor,
    id: ListingId,
    seen: i32,
    decision: Decision,
) -> Outcome<Arc<Posted>> {
    use ListingStatus::{Closed, Open, Paused, Withdrawn};
    let now = app.clock.now();
    let (mut listing, _) = as_seen(app, actor, id, seen).await?;
    listing.status = match (decision, listing.status) {
        (Decision::Pause, Open) => Paused,
        (Decision::Resume, Paused) => Open,
        (Decision::Close, Open | Paused) => Closed,
        (Decision::Withdraw, Open | Paused) => Withdrawn,
        (Decision::Confirm, Open | Paused) => listing.status,
        _ => return Err(AppError::refused("id", Why::WrongState)),
    };
    if decision == Decision::Confirm {
        let content = listing.content.clone();
        judging(move || content.check_ahead(now))
            .await
            .map_err(|problems| AppError::invalid("", problems))?;
        listing.assured_at = now;
    }
    save(app, actor, listing, now).await
}

/// What somebody does about a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Says "me too".
    Give,
    /// Takes that back.
    TakeBack,
}

/// Gives or takes back the actor's support of a wish. Doing it twice changes nothing.
pub async fn support(
    app: &App,
    actor: &Actor,
    id: ListingId,
    support: Support,
) -> Outcome<Arc<Posted>> {
    let person = signed_in(actor)?;
    let now = app.clock.now();
    let (mut writing, mut locked) = judged::begin(app, &[id], now).await?;
    let (listing, presence) = locked.take(id).ok_or_else(not_found)?;
    let standings = access::standings_to_listing(actor, &listing, Tie::Nothing);
    if !access::sees_listing(&standings, &listing, presence) {
        return Err(not_found());
    }
    if listing.content.kind != ListingKind::Wish {
        return Err(AppError::refused("id", Why::NotAWish));
    }
    match (support, presence) {
        (Support::Give, Presence::Open) => writing.add_support(id, person).await?,
        (Support::Give, Presence::Hidden) => return Err(AppError::refused("id", Why::NotOpen)),
        (Support::TakeBack, _) => writing.remove_support(id, person).await?,
    };
    commit_and_show(app, writing, id).await
}

/// What a listing that is only drafted would meet. It judges, so call it where that may take a while.
pub fn preview(app: &App, actor: &Actor, input: &PostListing) -> Outcome<Seen> {
    let now = app.clock.now();
    // Someone who has not signed in may try a draft as a private person.
    let person = actor.person().unwrap_or_else(fresh_id);
    let poster = poster(actor, person, input.organization);
    let content = judged_content(&app.catalog, &input.draft, "draft", now);
    let mut refusals = Vec::new();
    let poster = gather(&mut refusals, poster)?;
    let content = gather(&mut refusals, content)?;
    match (poster, content, refusals.is_empty()) {
        (Some(poster), Some(content), true) => {
            let listing = new_listing(poster, person, content, now);
            Ok(seen(app, &Posted::new(listing, &app.catalog, now), now))
        }
        _ => Err(AppError::Refused(refusals)),
    }
}

/// What the engine sees of a listing: its best counterparts, and those that do much the same.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Best counterparts.
    pub suggestions: Vec<Suggestion>,
    /// Similar listings.
    pub similar: Vec<Similar>,
}

/// What the engine sees of a listing at `now`.
pub fn seen(app: &App, posted: &Posted, now: DateTime<Utc>) -> Seen {
    let board = app.live.board();
    let nobody = BTreeSet::new();
    Seen {
        suggestions: matching::suggestions(
            &board,
            &app.catalog,
            posted,
            &nobody,
            now,
            SHOWN_AT_ONCE,
        ),
        similar: matching::similar(&board, &app.catalog, posted, now, SHOWN_AT_ONCE),
    }
}

/// A page of listings that were found, with everything that was found for counting.
pub struct Found {
    /// The page.
    pub page: Paged<Hit>,
    /// How many were found in all.
    pub total: usize,
    /// What was found in all, for facets.
    pub hits: Arc<Vec<Hit>>,
    /// The filter, for facets.
    pub filter: Filter,
    /// What its cursors carry.
    pub origin: Origin,
}

impl Found {
    /// What counts by theme, kind, organization and weekday.
    pub fn facets(&self, app: &App) -> impl FnOnce() -> Facets + Send + use<> {
        let (hits, catalog) = (Arc::clone(&self.hits), Arc::clone(&app.catalog));
        let (filter, now) = (self.filter.clone(), self.origin.now);
        move || nearby::facets(&hits, &catalog, &filter, now)
    }

    /// The cursor of a listing on this list.
    pub fn cursor(&self, app: &App, hit: &Hit) -> String {
        self.origin.seal(app, &CursorKey::from(hit.key))
    }
}

/// A sort key as a cursor carries it: the bits of the value, since JSON knows no infinity.
#[derive(Serialize, Deserialize)]
struct CursorKey(u64, uuid::Uuid);

impl From<SortKey> for CursorKey {
    fn from(key: SortKey) -> Self {
        Self(key.value.to_bits(), key.id.uuid())
    }
}

impl From<CursorKey> for SortKey {
    fn from(key: CursorKey) -> Self {
        Self {
            value: f64::from_bits(key.0),
            id: ListingId::new(key.1),
        }
    }
}

/// Finds open listings.
pub fn find(
    app: &App,
    draft: &FilterDraft,
    order: Order,
    args: &PageArgs,
    max: i32,
) -> Result<Found, ListError> {
    let filter = Filter::parse(draft, &app.catalog).map_err(ListError::Filter)?;
    if order == Order::Distance && !filter.has_point() {
        let fault = Fault::Needs {
            other: "filter.near",
        };
        return Err(ListError::Filter(vec![Problem::at("orderBy", fault)]));
    }
    let scope = Scope::of("listings", &(draft, order));
    let page = args
        .read::<CursorKey>(&app.cursors, scope, max, app.clock.now())?
        .map(SortKey::from);
    let mut hits = nearby::find(&app.live.board(), &app.catalog, &filter, order, page.now);
    let origin = Origin {
        scope,
        now: page.now,
    };
    // Later pages are judged at the time of the first, but show nothing that is over by now.
    hits.retain(|hit| hit.posted.is_open(app.clock.now()));
    let hits = Arc::new(hits);
    let total = hits.len();
    let page = Paged::cut(&hits, &page, |hit| hit.key);
    Ok(Found {
        page,
        total,
        hits,
        filter,
        origin,
    })
}

/// The poster that the actor may be: itself, or an organization that it coordinates.
pub(super) fn poster(
    actor: &Actor,
    person: PersonId,
    organization: Option<OrganizationId>,
) -> Outcome<Poster> {
    let Some(organization) = organization else {
        return Ok(Poster::Person(person));
    };
    if actor.is(Role::Coordinator, organization) {
        Ok(Poster::Organization(organization))
    } else {
        // One that the actor does not coordinate answers as an absent one.
        Err(AppError::refused("organization", Why::NotFound))
    }
}

/// Reads what came in as `field`, away from the threads that answer requests.
async fn read(
    app: &App,
    draft: ListingDraft,
    field: &'static str,
    now: DateTime<Utc>,
) -> Outcome<Content> {
    let catalog = Arc::clone(&app.catalog);
    judging(move || judged_content(&catalog, &draft, field, now)).await
}

fn judged_content(
    catalog: &Catalog,
    draft: &ListingDraft,
    field: &str,
    now: DateTime<Utc>,
) -> Outcome<Content> {
    Content::parse_at(draft, catalog, now).map_err(|problems| AppError::invalid(field, problems))
}

fn new_listing(poster: Poster, person: PersonId, content: Content, now: DateTime<Utc>) -> Listing {
    Listing {
        id: fresh_id(),
        version: 1,
        revision: Listing::POSTED,
        poster,
        posted_by: person,
        status: ListingStatus::Open,
        certificate_declared: declared(&content, None, person, now),
        content,
        taken: 0,
        supports: 0,
        posted_at: now,
        assured_at: now,
        updated_at: now,
        external_id: None,
    }
}

/// Who declared a børneattest, and when: the first who did, as long as it is declared.
fn declared(
    content: &Content,
    before: Option<(PersonId, DateTime<Utc>)>,
    person: PersonId,
    now: DateTime<Utc>,
) -> Option<(PersonId, DateTime<Utc>)> {
    let declares = content.declarations.childrens_certificate == Some(true);
    declares.then(|| before.unwrap_or((person, now)))
}

/// What this request made the first time; else the refusals. What was right the first time may be
/// wrong by now, since time goes on, and is answered all the same.
async fn first_or_refused(
    app: &App,
    actor: &Actor,
    person: PersonId,
    request: Option<&Request>,
    refusals: Vec<Refusal>,
) -> Outcome<Arc<Posted>> {
    if request.is_some() {
        match idempotency::begin(app, request, person, app.clock.now()).await? {
            Begun::Before(first) => return first_answer(app, actor, first).await,
            Begun::First(writing) => writing.rollback().await?,
        }
    }
    Err(AppError::Refused(refusals))
}

async fn insert_once(
    app: &App,
    actor: &Actor,
    person: PersonId,
    request: Option<&Request>,
    listing: Listing,
    now: DateTime<Utc>,
) -> Outcome<Arc<Posted>> {
    let mut writing = match idempotency::begin(app, request, person, now).await? {
        Begun::First(writing) => writing,
        Begun::Before(first) => return first_answer(app, actor, first).await,
    };
    writing.insert_listing(&listing).await?;
    writing.enqueue(jobs::assess::draft(listing.id, now));
    idempotency::remember(&mut writing, request, person, listing.id).await?;
    app.commit(writing).await?;
    Ok(compiled(app, listing).await)
}

async fn first_answer(app: &App, actor: &Actor, first: ListingId) -> Outcome<Arc<Posted>> {
    let listing = managed(actor, app.store.listing(first).await?)?;
    Ok(compiled(app, listing).await)
}

/// A listing of the actor's own, if it still has the version that the actor saw. What is then judged
/// is judged before the transaction begins, so that nobody waits for a judgement: what a listing says
/// cannot change without its version.
async fn as_seen(
    app: &App,
    actor: &Actor,
    id: ListingId,
    seen: i32,
) -> Outcome<(Listing, PersonId)> {
    let person = signed_in(actor)?;
    let listing = managed(actor, app.store.listing(id).await?)?;
    if listing.version == seen {
        Ok((listing, person))
    } else {
        Err(stale(&listing))
    }
}

fn stale(listing: &Listing) -> AppError {
    let current = listing.version;
    AppError::refused("version", Why::StaleVersion { current })
}

/// Saves a listing of the actor's own that has been changed, if nobody else has changed it.
async fn save(
    app: &App,
    actor: &Actor,
    mut listing: Listing,
    now: DateTime<Utc>,
) -> Outcome<Arc<Posted>> {
    let (id, seen) = (listing.id, listing.version);
    listing.version += 1;
    listing.updated_at = now;
    let mut writing = app.store.write(now).await?;
    match writing.update_listing(&listing, seen).await {
        Ok(true) => {}
        Ok(false) => {
            drop(writing);
            let current = managed(actor, app.store.listing(id).await?)?;
            return Err(stale(&current));
        }
        // Somebody has taken a place meanwhile.
        Err(error) if error.is(Constraint::Capacity) => {
            return Err(AppError::refused("changes.capacity", Why::CapacityFull));
        }
        Err(error) => return Err(error.into()),
    }
    if listing.status == ListingStatus::Open {
        writing.enqueue(jobs::assess::draft(id, now));
    }
    commit_and_show(app, writing, id).await
}

/// The listing, if the actor manages it. Another's answers as an absent one, also an open one that
/// everybody can see: what an id names is nobody's business but its owner's.
fn managed(actor: &Actor, listing: Option<Listing>) -> Outcome<Listing> {
    listing
        .filter(|listing| {
            access::manages_listing(&access::standings_to_listing(actor, listing, Tie::Nothing))
        })
        .ok_or_else(not_found)
}

/// Commits, and gives the listing as this transaction leaves it. It is read before the commit: what
/// others change next is not what was done here, and a read that fails afterwards would say of what
/// is done that it was not.
async fn commit_and_show(app: &App, mut writing: Writing, id: ListingId) -> Outcome<Arc<Posted>> {
    let listing = writing.listing_for_update(id).await?;
    let listing = listing.ok_or_else(not_found)?;
    app.commit(writing).await?;
    Ok(compiled(app, listing).await)
}

fn not_found() -> AppError {
    AppError::refused("id", Why::NotFound)
}

pub(super) fn signed_in(actor: &Actor) -> Outcome<PersonId> {
    actor
        .person()
        .filter(|_| access::takes_part(actor))
        .ok_or(AppError::Unauthenticated)
}
