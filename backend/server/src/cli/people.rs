//! `faelled person` and `faelled token`: people and how they are known, until sign-in exists.

use chrono::TimeDelta;
use clap::{Subcommand, ValueEnum};
use faelled_engine::{
    id::{OrganizationId, PersonId},
    organization::{Person, PersonDraft, Role},
    problem::Problem,
    text,
};
use uuid::Uuid;

use super::{CliError, Tools};
use crate::{
    app::people,
    clock::fresh_id,
    config::Config,
    graphql,
    words::{self, Language},
};

/// What to do about people.
#[derive(Debug, Subcommand)]
pub enum PersonCommand {
    /// Add a person, and print its id.
    Add {
        /// First name, or what the person wants to be called.
        #[arg(long)]
        first_name: String,
        /// Surname.
        #[arg(long)]
        surname: String,
        /// E-mail address.
        #[arg(long)]
        email: Option<String>,
        /// Phone number.
        #[arg(long)]
        phone: Option<String>,
        /// Let signed-in people see the first name.
        #[arg(long)]
        show_first_name: bool,
    },
    /// Let a person belong to an organization.
    Join {
        /// The person's id.
        person: Uuid,
        /// The organization's id, as the API or the record writes it, or its id in the file that it
        /// was loaded from.
        organization: String,
        /// As what.
        #[arg(long, value_enum, default_value = "member")]
        role: RoleName,
    },
}

/// A role, as the command line calls it.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum RoleName {
    /// Belongs to it.
    Member,
    /// Posts and agrees on its behalf.
    Coordinator,
    /// Decides who belongs to it.
    Admin,
}

/// What to do about tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token for a person, and print it. It is shown this once; the record keeps its hash.
    Make {
        /// The person's id.
        person: Uuid,
        /// What it is for.
        #[arg(long, default_value = "command line")]
        label: String,
        /// For how many days; 0 is for ever.
        #[arg(long, default_value_t = 90)]
        days: u16,
    },
    /// Revoke every token of a person with this label.
    Revoke {
        /// The person's id.
        person: Uuid,
        /// What it is for.
        #[arg(long, default_value = "command line")]
        label: String,
    },
}

pub async fn person(command: PersonCommand, config: &Config) -> Result<(), CliError> {
    match command {
        PersonCommand::Add {
            first_name,
            surname,
            email,
            phone,
            show_first_name,
        } => {
            let draft = PersonDraft {
                first_name,
                surname,
                email,
                phone,
                shows_first_name: show_first_name,
            };
            let person = Person::parse(fresh_id(), &draft).map_err(|problems| told(&problems))?;
            add(&person, config).await
        }
        PersonCommand::Join {
            person,
            organization,
            role,
        } => join(person, &organization, role, config).await,
    }
}

async fn add(person: &Person, config: &Config) -> Result<(), CliError> {
    let tools = Tools::open_current(config).await?;
    let mut writing = tools.store.write(tools.clock.now()).await?;
    writing.insert_person(person).await?;
    writing.commit().await?;
    println!("{}", person.id.uuid());
    tools.close().await
}

async fn join(
    person: Uuid,
    organization: &str,
    role: RoleName,
    config: &Config,
) -> Result<(), CliError> {
    let tools = Tools::open_current(config).await?;
    let person = known_person(&tools, person).await?;
    let organization = known_organization(&tools, organization).await?;
    let role = match role {
        RoleName::Member => Role::Member,
        RoleName::Coordinator => Role::Coordinator,
        RoleName::Admin => Role::Admin,
    };
    let mut writing = tools.store.write(tools.clock.now()).await?;
    writing
        .insert_membership(person, organization, role)
        .await?;
    writing.commit().await?;
    tools.close().await
}

pub async fn token(command: TokenCommand, config: &Config) -> Result<(), CliError> {
    match command {
        TokenCommand::Make {
            person,
            label,
            days,
        } => {
            let label = read_label(&label)?;
            let tools = Tools::open_current(config).await?;
            let person = known_person(&tools, person).await?;
            let lifetime = (days > 0).then(|| TimeDelta::days(i64::from(days)));
            let token =
                people::make_token(&tools.store, tools.clock, person, &label, lifetime).await?;
            println!("{token}");
            tools.close().await
        }
        TokenCommand::Revoke { person, label } => {
            let label = read_label(&label)?;
            let tools = Tools::open_current(config).await?;
            let person = known_person(&tools, person).await?;
            let mut writing = tools.store.write(tools.clock.now()).await?;
            let revoked = writing.revoke_tokens(person, &label).await?;
            writing.commit().await?;
            println!("{revoked} revoked");
            tools.close().await
        }
    }
}

/// What a token is for, on one line.
fn read_label(label: &str) -> Result<String, CliError> {
    text::line(label, 1, 80).map_err(|fault| told(&[Problem::at("label", fault)]))
}

/// Everything that is wrong with what was typed, each with its option.
fn told(problems: &[Problem]) -> CliError {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| {
            let option = problem.field.join("-").replace("firstName", "first-name");
            format!(
                "--{option}: {}",
                words::fault(Language::English, &problem.fault)
            )
        })
        .collect();
    CliError::Said(lines.join("\n"))
}

async fn known_person(tools: &Tools, id: Uuid) -> Result<PersonId, CliError> {
    let person = tools.store.person(PersonId::new(id)).await?;
    person
        .map(|person| person.id)
        .ok_or_else(|| CliError::Said(format!("there is no person {id}")))
}

/// The organization with this id, as the record or the API writes it, or with this id of the file
/// that it was loaded from.
pub(super) async fn known_organization(
    tools: &Tools,
    name: &str,
) -> Result<OrganizationId, CliError> {
    let unknown = || CliError::Said(format!("there is no organization `{name}`"));
    let named = name.parse().ok().map(OrganizationId::new);
    if let Some(id) = named.or_else(|| graphql::organization_named(name)) {
        let organization = tools.store.organization(id).await?;
        return organization
            .map(|organization| organization.id)
            .ok_or_else(unknown);
    }
    let asked = [name.to_owned()];
    let found = tools.store.organizations_by_external_ids(&asked).await?;
    found.get(name).copied().ok_or_else(unknown)
}
