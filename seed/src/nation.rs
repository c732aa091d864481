//! The generated nation: the workload on which everything is measured, deterministic and of any
//! size. Its shares are the constants of this module and are held by its tests.
//!
//! Every listing and every organization is drawn from a stream of its own, so item *n* is the same
//! whichever items are asked for, and nothing is kept. Only how many organizations there are
//! depends on the number of listings.

mod draw;
mod land;
mod times;
mod words;

use std::{io::BufWriter, path::Path};

use chrono::{NaiveDate, TimeDelta};
use faelled_engine::{
    catalog::Catalog,
    listing::{Declarations, ListingDraft, ListingKind, Requirements},
    organization::{OrganizationKind, ProfileDraft},
    place::Attendance,
    schedule::end_of,
};

use crate::{
    error::SeedError,
    listings_csv::{self, ListingRow},
    organizations_csv::{self, OrganizationRow},
    places_csv::{self, Places},
    table,
};
use draw::{Draw, Source, Stream, Wheel};
use land::{Home, Land};
use times::{Lengths, after, draw_times};
use words::About;

/// Associations with branches; the first organizations.
const NATIONAL: usize = 20;
/// The most active organizations, whose listings lie all over the country.
const EVERYWHERE: usize = 180;
/// Softens the head of the activity: the most active posts about 1.5 % of 9,000 organizations'
/// listings, not 10 %.
const ACTIVITY_OFFSET: f64 = 9.0;
/// Themes that a nation is busy with.
const TOPICS: usize = 80;
/// Of so many listings in a row …
const BLOCK: usize = 40;
/// … so many are private persons': 15 %.
const PRIVATE: usize = 6;
/// How many of a block's private listings each of its persons posts, with weights.
const PERSONS: &[(&[usize], u32)] = &[
    (&[1, 1, 1, 1, 1, 1], 40),
    (&[2, 1, 1, 1, 1], 30),
    (&[2, 2, 1, 1], 15),
    (&[3, 1, 1, 1], 10),
    (&[3, 2, 1], 5),
];

const KINDS: &[(ListingKind, u32)] = &[
    (ListingKind::Need, 50),
    (ListingKind::Offer, 40),
    (ListingKind::Wish, 10),
];
const ATTENDANCES: &[(Attendance, u32)] = &[
    (Attendance::AtMyPlace, 55),
    (Attendance::ITravel, 30),
    (Attendance::Either, 12),
    (Attendance::Remote, 3),
];
const LANGUAGES: &[(&str, u32)] = &[
    ("da", 34),
    ("en", 25),
    ("ar", 12),
    ("uk", 9),
    ("tr", 6),
    ("pl", 5),
    ("so", 4),
    ("de", 5),
];
const AGES: &[(i64, u32)] = &[(15, 10), (16, 10), (18, 60), (21, 8), (25, 12)];
/// Offers last longer, so that needs lie within them.
const OFFER_LENGTHS: Lengths = &[(90, 10), (120, 30), (150, 10), (180, 30), (240, 20)];
const OTHER_LENGTHS: Lengths = &[(45, 5), (60, 25), (90, 25), (120, 30), (180, 15)];
const EFFORTS: &[i64] = &[30, 45, 60, 90, 120, 180];

/// A theme that the nation is busy with.
struct Topic {
    code: String,
    label: String,
    /// The topics under the same top theme, by their ranks.
    siblings: Vec<usize>,
    sibling_wheel: Option<Wheel>,
}

/// A generated nation. It keeps what it draws from (some hundred kilobytes), nothing drawn.
pub struct Nation {
    source: Source,
    listings: usize,
    organizations: usize,
    today: NaiveDate,
    land: Land,
    topics: Vec<Topic>,
    topic_wheel: Wheel,
    activity: Wheel,
    target_groups: Vec<String>,
}

/// Who posts a listing.
enum Poster {
    Organization(usize),
    Person(usize),
}

