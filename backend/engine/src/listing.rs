//! A posting: an offer, a need or a wish, as values that cannot be invalid.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    catalog::{Catalog, Language, TargetGroupRef},
    id::{ListingId, OrganizationId, PersonId},
    place::{Attendance, Location, Point, Reach},
    problem::{Fault, Problem, Problems, shortened},
    schedule::{HORIZON, Schedule, ScheduleDraft},
    text,
    theme::ThemeRef,
};

/// What a listing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListingKind {
    /// Somebody offers to do something.
    Offer,
    /// Somebody asks for something to be done.
    Need,
    /// Somebody would like something to exist.
    Wish,
}

impl ListingKind {
    /// Whether the two can be a pair: an offer meets a need or a wish; nothing else meets.
    pub fn meets(self, other: Self) -> bool {
        (self == Self::Offer) != (other == Self::Offer)
    }
}

/// What its poster has decided about it. Whether it is open depends on the time as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListingStatus {
    /// Can be found.
    Open,
    /// Hidden for a while.
    Paused,
    /// Done with; what was agreed stays.
    Closed,
    /// Taken back, as if it had not been meant.
    Withdrawn,
}

/// Who posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Poster {
    /// An organization, through one of its coordinators.
    Organization(OrganizationId),
    /// A private person.
    Person(PersonId),
}

/// What one side asks of the other. In a draft, the age is any number that came in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requirements<Age = u8> {
    /// At least this old, in years.
    pub minimum_age: Option<Age>,
    /// Has declared a børneattest.
    pub childrens_certificate: bool,
    /// Holds a driving licence.
    pub driving_licence: bool,
    /// The place can be reached in a wheelchair.
    pub wheelchair_access: bool,
}

/// What one side declares about itself or its place. Nothing declared is not a no. In a draft, the
/// age is any number that came in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Declarations<Age = u8> {
    /// At least this old, in years.
    pub minimum_age: Option<Age>,
    /// Has a børneattest. Only the declaration is kept, never the certificate.
    pub childrens_certificate: Option<bool>,
    /// Holds a driving licence.
    pub driving_licence: Option<bool>,
    /// The place can be reached in a wheelchair.
    pub wheelchair_access: Option<bool>,
}

impl<Age> Requirements<Age> {
    /// The same, with the age read otherwise.
    fn with_age<Other>(self, minimum_age: Option<Other>) -> Requirements<Other> {
        Requirements {
            minimum_age,
            childrens_certificate: self.childrens_certificate,
            driving_licence: self.driving_licence,
            wheelchair_access: self.wheelchair_access,
        }
    }
}

impl<Age> Declarations<Age> {
    /// The same, with the age read otherwise.
    fn with_age<Other>(self, minimum_age: Option<Other>) -> Declarations<Other> {
        Declarations {
            minimum_age,
            childrens_certificate: self.childrens_certificate,
            driving_licence: self.driving_licence,
            wheelchair_access: self.wheelchair_access,
        }
    }
}

/// One thing that a side can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requirement {
    /// A minimum age.
    MinimumAge,
    /// A declared børneattest.
    ChildrensCertificate,
    /// A driving licence.
    DrivingLicence,
    /// Wheelchair access.
    WheelchairAccess,
}

impl Requirements {
    /// What is asked for and not declared, or nothing if something asked for is declared a no.
    pub fn to_clarify(self, declared: Declarations) -> Option<Vec<Requirement>> {
        let mut open = Vec::new();
        if let Some(minimum) = self.minimum_age
            && declared.minimum_age.is_none_or(|age| age < minimum)
        {
            open.push(Requirement::MinimumAge);
        }
        for (asked, declared, requirement) in [
            (
                self.childrens_certificate,
                declared.childrens_certificate,
                Requirement::ChildrensCertificate,
            ),
            (
                self.driving_licence,
                declared.driving_licence,
                Requirement::DrivingLicence,
            ),
            (
                self.wheelchair_access,
                declared.wheelchair_access,
                Requirement::WheelchairAccess,
            ),
        ] {
            match (asked, declared) {
                (true, Some(false)) => return None,
                (true, None) => open.push(requirement),
                _ => {}
            }
        }
        Some(open)
    }
}

