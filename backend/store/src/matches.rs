//! Agreed pairings.

use std::collections::{HashMap, HashSet};

use faelled_engine::{
    agreement::{Match, MatchStatus},
    id::{Id, ListingId, MatchId, kind},
    listing::Poster,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect,
    Select, Set, sea_query::LockType,
};
use uuid::Uuid;

use crate::{
    changes::ChangeKind,
    code::Code,
    connect::Store,
    entity::agreement,
    error::StoreError,
    listing_row::{poster_columns, poster_of},
    listings::{IN_A_STATEMENT, poster_is_one, uuids},
    rows::{Row, readable, rows},
    time::recorded,
    window::{Moment, Stretch, Window, cut_newest},
    writing::Writing,
};

/// Which of the matches that somebody is a side of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MatchFilter {
    /// Only those with this listing, on whichever side.
    pub listing: Option<ListingId>,
    /// Only those that stand here; none means all.
    pub statuses: Vec<MatchStatus>,
}

impl Store {
    /// A match.
    pub async fn match_(&self, id: MatchId) -> Result<Option<Match>, StoreError> {
        agreement::Entity::find_by_id(id.uuid())
            .one(self.readers())
            .await?
            .map(read)
            .transpose()
    }

    /// Those of these matches that are there. One that does not read is left out and logged.
    pub async fn matches_by_ids(
        &self,
        ids: &[MatchId],
    ) -> Result<HashMap<MatchId, Match>, StoreError> {
        let mut found = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(IN_A_STATEMENT) {
            let select = agreement::Entity::find().filter(agreement::Column::Id.is_in(uuids(ids)));
            let rows = rows(self.readers(), select).await?;
            found.extend(read_all(rows).into_iter().map(|one| (one.id, one)));
        }
        Ok(found)
    }

    /// A page of the matches that one of these posters is a side of, newest proposal first.
    pub async fn matches(
        &self,
        posters: &[Poster],
        filter: &MatchFilter,
        window: &Window<Moment<kind::Match>>,
    ) -> Result<Stretch<Match>, StoreError> {
        if posters.is_empty() {
            return Ok(Stretch::default());
        }
        let columns = (agreement::Column::ProposedAt, agreement::Column::Id);
        let rows = rows(
            self.readers(),
            cut_newest(of_posters(posters, filter), columns, window),
        )
        .await?;
        Ok(window.stretch(rows, read_all))
    }

    /// How many matches one of these posters is a side of.
    pub async fn count_matches(
        &self,
        posters: &[Poster],
        filter: &MatchFilter,
    ) -> Result<u64, StoreError> {
        if posters.is_empty() {
            return Ok(0);
        }
        Ok(of_posters(posters, filter).count(self.readers()).await?)
    }

    /// Which of these listings stand on the other side of a confirmed or completed match of one of
    /// these posters.
    pub async fn confirmed_listings_of(
        &self,
        posters: &[Poster],
        listings: &[ListingId],
    ) -> Result<HashSet<ListingId>, StoreError> {
        let mut found = HashSet::new();
        if posters.is_empty() {
            return Ok(found);
        }
        for listings in listings.chunks(IN_A_STATEMENT) {
            let asked: HashSet<Uuid> = listings.iter().map(|id| id.uuid()).collect();
            let select = confirmed(posters).filter(
                Condition::any()
                    .add(agreement::Column::ListingId.is_in(asked.iter().copied()))
                    .add(agreement::Column::CounterpartId.is_in(asked.iter().copied())),
            );
            let rows = rows(self.readers(), select).await?;
            for agreed in read_all(rows) {
                let others = [
                    posters.contains(&agreed.proposer).then_some(agreed.listing),
                    agreed
                        .counterpart
                        .filter(|_| posters.contains(&agreed.owner)),
                ];
                found.extend(
                    others
                        .into_iter()
                        .flatten()
                        .filter(|id| asked.contains(&id.uuid())),
                );
            }
        }
        Ok(found)
    }

    /// For each of these listings, the listings that it has an earlier decline or a proposed or
    /// confirmed match with, on whichever side, of which one of these posters is a side. A listing
    /// without any is left out.
    pub async fn excluded_counterparts(
        &self,
        posters: &[Poster],
        listings: &[ListingId],
    ) -> Result<HashMap<ListingId, HashSet<ListingId>>, StoreError> {
        let mut found: HashMap<ListingId, HashSet<ListingId>> = HashMap::new();
        if posters.is_empty() {
            return Ok(found);
        }
        let statuses = [
            MatchStatus::Declined,
            MatchStatus::Proposed,
            MatchStatus::Confirmed,
        ]
        .map(Code::code);
        for listings in listings.chunks(IN_A_STATEMENT) {
            let asked: HashSet<Uuid> = listings.iter().map(|id| id.uuid()).collect();
            let pairs: Vec<(Uuid, Option<Uuid>)> = of_posters(posters, &MatchFilter::default())
                .filter(agreement::Column::Status.is_in(statuses))
                .filter(agreement::Column::CounterpartId.is_not_null())
                .filter(
                    Condition::any()
                        .add(agreement::Column::ListingId.is_in(asked.iter().copied()))
                        .add(agreement::Column::CounterpartId.is_in(asked.iter().copied())),
                )
                .select_only()
                .columns([
                    agreement::Column::ListingId,
                    agreement::Column::CounterpartId,
                ])
                .into_tuple()
                .all(self.readers())
                .await?;
            for (a, b) in pairs.into_iter().filter_map(|(a, b)| Some((a, b?))) {
                for (one, other) in [(a, b), (b, a)] {
                    if asked.contains(&one) {
                        found
                            .entry(Id::new(one))
                            .or_default()
                            .insert(Id::new(other));
                    }
                }
            }
        }
        Ok(found)
    }
}

