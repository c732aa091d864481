//! Who is doing the same thing twice: visits to one citizen ([`visits`]), activities side by side
//! ([`activities`]), and postings that say the same ([`duplicates`]).
//!
//! Every judgement is the same from both sides, and comes with a [`Severity`] and the [`Reason`]s
//! it rests on. Here stands what the three have in common: times, places and themes of a pair.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use series::{Series, of_the_rarer, whole_days};

use crate::{
    board::Posted,
    catalog::{Catalog, TargetGroupRef},
    listing::Listing,
    place::{Attendance, Gazetteer, PostalCode},
    schedule::{Occurrence, WINDOW},
    theme::ThemeRef,
};

pub mod activities;
pub mod duplicates;
mod series;
pub mod visits;

/// How much an overlap asks for somebody's attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Low,
    /// Worth a word between the two.
    Medium,
    /// Somebody's effort is being lost.
    High,
}

/// What a judgement rests on, with the facts that a sentence needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// Some times overlap.
    AtTheSameTime {
        /// Times of the rarer side that overlap one of the other.
        times: usize,
        /// Times of the rarer side.
        of: usize,
    },
    /// None overlap; the two that lie closest have this much between them.
    HoursApart {
        /// Whole minutes, rounded down.
        minutes: i64,
    },
    /// Both take place on some local date.
    SameDay {
        /// How many dates.
        dates: usize,
    },
    /// Some visits are close to one of the other side.
    CloseTimes {
        /// Visits of the rarer side that are close to one of the other.
        times: usize,
        /// Visits of the rarer side.
        of: usize,
    },
    /// Neither has a schedule.
    ByAgreement,
    /// How far apart the two are.
    Distance {
        /// Metres.
        metres: f64,
        /// Whether a side is measured from its postcode's centre.
        coarse: bool,
    },
    /// Both are remote.
    Remote,
    /// Their themes lie on one line.
    CommonTheme {
        /// The upper theme of the two, which holds both.
        theme: ThemeRef,
        /// 1 when both name it.
        closeness: f64,
    },
    /// Both name these target groups.
    CommonTargetGroups {
        /// In the catalog's order.
        groups: Vec<TargetGroupRef>,
    },
    /// Title and task say much the same.
    AlikeText {
        /// 0..1.
        likeness: f64,
    },
}

/// The theme that two listings have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CommonTheme {
    /// The upper theme of the two, which holds both.
    pub theme: ThemeRef,
    /// How close the two are, 0..1; 1 when both name it.
    pub closeness: f64,
}

impl CommonTheme {
    fn reason(self) -> Reason {
        Reason::CommonTheme {
            theme: self.theme,
            closeness: self.closeness,
        }
    }
}

/// How far apart two listings are that lie near each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearness {
    /// Metres between the points that everyone measures from.
    pub metres: f64,
    /// Whether a side is measured from its postcode's centre.
    pub coarse: bool,
}

impl Nearness {
    fn reason(self) -> Reason {
        Reason::Distance {
            metres: self.metres,
            coarse: self.coarse,
        }
    }
}

/// When two listings take place on one day, within the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommonTimes {
    /// Times of the rarer side that overlap one of the other. Of sides with equally many times, the
    /// one with more that overlap counts.
    pub same_time: usize,
    /// Local dates on which both take place.
    pub same_day: usize,
    /// Times of the rarer side.
    pub of: usize,
    /// The first two times on one day; that of the listing with the smaller id comes first.
    pub first: (Occurrence, Occurrence),
}

impl CommonTimes {
    fn reasons(self) -> impl Iterator<Item = Reason> {
        let overlapping = (self.same_time > 0).then_some(Reason::AtTheSameTime {
            times: self.same_time,
            of: self.of,
        });
        let same_day = Reason::SameDay {
            dates: self.same_day,
        };
        overlapping.into_iter().chain([same_day])
    }
}

