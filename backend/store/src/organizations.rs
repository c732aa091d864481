//! Organizations.

use std::collections::HashMap;

use faelled_engine::{
    id::{Id, OrganizationId},
    organization::{Organization, OrganizationKind, Profile},
    place::PostalCode,
    text,
};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, Select, Set,
    sea_query::LockType,
};
use uuid::Uuid;

use crate::{
    changes::ChangeKind,
    code::Code,
    connect::Store,
    entity::organization,
    error::StoreError,
    listings::{IN_A_STATEMENT, uuids},
    rows::{Row, readable, rows},
    window::{Direction, Stretch, Window, cut},
    writing::Writing,
};

/// Which organizations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganizationFilter {
    /// Each of these words begins a word of the name, in whatever spelling; empty finds all.
    pub search: String,
    /// Only of these kinds; none means all.
    pub kinds: Vec<OrganizationKind>,
    /// Only those that a volunteer house has verified, or only those that none has.
    pub verified: Option<bool>,
}

/// Where an organization stands in the list of all, which is by folded name and identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationKey {
    /// The folded name.
    pub name: String,
    /// The identity.
    pub id: OrganizationId,
}

impl OrganizationKey {
    /// Where this one stands.
    pub fn of(organization: &Organization) -> Self {
        Self {
            name: folded(&organization.profile.name),
            id: organization.id,
        }
    }
}

impl Store {
    /// An organization.
    pub async fn organization(
        &self,
        id: OrganizationId,
    ) -> Result<Option<Organization>, StoreError> {
        organization::Entity::find_by_id(id.uuid())
            .one(self.readers())
            .await?
            .map(read)
            .transpose()
    }

    /// Those of these organizations that are there.
    pub async fn organizations_by_ids(
        &self,
        ids: &[OrganizationId],
    ) -> Result<HashMap<OrganizationId, Organization>, StoreError> {
        let mut found = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(IN_A_STATEMENT) {
            let select =
                organization::Entity::find().filter(organization::Column::Id.is_in(uuids(ids)));
            let rows = rows(self.readers(), select).await?;
            found.extend(read_all(rows).into_iter().map(|one| (one.id, one)));
        }
        Ok(found)
    }

    /// The identities of organizations by the identities that a file gave them.
    pub async fn organizations_by_external_ids(
        &self,
        external_ids: &[String],
    ) -> Result<HashMap<String, OrganizationId>, StoreError> {
        let mut found = HashMap::with_capacity(external_ids.len());
        for external_ids in external_ids.chunks(IN_A_STATEMENT) {
            let rows: Vec<(Option<String>, Uuid)> = organization::Entity::find()
                .filter(organization::Column::ExternalId.is_in(external_ids.iter().cloned()))
                .select_only()
                .columns([organization::Column::ExternalId, organization::Column::Id])
                .into_tuple()
                .all(self.readers())
                .await?;
            found.extend(
                rows.into_iter()
                    .filter_map(|(external, id)| Some((external?, Id::new(id)))),
            );
        }
        Ok(found)
    }

    /// A page of organizations, by folded name.
    pub async fn organizations(
        &self,
        filter: &OrganizationFilter,
        window: &Window<OrganizationKey>,
    ) -> Result<Stretch<Organization>, StoreError> {
        let columns = (organization::Column::NameFolded, organization::Column::Id);
        let key = |key: &OrganizationKey| (key.name.clone(), key.id.uuid());
        let select = cut(filtered(filter), columns, Direction::Rising, window, key);
        let rows = rows(self.readers(), select).await?;
        Ok(window.stretch(rows, read_all))
    }

    /// How many organizations there are.
    pub async fn count_organizations(
        &self,
        filter: &OrganizationFilter,
    ) -> Result<u64, StoreError> {
        Ok(filtered(filter).count(self.readers()).await?)
    }
}

