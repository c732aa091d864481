//! Scalars and closed sets.

use async_graphql::{Enum, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::NaiveDate;
use faelled_engine::{agreement, listing, nearby, organization, place};

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
