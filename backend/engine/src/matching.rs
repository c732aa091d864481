//! Who fits whom, how well, and why. `docs/MATCHING.md` is the law of this room.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc, Weekday};

use crate::{
    board::{Board, Posted},
    catalog::{Catalog, Language},
    id::ListingId,
    listing::{ListingKind, Requirement},
    place::Attendance,
    schedule::{self, Occurrence, WINDOW},
    text,
    theme::ThemeRef,
};

/// How much each component of a score counts; they need not sum to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Closeness in the theme tree.
    pub theme: f64,
    /// Nearness.
    pub distance: f64,
    /// Share of times covered.
    pub time: f64,
    /// A language in common.
    pub language: f64,
    /// How soon it is.
    pub urgency: f64,
    /// How lately both were confirmed.
    pub freshness: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            theme: 0.35,
            distance: 0.25,
            time: 0.20,
            language: 0.10,
            urgency: 0.05,
            freshness: 0.05,
        }
    }
}

/// What a component of a score rests on.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// The subject's theme and the counterpart's theme that are closest.
    Theme(ThemeRef, ThemeRef),
    /// How far the two are from each other.
    Distance {
        /// Metres.
        metres: f64,
        /// Whether a side is measured from its postcode's centre, because its place is private or
        /// no exact one was given.
        coarse: bool,
    },
    /// The first time that both have in common; how many times of the need meet, of how many.
    Time {
        /// What both have in common of it.
        first: Occurrence,
        /// Times of the need that meet a time of the offer.
        met: usize,
        /// Times of the need within the window.
        of: usize,
        /// Whether all that meet fall on the same weekday at the same local hours.
        weekly: bool,
    },
    /// Languages in common; none when there are none.
    Language(Vec<Language>),
    /// How soon the need is due.
    Urgency {
        /// The instant at which it was judged.
        now: DateTime<Utc>,
        /// What is due, and when.
        due: Due,
    },
    /// Days since the older of the two was confirmed.
    Freshness(f64),
}

/// What a need or a wish comes to next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Its next time starts; before now when it is under way.
    Start(DateTime<Utc>),
    /// It is by agreement, and expires.
    Expiry(DateTime<Utc>),
}

impl Due {
    fn of(need: &Posted, now: DateTime<Utc>) -> Self {
        need.next_occurrence(now).map_or_else(
            || Self::Expiry(need.listing.expires_at()),
            |next| Self::Start(next.start),
        )
    }

    /// When.
    pub const fn at(self) -> DateTime<Utc> {
        match self {
            Self::Start(at) | Self::Expiry(at) => at,
        }
    }
}

/// One component of a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// 0..1.
    pub value: f64,
    /// How much it counts.
    pub weight: f64,
    /// What it rests on.
    pub evidence: Evidence,
}

/// Two listings that fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// 0..1, the weighted mean of the components.
    pub score: f64,
    /// Metres between the two; nothing when a side is remote.
    pub metres: Option<f64>,
    /// The components that apply.
    pub components: Vec<Component>,
    /// What one side asks for and the other has not declared, each once.
    pub to_clarify: Vec<Requirement>,
}

/// A counterpart on the board, with why.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// The counterpart.
    pub posted: Arc<Posted>,
    /// How and why it fits.
    pub fit: Fit,
}

/// The open listings that fit `subject`, best first, at most `limit`. `excluded` are those that the
/// viewer knows to be declined or agreed already.
pub fn suggestions(
    board: &Board,
    catalog: &Catalog,
    subject: &Posted,
    excluded: &BTreeSet<ListingId>,
    now: DateTime<Utc>,
    limit: usize,
) -> Vec<Suggestion> {
    let candidates = board
        .open(now)
        .filter(|posted| !excluded.contains(&posted.listing.id));
    best_fits(candidates, catalog, subject, now, limit)
}

/// The candidates that fit `subject`, best first, at most `limit`.
pub fn best_fits<'a>(
    candidates: impl Iterator<Item = &'a Arc<Posted>>,
    catalog: &Catalog,
    subject: &Posted,
    now: DateTime<Utc>,
    limit: usize,
) -> Vec<Suggestion> {
    let mut found: Vec<Suggestion> = candidates
        .filter_map(|posted| {
            let fit = fit(catalog, subject, posted, now)?;
            Some(Suggestion {
                posted: Arc::clone(posted),
                fit,
            })
        })
        .collect();
    found.sort_by(by_score_then_distance);
    found.truncate(limit);
    found
}