/// A listing as it comes in, from the API, a file or the record.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListingDraft {
    /// What it is.
    pub kind: Option<ListingKind>,
    /// 3-120 characters.
    pub title: String,
    /// The concrete task, up to 300 characters.
    pub task: String,
    /// Up to 5,000 characters.
    pub description: String,
    /// One to five theme codes.
    pub themes: Vec<String>,
    /// Up to ten target group codes; none means everybody.
    pub target_groups: Vec<String>,
    /// Up to ten ISO 639-1 codes; none means Danish.
    pub languages: Vec<String>,
    /// What people call the place.
    pub place_name: Option<String>,
    /// Street and number.
    pub address: Option<String>,
    /// Four digits.
    pub postal_code: String,
    /// Latitude and longitude in decimal degrees.
    pub point: Option<(f64, f64)>,
    /// Whether it takes place in someone's home.
    pub at_home: bool,
    /// Who comes to whom.
    pub attendance: Option<Attendance>,
    /// How far this side travels, in kilometres; none means no limit.
    pub reach_km: Option<f64>,
    /// When.
    pub schedule: ScheduleDraft,
    /// What one time asks of a volunteer, in minutes.
    pub effort_minutes: Option<i64>,
    /// How many places; none means no limit.
    pub capacity: Option<i64>,
    /// What is asked of the other side.
    pub requirements: Requirements<i64>,
    /// What this side declares.
    pub declarations: Declarations<i64>,
    /// When it ends by itself; none means twelve months after it was last confirmed.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What a listing says.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// What it is.
    pub kind: ListingKind,
    /// Its heading.
    pub title: String,
    /// The concrete task, in a sentence; may be empty.
    pub task: String,
    /// The whole of it; may be empty.
    pub description: String,
    /// One to five themes, each once.
    pub themes: Vec<ThemeRef>,
    /// For whom; none means everybody.
    pub target_groups: Vec<TargetGroupRef>,
    /// Languages stated; none means Danish.
    pub languages: Vec<Language>,
    /// Where.
    pub location: Location,
    /// Who comes to whom.
    pub attendance: Attendance,
    /// How far this side travels; none means no limit.
    pub reach: Option<Reach>,
    /// When.
    pub schedule: Schedule,
    /// What one time asks of a volunteer.
    pub effort: Option<TimeDelta>,
    /// How many places, 1-10,000; none means no limit.
    pub capacity: Option<u32>,
    /// What is asked of the other side.
    pub requirements: Requirements,
    /// What this side declares.
    pub declarations: Declarations,
    /// When it ends by itself, if the poster said so.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Content {
    /// Reads a draft and gathers everything that is wrong with it.
    pub fn parse(draft: &ListingDraft, catalog: &Catalog) -> Result<Self, Vec<Problem>> {
        Self::read(draft, catalog, Schedule::parse(&draft.schedule))
    }

    /// Reads a draft that was judged when it came in; see [`Schedule::restore`].
    pub fn restore(draft: &ListingDraft, catalog: &Catalog) -> Result<Self, Vec<Problem>> {
        Self::read(draft, catalog, Schedule::restore(&draft.schedule))
    }

    fn read(
        draft: &ListingDraft,
        catalog: &Catalog,
        schedule: Result<Schedule, Vec<Problem>>,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let kind = problems.take("kind", draft.kind.ok_or(Fault::Blank));
        let title = problems.take("title", text::line(&draft.title, 3, 120));
        let task = problems.take("task", text::line(&draft.task, 0, 300));
        let description = problems.take("description", text::lines(&draft.description, 0, 5_000));
        let themes = codes(&mut problems, "themes", &draft.themes, 1..=5, |code| {
            catalog.resolve_theme(code)
        });
        let target_groups = codes(
            &mut problems,
            "targetGroups",
            &draft.target_groups,
            0..=10,
            |code| catalog.resolve_target_group(code),
        );
        let languages = codes(
            &mut problems,
            "languages",
            &draft.languages,
            0..=10,
            Language::parse,
        );
        let location = problems.take_within("place", location(draft, catalog));
        let attendance = problems.take("attendance", draft.attendance.ok_or(Fault::Blank));
        let reach = problems.take("reachKm", draft.reach_km.map(Reach::from_km).transpose());
        let schedule = problems.take_within("schedule", schedule);
        let effort = whole(
            &mut problems,
            "effortMinutes",
            draft.effort_minutes,
            5,
            10_080,
        );
        let capacity = whole(&mut problems, "capacity", draft.capacity, 1, 10_000);
        let required_age = whole(
            &mut problems,
            "requirements.minimumAge",
            draft.requirements.minimum_age,
            1,
            99,
        );
        let declared_age = whole(
            &mut problems,
            "declarations.minimumAge",
            draft.declarations.minimum_age,
            1,
            99,
        );
        let content = (|| {
            Some(Self {
                kind: kind?,
                title: title?,
                task: task?,
                description: description?,
                themes: themes?,
                target_groups: target_groups?,
                languages: languages?,
                location: location?,
                attendance: attendance?,
                reach: reach?,
                schedule: schedule?,
                effort: effort?.map(TimeDelta::minutes),
                capacity: capacity?.and_then(|places| u32::try_from(places).ok()),
                requirements: draft
                    .requirements
                    .with_age(required_age?.and_then(|age| u8::try_from(age).ok())),
                declarations: draft
                    .declarations
                    .with_age(declared_age?.and_then(|age| u8::try_from(age).ok())),
                expires_at: draft.expires_at,
            })
        })();
        problems.finish(content)
    }

    /// Reads a draft that is posted or changed at `now`, and gathers everything that
    /// [`Content::parse`] and [`Content::check_ahead`] find wrong with it.
    pub fn parse_at(
        draft: &ListingDraft,
        catalog: &Catalog,
        now: DateTime<Utc>,
    ) -> Result<Self, Vec<Problem>> {
        let schedule = Schedule::parse(&draft.schedule);
        // A schedule that cannot be read is named as such, and counts as none here.
        let none = Schedule::default();
        let ahead = check_ahead(draft.expires_at, schedule.as_ref().unwrap_or(&none), now);
        match (Self::read(draft, catalog, schedule), ahead) {
            (Ok(content), Ok(())) => Ok(content),
            (content, ahead) => {
                let problems = [content.err(), ahead.err()];
                Err(problems.into_iter().flatten().flatten().collect())
            }
        }
    }

    /// What must hold in addition when it is posted or changed at `now`: it expires later than
    /// that, and something of its schedule lies ahead.
    pub fn check_ahead(&self, now: DateTime<Utc>) -> Result<(), Vec<Problem>> {
        check_ahead(self.expires_at, &self.schedule, now)
    }

    /// The same content as it would come in.
    pub fn draft(&self, catalog: &Catalog) -> ListingDraft {
        let location = &self.location;
        ListingDraft {
            kind: Some(self.kind),
            title: self.title.clone(),
            task: self.task.clone(),
            description: self.description.clone(),
            themes: self
                .themes
                .iter()
                .map(|t| catalog.themes.get(*t).code.clone())
                .collect(),
            target_groups: self
                .target_groups
                .iter()
                .map(|g| catalog.target_group(*g).code.clone())
                .collect(),
            languages: self.languages.iter().map(|l| l.code().to_owned()).collect(),
            place_name: location.name.clone(),
            address: location.address.clone(),
            postal_code: location.postal_code.to_string(),
            point: location.exact.map(|p| (p.latitude(), p.longitude())),
            at_home: location.at_home,
            attendance: Some(self.attendance),
            reach_km: self.reach.map(Reach::km),
            schedule: self.schedule.draft(),
            effort_minutes: self.effort.map(|effort| effort.num_minutes()),
            capacity: self.capacity.map(i64::from),
            requirements: self
                .requirements
                .with_age(self.requirements.minimum_age.map(i64::from)),
            declarations: self
                .declarations
                .with_age(self.declarations.minimum_age.map(i64::from)),
            expires_at: self.expires_at,
        }
    }
}

