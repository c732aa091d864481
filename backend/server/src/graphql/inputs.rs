//! What comes in. Inputs are weak where the answer should name every problem at once.

use async_graphql::{ID, InputObject, MaybeUndefined};
use chrono::{DateTime, Utc};
use faelled_engine::{
    listing::{Declarations, ListingDraft, Requirements},
    nearby::{FilterDraft, FreeTimeDraft, NearDraft},
    schedule::{OneOffDraft, RecurrenceDraft, ScheduleDraft},
};

use super::{
    id,
    types::scalars::{
        Attendance, Date, ListingKind, OverlapKind, OverlapStatus, Severity, Weekday,
    },
};

/// What listings are asked for. All fields that are given must hold.
#[derive(Debug, Clone, Default, InputObject)]
pub struct ListingFilter {
    /// Near a point or a postcode.
    near: Option<NearInput>,
    /// One of these kinds.
    kinds: Option<Vec<ListingKind>>,
    /// One of these theme codes; a theme finds its sub-themes.
    themes: Option<Vec<String>>,
    /// One of these target group codes; a listing that names none is for all, and is found.
    target_groups: Option<Vec<String>>,
    /// One of these languages, ISO 639-1; a listing that names none is in Danish.
    languages: Option<Vec<String>>,
    /// One of these.
    attendance: Option<Vec<Attendance>>,
    /// Something of it takes place on these local dates, or it is by agreement.
    dates: Option<DateRangeInput>,
    /// It fits at least once, within `dates` or else the next eight weeks, into these weekly times.
    free_times: Option<Vec<FreeTimeInput>>,
    /// Posted by one of these organizations.
    organizations: Option<Vec<ID>>,
    /// Every word begins a word of the listing, its organization, its place or its themes.
    text: Option<String>,
}

/// Where to look: exactly one of `point` and `postalCode`.
#[derive(Debug, Clone, InputObject)]
pub struct NearInput {
    /// A point within Denmark.
    point: Option<PointInput>,
    /// A Danish postcode, four digits; counts from its centre.
    postal_code: Option<String>,
    /// Kilometres, 0.1 to 600.
    radius_km: f64,
    /// Whether `REMOTE` listings, which have no distance, are found as well.
    #[graphql(default = false)]
    include_remote: bool,
}

/// A point in decimal degrees, WGS 84.
#[derive(Debug, Clone, InputObject)]
pub struct PointInput {
    /// Degrees north, 54.4 to 57.9.
    latitude: f64,
    /// Degrees east, 7.9 to 15.3.
    longitude: f64,
}

/// Local dates, both included; at most 366 days.
#[derive(Debug, Clone, InputObject)]
pub struct DateRangeInput {
    /// The first date.
    from: Date,
    /// The last date.
    to: Date,
}

/// A weekly free time, in local time.
#[derive(Debug, Clone, InputObject)]
pub struct FreeTimeInput {
    /// The day.
    weekday: Weekday,
    /// From, such as `14:00`.
    from: String,
    /// To; `24:00` ends the day.
    to: String,
}

impl From<ListingFilter> for FilterDraft {
    fn from(filter: ListingFilter) -> Self {
        Self {
            near: filter.near.map(|near| NearDraft {
                point: near.point.map(|point| (point.latitude, point.longitude)),
                postal_code: near.postal_code,
                radius_km: near.radius_km,
                include_remote: near.include_remote,
            }),
            kinds: list(filter.kinds),
            themes: filter.themes.unwrap_or_default(),
            target_groups: filter.target_groups.unwrap_or_default(),
            languages: filter.languages.unwrap_or_default(),
            attendance: list(filter.attendance),
            dates: filter.dates.map(|dates| (dates.from.0, dates.to.0)),
            free_times: filter
                .free_times
                .unwrap_or_default()
                .into_iter()
                .map(|free| FreeTimeDraft {
                    weekday: free.weekday.into(),
                    from: free.from,
                    to: free.to,
                })
                .collect(),
            organizations: filter
                .organizations
                .iter()
                .flatten()
                .map(id::decode)
                .collect(),
            text: filter.text.unwrap_or_default(),
        }
    }
}

