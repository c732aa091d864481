//! The demo: Viborg, and a fresh token for each kind of user at every start.

use std::net::SocketAddr;

use chrono::TimeDelta;
use faelled_engine::{
    id::{OrganizationId, PersonId},
    organization::{OrganizationKind, Role},
    schedule,
};
use faelled_seed::demo;
use faelled_store::{Store, Writing};

use super::{CliError, Tools};
use crate::app::{
    exchange::{self, Loaded, demo_person},
    people,
};

const LOADED: &str = "demo_loaded";
const LABEL: &str = "demo";
const TOKENS_LAST: TimeDelta = TimeDelta::days(7);

/// The kinds of user, with what the record calls their person.
const USERS: [(&str, &str); 4] = [
    ("demo_volunteer", "a volunteer"),
    ("demo_coordinator", "a coordinator of an association"),
    ("demo_member", "a member of the same association"),
    ("demo_house", "a coordinator of De Frivilliges Hus"),
];

/// What the demo says when it is ready.
pub struct Greeting {
    tokens: Vec<(&'static str, String)>,
}

/// Loads Viborg into a record that has no demo yet, and makes fresh tokens; the ones of the last
/// start stop working.
pub async fn prepare(tools: &Tools) -> Result<Greeting, CliError> {
    if tools.store.meta(LOADED).await?.is_none() {
        load(tools).await?;
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
    if tools.store.meta(LOADED).await?.is_some() {
        return Err(CliError::Said("the demo is loaded already".to_owned()));
    }
    let now = tools.clock.now();
    let town = demo::viborg(schedule::local(now).date_naive())?;
    let house = town
        .organizations
        .iter()
        .find(|o| o.kind == OrganizationKind::VolunteerHouse);
    let house = house.map(|row| row.external_id.clone());
    let association = town
        .organizations
        .iter()
        .find(|o| o.verified && o.parent.is_some() && o.kind == OrganizationKind::Branch)
        .map(|row| row.external_id.clone());
    let (organizations, listings) = (town.organizations.into_iter(), town.listings.into_iter());
    let loaded = exchange::load(
        &tools.store,
        &tools.catalog,
        organizations,
        listings,
        now,
        |_| (),
    )
    .await?;
    let found =
        |name: Option<String>| name.and_then(|name| loaded.organizations.get(&name).copied());
    let missing = || CliError::Said("the demo lacks a volunteer house or a branch".to_owned());
    let (house, association) = (
        found(house).ok_or_else(missing)?,
        found(association).ok_or_else(missing)?,
    );
    introduce(tools, &loaded, house, association).await
}

/// Writes down the demo's users.
async fn introduce(
    tools: &Tools,
    loaded: &Loaded,
    house: OrganizationId,
    association: OrganizationId,
) -> Result<(), CliError> {
    let now = tools.clock.now();
    let mut writing = tools.store.write(now).await?;
    let volunteer = newcomer(&mut writing, "Demofrivillig").await?;
    let member = newcomer(&mut writing, "Demomedlem").await?;
    writing
        .insert_membership(member, association, Role::Member)
        .await?;
    let coordinator = |id| loaded.coordinators.get(&id).copied().unwrap_or(member);
    let users = [
        volunteer,
        coordinator(association),
        member,
        coordinator(house),
    ];
    for ((key, _), person) in USERS.iter().zip(users) {
        writing.set_meta(key, &person.uuid().to_string()).await?;
    }
    writing.set_meta(LOADED, &now.to_rfc3339()).await?;
    writing.commit().await?;
    Ok(())
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
