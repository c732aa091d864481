//! A listing and its row: the only place that knows both.

use faelled_engine::{
    catalog::Catalog,
    id::Id,
    listing::{Content, Declarations, Listing, ListingDraft, Poster, Requirements},
    problem::Problem,
};
use sea_orm::Set;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    code::Code,
    entity::listing,
    error::StoreError,
    rows::{Row, readable},
    time::recorded,
};

/// A listing's row and its theme codes.
pub(crate) struct Written {
    pub(crate) row: listing::Model,
    pub(crate) themes: Vec<String>,
}

/// How a listing is written.
pub(crate) fn write(listing: &Listing, catalog: &Catalog) -> Written {
    let draft = listing.content.draft(catalog);
    let (organization, person) = poster_columns(listing.poster);
    let (latitude, longitude) = draft.point.unzip();
    let (declared_by, declared_at) = listing.certificate_declared.unzip();
    let row = listing::Model {
        id: listing.id.uuid(),
        version: listing.version,
        revision: listing.revision,
        kind: listing.content.kind.code().to_owned(),
        status: listing.status.code().to_owned(),
        poster_organization_id: organization,
        poster_person_id: person,
        posted_by_id: listing.posted_by.uuid(),
        themes: json(&draft.themes),
        target_groups: json(&draft.target_groups),
        languages: json(&draft.languages),
        schedule: json(&draft.schedule),
        title: draft.title,
        task: draft.task,
        description: draft.description,
        place_name: draft.place_name,
        address: draft.address,
        postal_code: draft.postal_code,
        latitude,
        longitude,
        at_home: draft.at_home,
        attendance: listing.content.attendance.code().to_owned(),
        reach_km: draft.reach_km,
        effort_minutes: draft.effort_minutes.map(narrow),
        capacity: draft.capacity.map(narrow),
        taken: narrow(i64::from(listing.taken)),
        supports: narrow(i64::from(listing.supports)),
        required_age: draft.requirements.minimum_age.map(narrow),
        requires_certificate: draft.requirements.childrens_certificate,
        requires_licence: draft.requirements.driving_licence,
        requires_wheelchair: draft.requirements.wheelchair_access,
        declared_age: draft.declarations.minimum_age.map(narrow),
        declares_certificate: draft.declarations.childrens_certificate,
        declares_licence: draft.declarations.driving_licence,
        declares_wheelchair: draft.declarations.wheelchair_access,
        certificate_declared_by_id: declared_by.map(Id::uuid),
        certificate_declared_at: declared_at.map(recorded),
        expires_at: draft.expires_at.map(recorded),
        posted_at: recorded(listing.posted_at),
        assured_at: recorded(listing.assured_at),
        updated_at: recorded(listing.updated_at),
        external_id: listing.external_id.clone(),
    };
    Written {
        row,
        themes: draft.themes,
    }
}

/// What an update of a listing sets: what its poster decides, not what happens to it (places taken
/// and support, which others change meanwhile) and not what never changes.
pub(crate) fn changes(row: listing::Model) -> listing::ActiveModel {
    listing::ActiveModel {
        version: Set(row.version),
        kind: Set(row.kind),
        status: Set(row.status),
        title: Set(row.title),
        task: Set(row.task),
        description: Set(row.description),
        themes: Set(row.themes),
        target_groups: Set(row.target_groups),
        languages: Set(row.languages),
        place_name: Set(row.place_name),
        address: Set(row.address),
        postal_code: Set(row.postal_code),
        latitude: Set(row.latitude),
        longitude: Set(row.longitude),
        at_home: Set(row.at_home),
        attendance: Set(row.attendance),
        reach_km: Set(row.reach_km),
        schedule: Set(row.schedule),
        effort_minutes: Set(row.effort_minutes),
        capacity: Set(row.capacity),
        required_age: Set(row.required_age),
        requires_certificate: Set(row.requires_certificate),
        requires_licence: Set(row.requires_licence),
        requires_wheelchair: Set(row.requires_wheelchair),
        declared_age: Set(row.declared_age),
        declares_certificate: Set(row.declares_certificate),
        declares_licence: Set(row.declares_licence),
        declares_wheelchair: Set(row.declares_wheelchair),
        certificate_declared_by_id: Set(row.certificate_declared_by_id),
        certificate_declared_at: Set(row.certificate_declared_at),
        expires_at: Set(row.expires_at),
        assured_at: Set(row.assured_at),
        updated_at: Set(row.updated_at),
        external_id: Set(row.external_id),
        ..Default::default()
    }
}

/// Reads a row. It goes the way of everything that comes in, through a draft, so that what the
/// record gives out is as valid as what was posted.
pub(crate) fn read(row: listing::Model, catalog: &Catalog) -> Result<Listing, StoreError> {
    let id = row.id;
    parse(row, catalog).map_err(|why| StoreError::corrupt("listing", id, why))
}

/// Reads rows; one bad row must not empty the board.
pub(crate) fn read_all(rows: Vec<Row<listing::Model>>, catalog: &Catalog) -> Vec<Listing> {
    readable(rows, "listing", |row| read(row, catalog))
}