fn check_ahead(
    expires_at: Option<DateTime<Utc>>,
    schedule: &Schedule,
    now: DateTime<Utc>,
) -> Result<(), Vec<Problem>> {
    let mut problems = Problems::default();
    if let Some(expires_at) = expires_at {
        if expires_at <= now {
            problems.note("expiresAt", Fault::AlreadyOver);
        } else if expires_at > now + HORIZON * 2 {
            problems.note("expiresAt", Fault::TooFarAhead { max_days: 732 });
        }
    }
    if !schedule.is_by_agreement() && schedule.occurrences(now, now + HORIZON).is_empty() {
        problems.note("schedule", Fault::AlreadyOver);
    }
    problems.finish(Some(()))
}

fn codes<T: PartialEq>(
    problems: &mut Problems,
    field: &str,
    given: &[String],
    accepted: std::ops::RangeInclusive<usize>,
    resolve: impl Fn(&str) -> Result<T, Fault>,
) -> Option<Vec<T>> {
    if given.len() < *accepted.start() {
        problems.note(field, Fault::Blank);
        return None;
    }
    if given.len() > *accepted.end() {
        problems.note(
            field,
            Fault::TooMany {
                max: *accepted.end(),
                got: given.len(),
            },
        );
        return None;
    }
    let mut found = Vec::with_capacity(given.len());
    let mut whole = true;
    for (at, code) in given.iter().enumerate() {
        match resolve(code) {
            Ok(value) if found.contains(&value) => {
                problems.note(
                    &format!("{field}.{at}"),
                    Fault::Repeated {
                        value: shortened(code),
                    },
                );
                whole = false;
            }
            Ok(value) => found.push(value),
            Err(fault) => {
                problems.note(&format!("{field}.{at}"), fault);
                whole = false;
            }
        }
    }
    whole.then_some(found)
}