impl Nation {
    /// A nation with so many listings as of `today`, a local date. The same arguments give the
    /// same nation; it fails only on a catalog without themes below a top one, or without towns.
    pub fn new(
        catalog: &Catalog,
        listings: usize,
        seed: u64,
        today: NaiveDate,
    ) -> Result<Self, SeedError> {
        let topics = topics(catalog);
        let organizations = (listings / 8 + NATIONAL).min(9_000);
        Ok(Self {
            source: Source::new(seed),
            listings,
            organizations,
            today,
            land: Land::new(&catalog.gazetteer)?,
            topic_wheel: Wheel::zipf(topics.len(), 0.0).ok_or(SeedError::Lacks("sub-theme"))?,
            topics,
            activity: Wheel::zipf(organizations, ACTIVITY_OFFSET)
                .ok_or(SeedError::Lacks("organization"))?,
            target_groups: catalog
                .target_groups()
                .map(|group| catalog.target_group(group).code.clone())
                .collect(),
        })
    }

    /// The organizations, most active first; a parent stands before its branches.
    pub fn organizations(&self) -> impl ExactSizeIterator<Item = OrganizationRow> + '_ {
        (0..self.organizations).map(|nth| self.organization(nth))
    }

    /// The listings.
    pub fn listings(&self) -> impl ExactSizeIterator<Item = ListingRow> + '_ {
        (0..self.listings).map(|nth| self.listing(nth))
    }

    /// The `nth` organization, from 0.
    pub fn organization(&self, nth: usize) -> OrganizationRow {
        let (home, topic, mut draw) = self.organization_head(nth);
        let draw = &mut draw;
        let spot = self.land.spot(home.spot);
        let label = &self.topics[topic].label;
        let kind = if nth < NATIONAL {
            OrganizationKind::Association
        } else {
            draw.weighted(&[
                (OrganizationKind::Association, 47),
                (OrganizationKind::Branch, 40),
                (OrganizationKind::PublicBody, 10),
                (OrganizationKind::VolunteerHouse, 3),
            ])
        };
        let parent = (kind == OrganizationKind::Branch)
            .then(|| draw.index(NATIONAL.min(self.organizations)));
        let name = match parent {
            Some(parent) => {
                let (_, topic, _) = self.organization_head(parent);
                let name = words::national_name(&self.topics[topic].label);
                format!("{name}, {}", spot.name)
            }
            None if nth < NATIONAL => words::national_name(label),
            None => words::organization_name(draw, kind, &spot.name, &spot.municipality, label),
        };
        let external_id = organization_id(nth);
        OrganizationRow {
            line: nth as u64 + 2,
            profile: ProfileDraft {
                name,
                email: Some(format!("kontakt@{external_id}.example")),
                postal_code: spot.postal_code.clone(),
                description: Some(format!("Genereret organisation. {label}.")),
                ..ProfileDraft::default()
            },
            external_id,
            kind,
            parent: parent.map(organization_id),
            verified: draw.chance(0.8),
        }
    }

    /// The `nth` listing, from 0.
    pub fn listing(&self, nth: usize) -> ListingRow {
        let mut draw = self.source.draw(Stream::Listing, nth);
        let draw = &mut draw;
        let poster = match self.person(nth) {
            Some(person) => Poster::Person(person),
            None => Poster::Organization(self.activity.draw(draw)),
        };
        let (home, favourite) = self.place(&poster, draw);
        let kind = draw.weighted(KINDS);
        let attendance = draw.weighted(ATTENDANCES);
        let remote = attendance == Attendance::Remote;
        let travels = matches!(attendance, Attendance::ITravel | Attendance::Either);
        let private = matches!(poster, Poster::Person(_));
        let themes = self.themes(draw, favourite);
        let spot = self.land.spot(home.spot);
        let at = if remote {
            "på telefon".to_owned()
        } else {
            format!("i {}", spot.name)
        };
        let about = About {
            kind,
            private,
            at: &at,
            label: &self.topics[themes[0]].label,
        };
        let lengths = if kind == ListingKind::Offer {
            OFFER_LENGTHS
        } else {
            OTHER_LENGTHS
        };
        let times = draw_times(draw, self.today, lengths);
        let states_effort = if kind == ListingKind::Offer { 0.3 } else { 0.7 };
        let effort = (times.is_range || draw.chance(states_effort)).then(|| {
            let within = EFFORTS
                .iter()
                .filter(|effort| **effort <= times.shortest)
                .count();
            draw.pick(&EFFORTS[..within.max(1)])
        });
        let recurs = !times.draft.recurrences.is_empty();
        let dates = self.dates(draw);
        let draft = ListingDraft {
            kind: Some(kind),
            title: words::title(draw, &about),
            task: words::task(draw, &about),
            description: words::description(draw),
            themes: themes
                .iter()
                .map(|topic| self.topics[*topic].code.clone())
                .collect(),
            target_groups: self.target_groups(draw),
            languages: languages(draw),
            place_name: None,
            address: None,
            postal_code: spot.postal_code.clone(),
            point: Some(home.point).filter(|_| !remote),
            at_home: !remote && draw.chance(if private { 0.5 } else { 0.05 }),
            attendance: Some(attendance),
            reach_km: travels.then(|| reach_km(draw)),
            schedule: times.draft,
            effort_minutes: effort,
            capacity: Some(if draw.chance(0.5) {
                1
            } else {
                draw.between(2, 20)
            }),
            requirements: Requirements {
                minimum_age: draw.chance(0.10).then(|| draw.weighted(AGES)),
                childrens_certificate: draw.chance(0.05),
                driving_licence: false,
                wheelchair_access: draw.chance(0.08),
            },
            declarations: if kind == ListingKind::Offer {
                declarations(draw)
            } else {
                Declarations::default()
            },
            expires_at: (recurs && draw.chance(0.1))
                .then(|| end_of(after(self.today, draw.between(14, 360)))),
        };
        let (external_id, organization) = match poster {
            Poster::Organization(by) => (format!("nation-{nth}"), Some(organization_id(by))),
            Poster::Person(person) => (format!("nation-{nth}-p{person}"), None),
        };
        ListingRow {
            line: nth as u64 + 2,
            external_id,
            organization,
            draft,
            posted: Some(dates.0),
            assured: Some(dates.1),
        }
    }

    /// Writes `organizations.csv`, `places.csv` (empty: listings carry their own coordinates) and
    /// `listings.csv` into a folder that exists. A private listing's person is in its external
    /// id, as [`listings_csv`] says.
    pub fn write_csv(&self, folder: &Path) -> Result<(), SeedError> {
        let file = "organizations.csv";
        let sink = table::create(folder, file)?;
        organizations_csv::write(file, sink, self.organizations())?;
        let file = "places.csv";
        places_csv::write(file, table::create(folder, file)?, &Places::default())?;
        let file = "listings.csv";
        let sink = BufWriter::new(table::create(folder, file)?);
        let mut writer = listings_csv::Writer::create(file, sink, Places::default())?;
        for listing in self.listings() {
            writer.write(&listing)?;
        }
        writer.finish().map(drop)
    }

    /// The private person who posts a listing, if one does: 15 % of every block of listings, each
    /// person with one to three in that block.
    fn person(&self, nth: usize) -> Option<usize> {
        let (block, at) = (nth / BLOCK, nth % BLOCK);
        let mut draw = self.source.draw(Stream::Block, block);
        let mut places: [usize; BLOCK] = std::array::from_fn(|place| place);
        for drawn in 0..PRIVATE {
            places.swap(drawn, drawn + draw.index(BLOCK - drawn));
        }
        let place = places[..PRIVATE].iter().position(|place| *place == at)?;
        let shares = draw.weighted(PERSONS);
        let mut sum = 0;
        let person = shares.iter().position(|share| {
            sum += share;
            place < sum
        });
        person.map(|person| block * PRIVATE + person)
    }

    /// Home and favourite topic of an organization, and the rest of its stream.
    fn organization_head(&self, nth: usize) -> (Home, usize, Draw) {
        let mut draw = self.source.draw(Stream::Organization, nth);
        let home = self.land.home(&mut draw);
        let topic = self.topic_wheel.draw(&mut draw);
        (home, topic, draw)
    }

    /// Where a listing takes place, and what its organization likes to do. A person and a local
    /// organization post from home (an organization sometimes from its neighbourhood); the most
    /// active organizations post from anywhere.
    fn place(&self, poster: &Poster, draw: &mut Draw) -> (Home, Option<usize>) {
        match *poster {
            Poster::Person(person) => (
                self.land
                    .home(&mut self.source.draw(Stream::Person, person)),
                None,
            ),
            Poster::Organization(nth) if nth < EVERYWHERE => (self.land.home(draw), None),
            Poster::Organization(nth) => {
                let (home, topic, _) = self.organization_head(nth);
                let stays = draw.chance(0.7);
                let home = if stays {
                    home
                } else {
                    self.land.within(home.spot, draw)
                };
                (home, Some(topic).filter(|_| draw.chance(0.6)))
            }
        }
    }

    /// One to three topics; a further one is mostly from the same top theme.
    fn themes(&self, draw: &mut Draw, favourite: Option<usize>) -> Vec<usize> {
        let first = favourite.unwrap_or_else(|| self.topic_wheel.draw(draw));
        let mut themes = vec![first];
        let wanted = draw.weighted(&[(1, 60), (2, 28), (3, 12)]);
        for _ in 0..50 {
            if themes.len() == wanted {
                break;
            }
            let topic = &self.topics[first];
            let near = topic.sibling_wheel.as_ref().filter(|_| draw.chance(0.6));
            let next = match near {
                Some(wheel) => topic.siblings[wheel.draw(draw)],
                None => self.topic_wheel.draw(draw),
            };
            if !themes.contains(&next) {
                themes.push(next);
            }
        }
        themes
    }

    /// One listing in four names one or two groups.
    fn target_groups(&self, draw: &mut Draw) -> Vec<String> {
        let mut groups = Vec::new();
        if !self.target_groups.is_empty() && draw.chance(0.25) {
            let one = draw.index(self.target_groups.len());
            groups.push(self.target_groups[one].clone());
            let other = &self.target_groups[draw.index(self.target_groups.len())];
            if draw.chance(0.3) && !groups.contains(other) {
                groups.push(other.clone());
            }
        }
        groups
    }

    /// When it was posted and last confirmed: most within three months, all within a year.
    fn dates(&self, draw: &mut Draw) -> (NaiveDate, NaiveDate) {
        let oldest = draw.weighted(&[(30, 35), (90, 35), (200, 20), (360, 10)]);
        let age = draw.between(0, oldest);
        let since = if draw.chance(0.6) {
            age
        } else {
            draw.between(0, age)
        };
        let back = |days| self.today - TimeDelta::days(days);
        (back(age), back(since))
    }
}

