//! What becomes of an overlap that was found. One flag stands for two things that overlap in one
//! way, for ever: it is raised once, and ends, moves and reopens as the facts do.

use chrono::{DateTime, Utc};

use uuid::Uuid;

use crate::{
    id::{FlagId, OrganizationId, PersonId},
    overlap::{Reason, Severity},
    place::PostalCode,
};

/// In which way two things overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OverlapKind {
    /// Two organizations visit the same citizen close in time.
    SameCitizen,
    /// Two organizations offer the same to the same people, near by, on the same day.
    ParallelActivities,
    /// Two listings say the same.
    DuplicateListings,
}

/// Where a flag stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlagStatus {
    /// Somebody should look at it.
    Open,
    /// The house has brought the sides together, or knows that they have found each other.
    Coordinated,
    /// The house has judged it to be no problem.
    Dismissed,
    /// The two do not overlap any more.
    Ended,
}

/// What happened to a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FlagEvent {
    /// It was raised.
    Raised,
    /// The two still overlap, differently.
    Moved,
    /// The two do not overlap any more.
    Ended,
    /// The two overlap again, or differently from what the house had dealt with.
    Reopened,
    /// The house has brought the sides together.
    Coordinated,
    /// The house has judged it to be no problem.
    Dismissed,
}

/// What the house decides about a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HouseDecision {
    /// It is no problem.
    Dismiss,
    /// The sides have been brought together.
    Coordinate,
}

/// What a judgement says of two things.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// The evidence.
    pub reasons: Vec<Reason>,
    /// When it stops being true by itself; none when no end is in sight.
    pub until: Option<DateTime<Utc>>,
    /// The facts of both sides that were judged, in the order of the flag's sides.
    pub facts: [i32; 2],
}

/// A flag.
#[derive(Debug, Clone, PartialEq)]
pub struct Flag {
    /// Its identity.
    pub id: FlagId,
    /// Grows with every change.
    pub version: i32,
    /// In which way the two overlap.
    pub kind: OverlapKind,
    /// The two, the lower identity first.
    pub sides: [FlagSide; 2],
    /// Where it stands.
    pub status: FlagStatus,
    /// What was found last.
    pub finding: Finding,
    /// When it was raised first.
    pub raised_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// One of the two things that overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlagSide {
    /// The arrangement or the listing.
    pub subject: Uuid,
    /// Whose it is; none for a private person.
    pub organization: Option<OrganizationId>,
    /// Where it is.
    pub postal_code: PostalCode,
}

/// A line of a flag's history. It holds nothing of a citizen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagLine {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub event: FlagEvent,
    /// Who decided, and for which house; none when the facts changed by themselves.
    pub by: Option<(PersonId, OrganizationId)>,
    /// What was said.
    pub comment: String,
}

impl FlagStatus {
    /// Whether it is shown among the flags that are there.
    pub const fn stands(self) -> bool {
        !matches!(self, Self::Ended)
    }

    /// Where a flag stands after a decision of the house; nothing if there is nothing to decide.
    pub const fn after(self, decision: HouseDecision) -> Option<(Self, FlagEvent)> {
        match (self, decision) {
            (Self::Ended | Self::Dismissed, HouseDecision::Dismiss)
            | (Self::Ended | Self::Coordinated, HouseDecision::Coordinate) => None,
            (_, HouseDecision::Dismiss) => Some((Self::Dismissed, FlagEvent::Dismissed)),
            (_, HouseDecision::Coordinate) => Some((Self::Coordinated, FlagEvent::Coordinated)),
        }
    }
}

