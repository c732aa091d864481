//! When: one-off occurrences and recurrence rules, in Danish local time.
//!
//! A rule is expanded in local wall time by the `rrule` crate and only then turned into instants,
//! so that "Tuesdays at 14" stays at 14 when daylight saving begins or ends.

use std::collections::HashSet;

use chrono::{
    DateTime, Datelike, Days, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta,
    TimeZone, Utc,
};
use chrono_tz::{Europe::Copenhagen, Tz};
use rrule::{Frequency, RRule, RRuleSet, Unvalidated};
use serde::{Deserialize, Serialize};

use crate::problem::{Fault, Format, Problem, Problems, shortened};

/// How far ahead a rule without an end is judged.
pub const HORIZON: TimeDelta = TimeDelta::days(366);
/// The window in which times are compared.
pub const WINDOW: TimeDelta = TimeDelta::weeks(8);

const MAX_ENTRIES: usize = 20;
const MAX_EXCEPTIONS: usize = 1_000;
const MAX_PER_DAY: usize = 24;
/// A rule that steps through the day in smaller steps is refused unread: 86,400 steps a day, over
/// five years, take seconds.
const LEAST_STEP: usize = 60;
const YEARS_TO_FIRST: u32 = 5;
const MAX_ONE_OFF: TimeDelta = TimeDelta::days(366);
const MAX_RECURRING: TimeDelta = TimeDelta::days(31);
/// Years in which a schedule can start. Twenty-four times a day from the first of them, the steps
/// of a rule still stay below the crate's limit of 100,000 until 2031.
const YEARS: std::ops::RangeInclusive<i32> = 2020..=2100;

/// A stretch of time, the end not included. The end lies after the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Occurrence {
    /// The first instant.
    pub start: DateTime<Utc>,
    /// The first instant after.
    pub end: DateTime<Utc>,
}

impl Occurrence {
    /// Whether `other` lies wholly within this stretch.
    pub fn holds(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// What both have in common, if anything.
    pub fn common(self, other: Self) -> Option<Self> {
        let start = self.start.max(other.start);
        let end = self.end.min(other.end);
        (start < end).then_some(Self { start, end })
    }

    /// How long it is.
    pub fn length(self) -> TimeDelta {
        self.end - self.start
    }
}

/// The instant of a local wall time. One that daylight saving skips is read with the offset before
/// the gap; one that happens twice is the first.
pub fn instant(local: NaiveDateTime) -> DateTime<Utc> {
    match Copenhagen.from_local_datetime(&local) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => time.to_utc(),
        LocalResult::None => {
            let before = Copenhagen.from_utc_datetime(&(local - TimeDelta::hours(4)));
            let offset = before.naive_local() - before.naive_utc();
            (local - offset).and_utc()
        }
    }
}

/// The local wall time of an instant.
pub fn local(instant: DateTime<Utc>) -> DateTime<Tz> {
    instant.with_timezone(&Copenhagen)
}

/// The first instant of a local date.
pub fn start_of(date: NaiveDate) -> DateTime<Utc> {
    instant(date.and_time(NaiveTime::MIN))
}

/// The first instant after a local date.
pub fn end_of(date: NaiveDate) -> DateTime<Utc> {
    start_of(date.checked_add_days(Days::new(1)).unwrap_or(date))
}

/// Whether a date lies in a year that a schedule can start in.
pub(crate) fn check_year(date: NaiveDate) -> Result<(), Fault> {
    if YEARS.contains(&date.year()) {
        Ok(())
    } else {
        let (first, last) = YEARS.into_inner();
        Err(Fault::OutsideYears { first, last })
    }
}

/// A removed occurrence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exception {
    /// Every occurrence of the rule that starts on this local date.
    On(NaiveDate),
    /// The occurrence that starts at this local time.
    At(NaiveDateTime),
}

