//! Flagged overlaps and their history.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use faelled_engine::{
    catalog::Catalog,
    flag::{Finding, Flag, FlagEvent, FlagLine, FlagSide, FlagStatus, OverlapKind},
    id::{FlagId, Id, OrganizationId, PersonId, kind},
    overlap::{Reason, Severity},
    place::PostalCode,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select, Set, sea_query::LockType,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    changes::ChangeKind,
    code::Code,
    connect::Store,
    entity::{overlap, overlap_line},
    error::StoreError,
    listings::{IN_A_STATEMENT, uuids},
    rows::{Row, readable, rows},
    time::recorded,
    window::{Moment, Stretch, Window, cut_newest},
    writing::Writing,
};

impl Code for OverlapKind {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::SameCitizen, "same_citizen"),
        (Self::ParallelActivities, "parallel_activities"),
        (Self::DuplicateListings, "duplicate_listings"),
    ];
    const WHAT: &'static str = "kind";
}

impl Code for Severity {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Low, "low"),
        (Self::Medium, "medium"),
        (Self::High, "high"),
    ];
    const WHAT: &'static str = "severity";
}

impl Code for FlagStatus {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Open, "open"),
        (Self::Coordinated, "coordinated"),
        (Self::Dismissed, "dismissed"),
        (Self::Ended, "ended"),
    ];
    const WHAT: &'static str = "status";
}

impl Code for FlagEvent {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Raised, "raised"),
        (Self::Moved, "moved"),
        (Self::Ended, "ended"),
        (Self::Reopened, "reopened"),
        (Self::Coordinated, "coordinated"),
        (Self::Dismissed, "dismissed"),
    ];
    const WHAT: &'static str = "event";
}

/// Which flags. Empty lists ask for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlagFilter {
    /// Of these kinds.
    pub kinds: Vec<OverlapKind>,
    /// That stand here.
    pub statuses: Vec<FlagStatus>,
    /// That matter this much.
    pub severities: Vec<Severity>,
    /// With a side at one of these postcodes.
    pub postal_codes: Vec<PostalCode>,
    /// With one of these organizations as a side.
    pub organizations: Vec<OrganizationId>,
}

impl Store {
    /// A flag.
    pub async fn flag(&self, id: FlagId) -> Result<Option<Flag>, StoreError> {
        overlap::Entity::find_by_id(id.uuid())
            .one(self.readers())
            .await?
            .map(|row| read(&row, self.catalog()))
            .transpose()
    }

