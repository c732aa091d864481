//! The change log, from which every process learns what has changed. A row says what and which
//! version, never how it looks.

use chrono::{DateTime, Utc};
use faelled_engine::id::{FlagId, Id, ListingId, MatchId, OrganizationId};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::{
    code::Code,
    connect::Store,
    entity::{change, change_head},
    error::StoreError,
    rows::rows,
    time::recorded,
};

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// A listing; its version in the log is its revision.
    Listing,
    /// An organization.
    Organization,
    /// A match.
    Match,
    /// A flagged overlap.
    Flag,
}

impl Code for ChangeKind {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Listing, "listing"),
        (Self::Organization, "organization"),
        (Self::Match, "match"),
        (Self::Flag, "flag"),
    ];
    const WHAT: &'static str = "kind";
}

/// A row of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Its place. Positions are dense and in the order of commits.
    pub position: i64,
    /// What it is about.
    pub kind: ChangeKind,
    /// Which one.
    pub id: Uuid,
    /// The version that it has now; a follower that knows a later one ignores the row.
    pub version: i32,
    /// The time that the writer gave.
    pub at: DateTime<Utc>,
}

impl Change {
    /// The listing that changed, if it is one.
    pub fn listing(&self) -> Option<ListingId> {
        (self.kind == ChangeKind::Listing).then(|| Id::new(self.id))
    }

    /// The organization that changed, if it is one.
    pub fn organization(&self) -> Option<OrganizationId> {
        (self.kind == ChangeKind::Organization).then(|| Id::new(self.id))
    }

    /// The flag that changed, if it is one.
    pub fn flag(&self) -> Option<FlagId> {
        (self.kind == ChangeKind::Flag).then(|| Id::new(self.id))
    }

    /// The match that changed, if it is one.
    pub fn agreed(&self) -> Option<MatchId> {
        (self.kind == ChangeKind::Match).then(|| Id::new(self.id))
    }
}

/// How far the log reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogBounds {
    /// The oldest position that is kept; none when the log is empty.
    pub oldest: Option<i64>,
    /// The last position given; 0 before the first.
    pub head: i64,
}

impl Store {
    /// The position of the last commit. Read *before* the rows of a snapshot: replaying the log
    /// from here on then misses nothing, and what it repeats is ignored by version.
    pub async fn snapshot_position(&self) -> Result<i64, StoreError> {
        change_head::Entity::find()
            .one(self.readers())
            .await?
            .map(|head| head.position)
            .ok_or_else(|| StoreError::corrupt("change log", "head", "there is none"))
    }

    /// The changes after a position, oldest first, at most so many. Positions are dense and the
    /// newest row is never pruned, so that a follower that has fallen behind the log's tail sees it
    /// by the first row's position not being the next one.
    pub async fn changes_after(
        &self,
        position: i64,
        limit: u64,
    ) -> Result<Vec<Change>, StoreError> {
        let select = change::Entity::find()
            .filter(change::Column::Position.gt(position))
            .order_by_asc(change::Column::Position)
            .limit(limit);
        rows(self.readers(), select)
            .await?
            .into_iter()
            .map(|row| {
                let row = row.map_err(|undecoded| undecoded.of("change"))?;
                Ok(Change {
                    position: row.position,
                    kind: ChangeKind::read(&row.kind)
                        .map_err(|why| StoreError::corrupt("change", row.position, why))?,
                    id: row.subject_id,
                    version: row.version,
                    at: row.at,
                })
            })
            .collect()
    }

    /// How far the log reaches.
    pub async fn log_bounds(&self) -> Result<LogBounds, StoreError> {
        let statement = self.statement(
            "SELECT (SELECT MIN(position) FROM change), position FROM change_head WHERE id = 1",
            [],
        );
        let row = self
            .readers()
            .query_one_raw(statement)
            .await?
            .ok_or_else(|| StoreError::corrupt("change log", "head", "there is none"))?;
        Ok(LogBounds {
            oldest: row.try_get_by_index(0)?,
            head: row.try_get_by_index(1)?,
        })
    }

    /// Forgets the changes from before a time, but keeps the newest `keep` (and always one).
    /// Returns how many it forgot.
    pub async fn prune_changes(&self, before: DateTime<Utc>, keep: u32) -> Result<u64, StoreError> {
        let (transaction, _turn) = self.begin().await?;
        let statement = self.statement(
            "DELETE FROM change WHERE at < $1 AND position <= \
             (SELECT position FROM change_head WHERE id = 1) - $2 \
             AND position < (SELECT COALESCE(MIN(position), 9223372036854775807) FROM change \
             WHERE at >= $1)",
            [recorded(before).into(), i64::from(keep.max(1)).into()],
        );
        let pruned = transaction.execute_raw(statement).await?.rows_affected();
        transaction.commit().await.map_err(StoreError::of_commit)?;
        Ok(pruned)
    }
}
