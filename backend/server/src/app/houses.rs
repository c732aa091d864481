//! What a volunteer house does: it verifies and suspends organizations in its municipalities, looks
//! at what overlaps there, and deals with it.

use std::{collections::HashMap, sync::Arc};

use faelled_engine::{
    access::{self, Actor, FlagView},
    flag::{Flag, HouseDecision, OverlapKind},
    gap::{self, Gap},
    id::{FlagId, OrganizationId, PersonId},
    organization::{Organization, OrganizationKind},
    place::PostalCode,
    problem::{Fault, Problem, Problems},
    text,
    theme::ThemeRef,
};
use uuid::Uuid;

pub use faelled_store::{AccessAction, AccessLine, FlagFilter};
use faelled_store::{StoreError, Suspension, Writing};

use super::{
    App, AppError, Outcome, Why, gather,
    listings::signed_in,
    paging::{Asked, ListError, Origin, Paged, Scope, Timeline, timeline},
};
use crate::{clock::fresh_id, jobs, judging::judging};

/// Codes that a filter names at most.
const ASKED_AT_MOST: usize = 100;
/// Characters of a comment, a note or a reason.
const COMMENT: std::ops::RangeInclusive<usize> = 3..=1_000;

/// The municipalities that the actor looks after.
pub async fn areas(app: &App, actor: &Actor) -> Result<Vec<String>, StoreError> {
    let houses: Vec<OrganizationId> = access::houses(actor).collect();
    app.store.areas_of(&houses).await
}

/// Verifies an organization in a municipality that the actor looks after; whatever suspended it is
/// lifted.
pub async fn verify(
    app: &App,
    actor: &Actor,
    id: OrganizationId,
    seen: i32,
) -> Outcome<Organization> {
    signed_in(actor)?;
    overseen(app, actor, id).await?;
    let mut writing = app.store.write(app.clock.now()).await?;
    writing.lift_suspension(id).await?;
    trust(app, writing, id, seen, Trust::Verified).await
}

/// Suspends an organization in a municipality that the actor looks after: it is not verified any
/// more, its open listings are paused, and its visits are compared with nobody's.
pub async fn suspend(
    app: &App,
    actor: &Actor,
    id: OrganizationId,
    seen: i32,
    reason: &str,
) -> Outcome<Organization> {
    let by = signed_in(actor)?;
    let now = app.clock.now();
    let mut refusals = Vec::new();
    let house = gather(&mut refusals, overseen(app, actor, id).await)?;
    let reason = gather(&mut refusals, comment("reason", reason))?;
    let (Some(house), Some(reason)) = (house, reason) else {
        return Err(AppError::Refused(refusals));
    };
    let mut writing = app.store.write(now).await?;
    let suspended = Suspension {
        reason,
        by,
        house,
        at: now,
    };
    writing.suspend(id, &suspended).await?;
    writing.pause_listings_of(id).await?;
    trust(app, writing, id, seen, Trust::Withdrawn).await
}

/// What becomes of the trust in an organization.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    Verified,
    Withdrawn,
}

async fn trust(
    app: &App,
    mut writing: Writing,
    id: OrganizationId,
    seen: i32,
    trust: Trust,
) -> Outcome<Organization> {
    let absent = || AppError::refused("id", Why::NotFound);
    let mut organization = writing
        .organization_for_update(id)
        .await?
        .ok_or_else(absent)?;
    let current = organization.version;
    if current != seen {
        return Err(AppError::refused("version", Why::StaleVersion { current }));
    }
    organization.verified = trust == Trust::Verified;
    organization.version += 1;
    writing.update_organization(&organization, seen).await?;
    // Whether its visits count has changed, and with it every judgement of them.
    for arrangement in writing.touch_arrangements_of(id).await? {
        writing.enqueue(jobs::assess_visits::draft(arrangement, app.clock.now()));
    }
    app.commit(writing).await?;
    Ok(organization)
}