impl Exception {
    fn parse(text: &str) -> Result<Self, Fault> {
        if let Ok(date) = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d") {
            return Ok(Self::On(date));
        }
        local_date_time(text)
            .map(Self::At)
            .map_err(|_| Fault::Malformed {
                expected: Format::LocalDateOrDateTime,
                value: shortened(text),
            })
    }

    /// As it is written.
    pub fn text(self) -> String {
        match self {
            Self::On(date) => date.format("%Y-%m-%d").to_string(),
            Self::At(time) => wall(time),
        }
    }
}

/// How a local time is written: `2026-01-06T14:00`.
pub fn wall(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%dT%H:%M").to_string()
}

/// Reads a local date and time, to the minute.
pub fn local_date_time(text: &str) -> Result<NaiveDateTime, Fault> {
    let text = text.trim();
    ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .filter(|time| YEARS.contains(&time.year()))
        .ok_or_else(|| Fault::Malformed {
            expected: Format::LocalDateTime,
            value: shortened(text),
        })
}

/// How the end of a one-off is written: its local time, and its offset only where daylight saving
/// ends, when it is the second of two such times: `2026-10-25T02:00+01:00`.
pub fn end_text(end: DateTime<Utc>) -> String {
    let end = local(end);
    let text = wall(end.naive_local());
    if instant(end.naive_local()) == end {
        text
    } else {
        text + &end.format("%:z").to_string()
    }
}

/// Reads the end of a one-off as [`end_text`] writes it.
pub fn end_instant(text: &str) -> Result<DateTime<Utc>, Fault> {
    DateTime::parse_from_str(text.trim(), "%Y-%m-%dT%H:%M%:z")
        .ok()
        .filter(|end| {
            local(end.to_utc()).naive_local() == end.naive_local() && YEARS.contains(&end.year())
        })
        .map_or_else(
            || local_date_time(text).map(instant),
            |end| Ok(end.to_utc()),
        )
}

/// Reads a duration of days, hours and minutes as ISO 8601 writes it (`PT2H`, `P14D`, `PT1H30M`).
pub fn duration(text: &str) -> Result<TimeDelta, Fault> {
    parse_duration(text.trim()).ok_or_else(|| Fault::Malformed {
        expected: Format::Duration,
        value: shortened(text),
    })
}

fn parse_duration(text: &str) -> Option<TimeDelta> {
    let body = text.strip_prefix('P')?;
    let (days, time) = match body.split_once('T') {
        Some((_, "")) => return None,
        Some((days, time)) => (days, time),
        None => (body, ""),
    };
    let mut minutes = 0_i64;
    for (part, units) in [
        (days, &[('W', 10_080), ('D', 1_440)][..]),
        (time, &[('H', 60), ('M', 1)][..]),
    ] {
        let mut rest = part;
        for (unit, worth) in units {
            if let Some((number, after)) = rest.split_once(*unit) {
                let number: u16 = number.parse().ok()?;
                minutes += i64::from(number) * worth;
                rest = after;
            }
        }
        if !rest.is_empty() {
            return None;
        }
    }
    (minutes > 0).then(|| TimeDelta::minutes(minutes))
}

/// How a duration is written: `PT90M` as `PT1H30M`.
pub fn duration_text(duration: TimeDelta) -> String {
    let minutes = duration.num_minutes();
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    let part = |number: i64, unit| {
        if number == 0 {
            String::new()
        } else {
            format!("{number}{unit}")
        }
    };
    let time = part(hours, 'H') + &part(minutes, 'M');
    let time = if time.is_empty() {
        time
    } else {
        format!("T{time}")
    };
    format!("P{}{time}", part(days, 'D'))
}

/// An RFC 5545 recurrence rule, in local wall time.
#[derive(Debug, Clone, PartialEq)]
struct Rule {
    text: String,
    rule: RRule<Unvalidated>,
}