fn by_score_then_distance(a: &Suggestion, b: &Suggestion) -> Ordering {
    // Scores are compared in steps of 1e-9, so that rounding in the last bits decides no order.
    let step = |score: f64| (score * 1e9).round();
    let far = |metres: Option<f64>| metres.unwrap_or(f64::INFINITY);
    step(b.fit.score)
        .total_cmp(&step(a.fit.score))
        .then(far(a.fit.metres).total_cmp(&far(b.fit.metres)))
        .then(a.posted.listing.id.cmp(&b.posted.listing.id))
}

/// How well two listings fit, seen from `subject`; nothing when a hard condition fails.
pub fn fit(catalog: &Catalog, subject: &Posted, other: &Posted, now: DateTime<Utc>) -> Option<Fit> {
    let (a, b) = (&subject.listing, &other.listing);
    if !a.content.kind.meets(b.content.kind)
        || a.id == b.id
        || a.poster == b.poster
        || !a.has_place()
        || !b.has_place()
        || disjoint(&a.content.target_groups, &b.content.target_groups)
    {
        return None;
    }
    let (closeness, our_theme, their_theme) = catalog
        .themes
        .closest(&a.content.themes, &b.content.themes)?;
    let mut to_clarify = a.content.requirements.to_clarify(b.content.declarations)?;
    to_clarify.extend(b.content.requirements.to_clarify(a.content.declarations)?);
    to_clarify.sort_unstable();
    to_clarify.dedup();
    let Nearness { metres } = place_fits(subject, other)?;
    let (offer, need) = if a.content.kind == ListingKind::Offer {
        (subject, other)
    } else {
        (other, subject)
    };
    let time = time_fits(offer, need, now)?;

    let weights = &catalog.weights;
    let mut components = vec![Component {
        value: closeness,
        weight: weights.theme,
        evidence: Evidence::Theme(our_theme, their_theme),
    }];
    components.extend(metres.map(|metres| Component {
        value: halving(metres / 1000.0, 5.0),
        weight: weights.distance,
        evidence: Evidence::Distance {
            metres,
            coarse: a.is_coarse() || b.is_coarse(),
        },
    }));
    if let Times::Shared {
        first,
        met,
        of,
        weekly,
    } = time
    {
        components.push(Component {
            value: met as f64 / of as f64,
            weight: weights.time,
            evidence: Evidence::Time {
                first,
                met,
                of,
                weekly,
            },
        });
    }
    components.extend(language(subject, other).map(|common| Component {
        value: if common.is_empty() { 0.0 } else { 1.0 },
        weight: weights.language,
        evidence: Evidence::Language(common),
    }));
    let due = Due::of(need, now);
    components.push(Component {
        value: (1.0 - days(due.at() - now) / days(WINDOW)).max(0.0),
        weight: weights.urgency,
        evidence: Evidence::Urgency { now, due },
    });
    let age = days(now - a.assured_at.min(b.assured_at));
    components.push(Component {
        value: halving(age, 60.0),
        weight: weights.freshness,
        evidence: Evidence::Freshness(age),
    });
    Some(Fit {
        score: weighted_mean(&components),
        metres,
        components,
        to_clarify,
    })
}

/// Length in days, never below zero.
pub(crate) fn days(length: TimeDelta) -> f64 {
    (length.num_milliseconds() as f64 / 86_400_000.0).max(0.0)
}

/// 1 at zero, half at each further `half`.
pub(crate) fn halving(value: f64, half: f64) -> f64 {
    0.5_f64.powf(value / half)
}

fn weighted_mean(components: &[Component]) -> f64 {
    let weights: f64 = components.iter().map(|component| component.weight).sum();
    let total: f64 = components
        .iter()
        .map(|component| component.weight * component.value)
        .sum();
    if weights > 0.0 { total / weights } else { 0.0 }
}

/// Whether both lists name something and nothing in common.
fn disjoint<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    !a.is_empty() && !b.is_empty() && !a.iter().any(|item| b.contains(item))
}

/// Two sides that fit in place; no metres when a side is remote.
struct Nearness {
    metres: Option<f64>,
}

