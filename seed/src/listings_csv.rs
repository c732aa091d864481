//! Listings: the import format of `seed/data/README.md`, read row by row and written back.
//!
//! # Private persons
//!
//! A listing without an organization is a private person's. Files have no column for persons; a
//! generated file keeps them in the external id: **everything after its last `-p` names the
//! person, when that is digits only; two listings with the same suffix are the same person**
//! (`nation-123-p45` and `nation-127-p45`). Any other private listing is its own person.
//! [`ListingRow::person`] is this rule.

use std::{
    collections::{HashMap, HashSet},
    io::{Read, Write},
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use faelled_engine::{
    catalog::Catalog,
    listing::{Content, Declarations, ListingDraft, ListingKind, Requirements},
    place::Attendance,
    problem::Problem,
    schedule::{end_of, local, start_of},
};

use crate::{
    error::{BadCell, SeedError, accepted},
    places_csv::{Place, Places},
    schedule_cell,
    table::{Row, Sheet, Table, answer_text, cell},
};

/// The columns, in the order in which they are written.
pub const COLUMNS: &[&str] = &[
    "external_id",
    "kind",
    "organization",
    "title",
    "task",
    "description",
    "themes",
    "target_groups",
    "languages",
    "place",
    "address",
    "postal_code",
    "latitude",
    "longitude",
    "at_home",
    "attendance",
    "reach_km",
    "schedule",
    "effort_minutes",
    "capacity",
    "requires_minimum_age",
    "requires_childrens_certificate",
    "requires_driving_licence",
    "requires_wheelchair_access",
    "declares_minimum_age",
    "declares_childrens_certificate",
    "declares_driving_licence",
    "declares_wheelchair_access",
    "posted",
    "assured",
    "expires",
];

/// The columns that a file must have; any other may be left out.
pub const REQUIRED: &[&str] = &["external_id", "kind", "title", "themes", "attendance"];

const KINDS: [(&str, ListingKind); 3] = [
    ("OFFER", ListingKind::Offer),
    ("NEED", ListingKind::Need),
    ("WISH", ListingKind::Wish),
];
const ATTENDANCES: [(&str, Attendance); 4] = [
    ("AT_MY_PLACE", Attendance::AtMyPlace),
    ("I_TRAVEL", Attendance::ITravel),
    ("EITHER", Attendance::Either),
    ("REMOTE", Attendance::Remote),
];
const A_NUMBER: &str = "a whole number, or nothing";

/// A listing as it stands in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ListingRow {
    /// The line on which the row begins; the header's is 1.
    pub line: u64,
    /// Unique within the file.
    pub external_id: String,
    /// External id of its organization; nothing: a private person.
    pub organization: Option<String>,
    /// What the engine is to read.
    pub draft: ListingDraft,
    /// The local day on which it was posted; nothing: the day on which it is loaded.
    pub posted: Option<NaiveDate>,
    /// The local day on which it was last confirmed; nothing: the day on which it was posted.
    pub assured: Option<NaiveDate>,
}

impl ListingRow {
    /// When it was posted: the start of that local day, and never after `now`.
    pub fn posted_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.posted.map_or(now, start_of).min(now)
    }

    /// When it was last confirmed: the start of that local day, and never after `now`.
    pub fn assured_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.assured
            .map_or_else(|| self.posted_at(now), |day| start_of(day).min(now))
    }

    /// A key of the private person who posts it, by the rule of this [module](self); nothing for
    /// an organization's listing. Keys are comparable within one file.
    pub fn person(&self) -> Option<&str> {
        if self.organization.is_some() {
            return None;
        }
        let id = self.external_id.as_str();
        let key = id
            .rfind("-p")
            .map(|at| &id[at + 1..])
            .filter(|key| key.len() > 1 && key.bytes().skip(1).all(|byte| byte.is_ascii_digit()));
        Some(key.unwrap_or(id))
    }

    /// What the engine makes of the draft. Its problems are told by the columns of the file.
    pub fn content(&self, file: &str, catalog: &Catalog) -> Result<Content, SeedError> {
        Content::parse(&self.draft, catalog).map_err(|problems| {
            let bad = |problem: &Problem| {
                BadCell::new(
                    file,
                    self.line,
                    column(problem),
                    "",
                    &accepted(&problem.fault),
                )
            };
            SeedError::Cells(problems.iter().map(bad).collect())
        })
    }
}