impl Rule {
    fn parse(text: &str) -> Result<Self, Fault> {
        let malformed = || Fault::Malformed {
            expected: Format::RecurrenceRule,
            value: shortened(text),
        };
        let upper = text.trim().to_ascii_uppercase();
        let upper = upper
            .strip_prefix("RRULE:")
            .unwrap_or(&upper)
            .trim_end_matches(';');
        let accepted = |c: char| c.is_ascii_alphanumeric() || "=;,+-".contains(c);
        if upper.len() > 500 || !upper.chars().all(accepted) {
            return Err(malformed());
        }
        let floating = upper
            .split(';')
            .map(|part| match part.strip_prefix("UNTIL=") {
                Some(until) => floating_until(until).map(|until| format!("UNTIL={until}")),
                None => Some(part.to_owned()),
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(malformed)?
            .join(";");
        let rule = floating.parse().map_err(|_| malformed())?;
        if most_on_a_day(&rule) > MAX_PER_DAY {
            return Err(Fault::TooFrequent {
                max_per_day: MAX_PER_DAY,
            });
        }
        Ok(Self {
            text: upper.to_owned(),
            rule,
        })
    }

    /// Local starts from `start` on, before `horizon`, in order; at most 100,000 steps are taken.
    fn starts(
        &self,
        start: NaiveDateTime,
        horizon: NaiveDateTime,
    ) -> Option<impl Iterator<Item = NaiveDateTime> + use<>> {
        let floating = |time: NaiveDateTime| time.and_utc().with_timezone(&rrule::Tz::UTC);
        let mut rule = self.rule.clone();
        if rule.get_count().is_none() && rule.get_until().is_none_or(|u| *u > floating(horizon)) {
            rule = rule.until(floating(horizon.max(start)));
        }
        let rule = rule.validate(floating(start)).ok()?;
        let set = RRuleSet::new(floating(start)).rrule(rule).limit();
        Some(
            set.into_iter()
                .map(|time| time.naive_utc())
                .take_while(move |time| *time < horizon),
        )
    }
}

/// How often a rule can occur on one day at most, worked out without stepping through it. The crate
/// makes every time of a period before it gives the first, so that a rule for every second must
/// never be stepped through.
fn most_on_a_day(rule: &RRule<Unvalidated>) -> usize {
    let listed = |list: &[u8], otherwise| {
        if list.is_empty() {
            otherwise
        } else {
            list.len()
        }
    };
    let hours = |otherwise| listed(rule.get_by_hour(), otherwise);
    let minutes = |otherwise| listed(rule.get_by_minute(), otherwise);
    let seconds = |otherwise| listed(rule.get_by_second(), otherwise);
    // How long a step is, and at how many times of its own it occurs.
    let (unit, at_a_step) = match rule.get_freq() {
        Frequency::Hourly => (3_600, minutes(1) * seconds(1)),
        Frequency::Minutely => (60, seconds(1)),
        Frequency::Secondly => (1, 1),
        _ => return hours(1) * minutes(1) * seconds(1),
    };
    let step = unit * usize::from(rule.get_interval()).max(1);
    if step < LEAST_STEP {
        return usize::MAX;
    }
    let stepped = |length: usize| length.div_ceil(step) * at_a_step;
    let in_a_minute = stepped(60).min(seconds(60));
    let in_an_hour = stepped(3_600).min(minutes(60) * in_a_minute);
    stepped(86_400).min(hours(24) * in_an_hour)
}

/// UNTIL in the three forms of RFC 5545, as the floating local time that the crate reads as UTC:
/// a date is that whole local day, a time in UTC is turned into local time.
fn floating_until(text: &str) -> Option<String> {
    const FORM: &str = "%Y%m%dT%H%M%S";
    let floating = if let Some(utc) = text.strip_suffix('Z') {
        local(NaiveDateTime::parse_from_str(utc, FORM).ok()?.and_utc()).naive_local()
    } else if let Ok(time) = NaiveDateTime::parse_from_str(text, FORM) {
        time
    } else {
        NaiveDate::parse_from_str(text, "%Y%m%d")
            .ok()?
            .and_hms_opt(23, 59, 59)?
    };
    Some(format!("{}Z", floating.format(FORM)))
}

/// One part of a schedule: a single occurrence, or a rule with exceptions.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    start: NaiveDateTime,
    length: TimeDelta,
    rule: Option<Rule>,
    exceptions: Vec<Exception>,
}

impl Entry {
    /// The local time at which it starts (a rule: from which it counts).
    pub const fn start(&self) -> NaiveDateTime {
        self.start
    }

