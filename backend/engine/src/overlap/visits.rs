//! Two arrangements that bring visitors of different organizations to the same citizen. Whether it
//! is the same citizen is decided elsewhere; here only times are judged, so that nothing of this
//! tells who or where the citizen is.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Reason, Severity,
    series::{Series, of_the_rarer, whole_days},
};
use crate::schedule::Occurrence;

/// Visits with less than this between them are close.
pub const CLOSE: TimeDelta = TimeDelta::hours(24);

/// How close the visits of two arrangements come to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closeness {
    /// The least time between two visits; zero when some overlap, or one begins as another ends.
    pub least_gap: TimeDelta,
    /// Local dates with visits of both.
    pub same_dates: usize,
    /// Visits of the rarer series that overlap one of the other. Of equally long series, the one
    /// with more of them counts.
    pub same_time: usize,
    /// Visits of the rarer series that are close to one of the other, counted likewise.
    pub times: usize,
    /// Visits of the rarer series.
    pub of: usize,
    /// The first close pair, in the order of the arguments: the one of which the earlier visit is
    /// the earliest, then of which the later visit is.
    pub first: (Occurrence, Occurrence),
    /// The latest end of a visit that is close to one of the other series. From then on nothing of
    /// this is true any more.
    pub last_until: DateTime<Utc>,
}

/// How close the visits of two arrangements come to each other; nothing when none are close. Two
/// visits are close when they share a local date, or have less than 24 hours between them. A visit
/// that stands twice in a series counts once.
pub fn closeness(a: &[Occurrence], b: &[Occurrence]) -> Option<Closeness> {
    let series = |visits: &[Occurrence]| Series::new(visits.iter().copied());
    let (a, b) = (series(a), series(b));
    let first = Series::first_pair(&a, &b, reach)?;
    let close = a.reached_by(&b, reach).chain(b.reached_by(&a, reach));
    Some(Closeness {
        least_gap: least_gap(&a, &b)?,
        same_dates: a.dates().intersection(&b.dates()).count(),
        same_time: of_the_rarer(&a, &b, |ours, theirs| {
            ours.reached_by(theirs, |visit| visit).count()
        }),
        times: of_the_rarer(&a, &b, |ours, theirs| {
            ours.reached_by(theirs, reach).count()
        }),
        of: a.len().min(b.len()),
        first,
        last_until: close.map(|visit| visit.end).max()?,
    })
}

impl Closeness {
    /// High when visits overlap, or half or more of the rarer series are close; medium when visits
    /// fall on one date, or a quarter or more are close; else low.
    pub fn severity(&self) -> Severity {
        if self.same_time > 0 || self.times * 2 >= self.of {
            Severity::High
        } else if self.same_dates > 0 || self.times * 4 >= self.of {
            Severity::Medium
        } else {
            Severity::Low
        }
    }

