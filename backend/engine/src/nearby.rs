//! Finding listings: filters, orders and facets, judged by a scan. `docs/MATCHING.md`, *Finding
//! listings*, is the law of this room.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};

use crate::{
    board::{Board, Posted},
    catalog::{Catalog, Language, TargetGroupRef},
    id::{ListingId, OrganizationId},
    listing::{ListingKind, Poster},
    matching::{days, halving},
    place::{Attendance, Point},
    problem::{Fault, Format, Problem, Problems, shortened},
    schedule::{self, Occurrence, WINDOW},
    text,
    theme::ThemeRef,
};

/// A weekly free time as it comes in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FreeTimeDraft {
    /// The day.
    pub weekday: Weekday,
    /// Local time such as `14:00`.
    pub from: String,
    /// Local time; `24:00` ends the day.
    pub to: String,
}

/// Where to look, as it comes in: exactly one of point and postcode.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NearDraft {
    /// Latitude and longitude in decimal degrees.
    pub point: Option<(f64, f64)>,
    /// Four digits.
    pub postal_code: Option<String>,
    /// Kilometres, 0.1 to 600.
    pub radius_km: f64,
    /// Whether remote listings are found as well.
    pub include_remote: bool,
}

/// A filter as it comes in. What is absent or empty asks for nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FilterDraft {
    /// Where.
    pub near: Option<NearDraft>,
    /// Kinds.
    pub kinds: Vec<ListingKind>,
    /// Theme codes.
    pub themes: Vec<String>,
    /// Target group codes.
    pub target_groups: Vec<String>,
    /// ISO 639-1 codes.
    pub languages: Vec<String>,
    /// Attendances.
    pub attendance: Vec<Attendance>,
    /// Local dates, both included.
    pub dates: Option<(NaiveDate, NaiveDate)>,
    /// When the asker is free.
    pub free_times: Vec<FreeTimeDraft>,
    /// Organizations.
    pub organizations: Vec<OrganizationId>,
    /// Words.
    pub text: String,
}

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Near {
    point: Point,
    metres: f64,
    include_remote: bool,
}

/// A weekly free time within one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FreeTime {
    weekday: Weekday,
    from: TimeDelta,
    to: TimeDelta,
}

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    near: Option<Near>,
    kinds: HashSet<ListingKind>,
    themes: Vec<ThemeRef>,
    target_groups: Vec<TargetGroupRef>,
    languages: Vec<Language>,
    attendance: HashSet<Attendance>,
    dates: Option<(NaiveDate, NaiveDate)>,
    free_times: Vec<FreeTime>,
    organizations: HashSet<OrganizationId>,
    words: Vec<String>,
}

const MAX_ASKED: usize = 50;