    /// How long each occurrence lasts.
    pub const fn length(&self) -> TimeDelta {
        self.length
    }

    /// The rule as it was written, without `RRULE:`.
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_ref().map(|rule| rule.text.as_str())
    }

    /// What the rule leaves out.
    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }

    fn occurrences(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Occurrence> {
        let Some(rule) = &self.rule else {
            return vec![self.occurrence(self.start)];
        };
        let excepted: HashSet<Exception> = self.exceptions.iter().copied().collect();
        let last = local(to).naive_local() + TimeDelta::hours(2);
        rule.starts(self.start, last)
            .into_iter()
            .flatten()
            .filter(|start| {
                !excepted.contains(&Exception::At(*start))
                    && !excepted.contains(&Exception::On(start.date()))
            })
            .map(|start| self.occurrence(start))
            .filter(|occurrence| occurrence.end > from && occurrence.start < to)
            .collect()
    }

    fn occurrence(&self, start: NaiveDateTime) -> Occurrence {
        let start = instant(start);
        Occurrence {
            start,
            end: start + self.length,
        }
    }

    /// How often the rule occurs on a day at most, as far as it was looked at; an error when it does
    /// not occur in its first five years, or more often than accepted.
    fn check_rule(&self) -> Result<usize, Fault> {
        let Some(rule) = &self.rule else {
            return Ok(1);
        };
        let never = Err(Fault::NeverOccurs);
        let Some(horizon) = self
            .start
            .checked_add_months(Months::new(12 * YEARS_TO_FIRST))
        else {
            return never;
        };
        let Some(starts) = rule.starts(self.start, horizon) else {
            return never;
        };
        let excepted: HashSet<Exception> = self.exceptions.iter().copied().collect();
        let (mut occurs, mut day, mut on_day, mut most) = (false, None, 0, 0);
        for start in starts.take(20_000) {
            on_day = if day == Some(start.date()) {
                on_day + 1
            } else {
                1
            };
            day = Some(start.date());
            most = on_day.max(most);
            if on_day > MAX_PER_DAY {
                return Err(Fault::TooFrequent {
                    max_per_day: MAX_PER_DAY,
                });
            }
            occurs |= !excepted.contains(&Exception::At(start))
                && !excepted.contains(&Exception::On(start.date()));
            // What a rule does within a year it does in the next.
            if occurs && start - self.start > HORIZON {
                break;
            }
        }
        if occurs { Ok(most) } else { never }
    }
}

/// A single occurrence as it comes in, and as the record keeps it: local times as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneOffDraft {
    /// Local start.
    pub start: String,
    /// Local end, as [`end_text`] writes it.
    pub end: String,
}

/// A recurrence as it comes in, and as the record keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecurrenceDraft {
    /// Local start, from which the rule counts.
    pub start: String,
    /// ISO 8601 duration of each occurrence.
    pub duration: String,
    /// RFC 5545 rule, with or without `RRULE:`.
    pub rule: String,
    /// Local dates or local starts that the rule leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<String>,
}

/// A schedule as it comes in, and as the record keeps it; empty means *by agreement*. A field that is
/// called otherwise one day must still be read as it is called here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleDraft {
    /// Single occurrences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_offs: Vec<OneOffDraft>,
    /// Rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recurrences: Vec<RecurrenceDraft>,
}