/// The house for which the actor looks after an organization. Houses themselves are verified by
/// whoever runs the server; any other answers as an absent one.
async fn overseen(app: &App, actor: &Actor, id: OrganizationId) -> Outcome<OrganizationId> {
    let absent = || AppError::refused("id", Why::NotFound);
    let organization = app.store.organization(id).await?.ok_or_else(absent)?;
    if organization.profile.kind == OrganizationKind::VolunteerHouse {
        return Err(absent());
    }
    let place = app.catalog.gazetteer.get(organization.profile.postal_code);
    let municipality = place.ok_or_else(absent)?.municipality_code.as_str();
    house_in(app, actor, &[municipality])
        .await?
        .ok_or_else(absent)
}

/// A house of the actor's that looks after one of these municipalities.
async fn house_in(
    app: &App,
    actor: &Actor,
    municipalities: &[&str],
) -> Result<Option<OrganizationId>, StoreError> {
    for house in access::houses(actor) {
        let areas = app.store.areas_of(&[house]).await?;
        if areas
            .iter()
            .any(|area| municipalities.contains(&area.as_str()))
        {
            return Ok(Some(house));
        }
    }
    Ok(None)
}

/// Why an organization is suspended, for its own coordinators and the house of its area.
pub async fn suspension(
    app: &App,
    actor: &Actor,
    organization: &Organization,
) -> Result<Option<Suspension>, StoreError> {
    let gazetteer = &app.catalog.gazetteer;
    let place = gazetteer.get(organization.profile.postal_code);
    let own = access::sees_arrangement(actor, organization.id);
    let overseen = match place {
        Some(place) if !own => house_in(app, actor, &[&place.municipality_code])
            .await?
            .is_some(),
        _ => false,
    };
    if own || overseen {
        app.store.suspension(organization.id).await
    } else {
        Ok(None)
    }
}

/// A flag, and how much of it the actor sees.
#[derive(Debug, Clone)]
pub struct SeenFlag {
    /// The flag.
    pub flag: Flag,
    /// How much of it.
    pub view: FlagView,
}

/// A flag that the actor may know of.
pub async fn flag(app: &App, actor: &Actor, id: FlagId) -> Result<Option<SeenFlag>, StoreError> {
    let Some(flag) = app.store.flag(id).await? else {
        return Ok(None);
    };
    let areas = areas(app, actor).await?;
    Ok(seen(app, actor, &areas, flag))
}

/// The flags of arrangements or listings, as whoever they belong to may know of them, latest first.
/// Ask only for what the actor speaks for.
pub async fn flags_of(
    app: &App,
    subjects: &[Uuid],
) -> Result<HashMap<Uuid, Vec<SeenFlag>>, StoreError> {
    let found = app.store.flags_of(subjects).await?;
    let seen = |subject: Uuid, flags: Vec<Flag>| {
        let flags = flags.into_iter().filter_map(|flag| {
            let view = access::own_view(&flag, subject)?;
            Some(SeenFlag { flag, view })
        });
        (subject, flags.collect())
    };
    Ok(found
        .into_iter()
        .map(|(subject, flags)| seen(subject, flags))
        .collect())
}

fn seen(app: &App, actor: &Actor, areas: &[String], flag: Flag) -> Option<SeenFlag> {
    let municipality = |code| {
        let postcode = app.catalog.gazetteer.get(code)?;
        Some(postcode.municipality_code.as_str())
    };
    let view = access::flag_view(actor, areas, &flag, municipality)?;
    Some(SeenFlag { flag, view })
}

/// A page of the flags in the municipalities that the actor looks after, latest first. That it has
/// read them is kept in the access log. An association finds its own flags at its arrangements and
/// listings, where no filter and no count can tell it more than they do.
pub async fn flags(
    app: &App,
    actor: &Actor,
    filter: FlagFilter,
    asked: Asked<'_>,
) -> Result<Timeline<SeenFlag>, ListError> {
    let areas = areas(app, actor).await?;
    let cursors = Scope::of("overlaps", &(actor.person(), &areas, &filter));
    let found = timeline(
        app,
        cursors,
        asked,
        async |window| {
            let flags = app.store.flags(&areas, &filter, &window).await?;
            let items = flags.items.into_iter();
            Ok(faelled_store::Stretch {
                items: items
                    .filter_map(|flag| seen(app, actor, &areas, flag))
                    .collect(),
                more: flags.more,
            })
        },
        async || app.store.count_flags(&areas, &filter).await,
    )
    .await?;
    log_reading(app, actor, &found.page.items).await?;
    Ok(found)
}

