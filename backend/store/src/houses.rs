//! What a volunteer house looks after: municipalities, whom it trusts, and who asked about citizens.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use faelled_engine::id::{Id, OrganizationId, PersonId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, Set, sea_query::OnConflict,
};
use uuid::Uuid;

use crate::{
    changes::ChangeKind,
    code::Code,
    connect::Store,
    entity::{access_log, house_area, suspension},
    error::StoreError,
    listings::uuids,
    rows::{readable, rows},
    window::{Moment, Stretch, Window, cut_newest},
    writing::Writing,
};

/// What somebody did that touches citizens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccessAction {
    /// Asked of a draft whether another association visits the same citizen.
    Check,
    /// Registered an arrangement.
    Register,
    /// Changed one.
    Update,
    /// Ended one.
    End,
    /// Read the flags of a municipality.
    ReadFlags,
}

impl Code for AccessAction {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Check, "check"),
        (Self::Register, "register"),
        (Self::Update, "update"),
        (Self::End, "end"),
        (Self::ReadFlags, "read_flags"),
    ];
    const WHAT: &'static str = "action";
}

/// A line of the access log. It holds nothing of a citizen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLine {
    /// Its identity.
    pub id: AccessLineId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub person: PersonId,
    /// For which organization.
    pub organization: OrganizationId,
    /// What.
    pub action: AccessAction,
    /// The arrangement, if there is one.
    pub subject: Option<Uuid>,
    /// The municipality that it was about.
    pub municipality: Option<String>,
}

/// The identity of a line of the access log.
pub type AccessLineId = Id<AccessLine>;

/// A suspended organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// Why.
    pub reason: String,
    /// Who decided.
    pub by: PersonId,
    /// For which house.
    pub house: OrganizationId,
    /// When.
    pub at: DateTime<Utc>,
}

impl Store {
    /// The codes of the municipalities that these houses look after, each once, in order.
    pub async fn areas_of(&self, houses: &[OrganizationId]) -> Result<Vec<String>, StoreError> {
        if houses.is_empty() {
            return Ok(Vec::new());
        }
        Ok(house_area::Entity::find()
            .select_only()
            .column(house_area::Column::Municipality)
            .distinct()
            .filter(house_area::Column::OrganizationId.is_in(uuids(houses)))
            .order_by_asc(house_area::Column::Municipality)
            .into_tuple()
            .all(self.readers())
            .await?)
    }

    /// The houses that look after each of these municipalities. One without any is left out.
    pub async fn houses_of(
        &self,
        municipalities: &[String],
    ) -> Result<HashMap<String, Vec<OrganizationId>>, StoreError> {
        let areas = house_area::Entity::find()
            .filter(house_area::Column::Municipality.is_in(municipalities.iter().cloned()))
            .order_by_asc(house_area::Column::OrganizationId)
            .all(self.readers())
            .await?;
        let mut found: HashMap<String, Vec<OrganizationId>> = HashMap::new();
        for area in areas {
            let houses = found.entry(area.municipality).or_default();
            houses.push(Id::new(area.organization_id));
        }
        Ok(found)
    }

    /// Why an organization is suspended, if it is.
    pub async fn suspension(
        &self,
        organization: OrganizationId,
    ) -> Result<Option<Suspension>, StoreError> {
        let row = suspension::Entity::find_by_id(organization.uuid())
            .one(self.readers())
            .await?;
        Ok(row.map(|row| Suspension {
            reason: row.reason,
            by: Id::new(row.by_person_id),
            house: Id::new(row.by_house_id),
            at: row.at,
        }))
    }

    /// A page of the access log of these municipalities, latest first.
    pub async fn access_lines(
        &self,
        municipalities: &[String],
        window: &Window<Moment<AccessLine>>,
    ) -> Result<Stretch<AccessLine>, StoreError> {
        let columns = (access_log::Column::At, access_log::Column::Id);
        let select = cut_newest(lines_of(municipalities), columns, window);
        let rows = rows(self.readers(), select).await?;
        Ok(window.stretch(rows, |rows| {
            readable(rows, "line of the access log", read_line)
        }))
    }

    /// How long the access log of these municipalities is.
    pub async fn count_access_lines(&self, municipalities: &[String]) -> Result<u64, StoreError> {
        Ok(lines_of(municipalities).count(self.readers()).await?)
    }
}

impl Writing {
    /// Lets a house look after a municipality.
    pub async fn insert_house_area(
        &mut self,
        house: OrganizationId,
        municipality: &str,
    ) -> Result<(), StoreError> {
        house_area::Entity::insert(house_area::ActiveModel {
            organization_id: Set(house.uuid()),
            municipality: Set(municipality.to_owned()),
            created_at: Set(self.now),
        })
        .on_conflict_do_nothing()
        .exec_without_returning(&self.transaction)
        .await?;
        Ok(())
    }

