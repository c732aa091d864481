//! The demo: Viborg, and a fresh token for each kind of user at every start.

use std::net::SocketAddr;

use chrono::TimeDelta;
use faelled_engine::{
    catalog::Catalog,
    id::PersonId,
    organization::{OrganizationKind, Role},
    schedule,
};
use faelled_seed::{
    demo::{self, Town},
    organizations_csv::OrganizationRow,
};
use faelled_store::{Store, Writing};

use super::{CliError, Tools, seed};
use crate::app::{
    exchange::{self, Commits, Loaded, demo_person},
    people,
};

const LOADED: &str = "demo_loaded";
const LABEL: &str = "demo";
const TOKENS_LAST: TimeDelta = TimeDelta::days(7);

/// The kinds of user, with what the record calls their person.
const USERS: [(&str, &str); 5] = [
    ("demo_volunteer", "a volunteer"),
    ("demo_coordinator", "a coordinator of an association"),
    ("demo_member", "a member of the same association"),
    ("demo_house", "a coordinator of De Frivilliges Hus"),
    ("demo_neighbour", "a coordinator of another association"),
];

/// What the demo says when it is ready.
pub struct Greeting {
    tokens: Vec<(&'static str, String)>,
}

/// Loads Viborg into a record that has no demo yet, and makes fresh tokens; the ones of the last
/// start stop working.
pub async fn prepare(tools: &Tools) -> Result<Greeting, CliError> {
    if tools.store.meta(LOADED).await?.is_none() {
        // Whether we load it, or another server that starts beside us, is all the same.
        fill(tools).await?;
    }
    let mut tokens = Vec::new();
    for (key, who) in USERS {
        let person = tools
            .store
            .meta(key)
            .await?
            .and_then(|text| text.parse().ok());
        let person = person.map(PersonId::new).ok_or_else(|| {
            CliError::Said(format!(
                "the demo's person `{key}` is missing; start with an empty record"
            ))
        })?;
        tokens.push((who, fresh_token(tools, person).await?));
    }
    Ok(Greeting { tokens })
}

/// Loads the Viborg demo.
pub async fn load(tools: &Tools) -> Result<(), CliError> {
    match fill(tools).await? {
        Filled::Now => Ok(()),
        Filled::Before => Err(CliError::Said("the demo is loaded already".to_owned())),
    }
}

/// When the demo came into the record.
enum Filled {
    Now,
    Before,
}

/// Loads the town and its users, and notes that they are there, in one transaction: a start that
/// is killed leaves nothing of it, and the next one begins anew.
async fn fill(tools: &Tools) -> Result<Filled, CliError> {
    let now = tools.clock.now();
    let town = demo::viborg(schedule::local(now).date_naive())?;
    let is_branch = |row: &OrganizationRow| {
        row.verified && row.parent.is_some() && row.kind == OrganizationKind::Branch
    };
    let association = named(&town, is_branch)?;
    let cast = Cast {
        house: named(&town, |row| row.kind == OrganizationKind::VolunteerHouse)?,
        neighbour: named(&town, |row| {
            is_branch(row) && row.external_id != association
        })?,
        association,
    };
    let mut writing = seed::begin(tools).await?;
    if !writing.set_meta_once(LOADED, &now.to_rfc3339()).await? {
        return Ok(Filled::Before);
    }
    let (organizations, listings) = (town.organizations.into_iter(), town.listings.into_iter());
    let catalog = &tools.catalog;
    let (loaded, mut writing) = exchange::load(
        writing,
        Commits::Once,
        catalog,
        organizations,
        listings,
        |_| (),
    )
    .await?;
    introduce(&mut writing, catalog, &loaded, &cast).await?;
    writing.commit().await?;
    Ok(Filled::Now)
}

/// The file's name of the first organization that is such a one.
fn named(town: &Town, is: impl Fn(&OrganizationRow) -> bool) -> Result<String, CliError> {
    let found = town.organizations.iter().find(|row| is(row));
    found
        .map(|row| row.external_id.clone())
        .ok_or_else(lacks_somebody)
}

/// The organizations whose people the demo's users are, as the file names them.
struct Cast {
    house: String,
    association: String,
    neighbour: String,
}

/// Writes down the demo's users, and what the house looks after.
async fn introduce(
    writing: &mut Writing,
    catalog: &Catalog,
    loaded: &Loaded,
    cast: &Cast,
) -> Result<(), CliError> {
    let found = |name: &str| {
        let organization = *loaded.organizations.get(name)?;
        Some((organization, *loaded.coordinators.get(&organization)?))
    };
    let (association, of_association) = found(&cast.association).ok_or_else(lacks_somebody)?;
    let (_, of_neighbour) = found(&cast.neighbour).ok_or_else(lacks_somebody)?;
    let (house, of_house) = found(&cast.house).ok_or_else(lacks_somebody)?;
    let home = writing.organization_for_update(house).await?;
    let home = home.and_then(|house| catalog.gazetteer.get(house.profile.postal_code));
    let home = home.ok_or_else(lacks_somebody)?;
    writing
        .insert_house_area(house, &home.municipality_code)
        .await?;
    let volunteer = newcomer(writing, "Demofrivillig").await?;
    let member = newcomer(writing, "Demomedlem").await?;
    writing
        .insert_membership(member, association, Role::Member)
        .await?;
    let users = [volunteer, of_association, member, of_house, of_neighbour];
    for ((key, _), person) in USERS.iter().zip(users) {
        writing.set_meta(key, &person.uuid().to_string()).await?;
    }
    Ok(())
}

fn lacks_somebody() -> CliError {
    CliError::Said("the demo lacks a volunteer house or two branches".to_owned())
}

async fn newcomer(writing: &mut Writing, name: &str) -> Result<PersonId, CliError> {
    let person = demo_person(name, "Viborg");
    writing.insert_person(&person).await?;
    Ok(person.id)
}

async fn fresh_token(tools: &Tools, person: PersonId) -> Result<String, CliError> {
    revoke(&tools.store, tools, person).await?;
    let token = people::make_token(&tools.store, tools.clock, person, LABEL, Some(TOKENS_LAST));
    Ok(token.await?)
}

async fn revoke(store: &Store, tools: &Tools, person: PersonId) -> Result<(), CliError> {
    let mut writing = store.write(tools.clock.now()).await?;
    writing.revoke_tokens(person, LABEL).await?;
    writing.commit().await?;
    Ok(())
}

impl Greeting {
    /// The greeting, for a server at this address.
    pub fn text(&self, address: SocketAddr) -> String {
        let mut text = format!(
            "\nFælled is open at http://{address}\n\n  API        http://{address}/graphql\n  \
             GraphiQL   http://{address}/graphiql\n"
        );
        if !self.tokens.is_empty() {
            text += "\nDemo tokens (Authorization: Bearer …), good until the next start:\n";
        }
        let tokens = self
            .tokens
            .iter()
            .map(|(who, token)| format!("  {who}\n    {token}\n"));
        text + &tokens.collect::<String>()
    }
}
