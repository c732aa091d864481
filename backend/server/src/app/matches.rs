//! Proposing a match, answering it, and what comes of it.

use faelled_engine::{
    access::{self, Actor, Presence, Tie},
    agreement::{Match, MatchStatus, Step},
    id::{ListingId, MatchId, OrganizationId, PersonId},
    listing::{Listing, Poster},
    text,
};
use faelled_store::{Constraint, MatchFilter, StoreError};

use super::{
    App, AppError, Outcome, Refusal, Why, gather,
    idempotency::{self, Begun, Request},
    judged::{self, Judged},
    listings::{poster, signed_in},
    paging::{Asked, ListError, Scope, Timeline, timeline},
};
use crate::{clock::fresh_id, jobs};

/// What comes in to propose a match.
#[derive(Debug, Clone)]
pub struct ProposeMatch {
    /// The listing that is answered.
    pub listing: ListingId,
    /// The proposer's own listing, if there is one.
    pub counterpart: Option<ListingId>,
    /// On whose behalf; none is the counterpart's poster, or without a counterpart the person.
    pub on_behalf_of: Option<OrganizationId>,
    /// A word to the other side.
    pub message: String,
}

/// Proposes a match to the owner of a listing.
pub async fn propose(
    app: &App,
    actor: &Actor,
    input: ProposeMatch,
    key: Option<&str>,
) -> Outcome<Match> {
    let person = signed_in(actor)?;
    let now = app.clock.now();
    let mut refusals = Vec::new();
    let request = Request::read(&mut refusals, "proposeMatch", key, &input);
    let message = text::lines(&input.message, 0, 1_000)
        .map_err(|fault| AppError::refused("message", Why::Invalid(fault)));
    let message = gather(&mut refusals, message)?;
    // With a listing of one's own, its poster proposes; without one, whoever the actor says.
    let speaker = poster(actor, person, input.on_behalf_of)
        .map_err(|error| error.renamed("organization", "onBehalfOf"));
    let speaker = gather(&mut refusals, speaker)?;

    let ids = pair(input.listing, input.counterpart);
    let (mut writing, mut locked) = loop {
        let judged = Judged::of(app, &ids).await?;
        let mut writing = match idempotency::begin(app, request.as_ref(), person, now).await? {
            Begun::First(writing) => writing,
            Begun::Before(first) => {
                let first = visible(app, actor, first).await?;
                return first.ok_or_else(|| AppError::refused("id", Why::NotFound));
            }
        };
        if let Some(locked) = judged.lock(&mut writing, &ids).await? {
            break (writing, locked);
        }
        writing.rollback().await?;
    };
    let listing = open_or_refused(actor, locked.take(input.listing), "listing");
    let listing = gather(&mut refusals, listing)?;
    let proposer = match input.counterpart {
        None => speaker,
        Some(id) => {
            let own = own_counterpart(actor, locked.take(id), listing.as_ref());
            let own = gather(&mut refusals, own)?;
            if let Some(own) = &own
                && input.on_behalf_of.is_some()
                && speaker.is_some_and(|speaker| speaker != own.poster)
            {
                refusals.push(Refusal::at("onBehalfOf", Why::NotTheCounterparts));
            }
            own.map(|own| own.poster)
        }
    };
    if let Some(listing) = &listing {
        if proposer == Some(listing.poster) || actor.speaks_for(listing.poster) {
            refusals.push(Refusal::at("listing", Why::OwnListing));
        } else if !listing.has_place() {
            refusals.push(Refusal::at("listing", Why::CapacityFull));
        }
    }
    let (Some(message), Some(listing), Some(proposer), true) =
        (message, listing, proposer, refusals.is_empty())
    else {
        return Err(AppError::Refused(refusals));
    };
    let agreed = Match {
        id: fresh_id(),
        version: 1,
        listing: listing.id,
        counterpart: input.counterpart,
        proposer,
        proposed_by: person,
        owner: listing.poster,
        answered_by: None,
        status: MatchStatus::Proposed,
        message,
        proposed_at: now,
        updated_at: now,
    };
    match writing.insert_match(&agreed).await {
        Err(error) if error.is(Constraint::LivePair) => {
            return Err(AppError::refused("listing", Why::AlreadyMatched));
        }
        other => other?,
    }
    writing.enqueue(jobs::expire_match::draft(&agreed));
    idempotency::remember(&mut writing, request.as_ref(), person, agreed.id).await?;
    app.commit(writing).await?;
    Ok(agreed)
}

/// The actor's own listing that is to be the other half of the pair.
fn own_counterpart(
    actor: &Actor,
    own: Option<(Listing, Presence)>,
    listing: Option<&Listing>,
) -> Outcome<Listing> {
    let own = own.filter(|(own, _)| actor.speaks_for(own.poster));
    let own = open_or_refused(actor, own, "counterpart")?;
    let mut refusals = Vec::new();
    if listing.is_some_and(|listing| !own.content.kind.meets(listing.content.kind)) {
        refusals.push(Refusal::at("counterpart", Why::NotAPair));
    }
    if !own.has_place() {
        refusals.push(Refusal::at("counterpart", Why::CapacityFull));
    }
    if refusals.is_empty() {
        Ok(own)
    } else {
        Err(AppError::Refused(refusals))
    }
}

