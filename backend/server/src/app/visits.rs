//! Visits to citizens: registering, checking, changing and ending an arrangement, and logging what
//! came of it. The citizen is named by identifying fields that end here: what goes on is tokens.

use chrono::{DateTime, Utc};
use faelled_engine::{
    access::{self, Actor},
    citizen::{self, CitizenDraft, Identity, Label},
    id::{ArrangementId, OrganizationId, PersonId},
    linkage::Token,
    overlap,
    place::PostalCode,
    problem::{Fault, Problem},
    schedule,
    visit::{ArrangementStatus, Plan, PlanDraft, Visit, VisitArrangement, VisitDraft},
};
use faelled_store::{AccessAction, AccessLine, Constraint, StoreError, Writing};
use uuid::Uuid;

use super::{
    App, AppError, Outcome, Why, gather,
    idempotency::{self, Begun, Request},
    listings::signed_in,
    paging::{Asked, ListError, Scope, Timeline, timeline},
};
use crate::{clock::fresh_id, jobs, judging::judging};

/// What comes in to register an arrangement, or to check one.
#[derive(Debug)]
pub struct ArrangementDraft {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Whom the visits are for.
    pub citizen: CitizenDraft,
    /// When and where.
    pub plan: PlanDraft,
}

/// Whether it was declared that the citizen knows of the visits and agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// It was.
    Agreed,
    /// Nothing was declared.
    Nothing,
}

/// A draft in which nothing is wrong.
struct Sound {
    plan: Plan,
    tokens: Vec<Token>,
}

/// Registers an arrangement of an organization that the actor coordinates.
pub async fn register(
    app: &App,
    actor: &Actor,
    draft: ArrangementDraft,
    label: Option<&str>,
    declared: Declared,
    key: Option<&str>,
) -> Outcome<VisitArrangement> {
    let person = signed_in(actor)?;
    let now = app.clock.now();
    let organization = draft.organization;
    let mut refusals = Vec::new();
    gather(&mut refusals, registering(actor, organization))?;
    let label = gather(&mut refusals, read_label(label))?;
    gather(&mut refusals, agreed(declared))?;
    let sound = gather(&mut refusals, sound(app, draft, key, now).await)?;
    let input = sound.as_ref().map(|sound| (&sound.plan, &sound.tokens));
    let input = &(organization, input);
    let request = Request::read(&mut refusals, "registerVisitArrangement", key, input);
    let (Some(sound), Some(label), true) = (sound, label, refusals.is_empty()) else {
        return Err(AppError::Refused(refusals));
    };
    let id = fresh_id();
    let arrangement = VisitArrangement {
        id,
        version: 1,
        facts: 1,
        organization,
        registered_by: person,
        plan: sound.plan,
        status: ArrangementStatus::Active,
        agreed: (person, now),
        sealed_label: label.map(|label| app.citizens.seal(id, &label)),
        registered_at: now,
        updated_at: now,
        ended_at: None,
        external_id: None,
    };
    let mut writing = match idempotency::begin(app, request.as_ref(), person, now).await? {
        Begun::First(writing) => writing,
        Begun::Before(first) => return own(actor, app.store.arrangement(first).await?),
    };
    ask(
        app,
        &mut writing,
        person,
        &arrangement,
        AccessAction::Register,
    )
    .await?;
    writing
        .insert_arrangement(&arrangement, &sound.tokens)
        .await?;
    idempotency::remember(&mut writing, request.as_ref(), person, id).await?;
    commit_facts(app, writing, id).await?;
    Ok(arrangement)
}

/// What checking a draft tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// Whether another association visits the same citizen close in time.
    pub is_close: bool,
    /// How often the actor may still ask today for this organization.
    pub checks_left: u32,
}

/// Says of a draft whether another association visits the same citizen close in time.
pub async fn check(app: &App, actor: &Actor, draft: ArrangementDraft) -> Outcome<Checked> {
    let person = signed_in(actor)?;
    let now = app.clock.now();
    let organization = draft.organization;
    let mut refusals = Vec::new();
    gather(&mut refusals, registering(actor, organization))?;
    let sound = gather(&mut refusals, sound(app, draft, None, now).await)?;
    let (Some(sound), true) = (sound, refusals.is_empty()) else {
        return Err(AppError::Refused(refusals));
    };
    // What is asked is logged before it is answered.
    let mut writing = app.store.write(now).await?;
    let line = access_line(
        app,
        person,
        organization,
        AccessAction::Check,
        sound.plan.postal_code,
    );
    writing.log_access(&[line]).await?;
    let checks_left = spend(app, &mut writing, person, organization).await?;
    app.commit(writing).await?;
    let others = app
        .store
        .arrangements_sharing(&deciding(sound.tokens), organization)
        .await?;
    let is_close = judging(move || {
        let ahead = sound.plan.ahead(now);
        others
            .iter()
            .any(|other| overlap::visits::closeness(&ahead, &other.plan.ahead(now)).is_some())
    })
    .await;
    Ok(Checked {
        is_close,
        checks_left,
    })
}

