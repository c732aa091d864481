//! Visits to a citizen: an agreement to come, once or again and again, and each visit that was made.
//!
//! The citizen is not here. An arrangement says when somebody is visited, at which postcode and on
//! which theme; who it is, only blind tokens know ([`crate::linkage`]).

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    catalog::Catalog,
    id::{ArrangementId, OrganizationId, PersonId, VisitId},
    place::PostalCode,
    problem::{Fault, Problem, Problems},
    schedule::{Entry, HORIZON, Occurrence, Schedule, ScheduleDraft, instant},
    text,
    theme::ThemeRef,
};

/// Characters of a note at most.
pub const NOTE: usize = 500;
/// The longest visit that can be logged.
const LONGEST_VISIT: TimeDelta = TimeDelta::hours(24);
/// How long after it a visit can be logged.
const LOGGED_WITHIN: TimeDelta = TimeDelta::days(366);

/// What comes in to say when and where somebody is visited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanDraft {
    /// The citizen's postcode.
    pub postal_code: String,
    /// Theme code.
    pub theme: String,
    /// When; at least one one-off or one rule.
    pub schedule: ScheduleDraft,
    /// A note for the organization itself, at most [`NOTE`] characters.
    pub note: String,
}

/// When and where somebody is visited.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The citizen's postcode; the place is never finer.
    pub postal_code: PostalCode,
    /// What the visits are about.
    pub theme: ThemeRef,
    /// When.
    pub schedule: Schedule,
    /// A note for the organization itself.
    pub note: String,
}

impl Plan {
    /// Reads a plan that is made or changed at `now`, and gathers everything that is wrong with it.
    pub fn parse(
        draft: &PlanDraft,
        catalog: &Catalog,
        now: DateTime<Utc>,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let schedule = problems.take_within("schedule", Schedule::parse(&draft.schedule));
        if let Some(schedule) = &schedule {
            let fault = never_ahead(schedule, now);
            problems.take("schedule", fault.map_or(Ok(()), Err));
        }
        Self::read(problems, draft, catalog, schedule)
    }

    /// Reads a plan that was checked when it came in.
    pub fn restore(draft: &PlanDraft, catalog: &Catalog) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let schedule = problems.take_within("schedule", Schedule::restore(&draft.schedule));
        Self::read(problems, draft, catalog, schedule)
    }

    fn read(
        mut problems: Problems,
        draft: &PlanDraft,
        catalog: &Catalog,
        schedule: Option<Schedule>,
    ) -> Result<Self, Vec<Problem>> {
        let postcode = problems.take("postalCode", catalog.gazetteer.resolve(&draft.postal_code));
        let theme = problems.take("theme", catalog.resolve_theme(draft.theme.trim()));
        let note = problems.take("note", text::lines(&draft.note, 0, NOTE));
        let plan = (|| {
            Some(Self {
                postal_code: postcode?.code,
                theme: theme?,
                schedule: schedule?,
                note: note?,
            })
        })();
        problems.finish(plan)
    }

    /// The same plan as it would come in.
    pub fn draft(&self, catalog: &Catalog) -> PlanDraft {
        PlanDraft {
            postal_code: self.postal_code.to_string(),
            theme: catalog.themes.get(self.theme).code.clone(),
            schedule: self.schedule.draft(),
            note: self.note.clone(),
        }
    }

    /// The visits that lie ahead of `now`, twelve months on, in the order of their starts.
    pub fn ahead(&self, now: DateTime<Utc>) -> Vec<Occurrence> {
        self.schedule.occurrences(now, now + HORIZON)
    }

    /// When the last visit is over; none when no end is in sight for five years from the first.
    pub fn over_at(&self) -> Option<DateTime<Utc>> {
        let entries = self.schedule.entries();
        let endless = |rule: &str| !rule.contains("COUNT=") && !rule.contains("UNTIL=");
        if entries.iter().filter_map(Entry::rule).any(endless) {
            return None;
        }
        let first = instant(entries.iter().map(Entry::start).min()?);
        let sight = first + HORIZON * 5;
        let all = self
            .schedule
            .occurrences(first - TimeDelta::days(1), sight + HORIZON);
        let last = all.iter().map(|visit| visit.end).max()?;
        (last < sight).then_some(last)
    }

    /// Whether two plans say the same of when, where and what; a note is nobody else's matter.
    pub fn says_the_same(&self, other: &Self) -> bool {
        (self.postal_code, self.theme, &self.schedule)
            == (other.postal_code, other.theme, &other.schedule)
    }
}

