//! When a nation has time: mostly every week, at hours that people keep.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use faelled_engine::schedule::{OneOffDraft, RecurrenceDraft, ScheduleDraft, duration_text, wall};

use super::draw::Draw;

/// A drawn schedule.
pub(super) struct Times {
    pub(super) draft: ScheduleDraft,
    /// Minutes of its shortest occurrence.
    pub(super) shortest: i64,
    /// A stretch of days within which something can be done.
    pub(super) is_range: bool,
}

/// How long an occurrence lasts, in minutes, with weights.
pub(super) type Lengths = &'static [(i64, u32)];

const WEEKDAYS: &[(Weekday, u32)] = &[
    (Weekday::Mon, 16),
    (Weekday::Tue, 19),
    (Weekday::Wed, 18),
    (Weekday::Thu, 18),
    (Weekday::Fri, 11),
    (Weekday::Sat, 10),
    (Weekday::Sun, 8),
];
const WEEKDAY_HOURS: &[(u32, u32)] = &[
    (8, 2),
    (9, 8),
    (10, 17),
    (11, 6),
    (12, 3),
    (13, 9),
    (14, 14),
    (15, 9),
    (16, 12),
    (17, 7),
    (18, 5),
    (19, 8),
];
const WEEKEND_HOURS: &[(u32, u32)] = &[
    (9, 8),
    (10, 25),
    (11, 14),
    (12, 6),
    (13, 14),
    (14, 18),
    (15, 6),
    (16, 3),
    (17, 4),
    (18, 2),
];
const MINUTES: &[(u32, u32)] = &[(0, 70), (15, 4), (30, 23), (45, 3)];

/// 60 % weekly without an end, 10 % fortnightly, 5 % two rules, 25 % dates or a stretch of days
/// within a year of `today`.
pub(super) fn draw_times(draw: &mut Draw, today: NaiveDate, lengths: Lengths) -> Times {
    let sort = draw.unit();
    let length = draw.weighted(lengths);
    let mut draft = ScheduleDraft::default();
    let mut shortest = length;
    if sort < 0.70 {
        let every = if sort < 0.60 { 1 } else { 2 };
        let first = draw.weighted(WEEKDAYS);
        let second = (every == 1 && draw.chance(0.15)).then(|| other_day(draw, first));
        draft
            .recurrences
            .push(rule(draw, today, every, first, second, length));
    } else if sort < 0.75 {
        let first = draw.weighted(WEEKDAYS);
        let second = other_day(draw, first);
        draft
            .recurrences
            .push(rule(draw, today, 1, first, None, length));
        let other = draw.weighted(lengths);
        shortest = shortest.min(other);
        draft
            .recurrences
            .push(rule(draw, today, 1, second, None, other));
    } else if draw.chance(0.35) {
        let first = after(today, draw.between(1, 345));
        let last = after(first, draw.between(1, 13));
        let hour = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        draft.one_offs.push(OneOffDraft {
            start: wall(first.and_time(hour(8))),
            end: wall(last.and_time(hour(20))),
        });
        return Times {
            draft,
            shortest: 24 * 60,
            is_range: true,
        };
    } else {
        let dates = draw.weighted(&[(1, 80), (2, 12), (3, 8)]);
        let mut date = today;
        for _ in 0..dates {
            date = after(date, draw.between(1, 360 / dates));
            let start = date.and_time(hour(draw, date.weekday()));
            let end = start + TimeDelta::minutes(length);
            draft.one_offs.push(OneOffDraft {
                start: wall(start),
                end: wall(end),
            });
        }
    }
    Times {
        draft,
        shortest,
        is_range: false,
    }
}

/// A rule whose start is one of its occurrences, in the past year.
fn rule(
    draw: &mut Draw,
    today: NaiveDate,
    every: i64,
    first: Weekday,
    second: Option<Weekday>,
    length: i64,
) -> RecurrenceDraft {
    let from = today - TimeDelta::days(draw.between(7, 364));
    let to_first = first.days_since(from.weekday());
    let start = after(from, i64::from(to_first)).and_time(hour(draw, first));
    let interval = if every > 1 {
        format!("INTERVAL={every};")
    } else {
        String::new()
    };
    let mut days: Vec<Weekday> = second.into_iter().chain([first]).collect();
    days.sort_by_key(Weekday::num_days_from_monday);
    let days: Vec<&str> = days.into_iter().map(code).collect();
    let exceptions = exceptions(draw, today, every * 7, start);
    RecurrenceDraft {
        start: wall(start),
        duration: duration_text(TimeDelta::minutes(length)),
        rule: format!("FREQ=WEEKLY;{interval}BYDAY={}", days.join(",")),
        exceptions,
    }
}

/// One rule in eight leaves out one to three of its next occurrences.
fn exceptions(draw: &mut Draw, today: NaiveDate, step: i64, start: NaiveDateTime) -> Vec<String> {
    if !draw.chance(0.125) {
        return Vec::new();
    }
    let passed = (today - start.date()).num_days().max(0);
    let mut steps = (passed + step - 1) / step;
    let mut exceptions = Vec::new();
    for _ in 0..draw.between(1, 3) {
        steps += draw.between(0, 2);
        let left_out = start + TimeDelta::days(steps * step);
        exceptions.push(if draw.chance(0.3) {
            wall(left_out)
        } else {
            left_out.date().format("%Y-%m-%d").to_string()
        });
        steps += 1;
    }
    exceptions
}

fn hour(draw: &mut Draw, day: Weekday) -> NaiveTime {
    let weekend = matches!(day, Weekday::Sat | Weekday::Sun);
    let hour = draw.weighted(if weekend {
        WEEKEND_HOURS
    } else {
        WEEKDAY_HOURS
    });
    let minute = draw.weighted(MINUTES);
    NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default()
}

fn other_day(draw: &mut Draw, day: Weekday) -> Weekday {
    let other = draw.weighted(WEEKDAYS);
    if other == day { day.succ() } else { other }
}

/// The date so many days later; the same date where the calendar ends.
pub(super) fn after(date: NaiveDate, days: i64) -> NaiveDate {
    date.checked_add_days(Days::new(days.unsigned_abs()))
        .unwrap_or(date)
}

const fn code(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    }
}
