//! `faelled person` and `faelled token`: people and how they are known, until sign-in exists.

use chrono::TimeDelta;
use clap::{Subcommand, ValueEnum};
use faelled_engine::{
    id::{OrganizationId, PersonId},
    organization::{Person, Role},
    text,
};
use uuid::Uuid;

use super::{CliError, Tools};
use crate::{app::people, clock::fresh_id, config::Config};

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
        /// The organization's id, or its id in the file that it was loaded from.
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
    let tools = Tools::open_current(config).await?;
    let mut writing = tools.store.write(tools.clock.now()).await?;
    match command {
        PersonCommand::Add {
            first_name,
            surname,
            email,
            phone,
            show_first_name,
        } => {
            let name = |what: &str, name: &str| {
                text::line(name, 1, 80).map_err(|_| {
                    CliError::Said(format!(
                        "--{what}: 1-80 characters, none of them control characters"
                    ))
                })
            };
            let person = Person {
                id: fresh_id(),
                first_name: name("first-name", &first_name)?,
                surname: name("surname", &surname)?,
                email,
                phone,
                shows_first_name: show_first_name,
            };
            writing.insert_person(&person).await?;
            writing.commit().await?;
            println!("{}", person.id.uuid());
        }
        PersonCommand::Join {
            person,
            organization,
            role,
        } => {
            let person = known_person(&tools, person).await?;
            let organization = known_organization(&tools, &organization).await?;
            let role = match role {
                RoleName::Member => Role::Member,
                RoleName::Coordinator => Role::Coordinator,
                RoleName::Admin => Role::Admin,
            };
            writing
                .insert_membership(person, organization, role)
                .await?;
            writing.commit().await?;
        }
    }
    tools.close().await
}

pub async fn token(command: TokenCommand, config: &Config) -> Result<(), CliError> {
    let tools = Tools::open_current(config).await?;
    match command {
        TokenCommand::Make {
            person,
            label,
            days,
        } => {
            let person = known_person(&tools, person).await?;
            let lifetime = (days > 0).then(|| TimeDelta::days(i64::from(days)));
            let token =
                people::make_token(&tools.store, tools.clock, person, &label, lifetime).await?;
            println!("{token}");
        }
        TokenCommand::Revoke { person, label } => {
            let person = known_person(&tools, person).await?;
            let mut writing = tools.store.write(tools.clock.now()).await?;
            let revoked = writing.revoke_tokens(person, &label).await?;
            writing.commit().await?;
            println!("{revoked} revoked");
        }
    }
    tools.close().await
}

async fn known_person(tools: &Tools, id: Uuid) -> Result<PersonId, CliError> {
    let person = tools.store.person(PersonId::new(id)).await?;
    person
        .map(|person| person.id)
        .ok_or_else(|| CliError::Said(format!("there is no person {id}")))
}

async fn known_organization(tools: &Tools, name: &str) -> Result<OrganizationId, CliError> {
    let unknown = || CliError::Said(format!("there is no organization `{name}`"));
    if let Ok(id) = name.parse() {
        let organization = tools.store.organization(OrganizationId::new(id)).await?;
        return organization
            .map(|organization| organization.id)
            .ok_or_else(unknown);
    }
    let names = [name.to_owned()];
    let found = tools.store.organizations_by_external_ids(&names).await?;
    found.get(name).copied().ok_or_else(unknown)
}
