//! How the closed sets of the engine are written in the record. What is written once is never
//! renamed.

use faelled_engine::{
    agreement::MatchStatus,
    listing::{ListingKind, ListingStatus},
    organization::{OrganizationKind, Role},
    place::Attendance,
};

/// A closed set of short texts.
pub(crate) trait Code: Copy + 'static {
    /// Every value with its text.
    const ALL: &'static [(Self, &'static str)];
    /// What a message calls it.
    const WHAT: &'static str;

    /// The text of a value.
    fn code(self) -> &'static str
    where
        Self: PartialEq,
    {
        Self::ALL
            .iter()
            .find(|(value, _)| *value == self)
            .map_or("", |(_, code)| code)
    }

    /// The value of a text, or a word on what does not read.
    fn read(code: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == code)
            .map(|(value, _)| *value)
            .ok_or_else(|| format!("unknown {}", Self::WHAT))
    }
}

impl Code for ListingKind {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Offer, "offer"),
        (Self::Need, "need"),
        (Self::Wish, "wish"),
    ];
    const WHAT: &'static str = "kind";
}

impl Code for ListingStatus {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Open, "open"),
        (Self::Paused, "paused"),
        (Self::Closed, "closed"),
        (Self::Withdrawn, "withdrawn"),
    ];
    const WHAT: &'static str = "status";
}

impl Code for Attendance {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::AtMyPlace, "at_my_place"),
        (Self::ITravel, "i_travel"),
        (Self::Either, "either"),
        (Self::Remote, "remote"),
    ];
    const WHAT: &'static str = "attendance";
}

impl Code for OrganizationKind {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Association, "association"),
        (Self::Branch, "branch"),
        (Self::PublicBody, "public_body"),
        (Self::VolunteerHouse, "volunteer_house"),
    ];
    const WHAT: &'static str = "kind";
}

impl Code for Role {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Member, "member"),
        (Self::Coordinator, "coordinator"),
        (Self::Admin, "admin"),
    ];
    const WHAT: &'static str = "role";
}

impl Code for MatchStatus {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Proposed, "proposed"),
        (Self::Confirmed, "confirmed"),
        (Self::Completed, "completed"),
        (Self::Declined, "declined"),
        (Self::Withdrawn, "withdrawn"),
        (Self::Expired, "expired"),
    ];
    const WHAT: &'static str = "status";
}