fn list<A: Into<B>, B>(given: Option<Vec<A>>) -> Vec<B> {
    given
        .unwrap_or_default()
        .into_iter()
        .map(Into::into)
        .collect()
}

/// What a new listing says.
#[derive(Debug, Clone, InputObject)]
pub struct ListingDraftInput {
    /// Offer, need or wish.
    kind: ListingKind,
    /// Its heading, 3-120 characters.
    title: String,
    /// The concrete task, in a sentence of at most 300 characters.
    task: Option<String>,
    /// The whole of it, at most 5,000 characters.
    description: Option<String>,
    /// What it is about: one to five theme codes.
    themes: Vec<String>,
    /// For whom: at most ten target group codes; none means everybody.
    target_groups: Option<Vec<String>>,
    /// At most ten languages, ISO 639-1; none means Danish.
    languages: Option<Vec<String>>,
    /// Where.
    place: PlaceInput,
    /// Who comes to whom.
    attendance: Attendance,
    /// How far this side will travel, in kilometres, 0.1 to 600; null: no limit of mine.
    reach_km: Option<f64>,
    /// When; null: by agreement.
    schedule: Option<ScheduleInput>,
    /// What one time asks of a volunteer, in minutes, 5 to 10,080.
    effort_minutes: Option<i32>,
    /// How many places, 1 to 10,000; null: no limit.
    capacity: Option<i32>,
    /// What is asked of the other side.
    requirements: Option<RequirementsInput>,
    /// What this side declares.
    declarations: Option<DeclarationsInput>,
    /// When it ends by itself; null: 366 days after it was last confirmed.
    expires_at: Option<DateTime<Utc>>,
}

/// Changes to a listing. A field that is left out stays as it is; null takes away what may be
/// absent.
#[derive(Debug, Clone, InputObject)]
pub struct ListingChangesInput {
    /// Its heading, 3-120 characters.
    title: MaybeUndefined<String>,
    /// The concrete task, in a sentence of at most 300 characters.
    task: MaybeUndefined<String>,
    /// The whole of it, at most 5,000 characters.
    description: MaybeUndefined<String>,
    /// What it is about: one to five theme codes.
    themes: MaybeUndefined<Vec<String>>,
    /// For whom: at most ten target group codes; none means everybody.
    target_groups: MaybeUndefined<Vec<String>>,
    /// At most ten languages, ISO 639-1; none means Danish.
    languages: MaybeUndefined<Vec<String>>,
    /// Where, as a whole.
    place: MaybeUndefined<PlaceInput>,
    /// Who comes to whom.
    attendance: MaybeUndefined<Attendance>,
    /// How far this side will travel, in kilometres, 0.1 to 600; null: no limit of mine.
    reach_km: MaybeUndefined<f64>,
    /// When, as a whole; null: by agreement.
    schedule: MaybeUndefined<ScheduleInput>,
    /// What one time asks of a volunteer, in minutes, 5 to 10,080.
    effort_minutes: MaybeUndefined<i32>,
    /// How many places, 1 to 10,000; null: no limit.
    capacity: MaybeUndefined<i32>,
    /// What is asked of the other side, as a whole.
    requirements: MaybeUndefined<RequirementsInput>,
    /// What this side declares, as a whole.
    declarations: MaybeUndefined<DeclarationsInput>,
    /// When it ends by itself; null: 366 days after it was last confirmed.
    expires_at: MaybeUndefined<DateTime<Utc>>,
}

