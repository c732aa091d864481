//! Who should apply together, for which round, and why.
//!
//! A **group** of associations is judged by what its members show openly: their open listings.
//! Nothing here knows of a visit, a visited citizen or an overlap of visits, so no suggestion can
//! tell of one. Parallel activities and gaps come in as values; they rest on open listings too.
//!
//! [`eligible`] says rule by rule whether a group may apply. [`suggest`] composes groups of two to
//! five that may, orders them, and sees to it that nobody fills the list.

mod compose;
mod ground;
mod judge;
mod rules;
#[cfg(test)]
mod tests;

use crate::{
    catalog::TargetGroupRef,
    funding::FundingRound,
    id::{ListingId, OrganizationId},
    listing::{Listing, Poster},
    organization::{Organization, OrganizationKind},
    place::{MunicipalityCode, Point, PostalCode},
    theme::ThemeRef,
};

pub use self::{
    compose::{CIRCLE, suggest},
    ground::{CommonGround, WITHIN_METRES},
    judge::missing,
    rules::{Group, Rule, RuleOutcome, Verdict, eligible},
};

/// Whether a volunteer house has verified an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// A volunteer house has.
    Verified,
    /// Nobody has yet.
    Unverified,
}

/// What a candidate's open listing shows.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenListing {
    /// Its identity.
    pub id: ListingId,
    /// Its themes.
    pub themes: Vec<ThemeRef>,
    /// For whom it is; none means everybody.
    pub target_groups: Vec<TargetGroupRef>,
    /// Its postcode.
    pub postal_code: PostalCode,
    /// The point that everyone measures from, see [`Listing::point`].
    pub point: Point,
}

impl OpenListing {
    /// What a listing shows to everyone.
    pub fn of(listing: &Listing) -> Self {
        let content = &listing.content;
        Self {
            id: listing.id,
            themes: content.themes.clone(),
            target_groups: content.target_groups.clone(),
            postal_code: content.location.postal_code,
            point: listing.point(),
        }
    }
}

/// An organization that could apply, with what it shows openly.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The organization.
    pub organization: OrganizationId,
    /// The organization at the top of its line of parents, itself when it has none. All of one
    /// family count as one applicant: a parent and its branch, or two branches of one parent.
    pub family: OrganizationId,
    /// What it is.
    pub kind: OrganizationKind,
    /// Whether it is verified.
    pub standing: Standing,
    /// Its open listings of every kind, each once. How many there are says how small it is.
    pub listings: Vec<OpenListing>,
}

impl Candidate {
    /// An organization with those of the open listings that it posts itself.
    pub fn of<'a>(
        organization: &Organization,
        family: OrganizationId,
        open: impl IntoIterator<Item = &'a Listing>,
    ) -> Self {
        let poster = Poster::Organization(organization.id);
        let own = open.into_iter().filter(|listing| listing.poster == poster);
        Self {
            organization: organization.id,
            family,
            kind: organization.profile.kind,
            standing: if organization.verified {
                Standing::Verified
            } else {
                Standing::Unverified
            },
            listings: own.map(OpenListing::of).collect(),
        }
    }
}

/// Open needs of one theme in one postcode that nobody's offer reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The theme.
    pub theme: ThemeRef,
    /// The postcode.
    pub postal_code: PostalCode,
    /// The needs.
    pub needs: Vec<ListingId>,
}

/// Two open listings of different organizations that do the same near by at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parallel {
    /// The two, in any order.
    pub listings: [ListingId; 2],
    /// The theme that they have in common.
    pub theme: ThemeRef,
    /// Where.
    pub postal_code: PostalCode,
}

/// What a suggestion rests on, gathered from the record.
#[derive(Debug, Clone, Copy)]
pub struct Gathered<'a> {
    /// The round that is applied to.
    pub round: &'a FundingRound,
    /// Who could apply. Of an organization that stands twice, the first counts.
    pub candidates: &'a [Candidate],
    /// Gaps. Of a theme and postcode that stand twice, the first counts.
    pub gaps: &'a [Gap],
    /// Parallel activities. Of a pair that stands twice, the first counts.
    pub parallels: &'a [Parallel],
}

/// What one member brings to the round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// The member.
    pub organization: OrganizationId,
    /// Its listings in the round, by id.
    pub listings: Vec<ListingId>,
    /// Its themes in the round.
    pub themes: Vec<ThemeRef>,
    /// The target groups of the round that it names.
    pub target_groups: Vec<TargetGroupRef>,
    /// Those of its themes that no other member has.
    pub only_its_themes: Vec<ThemeRef>,
    /// Those of its target groups that no other member names.
    pub only_its_target_groups: Vec<TargetGroupRef>,
}

/// What a group still lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// Further applicants that the round asks for.
    CoApplicants {
        /// How many.
        more: u8,
    },
    /// Nobody works with this theme of the round.
    Theme(ThemeRef),
    /// Nobody reaches this target group of the round.
    TargetGroup(TargetGroupRef),
    /// Nobody has a listing in this municipality of the round.
    Municipality(MunicipalityCode),
    /// Nobody would close this gap, though it lies near the common ground.
    Gap {
        /// Its theme.
        theme: ThemeRef,
        /// Its postcode.
        postal_code: PostalCode,
    },
    /// The share of the budget that the applicants must find themselves.
    OwnContribution {
        /// Per cent.
        percent: u8,
    },
}

/// What a part of a score rests on.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// All work on one theme's line, for one target group.
    SharedTheme {
        /// The theme.
        theme: ThemeRef,
        /// The target group; nothing when what they do is for everybody.
        target_group: Option<TargetGroupRef>,
    },
    /// All are active near one postcode.
    Near {
        /// The postcode.
        postal_code: PostalCode,
        /// Metres from its centre to the listing of the member that is farthest from it.
        farthest_metres: f64,
    },
    /// They do the same side by side, and would do it together.
    JoinsParallels {
        /// How many pairs.
        pairs: usize,
    },
    /// They would meet needs that nobody meets.
    ClosesGaps {
        /// How many gaps.
        gaps: usize,
        /// How many needs there are in them.
        needs: usize,
    },
    /// These bring a theme or a target group that no other member brings.
    EachBrings {
        /// Who.
        organizations: Vec<OrganizationId>,
    },
    /// A small association stands beside larger ones.
    SmallIsSeen {
        /// The member with the fewest open listings; of equals, the lowest id.
        organization: OrganizationId,
        /// How many it has.
        listings: usize,
    },
}

/// One part of a score.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// 0..1.
    pub value: f64,
    /// How much it counts; the weights of all parts sum to 1.
    pub weight: f64,
    /// What it rests on.
    pub reason: Reason,
}

/// A group that may apply together, and why it should.
#[derive(Debug, Clone, PartialEq)]
pub struct JointSuggestion {
    /// 0..1, the weighted sum of the parts.
    pub score: f64,
    /// The parts: theme, nearness, parallels, gaps, breadth, small.
    pub reasons: Vec<Part>,
    /// What all have in common.
    pub ground: CommonGround,
    /// Two to five members with what each brings, by organization.
    pub contributions: Vec<Contribution>,
    /// Gaps that it would close, by postcode and theme.
    pub gaps: Vec<Gap>,
    /// Parallel activities that it would join, by listing.
    pub parallels: Vec<Parallel>,
    /// What it still lacks.
    pub missing: Vec<Missing>,
}

impl JointSuggestion {
    /// The members, by id.
    pub fn organizations(&self) -> impl Iterator<Item = OrganizationId> + '_ {
        self.contributions.iter().map(|member| member.organization)
    }
}
