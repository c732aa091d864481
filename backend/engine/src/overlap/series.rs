//! Occurrences of one side, held so that the other side's are found among them without looking at
//! every pair.

use std::{cmp::Ordering, collections::BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::schedule::{self, Occurrence};

/// Occurrences by start and end, each once. Two of them can overlap, and one can end after a later
/// one has ended; so each knows the latest end up to itself.
pub(super) struct Series {
    pub(super) occurrences: Vec<Occurrence>,
    latest_ends: Vec<DateTime<Utc>>,
}

impl Series {
    pub(super) fn new(occurrences: impl IntoIterator<Item = Occurrence>) -> Self {
        let in_order: BTreeSet<Occurrence> = occurrences.into_iter().collect();
        let occurrences: Vec<Occurrence> = in_order.into_iter().collect();
        let latest_ends = occurrences
            .iter()
            .scan(DateTime::<Utc>::MIN_UTC, |latest, occurrence| {
                *latest = occurrence.end.max(*latest);
                Some(*latest)
            })
            .collect();
        Self {
            occurrences,
            latest_ends,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.occurrences.len()
    }

    /// The latest end of all that start before `instant`.
    pub(super) fn latest_end_of_started(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let started = self.occurrences.partition_point(|o| o.start < instant);
        self.latest_ends[..started].last().copied()
    }

    /// The first start that does not lie before `instant`.
    pub(super) fn next_start(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let started = self.occurrences.partition_point(|o| o.start < instant);
        self.occurrences[started..].first().map(|o| o.start)
    }

    /// Whether an occurrence has something in common with `stretch`.
    pub(super) fn meets(&self, stretch: Occurrence) -> bool {
        self.latest_end_of_started(stretch.end)
            .is_some_and(|end| end > stretch.start)
    }

    /// The occurrences of which the `reach` meets an occurrence of `other`.
    pub(super) fn reached_by<'s>(
        &'s self,
        other: &'s Self,
        reach: impl Fn(Occurrence) -> Occurrence + 's,
    ) -> impl Iterator<Item = Occurrence> + 's {
        let occurrences = self.occurrences.iter().copied();
        occurrences.filter(move |occurrence| other.meets(reach(*occurrence)))
    }

    /// The first pair of an occurrence of `a` and one of `b` that lies in its `reach`: the pair of
    /// which the earlier one is the earliest, then of which the later one is. A reach holds its
    /// occurrence and is mutual.
    pub(super) fn first_pair(
        a: &Self,
        b: &Self,
        reach: impl Fn(Occurrence) -> Occurrence,
    ) -> Option<(Occurrence, Occurrence)> {
        let led_by = |leading: &Self, following: &Self| {
            leading.occurrences.iter().find_map(|leader| {
                let before = following.occurrences.partition_point(|o| o < leader);
                let follower = following.occurrences.get(before)?;
                let reached = reach(*leader).common(*follower).is_some();
                reached.then_some((*leader, *follower))
            })
        };
        let ours = led_by(a, b);
        let theirs = led_by(b, a).map(|(leader, follower)| (follower, leader));
        let pairs = [ours, theirs].into_iter().flatten();
        pairs.min_by_key(|(x, y)| (*x.min(y), *x.max(y)))
    }

    /// Every local date that some occurrence covers.
    pub(super) fn dates(&self) -> BTreeSet<NaiveDate> {
        self.occurrences
            .iter()
            .flat_map(|occurrence| {
                let (first, last) = first_and_last_date(*occurrence);
                first.iter_days().take_while(move |date| *date <= last)
            })
            .collect()
    }
}

/// Counts something of the rarer series; of equally long ones, the greater count.
pub(super) fn of_the_rarer(
    a: &Series,
    b: &Series,
    count: impl Fn(&Series, &Series) -> usize,
) -> usize {
    match a.len().cmp(&b.len()) {
        Ordering::Less => count(a, b),
        Ordering::Greater => count(b, a),
        Ordering::Equal => count(a, b).max(count(b, a)),
    }
}

/// The first and the last local date that an occurrence covers.
fn first_and_last_date(occurrence: Occurrence) -> (NaiveDate, NaiveDate) {
    let last_instant = occurrence.end - TimeDelta::nanoseconds(1);
    (
        schedule::local(occurrence.start).date_naive(),
        schedule::local(last_instant).date_naive(),
    )
}

/// The local dates that an occurrence covers, from the start of the first to the end of the last.
pub(super) fn whole_days(occurrence: Occurrence) -> Occurrence {
    let (first, last) = first_and_last_date(occurrence);
    Occurrence {
        start: schedule::start_of(first),
        end: schedule::end_of(last),
    }
}