#[expect(
    clippy::option_option,
    reason = "outer: whether it could be read; inner: whether it was given"
)]
fn whole(
    problems: &mut Problems,
    field: &str,
    given: Option<i64>,
    min: i64,
    max: i64,
) -> Option<Option<i64>> {
    match given {
        Some(value) if !(min..=max).contains(&value) => {
            problems.note(
                field,
                Fault::OutOfRange {
                    min: min as f64,
                    max: max as f64,
                },
            );
            None
        }
        value => Some(value),
    }
}

fn location(draft: &ListingDraft, catalog: &Catalog) -> Result<Location, Vec<Problem>> {
    let mut problems = Problems::default();
    let mut line = |field, value: &Option<String>, max| {
        let read = text::line(value.as_deref().unwrap_or(""), 0, max);
        problems
            .take(field, read)
            .map(|text| Some(text).filter(|text| !text.is_empty()))
    };
    let name = line("name", &draft.place_name, 120);
    let address = line("address", &draft.address, 200);
    let postcode = problems.take("postalCode", catalog.gazetteer.resolve(&draft.postal_code));
    let exact = problems.take(
        "point",
        draft
            .point
            .map(|(latitude, longitude)| Point::new(latitude, longitude))
            .transpose(),
    );
    let location = (|| {
        let postcode = postcode?;
        Some(Location {
            name: name?,
            address: address?,
            postal_code: postcode.code,
            centre: postcode.centre,
            exact: exact?,
            at_home: draft.at_home,
        })
    })();
    problems.finish(location)
}

/// A posting.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// Its identity.
    pub id: ListingId,
    /// Grows when its poster changes it; an update names the version that it saw.
    pub version: i32,
    /// Grows with every change, places taken and support included; orders the change log's news.
    pub revision: i32,
    /// Who posts.
    pub poster: Poster,
    /// The person who posted it, and who answers for what it declares.
    pub posted_by: PersonId,
    /// What its poster has decided.
    pub status: ListingStatus,
    /// What it says.
    pub content: Content,
    /// Places taken by confirmed matches.
    pub taken: u32,
    /// People who support it ("me too").
    pub supports: u32,
    /// When it was posted.
    pub posted_at: DateTime<Utc>,
    /// When it was last confirmed as current.
    pub assured_at: DateTime<Utc>,
    /// When its poster last changed it.
    pub updated_at: DateTime<Utc>,
    /// Who declared a børneattest, and when. Only this is kept, never the certificate.
    pub certificate_declared: Option<(PersonId, DateTime<Utc>)>,
    /// Its identity in the file that it was loaded from.
    pub external_id: Option<String>,
}

impl Listing {
    /// The revision with which a listing is posted.
    pub const POSTED: i32 = 1;
    /// The revision with which a listing begins that was posted elsewhere and is loaded, many at
    /// once: it is no news that it is there.
    pub const LOADED: i32 = 2;

    /// When it ends by itself.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.content.expires_at.unwrap_or(self.assured_at + HORIZON)
    }

    /// Whether others may learn its place only as a postcode.
    pub fn is_private_place(&self) -> bool {
        self.content.location.at_home || matches!(self.poster, Poster::Person(_))
    }

    /// The point that everyone measures from: the exact one of a public place, else the postcode's
    /// centre.
    pub fn point(&self) -> Point {
        let location = &self.content.location;
        location
            .exact
            .filter(|_| !self.is_private_place())
            .unwrap_or(location.centre)
    }

    /// Whether that point is only the postcode's centre.
    pub fn is_coarse(&self) -> bool {
        self.is_private_place() || self.content.location.exact.is_none()
    }

    /// Places left; nothing when there is no limit.
    pub fn places_left(&self) -> Option<u32> {
        self.content
            .capacity
            .map(|capacity| capacity.saturating_sub(self.taken))
    }

    /// Whether somebody can still take a place.
    pub fn has_place(&self) -> bool {
        self.places_left() != Some(0)
    }
}
