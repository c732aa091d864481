//! A small house for tests: a catalog, listings that are easily changed, and random numbers.

use chrono::{DateTime, Utc};

use crate::{
    board::Posted,
    catalog::{Catalog, TargetGroup},
    id::Id,
    listing::{Content, Listing, ListingDraft, ListingKind, ListingStatus, Poster},
    matching::Weights,
    place::{Attendance, Gazetteer, Point, PostalCode, Postcode, Town},
    schedule::{RecurrenceDraft, ScheduleDraft, instant, local_date_time},
    theme::ThemeTree,
};

/// The centre of Viborg, and of its postcode.
pub(crate) const VIBORG: (f64, f64) = (56.45, 9.40);

/// Degrees of latitude in a metre.
pub(crate) const METRE_NORTH: f64 = 1.0 / 111_195.0;

/// A Monday morning; daylight saving begins within the window.
pub(crate) fn now() -> DateTime<Utc> {
    instant(local_date_time("2026-03-02T08:00").unwrap())
}

/// A catalog with one town, a village and a small town; three levels of themes.
pub(crate) fn catalog() -> Catalog {
    let mut themes = ThemeTree::default();
    for (code, parent) in [
        ("companionship", None),
        ("visiting-friend", Some("companionship")),
        ("visiting-dog", Some("visiting-friend")),
        ("social-cafe", Some("companionship")),
        ("sport", None),
        ("football", Some("sport")),
    ] {
        themes.add(code, parent, code, code).unwrap();
    }
    let point = |(latitude, longitude)| Point::new(latitude, longitude).unwrap();
    let postcode = |code: &str, name: &str, at| Postcode {
        code: PostalCode::parse(code).unwrap(),
        name: name.into(),
        municipality_code: "0791".into(),
        municipality: "Viborg".into(),
        region: "Region Midtjylland".into(),
        centre: point(at),
    };
    let town = |geoname_id, name: &str, at, population| Town {
        geoname_id,
        name: name.into(),
        point: point(at),
        population,
    };
    let gazetteer = Gazetteer::new(
        [
            postcode("8800", "Viborg", VIBORG),
            postcode("8831", "Løgstrup", (56.51, 9.33)),
            postcode("8850", "Bjerringbro", (56.38, 9.66)),
        ],
        vec![
            town(1, "Viborg", VIBORG, 41_239),
            town(2, "Bjerringbro", (56.38, 9.66), 7_437),
        ],
    );
    let group = |code: &str| TargetGroup {
        code: code.into(),
        label_da: code.into(),
        label_en: code.into(),
    };
    let groups = ["older-people", "children", "families"].map(group);
    Catalog::new(themes, gazetteer, groups.into(), Weights::default())
}

pub(crate) fn organization(number: u8) -> Poster {
    Poster::Organization(Id::from_random([number; 16]))
}

pub(crate) fn person(number: u8) -> Poster {
    Poster::Person(Id::from_random([number; 16]))
}

/// A rule from a local start on, two hours each time.
pub(crate) fn weekly(start: &str, rule: &str) -> ScheduleDraft {
    ScheduleDraft {
        one_offs: Vec::new(),
        recurrences: vec![RecurrenceDraft {
            start: start.into(),
            duration: "PT2H".into(),
            rule: rule.into(),
            exceptions: Vec::new(),
        }],
    }
}