/// Where a listing takes place. The postcode is enough.
#[derive(Debug, Clone, Default, InputObject)]
pub struct PlaceInput {
    /// A name that people know the place by, at most 120 characters.
    name: Option<String>,
    /// Street and number, at most 200 characters.
    address: Option<String>,
    /// A Danish postcode, four digits.
    postal_code: String,
    /// The exact point.
    point: Option<PointInput>,
    /// Whether it takes place in someone's home. Such a place, and that of a private person, is
    /// shown and measured as its postcode only, until both sides of a match have said yes.
    #[graphql(default = false)]
    at_home: bool,
}

/// When something takes place, in local time (Europe/Copenhagen): at most 20 entries in all, which
/// together, each on its busiest day, occur at most 24 times a day.
#[derive(Debug, Clone, Default, InputObject)]
pub struct ScheduleInput {
    /// Single occurrences.
    one_offs: Option<Vec<OneOffInput>>,
    /// Rules.
    recurrences: Option<Vec<RecurrenceInput>>,
}

/// A single occurrence of at most 366 days.
#[derive(Debug, Clone, InputObject)]
pub struct OneOffInput {
    /// Local start, `2026-01-06T14:00`.
    start: String,
    /// Local end, after the start. In the hour that comes twice when summer time ends, it is the
    /// first, or with its offset the second: `2026-10-25T02:00+01:00`.
    end: String,
}

/// A recurrence: it occurs in its first five years, and at most 24 times a day.
#[derive(Debug, Clone, InputObject)]
pub struct RecurrenceInput {
    /// Local start, from which the rule counts, `2026-01-06T14:00`.
    start: String,
    /// ISO 8601 duration of each occurrence, `PT2H`; at most 31 days.
    duration: String,
    /// RFC 5545 recurrence rule, `FREQ=WEEKLY;BYDAY=TU`.
    rule: String,
    /// Local dates or local starts that the rule leaves out, at most 1,000.
    exceptions: Option<Vec<String>>,
}

/// What is asked of the other side.
#[derive(Debug, Clone, Default, InputObject)]
pub struct RequirementsInput {
    /// At least this old, in years, 1 to 99.
    minimum_age: Option<i32>,
    /// Has declared a børneattest.
    #[graphql(default = false)]
    childrens_certificate: bool,
    /// Holds a driving licence.
    #[graphql(default = false)]
    driving_licence: bool,
    /// The place can be reached in a wheelchair.
    #[graphql(default = false)]
    wheelchair_access: bool,
}

/// What this side declares about itself or its place, shown with the listing; null is not a no.
#[derive(Debug, Clone, Default, InputObject)]
pub struct DeclarationsInput {
    /// At least this old, in years, 1 to 99.
    minimum_age: Option<i32>,
    /// Has a børneattest. Who declared it and when is kept, never the certificate.
    childrens_certificate: Option<bool>,
    /// Holds a driving licence.
    driving_licence: Option<bool>,
    /// The place can be reached in a wheelchair.
    wheelchair_access: Option<bool>,
}

impl From<ListingDraftInput> for ListingDraft {
    fn from(input: ListingDraftInput) -> Self {
        let mut draft = Self {
            kind: Some(input.kind.into()),
            title: input.title,
            task: input.task.unwrap_or_default(),
            description: input.description.unwrap_or_default(),
            themes: input.themes,
            target_groups: input.target_groups.unwrap_or_default(),
            languages: input.languages.unwrap_or_default(),
            attendance: Some(input.attendance.into()),
            reach_km: input.reach_km,
            schedule: input.schedule.unwrap_or_default().into(),
            effort_minutes: input.effort_minutes.map(i64::from),
            capacity: input.capacity.map(i64::from),
            expires_at: input.expires_at,
            ..Self::default()
        };
        input.place.put(&mut draft);
        input.requirements.unwrap_or_default().put(&mut draft);
        input.declarations.unwrap_or_default().put(&mut draft);
        draft
    }
}