/// How far apart two listings may be when both lie in a town, in metres.
pub const WITHIN_TOWN: f64 = 3_000.0;
/// How far apart they may be otherwise, in metres.
pub const WITHIN_COUNTRY: f64 = 10_000.0;

/// People at least in a place that counts as a town here.
const TOWN_PEOPLE: u32 = 10_000;
/// People on a square kilometre of it, which gives its extent: few enough that a town's outer
/// postcodes lie within it, many enough that the villages around it do not.
const TOWN_DENSITY: f64 = 1_500.0;

impl Gazetteer {
    /// Whether a postcode is that of a town: its centre lies within the disc around some town of at
    /// least 10,000 people that would hold them at 1,500 on each square kilometre. A postcode that
    /// is not known is none.
    pub fn is_town(&self, code: PostalCode) -> bool {
        let Some(postcode) = self.get(code) else {
            return false;
        };
        self.towns()
            .iter()
            .filter(|town| town.population >= TOWN_PEOPLE)
            .any(|town| {
                let square_km = f64::from(town.population) / TOWN_DENSITY;
                let metres = (square_km / std::f64::consts::PI).sqrt() * 1000.0;
                town.point.metres_to(postcode.centre) <= metres
            })
    }
}

/// Whether two listings could overlap at all, told from where they are: a first look that costs
/// little. Whatever this rules out, [`activities`] and [`duplicates`] rule out as well.
pub fn could_overlap(a: &Listing, b: &Listing) -> bool {
    let is_remote = |side: &Listing| side.content.attendance == Attendance::Remote;
    let near = || a.point().metres_to(b.point()) <= WITHIN_COUNTRY;
    a.poster != b.poster && is_remote(a) == is_remote(b) && (is_remote(a) || near())
}

/// Two listings in the order of their ids, so that no answer depends on which was named first;
/// nothing for a listing and itself.
fn in_order<'p>(a: &'p Posted, b: &'p Posted) -> Option<(&'p Posted, &'p Posted)> {
    match a.listing.id.cmp(&b.listing.id) {
        Ordering::Less => Some((a, b)),
        Ordering::Greater => Some((b, a)),
        Ordering::Equal => None,
    }
}

/// The closest pair of themes on one line. Of equally close ones, the upper theme that stands first
/// in the tree decides.
fn common_theme(catalog: &Catalog, a: &Posted, b: &Posted) -> Option<CommonTheme> {
    let tree = &catalog.themes;
    let theirs = &b.listing.content.themes;
    let pairs = a.listing.content.themes.iter();
    pairs
        .flat_map(|ours| theirs.iter().map(move |theirs| (*ours, *theirs)))
        .filter_map(|(ours, theirs)| {
            let closeness = tree.closeness(ours, theirs)?;
            let upper = if tree.is_within(ours, theirs) {
                theirs
            } else {
                ours
            };
            Some(CommonTheme {
                theme: upper,
                closeness,
            })
        })
        .max_by(|a, b| {
            a.closeness
                .total_cmp(&b.closeness)
                .then(b.theme.cmp(&a.theme))
        })
}

/// The target groups that both name, in the catalog's order: none when a side names none and so
/// means everybody. Nothing when both name some and none in common.
fn common_target_groups(a: &Posted, b: &Posted) -> Option<Vec<TargetGroupRef>> {
    let ours = &a.listing.content.target_groups;
    let theirs = &b.listing.content.target_groups;
    let mut common: Vec<TargetGroupRef> = ours
        .iter()
        .copied()
        .filter(|group| theirs.contains(group))
        .collect();
    common.sort_unstable();
    (ours.is_empty() || theirs.is_empty() || !common.is_empty()).then_some(common)
}