/// What is wrong with a schedule of which nothing lies ahead.
fn never_ahead(schedule: &Schedule, now: DateTime<Utc>) -> Option<Fault> {
    if schedule.is_by_agreement() {
        Some(Fault::NeverOccurs)
    } else if schedule.occurrences(now, now + HORIZON).is_empty() {
        Some(Fault::AlreadyOver)
    } else {
        None
    }
}

/// Whether an arrangement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArrangementStatus {
    /// Visits are made.
    Active,
    /// It was ended.
    Ended,
}

/// An agreement of an organization with a citizen to come and visit (besøgsaftale).
#[derive(Debug, Clone, PartialEq)]
pub struct VisitArrangement {
    /// Its identity.
    pub id: ArrangementId,
    /// Grows with every change.
    pub version: i32,
    /// Grows with what an overlap is judged by: the plan, the citizen, whether it stands.
    pub facts: i32,
    /// Whose it is.
    pub organization: OrganizationId,
    /// Who registered it.
    pub registered_by: PersonId,
    /// When and where.
    pub plan: Plan,
    /// Whether it stands.
    pub status: ArrangementStatus,
    /// Who declared that the citizen knows and agrees, and when.
    pub agreed: (PersonId, DateTime<Utc>),
    /// The organization's own label for the citizen, sealed under a key outside the record.
    pub sealed_label: Option<String>,
    /// When it was registered.
    pub registered_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Its identity in the file that it was imported from.
    pub external_id: Option<String>,
}

impl VisitArrangement {
    /// Whether visits are made.
    pub fn is_active(&self) -> bool {
        self.status == ArrangementStatus::Active
    }
}

/// What became of one visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VisitOutcome {
    /// It was made.
    Held,
    /// The organization called it off.
    CalledOff,
    /// The citizen was not there, or did not want it.
    NotReceived,
}

/// What comes in to log a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisitDraft {
    /// When it began, or was to begin.
    pub start: DateTime<Utc>,
    /// Minutes that it took; none for one that was not made.
    pub minutes: i64,
    /// What became of it.
    pub outcome: VisitOutcome,
}

/// One visit of an arrangement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Its identity.
    pub id: VisitId,
    /// Of which arrangement; one arrangement has one visit at a time.
    pub arrangement: ArrangementId,
    /// When it began, or was to begin.
    pub start: DateTime<Utc>,
    /// How long it took.
    pub length: TimeDelta,
    /// What became of it.
    pub outcome: VisitOutcome,
    /// Who logged it.
    pub logged_by: PersonId,
    /// When it was logged.
    pub logged_at: DateTime<Utc>,
}

impl VisitDraft {
    /// How long the visit took, if it can be logged at `now`: it has begun, not more than a year
    /// ago, and one that was held took between a minute and a day, any other none.
    pub fn check(&self, now: DateTime<Utc>) -> Result<TimeDelta, Vec<Problem>> {
        let mut problems = Problems::default();
        if self.start > now {
            problems.note("start", Fault::TooFarAhead { max_days: 0 });
        } else if self.start < now - LOGGED_WITHIN {
            problems.note("start", Fault::AlreadyOver);
        }
        let accepted = match self.outcome {
            VisitOutcome::Held => 1..=LONGEST_VISIT.num_minutes(),
            VisitOutcome::CalledOff | VisitOutcome::NotReceived => 0..=0,
        };
        if !accepted.contains(&self.minutes) {
            let bound = |minutes: i64| i32::try_from(minutes).map_or(f64::MAX, f64::from);
            let (min, max) = (bound(*accepted.start()), bound(*accepted.end()));
            problems.note("minutes", Fault::OutOfRange { min, max });
        }
        problems.finish(TimeDelta::try_minutes(self.minutes))
    }
}
