//! Listings, and who supports them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use faelled_engine::{
    id::{Id, ListingId, PersonId},
    listing::{Listing, ListingKind, ListingStatus, Poster},
};
use futures_util::{Stream, stream};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, Set,
    sea_query::{Expr, ExprTrait, LockType, OnConflict, Query},
};
use uuid::Uuid;

use crate::{
    changes::ChangeKind,
    code::Code,
    connect::Store,
    entity::{listing, listing_theme, support},
    error::StoreError,
    listing_row::{self, Written},
    rows::{Row, rows},
    window::{Moment, Stretch, Window, cut_newest},
    writing::Writing,
};

/// Rows that are loaded at a time when many are.
const BATCH: u64 = 2_000;
/// Identities in one statement.
pub(crate) const IN_A_STATEMENT: usize = 5_000;

impl Store {
    /// A listing.
    pub async fn listing(&self, id: ListingId) -> Result<Option<Listing>, StoreError> {
        listing::Entity::find_by_id(id.uuid())
            .one(self.readers())
            .await?
            .map(|row| listing_row::read(row, self.catalog()))
            .transpose()
    }

    /// Those of these listings that are there. One that does not read is left out and logged.
    pub async fn listings_by_ids(
        &self,
        ids: &[ListingId],
    ) -> Result<HashMap<ListingId, Listing>, StoreError> {
        let mut found = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(IN_A_STATEMENT) {
            let select = listing::Entity::find().filter(listing::Column::Id.is_in(uuids(ids)));
            let rows = rows(self.readers(), select).await?;
            let listings = listing_row::read_all(rows, self.catalog());
            found.extend(listings.into_iter().map(|listing| (listing.id, listing)));
        }
        Ok(found)
    }

