//! Loading a whole town, or the generated nation, into the record.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use faelled_engine::{
    catalog::Catalog,
    id::{OrganizationId, PersonId},
    listing::{Listing, ListingStatus, Poster},
    organization::{Organization, Person, Profile, Role},
};
use faelled_seed::{SeedError, listings_csv::ListingRow, organizations_csv::OrganizationRow};
use faelled_store::{StoreError, Writing};

use crate::clock::fresh_id;

/// Rows that one transaction writes.
const BATCH: usize = 2_000;

/// Why a town was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The record.
    #[error("{}", .0.in_full())]
    Store(#[from] StoreError),
    /// A row that the engine refuses.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// A row that names an organization that no row above it is.
    #[error("{file} line {line}: organization `{name}` is not in organizations.csv")]
    UnknownOrganization {
        /// The file.
        file: &'static str,
        /// The line, from 1.
        line: u64,
        /// What it names.
        name: String,
    },
    /// An organization that the engine refuses.
    #[error("organizations.csv line {line}: {field} is not accepted")]
    Organization {
        /// The line, from 1.
        line: u64,
        /// The first field that is wrong.
        field: String,
    },
}

/// What was loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Organizations by the ids of the file.
    pub organizations: HashMap<String, OrganizationId>,
    /// The person who coordinates each organization.
    pub coordinators: HashMap<OrganizationId, PersonId>,
    /// Private persons by the keys of the file.
    pub persons: HashMap<String, PersonId>,
    /// How many listings.
    pub listings: usize,
}

/// When what is loaded is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commits {
    /// By the caller, who gets back the one transaction: all of it or nothing. For a town.
    Once,
    /// Each time that some thousand rows are written; the rest by the caller. For a nation.
    InBatches,
}

/// Loads organizations, a coordinator for each, and listings with their private persons. Names of
/// people are made up from what they do, so that nobody takes them for real ones. Loading causes no
/// jobs: nobody wants a notice about a town that appears at once.
///
/// The transaction that comes back is still open, for the caller to add to it and to commit it.
pub async fn load(
    writing: Writing,
    commits: Commits,
    catalog: &Catalog,
    organizations: impl Iterator<Item = OrganizationRow>,
    listings: impl Iterator<Item = ListingRow>,
    progress: impl Fn(usize),
) -> Result<(Loaded, Writing), LoadError> {
    let now = writing.now();
    let mut loaded = Loaded::default();
    let mut batch = Batch {
        writing,
        commits,
        rows: 0,
    };
    for row in organizations {
        let organization = organization(&row, &loaded, catalog)?;
        batch.writing.insert_organization(&organization).await?;
        let coordinator = demo_person("Koordinator", &row.profile.name);
        batch.writing.insert_person(&coordinator).await?;
        batch
            .writing
            .insert_membership(coordinator.id, organization.id, Role::Coordinator)
            .await?;
        loaded.coordinators.insert(organization.id, coordinator.id);
        loaded
            .organizations
            .insert(row.external_id, organization.id);
        batch = batch.wrote(1).await?;
    }
    let mut ready = Vec::with_capacity(BATCH);
    for row in listings {
        let (poster, person) = poster(&mut batch.writing, &row, &mut loaded).await?;
        ready.push(listing(&row, poster, person, catalog, now)?);
        if ready.len() == BATCH {
            loaded.listings += ready.len();
            batch.writing.insert_listings(&ready).await?;
            batch = batch.wrote(BATCH).await?;
            ready.clear();
            progress(loaded.listings);
        }
    }
    loaded.listings += ready.len();
    batch.writing.insert_listings(&ready).await?;
    progress(loaded.listings);
    Ok((loaded, batch.writing))
}

/// A person of the demo, named after what it does.
pub fn demo_person(first_name: &str, surname: &str) -> Person {
    Person {
        id: fresh_id(),
        first_name: first_name.to_owned(),
        surname: surname.to_owned(),
        email: None,
        phone: None,
        shows_first_name: true,
    }
}

/// A transaction that may be committed when it has written enough.
struct Batch {
    writing: Writing,
    commits: Commits,
    rows: usize,
}

impl Batch {
    async fn wrote(mut self, rows: usize) -> Result<Self, StoreError> {
        self.rows += rows;
        if self.commits == Commits::Once || self.rows < BATCH {
            return Ok(self);
        }
        Ok(Self {
            writing: self.writing.commit_and_go_on().await?,
            commits: self.commits,
            rows: 0,
        })
    }
}

fn organization(
    row: &OrganizationRow,
    loaded: &Loaded,
    catalog: &Catalog,
) -> Result<Organization, LoadError> {
    let parent = match &row.parent {
        Some(name) => {
            let unknown = || LoadError::UnknownOrganization {
                file: "organizations.csv",
                line: row.line,
                name: name.clone(),
            };
            Some(*loaded.organizations.get(name).ok_or_else(unknown)?)
        }
        None => None,
    };
    let profile = Profile::parse(&row.profile, row.kind, parent, catalog).map_err(|problems| {
        let field = problems
            .first()
            .map(|problem| problem.field.join("."))
            .unwrap_or_default();
        LoadError::Organization {
            line: row.line,
            field,
        }
    })?;
    Ok(Organization {
        id: fresh_id(),
        version: 1,
        profile,
        verified: row.verified,
        external_id: Some(row.external_id.clone()),
    })
}

/// Who posts a row, and the person who answers for it.
async fn poster(
    writing: &mut Writing,
    row: &ListingRow,
    loaded: &mut Loaded,
) -> Result<(Poster, PersonId), LoadError> {
    if let Some(name) = &row.organization {
        let unknown = || LoadError::UnknownOrganization {
            file: "listings.csv",
            line: row.line,
            name: name.clone(),
        };
        let organization = *loaded.organizations.get(name).ok_or_else(unknown)?;
        let coordinator = *loaded.coordinators.get(&organization).ok_or_else(unknown)?;
        return Ok((Poster::Organization(organization), coordinator));
    }
    let key = row.person().unwrap_or(&row.external_id);
    if let Some(person) = loaded.persons.get(key) {
        return Ok((Poster::Person(*person), *person));
    }
    let person = demo_person("Demoperson", key);
    writing.insert_person(&person).await?;
    loaded.persons.insert(key.to_owned(), person.id);
    Ok((Poster::Person(person.id), person.id))
}

fn listing(
    row: &ListingRow,
    poster: Poster,
    person: PersonId,
    catalog: &Catalog,
    now: DateTime<Utc>,
) -> Result<Listing, LoadError> {
    let content = row.content("listings.csv", catalog)?;
    let (posted_at, assured_at) = (row.posted_at(now), row.assured_at(now));
    let declared = content.declarations.childrens_certificate == Some(true);
    // The end of a private listing's id may name its person; what is public must not tell which
    // listings are one person's.
    let external_id = match (row.organization.is_none(), row.person()) {
        (true, Some(person)) => row
            .external_id
            .strip_suffix(&format!("-{person}"))
            .unwrap_or(&row.external_id),
        _ => &row.external_id,
    };
    let external_id = Some(external_id.to_owned());
    Ok(Listing {
        id: fresh_id(),
        version: 1,
        revision: Listing::LOADED,
        poster,
        posted_by: person,
        status: ListingStatus::Open,
        content,
        taken: 0,
        supports: 0,
        posted_at,
        assured_at,
        updated_at: assured_at,
        certificate_declared: declared.then_some((person, assured_at)),
        external_id,
    })
}