/// When a listing takes place. Empty: by agreement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Schedule {
    entries: Vec<Entry>,
}

impl Schedule {
    /// Reads a schedule and checks that each rule occurs, and not too often.
    pub fn parse(draft: &ScheduleDraft) -> Result<Self, Vec<Problem>> {
        Self::read(draft, Entry::check_rule)
    }

    /// Reads a schedule that was checked when it came in: walking through five years of each rule
    /// again would take longer than all the rest of reading a listing.
    pub fn restore(draft: &ScheduleDraft) -> Result<Self, Vec<Problem>> {
        Self::read(draft, |_| Ok(1))
    }

    fn read(
        draft: &ScheduleDraft,
        check: impl Fn(&Entry) -> Result<usize, Fault>,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let mut entries = Vec::new();
        let got = draft.one_offs.len() + draft.recurrences.len();
        if got > MAX_ENTRIES {
            let max = MAX_ENTRIES;
            problems.note("recurrences", Fault::TooMany { max, got });
            return problems.finish(None);
        }
        for (at, one_off) in draft.one_offs.iter().enumerate() {
            entries.extend(parse_one_off(&mut problems, at, one_off));
        }
        let mut on_busiest_days = entries.len();
        for (at, recurrence) in draft.recurrences.iter().enumerate() {
            let Some(entry) = parse_recurrence(&mut problems, at, recurrence) else {
                continue;
            };
            let times = problems.take(&format!("recurrences.{at}.rule"), check(&entry));
            on_busiest_days += times.unwrap_or_default();
            entries.push(entry);
        }
        // Whatever is asked of a schedule later costs as much as it has occurrences.
        if on_busiest_days > MAX_PER_DAY {
            let max_per_day = MAX_PER_DAY;
            problems.note("recurrences", Fault::TooFrequent { max_per_day });
        }
        problems.finish(Some(Self { entries }))
    }

    /// The same schedule as it would come in.
    pub fn draft(&self) -> ScheduleDraft {
        let mut draft = ScheduleDraft::default();
        for entry in &self.entries {
            match &entry.rule {
                None => draft.one_offs.push(OneOffDraft {
                    start: wall(entry.start),
                    // The length is exact; daylight saving may lie in between.
                    end: end_text(instant(entry.start) + entry.length),
                }),
                Some(rule) => draft.recurrences.push(RecurrenceDraft {
                    start: wall(entry.start),
                    duration: duration_text(entry.length),
                    rule: rule.text.clone(),
                    exceptions: entry.exceptions.iter().map(|e| e.text()).collect(),
                }),
            }
        }
        draft
    }

    /// Whether the time is to be agreed.
    pub fn is_by_agreement(&self) -> bool {
        self.entries.is_empty()
    }