/// Takes a step with a match. Accepting takes a place of the capacity of each listing of the pair,
/// in this transaction; withdrawing a confirmed one gives it free again.
pub async fn take_step(app: &App, actor: &Actor, id: MatchId, step: Step) -> Outcome<Match> {
    let person = signed_in(actor)?;
    let now = app.clock.now();
    let absent = || AppError::refused("id", Why::NotFound);
    // Which listings to lock is a fact that never changes; the state is read again under the lock.
    let known = app.store.match_(id).await?.ok_or_else(absent)?;
    let side = actor.side_of(&known).ok_or_else(absent)?;
    let listings = pair(known.listing, known.counterpart);
    let (mut writing, mut locked) = judged::begin(app, &listings, now).await?;
    let mut agreed = writing.match_for_update(id).await?.ok_or_else(absent)?;
    let from = agreed.status;
    if agreed.status == MatchStatus::Proposed && now >= agreed.expires_at() {
        // The job that lets it expire may be late; the answer is, too.
        return Err(AppError::refused("id", Why::WrongState));
    }
    let to = agreed
        .after(step, Some(side))
        .ok_or_else(|| AppError::refused("id", Why::WrongState))?;
    match (from, to) {
        (_, MatchStatus::Confirmed) => {
            for listing in &listings {
                let open = locked.take(*listing).map(|(_, presence)| presence);
                if open != Some(Presence::Open) {
                    return Err(AppError::refused("id", Why::NotOpen));
                }
                if !writing.take_place(*listing).await? {
                    return Err(AppError::refused("id", Why::CapacityFull));
                }
            }
        }
        (MatchStatus::Confirmed, MatchStatus::Withdrawn) => {
            for listing in &listings {
                writing.free_place(*listing).await?;
            }
        }
        _ => {}
    }
    let seen = agreed.version;
    agreed.status = to;
    agreed.version += 1;
    agreed.updated_at = now;
    if matches!(step, Step::Accept | Step::Decline) {
        agreed.answered_by = Some(person);
    }
    if !writing.update_match(&agreed, seen).await? {
        return Err(AppError::refused("id", Why::WrongState));
    }
    app.commit(writing).await?;
    Ok(agreed)
}

/// A match, if the actor is a side of it.
pub async fn visible(app: &App, actor: &Actor, id: MatchId) -> Result<Option<Match>, StoreError> {
    let agreed = app.store.match_(id).await?;
    Ok(agreed.filter(|agreed| actor.side_of(agreed).is_some()))
}

/// A match, if the person is a side of it with the roles that it has now, which may be others than
/// when it began to listen.
pub async fn visible_now(
    app: &App,
    person: PersonId,
    id: MatchId,
) -> Result<Option<Match>, StoreError> {
    let actor = Actor::new(person, app.store.memberships_of(person).await?);
    visible(app, &actor, id).await
}

/// Which matches.
#[derive(Debug, Clone, Copy)]
pub enum Of {
    /// Every one that the actor is a side of.
    Actor,
    /// Of those, the ones with this listing.
    Listing(ListingId),
}

/// A page of the actor's matches, latest proposal first.
pub async fn page(
    app: &App,
    actor: &Actor,
    of: Of,
    asked: Asked<'_>,
) -> Result<Timeline<Match>, ListError> {
    let posters: Vec<Poster> = actor.posters().collect();
    let listing = match of {
        Of::Actor => None,
        Of::Listing(id) => Some(id),
    };
    let filter = MatchFilter {
        listing,
        ..MatchFilter::default()
    };
    let scope = Scope::of("matches", &(actor.person(), of));
    timeline(
        app,
        scope,
        asked,
        async |window| app.store.matches(&posters, &filter, &window).await,
        async || app.store.count_matches(&posters, &filter).await,
    )
    .await
}

/// The listings of a pair.
fn pair(listing: ListingId, counterpart: Option<ListingId>) -> Vec<ListingId> {
    [Some(listing), counterpart].into_iter().flatten().collect()
}

/// The listing, if the actor may see it and it is open.
fn open_or_refused(
    actor: &Actor,
    listing: Option<(Listing, Presence)>,
    field: &str,
) -> Outcome<Listing> {
    let (listing, presence) = listing.ok_or_else(|| AppError::refused(field, Why::NotFound))?;
    let standings = access::standings_to_listing(actor, &listing, Tie::Nothing);
    if !access::sees_listing(&standings, &listing, presence) {
        return Err(AppError::refused(field, Why::NotFound));
    }
    match presence {
        Presence::Open => Ok(listing),
        Presence::Hidden => Err(AppError::refused(field, Why::NotOpen)),
    }
}

impl AppError {
    /// The same refusals, with a field called by another name.
    fn renamed(self, from: &str, to: &str) -> Self {
        match self {
            Self::Refused(mut refusals) => {
                for part in refusals.iter_mut().flat_map(|refusal| &mut refusal.field) {
                    if part == from {
                        to.clone_into(part);
                    }
                }
                Self::Refused(refusals)
            }
            other => other,
        }
    }
}