/// The column that a problem of [`Content::parse`] or [`Content::check_ahead`] is about.
pub fn column(problem: &Problem) -> &'static str {
    let part = |nth: usize| problem.field.get(nth).map_or("", String::as_str);
    let name = match (part(0), part(1)) {
        ("targetGroups", _) => "target_groups",
        ("place", "name") => "place",
        ("place", "postalCode") => "postal_code",
        ("place", "address") => "address",
        ("place", _) => "latitude",
        ("reachKm", _) => "reach_km",
        ("effortMinutes", _) => "effort_minutes",
        ("requirements", _) => "requires_minimum_age",
        ("declarations", _) => "declares_minimum_age",
        ("expiresAt", _) => "expires",
        (field, _) => field,
    };
    COLUMNS
        .iter()
        .find(|column| **column == name)
        .copied()
        .unwrap_or("external_id")
}

/// Reads listings row by row. A bad row is an error, after which reading goes on.
///
/// What a cell means on its own is checked here; whether codes exist and texts keep their bounds
/// is for [`ListingRow::content`].
pub struct Reader<'p, R> {
    table: Table<R>,
    places: &'p Places,
    seen: HashSet<Box<str>>,
}

impl<'p, R: Read> Reader<'p, R> {
    /// Reads the header. `file` names the source in errors; `places` are those that the column
    /// `place` can name.
    pub fn open(file: &str, source: R, places: &'p Places) -> Result<Self, SeedError> {
        let table = Table::open(file, source, COLUMNS, REQUIRED)?;
        Ok(Self {
            table,
            places,
            seen: HashSet::new(),
        })
    }
}

impl<R: Read> Iterator for Reader<'_, R> {
    type Item = Result<ListingRow, SeedError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.table.next_row()? {
            Ok(row) => row,
            Err(error) => return Some(Err(error)),
        };
        Some(read_row(row, self.places, &mut self.seen))
    }
}

fn read_row(
    mut row: Row<'_>,
    places: &Places,
    seen: &mut HashSet<Box<str>>,
) -> Result<ListingRow, SeedError> {
    const AN_ID: &str = "an id that no other listing has";
    let external_id = row.required("external_id", AN_ID).and_then(|id| {
        if seen.insert(id.as_str().into()) {
            Some(id)
        } else {
            row.refuse("external_id", AN_ID)
        }
    });
    let kind = named(&mut row, "kind", "OFFER, NEED or WISH", &KINDS);
    let accepted = "AT_MY_PLACE, I_TRAVEL, EITHER or REMOTE";
    let attendance = named(&mut row, "attendance", accepted, &ATTENDANCES);
    let title = row.required("title", "3-120 characters");
    let themes = row.list("themes");
    if themes.is_empty() {
        row.note("themes", "one to five theme codes, separated by |");
    }
    let place = place(&mut row, places);
    let at_home = row.answer("at_home");
    let reach_km = row.decimal("reach_km", "kilometres, or nothing for no limit");
    let schedule = row.read("schedule", schedule_cell::ACCEPTED, schedule_cell::read);
    let effort_minutes = row.number("effort_minutes", A_NUMBER);
    let capacity = row.number("capacity", A_NUMBER);
    let requirements = requirements(&mut row);
    let declarations = declarations(&mut row);
    let posted = row.date("posted");
    let mut assured = row.date("assured");
    if let (Some(Some(posted)), Some(Some(day))) = (posted, assured)
        && day < posted
    {
        assured = row.refuse("assured", "a day not before the one on which it was posted");
    }
    let expires = row.date("expires");
    let listing = (|| {
        let place = place?;
        Some(ListingRow {
            line: row.line,
            external_id: external_id?,
            organization: row.optional("organization"),
            draft: ListingDraft {
                kind: Some(kind?),
                title: title?,
                task: row.text("task").to_owned(),
                description: row.text("description").to_owned(),
                themes,
                target_groups: row.list("target_groups"),
                languages: row.list("languages"),
                place_name: Some(place.name).filter(|name| !name.is_empty()),
                address: place.address,
                postal_code: place.postal_code,
                point: place.point,
                at_home: at_home? == Some(true),
                attendance: Some(attendance?),
                reach_km: reach_km?,
                schedule: schedule?.unwrap_or_default(),
                effort_minutes: effort_minutes?,
                capacity: capacity?,
                requirements: requirements?,
                declarations: declarations?,
                expires_at: expires?.map(end_of),
            },
            posted: posted?,
            assured: assured?,
        })
    })();
    row.finish(listing)
}

