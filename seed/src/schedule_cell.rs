//! A schedule in one cell: entries separated by `|`, each `START/DURATION`,
//! `START/DURATION RRULE:…` or `START/DURATION RRULE:… EXDATE:…,…`.

use chrono::{Days, NaiveDate, NaiveDateTime, TimeDelta};
use faelled_engine::schedule::{
    OneOffDraft, RecurrenceDraft, ScheduleDraft, duration, duration_text, end_instant, end_text,
    instant, local, local_date_time, wall,
};

/// What a cell may hold.
pub(crate) const ACCEPTED: &str = "nothing, or entries separated by |, each START/DURATION such \
    as 2026-01-06T14:00/PT2H, then if it recurs RRULE:… and EXDATE:…,… after a space";

/// Reads a cell. Whether a rule is one is for the engine to say.
pub(crate) fn read(cell: &str) -> Option<ScheduleDraft> {
    let mut draft = ScheduleDraft::default();
    for entry in cell
        .split('|')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
    {
        read_entry(entry, &mut draft)?;
    }
    Some(draft)
}

fn read_entry(entry: &str, draft: &mut ScheduleDraft) -> Option<()> {
    let mut parts = entry.split_whitespace();
    let (start, length) = parts.next()?.split_once('/')?;
    let start = local_date_time(start).ok()?;
    let length = duration(length).ok()?;
    let Some(rule) = parts.next() else {
        // The length is exact, the draft asks for the local end: they differ across daylight saving.
        draft.one_offs.push(OneOffDraft {
            start: wall(start),
            end: end_text(instant(start) + length),
        });
        return Some(());
    };
    let rule = rule
        .strip_prefix("RRULE:")
        .filter(|rule| !rule.is_empty())?;
    let exceptions = match parts.next() {
        None => Vec::new(),
        Some(part) => part
            .strip_prefix("EXDATE:")?
            .split(',')
            .map(|text| is_date_or_time(text).then(|| text.to_owned()))
            .collect::<Option<_>>()?,
    };
    draft.recurrences.push(RecurrenceDraft {
        start: wall(start),
        duration: duration_text(length),
        rule: rule.to_owned(),
        exceptions,
    });
    parts.next().is_none().then_some(())
}

fn is_date_or_time(text: &str) -> bool {
    date(text).is_some() || local_date_time(text).is_ok()
}

fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()
}

/// Writes a cell, or nothing when the draft holds a time that the engine would not read.
pub(crate) fn write(draft: &ScheduleDraft) -> Option<String> {
    let one_offs = draft.one_offs.iter().map(|one_off| {
        let start = local_date_time(&one_off.start).ok()?;
        let length = end_instant(&one_off.end).ok()? - instant(start);
        (length > TimeDelta::zero()).then(|| format!("{}/{}", wall(start), duration_text(length)))
    });
    let recurrences = draft.recurrences.iter().map(|recurrence| {
        let start = local_date_time(&recurrence.start).ok()?;
        let length = duration(&recurrence.duration).ok()?;
        let rule = recurrence.rule.trim();
        let rule = rule.strip_prefix("RRULE:").unwrap_or(rule);
        if rule.is_empty() || rule.contains(|c: char| c.is_whitespace() || c == '|') {
            return None;
        }
        let mut entry = format!("{}/{} RRULE:{rule}", wall(start), duration_text(length));
        for (nth, exception) in recurrence.exceptions.iter().enumerate() {
            entry += if nth == 0 { " EXDATE:" } else { "," };
            entry += &match date(exception) {
                Some(date) => date.format("%Y-%m-%d").to_string(),
                None => wall(local_date_time(exception).ok()?),
            };
        }
        Some(entry)
    });
    Some(
        one_offs
            .chain(recurrences)
            .collect::<Option<Vec<_>>>()?
            .join("|"),
    )
}

/// The same schedule so many weeks later (earlier when negative): starts, ends, exceptions, and
/// UNTIL in its three forms. What does not read as a time stays as it is.
pub(crate) fn moved(draft: &ScheduleDraft, weeks: i64) -> ScheduleDraft {
    let time = |text: &String| {
        local_date_time(text).map_or_else(|_| text.clone(), |time| wall(later(time, weeks)))
    };
    let exception = |text: &String| match date(text) {
        Some(date) => date_later(date, weeks).format("%Y-%m-%d").to_string(),
        None => time(text),
    };
    ScheduleDraft {
        one_offs: draft
            .one_offs
            .iter()
            .map(|one_off| one_off_moved(one_off, weeks))
            .collect(),
        recurrences: draft
            .recurrences
            .iter()
            .map(|recurrence| RecurrenceDraft {
                start: time(&recurrence.start),
                duration: recurrence.duration.clone(),
                rule: rule_moved(&recurrence.rule, weeks),
                exceptions: recurrence.exceptions.iter().map(exception).collect(),
            })
            .collect(),
    }
}