    /// The flags of each of these things, latest first. A thing without any is left out.
    pub async fn flags_of(
        &self,
        subjects: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<Flag>>, StoreError> {
        let mut found: HashMap<Uuid, Vec<Flag>> = HashMap::new();
        for subjects in subjects.chunks(IN_A_STATEMENT) {
            let select = overlap::Entity::find()
                .filter(
                    Condition::any()
                        .add(overlap::Column::LowId.is_in(subjects.iter().copied()))
                        .add(overlap::Column::HighId.is_in(subjects.iter().copied())),
                )
                .order_by_desc(overlap::Column::RaisedAt)
                .order_by_desc(overlap::Column::Id);
            for flag in read_all(rows(self.readers(), select).await?, self.catalog()) {
                for side in flag.sides {
                    if subjects.contains(&side.subject) {
                        found.entry(side.subject).or_default().push(flag.clone());
                    }
                }
            }
        }
        Ok(found)
    }

    /// A page of the flags with a side in one of these municipalities, latest first.
    pub async fn flags(
        &self,
        municipalities: &[String],
        filter: &FlagFilter,
        window: &Window<Moment<kind::Flag>>,
    ) -> Result<Stretch<Flag>, StoreError> {
        let columns = (overlap::Column::RaisedAt, overlap::Column::Id);
        let select = cut_newest(filtered(municipalities, filter), columns, window);
        let rows = rows(self.readers(), select).await?;
        Ok(window.stretch(rows, |rows| read_all(rows, self.catalog())))
    }

    /// How many flags have a side in one of these municipalities.
    pub async fn count_flags(
        &self,
        municipalities: &[String],
        filter: &FlagFilter,
    ) -> Result<u64, StoreError> {
        Ok(filtered(municipalities, filter)
            .count(self.readers())
            .await?)
    }

    /// The history of flags, oldest line first.
    pub async fn flag_lines(
        &self,
        flags: &[FlagId],
    ) -> Result<HashMap<FlagId, Vec<FlagLine>>, StoreError> {
        let mut found: HashMap<FlagId, Vec<FlagLine>> = HashMap::new();
        for flags in flags.chunks(IN_A_STATEMENT) {
            let lines = overlap_line::Entity::find()
                .filter(overlap_line::Column::OverlapId.is_in(uuids(flags)))
                .order_by_asc(overlap_line::Column::OverlapId)
                .order_by_asc(overlap_line::Column::Version)
                .all(self.readers())
                .await?;
            for line in lines {
                let flag = Id::new(line.overlap_id);
                found.entry(flag).or_default().push(read_line(line)?);
            }
        }
        Ok(found)
    }

    /// The things with a flag that stands though what was found was over before a time, at most so
    /// many.
    pub async fn flags_over(
        &self,
        before: DateTime<Utc>,
        limit: u64,
    ) -> Result<Vec<Flag>, StoreError> {
        let select = overlap::Entity::find()
            .filter(overlap::Column::Until.lt(recorded(before)))
            .filter(overlap::Column::Status.ne(FlagStatus::Ended.code()))
            .order_by_asc(overlap::Column::Until)
            .limit(limit);
        Ok(read_all(
            rows(self.readers(), select).await?,
            self.catalog(),
        ))
    }
}

impl Writing {
    /// The flags of one thing that nobody else changes until this transaction ends. Lock the thing
    /// first.
    pub async fn flags_for_update(&mut self, subject: Uuid) -> Result<Vec<Flag>, StoreError> {
        overlap::Entity::find()
            .filter(
                Condition::any()
                    .add(overlap::Column::LowId.eq(subject))
                    .add(overlap::Column::HighId.eq(subject)),
            )
            .order_by_asc(overlap::Column::Id)
            .lock(LockType::NoKeyUpdate)
            .all(&self.transaction)
            .await?
            .into_iter()
            .map(|row| read(&row, self.store.catalog()))
            .collect()
    }

    /// A flag that nobody else changes until this transaction ends.
    pub async fn flag_for_update(&mut self, id: FlagId) -> Result<Option<Flag>, StoreError> {
        overlap::Entity::find_by_id(id.uuid())
            .lock(LockType::NoKeyUpdate)
            .one(&self.transaction)
            .await?
            .map(|row| read(&row, self.store.catalog()))
            .transpose()
    }

    /// Raises a flag. [`crate::Constraint::FlagRaised`] when these two have one of this kind.
    pub async fn insert_flag(&mut self, flag: &Flag) -> Result<(), StoreError> {
        let row = write(flag, self.store.catalog())?;
        overlap::Entity::insert(row.into_active_model())
            .exec_without_returning(&self.transaction)
            .await?;
        self.line(flag, FlagEvent::Raised, None, "").await
    }

    /// Writes a flag that has changed, with the line of its history. It must be locked.
    pub async fn update_flag(
        &mut self,
        flag: &Flag,
        event: FlagEvent,
        by: Option<(PersonId, OrganizationId)>,
        comment: &str,
    ) -> Result<(), StoreError> {
        let row = write(flag, self.store.catalog())?;
        overlap::Entity::update(row.into_active_model().reset_all())
            .exec(&self.transaction)
            .await?;
        self.line(flag, event, by, comment).await
    }