fn parse(row: listing::Model, catalog: &Catalog) -> Result<Listing, String> {
    let status = Code::read(&row.status)?;
    let poster = poster_of(row.poster_organization_id, row.poster_person_id)?;
    let count = |value: i32| u32::try_from(value).map_err(|_| "a negative count".to_owned());
    let draft = ListingDraft {
        kind: Some(Code::read(&row.kind)?),
        title: row.title,
        task: row.task,
        description: row.description,
        themes: from_json("themes", &row.themes)?,
        target_groups: from_json("target_groups", &row.target_groups)?,
        languages: from_json("languages", &row.languages)?,
        place_name: row.place_name,
        address: row.address,
        postal_code: row.postal_code,
        point: row.latitude.zip(row.longitude),
        at_home: row.at_home,
        attendance: Some(Code::read(&row.attendance)?),
        reach_km: row.reach_km,
        schedule: from_json("schedule", &row.schedule)?,
        effort_minutes: row.effort_minutes.map(i64::from),
        capacity: row.capacity.map(i64::from),
        requirements: Requirements {
            minimum_age: row.required_age.map(i64::from),
            childrens_certificate: row.requires_certificate,
            driving_licence: row.requires_licence,
            wheelchair_access: row.requires_wheelchair,
        },
        declarations: Declarations {
            minimum_age: row.declared_age.map(i64::from),
            childrens_certificate: row.declares_certificate,
            driving_licence: row.declares_licence,
            wheelchair_access: row.declares_wheelchair,
        },
        expires_at: row.expires_at,
    };
    Ok(Listing {
        id: Id::new(row.id),
        version: row.version,
        revision: row.revision,
        poster,
        posted_by: Id::new(row.posted_by_id),
        status,
        content: Content::restore(&draft, catalog).map_err(|problems| fields(&problems))?,
        taken: count(row.taken)?,
        supports: count(row.supports)?,
        posted_at: row.posted_at,
        assured_at: row.assured_at,
        updated_at: row.updated_at,
        certificate_declared: row
            .certificate_declared_by_id
            .map(Id::new)
            .zip(row.certificate_declared_at),
        external_id: row.external_id,
    })
}

/// The columns of a poster: organization and person, one of them empty.
pub(crate) fn poster_columns(poster: Poster) -> (Option<Uuid>, Option<Uuid>) {
    match poster {
        Poster::Organization(organization) => (Some(organization.uuid()), None),
        Poster::Person(person) => (None, Some(person.uuid())),
    }
}

/// The poster of its two columns.
pub(crate) fn poster_of(
    organization: Option<Uuid>,
    person: Option<Uuid>,
) -> Result<Poster, String> {
    match (organization, person) {
        (Some(organization), None) => Ok(Poster::Organization(Id::new(organization))),
        (None, Some(person)) => Ok(Poster::Person(Id::new(person))),
        _ => Err("not exactly one poster".into()),
    }
}

/// The fields that are wrong, without what they hold.
fn fields(problems: &[Problem]) -> String {
    let fields: Vec<String> = problems
        .iter()
        .map(|problem| problem.field.join("."))
        .collect();
    format!("not valid: {}", fields.join(", "))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn from_json<T: DeserializeOwned>(field: &str, text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|_| format!("not valid: {field}"))
}

/// The engine's bounds are far below: a capacity is at most 10,000, an effort a week of minutes.
fn narrow(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use faelled_engine::schedule::{OneOffDraft, RecurrenceDraft, ScheduleDraft};

    use super::*;

    #[test]
    fn a_schedule_stands_in_the_record_as_it_always_has() {
        let one_off = OneOffDraft {
            start: "2026-02-01T09:00".into(),
            end: "2026-02-01T12:00".into(),
        };
        let recurrence = |exceptions: &[&str]| RecurrenceDraft {
            start: "2026-01-06T14:00".into(),
            duration: "PT2H".into(),
            rule: "FREQ=WEEKLY".into(),
            exceptions: exceptions.iter().map(|e| (*e).to_owned()).collect(),
        };
        for (draft, text) in [
            (ScheduleDraft::default(), "{}".to_owned()),
            (
                ScheduleDraft {
                    one_offs: vec![one_off],
                    recurrences: vec![recurrence(&[]), recurrence(&["2026-01-13"])],
                },
                [
                    r#"{"one_offs":[{"start":"2026-02-01T09:00","end":"2026-02-01T12:00"}],"#,
                    r#""recurrences":[{"start":"2026-01-06T14:00","duration":"PT2H","rule":"FREQ=WEEKLY"},"#,
                    r#"{"start":"2026-01-06T14:00","duration":"PT2H","rule":"FREQ=WEEKLY","exceptions":["2026-01-13"]}]}"#,
                ]
                .concat(),
            ),
        ] {
            assert_eq!(json(&draft), text);
            assert_eq!(from_json::<ScheduleDraft>("schedule", &text), Ok(draft));
        }
    }
}