impl Writing {
    /// Writes a new match. [`crate::Constraint::LivePair`] when its pair has a proposed or
    /// confirmed one already, whichever side proposed it.
    pub async fn insert_match(&mut self, agreed: &Match) -> Result<(), StoreError> {
        agreement::Entity::insert(write(agreed).into_active_model())
            .exec_without_returning(&self.transaction)
            .await?;
        self.changed(ChangeKind::Match, agreed.id.uuid(), agreed.version);
        Ok(())
    }

    /// A match that nobody else changes until this transaction ends. Lock its listings first.
    pub async fn match_for_update(&mut self, id: MatchId) -> Result<Option<Match>, StoreError> {
        agreement::Entity::find_by_id(id.uuid())
            .lock(LockType::NoKeyUpdate)
            .one(&self.transaction)
            .await?
            .map(read)
            .transpose()
    }

    /// Writes where a match stands now, who answered it and when, if it still has the version that
    /// was seen; `agreed.version` is the new one. False when the version is another, or there is
    /// no match.
    pub async fn update_match(
        &mut self,
        agreed: &Match,
        seen_version: i32,
    ) -> Result<bool, StoreError> {
        let updated = agreement::Entity::update_many()
            .set(agreement::ActiveModel {
                version: Set(agreed.version),
                status: Set(agreed.status.code().to_owned()),
                answered_by_id: Set(agreed.answered_by.map(Id::uuid)),
                updated_at: Set(recorded(agreed.updated_at)),
                ..Default::default()
            })
            .filter(agreement::Column::Id.eq(agreed.id.uuid()))
            .filter(agreement::Column::Version.eq(seen_version))
            .exec(&self.transaction)
            .await?
            .rows_affected;
        if updated == 1 {
            self.changed(ChangeKind::Match, agreed.id.uuid(), agreed.version);
        }
        Ok(updated == 1)
    }
}

fn side_of(posters: &[Poster]) -> Condition {
    Condition::any()
        .add(poster_is_one(
            agreement::Column::ProposerOrganizationId,
            agreement::Column::ProposerPersonId,
            posters,
        ))
        .add(poster_is_one(
            agreement::Column::OwnerOrganizationId,
            agreement::Column::OwnerPersonId,
            posters,
        ))
}

fn of_posters(posters: &[Poster], filter: &MatchFilter) -> Select<agreement::Entity> {
    let mut select = agreement::Entity::find().filter(side_of(posters));
    if let Some(listing) = filter.listing {
        select = select.filter(
            Condition::any()
                .add(agreement::Column::ListingId.eq(listing.uuid()))
                .add(agreement::Column::CounterpartId.eq(listing.uuid())),
        );
    }
    if !filter.statuses.is_empty() {
        let statuses = filter.statuses.iter().map(|status| status.code());
        select = select.filter(agreement::Column::Status.is_in(statuses));
    }
    select
}

fn confirmed(posters: &[Poster]) -> Select<agreement::Entity> {
    let statuses = [MatchStatus::Confirmed, MatchStatus::Completed].map(Code::code);
    agreement::Entity::find()
        .filter(agreement::Column::Status.is_in(statuses))
        .filter(side_of(posters))
}

fn write(agreed: &Match) -> agreement::Model {
    let (proposer_organization_id, proposer_person_id) = poster_columns(agreed.proposer);
    let (owner_organization_id, owner_person_id) = poster_columns(agreed.owner);
    let proposer = match agreed.proposer {
        Poster::Organization(organization) => organization.uuid(),
        Poster::Person(person) => person.uuid(),
    };
    let (one, other) = (
        agreed.listing.uuid(),
        agreed.counterpart.map_or(proposer, Id::uuid),
    );
    agreement::Model {
        id: agreed.id.uuid(),
        version: agreed.version,
        listing_id: agreed.listing.uuid(),
        counterpart_id: agreed.counterpart.map(Id::uuid),
        pair_low: one.min(other),
        pair_high: one.max(other),
        proposer_organization_id,
        proposer_person_id,
        proposed_by_id: agreed.proposed_by.uuid(),
        owner_organization_id,
        owner_person_id,
        answered_by_id: agreed.answered_by.map(Id::uuid),
        status: agreed.status.code().to_owned(),
        message: agreed.message.clone(),
        proposed_at: recorded(agreed.proposed_at),
        updated_at: recorded(agreed.updated_at),
    }
}

fn read(row: agreement::Model) -> Result<Match, StoreError> {
    let id = row.id;
    parse(row).map_err(|why| StoreError::corrupt("match", id, why))
}

fn read_all(rows: Vec<Row<agreement::Model>>) -> Vec<Match> {
    readable(rows, "match", read)
}

fn parse(row: agreement::Model) -> Result<Match, String> {
    Ok(Match {
        id: Id::new(row.id),
        version: row.version,
        listing: Id::new(row.listing_id),
        counterpart: row.counterpart_id.map(Id::new),
        proposer: poster_of(row.proposer_organization_id, row.proposer_person_id)?,
        proposed_by: Id::new(row.proposed_by_id),
        owner: poster_of(row.owner_organization_id, row.owner_person_id)?,
        answered_by: row.answered_by_id.map(Id::new),
        status: Code::read(&row.status)?,
        message: row.message,
        proposed_at: row.proposed_at,
        updated_at: row.updated_at,
    })
}