/// What changes in an arrangement; what is none stays as it is.
#[derive(Default)]
pub struct ArrangementChanges {
    /// The citizen was described wrongly, or better.
    pub citizen: Option<CitizenDraft>,
    /// Another label, or an empty one for none.
    pub label: Option<String>,
    /// Postcode.
    pub postal_code: Option<String>,
    /// Theme code.
    pub theme: Option<String>,
    /// When.
    pub schedule: Option<schedule::ScheduleDraft>,
    /// A note.
    pub note: Option<String>,
}

/// Changes an arrangement of an organization that the actor coordinates.
pub async fn update(
    app: &App,
    actor: &Actor,
    id: ArrangementId,
    seen: i32,
    changes: ArrangementChanges,
    declared: Declared,
) -> Outcome<VisitArrangement> {
    let person = signed_in(actor)?;
    let now = app.clock.now();
    let before = current(app, actor, id, seen).await?;
    let mut refusals = Vec::new();
    gather(&mut refusals, registering(actor, before.organization))?;
    let label = gather(&mut refusals, read_label(changes.label.as_deref()))?;
    if changes.citizen.is_some() {
        gather(&mut refusals, agreed(declared))?;
    }
    let mut plan = before.plan.draft(&app.catalog);
    let relabelled = changes.label.is_some();
    put(&mut plan.postal_code, changes.postal_code);
    put(&mut plan.theme, changes.theme);
    put(&mut plan.schedule, changes.schedule);
    put(&mut plan.note, changes.note);
    let sound = if let Some(citizen) = changes.citizen {
        let draft = ArrangementDraft {
            organization: before.organization,
            citizen,
            plan,
        };
        let sound = gather(&mut refusals, sound(app, draft, None, now).await)?;
        sound.map(|sound| (sound.plan, Some(sound.tokens)))
    } else {
        let plan = gather(&mut refusals, sound_plan(app, plan, None, now).await)?;
        plan.map(|plan| (plan, None))
    };
    let (Some((plan, tokens)), Some(label), true) = (sound, label, refusals.is_empty()) else {
        return Err(AppError::Refused(refusals));
    };
    let moved = tokens.is_some() || !plan.says_the_same(&before.plan);
    let sealed_label = if relabelled {
        label.map(|label| app.citizens.seal(id, &label))
    } else {
        before.sealed_label.clone()
    };
    let arrangement = VisitArrangement {
        version: seen + 1,
        facts: before.facts + i32::from(moved),
        plan,
        agreed: if tokens.is_some() {
            (person, now)
        } else {
            before.agreed
        },
        sealed_label,
        updated_at: now,
        ..before
    };
    let mut writing = app.store.write(now).await?;
    if moved {
        ask(
            app,
            &mut writing,
            person,
            &arrangement,
            AccessAction::Update,
        )
        .await?;
    }
    write(app, actor, &mut writing, &arrangement, seen).await?;
    if let Some(tokens) = tokens {
        writing.replace_tokens(id, &tokens).await?;
    }
    commit_facts(app, writing, id).await?;
    Ok(arrangement)
}

/// Ends an arrangement of an organization that the actor coordinates.
pub async fn end(
    app: &App,
    actor: &Actor,
    id: ArrangementId,
    seen: i32,
) -> Outcome<VisitArrangement> {
    let person = signed_in(actor)?;
    let now = app.clock.now();
    let before = current(app, actor, id, seen).await?;
    let arrangement = VisitArrangement {
        version: seen + 1,
        facts: before.facts + 1,
        status: ArrangementStatus::Ended,
        updated_at: now,
        ended_at: Some(now),
        ..before
    };
    let mut writing = app.store.write(now).await?;
    let (organization, place) = (arrangement.organization, arrangement.plan.postal_code);
    let mut line = access_line(app, person, organization, AccessAction::End, place);
    line.subject = Some(id.uuid());
    writing.log_access(&[line]).await?;
    write(app, actor, &mut writing, &arrangement, seen).await?;
    commit_facts(app, writing, id).await?;
    Ok(arrangement)
}