    /// What this rests on, weightiest first: times alone.
    pub fn reasons(&self) -> Vec<Reason> {
        let nearest = if self.same_time > 0 {
            Reason::AtTheSameTime {
                times: self.same_time,
                of: self.of,
            }
        } else {
            Reason::HoursApart {
                minutes: self.least_gap.num_minutes(),
            }
        };
        let same_day = (self.same_dates > 0).then_some(Reason::SameDay {
            dates: self.same_dates,
        });
        let close = Reason::CloseTimes {
            times: self.times,
            of: self.of,
        };
        [Some(nearest), same_day, Some(close)]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// The stretch of which whatever meets it is close to the visit: its local dates, and 24 hours on
/// both sides. Both hold the visit itself, so that together they are one stretch.
fn reach(visit: Occurrence) -> Occurrence {
    let days = whole_days(visit);
    Occurrence {
        start: days.start.min(visit.start - CLOSE),
        end: days.end.max(visit.end + CLOSE),
    }
}

/// The least time between a visit of one series and one of the other.
fn least_gap(a: &Series, b: &Series) -> Option<TimeDelta> {
    let gaps = a.occurrences.iter().filter_map(|visit| {
        if b.meets(*visit) {
            return Some(TimeDelta::zero());
        }
        let before = b.latest_end_of_started(visit.start);
        let after = b.next_start(visit.end);
        let gaps = [
            before.map(|end| visit.start - end),
            after.map(|start| start - visit.end),
        ];
        gaps.into_iter().flatten().min()
    });
    gaps.min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        overlap::fixtures::Random,
        schedule::{end_of, instant, local_date_time, start_of},
    };

    fn visit(start: &str, end: &str) -> Occurrence {
        let at = |text| instant(local_date_time(text).unwrap());
        Occurrence {
            start: at(start),
            end: at(end),
        }
    }

    /// The definition, pair by pair.
    fn slow_closeness(a: &[Occurrence], b: &[Occurrence]) -> Option<Closeness> {
        let gap = |x: &Occurrence, y: &Occurrence| {
            (x.start - y.end)
                .max(y.start - x.end)
                .max(TimeDelta::zero())
        };
        let overlap = |x: &Occurrence, y: &Occurrence| x.start < y.end && y.start < x.end;
        let visited = |day: &Occurrence, visits: &[Occurrence]| {
            visits.iter().any(|visit| overlap(visit, day))
        };
        let days: Vec<Occurrence> = all_dates(a.iter().chain(b));
        let close = |x: &Occurrence, y: &Occurrence| {
            gap(x, y) < TimeDelta::hours(24)
                || days
                    .iter()
                    .any(|day| visited(day, &[*x]) && visited(day, &[*y]))
        };
        let pairs: Vec<(Occurrence, Occurrence)> = a
            .iter()
            .flat_map(|x| b.iter().map(move |y| (*x, *y)))
            .collect();
        let close_pairs: Vec<_> = pairs.iter().filter(|(x, y)| close(x, y)).copied().collect();
        let count = |related: &dyn Fn(&Occurrence, &Occurrence) -> bool| {
            let of_a = a.iter().filter(|x| b.iter().any(|y| related(x, y))).count();
            let of_b = b.iter().filter(|y| a.iter().any(|x| related(x, y))).count();
            match a.len().cmp(&b.len()) {
                std::cmp::Ordering::Less => of_a,
                std::cmp::Ordering::Greater => of_b,
                std::cmp::Ordering::Equal => of_a.max(of_b),
            }
        };
        Some(Closeness {
            least_gap: pairs.iter().map(|(x, y)| gap(x, y)).min()?,
            same_dates: days
                .iter()
                .filter(|day| visited(day, a) && visited(day, b))
                .count(),
            same_time: count(&overlap),
            times: count(&close),
            of: a.len().min(b.len()),
            first: close_pairs
                .iter()
                .copied()
                .min_by_key(|(x, y)| (*x.min(y), *x.max(y)))?,
            last_until: close_pairs.iter().map(|(x, y)| x.end.max(y.end)).max()?,
        })
    }

    fn all_dates<'o>(visits: impl Iterator<Item = &'o Occurrence> + Clone) -> Vec<Occurrence> {
        let first = visits.clone().map(|visit| visit.start).min();
        let last = visits.map(|visit| visit.end).max();
        let (Some(first), Some(last)) = (first, last) else {
            return Vec::new();
        };
        let date = crate::schedule::local(first).date_naive();
        date.iter_days()
            .map(|date| Occurrence {
                start: start_of(date),
                end: end_of(date),
            })
            .take_while(|day| day.start < last)
            .collect()
    }

    fn mirrored(closeness: Closeness) -> Closeness {
        Closeness {
            first: (closeness.first.1, closeness.first.0),
            ..closeness
        }
    }

    /// Up to seven visits that start on quarters of an hour, half of them soon after a midnight,
    /// within days or within weeks of an instant.
    fn random_series(random: &mut Random, around: DateTime<Utc>) -> Vec<Occurrence> {
        let days = random.one_of(&[2, 4, 12, 40]);
        let from = around - TimeDelta::days(days) / 2;
        let mut visits: Vec<Occurrence> = (0..random.below(8))
            .map(|_| {
                let minutes = if random.below(2) == 0 {
                    random.below(days) * 24 * 60 + random.below(9) * 15 - 60
                } else {
                    random.below(days * 24 * 4) * 15
                };
                let start = from + TimeDelta::minutes(minutes);
                let length = random.one_of(&[15, 60, 120, 24 * 60, 25 * 60, 3 * 24 * 60]);
                Occurrence {
                    start,
                    end: start + TimeDelta::minutes(length),
                }
            })
            .collect();
        visits.sort_unstable();
        visits.dedup();
        visits
    }

    #[test]
    fn the_merge_agrees_with_every_pair_looked_at() {
        let mut random = Random::new(29);
        let (mut close, mut apart, mut severities) = (0, 0, std::collections::BTreeSet::new());
        for around in ["2026-03-29T00:00", "2026-10-25T00:00", "2026-06-15T23:00"] {
            let around = instant(local_date_time(around).unwrap());
            for _ in 0..10_000 {
                let a = random_series(&mut random, around);
                let b = random_series(&mut random, around);
                let found = closeness(&a, &b);
                assert_eq!(found, slow_closeness(&a, &b), "{a:?} {b:?}");
                assert_eq!(found.map(mirrored), closeness(&b, &a), "{a:?} {b:?}");
                match found {
                    Some(found) => {
                        close += 1;
                        severities.insert(found.severity());
                    }
                    None => apart += 1,
                }
            }
        }
        assert!(close > 1_000 && apart > 1_000, "{close} {apart}");
        assert_eq!(severities.len(), 3);
    }

