//! News for the posters of listings.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use faelled_engine::{
    id::{Id, ListingId},
    listing::Poster,
};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Select, Set,
    sea_query::{OnConflict, Query, SelectStatement},
};

use crate::{
    code::Code,
    connect::Store,
    entity::{listing, notice},
    error::StoreError,
    listings::poster_is_one,
    rows::{readable, rows},
    window::{Moment, Stretch, Window, cut_newest},
    writing::Writing,
};

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    /// A listing that fits this one has come up.
    NewCounterpart,
}

impl Code for NoticeKind {
    const ALL: &'static [(Self, &'static str)] = &[(Self::NewCounterpart, "new_counterpart")];
    const WHAT: &'static str = "kind";
}

/// A notice.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// Its identity.
    pub id: NoticeId,
    /// What it is about.
    pub kind: NoticeKind,
    /// The listing whose poster it is for.
    pub listing: ListingId,
    /// The other listing.
    pub counterpart: ListingId,
    /// How well they fit, 0..1.
    pub score: f64,
    /// When it was written.
    pub created_at: DateTime<Utc>,
}

/// The identity of a notice.
pub type NoticeId = Id<Notice>;

/// A notice to be written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoticeDraft {
    /// Its identity.
    pub id: NoticeId,
    /// What it is about.
    pub kind: NoticeKind,
    /// The listing whose poster it is for.
    pub listing: ListingId,
    /// The other listing.
    pub counterpart: ListingId,
    /// How well they fit, 0..1.
    pub score: f64,
}

impl Store {
    /// A page of the notices for these posters, newest first.
    pub async fn notices(
        &self,
        posters: &[Poster],
        window: &Window<Moment<Notice>>,
    ) -> Result<Stretch<Notice>, StoreError> {
        if posters.is_empty() {
            return Ok(Stretch::default());
        }
        let columns = (notice::Column::CreatedAt, notice::Column::Id);
        let select = cut_newest(of_posters(posters), columns, window);
        let rows = rows(self.readers(), select).await?;
        Ok(window.stretch(rows, |rows| readable(rows, "notice", |row| read(&row))))
    }

    /// How many notices there are for these posters.
    pub async fn count_notices(&self, posters: &[Poster]) -> Result<u64, StoreError> {
        if posters.is_empty() {
            return Ok(0);
        }
        Ok(of_posters(posters).count(self.readers()).await?)
    }
}

impl Writing {
    /// Writes notices; one that has been given before, of the same kind about the same two
    /// listings, is not given again. Returns how many are new.
    pub async fn insert_notices(&mut self, notices: &[NoticeDraft]) -> Result<u64, StoreError> {
        // In one order, so that two writers of the same notices do not wait for each other.
        let by_pair: HashMap<_, _> = notices
            .iter()
            .map(|one| ((one.listing, one.counterpart), *one))
            .collect();
        let mut notices: Vec<NoticeDraft> = by_pair.into_values().collect();
        notices.sort_by_key(|one| (one.listing, one.counterpart));
        let mut inserted = 0;
        for notices in notices.chunks(4_000) {
            let rows = notices.iter().map(|one| notice::ActiveModel {
                id: Set(one.id.uuid()),
                kind: Set(one.kind.code().to_owned()),
                listing_id: Set(one.listing.uuid()),
                counterpart_id: Set(one.counterpart.uuid()),
                score: Set(one.score),
                created_at: Set(self.now),
                read_at: Set(None),
            });
            inserted += notice::Entity::insert_many(rows)
                .on_conflict(
                    OnConflict::columns([
                        notice::Column::Kind,
                        notice::Column::ListingId,
                        notice::Column::CounterpartId,
                    ])
                    .do_nothing()
                    .to_owned(),
                )
                .exec_without_returning(&self.transaction)
                .await?;
        }
        Ok(inserted)
    }
}

fn listings_of(posters: &[Poster]) -> SelectStatement {
    Query::select()
        .column(listing::Column::Id)
        .from(listing::Entity)
        .cond_where(poster_is_one(
            listing::Column::PosterOrganizationId,
            listing::Column::PosterPersonId,
            posters,
        ))
        .take()
}

fn of_posters(posters: &[Poster]) -> Select<notice::Entity> {
    notice::Entity::find().filter(notice::Column::ListingId.in_subquery(listings_of(posters)))
}

fn read(row: &notice::Model) -> Result<Notice, StoreError> {
    Ok(Notice {
        id: Id::new(row.id),
        kind: Code::read(&row.kind).map_err(|why| StoreError::corrupt("notice", row.id, why))?,
        listing: Id::new(row.listing_id),
        counterpart: Id::new(row.counterpart_id),
        score: row.score,
        created_at: row.created_at,
    })
}