impl ListingChangesInput {
    /// Lays the changes over a listing as it is.
    pub fn apply(self, draft: &mut ListingDraft) {
        set(self.title, &mut draft.title);
        set(self.task, &mut draft.task);
        set(self.description, &mut draft.description);
        set(self.themes, &mut draft.themes);
        set(self.target_groups, &mut draft.target_groups);
        set(self.languages, &mut draft.languages);
        set(
            self.attendance
                .map_value(|attendance| Some(attendance.into())),
            &mut draft.attendance,
        );
        set(self.reach_km.map_value(Some), &mut draft.reach_km);
        set(
            self.schedule.map_value(ScheduleDraft::from),
            &mut draft.schedule,
        );
        set(
            self.effort_minutes.map_value(|m| Some(i64::from(m))),
            &mut draft.effort_minutes,
        );
        set(
            self.capacity.map_value(|places| Some(i64::from(places))),
            &mut draft.capacity,
        );
        set(self.expires_at.map_value(Some), &mut draft.expires_at);
        if let Some(place) = given(self.place) {
            place.put(draft);
        }
        if let Some(requirements) = given(self.requirements) {
            requirements.put(draft);
        }
        if let Some(declarations) = given(self.declarations) {
            declarations.put(draft);
        }
    }
}

/// A value that is given; null takes it away.
fn given<T: Default>(value: MaybeUndefined<T>) -> Option<T> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(T::default()),
        MaybeUndefined::Value(value) => Some(value),
    }
}

fn set<T: Default>(value: MaybeUndefined<T>, place: &mut T) {
    if let Some(value) = given(value) {
        *place = value;
    }
}

impl PlaceInput {
    fn put(self, draft: &mut ListingDraft) {
        draft.place_name = self.name;
        draft.address = self.address;
        draft.postal_code = self.postal_code;
        draft.point = self.point.map(|point| (point.latitude, point.longitude));
        draft.at_home = self.at_home;
    }
}

impl RequirementsInput {
    fn put(self, draft: &mut ListingDraft) {
        draft.requirements = Requirements {
            minimum_age: self.minimum_age.map(i64::from),
            childrens_certificate: self.childrens_certificate,
            driving_licence: self.driving_licence,
            wheelchair_access: self.wheelchair_access,
        };
    }
}

impl DeclarationsInput {
    fn put(self, draft: &mut ListingDraft) {
        draft.declarations = Declarations {
            minimum_age: self.minimum_age.map(i64::from),
            childrens_certificate: self.childrens_certificate,
            driving_licence: self.driving_licence,
            wheelchair_access: self.wheelchair_access,
        };
    }
}

impl From<ScheduleInput> for ScheduleDraft {
    fn from(input: ScheduleInput) -> Self {
        let one_off = |one_off: OneOffInput| OneOffDraft {
            start: one_off.start,
            end: one_off.end,
        };
        let recurrence = |recurrence: RecurrenceInput| RecurrenceDraft {
            start: recurrence.start,
            duration: recurrence.duration,
            rule: recurrence.rule,
            exceptions: recurrence.exceptions.unwrap_or_default(),
        };
        Self {
            one_offs: input
                .one_offs
                .unwrap_or_default()
                .into_iter()
                .map(one_off)
                .collect(),
            recurrences: input
                .recurrences
                .unwrap_or_default()
                .into_iter()
                .map(recurrence)
                .collect(),
        }
    }
}

/// What is asked for; every field that is given narrows.
#[derive(Debug, Clone, Default, InputObject)]
pub struct OverlapFilter {
    /// Of these kinds.
    pub kinds: Option<Vec<OverlapKind>>,
    /// That stand here; open ones unless told.
    pub statuses: Option<Vec<OverlapStatus>>,
    /// That matter this much.
    pub severities: Option<Vec<Severity>>,
    /// With a side at one of these postcodes.
    pub postal_codes: Option<Vec<String>>,
    /// With one of these organizations as a side.
    pub organizations: Option<Vec<ID>>,
}