    async fn line(
        &mut self,
        flag: &Flag,
        event: FlagEvent,
        by: Option<(PersonId, OrganizationId)>,
        comment: &str,
    ) -> Result<(), StoreError> {
        let (person, house) = by.unzip();
        overlap_line::Entity::insert(overlap_line::ActiveModel {
            overlap_id: Set(flag.id.uuid()),
            version: Set(flag.version),
            event: Set(event.code().to_owned()),
            by_person_id: Set(person.map(Id::uuid)),
            by_house_id: Set(house.map(Id::uuid)),
            comment: Set(comment.to_owned()),
            at: Set(self.now),
        })
        .exec_without_returning(&self.transaction)
        .await?;
        self.changed(ChangeKind::Flag, flag.id.uuid(), flag.version);
        Ok(())
    }
}

fn filtered(municipalities: &[String], filter: &FlagFilter) -> Select<overlap::Entity> {
    use overlap::Column::{
        HighMunicipality, HighOrganizationId, HighPostalCode, Kind, LowMunicipality,
        LowOrganizationId, LowPostalCode, Severity, Status,
    };
    let texts = |low: overlap::Column, high: overlap::Column, values: &[String]| {
        Condition::any()
            .add(low.is_in(values.iter().cloned()))
            .add(high.is_in(values.iter().cloned()))
    };
    let organizations = |ids: &[OrganizationId]| {
        Condition::any()
            .add(LowOrganizationId.is_in(uuids(ids)))
            .add(HighOrganizationId.is_in(uuids(ids)))
    };
    let mut select =
        overlap::Entity::find().filter(texts(LowMunicipality, HighMunicipality, municipalities));
    if !filter.kinds.is_empty() {
        select = select.filter(Kind.is_in(filter.kinds.iter().map(|kind| kind.code())));
    }
    if !filter.statuses.is_empty() {
        select = select.filter(Status.is_in(filter.statuses.iter().map(|status| status.code())));
    }
    if !filter.severities.is_empty() {
        select = select.filter(Severity.is_in(filter.severities.iter().map(|s| s.code())));
    }
    if !filter.postal_codes.is_empty() {
        let codes: Vec<String> = filter
            .postal_codes
            .iter()
            .map(ToString::to_string)
            .collect();
        select = select.filter(texts(LowPostalCode, HighPostalCode, &codes));
    }
    if !filter.organizations.is_empty() {
        select = select.filter(organizations(&filter.organizations));
    }
    select
}

fn write(flag: &Flag, catalog: &Catalog) -> Result<overlap::Model, StoreError> {
    let municipality = |side: FlagSide| {
        let postcode = catalog.gazetteer.get(side.postal_code);
        postcode
            .map(|postcode| postcode.municipality_code.clone())
            .ok_or_else(|| StoreError::corrupt("flag", flag.id.uuid(), "an unknown postcode"))
    };
    let [low, high] = flag.sides;
    Ok(overlap::Model {
        id: flag.id.uuid(),
        version: flag.version,
        kind: flag.kind.code().to_owned(),
        status: flag.status.code().to_owned(),
        severity: flag.finding.severity.code().to_owned(),
        reasons: write_reasons(&flag.finding.reasons, catalog),
        until: flag.finding.until.map(recorded),
        raised_at: recorded(flag.raised_at),
        updated_at: recorded(flag.updated_at),
        low_id: low.subject,
        low_organization_id: low.organization.map(Id::uuid),
        low_postal_code: low.postal_code.to_string(),
        low_municipality: municipality(low)?,
        low_facts: flag.finding.facts[0],
        high_id: high.subject,
        high_organization_id: high.organization.map(Id::uuid),
        high_postal_code: high.postal_code.to_string(),
        high_municipality: municipality(high)?,
        high_facts: flag.finding.facts[1],
    })
}

fn read(row: &overlap::Model, catalog: &Catalog) -> Result<Flag, StoreError> {
    let id = row.id;
    parse(row, catalog).map_err(|why| StoreError::corrupt("flag", id, why))
}

fn read_all(rows: Vec<Row<overlap::Model>>, catalog: &Catalog) -> Vec<Flag> {
    readable(rows, "flag", |row| read(&row, catalog))
}

fn parse(row: &overlap::Model, catalog: &Catalog) -> Result<Flag, String> {
    let side = |subject, organization: Option<Uuid>, postal_code: &str| {
        Ok::<_, String>(FlagSide {
            subject,
            organization: organization.map(Id::new),
            postal_code: PostalCode::parse(postal_code)
                .map_err(|_| "not valid: postalCode".to_owned())?,
        })
    };
    Ok(Flag {
        id: Id::new(row.id),
        version: row.version,
        kind: Code::read(&row.kind)?,
        sides: [
            side(row.low_id, row.low_organization_id, &row.low_postal_code)?,
            side(row.high_id, row.high_organization_id, &row.high_postal_code)?,
        ],
        status: Code::read(&row.status)?,
        finding: Finding {
            severity: Code::read(&row.severity)?,
            reasons: read_reasons(&row.reasons, catalog)?,
            until: row.until,
            facts: [row.low_facts, row.high_facts],
        },
        raised_at: row.raised_at,
        updated_at: row.updated_at,
    })
}

fn read_line(line: overlap_line::Model) -> Result<FlagLine, StoreError> {
    let corrupt = |why| StoreError::corrupt("flag", line.overlap_id, why);
    let by = line.by_person_id.zip(line.by_house_id);
    Ok(FlagLine {
        at: line.at,
        event: Code::read(&line.event).map_err(corrupt)?,
        by: by.map(|(person, house)| (Id::new(person), Id::new(house))),
        comment: line.comment,
    })
}

/// A reason as the record keeps it: themes and target groups by their codes.
#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum ReasonText {
    AtTheSameTime { times: usize, of: usize },
    HoursApart { minutes: i64 },
    SameDay { dates: usize },
    CloseTimes { times: usize, of: usize },
    ByAgreement,
    Distance { metres: f64, coarse: bool },
    Remote,
    CommonTheme { theme: String, closeness: f64 },
    CommonTargetGroups { groups: Vec<String> },
    AlikeText { likeness: f64 },
}