/// Themes directly below a top one, first the first of every top theme, then the second of each,
/// and so on: in this order they get rarer.
fn topics(catalog: &Catalog) -> Vec<Topic> {
    let themes = &catalog.themes;
    let below: Vec<Vec<_>> = themes
        .children(None)
        .map(|top| themes.children(Some(top)).collect())
        .collect();
    let longest = below.iter().map(Vec::len).max().unwrap_or(0);
    let ranked: Vec<(usize, _)> = (0..longest)
        .flat_map(|nth| {
            let nth_of = move |(top, below): (usize, &Vec<_>)| Some((top, *below.get(nth)?));
            below.iter().enumerate().filter_map(nth_of)
        })
        .take(TOPICS)
        .collect();
    let topic = |(rank, (top, theme)): (usize, &(usize, _))| {
        let siblings: Vec<usize> = (0..ranked.len())
            .filter(|other| *other != rank && ranked[*other].0 == *top)
            .collect();
        let theme = themes.get(*theme);
        Topic {
            code: theme.code.clone(),
            label: theme.label_da.clone(),
            sibling_wheel: Wheel::zipf(siblings.len(), 0.0),
            siblings,
        }
    };
    ranked.iter().enumerate().map(topic).collect()
}

/// One listing in five names one to three languages.
fn languages(draw: &mut Draw) -> Vec<String> {
    let mut languages: Vec<String> = Vec::new();
    if draw.chance(0.2) {
        for _ in 0..draw.weighted(&[(1, 55), (2, 35), (3, 10)]) {
            let language = draw.weighted(LANGUAGES);
            if !languages.iter().any(|named| named == language) {
                languages.push(language.to_owned());
            }
        }
    }
    languages
}

/// Log-normal with a median of 8 km, at most 60 km, in halves of a kilometre.
fn reach_km(draw: &mut Draw) -> f64 {
    (draw.log_normal(8.0, 0.8) * 2.0).round().clamp(1.0, 120.0) / 2.0
}

/// What an offer declares: mostly nothing, some yes, a few no.
fn declarations(draw: &mut Draw) -> Declarations<i64> {
    let minimum_age = draw.chance(0.3).then(|| draw.between(15, 70));
    let mut declared =
        |yes, no| draw.weighted(&[(Some(true), yes), (Some(false), no), (None, 100 - yes - no)]);
    Declarations {
        minimum_age,
        childrens_certificate: declared(15, 4),
        driving_licence: declared(30, 8),
        wheelchair_access: declared(20, 8),
    }
}

fn organization_id(nth: usize) -> String {
    format!("nation-org-{nth}")
}

#[cfg(test)]
mod tests;