/// Keeps which municipality's citizens a house has read of.
async fn log_reading(app: &App, actor: &Actor, read: &[SeenFlag]) -> Result<(), StoreError> {
    let (Some(person), Some(house)) = (actor.person(), access::houses(actor).next()) else {
        return Ok(());
    };
    let gazetteer = &app.catalog.gazetteer;
    let mut municipalities: Vec<String> = read
        .iter()
        .filter(|seen| seen.flag.kind == OverlapKind::SameCitizen && seen.view == FlagView::Whole)
        .flat_map(|seen| seen.flag.sides)
        .filter_map(|side| gazetteer.get(side.postal_code))
        .map(|postcode| postcode.municipality_code.clone())
        .collect();
    municipalities.sort_unstable();
    municipalities.dedup();
    if municipalities.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    let lines: Vec<AccessLine> = municipalities
        .into_iter()
        .map(|municipality| AccessLine {
            id: fresh_id(),
            at: now,
            person,
            organization: house,
            action: AccessAction::ReadFlags,
            subject: None,
            municipality: Some(municipality),
        })
        .collect();
    let mut writing = app.store.write(now).await?;
    writing.log_access(&lines).await?;
    app.commit(writing).await?;
    Ok(())
}

/// Deals with a flag in a municipality that the actor looks after.
pub async fn decide(
    app: &App,
    actor: &Actor,
    id: FlagId,
    decision: HouseDecision,
    said: &str,
) -> Outcome<SeenFlag> {
    let person = signed_in(actor)?;
    let field = match decision {
        HouseDecision::Dismiss => "comment",
        HouseDecision::Coordinate => "note",
    };
    let mut refusals = Vec::new();
    let known = gather(&mut refusals, overseen_flag(app, actor, id).await)?;
    let said = gather(&mut refusals, comment(field, said))?;
    let (Some((house, _)), Some(said)) = (known, said) else {
        return Err(AppError::Refused(refusals));
    };
    let mut writing = app.store.write(app.clock.now()).await?;
    let absent = || AppError::refused("id", Why::NotFound);
    let flag = writing.flag_for_update(id).await?.ok_or_else(absent)?;
    let (status, event) = flag
        .status
        .after(decision)
        .ok_or_else(|| AppError::refused("id", Why::WrongState))?;
    let flag = flag.becoming(status, app.clock.now());
    writing
        .update_flag(&flag, event, Some((person, house)), &said)
        .await?;
    app.commit(writing).await?;
    Ok(SeenFlag {
        flag,
        view: FlagView::Whole,
    })
}

/// A flag of the actor's area, and the house for which the actor deals with it. One of another
/// house's answers as an absent one.
async fn overseen_flag(app: &App, actor: &Actor, id: FlagId) -> Outcome<(OrganizationId, Flag)> {
    let absent = || AppError::refused("id", Why::NotFound);
    let flag = app.store.flag(id).await?.ok_or_else(absent)?;
    let gazetteer = &app.catalog.gazetteer;
    let municipalities: Vec<&str> = flag
        .sides
        .iter()
        .filter_map(|side| gazetteer.get(side.postal_code))
        .map(|postcode| postcode.municipality_code.as_str())
        .collect();
    let house = house_in(app, actor, &municipalities).await?;
    house.map(|house| (house, flag)).ok_or_else(absent)
}

/// Where and on what themes gaps are looked for. Empty lists ask for all that the actor looks after.
#[derive(Debug, Default)]
pub struct GapFilter {
    /// Postcodes.
    pub postal_codes: Vec<String>,
    /// Theme codes; a theme finds its sub-themes.
    pub themes: Vec<String>,
}