/// Logs a visit of an arrangement of an organization that the actor coordinates. An arrangement that
/// has ended can still get what is missing.
pub async fn log(app: &App, actor: &Actor, id: ArrangementId, draft: VisitDraft) -> Outcome<Visit> {
    let person = signed_in(actor)?;
    let now = app.clock.now();
    let arrangement = own(actor, app.store.arrangement(id).await?)?;
    let length = draft
        .check(now)
        .map_err(|problems| AppError::invalid("", problems))?;
    let visit = Visit {
        id: fresh_id(),
        arrangement: arrangement.id,
        start: draft.start,
        length,
        outcome: draft.outcome,
        logged_by: person,
        logged_at: now,
    };
    let mut writing = app.store.write(now).await?;
    match writing.insert_visit(&visit).await {
        Err(error) if error.is(Constraint::VisitLogged) => {
            return Err(AppError::refused("start", Why::AlreadyLogged));
        }
        other => other?,
    }
    app.commit(writing).await?;
    Ok(visit)
}

/// An arrangement, if the actor coordinates its organization.
pub async fn visible(
    app: &App,
    actor: &Actor,
    id: ArrangementId,
) -> Result<Option<VisitArrangement>, StoreError> {
    let found = app.store.arrangement(id).await?;
    Ok(found.filter(|one| access::sees_arrangement(actor, one.organization)))
}

/// A page of the arrangements of an organization that the actor coordinates, latest first; of any
/// other, an empty one.
pub async fn page(
    app: &App,
    actor: &Actor,
    organization: OrganizationId,
    asked: Asked<'_>,
) -> Result<Timeline<VisitArrangement>, ListError> {
    let organization = Some(organization).filter(|id| access::sees_arrangement(actor, *id));
    timeline(
        app,
        Scope::of("arrangements", &(actor.person(), organization)),
        asked,
        async |window| match organization {
            Some(organization) => app.store.arrangements_of(organization, &window).await,
            None => Ok(faelled_store::Stretch::default()),
        },
        async || match organization {
            Some(organization) => app.store.count_arrangements_of(organization).await,
            None => Ok(0),
        },
    )
    .await
}

/// A page of the visits of an arrangement that the actor may see, latest first.
pub async fn visits(
    app: &App,
    arrangement: ArrangementId,
    asked: Asked<'_>,
) -> Result<Timeline<Visit>, ListError> {
    timeline(
        app,
        Scope::of("visits", &arrangement),
        asked,
        async |window| app.store.visits_of(arrangement, &window).await,
        async || app.store.count_visits_of(arrangement).await,
    )
    .await
}

/// The tokens that decide whether two citizens are the same.
pub fn deciding(tokens: Vec<Token>) -> Vec<Token> {
    tokens
        .into_iter()
        .filter(|token| token.kind.decides())
        .collect()
}

/// Judges the flags of an arrangement now, so that whoever wrote it sees them at once. The job that
/// was committed with it does so again if this fails.
async fn commit_facts(app: &App, mut writing: Writing, id: ArrangementId) -> Outcome<()> {
    writing.enqueue(jobs::assess_visits::draft(id, app.clock.now()));
    app.commit(writing).await?;
    if let Err(error) = jobs::assess_visits::assess(app, id, None).await {
        tracing::info!(%error, "an arrangement is judged later");
    }
    Ok(())
}