/// How far apart two listings are, if they lie near enough to each other.
fn near(catalog: &Catalog, a: &Posted, b: &Posted) -> Option<Nearness> {
    let (a, b) = (&a.listing, &b.listing);
    let metres = a.point().metres_to(b.point());
    let in_towns = || {
        [a, b].into_iter().all(|side| {
            let code = side.content.location.postal_code;
            catalog.gazetteer.is_town(code)
        })
    };
    let near = metres <= WITHIN_TOWN || (metres <= WITHIN_COUNTRY && !in_towns());
    near.then(|| Nearness {
        metres,
        coarse: a.is_coarse() || b.is_coarse(),
    })
}

/// When two listings take place on one local date within the window from `now`.
fn common_times(a: &Posted, b: &Posted, now: DateTime<Utc>) -> Option<CommonTimes> {
    let window = Occurrence {
        start: now,
        end: now + WINDOW,
    };
    let within = |posted: &Posted| {
        let occurrences = posted.occurrences(now);
        Series::new(occurrences.filter_map(|occurrence| occurrence.common(window)))
    };
    let (a, b) = (within(a), within(b));
    let first = Series::first_pair(&a, &b, whole_days)?;
    Some(CommonTimes {
        same_time: of_the_rarer(&a, &b, |ours, theirs| {
            ours.reached_by(theirs, |time| time).count()
        }),
        same_day: a.dates().intersection(&b.dates()).count(),
        of: a.len().min(b.len()),
        first,
    })
}