impl Filter {
    /// Reads a filter and gathers everything that is wrong with it.
    pub fn parse(draft: &FilterDraft, catalog: &Catalog) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let near = match &draft.near {
            Some(near) => problems
                .take_within("near", parse_near(near, catalog))
                .map(Some),
            None => Some(None),
        };
        let themes = each(&mut problems, "themes", &draft.themes, |code| {
            catalog.resolve_theme(code)
        });
        let target_groups = each(
            &mut problems,
            "targetGroups",
            &draft.target_groups,
            |code| catalog.resolve_target_group(code),
        );
        let languages = each(
            &mut problems,
            "languages",
            &draft.languages,
            Language::parse,
        );
        if draft.organizations.len() > MAX_ASKED {
            let got = draft.organizations.len();
            problems.note(
                "organizations",
                Fault::TooMany {
                    max: MAX_ASKED,
                    got,
                },
            );
        }
        if let Some((from, to)) = draft.dates {
            check_dates(&mut problems, from, to);
        }
        let free_times = parse_free_times(&mut problems, &draft.free_times);
        let words = problems
            .take("text", text::line(&draft.text, 0, 200))
            .map(|text| text::words(&text));
        let filter = (|| {
            Some(Self {
                near: near?,
                kinds: draft.kinds.iter().copied().collect(),
                themes: themes?,
                target_groups: target_groups?,
                languages: languages?,
                attendance: draft.attendance.iter().copied().collect(),
                dates: draft.dates,
                free_times: free_times?,
                organizations: draft.organizations.iter().copied().collect(),
                words: words?,
            })
        })();
        problems.finish(filter)
    }

    /// Whether distances can be told.
    pub const fn has_point(&self) -> bool {
        self.near.is_some()
    }

    /// Metres from the point asked about; nothing without one, or for a remote listing.
    fn metres(&self, posted: &Posted) -> Option<f64> {
        let near = self.near?;
        (posted.listing.content.attendance != Attendance::Remote)
            .then(|| near.point.metres_to(posted.listing.point()))
    }

    /// The filter at `now`: what follows from it alone is worked out once, not for each listing.
    pub fn at(&self, now: DateTime<Utc>) -> Search<'_> {
        Search {
            filter: self,
            free: self.free_stretches(now),
            now,
        }
    }

    fn finds(
        &self,
        board: &Board,
        catalog: &Catalog,
        posted: &Posted,
        search: &Search<'_>,
    ) -> bool {
        let now = search.now;
        let content = &posted.listing.content;
        let near_enough = self.near.is_none_or(|near| match self.metres(posted) {
            Some(metres) => metres <= near.metres,
            None => near.include_remote,
        });
        let spoken = if content.languages.is_empty() {
            &[Language::DANISH][..]
        } else {
            &content.languages
        };
        near_enough
            && (self.kinds.is_empty() || self.kinds.contains(&content.kind))
            && (self.attendance.is_empty() || self.attendance.contains(&content.attendance))
            && holds(&self.themes, |asked| {
                content
                    .themes
                    .iter()
                    .any(|theme| catalog.themes.is_within(*theme, *asked))
            })
            && (content.target_groups.is_empty()
                || holds(&self.target_groups, |asked| {
                    content.target_groups.contains(asked)
                }))
            && holds(&self.languages, |asked| spoken.contains(asked))
            && (self.organizations.is_empty()
                || matches!(posted.listing.poster, Poster::Organization(id) if self.organizations.contains(&id)))
            && self.fits_dates(posted, now)
            && self.fits_free_times(posted, search)
            && (self.words.is_empty() || self.text_score(board, posted).is_some())
    }

    /// The occurrences that count: those of the dates asked for (or of `otherwise`) that end after
    /// `now`.
    fn counted<'a>(
        &self,
        posted: &'a Posted,
        now: DateTime<Utc>,
        otherwise: Occurrence,
    ) -> impl Iterator<Item = Occurrence> + 'a {
        let span = self.dates.map_or(otherwise, |(from, to)| Occurrence {
            start: schedule::start_of(from),
            end: schedule::end_of(to),
        });
        posted
            .occurrences(now)
            .filter(move |occurrence| occurrence.common(span).is_some())
    }

    fn fits_dates(&self, posted: &Posted, now: DateTime<Utc>) -> bool {
        self.dates.is_none()
            || posted.is_by_agreement()
            || self.counted(posted, now, window(now)).next().is_some()
    }

    fn fits_free_times(&self, posted: &Posted, search: &Search<'_>) -> bool {
        if self.free_times.is_empty() {
            return true;
        }
        let (free, now) = (&search.free, search.now);
        let effort = posted.listing.content.effort;
        if posted.is_by_agreement() {
            return effort.is_none_or(|effort| free.iter().any(|free| free.length() >= effort));
        }
        let whole = beside(
            posted.occurrences(now),
            free.iter().copied(),
            Occurrence::holds,
        );
        whole
            || effort.is_some_and(|effort| {
                let long = free.iter().copied().filter(|free| free.length() >= effort);
                beside(posted.occurrences(now), long, |free, other| {
                    free.common(other)
                        .is_some_and(|common| common.length() >= effort)
                })
            })
    }

    /// The weekly free times within the dates asked for, or else the window, from `now` on.
    /// Stretches that touch or overlap are one.
    fn free_stretches(&self, now: DateTime<Utc>) -> Vec<Occurrence> {
        let span = match self.dates {
            Some((from, to)) => Occurrence {
                start: schedule::start_of(from).max(now),
                end: schedule::end_of(to),
            },
            None => window(now),
        };
        let first = schedule::local(span.start).date_naive();
        let last = schedule::local(span.end).date_naive();
        let mut stretches: Vec<Occurrence> = first
            .iter_days()
            .take_while(|date| *date <= last)
            .flat_map(|date| {
                self.free_times
                    .iter()
                    .filter(move |free| free.weekday == date.weekday())
                    .map(move |free| free.on(date))
            })
            .filter_map(|stretch| stretch.common(span))
            .collect();
        stretches.sort_unstable();
        let mut merged: Vec<Occurrence> = Vec::with_capacity(stretches.len());
        for stretch in stretches {
            match merged.last_mut() {
                Some(last) if stretch.start <= last.end => last.end = last.end.max(stretch.end),
                _ => merged.push(stretch),
            }
        }
        merged
    }

    /// The mean over the words asked for of the best field that holds each; nothing when a word is
    /// in no field.
    fn text_score(&self, board: &Board, posted: &Posted) -> Option<f64> {
        let words = posted.words();
        let fields: [(f64, &[String]); 6] = [
            (1.0, &words.title),
            (0.8, &words.task),
            (0.7, &words.themes),
            (0.6, &words.place),
            (0.6, board.poster_words(posted.listing.poster)),
            (0.4, &words.description),
        ];
        let best = |asked: &str| {
            fields
                .iter()
                .find(|(_, words)| words.iter().any(|word| word.starts_with(asked)))
                .map(|(weight, _)| *weight)
        };
        let scores = self
            .words
            .iter()
            .map(|asked| best(asked))
            .collect::<Option<Vec<f64>>>()?;
        Some(scores.iter().sum::<f64>() / scores.len() as f64)
    }

    /// The weighted mean of what the filter asks for, 0..1.
    fn relevance(
        &self,
        board: &Board,
        catalog: &Catalog,
        posted: &Posted,
        now: DateTime<Utc>,
    ) -> f64 {
        let mut parts = vec![(0.1, halving(days(now - posted.listing.assured_at), 60.0))];
        if !self.words.is_empty() {
            parts.push((0.5, self.text_score(board, posted).unwrap_or(0.0)));
        }
        if !self.themes.is_empty() {
            let closest = catalog
                .themes
                .closest(&posted.listing.content.themes, &self.themes);
            parts.push((0.2, closest.map_or(0.0, |(closeness, ..)| closeness)));
        }
        if self.near.is_some() {
            let nearness = self
                .metres(posted)
                .map_or(0.0, |metres| halving(metres / 1000.0, 5.0));
            parts.push((0.2, nearness));
        }
        let weights: f64 = parts.iter().map(|(weight, _)| weight).sum();
        parts
            .iter()
            .map(|(weight, value)| weight * value)
            .sum::<f64>()
            / weights
    }
}