fn place_fits(a: &Posted, b: &Posted) -> Option<Nearness> {
    let sides = [&a.listing, &b.listing];
    if sides
        .iter()
        .any(|side| side.content.attendance == Attendance::Remote)
    {
        return Some(Nearness { metres: None });
    }
    let metres = a.listing.point().metres_to(b.listing.point());
    let reached = sides.iter().any(|side| {
        matches!(
            side.content.attendance,
            Attendance::ITravel | Attendance::Either
        ) && side
            .content
            .reach
            .is_none_or(|reach| metres <= reach.metres())
    });
    reached.then_some(Nearness {
        metres: Some(metres),
    })
}

/// How two sides fit in time.
enum Times {
    /// A side has no schedule: the time is to be agreed.
    ByAgreement,
    /// Times meet.
    Shared {
        first: Occurrence,
        met: usize,
        of: usize,
        weekly: bool,
    },
}

fn time_fits(offer: &Posted, need: &Posted, now: DateTime<Utc>) -> Option<Times> {
    if offer.is_by_agreement() || need.is_by_agreement() {
        return Some(Times::ByAgreement);
    }
    let window = Occurrence {
        start: now,
        end: now + WINDOW,
    };
    let effort = offer
        .listing
        .content
        .effort
        .max(need.listing.content.effort);
    let within = |posted: &Posted| {
        let all = posted.occurrences(now);
        all.take_while(|occurrence| occurrence.start < window.end)
            .collect::<Vec<_>>()
    };
    let (offered, needed) = (Lanes::of(within(offer)), within(need));
    let of = needed.len();
    let (mut first, mut met, mut weekly) = (None, 0, true);
    for needed in needed {
        if let Some(offered) = offered.first_that_meets(needed, window, effort) {
            met += 1;
            let common = needed
                .common(offered)
                .and_then(|common| common.common(window));
            let kept = *first.get_or_insert(common);
            weekly = weekly && kept.map(weekly_hours) == common.map(weekly_hours);
        }
    }
    first.flatten().map(|first| Times::Shared {
        first,
        met,
        of,
        weekly,
    })
}

/// The occurrences of a listing, those in a lane of the same length, so that they are in order by
/// their end as well as by their start. There are no more lanes than entries in its schedule.
struct Lanes(BTreeMap<TimeDelta, Vec<Occurrence>>);

impl Lanes {
    fn of(occurrences: Vec<Occurrence>) -> Self {
        let mut lanes: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for occurrence in occurrences {
            lanes
                .entry(occurrence.length())
                .or_default()
                .push(occurrence);
        }
        Self(lanes)
    }

    /// The first occurrence, by start and end, that meets a needed one. In each lane, the first of
    /// those that lie within it is the first that starts no earlier; of those around it, the first
    /// that ends no earlier; and of those that have the effort in common with it, the first that
    /// ends late enough for that.
    fn first_that_meets(
        &self,
        needed: Occurrence,
        window: Occurrence,
        effort: Option<TimeDelta>,
    ) -> Option<Occurrence> {
        let start = needed.start.max(window.start);
        let first = |lane: &[Occurrence]| {
            let within = lane.partition_point(|offered| offered.start < start);
            let around = lane.partition_point(|offered| offered.end < needed.end);
            let common = effort.map(|effort| lane.partition_point(|o| o.end < start + effort));
            [Some(within), Some(around), common]
                .into_iter()
                .flatten()
                .filter_map(|at| lane.get(at).copied())
                .filter(|offered| meets(needed, *offered, window, effort))
                .min()
        };
        self.0.values().filter_map(|lane| first(lane)).min()
    }
}

/// On which weekday, from when to when, in local time.
fn weekly_hours(occurrence: Occurrence) -> (Weekday, NaiveTime, NaiveTime) {
    let (start, end) = (
        schedule::local(occurrence.start),
        schedule::local(occurrence.end),
    );
    (start.weekday(), start.time(), end.time())
}

/// Whether one lies wholly within the other and the window, or the effort fits into what both and
/// the window have in common.
fn meets(a: Occurrence, b: Occurrence, window: Occurrence, effort: Option<TimeDelta>) -> bool {
    let whole = (a.holds(b) && window.holds(b)) || (b.holds(a) && window.holds(a));
    whole
        || effort.is_some_and(|effort| {
            a.common(b)
                .and_then(|common| common.common(window))
                .is_some_and(|common| common.length() >= effort)
        })
}

