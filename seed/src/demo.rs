//! A town out of three files: `organizations.csv`, `places.csv`, `listings.csv`. One is embedded:
//! the Viborg demo.

use std::{collections::HashSet, io::Read, path::Path};

use chrono::{Datelike, Days, NaiveDate};
use faelled_engine::{catalog::Catalog, schedule::end_of};

use crate::{
    error::{BadCell, SeedError},
    listings_csv::{self, ListingRow, last_day},
    organizations_csv::{self, OrganizationRow},
    places_csv::{self, Places},
    schedule_cell::{date_later, moved},
    table,
};

const ORGANIZATIONS: &str = "organizations.csv";
const PLACES: &str = "places.csv";
const LISTINGS: &str = "listings.csv";

/// Organizations and their listings, read and found good.
#[derive(Debug, Clone, PartialEq)]
pub struct Town {
    /// The organizations, a parent before its branches.
    pub organizations: Vec<OrganizationRow>,
    /// The places that the listings name.
    pub places: Places,
    /// The listings. A private one is its own person unless [`ListingRow::person`] says otherwise.
    pub listings: Vec<ListingRow>,
}

/// The Viborg demo as of `today`, a local date: every date moved by the whole weeks from Monday
/// 2026-01-05 to the week of `today`.
///
/// Parts of that week may be over by `today`, so a listing that only took place earlier in it is
/// not open any more.
pub fn viborg(today: NaiveDate) -> Result<Town, SeedError> {
    let town = Town::read(
        include_str!("../data/demo/organizations.csv").as_bytes(),
        include_str!("../data/demo/places.csv").as_bytes(),
        include_str!("../data/demo/listings.csv").as_bytes(),
        &crate::catalog()?,
    )?;
    Ok(town.moved_to(today))
}

/// The town in a folder that holds the three files; its dates stay as they are.
pub fn town(folder: &Path, catalog: &Catalog) -> Result<Town, SeedError> {
    Town::read(
        table::open(folder, ORGANIZATIONS)?,
        table::open(folder, PLACES)?,
        table::open(folder, LISTINGS)?,
        catalog,
    )
}

impl Town {
    /// Reads the three files and checks all of it against the catalog, but for what lies ahead,
    /// which depends on when it is loaded. The first bad row is the error.
    pub fn read(
        organizations: impl Read,
        places: impl Read,
        listings: impl Read,
        catalog: &Catalog,
    ) -> Result<Self, SeedError> {
        let organizations = parents_first(organizations_csv::read(ORGANIZATIONS, organizations)?)?;
        for row in &organizations {
            row.check(ORGANIZATIONS, catalog)?;
        }
        let known: HashSet<&str> = organizations
            .iter()
            .map(|row| row.external_id.as_str())
            .collect();
        let places = places_csv::read(PLACES, places)?;
        let listings = listings_csv::Reader::open(LISTINGS, listings, &places)?
            .map(|row| {
                let row = row?;
                row.content(LISTINGS, catalog)?;
                if let Some(id) = row.organization.as_deref().filter(|id| !known.contains(id)) {
                    let accepted = "an external id of organizations.csv, or nothing";
                    return Err(SeedError::Cells(vec![BadCell::new(
                        LISTINGS,
                        row.line,
                        "organization",
                        id,
                        accepted,
                    )]));
                }
                Ok(row)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            organizations,
            places,
            listings,
        })
    }

    /// The town with every date moved by the whole weeks from Monday 2026-01-05 to the week of
    /// `today`: schedules with their UNTIL and EXDATE, posted, assured and expires.
    #[must_use]
    pub fn moved_to(mut self, today: NaiveDate) -> Self {
        let weeks = weeks_to(today);
        for row in &mut self.listings {
            row.draft.schedule = moved(&row.draft.schedule, weeks);
            row.draft.expires_at = row
                .draft
                .expires_at
                .map(|at| end_of(date_later(last_day(at), weeks)));
            row.posted = row.posted.map(|day| date_later(day, weeks));
            row.assured = row.assured.map(|day| date_later(day, weeks));
        }
        self
    }
}

/// Whole weeks from Monday 2026-01-05 to the week of a day; negative before it.
fn weeks_to(today: NaiveDate) -> i64 {
    let monday = |day: NaiveDate| {
        day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into()))
            .unwrap_or(day)
    };
    let written = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap_or_default();
    (monday(today) - monday(written)).num_weeks()
}