/// Reads a draft, and gathers everything that is wrong with it. The key that it came with is kept as
/// it is, and may tell no more of the citizen than a note.
async fn sound(
    app: &App,
    draft: ArrangementDraft,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Outcome<Sound> {
    let mut refusals = Vec::new();
    let place = app.catalog.gazetteer.resolve(&draft.plan.postal_code);
    // Without a postcode of its own an address says nothing; the plan tells what is wrong.
    let place = place.map_or(PostalCode::NOWHERE, |postcode| postcode.code);
    let today = schedule::local(now).date_naive();
    let identity = Identity::parse(&draft.citizen, place, today)
        .map_err(|problems| AppError::invalid("citizen", problems));
    let identity = gather(&mut refusals, identity)?;
    let telling = key.and_then(|key| telling_key(key, identity.as_ref()));
    gather(&mut refusals, telling.map_or(Ok(()), Err))?;
    let tokens = identity
        .as_ref()
        .map(|identity| app.citizens.tokens(identity));
    let plan = sound_plan(app, draft.plan, identity, now).await;
    let plan = gather(&mut refusals, plan)?;
    match (plan, tokens, refusals.is_empty()) {
        (Some(plan), Some(tokens), true) => Ok(Sound { plan, tokens }),
        _ => Err(AppError::Refused(refusals)),
    }
}

/// What is wrong with a key that tells who is visited. Eight digits are no phone number there, and a
/// name that was drawn by chance may hold ten.
fn telling_key(key: &str, identity: Option<&Identity>) -> Option<AppError> {
    let is_drawn = Uuid::try_parse(key).is_ok();
    let fault = match citizen::free_text_fault(key, identity)? {
        Fault::PhoneLike => return None,
        Fault::CprLike if is_drawn => return None,
        fault => fault,
    };
    Some(AppError::refused(idempotency::FIELD, Why::Invalid(fault)))
}

/// Reads a plan away from the threads that answer requests: a rule may take a while.
async fn sound_plan(
    app: &App,
    draft: PlanDraft,
    identity: Option<Identity>,
    now: DateTime<Utc>,
) -> Outcome<Plan> {
    let catalog = std::sync::Arc::clone(&app.catalog);
    let read = judging(move || {
        let telling = citizen::free_text_fault(&draft.note, identity.as_ref());
        let telling = telling.map(|fault| Problem::at("note", fault));
        match (Plan::parse(&draft, &catalog, now), telling) {
            (Ok(plan), None) => Ok(plan),
            (Ok(_), Some(problem)) => Err(vec![problem]),
            (Err(problems), telling) => Err(problems.into_iter().chain(telling).collect()),
        }
    });
    read.await
        .map_err(|problems| AppError::invalid("", problems))
}

fn read_label(label: Option<&str>) -> Outcome<Option<Label>> {
    label
        .map(str::trim)
        .filter(|label| !label.is_empty())
        .map(Label::parse)
        .transpose()
        .map_err(|fault| AppError::refused("label", Why::Invalid(fault)))
}

fn agreed(declared: Declared) -> Outcome<()> {
    match declared {
        Declared::Agreed => Ok(()),
        Declared::Nothing => Err(AppError::refused("citizenAgrees", Why::NotDeclared)),
    }
}

/// Whether the actor may register visits of an organization. One that it does not coordinate answers
/// as an absent one.
fn registering(actor: &Actor, organization: OrganizationId) -> Outcome<()> {
    if !access::sees_arrangement(actor, organization) {
        Err(AppError::refused("organization", Why::NotFound))
    } else if !access::registers_visits(actor, organization) {
        Err(AppError::refused("organization", Why::NotVerified))
    } else {
        Ok(())
    }
}

fn own(actor: &Actor, arrangement: Option<VisitArrangement>) -> Outcome<VisitArrangement> {
    arrangement
        .filter(|one| access::sees_arrangement(actor, one.organization))
        .ok_or_else(|| AppError::refused("id", Why::NotFound))
}

/// The actor's own active arrangement, if it has the version that was seen.
async fn current(
    app: &App,
    actor: &Actor,
    id: ArrangementId,
    seen: i32,
) -> Outcome<VisitArrangement> {
    let arrangement = own(actor, app.store.arrangement(id).await?)?;
    if arrangement.version != seen {
        let current = arrangement.version;
        return Err(AppError::refused("version", Why::StaleVersion { current }));
    }
    if !arrangement.is_active() {
        return Err(AppError::refused("id", Why::WrongState));
    }
    Ok(arrangement)
}

async fn write(
    app: &App,
    actor: &Actor,
    writing: &mut Writing,
    arrangement: &VisitArrangement,
    seen: i32,
) -> Outcome<()> {
    if writing.update_arrangement(arrangement, seen).await? {
        return Ok(());
    }
    let current = own(actor, app.store.arrangement(arrangement.id).await?)?.version;
    Err(AppError::refused("version", Why::StaleVersion { current }))
}

/// Logs that somebody asks about a citizen, and takes it from the day's budget.
async fn ask(
    app: &App,
    writing: &mut Writing,
    person: PersonId,
    arrangement: &VisitArrangement,
    action: AccessAction,
) -> Outcome<()> {
    let organization = arrangement.organization;
    let mut line = access_line(
        app,
        person,
        organization,
        action,
        arrangement.plan.postal_code,
    );
    line.subject = Some(arrangement.id.uuid());
    writing.log_access(&[line]).await?;
    spend(app, writing, person, organization).await?;
    Ok(())
}

async fn spend(
    app: &App,
    writing: &mut Writing,
    person: PersonId,
    organization: OrganizationId,
) -> Outcome<u32> {
    let today = schedule::local(app.clock.now()).date_naive();
    let budget = app.citizens.keeping().daily_budget;
    writing
        .spend_checks(person, organization, today, 1, budget)
        .await?
        .ok_or_else(|| AppError::refused("organization", Why::BudgetSpent { budget }))
}

fn access_line(
    app: &App,
    person: PersonId,
    organization: OrganizationId,
    action: AccessAction,
    place: PostalCode,
) -> AccessLine {
    let postcode = app.catalog.gazetteer.get(place);
    AccessLine {
        id: fresh_id(),
        at: app.clock.now(),
        person,
        organization,
        action,
        subject: None,
        municipality: postcode.map(|postcode| postcode.municipality_code.clone()),
    }
}

fn put<T>(place: &mut T, change: Option<T>) {
    if let Some(change) = change {
        *place = change;
    }
}