/// Languages in common; nothing when neither side states one.
fn language(a: &Posted, b: &Posted) -> Option<Vec<Language>> {
    let stated = |posted: &Posted| posted.listing.content.languages.clone();
    let (ours, theirs) = (stated(a), stated(b));
    if ours.is_empty() && theirs.is_empty() {
        return None;
    }
    let spoken = |stated: Vec<Language>| {
        if stated.is_empty() {
            vec![Language::DANISH]
        } else {
            stated
        }
    };
    let theirs = spoken(theirs);
    Some(
        spoken(ours)
            .into_iter()
            .filter(|language| theirs.contains(language))
            .collect(),
    )
}

/// A listing that does much the same.
#[derive(Debug, Clone)]
pub struct Similar {
    /// The other listing.
    pub posted: Arc<Posted>,
    /// 0.5..1.
    pub similarity: f64,
    /// Metres between the two; nothing when both are remote.
    pub metres: Option<f64>,
}

/// Open listings of the same kind that do much the same near by, most similar first.
pub fn similar(
    board: &Board,
    catalog: &Catalog,
    subject: &Posted,
    now: DateTime<Utc>,
    limit: usize,
) -> Vec<Similar> {
    let mut found: Vec<Similar> = board
        .open(now)
        .filter_map(|posted| {
            let (similarity, metres) = similarity(catalog, subject, posted)?;
            Some(Similar {
                posted: Arc::clone(posted),
                similarity,
                metres,
            })
        })
        .collect();
    found.sort_by(|a, b| {
        let step = |similarity: f64| (similarity * 1e9).round();
        step(b.similarity)
            .total_cmp(&step(a.similarity))
            .then(a.posted.listing.id.cmp(&b.posted.listing.id))
    });
    found.truncate(limit);
    found
}

const SIMILAR_AT_LEAST: f64 = 0.5;
const SIMILAR_WITHIN_METRES: f64 = 10_000.0;

fn similarity(catalog: &Catalog, a: &Posted, b: &Posted) -> Option<(f64, Option<f64>)> {
    let (ours, theirs) = (&a.listing.content, &b.listing.content);
    if a.listing.id == b.listing.id
        || ours.kind != theirs.kind
        || disjoint(&ours.target_groups, &theirs.target_groups)
    {
        return None;
    }
    let (closeness, ..) = catalog.themes.closest(&ours.themes, &theirs.themes)?;
    let remote = [ours.attendance, theirs.attendance].map(|a| a == Attendance::Remote);
    let metres = match remote {
        [true, true] => None,
        [false, false] => Some(a.listing.point().metres_to(b.listing.point())),
        _ => return None,
    };
    if metres.is_some_and(|metres| metres > SIMILAR_WITHIN_METRES) {
        return None;
    }
    let nearness = metres.map_or(1.0, |metres| halving(metres / 1000.0, 2.0));
    let wording = text::dice(&a.words().heading, &b.words().heading);
    let similarity = (closeness + nearness + wording) / 3.0;
    // The same step as in the order, so that rounding neither shows nor hides one.
    (similarity >= SIMILAR_AT_LEAST - 5e-10).then_some((similarity, metres))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn stretch(start: i64, length: i64) -> Occurrence {
        Occurrence {
            start: at(start),
            end: at(start + length),
        }
    }

    #[test]
    fn lanes_find_what_comparing_with_all_finds() {
        let mut state = 1_u64;
        let mut below = |bound: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            i64::try_from((state >> 33) % bound).unwrap()
        };
        for _ in 0..50_000 {
            let window = stretch(10, 60);
            let mut offered: Vec<Occurrence> = (0..below(8))
                .map(|_| stretch(below(80), below(20) + 1))
                .collect();
            offered.sort_unstable();
            let needed = stretch(below(80), below(30) + 1);
            let effort = (below(2) == 1).then(|| TimeDelta::minutes(below(15) + 1));
            let mut all = offered.iter().copied();
            let expected = all.find(|offered| meets(needed, *offered, window, effort));
            let found = Lanes::of(offered.clone()).first_that_meets(needed, window, effort);
            assert_eq!(found, expected, "{needed:?} {effort:?} {offered:?}");
        }
    }
}