/// A filter at one instant.
pub struct Search<'f> {
    filter: &'f Filter,
    free: Vec<Occurrence>,
    now: DateTime<Utc>,
}

impl Search<'_> {
    /// Whether an open listing is found.
    pub fn finds(&self, board: &Board, catalog: &Catalog, posted: &Posted) -> bool {
        self.filter.finds(board, catalog, posted, self)
    }
}

impl FreeTime {
    fn on(self, date: NaiveDate) -> Occurrence {
        let at = |time: TimeDelta| schedule::instant(date.and_time(NaiveTime::MIN) + time);
        Occurrence {
            start: at(self.from),
            end: at(self.to),
        }
    }
}

/// The eight weeks from `now`.
fn window(now: DateTime<Utc>) -> Occurrence {
    Occurrence {
        start: now,
        end: now + WINDOW,
    }
}

/// Whether the test holds of an occurrence and one of the two free stretches beside its start: the
/// last that begins no later, the first that begins later. Both lists are in order and no stretch
/// touches another, so that one walk does: a stretch that holds an occurrence begins no later than
/// it, and of those that are long enough for an effort, either the one that the occurrence begins in
/// has it in common with it, or the first that begins within.
fn beside(
    occurrences: impl Iterator<Item = Occurrence>,
    free: impl Iterator<Item = Occurrence>,
    test: impl Fn(Occurrence, Occurrence) -> bool,
) -> bool {
    let mut free = free.peekable();
    let mut before = None;
    for occurrence in occurrences {
        while let Some(next) = free.next_if(|free| free.start <= occurrence.start) {
            before = Some(next);
        }
        let beside = before.into_iter().chain(free.peek().copied());
        if beside.into_iter().any(|free| test(free, occurrence)) {
            return true;
        }
    }
    false
}

/// Whether nothing is asked, or something asked for holds.
fn holds<T>(asked: &[T], test: impl Fn(&T) -> bool) -> bool {
    asked.is_empty() || asked.iter().any(test)
}

fn check_dates(problems: &mut Problems, from: NaiveDate, to: NaiveDate) {
    let mut near = true;
    for (field, date) in [("dates.from", from), ("dates.to", to)] {
        near &= problems.take(field, schedule::check_year(date)).is_some();
    }
    if near && to < from {
        problems.note("dates.to", Fault::EndBeforeStart);
    } else if near {
        problems.take("dates.to", schedule::at_most(to - from, schedule::HORIZON));
    }
}