fn named<T: Copy>(
    row: &mut Row<'_>,
    column: &str,
    accepted: &str,
    names: &[(&str, T)],
) -> Option<T> {
    let read = row.read(column, accepted, |text| {
        names
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value)
    })?;
    read.or_else(|| row.refuse(column, accepted))
}

/// The place that a row names, or the one that it describes, which has no id and no name.
fn place(row: &mut Row<'_>, places: &Places) -> Option<Place> {
    let own = Place {
        external_id: row.text("place").to_owned(),
        name: String::new(),
        address: row.optional("address"),
        postal_code: row.text("postal_code").to_owned(),
        point: row.point()?,
    };
    if own.external_id.is_empty() {
        if own.postal_code.is_empty() {
            return row.refuse("postal_code", "four digits, as no place is named");
        }
        return Some(own);
    }
    let Some(known) = places.get(&own.external_id) else {
        return row.refuse("place", "an external id of places.csv, or nothing");
    };
    let columns = ["address", "postal_code", "latitude", "longitude"];
    if let Some(column) = columns.iter().find(|column| !row.text(column).is_empty()) {
        return row.refuse(column, "nothing, as a place is named");
    }
    Some(known.clone())
}

fn requirements(row: &mut Row<'_>) -> Option<Requirements<i64>> {
    let minimum_age = row.number("requires_minimum_age", A_NUMBER);
    let childrens_certificate = row.answer("requires_childrens_certificate");
    let driving_licence = row.answer("requires_driving_licence");
    let wheelchair_access = row.answer("requires_wheelchair_access");
    Some(Requirements {
        minimum_age: minimum_age?,
        childrens_certificate: childrens_certificate? == Some(true),
        driving_licence: driving_licence? == Some(true),
        wheelchair_access: wheelchair_access? == Some(true),
    })
}

fn declarations(row: &mut Row<'_>) -> Option<Declarations<i64>> {
    let minimum_age = row.number("declares_minimum_age", A_NUMBER);
    let childrens_certificate = row.answer("declares_childrens_certificate");
    let driving_licence = row.answer("declares_driving_licence");
    let wheelchair_access = row.answer("declares_wheelchair_access");
    Some(Declarations {
        minimum_age: minimum_age?,
        childrens_certificate: childrens_certificate?,
        driving_licence: driving_licence?,
        wheelchair_access: wheelchair_access?,
    })
}

/// Writes listings in the format that [`Reader`] reads.
///
/// The format keeps a place's name only in `places.csv`: a listing whose place has a name is
/// written with the id of that place, and [`Writer::finish`] hands back all places to be written
/// beside the listings. An end is written as its last local day.
pub struct Writer<W: Write> {
    file: String,
    sheet: Sheet<W>,
    places: Places,
    ids: HashMap<String, String>,
}

impl<W: Write> Writer<W> {
    /// Writes the header. `file` names the sink in errors; `places` keep their ids.
    pub fn create(file: &str, sink: W, places: Places) -> Result<Self, SeedError> {
        let sheet = Sheet::create(file, sink, COLUMNS)?;
        let ids = places
            .all()
            .iter()
            .map(|p| (likeness(p), p.external_id.clone()))
            .collect();
        Ok(Self {
            file: file.to_owned(),
            sheet,
            places,
            ids,
        })
    }