/// The same organizations, each after its parent, else in their order. A parent that does not
/// exist, or that is its own descendant, is an error.
fn parents_first(rows: Vec<OrganizationRow>) -> Result<Vec<OrganizationRow>, SeedError> {
    let ids: HashSet<String> = rows.iter().map(|row| row.external_id.clone()).collect();
    let mut placed: HashSet<String> = HashSet::new();
    let mut ordered = Vec::with_capacity(rows.len());
    let mut waiting = rows;
    while !waiting.is_empty() {
        let before = ordered.len();
        let mut later = Vec::new();
        for row in waiting {
            if row
                .parent
                .as_ref()
                .is_none_or(|parent| placed.contains(parent))
            {
                placed.insert(row.external_id.clone());
                ordered.push(row);
            } else {
                later.push(row);
            }
        }
        if ordered.len() == before {
            let bad = |row: &OrganizationRow| {
                let parent = row.parent.as_deref().unwrap_or("");
                let accepted = if ids.contains(parent) {
                    "a parent that is not below it"
                } else {
                    "an external id of this file, or nothing"
                };
                BadCell::new(ORGANIZATIONS, row.line, "parent", parent, accepted)
            };
            return Err(SeedError::Cells(later.iter().map(bad).collect()));
        }
        waiting = later;
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use faelled_engine::schedule::start_of;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn weeks_are_whole() {
        for (today, weeks) in [
            ("2026-01-05", 0),
            ("2026-01-11", 0),
            ("2026-01-12", 1),
            ("2026-01-04", -1),
            ("2027-01-04", 52),
        ] {
            assert_eq!(weeks_to(day(today)), weeks, "{today}");
        }
    }

    #[test]
    fn viborg_is_good_in_any_week() {
        let catalog = crate::catalog().unwrap();
        let written = viborg(day("2026-01-05")).unwrap();
        assert!(written.organizations.len() >= 40 && written.listings.len() >= 150);
        for monday in [
            "2026-01-05",
            "2026-03-30",
            "2026-07-06",
            "2026-10-26",
            "2028-02-28",
        ] {
            let now = start_of(day(monday));
            for row in viborg(day(monday)).unwrap().listings {
                let content = row.content(LISTINGS, &catalog).unwrap();
                assert_eq!(
                    content.check_ahead(now),
                    Ok(()),
                    "{monday}: {}",
                    row.external_id
                );
                assert!(
                    row.posted.is_none_or(|posted| start_of(posted) <= now),
                    "{}",
                    row.line
                );
            }
        }
    }

    #[test]
    fn dates_move_and_weekdays_stay() {
        let (written, moved) = (
            viborg(day("2026-01-05")).unwrap(),
            viborg(day("2026-03-29")).unwrap(),
        );
        for (a, b) in written.listings.iter().zip(&moved.listings) {
            for (a, b) in [(a.posted, b.posted), (a.assured, b.assured)] {
                assert_eq!(a.map(|a| a + Days::new(77)), b);
            }
            for (a, b) in a
                .draft
                .schedule
                .recurrences
                .iter()
                .zip(&b.draft.schedule.recurrences)
            {
                assert_ne!(a.start, b.start);
                assert_eq!(a.start[10..], b.start[10..]);
                assert_eq!(a.exceptions.len(), b.exceptions.len());
            }
        }
    }

    #[test]
    fn parents_come_first_and_exist() {
        let rows = |text: &str| {
            let header = "external_id;name;kind;parent;postal_code\n".to_owned();
            parents_first(organizations_csv::read("o", (header + text).as_bytes()).unwrap())
        };
        let ids = |rows: Vec<OrganizationRow>| {
            rows.into_iter()
                .map(|row| row.external_id)
                .collect::<String>()
        };
        let text = "c;C;BRANCH;b;8800\nb;B;BRANCH;a;8800\na;A;ASSOCIATION;;8800\n";
        assert_eq!(ids(rows(text).unwrap()), "abc");
        let cycle = "a;A;BRANCH;b;8800\nb;B;BRANCH;a;8800\nc;C;BRANCH;x;8800\n";
        let message = rows(cycle).unwrap_err().to_string();
        assert!(
            message.contains("line 2, column parent: “b” is not accepted"),
            "{message}"
        );
        assert!(
            message.contains("line 4, column parent: “x” is not accepted"),
            "{message}"
        );
    }
}