impl Writing {
    /// Writes a new organization.
    pub async fn insert_organization(
        &mut self,
        organization: &Organization,
    ) -> Result<(), StoreError> {
        let mut row = changes(organization);
        row.id = Set(organization.id.uuid());
        row.created_at = Set(self.now);
        row.updated_at = Set(self.now);
        organization::Entity::insert(row)
            .exec_without_returning(&self.transaction)
            .await?;
        self.changed(
            ChangeKind::Organization,
            organization.id.uuid(),
            organization.version,
        );
        Ok(())
    }

    /// An organization that nobody else changes until this transaction ends.
    pub async fn organization_for_update(
        &mut self,
        id: OrganizationId,
    ) -> Result<Option<Organization>, StoreError> {
        organization::Entity::find_by_id(id.uuid())
            .lock(LockType::NoKeyUpdate)
            .one(&self.transaction)
            .await?
            .map(read)
            .transpose()
    }

    /// Writes what has changed, if the organization still has the version that was seen;
    /// `organization.version` is the new one. False when the version is another, or there is no
    /// organization.
    pub async fn update_organization(
        &mut self,
        organization: &Organization,
        seen_version: i32,
    ) -> Result<bool, StoreError> {
        let mut row = changes(organization);
        row.updated_at = Set(self.now);
        let updated = organization::Entity::update_many()
            .set(row)
            .filter(organization::Column::Id.eq(organization.id.uuid()))
            .filter(organization::Column::Version.eq(seen_version))
            .exec(&self.transaction)
            .await?
            .rows_affected;
        if updated == 1 {
            self.changed(
                ChangeKind::Organization,
                organization.id.uuid(),
                organization.version,
            );
        }
        Ok(updated == 1)
    }
}

/// The folded words of a name, a space before each.
fn folded(name: &str) -> String {
    text::words(name)
        .iter()
        .fold(String::new(), |folded, word| folded + " " + word)
}

fn filtered(filter: &OrganizationFilter) -> Select<organization::Entity> {
    let mut select = organization::Entity::find();
    for word in text::words(&filter.search) {
        // Words are letters and digits, so that nothing in them means something to LIKE.
        select = select.filter(organization::Column::NameFolded.like(format!("% {word}%")));
    }
    if !filter.kinds.is_empty() {
        let kinds = filter.kinds.iter().map(|kind| kind.code());
        select = select.filter(organization::Column::Kind.is_in(kinds));
    }
    if let Some(verified) = filter.verified {
        select = select.filter(organization::Column::Verified.eq(verified));
    }
    select
}

fn changes(organization: &Organization) -> organization::ActiveModel {
    let profile = &organization.profile;
    organization::ActiveModel {
        version: Set(organization.version),
        name: Set(profile.name.clone()),
        name_folded: Set(folded(&profile.name)),
        kind: Set(profile.kind.code().to_owned()),
        parent_id: Set(profile.parent.map(Id::uuid)),
        cvr: Set(profile.cvr.clone()),
        email: Set(profile.email.clone()),
        phone: Set(profile.phone.clone()),
        website: Set(profile.website.clone()),
        postal_code: Set(profile.postal_code.to_string()),
        description: Set(profile.description.clone()),
        verified: Set(organization.verified),
        external_id: Set(organization.external_id.clone()),
        ..Default::default()
    }
}

fn read(row: organization::Model) -> Result<Organization, StoreError> {
    let id = row.id;
    parse(row).map_err(|why| StoreError::corrupt("organization", id, why))
}

fn read_all(rows: Vec<Row<organization::Model>>) -> Vec<Organization> {
    readable(rows, "organization", read)
}

fn parse(row: organization::Model) -> Result<Organization, String> {
    Ok(Organization {
        id: Id::new(row.id),
        version: row.version,
        profile: Profile {
            name: row.name,
            kind: Code::read(&row.kind)?,
            parent: row.parent_id.map(Id::new),
            cvr: row.cvr,
            email: row.email,
            phone: row.phone,
            website: row.website,
            postal_code: PostalCode::parse(&row.postal_code)
                .map_err(|_| "not valid: postalCode".to_owned())?,
            description: row.description,
        },
        verified: row.verified,
        external_id: row.external_id,
    })
}