    /// Keeps why an organization is suspended, and by whom.
    pub async fn suspend(
        &mut self,
        organization: OrganizationId,
        suspended: &Suspension,
    ) -> Result<(), StoreError> {
        suspension::Entity::insert(suspension::ActiveModel {
            organization_id: Set(organization.uuid()),
            reason: Set(suspended.reason.clone()),
            by_person_id: Set(suspended.by.uuid()),
            by_house_id: Set(suspended.house.uuid()),
            at: Set(self.now),
        })
        .on_conflict(
            OnConflict::column(suspension::Column::OrganizationId)
                .update_columns([
                    suspension::Column::Reason,
                    suspension::Column::ByPersonId,
                    suspension::Column::ByHouseId,
                    suspension::Column::At,
                ])
                .to_owned(),
        )
        .exec_without_returning(&self.transaction)
        .await?;
        Ok(())
    }

    /// Lifts a suspension, if there is one.
    pub async fn lift_suspension(
        &mut self,
        organization: OrganizationId,
    ) -> Result<(), StoreError> {
        suspension::Entity::delete_by_id(organization.uuid())
            .exec(&self.transaction)
            .await?;
        Ok(())
    }

    /// Pauses every open listing of an organization. Returns how many.
    pub async fn pause_listings_of(
        &mut self,
        organization: OrganizationId,
    ) -> Result<usize, StoreError> {
        let statement = self.statement(
            "UPDATE listing SET status = 'paused', version = version + 1, \
             revision = revision + 1, updated_at = $2 \
             WHERE poster_organization_id = $1 AND status = 'open' RETURNING id, revision",
            [organization.uuid().into(), self.now.into()],
        );
        let paused = self.transaction.query_all_raw(statement).await?;
        for row in &paused {
            let (id, revision): (Uuid, i32) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            self.changed(ChangeKind::Listing, id, revision);
        }
        Ok(paused.len())
    }

    /// Writes lines of the access log.
    pub async fn log_access(&mut self, lines: &[AccessLine]) -> Result<(), StoreError> {
        for lines in lines.chunks(3_000) {
            let rows = lines.iter().map(|line| access_log::ActiveModel {
                id: Set(line.id.uuid()),
                at: Set(self.now),
                person_id: Set(line.person.uuid()),
                organization_id: Set(line.organization.uuid()),
                action: Set(line.action.code().to_owned()),
                subject_id: Set(line.subject),
                municipality: Set(line.municipality.clone()),
            });
            access_log::Entity::insert_many(rows)
                .exec_without_returning(&self.transaction)
                .await?;
        }
        Ok(())
    }

    /// Takes from what a person may ask for an organization on a day. Says what is left, or nothing
    /// when there is not enough; then nothing is taken.
    pub async fn spend_checks(
        &mut self,
        person: PersonId,
        organization: OrganizationId,
        day: NaiveDate,
        checks: u32,
        budget: u32,
    ) -> Result<Option<u32>, StoreError> {
        if checks > budget {
            return Ok(None);
        }
        let statement = self.statement(
            "INSERT INTO check_budget (person_id, organization_id, day, used) \
             VALUES ($1, $2, $3, $4) \
             ON CONFLICT (person_id, organization_id, day) \
             DO UPDATE SET used = check_budget.used + excluded.used \
             WHERE check_budget.used + excluded.used <= $5 RETURNING used",
            [
                person.uuid().into(),
                organization.uuid().into(),
                day.to_string().into(),
                i64::from(checks).into(),
                i64::from(budget).into(),
            ],
        );
        let rows = self.transaction.query_all_raw(statement).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let used: i32 = row.try_get_by_index(0)?;
        Ok(Some(
            budget.saturating_sub(u32::try_from(used).unwrap_or(u32::MAX)),
        ))
    }

    /// Forgets what was asked before a day. Returns how many days of people.
    pub async fn forget_budgets(&mut self, before: NaiveDate) -> Result<u64, StoreError> {
        let statement = self.statement(
            "DELETE FROM check_budget WHERE day < $1",
            [before.to_string().into()],
        );
        Ok(self
            .transaction
            .execute_raw(statement)
            .await?
            .rows_affected())
    }
}

fn lines_of(municipalities: &[String]) -> Select<access_log::Entity> {
    access_log::Entity::find()
        .filter(access_log::Column::Municipality.is_in(municipalities.iter().cloned()))
}

fn read_line(row: access_log::Model) -> Result<AccessLine, StoreError> {
    let corrupt = |why| StoreError::corrupt("line of the access log", row.id, why);
    Ok(AccessLine {
        id: Id::new(row.id),
        at: row.at,
        person: Id::new(row.person_id),
        organization: Id::new(row.organization_id),
        action: Code::read(&row.action).map_err(corrupt)?,
        subject: row.subject_id,
        municipality: row.municipality,
    })
}
