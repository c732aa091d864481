//! Scalars and closed sets.

use crate::app::houses;
use async_graphql::{Enum, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::NaiveDate;
use faelled_engine::{agreement, flag, listing, nearby, organization, overlap, place, visit};

/// A local date (Europe/Copenhagen) such as `2026-12-24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(pub NaiveDate);

/// A local date (Europe/Copenhagen) such as `2026-12-24`.
#[Scalar]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map(Self)
            .map_err(|_| InputValueError::custom("write a date as 2026-12-24"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%Y-%m-%d").to_string())
    }
}

/// What a listing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "listing::ListingKind")]
pub enum ListingKind {
    /// Somebody offers to do something (tilbud).
    Offer,
    /// Somebody asks for something to be done (behov).
    Need,
    /// Somebody would like something to exist (ønske).
    Wish,
}

/// What its poster has decided about a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "listing::ListingStatus")]
pub enum ListingStatus {
    /// Can be found, as long as something of it lies ahead.
    Open,
    /// Hidden for a while.
    Paused,
    /// Done with.
    Closed,
    /// Taken back.
    Withdrawn,
}

/// Who comes to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "place::Attendance")]
pub enum Attendance {
    /// The other side comes to me.
    AtMyPlace,
    /// I come to the other side.
    ITravel,
    /// Either way.
    Either,
    /// At no place: by phone or online.
    Remote,
}

/// How listings are ordered; ids decide between equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "nearby::Order")]
pub enum ListingOrder {
    /// Nearest first, `REMOTE` ones last. Needs `near`.
    Distance,
    /// What fits the filter best first.
    Relevance,
    /// Next start first, those by agreement last.
    Start,
    /// Latest posted first.
    Newest,
}

/// What an organization is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "organization::OrganizationKind")]
pub enum OrganizationKind {
    /// An association of its own (forening).
    Association,
    /// A local branch of a larger one (lokalafdeling).
    Branch,
    /// A part of the municipality, the region or the state (offentlig part).
    PublicBody,
    /// De Frivilliges Hus (frivilligcenter).
    VolunteerHouse,
}

/// What a person may do in an organization; each role includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "organization::Role")]
pub enum Role {
    /// Belongs to it.
    Member,
    /// Posts and agrees on its behalf.
    Coordinator,
    /// Decides who belongs to it.
    Admin,
}

/// Where a match stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "agreement::MatchStatus")]
pub enum MatchStatus {
    /// Waits for the other side's answer.
    Proposed,
    /// Both have said yes.
    Confirmed,
    /// It happened.
    Completed,
    /// The other side said no.
    Declined,
    /// A side took it back.
    Withdrawn,
    /// Nobody answered in time.
    Expired,
}

/// A side of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "agreement::Side")]
pub enum MatchSide {
    /// Who proposed.
    Proposer,
    /// Whose listing it was proposed to.
    Owner,
}

/// One thing that a side can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "listing::Requirement")]
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

/// Whether a visit arrangement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "visit::ArrangementStatus")]
pub enum ArrangementStatus {
    /// Visits are made.
    Active,
    /// It was ended.
    Ended,
}

/// What became of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "visit::VisitOutcome")]
pub enum VisitOutcome {
    /// It was made.
    Held,
    /// The organization called it off.
    CalledOff,
    /// The citizen was not there, or did not want it.
    NotReceived,
}

/// In which way two things overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "flag::OverlapKind")]
pub enum OverlapKind {
    /// Two organizations visit the same citizen close in time.
    SameCitizen,
    /// Two organizations offer the same to the same people, near by, on the same day.
    ParallelActivities,
    /// Two listings say the same.
    DuplicateListings,
}

/// Where an overlap stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "flag::FlagStatus")]
pub enum OverlapStatus {
    /// Somebody should look at it.
    Open,
    /// The sides have been brought together.
    Coordinated,
    /// The house has judged it to be no problem.
    Dismissed,
    /// The two do not overlap any more.
    Ended,
}

/// What happened to an overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "flag::FlagEvent")]
pub enum OverlapEventKind {
    /// It was raised.
    Raised,
    /// The two still overlap, differently.
    Moved,
    /// The two do not overlap any more.
    Ended,
    /// The two overlap again, or differently from what the house had dealt with.
    Reopened,
    /// The sides have been brought together.
    Coordinated,
    /// The house has judged it to be no problem.
    Dismissed,
}

/// How much an overlap matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "overlap::Severity")]
pub enum Severity {
    /// Good to know.
    Low,
    /// Worth a word between the two.
    Medium,
    /// Somebody's effort is being lost.
    High,
}

/// What somebody did that touches citizens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "houses::AccessAction")]
pub enum AccessAction {
    /// Asked of a draft whether another association visits the same citizen.
    Check,
    /// Registered an arrangement.
    Register,
    /// Changed one.
    Update,
    /// Ended one.
    End,
    /// Read the overlaps of a municipality.
    ReadFlags,
}

/// How exactly a place is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum Precision {
    /// The point itself.
    Exact,
    /// The centre of its postcode.
    Postcode,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "chrono::Weekday")]
pub enum Weekday {
    /// Monday.
    #[graphql(name = "MONDAY")]
    Mon,
    /// Tuesday.
    #[graphql(name = "TUESDAY")]
    Tue,
    /// Wednesday.
    #[graphql(name = "WEDNESDAY")]
    Wed,
    /// Thursday.
    #[graphql(name = "THURSDAY")]
    Thu,
    /// Friday.
    #[graphql(name = "FRIDAY")]
    Fri,
    /// Saturday.
    #[graphql(name = "SATURDAY")]
    Sat,
    /// Sunday.
    #[graphql(name = "SUNDAY")]
    Sun,
}

/// The weekday that is so many days after Monday.
pub fn weekday_after_monday(days: u32) -> Weekday {
    u8::try_from(days)
        .ok()
        .and_then(|days| chrono::Weekday::try_from(days).ok())
        .unwrap_or(chrono::Weekday::Mon)
        .into()
}
