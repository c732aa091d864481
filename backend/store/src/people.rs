//! Persons, what they may do where, and the tokens that they come with.

use std::{collections::HashMap, fmt};

use chrono::{DateTime, Utc};
use faelled_engine::{
    id::{Id, OrganizationId, PersonId},
    organization::{Membership, Person, Role},
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QueryResult, Set,
};
use uuid::Uuid;

use crate::{
    code::Code,
    connect::Store,
    entity::{membership, person, token},
    error::StoreError,
    listings::{IN_A_STATEMENT, uuids},
    time::recorded,
    writing::Writing,
};

/// The SHA-256 of a bearer token. The token itself is never in the record.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash with these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenHash(…)")
    }
}

/// A token to be written.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// The token's hash.
    pub hash: TokenHash,
    /// Who comes with it.
    pub person: PersonId,
    /// What it is for, as its owner calls it.
    pub label: String,
    /// When it stops being accepted; none means never.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Store {
    /// A person.
    pub async fn person(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        Ok(person::Entity::find_by_id(id.uuid())
            .one(self.readers())
            .await?
            .map(read))
    }

    /// Those of these persons that are there.
    pub async fn persons_by_ids(
        &self,
        ids: &[PersonId],
    ) -> Result<HashMap<PersonId, Person>, StoreError> {
        let mut found = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(IN_A_STATEMENT) {
            let rows = person::Entity::find()
                .filter(person::Column::Id.is_in(uuids(ids)))
                .all(self.readers())
                .await?;
            found.extend(rows.into_iter().map(read).map(|person| (person.id, person)));
        }
        Ok(found)
    }

    /// Who comes with a token, and what that person may do where; nothing when the token is
    /// unknown, expired or revoked.
    pub async fn actor_by_token(
        &self,
        hash: TokenHash,
        now: DateTime<Utc>,
    ) -> Result<Option<(PersonId, Vec<Membership>)>, StoreError> {
        let statement = self.statement(
            "SELECT token.person_id, membership.organization_id, membership.role, \
             organization.kind, organization.verified \
             FROM token \
             LEFT JOIN membership ON membership.person_id = token.person_id \
             LEFT JOIN organization ON organization.id = membership.organization_id \
             WHERE token.hash = $1 AND token.revoked_at IS NULL \
             AND (token.expires_at IS NULL OR token.expires_at > $2) \
             ORDER BY membership.organization_id",
            [hash.to_string().into(), recorded(now).into()],
        );
        let rows = self.readers().query_all_raw(statement).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let person: Uuid = first.try_get_by_index(0)?;
        let memberships = rows.iter().filter_map(|row| membership_of(row).transpose());
        Ok(Some((
            Id::new(person),
            memberships.collect::<Result<_, _>>()?,
        )))
    }

    /// What a person may do where.
    pub async fn memberships_of(&self, person: PersonId) -> Result<Vec<Membership>, StoreError> {
        let statement = self.statement(
            "SELECT membership.person_id, membership.organization_id, membership.role, \
             organization.kind, organization.verified \
             FROM membership JOIN organization ON organization.id = membership.organization_id \
             WHERE membership.person_id = $1 ORDER BY membership.organization_id",
            [person.uuid().into()],
        );
        let rows = self.readers().query_all_raw(statement).await?;
        rows.iter()
            .filter_map(|row| membership_of(row).transpose())
            .collect()
    }

    /// The organizations that each of these persons belongs to, as whatever. A person without any
    /// is left out.
    pub async fn organizations_of_persons(
        &self,
        persons: &[PersonId],
    ) -> Result<HashMap<PersonId, Vec<OrganizationId>>, StoreError> {
        let mut found: HashMap<PersonId, Vec<OrganizationId>> = HashMap::new();
        for persons in persons.chunks(IN_A_STATEMENT) {
            let rows = membership::Entity::find()
                .filter(membership::Column::PersonId.is_in(uuids(persons)))
                .order_by_asc(membership::Column::OrganizationId)
                .all(self.readers())
                .await?;
            for row in rows {
                found
                    .entry(Id::new(row.person_id))
                    .or_default()
                    .push(Id::new(row.organization_id));
            }
        }
        Ok(found)
    }
}

impl Writing {
    /// Writes a new person.
    pub async fn insert_person(&mut self, person: &Person) -> Result<(), StoreError> {
        let mut row = changes(person);
        row.id = Set(person.id.uuid());
        row.created_at = Set(self.now);
        person::Entity::insert(row)
            .exec_without_returning(&self.transaction)
            .await?;
        Ok(())
    }

    /// Lets a person belong to an organization. [`crate::Constraint::Membership`] when it does
    /// already.
    pub async fn insert_membership(
        &mut self,
        person: PersonId,
        organization: OrganizationId,
        role: Role,
    ) -> Result<(), StoreError> {
        membership::Entity::insert(membership::ActiveModel {
            person_id: Set(person.uuid()),
            organization_id: Set(organization.uuid()),
            role: Set(role.code().to_owned()),
            created_at: Set(self.now),
        })
        .exec_without_returning(&self.transaction)
        .await?;
        Ok(())
    }

    /// Writes a token's hash.
    pub async fn insert_token(&mut self, token: &NewToken) -> Result<(), StoreError> {
        token::Entity::insert(token::ActiveModel {
            hash: Set(token.hash.to_string()),
            person_id: Set(token.person.uuid()),
            label: Set(token.label.clone()),
            created_at: Set(self.now),
            expires_at: Set(token.expires_at.map(recorded)),
            revoked_at: Set(None),
        })
        .exec_without_returning(&self.transaction)
        .await?;
        Ok(())
    }

    /// Revokes every token that a person calls this. Returns how many that were.
    pub async fn revoke_tokens(
        &mut self,
        person: PersonId,
        label: &str,
    ) -> Result<u64, StoreError> {
        let revoked = token::Entity::update_many()
            .set(token::ActiveModel {
                revoked_at: Set(Some(self.now)),
                ..Default::default()
            })
            .filter(token::Column::PersonId.eq(person.uuid()))
            .filter(token::Column::Label.eq(label))
            .filter(token::Column::RevokedAt.is_null())
            .exec(&self.transaction)
            .await?;
        Ok(revoked.rows_affected)
    }
}

/// The membership in a row of person, organization, role, kind and verified; none without an
/// organization.
fn membership_of(row: &QueryResult) -> Result<Option<Membership>, StoreError> {
    let organization: Option<Uuid> = row.try_get_by_index(1)?;
    let Some(organization) = organization else {
        return Ok(None);
    };
    let (role, kind): (String, String) = (row.try_get_by_index(2)?, row.try_get_by_index(3)?);
    // Named by the organization: nothing of a person stands in the log.
    let corrupt = |why| StoreError::corrupt("membership in organization", organization, why);
    Ok(Some(Membership {
        organization: Id::new(organization),
        role: Code::read(&role).map_err(corrupt)?,
        kind: Code::read(&kind).map_err(corrupt)?,
        verified: row.try_get_by_index(4)?,
    }))
}

fn changes(person: &Person) -> person::ActiveModel {
    person::ActiveModel {
        first_name: Set(person.first_name.clone()),
        surname: Set(person.surname.clone()),
        email: Set(person.email.clone()),
        phone: Set(person.phone.clone()),
        shows_first_name: Set(person.shows_first_name),
        ..Default::default()
    }
}

fn read(row: person::Model) -> Person {
    Person {
        id: Id::new(row.id),
        first_name: row.first_name,
        surname: row.surname,
        email: row.email,
        phone: row.phone,
        shows_first_name: row.shows_first_name,
    }
}
