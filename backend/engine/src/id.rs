//! Identities: random, typed, never sequential.

use std::{fmt, hash, marker::PhantomData};

use uuid::Uuid;

/// The identity of a `T`. Two kinds of identity never mix, and none of them can be guessed.
pub struct Id<T>(Uuid, PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// The identity with these bytes.
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// A fresh identity from 16 random bytes, which the caller draws.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self::new(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The bytes, for the record and for opaque ids.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<T> hash::Hash for Id<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// Markers of what an [`Id`] names.
pub mod kind {
    /// A person with an account.
    pub enum Person {}
    /// An association, a branch, a public body or a volunteer house.
    pub enum Organization {}
    /// A posting.
    pub enum Listing {}
    /// An agreed pairing.
    pub enum Match {}
    /// An agreement to visit a citizen.
    pub enum Arrangement {}
    /// One visit.
    pub enum Visit {}
    /// A flagged overlap.
    pub enum Flag {}
    /// A pool of money that associations can apply to.
    pub enum FundingProgramme {}
    /// A time in which a programme takes applications.
    pub enum FundingRound {}
}

/// A person.
pub type PersonId = Id<kind::Person>;
/// An organization.
pub type OrganizationId = Id<kind::Organization>;
/// A listing.
pub type ListingId = Id<kind::Listing>;
/// A match.
pub type MatchId = Id<kind::Match>;
/// An agreement to visit a citizen.
pub type ArrangementId = Id<kind::Arrangement>;
/// One visit.
pub type VisitId = Id<kind::Visit>;
/// A flagged overlap.
pub type FlagId = Id<kind::Flag>;
/// A funding programme.
pub type FundingProgrammeId = Id<kind::FundingProgramme>;
/// A round of a funding programme.
pub type FundingRoundId = Id<kind::FundingRound>;