impl Flag {
    /// What a new judgement of the same two makes of the flag; nothing if it changes nothing. What
    /// the house has dealt with stays dealt with as long as the facts that it saw are the facts.
    #[must_use]
    pub fn judged(&self, found: Option<Finding>, now: DateTime<Utc>) -> Option<(Self, FlagEvent)> {
        let Some(found) = found else {
            let ended = self.status.stands();
            return ended.then(|| (self.becoming(FlagStatus::Ended, now), FlagEvent::Ended));
        };
        let same_facts = found.facts == self.finding.facts;
        // How often two rules meet within the horizon changes every day, and is no news.
        let same_finding =
            (found.severity, found.until) == (self.finding.severity, self.finding.until);
        let event = match self.status {
            FlagStatus::Coordinated | FlagStatus::Dismissed if same_facts => return None,
            FlagStatus::Ended | FlagStatus::Coordinated | FlagStatus::Dismissed => {
                FlagEvent::Reopened
            }
            FlagStatus::Open if same_finding && same_facts => return None,
            FlagStatus::Open => FlagEvent::Moved,
        };
        let open = Self {
            finding: found,
            ..self.becoming(FlagStatus::Open, now)
        };
        Some((open, event))
    }

    /// The flag with another status.
    #[must_use]
    pub fn becoming(&self, status: FlagStatus, now: DateTime<Utc>) -> Self {
        Self {
            status,
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    fn finding(facts: [i32; 2], dates: usize) -> Finding {
        Finding {
            severity: Severity::Medium,
            reasons: vec![Reason::SameDay { dates }],
            until: None,
            facts,
        }
    }

    fn flag(status: FlagStatus) -> Flag {
        let side = |byte| FlagSide {
            subject: Uuid::from_bytes([byte; 16]),
            organization: None,
            postal_code: PostalCode::parse("8800").unwrap(),
        };
        Flag {
            id: Id::from_random([1; 16]),
            version: 3,
            kind: OverlapKind::SameCitizen,
            sides: [side(1), side(2)],
            status,
            finding: finding([1, 1], 1),
            raised_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_flag_follows_the_facts() {
        use FlagEvent as Event;
        use FlagStatus::{Coordinated, Dismissed, Ended, Open};
        let (same, other) = (finding([1, 1], 1), finding([2, 1], 1));
        let moved = Finding {
            severity: Severity::High,
            ..finding([1, 1], 1)
        };
        let counted = finding([1, 1], 2);
        let cases = [
            (Open, Some(&same), None),
            (Open, Some(&other), Some((Open, Event::Moved))),
            (Open, Some(&moved), Some((Open, Event::Moved))),
            (Open, Some(&counted), None),
            (Open, None, Some((Ended, Event::Ended))),
            (Dismissed, Some(&same), None),
            // Time alone moves what is found, and is no reason to ask the house again.
            (Dismissed, Some(&moved), None),
            (Dismissed, Some(&other), Some((Open, Event::Reopened))),
            (Dismissed, None, Some((Ended, Event::Ended))),
            (Coordinated, Some(&same), None),
            (Coordinated, Some(&other), Some((Open, Event::Reopened))),
            (Coordinated, None, Some((Ended, Event::Ended))),
            (Ended, Some(&same), Some((Open, Event::Reopened))),
            (Ended, None, None),
        ];
        for (from, found, expected) in cases {
            let after = flag(from).judged(found.cloned(), DateTime::UNIX_EPOCH);
            let seen = after.as_ref().map(|(flag, event)| (flag.status, *event));
            assert_eq!(seen, expected, "{from:?} {found:?}");
            if let Some((after, _)) = after {
                assert_eq!(after.version, 4);
                assert_eq!(after.finding, found.cloned().unwrap_or(same.clone()));
            }
        }
    }

    #[test]
    fn a_house_decides_what_is_not_decided() {
        use FlagStatus::{Coordinated, Dismissed, Ended, Open};
        for (from, decision, expected) in [
            (Open, HouseDecision::Dismiss, Some(Dismissed)),
            (Open, HouseDecision::Coordinate, Some(Coordinated)),
            (Coordinated, HouseDecision::Dismiss, Some(Dismissed)),
            (Dismissed, HouseDecision::Coordinate, Some(Coordinated)),
            (Dismissed, HouseDecision::Dismiss, None),
            (Coordinated, HouseDecision::Coordinate, None),
            (Ended, HouseDecision::Dismiss, None),
            (Ended, HouseDecision::Coordinate, None),
        ] {
            let after = from.after(decision).map(|(status, _)| status);
            assert_eq!(after, expected, "{from:?} {decision:?}");
        }
    }
}
