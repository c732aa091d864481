//! Registering organizations.

use faelled_engine::{
    access::Actor,
    id::OrganizationId,
    organization::{Organization, OrganizationKind, Profile, ProfileDraft, Role},
    text,
};

use faelled_store::OrganizationKey;

pub use faelled_store::OrganizationFilter as Filter;
use serde::{Deserialize, Serialize};

use super::{
    App, AppError, Outcome, Refusal, Why, gather,
    idempotency::{self, Begun, Request},
    listings::signed_in,
    paging::{Asked, ListError, Origin, Paged, Scope},
};
use crate::clock::fresh_id;

/// What comes in to register an organization.
#[derive(Debug, Clone)]
pub struct RegisterOrganization {
    /// What it is.
    pub kind: OrganizationKind,
    /// The organization that it is a branch or a part of.
    pub parent: Option<OrganizationId>,
    /// What it tells about itself.
    pub profile: ProfileDraft,
}

/// Registers an organization, with the person as its first admin. It stays unverified until a
/// volunteer house verifies it.
pub async fn register(
    app: &App,
    actor: &Actor,
    input: RegisterOrganization,
    key: Option<&str>,
) -> Outcome<Organization> {
    let person = signed_in(actor)?;
    let now = app.clock.now();
    let mut refusals = Vec::new();
    let request = Request::read(&mut refusals, "registerOrganization", key, &input);
    let profile = Profile::parse(&input.profile, input.kind, input.parent, &app.catalog)
        .map_err(|problems| AppError::invalid("", problems));
    let profile = gather(&mut refusals, profile)?;
    if let Some(parent) = input.parent
        && app.store.organization(parent).await?.is_none()
    {
        refusals.push(Refusal::at("parent", Why::NotFound));
    }
    let (Some(profile), true) = (profile, refusals.is_empty()) else {
        return Err(AppError::Refused(refusals));
    };
    let organization = Organization {
        id: fresh_id(),
        version: 1,
        profile,
        verified: false,
        external_id: None,
    };
    let mut writing = match idempotency::begin(app, request.as_ref(), person, now).await? {
        Begun::First(writing) => writing,
        Begun::Before(first) => {
            let first = app.store.organization(first).await?;
            return first.ok_or_else(|| AppError::refused("id", Why::NotFound));
        }
    };
    writing.insert_organization(&organization).await?;
    writing
        .insert_membership(person, organization.id, Role::Admin)
        .await?;
    idempotency::remember(&mut writing, request.as_ref(), person, organization.id).await?;
    app.commit(writing).await?;
    Ok(organization)
}

/// Words that one can look for at once; each becomes a condition of its own.
const MAX_WORDS: usize = 10;

/// A page of organizations, by name.
pub struct Found {
    /// The page.
    pub page: Paged<Organization>,
    /// How many there are in all; 0 when nobody asked.
    pub total: u64,
    /// What its cursors carry.
    pub origin: Origin,
}

/// The cursor of an organization on a list by name.
pub fn cursor(app: &App, origin: Origin, organization: &Organization) -> String {
    let OrganizationKey { name, id } = OrganizationKey::of(organization);
    origin.seal(app, &NameKey(name, id.uuid()))
}

/// Where an organization stands among all, as a cursor carries it.
#[derive(Serialize, Deserialize)]
struct NameKey(String, uuid::Uuid);

/// Organizations whose names hold the words asked for.
pub async fn page(app: &App, filter: &Filter, asked: Asked<'_>) -> Result<Found, ListError> {
    let asked_for = text::line(&filter.search, 0, 200)
        .is_ok_and(|search| text::words(&search).len() <= MAX_WORDS);
    if !asked_for || filter.kinds.len() > MAX_WORDS {
        return Err(ListError::Search {
            max_words: MAX_WORDS,
        });
    }
    let scope = Scope::of("organizations", filter);
    let now = app.clock.now();
    let page = asked
        .args
        .read::<NameKey>(&app.cursors, scope, asked.max, now)?;
    let key = |key: &NameKey| OrganizationKey {
        name: key.0.clone(),
        id: OrganizationId::new(key.1),
    };
    let stretch = app.store.organizations(filter, &page.window(key)).await?;
    let total = if asked.counted {
        app.store.count_organizations(filter).await?
    } else {
        0
    };
    let origin = Origin {
        scope,
        now: page.now,
    };
    Ok(Found {
        page: Paged::from_stretch(stretch, &page),
        total,
        origin,
    })
}