#[cfg(test)]
pub(crate) mod fixtures;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::TimeDelta;

    use super::{
        fixtures::{METRE_NORTH, Random, Side, VIBORG, catalog, now, weekly},
        *,
    };
    use crate::{
        place::{Point, Postcode, Town},
        schedule,
    };

    /// The definition, pair by pair and date by date.
    pub(super) fn slow_common_times(
        a: &Posted,
        b: &Posted,
        now: DateTime<Utc>,
    ) -> Option<CommonTimes> {
        let until = now + TimeDelta::days(56);
        let times = |posted: &Posted| -> Vec<Occurrence> {
            let cut: BTreeSet<Occurrence> = posted
                .occurrences(now)
                .filter(|time| time.start < until)
                .map(|time| Occurrence {
                    start: time.start.max(now),
                    end: time.end.min(until),
                })
                .collect();
            cut.into_iter().collect()
        };
        let (smaller, greater) = if a.listing.id < b.listing.id {
            (times(a), times(b))
        } else {
            (times(b), times(a))
        };
        let days: Vec<Occurrence> = schedule::local(now)
            .date_naive()
            .iter_days()
            .take(58)
            .map(|date| Occurrence {
                start: schedule::start_of(date),
                end: schedule::end_of(date),
            })
            .collect();
        let falls_on = |time: &Occurrence, day: &Occurrence| time.common(*day).is_some();
        let on_one_day = |x: &Occurrence, y: &Occurrence| {
            days.iter().any(|day| falls_on(x, day) && falls_on(y, day))
        };
        let overlapping = |ours: &[Occurrence], theirs: &[Occurrence]| {
            ours.iter()
                .filter(|x| theirs.iter().any(|y| x.common(*y).is_some()))
                .count()
        };
        let of = smaller.len().min(greater.len());
        let sides = [(&smaller, &greater), (&greater, &smaller)];
        let rarer = sides.iter().filter(|(ours, _)| ours.len() == of);
        Some(CommonTimes {
            same_time: rarer
                .map(|(ours, theirs)| overlapping(ours, theirs))
                .max()?,
            same_day: days
                .iter()
                .filter(|day| {
                    let fall = |times: &[Occurrence]| times.iter().any(|time| falls_on(time, day));
                    fall(&smaller) && fall(&greater)
                })
                .count(),
            of,
            first: smaller
                .iter()
                .flat_map(|x| greater.iter().map(move |y| (*x, *y)))
                .filter(|(x, y)| on_one_day(x, y))
                .min_by_key(|(x, y)| (*x.min(y), *x.max(y)))?,
        })
    }

    #[test]
    fn common_times_agree_with_every_pair_looked_at() {
        let (catalog, mut random) = (catalog(), Random::new(1));
        let posted: Vec<Posted> = (0..60)
            .map(|id| Side::random(id, &mut random).posted(&catalog))
            .collect();
        let mut together = 0;
        for (a, b) in posted
            .iter()
            .flat_map(|a| posted.iter().map(move |b| (a, b)))
        {
            // In the middle of a time, and just before and after the night of daylight saving.
            for at in ["2026-03-03T15:45", "2026-03-28T23:59", "2026-03-29T03:00"] {
                let now = schedule::instant(schedule::local_date_time(at).unwrap());
                let Some((a, b)) = in_order(a, b) else {
                    continue;
                };
                let found = common_times(a, b, now);
                assert_eq!(found, slow_common_times(a, b, now), "{a:?} {b:?}");
                together += usize::from(found.is_some());
            }
        }
        assert!(together > 1_000, "{together}");
    }

    #[test]
    fn a_time_past_midnight_falls_on_both_dates() {
        let catalog = catalog();
        let late =
            |start| Side::cafe(1).saying(|draft| draft.schedule = weekly(start, "FREQ=WEEKLY"));
        let tuesday = Side::cafe(2).posted(&catalog);
        for (start, same_day) in [
            ("2026-01-05T22:00", None),
            ("2026-01-05T22:01", Some(8)),
            ("2026-01-06T23:59", Some(8)),
            ("2026-01-07T00:00", None),
        ] {
            let found = common_times(&late(start).posted(&catalog), &tuesday, now());
            assert_eq!(found.map(|found| found.same_day), same_day, "{start}");
        }
    }

    #[test]
    fn a_town_postcode_has_its_centre_within_the_town() {
        // 15,000 people at 1,500 on each square kilometre: a radius of 1,784 m.
        let is_town = |population, metres: f64| {
            let point =
                |metres: f64| Point::new(VIBORG.0 + metres * METRE_NORTH, VIBORG.1).unwrap();
            let code = PostalCode::parse("8800").unwrap();
            let postcode = Postcode {
                code,
                name: String::new(),
                municipality_code: String::new(),
                municipality: String::new(),
                region: String::new(),
                centre: point(metres),
            };
            let town = Town {
                geoname_id: 1,
                name: String::new(),
                point: point(0.0),
                population,
            };
            Gazetteer::new([postcode], vec![town]).is_town(code)
        };
        assert!(is_town(15_000, 1_780.0));
        assert!(!is_town(15_000, 1_790.0));
        assert!(is_town(10_000, 0.0));
        assert!(!is_town(9_999, 0.0));
        assert!(!Gazetteer::default().is_town(PostalCode::parse("8800").unwrap()));
    }

    #[test]
    fn of_equally_close_themes_the_one_that_stands_first_decides() {
        let catalog = catalog();
        let naming = |id, codes: &[&str]| {
            let codes = codes.iter().map(|code| (*code).to_owned()).collect();
            Side::cafe(id)
                .saying(|draft| draft.themes = codes)
                .posted(&catalog)
        };
        let found = |ours: &[&str], theirs: &[&str]| {
            let common = common_theme(&catalog, &naming(1, ours), &naming(2, theirs))?;
            let theme = catalog.themes.get(common.theme).code.clone();
            Some((theme, common.closeness))
        };
        let both = ["football", "social-cafe"];
        let cafe = Some(("social-cafe".to_owned(), 1.0));
        assert_eq!(found(&both, &["social-cafe", "football"]), cafe);
        assert_eq!(found(&["social-cafe", "football"], &both), cafe);
        assert_eq!(found(&["companionship"], &["football"]), None);
        let above = Some(("companionship".to_owned(), 2.0 / 3.0));
        assert_eq!(found(&["social-cafe"], &["companionship", "sport"]), above);
    }
}