fn parse_near(draft: &NearDraft, catalog: &Catalog) -> Result<Near, Vec<Problem>> {
    let mut problems = Problems::default();
    let point = match (draft.point, &draft.postal_code) {
        (Some((latitude, longitude)), None) => {
            problems.take("point", Point::new(latitude, longitude))
        }
        (None, Some(code)) => problems
            .take("postalCode", catalog.gazetteer.resolve(code))
            .map(|postcode| postcode.centre),
        _ => {
            problems.note(
                "point",
                Fault::ExactlyOneOf {
                    fields: &["point", "postalCode"],
                },
            );
            None
        }
    };
    let reach = crate::place::Reach::from_km(draft.radius_km);
    let metres = problems.take("radiusKm", reach.map(crate::place::Reach::metres));
    let near = point.zip(metres).map(|(point, metres)| Near {
        point,
        metres,
        include_remote: draft.include_remote,
    });
    problems.finish(near)
}

fn each<T>(
    problems: &mut Problems,
    field: &str,
    given: &[String],
    resolve: impl Fn(&str) -> Result<T, Fault>,
) -> Option<Vec<T>> {
    if given.len() > MAX_ASKED {
        problems.note(
            field,
            Fault::TooMany {
                max: MAX_ASKED,
                got: given.len(),
            },
        );
        return None;
    }
    let found: Vec<Option<T>> = given
        .iter()
        .enumerate()
        .map(|(at, code)| problems.take(&format!("{field}.{at}"), resolve(code)))
        .collect();
    found.into_iter().collect()
}

fn parse_free_times(problems: &mut Problems, drafts: &[FreeTimeDraft]) -> Option<Vec<FreeTime>> {
    if drafts.len() > MAX_ASKED {
        problems.note(
            "freeTimes",
            Fault::TooMany {
                max: MAX_ASKED,
                got: drafts.len(),
            },
        );
        return None;
    }
    let mut free_times = Vec::with_capacity(drafts.len());
    let mut whole = true;
    for (at, draft) in drafts.iter().enumerate() {
        let from = problems.take(&format!("freeTimes.{at}.from"), time_of_day(&draft.from));
        let to = problems.take(&format!("freeTimes.{at}.to"), time_of_day(&draft.to));
        match from.zip(to) {
            Some((from, to)) if from < to => {
                free_times.push(FreeTime {
                    weekday: draft.weekday,
                    from,
                    to,
                });
            }
            Some(_) => {
                problems.note(&format!("freeTimes.{at}.to"), Fault::EndBeforeStart);
                whole = false;
            }
            None => whole = false,
        }
    }
    whole.then_some(free_times)
}

/// Reads a local time of the day, `00:00` to `24:00`, as the time since its start.
fn time_of_day(text: &str) -> Result<TimeDelta, Fault> {
    let malformed = || Fault::Malformed {
        expected: Format::TimeOfDay,
        value: shortened(text),
    };
    let (hours, minutes) = text.trim().split_once(':').ok_or_else(malformed)?;
    let number = |part: &str| {
        let two = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if two {
            part.parse::<i64>().map_err(|_| malformed())
        } else {
            Err(malformed())
        }
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if minutes < 60 && hours * 60 + minutes <= 24 * 60 {
        Ok(TimeDelta::minutes(hours * 60 + minutes))
    } else {
        Err(malformed())
    }
}

/// How what is found is ordered; ids decide between equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// Nearest first, remote last.
    Distance,
    /// Greatest relevance first.
    Relevance,
    /// Next start first, by agreement last.
    Start,
    /// Latest posted first.
    Newest,
}

/// A listing that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The listing.
    pub posted: Arc<Posted>,
    /// Metres from the point asked about; nothing without one, or for a remote listing.
    pub metres: Option<f64>,
    /// Where it stands in the order: ascending, ids between equals.
    pub key: SortKey,
}

/// Where a listing stands in an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SortKey {
    /// Smaller comes first.
    pub value: f64,
    /// Decides between equals.
    pub id: ListingId,
}

impl Eq for SortKey {}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value
            .total_cmp(&other.value)
            .then(self.id.cmp(&other.id))
    }
}