/// A named change to a listing.
pub(crate) type Change = (&'static str, fn(&mut Side));

/// A listing as a test changes it.
#[derive(Debug, Clone)]
pub(crate) struct Side {
    pub(crate) id: u8,
    pub(crate) poster: Poster,
    pub(crate) status: ListingStatus,
    pub(crate) taken: u32,
    pub(crate) draft: ListingDraft,
}

impl Side {
    /// A social café for older people in the middle of Viborg, every Tuesday at 14, offered by the
    /// organization of the same number.
    pub(crate) fn cafe(id: u8) -> Self {
        let draft = ListingDraft {
            kind: Some(ListingKind::Offer),
            title: "Tirsdagscafé i Viborg".into(),
            task: "Kaffe, kage og nogen at snakke med.".into(),
            themes: vec!["social-cafe".into()],
            target_groups: vec!["older-people".into()],
            postal_code: "8800".into(),
            point: Some(VIBORG),
            attendance: Some(Attendance::AtMyPlace),
            schedule: weekly("2026-01-06T14:00", "FREQ=WEEKLY;BYDAY=TU"),
            ..ListingDraft::default()
        };
        Self {
            id,
            poster: organization(id),
            status: ListingStatus::Open,
            taken: 0,
            draft,
        }
    }

    /// The same moved north by so many metres.
    pub(crate) fn north(mut self, metres: f64) -> Self {
        self.draft.point = Some((VIBORG.0 + metres * METRE_NORTH, VIBORG.1));
        self
    }

    /// The same with a change to what it says.
    pub(crate) fn saying(mut self, change: impl FnOnce(&mut ListingDraft)) -> Self {
        change(&mut self.draft);
        self
    }

    pub(crate) fn posted(&self, catalog: &Catalog) -> Posted {
        let at = now() - chrono::TimeDelta::days(30);
        let listing = Listing {
            id: Id::from_random([self.id; 16]),
            version: 1,
            revision: 1,
            poster: self.poster,
            posted_by: Id::from_random([200; 16]),
            status: self.status,
            content: Content::parse(&self.draft, catalog).unwrap(),
            taken: self.taken,
            supports: 0,
            posted_at: at,
            assured_at: at,
            updated_at: at,
            certificate_declared: None,
            external_id: None,
        };
        Posted::new(listing, catalog, now())
    }

    /// Any listing: one that often overlaps another such, or nearly.
    pub(crate) fn random(id: u8, random: &mut Random) -> Self {
        let codes = |random: &mut Random, lists: &[&[&str]]| -> Vec<String> {
            let list = random.one_of(lists);
            list.iter().map(|code| (*code).to_owned()).collect()
        };
        let schedules = [
            ScheduleDraft::default(),
            weekly("2026-01-06T14:00", "FREQ=WEEKLY;BYDAY=TU"),
            weekly("2026-01-06T15:30", "FREQ=WEEKLY;BYDAY=TU,TH"),
            weekly("2026-01-07T23:00", "FREQ=WEEKLY;BYDAY=WE"),
            weekly("2026-01-08T00:30", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH"),
            weekly("2026-03-29T01:30", "FREQ=MONTHLY;BYDAY=-1SU"),
            weekly("2026-06-02T14:00", "FREQ=WEEKLY;BYDAY=TU"),
        ];
        let titles = ["Tirsdagscafé i Viborg", "Kom og vær med", "Kaffe i Viborg"];
        let tasks = ["Kaffe, kage og nogen at snakke med.", "Kaffe og snak.", ""];
        let (offer, need) = (ListingKind::Offer, ListingKind::Need);
        let attendance = [
            Attendance::AtMyPlace,
            Attendance::ITravel,
            Attendance::Either,
            Attendance::Remote,
        ];
        let themes: [&[&str]; 6] = [
            &["social-cafe"],
            &["companionship"],
            &["visiting-friend", "social-cafe"],
            &["visiting-dog"],
            &["companionship", "visiting-dog", "football"],
            &["football"],
        ];
        let groups: [&[&str]; 4] = [
            &[],
            &["older-people"],
            &["children"],
            &["families", "children"],
        ];
        let mut side = Self::cafe(id).saying(|draft| {
            draft.kind = Some(random.one_of(&[offer, offer, need, ListingKind::Wish]));
            draft.title = random.one_of(&titles).into();
            draft.task = random.one_of(&tasks).into();
            draft.themes = codes(random, &themes);
            draft.target_groups = codes(random, &groups);
            draft.postal_code = random.one_of(&["8800", "8800", "8831", "8850"]).into();
            draft.at_home = random.below(10) == 0;
            draft.attendance = Some(attendance[random.index(attendance.len())]);
            draft.reach_km = random.one_of(&[None, Some(4.0), Some(20.0)]);
            draft.schedule = schedules[random.index(schedules.len())].clone();
            draft.capacity = random.one_of(&[None, None, Some(1)]);
        });
        let metres = random.one_of(&[None, Some(0.0), Some(2_500.0), Some(6_000.0), Some(9_000.0)]);
        side = match metres {
            Some(metres) => side.north(metres),
            None => side.saying(|draft| draft.point = None),
        };
        let number = u8::try_from(random.below(3)).unwrap();
        side.poster = if random.below(4) == 0 {
            person(number)
        } else {
            organization(number)
        };
        if random.below(12) == 0 {
            side.status = ListingStatus::Paused;
        }
        side.taken = u32::try_from(random.below(2)).unwrap();
        side
    }
}

/// A small generator of numbers (xorshift64*), so that tests depend on no crate's choice.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number from zero on, below `bound`.
    pub(crate) fn below(&mut self, bound: i64) -> i64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        i64::try_from(drawn).unwrap() % bound
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(i64::try_from(length).unwrap())).unwrap()
    }

    pub(crate) fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.index(list.len())]
    }
}