    /// Its parts.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Every occurrence that ends after `from` and starts before `to`, by start and end, each once.
    pub fn occurrences(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Occurrence> {
        let mut found: Vec<Occurrence> = self
            .entries
            .iter()
            .flat_map(|entry| entry.occurrences(from, to))
            .filter(|occurrence| occurrence.end > from && occurrence.start < to)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn parse_one_off(problems: &mut Problems, at: usize, draft: &OneOffDraft) -> Option<Entry> {
    let field = |name| format!("oneOffs.{at}.{name}");
    let start = problems.take(&field("start"), local_date_time(&draft.start));
    let end = problems.take(&field("end"), end_instant(&draft.end));
    let (start, end) = (start?, end?);
    let length = end - instant(start);
    if length <= TimeDelta::zero() {
        problems.note(&field("end"), Fault::EndBeforeStart);
        return None;
    }
    problems.take(&field("end"), at_most(length, MAX_ONE_OFF))?;
    Some(Entry {
        start,
        length,
        rule: None,
        exceptions: Vec::new(),
    })
}

/// The length, if it is not longer than accepted.
pub(crate) fn at_most(length: TimeDelta, max: TimeDelta) -> Result<TimeDelta, Fault> {
    if length <= max {
        Ok(length)
    } else {
        Err(Fault::LastsTooLong {
            max_days: max.num_days(),
        })
    }
}

fn parse_recurrence(problems: &mut Problems, at: usize, draft: &RecurrenceDraft) -> Option<Entry> {
    let field = |name| format!("recurrences.{at}.{name}");
    let start = problems.take(&field("start"), local_date_time(&draft.start));
    let length = problems.take(
        &field("duration"),
        duration(&draft.duration).and_then(|length| at_most(length, MAX_RECURRING)),
    );
    let rule = problems.take(&field("rule"), Rule::parse(&draft.rule));
    let got = draft.exceptions.len();
    let exceptions = if got > MAX_EXCEPTIONS {
        problems.note(
            &field("exceptions"),
            Fault::TooMany {
                max: MAX_EXCEPTIONS,
                got,
            },
        );
        None
    } else {
        draft
            .exceptions
            .iter()
            .enumerate()
            .map(|(nth, text)| {
                problems.take(
                    &format!("{}.{nth}", field("exceptions")),
                    Exception::parse(text),
                )
            })
            .collect::<Vec<_>>()
            .into_iter()
            .collect::<Option<Vec<_>>>()
    };
    Some(Entry {
        start: start?,
        length: length?,
        rule: Some(rule?),
        exceptions: exceptions?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weekly(start: &str, rule: &str, exceptions: &[&str]) -> ScheduleDraft {
        ScheduleDraft {
            one_offs: Vec::new(),
            recurrences: vec![RecurrenceDraft {
                start: start.into(),
                duration: "PT2H".into(),
                rule: rule.into(),
                exceptions: exceptions.iter().map(|e| (*e).to_owned()).collect(),
            }],
        }
    }

    fn starts(draft: &ScheduleDraft, from: &str, to: &str) -> Vec<String> {
        let at = |text: &str| start_of(text.parse().unwrap());
        Schedule::parse(draft)
            .unwrap()
            .occurrences(at(from), at(to))
            .iter()
            .map(|occurrence| occurrence.start.format("%m-%dT%H:%MZ").to_string())
            .collect()
    }

    #[test]
    fn tuesdays_at_14_stay_at_14_when_summer_time_begins() {
        let draft = weekly("2026-03-17T14:00", "FREQ=WEEKLY;BYDAY=TU", &[]);
        assert_eq!(
            starts(&draft, "2026-03-17", "2026-04-02"),
            ["03-17T13:00Z", "03-24T13:00Z", "03-31T12:00Z"]
        );
    }

    #[test]
    fn a_skipped_hour_moves_on_and_a_repeated_one_is_the_first() {
        let at = |text: &str| local_date_time(text).map(instant).unwrap().to_rfc3339();
        assert_eq!(at("2026-03-29T02:30"), "2026-03-29T01:30:00+00:00");
        assert_eq!(at("2026-10-25T02:30"), "2026-10-25T00:30:00+00:00");
    }

    #[test]
    fn exceptions_remove_by_date_and_by_start() {
        let draft = weekly(
            "2026-01-06T14:00",
            "RRULE:FREQ=WEEKLY;BYDAY=TU",
            &["2026-01-13", "2026-01-20T14:00", "2026-01-27T15:00"],
        );
        assert_eq!(
            starts(&draft, "2026-01-01", "2026-02-01"),
            ["01-06T13:00Z", "01-27T13:00Z"]
        );
    }

    #[test]
    fn until_means_the_same_in_its_three_forms() {
        for until in ["20260113", "20260113T140000", "20260113T130000Z"] {
            let draft = weekly(
                "2026-01-06T14:00",
                &format!("FREQ=WEEKLY;UNTIL={until}"),
                &[],
            );
            assert_eq!(
                starts(&draft, "2026-01-01", "2026-03-01"),
                ["01-06T13:00Z", "01-13T13:00Z"],
                "{until}"
            );
        }
    }

    #[test]
    fn bad_rules_say_what_is_wrong() {
        let fault = |rule: &str| {
            let mut problems = Schedule::parse(&weekly("2026-01-06T14:00", rule, &[])).unwrap_err();
            assert_eq!(problems[0].field, ["recurrences", "0", "rule"]);
            problems.remove(0).fault
        };
        assert_eq!(
            fault("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
            Fault::NeverOccurs
        );
        assert_eq!(
            fault("FREQ=SECONDLY"),
            Fault::TooFrequent { max_per_day: 24 }
        );
        assert_eq!(
            fault("FREQ=MINUTELY;INTERVAL=30"),
            Fault::TooFrequent { max_per_day: 24 }
        );
        // Every second of an hour, each day, from less than 500 characters.
        let list = |to: u8| (0..to).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        for rule in [
            format!("FREQ=YEARLY;BYMINUTE={};BYSECOND={}", list(60), list(60)),
            format!("FREQ=HOURLY;INTERVAL=24;BYMINUTE={}", list(25)),
            "FREQ=SECONDLY;BYHOUR=9;BYMINUTE=0;BYSECOND=0".to_owned(),
            "FREQ=HOURLY;INTERVAL=2;BYMINUTE=0,20,40".to_owned(),
            "FREQ=MINUTELY;INTERVAL=59".to_owned(),
            "FREQ=MINUTELY;INTERVAL=2;BYHOUR=9".to_owned(),
        ] {
            assert_eq!(
                fault(&rule),
                Fault::TooFrequent { max_per_day: 24 },
                "{rule}"
            );
        }
        for rule in [
            "",
            "every tuesday",
            "FREQ=WEEKLY\nEXDATE:2",
            "FREQ=WEEKLY;UNTIL=soon",
        ] {
            assert!(matches!(fault(rule), Fault::Malformed { .. }), "{rule}");
        }
    }

    #[test]
    fn a_rule_is_judged_by_how_often_it_occurs_not_by_how_it_is_written() {
        for (rule, on_a_day) in [
            ("FREQ=HOURLY", 24),
            ("FREQ=HOURLY;INTERVAL=2;BYMINUTE=0,30", 24),
            ("FREQ=HOURLY;BYHOUR=9,10;BYMINUTE=0,15,30,45", 8),
            ("FREQ=MINUTELY;INTERVAL=60", 24),
            ("FREQ=MINUTELY;INTERVAL=1440", 1),
            ("FREQ=MINUTELY;INTERVAL=30;BYHOUR=9", 2),
            ("FREQ=MINUTELY;BYHOUR=9;BYMINUTE=0", 1),
            ("FREQ=SECONDLY;INTERVAL=7200", 12),
            ("FREQ=DAILY;BYHOUR=8,12,16", 3),
        ] {
            let draft = weekly("2026-01-06T00:00", rule, &[]);
            let day = "2026-01-07".parse().unwrap();
            let occurrences = Schedule::parse(&draft)
                .unwrap()
                .occurrences(start_of(day), end_of(day));
            let on = |occurrence: &&Occurrence| local(occurrence.start).date_naive() == day;
            assert_eq!(occurrences.iter().filter(on).count(), on_a_day, "{rule}");
        }
    }

    #[test]
    fn a_schedule_survives_being_written_and_read() {
        let mut draft = weekly(
            "2026-01-06T14:00",
            "FREQ=WEEKLY;INTERVAL=2",
            &["2026-01-20"],
        );
        draft.one_offs.push(OneOffDraft {
            start: "2026-02-01T09:00".into(),
            end: "2026-02-14T17:30".into(),
        });
        assert_eq!(Schedule::parse(&draft).unwrap().draft(), draft);
    }

    #[test]
    fn a_day_that_daylight_saving_shortens_survives_being_written_and_read() {
        for (start, end) in [
            ("2026-03-28T12:00", "2026-03-29T12:00"),
            ("2026-10-24T12:00", "2026-10-25T12:00"),
        ] {
            let one_off = OneOffDraft {
                start: start.into(),
                end: end.into(),
            };
            let draft = ScheduleDraft {
                one_offs: vec![one_off],
                recurrences: Vec::new(),
            };
            assert_eq!(Schedule::parse(&draft).unwrap().draft(), draft);
        }
    }

    #[test]
    fn an_end_in_the_hour_that_comes_twice_is_told_by_its_offset() {
        let draft = |start: &str, end: &str| ScheduleDraft {
            one_offs: vec![OneOffDraft {
                start: start.into(),
                end: end.into(),
            }],
            recurrences: Vec::new(),
        };
        for (start, end, minutes) in [
            ("2026-10-25T02:00", "2026-10-25T02:00+01:00", 60),
            ("2026-10-25T01:00", "2026-10-25T02:00+01:00", 120),
            ("2026-10-25T01:00", "2026-10-25T02:30", 90),
            ("2026-10-25T02:00", "2026-10-25T03:00", 120),
        ] {
            let read = Schedule::parse(&draft(start, end)).unwrap();
            assert_eq!(read.entries()[0].length(), TimeDelta::minutes(minutes));
            assert_eq!(read.draft(), draft(start, end));
        }
        for end in ["2026-10-25T04:00+02:00", "2026-10-25T04:00+05:00"] {
            assert!(Schedule::parse(&draft("2026-10-25T01:00", end)).is_err());
        }
    }

    #[test]
    fn what_lasts_too_long_is_told_how_long_it_may_last() {
        let mut draft = weekly("2026-01-06T14:00", "FREQ=WEEKLY", &[]);
        draft.recurrences[0].duration = "PT900H".into();
        draft.one_offs.push(OneOffDraft {
            start: "2026-02-01T09:00".into(),
            end: "2027-02-14T17:30".into(),
        });
        let faults: Vec<Fault> = Schedule::parse(&draft)
            .unwrap_err()
            .into_iter()
            .map(|problem| problem.fault)
            .collect();
        let too_long = |max_days| Fault::LastsTooLong { max_days };
        assert_eq!(faults, [too_long(366), too_long(31)]);
    }

    #[test]
    fn durations_read_as_iso_8601() {
        for (text, minutes) in [
            ("PT2H", 120),
            ("P14D", 20_160),
            ("PT1H30M", 90),
            ("P1DT1M", 1_441),
        ] {
            assert_eq!(duration(text), Ok(TimeDelta::minutes(minutes)));
            assert_eq!(duration_text(TimeDelta::minutes(minutes)), text);
        }
        for text in ["", "P", "PT", "2H", "PT-2H", "PT0M", "PT2X", "PT99999999H"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_schedule_as_a_whole_occurs_no_more_often_than_a_rule_may() {
        let hourly = |count: usize, rule: &str| {
            let one = weekly("2026-03-02T00:00", rule, &[]);
            ScheduleDraft {
                recurrences: vec![one.recurrences[0].clone(); count],
                ..one
            }
        };
        let two_hourly = "FREQ=HOURLY;INTERVAL=2";
        assert!(Schedule::parse(&hourly(2, two_hourly)).is_ok());
        let problems = Schedule::parse(&hourly(3, two_hourly)).unwrap_err();
        let max_per_day = 24;
        let expected = [Problem::at(
            "recurrences",
            Fault::TooFrequent { max_per_day },
        )];
        assert_eq!(problems, expected);
        assert!(Schedule::parse(&hourly(20, "FREQ=WEEKLY;BYDAY=MO")).is_ok());
    }
}