    /// Writes one listing; its `line` is not used.
    pub fn write(&mut self, row: &ListingRow) -> Result<(), SeedError> {
        let draft = &row.draft;
        let kind = KINDS.iter().find(|(_, kind)| Some(*kind) == draft.kind);
        let attendance = ATTENDANCES
            .iter()
            .find(|(_, value)| Some(*value) == draft.attendance);
        let schedule = schedule_cell::write(&draft.schedule).ok_or_else(|| {
            let title = format!("the schedule of “{}”", row.external_id);
            SeedError::Cells(vec![BadCell::new(
                &self.file,
                row.line,
                "schedule",
                &title,
                schedule_cell::ACCEPTED,
            )])
        })?;
        let place = self.place(draft);
        let own = place.is_none();
        let asked = draft.requirements;
        let declared = draft.declarations;
        let yes = |asked: bool| answer_text(asked.then_some(true)).to_owned();
        let answer = |declared| answer_text(declared).to_owned();
        self.sheet.write(&[
            row.external_id.clone(),
            cell(kind.map(|(name, _)| *name)),
            cell(row.organization.as_deref()),
            draft.title.clone(),
            draft.task.clone(),
            draft.description.clone(),
            draft.themes.join("|"),
            draft.target_groups.join("|"),
            draft.languages.join("|"),
            cell(place),
            cell(draft.address.as_deref().filter(|_| own)),
            cell(Some(draft.postal_code.as_str()).filter(|_| own)),
            cell(draft.point.filter(|_| own).map(|(latitude, _)| latitude)),
            cell(draft.point.filter(|_| own).map(|(_, longitude)| longitude)),
            yes(draft.at_home),
            cell(attendance.map(|(name, _)| *name)),
            cell(draft.reach_km),
            schedule,
            cell(draft.effort_minutes),
            cell(draft.capacity),
            cell(asked.minimum_age),
            yes(asked.childrens_certificate),
            yes(asked.driving_licence),
            yes(asked.wheelchair_access),
            cell(declared.minimum_age),
            answer(declared.childrens_certificate),
            answer(declared.driving_licence),
            answer(declared.wheelchair_access),
            cell(row.posted),
            cell(row.assured),
            cell(draft.expires_at.map(last_day)),
        ])
    }

    /// Ends the file; the places that its listings name, those given at the start included.
    pub fn finish(self) -> Result<Places, SeedError> {
        self.sheet.finish()?;
        Ok(self.places)
    }

    /// The id of the place that a draft names, a new one if need be; nothing without a name.
    fn place(&mut self, draft: &ListingDraft) -> Option<String> {
        let name = draft.place_name.clone().filter(|name| !name.is_empty())?;
        let mut place = Place {
            external_id: String::new(),
            name,
            address: draft.address.clone(),
            postal_code: draft.postal_code.clone(),
            point: draft.point,
        };
        let likeness = likeness(&place);
        if let Some(id) = self.ids.get(&likeness) {
            return Some(id.clone());
        }
        for nth in self.places.all().len() + 1.. {
            place.external_id = format!("place-{nth}");
            match self.places.add(place) {
                Ok(()) => {
                    let id = format!("place-{nth}");
                    self.ids.insert(likeness, id.clone());
                    return Some(id);
                }
                Err(back) => place = back,
            }
        }
        None
    }
}

/// Everything about a place but its id.
fn likeness(place: &Place) -> String {
    let Place {
        name,
        address,
        postal_code,
        point,
        ..
    } = place;
    format!("{name:?}{address:?}{postal_code:?}{point:?}")
}