fn write_reasons(reasons: &[Reason], catalog: &Catalog) -> String {
    let texts: Vec<ReasonText> = reasons
        .iter()
        .map(|reason| text_of(reason, catalog))
        .collect();
    // Numbers and codes; writing those as JSON cannot fail.
    serde_json::to_string(&texts).unwrap_or_default()
}

fn read_reasons(text: &str, catalog: &Catalog) -> Result<Vec<Reason>, String> {
    let unreadable = || "not readable: reasons".to_owned();
    let texts: Vec<ReasonText> = serde_json::from_str(text).map_err(|_| unreadable())?;
    texts
        .into_iter()
        .map(|text| reason_of(text, catalog).ok_or_else(unreadable))
        .collect()
}

fn text_of(reason: &Reason, catalog: &Catalog) -> ReasonText {
    match reason {
        Reason::AtTheSameTime { times, of } => ReasonText::AtTheSameTime {
            times: *times,
            of: *of,
        },
        Reason::HoursApart { minutes } => ReasonText::HoursApart { minutes: *minutes },
        Reason::SameDay { dates } => ReasonText::SameDay { dates: *dates },
        Reason::CloseTimes { times, of } => ReasonText::CloseTimes {
            times: *times,
            of: *of,
        },
        Reason::ByAgreement => ReasonText::ByAgreement,
        Reason::Distance { metres, coarse } => ReasonText::Distance {
            metres: *metres,
            coarse: *coarse,
        },
        Reason::Remote => ReasonText::Remote,
        Reason::CommonTheme { theme, closeness } => ReasonText::CommonTheme {
            theme: catalog.themes.get(*theme).code.clone(),
            closeness: *closeness,
        },
        Reason::CommonTargetGroups { groups } => ReasonText::CommonTargetGroups {
            groups: groups
                .iter()
                .map(|group| catalog.target_group(*group).code.clone())
                .collect(),
        },
        Reason::AlikeText { likeness } => ReasonText::AlikeText {
            likeness: *likeness,
        },
    }
}

fn reason_of(text: ReasonText, catalog: &Catalog) -> Option<Reason> {
    Some(match text {
        ReasonText::AtTheSameTime { times, of } => Reason::AtTheSameTime { times, of },
        ReasonText::HoursApart { minutes } => Reason::HoursApart { minutes },
        ReasonText::SameDay { dates } => Reason::SameDay { dates },
        ReasonText::CloseTimes { times, of } => Reason::CloseTimes { times, of },
        ReasonText::ByAgreement => Reason::ByAgreement,
        ReasonText::Distance { metres, coarse } => Reason::Distance { metres, coarse },
        ReasonText::Remote => Reason::Remote,
        ReasonText::CommonTheme { theme, closeness } => Reason::CommonTheme {
            theme: catalog.themes.find(&theme)?,
            closeness,
        },
        ReasonText::CommonTargetGroups { groups } => Reason::CommonTargetGroups {
            groups: groups
                .iter()
                .map(|code| catalog.resolve_target_group(code).ok())
                .collect::<Option<_>>()?,
        },
        ReasonText::AlikeText { likeness } => Reason::AlikeText { likeness },
    })
}
