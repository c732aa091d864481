//! An agreed pairing: proposed by one side, answered by the other.

use chrono::{DateTime, TimeDelta, Utc};

use crate::id::{ListingId, MatchId, PersonId};

/// How long a proposal waits for its answer.
pub const PROPOSAL_LIFETIME: TimeDelta = TimeDelta::days(14);

/// Where a match stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// One of the two sides of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Who proposed.
    Proposer,
    /// Whose listing it was proposed to.
    Owner,
}

/// What a side can do with a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The owner says yes; takes a place of the capacity.
    Accept,
    /// The owner says no.
    Decline,
    /// Either side takes it back: a confirmed one gives its place free; a completed one keeps what
    /// happened, and closes what both sides saw of each other.
    Withdraw,
    /// Either side says that it happened.
    Complete,
    /// The time for an answer is over.
    Expire,
}

/// A pairing of a listing with another listing, or with a person or an organization that has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Its identity.
    pub id: MatchId,
    /// Grows with every change.
    pub version: i32,
    /// The listing that it was proposed to.
    pub listing: ListingId,
    /// The proposer's own listing, if there is one.
    pub counterpart: Option<ListingId>,
    /// Who proposed.
    pub proposer: crate::listing::Poster,
    /// The person who proposed.
    pub proposed_by: PersonId,
    /// Who owns the listing.
    pub owner: crate::listing::Poster,
    /// The person who answered.
    pub answered_by: Option<PersonId>,
    /// Where it stands.
    pub status: MatchStatus,
    /// What the proposer wrote.
    pub message: String,
    /// When it was proposed.
    pub proposed_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Match {
    /// Where a step leads from here when this side takes it, or nothing if it cannot be taken.
    /// Nobody's side (`None`) can only let it expire.
    pub fn after(&self, step: Step, side: Option<Side>) -> Option<MatchStatus> {
        use MatchStatus::{Completed, Confirmed, Declined, Expired, Proposed, Withdrawn};
        match (self.status, step, side) {
            (Proposed, Step::Accept, Some(Side::Owner)) => Some(Confirmed),
            (Proposed, Step::Decline, Some(Side::Owner)) => Some(Declined),
            (Proposed, Step::Withdraw, Some(Side::Proposer))
            | (Confirmed | Completed, Step::Withdraw, Some(_)) => Some(Withdrawn),
            (Confirmed, Step::Complete, Some(_)) => Some(Completed),
            (Proposed, Step::Expire, None) => Some(Expired),
            _ => None,
        }
    }

    /// When the time for an answer is over.
    pub fn expires_at(&self) -> DateTime<Utc> {
        self.proposed_at + PROPOSAL_LIFETIME
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::Id, listing::Poster};

    #[test]
    fn each_step_is_taken_by_the_side_it_belongs_to() {
        use MatchStatus::{Completed, Confirmed, Declined, Expired, Proposed, Withdrawn};
        let person = Id::from_random([1; 16]);
        let mut agreed = Match {
            id: Id::from_random([2; 16]),
            version: 1,
            listing: Id::from_random([3; 16]),
            counterpart: None,
            proposer: Poster::Person(person),
            proposed_by: person,
            owner: Poster::Organization(Id::from_random([4; 16])),
            answered_by: None,
            status: Proposed,
            message: String::new(),
            proposed_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        };
        let (proposer, owner) = (Some(Side::Proposer), Some(Side::Owner));
        let open = [
            (Proposed, Step::Accept, owner, Confirmed),
            (Proposed, Step::Decline, owner, Declined),
            (Proposed, Step::Withdraw, proposer, Withdrawn),
            (Proposed, Step::Expire, None, Expired),
            (Confirmed, Step::Withdraw, owner, Withdrawn),
            (Confirmed, Step::Withdraw, proposer, Withdrawn),
            (Completed, Step::Withdraw, owner, Withdrawn),
            (Completed, Step::Withdraw, proposer, Withdrawn),
            (Confirmed, Step::Complete, owner, Completed),
            (Confirmed, Step::Complete, proposer, Completed),
        ];
        for status in [Proposed, Confirmed, Completed, Declined, Withdrawn, Expired] {
            agreed.status = status;
            for step in [
                Step::Accept,
                Step::Decline,
                Step::Withdraw,
                Step::Complete,
                Step::Expire,
            ] {
                for side in [proposer, owner, None] {
                    let expected = open
                        .iter()
                        .find(|(from, s, by, _)| (*from, *s, *by) == (status, step, side))
                        .map(|(.., to)| *to);
                    assert_eq!(
                        agreed.after(step, side),
                        expected,
                        "{status:?} {step:?} {side:?}"
                    );
                }
            }
        }
    }
}