/// Every open listing that the filter finds, in order.
pub fn find(
    board: &Board,
    catalog: &Catalog,
    filter: &Filter,
    order: Order,
    now: DateTime<Utc>,
) -> Vec<Hit> {
    let search = filter.at(now);
    let mut hits: Vec<Hit> = board
        .open(now)
        .filter(|posted| search.finds(board, catalog, posted))
        .map(|posted| {
            let metres = filter.metres(posted);
            let value = match order {
                Order::Distance => metres.unwrap_or(f64::INFINITY),
                Order::Relevance => -filter.relevance(board, catalog, posted, now),
                Order::Start => filter
                    .counted(posted, now, horizon(now))
                    .next()
                    .map_or(f64::INFINITY, |next| next.start.timestamp_micros() as f64),
                Order::Newest => -(posted.listing.posted_at.timestamp_micros() as f64),
            };
            let key = SortKey {
                value,
                id: posted.listing.id,
            };
            Hit {
                posted: Arc::clone(posted),
                metres,
                key,
            }
        })
        .collect();
    hits.sort_unstable_by_key(|hit| hit.key);
    hits
}

fn horizon(now: DateTime<Utc>) -> Occurrence {
    Occurrence {
        start: now,
        end: now + schedule::HORIZON,
    }
}

/// How many of the listings found have what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// By theme; a listing counts once for each of its themes and each theme above them.
    pub themes: BTreeMap<ThemeRef, usize>,
    /// By kind.
    pub kinds: BTreeMap<ListingKind, usize>,
    /// By organization.
    pub organizations: BTreeMap<OrganizationId, usize>,
    /// By local weekday (0 is Monday) on which something of it starts, within the dates asked for
    /// or else the window.
    pub weekdays: BTreeMap<u32, usize>,
}

/// Counts what was found.
pub fn facets(hits: &[Hit], catalog: &Catalog, filter: &Filter, now: DateTime<Utc>) -> Facets {
    let mut facets = Facets::default();
    for hit in hits {
        let listing = &hit.posted.listing;
        let themes: HashSet<ThemeRef> = listing
            .content
            .themes
            .iter()
            .flat_map(|theme| catalog.themes.lineage(*theme))
            .collect();
        for theme in themes {
            *facets.themes.entry(theme).or_default() += 1;
        }
        *facets.kinds.entry(listing.content.kind).or_default() += 1;
        if let Poster::Organization(id) = listing.poster {
            *facets.organizations.entry(id).or_default() += 1;
        }
        let weekdays: HashSet<u32> = filter
            .counted(&hit.posted, now, window(now))
            .map(|occurrence| {
                schedule::local(occurrence.start)
                    .weekday()
                    .num_days_from_monday()
            })
            .collect();
        for weekday in weekdays {
            *facets.weekdays.entry(weekday).or_default() += 1;
        }
    }
    facets
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
    fn a_walk_finds_what_comparing_all_with_all_finds() {
        let mut state = 1_u64;
        let mut below = |bound: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            i64::try_from((state >> 33) % bound).unwrap()
        };
        for _ in 0..20_000 {
            let mut occurrences: Vec<Occurrence> = (0..below(6))
                .map(|_| stretch(below(60), below(30) + 1))
                .collect();
            occurrences.sort_unstable();
            let mut end = 0;
            let free: Vec<Occurrence> = (0..below(6))
                .map(|_| {
                    let free = stretch(end + below(10) + 1, below(15) + 1);
                    end = (free.end - at(0)).num_minutes();
                    free
                })
                .collect();
            let any = |test: &dyn Fn(Occurrence, Occurrence) -> bool| {
                let mut all = occurrences.iter();
                all.any(|occurrence| free.iter().any(|free| test(*free, *occurrence)))
            };
            let walked = |least: TimeDelta, test: &dyn Fn(Occurrence, Occurrence) -> bool| {
                let long = free.iter().copied().filter(|free| free.length() >= least);
                beside(occurrences.iter().copied(), long, test)
            };
            let holds = |free: Occurrence, other: Occurrence| free.holds(other);
            assert_eq!(walked(TimeDelta::zero(), &holds), any(&holds));
            let effort = TimeDelta::minutes(below(12) + 1);
            let common = |free: Occurrence, other: Occurrence| {
                free.common(other)
                    .is_some_and(|common| common.length() >= effort)
            };
            assert_eq!(
                walked(effort, &common),
                any(&common),
                "{effort}: {free:?} {occurrences:?}"
            );
        }
    }
}