/// The last local day of a listing that ends then: `expires` as people write it.
pub fn last_day(expires_at: DateTime<Utc>) -> NaiveDate {
    local(expires_at - TimeDelta::milliseconds(1)).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: &str = "external_id;name;address;postal_code;latitude;longitude\n\
                          huset;De Frivilliges Hus;Ll. Sct. Hans Gade 7;8800;56.4525;9.4052\n";

    fn header() -> String {
        COLUMNS.join(";") + "\n"
    }

    fn places() -> Places {
        crate::places_csv::read("places.csv", PLACES.as_bytes()).unwrap()
    }

    fn read(text: &str) -> Vec<Result<ListingRow, SeedError>> {
        Reader::open("l.csv", text.as_bytes(), &places())
            .unwrap()
            .collect()
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let text = header()
            + "a;NEED;rk;Besøgsven;Kaffe og snak.;\"Linje 1\nLinje \"\"2\"\"; slut\";visiting-friend|vigil;\
               older-people;da|en;huset;;;;;;AT_MY_PLACE;;\"2026-01-06T14:00/PT2H \
               RRULE:FREQ=WEEKLY;BYDAY=TU EXDATE:2026-01-13\";60;2;18;yes;yes;yes;;;;;2025-12-01;\
               2025-12-24;2026-10-25\n\
               b;OFFER;;Kørsel;;;driving;;;;Nytorv 1;8800;56.4511;9.4091;yes;I_TRAVEL;7.5;\
               2026-02-01T09:00/PT3H;;;;;;;30;no;yes;no;;;\n\
               c;WISH;;Sangaften;;;choir;;;;;8800;;;;EITHER;;;;;;;;;;;;;;;\n";
        let rows: Vec<_> = read(&text).into_iter().map(Result::unwrap).collect();
        assert_eq!(
            rows.iter().map(|row| row.line).collect::<Vec<_>>(),
            [2, 4, 5]
        );
        assert_eq!(
            rows[0].draft.place_name.as_deref(),
            Some("De Frivilliges Hus")
        );
        assert_eq!(rows[0].draft.point, Some((56.4525, 9.4052)));
        // The last day is the one on which clocks go back, which has 25 hours.
        assert_eq!(
            rows[0].draft.expires_at.unwrap().to_rfc3339(),
            "2026-10-25T23:00:00+00:00"
        );
        assert_eq!(
            rows[1].draft.declarations.childrens_certificate,
            Some(false)
        );

        let mut written = Vec::new();
        let mut writer = Writer::create("l.csv", &mut written, places()).unwrap();
        for row in &rows {
            writer.write(row).unwrap();
        }
        assert_eq!(writer.finish().unwrap(), places());
        assert_eq!(String::from_utf8(written).unwrap(), text);
    }

    #[test]
    fn a_named_place_gets_an_id_and_is_handed_back() {
        let text = header() + "a;NEED;;Besøgsven;;;vigil;;;huset;;;;;;EITHER;;;;;;;;;;;;;;;\n";
        let row = read(&text).remove(0).unwrap();
        let mut written = Vec::new();
        let mut writer = Writer::create("l.csv", &mut written, Places::default()).unwrap();
        writer.write(&row).unwrap();
        writer
            .write(&ListingRow {
                external_id: "b".into(),
                ..row.clone()
            })
            .unwrap();
        let places = writer.finish().unwrap();
        assert_eq!(places.all().len(), 1);
        let back: Vec<_> = Reader::open("l.csv", &written[..], &places)
            .unwrap()
            .map(|row| row.unwrap().draft)
            .collect();
        assert_eq!(back, [row.draft.clone(), row.draft]);
    }

    #[test]
    fn a_bad_row_names_every_cell_and_reading_goes_on() {
        let text = header()
            + "a;SALE;;T;;;;;;huset;;8800;;;maybe;HERE;far;tirsdag;1.5;;;;;;;;;;2025-12-24;2025-12-01;31/12\n\
               a;NEED;;Titel;;;vigil;;;;;;56.4;;;REMOTE;;;;;;;;;;;;;;;\n\
               b;NEED;;Titel\n\
               b;NEED;;Titel;;;vigil;;;;;8800;;;;REMOTE;;;;;;;;;;;;;;;\n";
        let rows = read(&text);
        let Err(SeedError::Cells(cells)) = &rows[0] else {
            panic!("{:?}", rows[0])
        };
        let columns: Vec<&str> = cells.iter().map(|cell| cell.column.as_str()).collect();
        assert_eq!(
            columns,
            [
                "kind",
                "attendance",
                "themes",
                "postal_code",
                "at_home",
                "reach_km",
                "schedule",
                "effort_minutes",
                "assured",
                "expires",
            ]
        );
        assert!(
            cells
                .iter()
                .all(|cell| cell.line == 2 && cell.file == "l.csv")
        );
        let second = rows[1].as_ref().unwrap_err().to_string();
        assert!(
            second.contains("line 3, column external_id: “a” is not accepted"),
            "{second}"
        );
        assert!(
            second.contains("line 3, column longitude: nothing stands here"),
            "{second}"
        );
        let third = rows[2].as_ref().unwrap_err().to_string();
        assert!(
            third.starts_with("l.csv, line 4: 4 cells where the header has 31"),
            "{third}"
        );
        assert!(rows[3].is_ok());
    }

    #[test]
    fn columns_may_be_left_out_and_stand_in_any_order() {
        let text = "\u{FEFF}title;external_id;themes;attendance;kind;postal_code\n\
                    Besøgsven;a;vigil;EITHER;NEED;8800\n";
        assert_eq!(read(text)[0].as_ref().unwrap().draft.title, "Besøgsven");
        let open = |text: &str| {
            Reader::open("l.csv", text.as_bytes(), &places())
                .err()
                .unwrap()
                .to_string()
        };
        assert_eq!(
            open("external_id;kind;title;themes\n"),
            "l.csv, line 1: the column attendance is missing"
        );
        assert!(
            open("external_id,kind\n")
                .starts_with("l.csv, line 1: no column is called “external_id,kind”")
        );
        assert!(open("kind;kind\n").ends_with("the column kind stands twice"));
    }

    #[test]
    fn what_the_engine_refuses_is_told_by_column() {
        let catalog = crate::catalog().unwrap();
        let text = header()
            + "a;NEED;;T;;;nothing;;xx;;;0001;;;;EITHER;9999;\"2026-01-06T14:00/PT2H RRULE:FREQ=NEVER\";;0;;;;;;;;;;;\n";
        let row = read(&text).remove(0).unwrap();
        let Err(SeedError::Cells(cells)) = row.content("l.csv", &catalog) else {
            panic!()
        };
        let columns: Vec<&str> = cells.iter().map(|cell| cell.column.as_str()).collect();
        assert_eq!(
            columns,
            [
                "title",
                "themes",
                "languages",
                "postal_code",
                "reach_km",
                "schedule",
                "capacity"
            ]
        );
    }

    #[test]
    fn persons_are_told_from_the_external_id() {
        let row = |id: &str, organization: Option<&str>| {
            let text = header() + "a;NEED;;Titel;;;vigil;;;;;8800;;;;REMOTE;;;;;;;;;;;;;;;\n";
            let row = read(&text).remove(0).unwrap();
            ListingRow {
                external_id: id.into(),
                organization: organization.map(str::to_owned),
                ..row
            }
        };
        for (id, person) in [
            ("nation-123-p45", "p45"),
            ("a-p1-p2", "p2"),
            ("demo-001", "demo-001"),
            ("besøg-parken", "besøg-parken"),
            ("a-p", "a-p"),
        ] {
            assert_eq!(row(id, None).person(), Some(person));
        }
        assert_eq!(row("nation-1-p45", Some("rk")).person(), None);
    }

    #[test]
    fn days_begin_at_local_midnight_and_never_lie_ahead() {
        let text = header() + "a;NEED;;Titel;;;vigil;;;;;8800;;;;REMOTE;;;;;;;;;;;;;2026-01-02;;\n";
        let row = read(&text).remove(0).unwrap();
        let now = "2026-01-10T12:00:00Z".parse().unwrap();
        assert_eq!(row.posted_at(now).to_rfc3339(), "2026-01-01T23:00:00+00:00");
        assert_eq!(row.assured_at(now), row.posted_at(now));
        let before = "2026-01-01T12:00:00Z".parse().unwrap();
        assert_eq!(row.posted_at(before), before);
    }
}
