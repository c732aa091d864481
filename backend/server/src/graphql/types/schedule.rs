//! When.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use faelled_engine::schedule::{self, Entry};

/// When a listing takes place.
#[derive(SimpleObject)]
pub struct Schedule {
    /// Whether the time is to be agreed; then there are no entries.
    by_agreement: bool,
    /// Single occurrences.
    one_offs: Vec<OneOff>,
    /// Rules.
    recurrences: Vec<Recurrence>,
}

/// A single occurrence, in local time (Europe/Copenhagen).
#[derive(SimpleObject)]
pub struct OneOff {
    /// Local start, `2026-01-06T14:00`.
    start: String,
    /// Local end; with its offset, `2026-10-25T02:00+01:00`, when it is the second of two.
    end: String,
}

/// A recurrence, in local time (Europe/Copenhagen).
#[derive(SimpleObject)]
pub struct Recurrence {
    /// Local start, from which the rule counts.
    start: String,
    /// ISO 8601 duration of each occurrence, `PT2H`.
    duration: String,
    /// RFC 5545 recurrence rule, without `RRULE:`.
    rule: String,
    /// Local dates or local starts that the rule leaves out.
    exceptions: Vec<String>,
}

/// One time that something takes place.
#[derive(SimpleObject)]
pub struct Occurrence {
    /// The first instant.
    start: DateTime<Utc>,
    /// The first instant after.
    end: DateTime<Utc>,
    /// Local start (Europe/Copenhagen), `2026-01-06T14:00`.
    local_start: String,
    /// Local end.
    local_end: String,
}

impl From<&schedule::Schedule> for Schedule {
    fn from(schedule: &schedule::Schedule) -> Self {
        let draft = schedule.draft();
        Self {
            by_agreement: schedule.is_by_agreement(),
            one_offs: draft
                .one_offs
                .into_iter()
                .map(|one_off| OneOff {
                    start: one_off.start,
                    end: one_off.end,
                })
                .collect(),
            recurrences: schedule.entries().iter().filter_map(recurrence).collect(),
        }
    }
}

fn recurrence(entry: &Entry) -> Option<Recurrence> {
    Some(Recurrence {
        start: schedule::wall(entry.start()),
        duration: schedule::duration_text(entry.length()),
        rule: entry.rule()?.to_owned(),
        exceptions: entry
            .exceptions()
            .iter()
            .map(|exception| exception.text())
            .collect(),
    })
}

impl From<schedule::Occurrence> for Occurrence {
    fn from(occurrence: schedule::Occurrence) -> Self {
        let wall = |instant| schedule::wall(schedule::local(instant).naive_local());
        Self {
            start: occurrence.start,
            end: occurrence.end,
            local_start: wall(occurrence.start),
            local_end: wall(occurrence.end),
        }
    }
}