    /// Every listing whose status is open, in batches, to build a board from. Read
    /// [`Store::snapshot_position`] first. One that does not read is left out and logged.
    pub fn all_open_listings(
        &self,
    ) -> impl Stream<Item = Result<Vec<Listing>, StoreError>> + Send + 'static {
        self.batches(listing::Entity::find())
    }

    /// Every open listing of these kinds that names one of these themes, in batches. The themes
    /// are codes; sub-themes must be named.
    pub fn open_listings_by_themes(
        &self,
        kinds: &[ListingKind],
        themes: &[String],
    ) -> impl Stream<Item = Result<Vec<Listing>, StoreError>> + Send + 'static {
        let having_one = Query::select()
            .column(listing_theme::Column::ListingId)
            .from(listing_theme::Entity)
            .and_where(listing_theme::Column::Theme.is_in(themes.iter().cloned()))
            .take();
        self.batches(
            listing::Entity::find()
                .filter(listing::Column::Kind.is_in(kinds.iter().map(|kind| kind.code())))
                .filter(listing::Column::Id.in_subquery(having_one)),
        )
    }

    fn batches(
        &self,
        select: Select<listing::Entity>,
    ) -> impl Stream<Item = Result<Vec<Listing>, StoreError>> + Send + 'static {
        let select = select
            .filter(Expr::col((listing::Entity, listing::Column::Status)).eq(Expr::cust("'open'")))
            .order_by_asc(listing::Column::Id)
            .limit(BATCH);
        let store = self.clone();
        stream::try_unfold(Some(Uuid::nil()), move |after| {
            let (store, select) = (store.clone(), select.clone());
            async move {
                let Some(after) = after else { return Ok(None) };
                let select = select.filter(listing::Column::Id.gt(after));
                let rows = rows(store.readers(), select).await?;
                let next = match rows.last() {
                    Some(Ok(row)) if rows.len() as u64 == BATCH => Some(row.id),
                    Some(Err(undecoded)) if rows.len() as u64 == BATCH => undecoded.id,
                    _ => None,
                };
                if rows.is_empty() {
                    return Ok(None);
                }
                Ok(Some((store.read_many(rows).await?, next)))
            }
        })
    }

    /// Reads many rows away from the threads that answer requests: reading a rule takes a while.
    async fn read_many(&self, rows: Vec<Row<listing::Model>>) -> Result<Vec<Listing>, StoreError> {
        let catalog = Arc::clone(self.catalog());
        let reading = tokio::task::spawn_blocking(move || listing_row::read_all(rows, &catalog));
        reading.await.map_err(|error| match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down.
            Err(_) => StoreError::Busy,
        })
    }

    /// A page of the listings of these posters, newest first, whatever their status. One that does
    /// not read is left out and logged.
    pub async fn listings_of(
        &self,
        posters: &[Poster],
        statuses: &[ListingStatus],
        window: &Window<Moment<faelled_engine::id::kind::Listing>>,
    ) -> Result<Stretch<Listing>, StoreError> {
        if posters.is_empty() {
            return Ok(Stretch::default());
        }
        let columns = (listing::Column::PostedAt, listing::Column::Id);
        let select = cut_newest(of_posters(posters, statuses), columns, window);
        let rows = rows(self.readers(), select).await?;
        Ok(window.stretch(rows, |rows| listing_row::read_all(rows, self.catalog())))
    }

    /// How many listings these posters have.
    pub async fn count_listings_of(
        &self,
        posters: &[Poster],
        statuses: &[ListingStatus],
    ) -> Result<u64, StoreError> {
        if posters.is_empty() {
            return Ok(0);
        }
        Ok(of_posters(posters, statuses).count(self.readers()).await?)
    }

    /// The identities of a poster's listings by the identities that a file gave them.
    pub async fn listings_by_external_ids(
        &self,
        poster: Poster,
        external_ids: &[String],
    ) -> Result<HashMap<String, ListingId>, StoreError> {
        let mut found = HashMap::with_capacity(external_ids.len());
        for external_ids in external_ids.chunks(IN_A_STATEMENT) {
            let rows: Vec<(Option<String>, Uuid)> = of_posters(&[poster], &[])
                .filter(listing::Column::ExternalId.is_in(external_ids.iter().cloned()))
                .select_only()
                .columns([listing::Column::ExternalId, listing::Column::Id])
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

    /// Which of these listings the person supports.
    pub async fn supports_of(
        &self,
        person: PersonId,
        listings: &[ListingId],
    ) -> Result<HashSet<ListingId>, StoreError> {
        let mut found = HashSet::new();
        for listings in listings.chunks(IN_A_STATEMENT) {
            let rows: Vec<Uuid> = support::Entity::find()
                .filter(support::Column::PersonId.eq(person.uuid()))
                .filter(support::Column::ListingId.is_in(uuids(listings)))
                .select_only()
                .column(support::Column::ListingId)
                .into_tuple()
                .all(self.readers())
                .await?;
            found.extend(rows.into_iter().map(Id::new));
        }
        Ok(found)
    }
}

impl Writing {
    /// Writes a new listing.
    pub async fn insert_listing(&mut self, listing: &Listing) -> Result<(), StoreError> {
        self.insert_listings(std::slice::from_ref(listing)).await
    }

    /// Writes new listings, many in a statement.
    pub async fn insert_listings(&mut self, listings: &[Listing]) -> Result<(), StoreError> {
        // Some forty values a row, and SQLite takes 32,766 in a statement.
        for listings in listings.chunks(500) {
            let (mut rows, mut themes) = (Vec::new(), Vec::new());
            for listing in listings {
                let Written { row, themes: codes } =
                    listing_row::write(listing, self.store.catalog());
                themes.extend(theme_rows(row.id, codes));
                rows.push(row.into_active_model());
            }
            listing::Entity::insert_many(rows)
                .exec_without_returning(&self.transaction)
                .await?;
            listing_theme::Entity::insert_many(themes)
                .exec_without_returning(&self.transaction)
                .await?;
            for listing in listings {
                self.changed(ChangeKind::Listing, listing.id.uuid(), listing.revision);
            }
        }
        Ok(())
    }

    /// A listing that nobody else changes until this transaction ends. Take several at once with
    /// [`Writing::listings_for_update`], which keeps the order of locks.
    pub async fn listing_for_update(
        &mut self,
        id: ListingId,
    ) -> Result<Option<Listing>, StoreError> {
        // NO KEY UPDATE: what only refers to the listing, as a new match does, need not wait.
        listing::Entity::find_by_id(id.uuid())
            .lock(LockType::NoKeyUpdate)
            .one(&self.transaction)
            .await?
            .map(|row| listing_row::read(row, self.store.catalog()))
            .transpose()
    }

    /// Those of these listings that are there, which nobody else changes until this transaction
    /// ends; locked in the order of their identities.
    pub async fn listings_for_update(
        &mut self,
        ids: &[ListingId],
    ) -> Result<HashMap<ListingId, Listing>, StoreError> {
        listing::Entity::find()
            .filter(listing::Column::Id.is_in(uuids(ids)))
            .order_by_asc(listing::Column::Id)
            .lock(LockType::NoKeyUpdate)
            .all(&self.transaction)
            .await?
            .into_iter()
            .map(|row| {
                let listing = listing_row::read(row, self.store.catalog())?;
                Ok((listing.id, listing))
            })
            .collect()
    }

    /// Writes what the poster has changed, if the listing still has the version that the poster
    /// saw; `listing.version` is the new one. The revision grows by one; places taken and support
    /// stay as they are in the record. False when the version is another, or there is no listing.
    pub async fn update_listing(
        &mut self,
        listing: &Listing,
        seen_version: i32,
    ) -> Result<bool, StoreError> {
        let Written { row, themes } = listing_row::write(listing, self.store.catalog());
        let id = row.id;
        let mut update = listing::Entity::update_many()
            .set(listing_row::changes(row))
            .col_expr(
                listing::Column::Revision,
                Expr::col(listing::Column::Revision).add(1),
            )
            .filter(listing::Column::Id.eq(id))
            .filter(listing::Column::Version.eq(seen_version))
            .into_query();
        update.returning(Query::returning().column(listing::Column::Revision));
        let Some(row) = self.transaction.query_all(&update).await?.pop() else {
            return Ok(false);
        };
        self.changed(ChangeKind::Listing, id, row.try_get_by_index(0)?);
        listing_theme::Entity::delete_many()
            .filter(listing_theme::Column::ListingId.eq(id))
            .filter(listing_theme::Column::Theme.is_not_in(themes.iter().cloned()))
            .exec(&self.transaction)
            .await?;
        listing_theme::Entity::insert_many(theme_rows(id, themes))
            .on_conflict(
                OnConflict::columns([
                    listing_theme::Column::ListingId,
                    listing_theme::Column::Theme,
                ])
                .do_nothing()
                .to_owned(),
            )
            .exec_without_returning(&self.transaction)
            .await?;
        Ok(true)
    }

    /// Takes one place. False when none is left (or there is no listing). Two at once cannot take
    /// the same place.
    pub async fn take_place(&mut self, id: ListingId) -> Result<bool, StoreError> {
        self.count(
            id,
            "taken = taken + 1",
            "(capacity IS NULL OR taken < capacity)",
        )
        .await
    }

    /// Gives one place free. False when none is taken (or there is no listing).
    pub async fn free_place(&mut self, id: ListingId) -> Result<bool, StoreError> {
        self.count(id, "taken = taken - 1", "taken > 0").await
    }

    /// Lets a person support a listing. False when the person does already (or there is no
    /// listing).
    pub async fn add_support(
        &mut self,
        listing: ListingId,
        person: PersonId,
    ) -> Result<bool, StoreError> {
        let added = support::Entity::insert(support::ActiveModel {
            listing_id: Set(listing.uuid()),
            person_id: Set(person.uuid()),
            created_at: Set(self.now),
        })
        .on_conflict(
            OnConflict::columns([support::Column::ListingId, support::Column::PersonId])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(&self.transaction)
        .await?;
        Ok(added == 1
            && self
                .count(listing, "supports = supports + 1", "true")
                .await?)
    }

    /// Takes a person's support back. False when there is none.
    pub async fn remove_support(
        &mut self,
        listing: ListingId,
        person: PersonId,
    ) -> Result<bool, StoreError> {
        let removed = support::Entity::delete_by_id((listing.uuid(), person.uuid()))
            .exec(&self.transaction)
            .await?
            .rows_affected;
        Ok(removed == 1
            && self
                .count(listing, "supports = supports - 1", "supports > 0")
                .await?)
    }

    /// Changes a count of a listing on a condition, in one statement, and notes the revision.
    async fn count(
        &mut self,
        id: ListingId,
        set: &'static str,
        condition: &'static str,
    ) -> Result<bool, StoreError> {
        let statement = self.statement(
            format!(
                "UPDATE listing SET {set}, revision = revision + 1 \
                 WHERE id = $1 AND {condition} RETURNING revision"
            ),
            [id.uuid().into()],
        );
        let Some(row) = self.transaction.query_all_raw(statement).await?.pop() else {
            return Ok(false);
        };
        self.changed(ChangeKind::Listing, id.uuid(), row.try_get_by_index(0)?);
        Ok(true)
    }
}

pub(crate) fn uuids<T>(ids: &[Id<T>]) -> Vec<Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}

/// Whether the poster in two columns is one of these.
pub(crate) fn poster_is_one<C: ColumnTrait>(
    organization: C,
    person: C,
    posters: &[Poster],
) -> Condition {
    let (mut organizations, mut persons) = (Vec::new(), Vec::new());
    for poster in posters {
        match poster {
            Poster::Organization(id) => organizations.push(id.uuid()),
            Poster::Person(id) => persons.push(id.uuid()),
        }
    }
    let mut any = Condition::any();
    if !organizations.is_empty() {
        any = any.add(organization.is_in(organizations));
    }
    if !persons.is_empty() {
        any = any.add(person.is_in(persons));
    }
    any
}

fn of_posters(posters: &[Poster], statuses: &[ListingStatus]) -> Select<listing::Entity> {
    let select = listing::Entity::find().filter(poster_is_one(
        listing::Column::PosterOrganizationId,
        listing::Column::PosterPersonId,
        posters,
    ));
    if statuses.is_empty() {
        return select;
    }
    select.filter(listing::Column::Status.is_in(statuses.iter().map(|status| status.code())))
}

fn theme_rows(id: Uuid, themes: Vec<String>) -> Vec<listing_theme::ActiveModel> {
    themes
        .into_iter()
        .map(|theme| listing_theme::ActiveModel {
            listing_id: Set(id),
            theme: Set(theme),
        })
        .collect()
}