/// The start moves; how long it lasts stays exact, also across daylight saving.
fn one_off_moved(one_off: &OneOffDraft, weeks: i64) -> OneOffDraft {
    let times = (local_date_time(&one_off.start), end_instant(&one_off.end));
    let (Ok(start), Ok(end)) = times else {
        return one_off.clone();
    };
    let moved = later(start, weeks);
    let ends = instant(moved) + (end - instant(start));
    OneOffDraft {
        start: wall(moved),
        end: end_text(ends),
    }
}

fn rule_moved(rule: &str, weeks: i64) -> String {
    let part = |part: &str| match part
        .strip_prefix("UNTIL=")
        .and_then(|u| until_moved(u, weeks))
    {
        Some(until) => format!("UNTIL={until}"),
        None => part.to_owned(),
    };
    rule.split(';').map(part).collect::<Vec<_>>().join(";")
}

fn until_moved(until: &str, weeks: i64) -> Option<String> {
    const TIME: &str = "%Y%m%dT%H%M%S";
    if let Some(utc) = until.strip_suffix('Z') {
        // A local time stays the same local time on the other side of daylight saving.
        let at = local(NaiveDateTime::parse_from_str(utc, TIME).ok()?.and_utc()).naive_local();
        return Some(
            instant(later(at, weeks))
                .format("%Y%m%dT%H%M%SZ")
                .to_string(),
        );
    }
    if let Ok(time) = NaiveDateTime::parse_from_str(until, TIME) {
        return Some(later(time, weeks).format(TIME).to_string());
    }
    let date = NaiveDate::parse_from_str(until, "%Y%m%d").ok()?;
    Some(date_later(date, weeks).format("%Y%m%d").to_string())
}

fn later(time: NaiveDateTime, weeks: i64) -> NaiveDateTime {
    date_later(time.date(), weeks).and_time(time.time())
}

/// The date so many weeks later; the same date where the calendar ends.
pub(crate) fn date_later(date: NaiveDate, weeks: i64) -> NaiveDate {
    let days = Days::new(weeks.unsigned_abs().saturating_mul(7));
    let moved = if weeks < 0 {
        date.checked_sub_days(days)
    } else {
        date.checked_add_days(days)
    };
    moved.unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_reads_and_writes_the_same() {
        for cell in [
            "",
            "2026-01-06T14:00/PT2H",
            "2026-03-28T12:00/P1DT1H30M",
            "2026-10-25T02:00/PT1H",
            "2026-10-25T01:00/PT2H30M",
            "2026-01-06T14:00/PT2H RRULE:FREQ=WEEKLY;BYDAY=TU",
            "2026-01-06T14:00/PT45M RRULE:FREQ=WEEKLY EXDATE:2026-01-13,2026-01-20T14:00",
            "2026-02-01T09:00/P14D|2026-01-06T14:00/PT2H RRULE:FREQ=DAILY;COUNT=3",
        ] {
            assert_eq!(write(&read(cell).unwrap()).as_deref(), Some(cell), "{cell}");
        }
    }

    #[test]
    fn a_length_is_exact_across_daylight_saving() {
        let draft = read("2026-03-28T12:00/P1D").unwrap();
        assert_eq!(draft.one_offs[0].end, "2026-03-29T13:00");
    }

    #[test]
    fn anything_else_is_refused() {
        for cell in [
            "tirsdag",
            "2026-01-06T14:00",
            "2026-01-06/PT2H",
            "2026-01-06T14:00/2H",
            "2026-01-06T14:00/PT2H FREQ=WEEKLY",
            "2026-01-06T14:00/PT2H RRULE:",
            "2026-01-06T14:00/PT2H EXDATE:2026-01-13",
            "2026-01-06T14:00/PT2H RRULE:FREQ=WEEKLY EXDATE:soon",
            "2026-01-06T14:00/PT2H RRULE:FREQ=WEEKLY EXDATE:2026-01-13 again",
        ] {
            assert_eq!(read(cell), None, "{cell}");
        }
    }

    #[test]
    fn everything_moves_by_the_same_weeks() {
        let at = |weeks| {
            let cell = "2026-02-01T09:00/PT3H|2026-01-06T14:00/PT2H RRULE:FREQ=WEEKLY;\
                        UNTIL=20260303;BYDAY=TU EXDATE:2026-01-13,2026-01-20T14:00";
            write(&moved(&read(cell).unwrap(), weeks)).unwrap()
        };
        assert_eq!(
            at(2),
            "2026-02-15T09:00/PT3H|2026-01-20T14:00/PT2H RRULE:FREQ=WEEKLY;\
             UNTIL=20260317;BYDAY=TU EXDATE:2026-01-27,2026-02-03T14:00"
        );
        assert!(at(-1).starts_with("2026-01-25T09:00/PT3H|2025-12-30T14:00"));
        assert_eq!(
            until_moved("20260303T140000", 1).unwrap(),
            "20260310T140000"
        );
        // 14:00 in Denmark is 13:00 UTC in winter and 12:00 UTC in summer.
        assert_eq!(
            until_moved("20260303T130000Z", 8).unwrap(),
            "20260428T120000Z"
        );
    }
}
