//! Facts about the record itself, for whoever looks after it.

use faelled_engine::id::Id;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Set, sea_query::OnConflict,
};
use uuid::Uuid;

use crate::{
    connect::Store,
    entity::{listing, meta},
    error::StoreError,
    listing_row,
    rows::rows,
    writing::Writing,
};

/// How much the record holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Persons.
    pub persons: u64,
    /// Organizations.
    pub organizations: u64,
    /// Listings, whatever their status.
    pub listings: u64,
    /// Listings whose status is open.
    pub open_listings: u64,
    /// Matches, whatever their status.
    pub matches: u64,
    /// Rows of the change log.
    pub changes: u64,
    /// Jobs, dead ones included.
    pub jobs: u64,
}

impl Counts {
    /// Whether nobody has written anything yet that is about people.
    pub const fn is_empty(&self) -> bool {
        self.persons == 0 && self.organizations == 0 && self.listings == 0 && self.matches == 0
    }
}

/// A listing that does not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its identity.
    pub listing: faelled_engine::id::ListingId,
    /// Why, in terms of fields.
    pub why: String,
}

const RECORD_ID: &str = "record_id";

impl Store {
    /// How much the record holds.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let tables = [
            "person",
            "organization",
            "listing",
            "agreement",
            "change",
            "job",
        ]
        .map(|table| format!("(SELECT COUNT(*) FROM {table})"));
        let sql = format!(
            "SELECT {}, (SELECT COUNT(*) FROM listing WHERE status = 'open')",
            tables.join(", ")
        );
        let Some(row) = self
            .readers()
            .query_one_raw(self.statement(sql, []))
            .await?
        else {
            return Ok(Counts::default());
        };
        let count = |at| -> Result<u64, StoreError> {
            let count: i64 = row.try_get_by_index(at)?;
            Ok(u64::try_from(count).unwrap_or(0))
        };
        Ok(Counts {
            persons: count(0)?,
            organizations: count(1)?,
            listings: count(2)?,
            matches: count(3)?,
            changes: count(4)?,
            jobs: count(5)?,
            open_listings: count(6)?,
        })
    }

    /// The listings that do not read, at most so many. Reads every listing.
    pub async fn unreadable_listings(&self, limit: usize) -> Result<Vec<Unreadable>, StoreError> {
        let mut found = Vec::new();
        let mut after = Uuid::nil();
        while found.len() < limit {
            let select = listing::Entity::find()
                .filter(listing::Column::Id.gt(after))
                .order_by_asc(listing::Column::Id)
                .limit(1_000);
            let rows = rows(self.readers(), select).await?;
            let last = match rows.last() {
                Some(Ok(row)) => Some(row.id),
                Some(Err(undecoded)) => undecoded.id,
                None => None,
            };
            let Some(last) = last else { break };
            after = last;
            for row in rows {
                let (id, why) = match row {
                    Ok(row) => (Some(row.id), listing_row::read(row, self.catalog()).err()),
                    Err(undecoded) => (undecoded.id, Some(undecoded.of("listing"))),
                };
                if let (Some(id), Some(StoreError::Corrupt { why, .. })) = (id, why) {
                    found.push(Unreadable {
                        listing: Id::new(id),
                        why,
                    });
                }
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    /// A fact about the record itself.
    pub async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let row = meta::Entity::find_by_id(key.to_owned())
            .one(self.readers())
            .await?;
        Ok(row.map(|row| row.value))
    }

    /// The record's own identity. A record that has none yet gets this one.
    pub async fn record_id(&self, otherwise: Uuid) -> Result<Uuid, StoreError> {
        let mut known = self.meta(RECORD_ID).await?;
        if known.is_none() {
            let (transaction, _turn) = self.begin().await?;
            insert_once(&transaction, RECORD_ID, &otherwise.to_string()).await?;
            transaction.commit().await.map_err(StoreError::of_commit)?;
            known = self.meta(RECORD_ID).await?;
        }
        known
            .unwrap_or_default()
            .parse()
            .map_err(|_| StoreError::corrupt("fact", RECORD_ID, "not a UUID"))
    }
}

impl Writing {
    /// Keeps a fact about the record itself.
    pub async fn set_meta(&mut self, key: &str, value: &str) -> Result<(), StoreError> {
        meta::Entity::insert(row(key, value))
            .on_conflict(
                OnConflict::column(meta::Column::Key)
                    .update_column(meta::Column::Value)
                    .to_owned(),
            )
            .exec_without_returning(&self.transaction)
            .await?;
        Ok(())
    }

    /// Keeps a fact about the record itself that nobody has kept before. False when somebody has:
    /// then it stays as it is. Whoever else is about to keep it is waited for.
    pub async fn set_meta_once(&mut self, key: &str, value: &str) -> Result<bool, StoreError> {
        insert_once(&self.transaction, key, value).await
    }
}

/// Keeps a fact, unless there is one already. Whether it did.
async fn insert_once(
    transaction: &DatabaseTransaction,
    key: &str,
    value: &str,
) -> Result<bool, StoreError> {
    let inserted = meta::Entity::insert(row(key, value))
        .on_conflict(
            OnConflict::column(meta::Column::Key)
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(transaction)
        .await?;
    Ok(inserted == 1)
}

fn row(key: &str, value: &str) -> meta::ActiveModel {
    meta::ActiveModel {
        key: Set(key.to_owned()),
        value: Set(value.to_owned()),
    }
}