/// A page of gaps.
pub struct Gaps {
    /// The page; each gap with its place in the list.
    pub page: Paged<(usize, Gap)>,
    /// How many there are in all.
    pub total: usize,
    /// What its cursors carry.
    pub origin: Origin,
}

/// What nobody does in the municipalities that the actor looks after, most needs first; for anyone
/// else nothing.
pub async fn gaps(
    app: &App,
    actor: &Actor,
    filter: GapFilter,
    asked: Asked<'_>,
) -> Result<Gaps, ListError> {
    let areas = areas(app, actor).await?;
    let (area, themes) = read_gap_filter(app, &areas, &filter).map_err(ListError::Filter)?;
    let scope = Scope::of("gaps", &(actor.person(), &areas, &filter));
    let page = asked
        .args
        .read::<usize>(&app.cursors, scope, asked.max, app.clock.now())?;
    let (board, catalog, now) = (app.live.board(), Arc::clone(&app.catalog), page.now);
    let found = judging(move || {
        if area.is_empty() {
            return Vec::new();
        }
        let open: Vec<_> = board.open(now).cloned().collect();
        gap::gaps(&catalog, &open, &area, &themes, now)
    });
    let found: Vec<(usize, Gap)> = found.await.into_iter().enumerate().collect();
    Ok(Gaps {
        total: found.len(),
        page: Paged::cut(&found, &page, |(at, _)| *at),
        origin: Origin {
            scope,
            now: page.now,
        },
    })
}

/// The postcodes of the areas that are asked for, and the themes.
fn read_gap_filter(
    app: &App,
    areas: &[String],
    filter: &GapFilter,
) -> Result<(Vec<PostalCode>, Vec<ThemeRef>), Vec<Problem>> {
    let mut problems = Problems::default();
    for (field, got) in [
        ("postalCodes", filter.postal_codes.len()),
        ("themes", filter.themes.len()),
    ] {
        if got > ASKED_AT_MOST {
            let max = ASKED_AT_MOST;
            problems.note(field, Fault::TooMany { max, got });
        }
    }
    let gazetteer = &app.catalog.gazetteer;
    let mut asked = Vec::new();
    for (at, code) in filter.postal_codes.iter().take(ASKED_AT_MOST).enumerate() {
        let postcode = problems.take(&format!("postalCodes.{at}"), gazetteer.resolve(code));
        asked.extend(postcode.map(|postcode| postcode.code));
    }
    let mut themes = Vec::new();
    for (at, code) in filter.themes.iter().take(ASKED_AT_MOST).enumerate() {
        themes.extend(problems.take(&format!("themes.{at}"), app.catalog.resolve_theme(code)));
    }
    let overseen = gazetteer
        .postcodes()
        .filter(|postcode| areas.contains(&postcode.municipality_code))
        .map(|postcode| postcode.code)
        .filter(|code| asked.is_empty() || asked.contains(code))
        .collect();
    problems.finish(Some((overseen, themes)))
}

/// A page of the access log of the municipalities that the actor looks after, latest first.
pub async fn access_log(
    app: &App,
    actor: &Actor,
    asked: Asked<'_>,
) -> Result<Timeline<AccessLine>, ListError> {
    let areas = areas(app, actor).await?;
    timeline(
        app,
        Scope::of("access log", &(actor.person(), &areas)),
        asked,
        async |window| app.store.access_lines(&areas, &window).await,
        async || app.store.count_access_lines(&areas).await,
    )
    .await
}

/// A flag as it is told to a listener, with the roles that it has now.
pub async fn flag_now(
    app: &App,
    person: PersonId,
    id: FlagId,
) -> Result<Option<SeenFlag>, StoreError> {
    let actor = Actor::new(person, app.store.memberships_of(person).await?);
    flag(app, &actor, id).await
}

fn comment(field: &str, said: &str) -> Outcome<String> {
    let refused = |fault| AppError::refused(field, Why::Invalid(fault));
    let said = text::lines(said, *COMMENT.start(), *COMMENT.end()).map_err(refused)?;
    match faelled_engine::citizen::free_text_fault(&said, None) {
        Some(fault) => Err(refused(fault)),
        None => Ok(said),
    }
}