    #[test]
    fn two_visits_are_close_on_one_date_or_within_a_day() {
        let evening = visit("2026-06-15T20:00", "2026-06-15T22:00");
        let cases = [
            ("2026-06-15T08:00", "2026-06-15T09:00", Some((660, 0, 1))),
            ("2026-06-15T21:00", "2026-06-15T23:00", Some((0, 1, 1))),
            ("2026-06-15T22:00", "2026-06-15T23:00", Some((0, 0, 1))),
            ("2026-06-15T23:00", "2026-06-16T01:00", Some((60, 0, 1))),
            ("2026-06-16T00:00", "2026-06-16T01:00", Some((120, 0, 0))),
            ("2026-06-14T23:00", "2026-06-15T00:00", Some((1_200, 0, 0))),
            ("2026-06-16T21:45", "2026-06-16T23:00", Some((1_425, 0, 0))),
            ("2026-06-16T22:00", "2026-06-16T23:00", None),
            ("2026-06-14T19:00", "2026-06-14T20:00", None),
            ("2026-06-14T19:00", "2026-06-14T20:15", Some((1_425, 0, 0))),
        ];
        for (start, end, expected) in cases {
            let found = closeness(&[evening], &[visit(start, end)]).map(|found| {
                assert_eq!((found.times, found.of), (1, 1));
                let minutes = found.least_gap.num_minutes();
                (minutes, found.same_time, found.same_dates)
            });
            assert_eq!(found, expected, "{start}");
        }
    }

    #[test]
    fn the_day_of_twenty_five_hours_is_one_day() {
        let hours = |date: &str| {
            let day = [
                start_of(date.parse().unwrap()),
                end_of(date.parse().unwrap()),
            ];
            let quarter = TimeDelta::minutes(15);
            let (first, last) = ([day[0], day[0] + quarter], [day[1] - quarter, day[1]]);
            [first, last].map(|[start, end]| Occurrence { start, end })
        };
        let [first, last] = hours("2026-10-25");
        let found = closeness(&[first], &[last]).unwrap();
        assert_eq!(found.least_gap, TimeDelta::minutes(24 * 60 + 30));
        assert_eq!((found.same_dates, found.times), (1, 1));
        let [first, last] = hours("2026-03-29");
        let found = closeness(&[first], &[last]).unwrap();
        assert_eq!(found.least_gap, TimeDelta::minutes(22 * 60 + 30));
    }

    #[test]
    fn severity_follows_the_share_of_the_rarer_series() {
        // A visit at noon on each of these days of June, and one at six on each of those.
        let on = |days: &[u32], hour: &str| -> Vec<Occurrence> {
            let at = |day, minute| format!("2026-06-{day:02}T{hour}:{minute}");
            days.iter()
                .map(|day| visit(&at(*day, "00"), &at(*day, "45")))
                .collect()
        };
        let weekly = [1, 8, 15, 22, 29];
        let cases: [(&[u32], &str, Severity); 6] = [
            (&[29], "12", Severity::High),
            (&[1, 5, 12, 19, 26], "12", Severity::High),
            (&[1, 8, 18, 25], "18", Severity::High),
            (&[1, 5, 12, 19, 26], "18", Severity::Medium),
            (&[2, 11, 18, 26], "06", Severity::Medium),
            (&[2, 5, 11, 18, 26], "06", Severity::Low),
        ];
        for (days, hour, expected) in cases {
            let found = closeness(&on(&weekly, "12"), &on(days, hour)).unwrap();
            assert_eq!(found.severity(), expected, "{days:?} {hour} {found:?}");
        }
        assert_eq!(closeness(&on(&weekly, "12"), &[]), None);
    }

    #[test]
    fn reasons_tell_times_and_nothing_else() {
        let noon = visit("2026-06-15T12:00", "2026-06-15T13:00");
        let evening = visit("2026-06-15T18:00", "2026-06-15T19:00");
        let close = Reason::CloseTimes { times: 1, of: 1 };
        assert_eq!(
            closeness(&[noon], &[evening]).unwrap().reasons(),
            [
                Reason::HoursApart { minutes: 300 },
                Reason::SameDay { dates: 1 },
                close.clone(),
            ]
        );
        assert_eq!(
            closeness(&[noon], &[noon]).unwrap().reasons(),
            [
                Reason::AtTheSameTime { times: 1, of: 1 },
                Reason::SameDay { dates: 1 },
                close,
            ]
        );
    }

    #[test]
    fn a_long_stay_is_met_long_after_it_began() {
        let stay = visit("2026-06-01T12:00", "2026-06-20T12:00");
        let brief = visit("2026-06-02T12:00", "2026-06-02T13:00");
        let late = visit("2026-06-18T12:00", "2026-06-18T13:00");
        let found = closeness(&[stay, brief], &[late]).unwrap();
        assert_eq!((found.same_time, found.of), (1, 1));
        assert_eq!(found.first, (stay, late));
        assert_eq!(found.last_until, stay.end);
    }
}
