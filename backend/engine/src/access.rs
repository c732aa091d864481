//! Who may see and do what: `docs/DISCLOSURE.md` as code. Every other room asks here.
//!
//! An [`Actor`] stands to a thing in one or several ways ([`Standing`]); a table says for each
//! standing what it opens. Whatever the table does not open is closed.

use uuid::Uuid;

use crate::{
    agreement::{Match, MatchStatus, Side},
    flag::{Flag, FlagSide, FlagStatus, OverlapKind},
    id::{OrganizationId, PersonId},
    listing::{Listing, ListingStatus, Poster},
    organization::{Membership, OrganizationKind, Person, Role},
    place::PostalCode,
};

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    person: Option<PersonId>,
    memberships: Vec<Membership>,
}

impl Actor {
    /// Somebody who has not signed in.
    pub const ANONYMOUS: Self = Self {
        person: None,
        memberships: Vec::new(),
    };

    /// A person with these roles.
    pub fn new(person: PersonId, memberships: Vec<Membership>) -> Self {
        Self {
            person: Some(person),
            memberships,
        }
    }

    /// The person, if signed in.
    pub const fn person(&self) -> Option<PersonId> {
        self.person
    }

    /// The person's roles.
    pub fn memberships(&self) -> &[Membership] {
        &self.memberships
    }

    /// Whether the person has at least this role there.
    pub fn is(&self, role: Role, organization: OrganizationId) -> bool {
        self.memberships
            .iter()
            .any(|m| m.organization == organization && m.role >= role)
    }

    /// Whether the person may speak for a poster: a person for itself, a coordinator for its
    /// organization.
    pub fn speaks_for(&self, poster: Poster) -> bool {
        match poster {
            Poster::Person(person) => self.person == Some(person),
            Poster::Organization(organization) => self.is(Role::Coordinator, organization),
        }
    }

    /// The side of a match that the person may speak for. Someone who speaks for both counts as
    /// the owner.
    pub fn side_of(&self, agreed: &Match) -> Option<Side> {
        if self.speaks_for(agreed.owner) {
            Some(Side::Owner)
        } else if self.speaks_for(agreed.proposer) {
            Some(Side::Proposer)
        } else {
            None
        }
    }

    /// Everyone this person can post as.
    pub fn posters(&self) -> impl Iterator<Item = Poster> + '_ {
        let organizations = self
            .memberships
            .iter()
            .filter(|m| m.role >= Role::Coordinator)
            .map(|m| Poster::Organization(m.organization));
        self.person
            .map(Poster::Person)
            .into_iter()
            .chain(organizations)
    }
}

/// How an actor stands to a listing, a person or a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Anyone at all.
    Anyone,
    /// Anyone signed in.
    SignedIn,
    /// A side of a confirmed match with it.
    ConfirmedSide,
    /// The poster itself, or a coordinator of the organization it belongs to.
    Own,
    /// A coordinator of a verified volunteer house. (Areas of houses come with their work.)
    House,
}

/// What there is to see or do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// Text, schedule and public place of an open listing.
    OpenListing,
    /// A listing that is paused, closed, withdrawn or over.
    HiddenListing,
    /// The exact place of a private listing.
    PrivatePlace,
    /// Change a listing, answer for it, see its matches.
    ManageListing,
    /// First name of a person who allows it.
    AllowedFirstName,
    /// Name and contact of a person.
    PersonContact,
    /// The public contact of an organization.
    OrganizationContact,
    /// Post, propose, support.
    TakePart,
}

/// What somebody has agreed on with somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tie {
    /// Nothing that both have said yes to.
    Nothing,
    /// A match that is confirmed or completed.
    Confirmed,
}

impl Tie {
    /// What a match amounts to where it stands.
    pub const fn of(status: MatchStatus) -> Self {
        match status {
            MatchStatus::Confirmed | MatchStatus::Completed => Self::Confirmed,
            _ => Self::Nothing,
        }
    }
}

/// Whether a listing can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// By everybody.
    Open,
    /// It is paused, closed, withdrawn, expired or over.
    Hidden,
}

/// Whether a standing opens something. One row for each thing, as `docs/DISCLOSURE.md` has it.
pub const fn opens(standing: Standing, what: What) -> bool {
    use Standing::{Anyone, ConfirmedSide, Own, SignedIn};
    match what {
        What::OpenListing | What::OrganizationContact => true,
        What::HiddenListing | What::PrivatePlace | What::PersonContact => {
            matches!(standing, ConfirmedSide | Own)
        }
        What::ManageListing => matches!(standing, Own),
        What::AllowedFirstName | What::TakePart => {
            !matches!(standing, Anyone)
                && matches!(standing, SignedIn | ConfirmedSide | Own | Standing::House)
        }
    }
}

/// What an actor's standings open together.
fn any_opens(standings: &[Standing], what: What) -> bool {
    standings.iter().any(|standing| opens(*standing, what))
}

/// How the actor stands to a listing. `tie` is what the actor, as a side, has agreed on with it.
pub fn standings_to_listing(actor: &Actor, listing: &Listing, tie: Tie) -> Vec<Standing> {
    let mut standings = general(actor);
    if tie == Tie::Confirmed {
        standings.push(Standing::ConfirmedSide);
    }
    if actor.speaks_for(listing.poster) {
        standings.push(Standing::Own);
    }
    standings
}

/// How the actor stands to a person. `tie` as in [`standings_to_listing`]; `organizations` are those
/// that the person belongs to.
pub fn standings_to_person(
    actor: &Actor,
    person: PersonId,
    organizations: &[OrganizationId],
    tie: Tie,
) -> Vec<Standing> {
    let mut standings = general(actor);
    if tie == Tie::Confirmed {
        standings.push(Standing::ConfirmedSide);
    }
    let own = actor.person() == Some(person)
        || organizations
            .iter()
            .any(|o| actor.is(Role::Coordinator, *o));
    if own {
        standings.push(Standing::Own);
    }
    standings
}

fn general(actor: &Actor) -> Vec<Standing> {
    let mut standings = vec![Standing::Anyone];
    if actor.person().is_some() {
        standings.push(Standing::SignedIn);
        if actor.memberships().iter().any(|m| {
            m.kind == OrganizationKind::VolunteerHouse && m.verified && m.role >= Role::Coordinator
        }) {
            standings.push(Standing::House);
        }
    }
    standings
}

/// Whether the actor may see a listing at all.
pub fn sees_listing(standings: &[Standing], listing: &Listing, presence: Presence) -> bool {
    let what = match (presence, listing.status) {
        (Presence::Open, ListingStatus::Open) => What::OpenListing,
        _ => What::HiddenListing,
    };
    any_opens(standings, what)
}

/// How exactly somebody may know a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceView {
    /// Its postcode.
    Postcode,
    /// Name, address and point.
    Exact,
}

/// How exactly these standings open the place of a listing.
pub fn place_view(standings: &[Standing], listing: &Listing) -> PlaceView {
    if !listing.is_private_place() || any_opens(standings, What::PrivatePlace) {
        PlaceView::Exact
    } else {
        PlaceView::Postcode
    }
}

/// Whether the actor may change a listing and see its matches.
pub fn manages_listing(standings: &[Standing]) -> bool {
    any_opens(standings, What::ManageListing)
}

/// Whether the actor may post, propose and support.
pub fn takes_part(actor: &Actor) -> bool {
    any_opens(&general(actor), What::TakePart)
}

/// How much of a person somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonView {
    /// Nothing, not even that there is one.
    Nothing,
    /// The first name.
    FirstName,
    /// Name and contact.
    Contact,
}

/// How much of a person these standings open.
pub fn person_view(standings: &[Standing], person: &Person) -> PersonView {
    if any_opens(standings, What::PersonContact) {
        PersonView::Contact
    } else if person.shows_first_name && any_opens(standings, What::AllowedFirstName) {
        PersonView::FirstName
    } else {
        PersonView::Nothing
    }
}

/// Whether the actor knows of the visit arrangements of an organization: its coordinators do.
pub fn sees_arrangement(actor: &Actor, organization: OrganizationId) -> bool {
    actor.is(Role::Coordinator, organization)
}

/// Whether the actor may register, change and check visits of an organization: a coordinator of one
/// that a house has verified.
pub fn registers_visits(actor: &Actor, organization: OrganizationId) -> bool {
    actor.memberships.iter().any(|m| {
        m.organization == organization
            && m.role >= Role::Coordinator
            && m.verified
            && m.kind != OrganizationKind::VolunteerHouse
    })
}

/// The verified volunteer houses that the actor coordinates.
pub fn houses(actor: &Actor) -> impl Iterator<Item = OrganizationId> + '_ {
    actor
        .memberships
        .iter()
        .filter(|m| {
            m.kind == OrganizationKind::VolunteerHouse && m.verified && m.role >= Role::Coordinator
        })
        .map(|m| m.organization)
}

/// How much of a flag an actor sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlagView {
    /// Both sides, the evidence and the history: the house of its area.
    Whole,
    /// That there is one, and these sides, which are the actor's own; of listings, which everybody
    /// can see, both sides and the evidence.
    Own(Vec<FlagSide>),
}

/// How much of a flag an actor sees who looks after these municipalities; nothing if it must not
/// know of it. `municipality` tells where a postcode lies.
pub fn flag_view<'a>(
    actor: &Actor,
    areas: &[String],
    flag: &Flag,
    municipality: impl Fn(PostalCode) -> Option<&'a str>,
) -> Option<FlagView> {
    let in_area = |side: &FlagSide| {
        municipality(side.postal_code).is_some_and(|code| areas.iter().any(|area| area == code))
    };
    if flag.sides.iter().any(in_area) {
        return Some(FlagView::Whole);
    }
    let own = |side: &&FlagSide| {
        side.organization
            .is_some_and(|organization| actor.is(Role::Coordinator, organization))
    };
    let mut views = flag.sides.iter().filter(own);
    let first = own_view(flag, views.next()?.subject)?;
    // Who speaks for both sides knows both already.
    Some(match views.next() {
        Some(_) => FlagView::Own(flag.sides.to_vec()),
        None => first,
    })
}

/// How much of a flag whoever one of its sides belongs to sees; nothing if it must not know of it.
pub fn own_view(flag: &Flag, subject: Uuid) -> Option<FlagView> {
    if !side_sees_flag(flag) {
        return None;
    }
    let sides = flag.sides.iter().copied();
    Some(match flag.kind {
        OverlapKind::SameCitizen => {
            FlagView::Own(sides.filter(|side| side.subject == subject).collect())
        }
        OverlapKind::ParallelActivities | OverlapKind::DuplicateListings => {
            FlagView::Own(sides.collect())
        }
    })
}

/// Whether the sides of a flag know of it: as long as it stands and the house has not dismissed it.
pub const fn side_sees_flag(flag: &Flag) -> bool {
    matches!(flag.status, FlagStatus::Open | FlagStatus::Coordinated)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table cell by cell, written out a second time: rows as in `docs/DISCLOSURE.md`, columns
    /// anyone, signed in, confirmed side, own, house.
    #[test]
    fn the_table_is_the_table() {
        let columns = [
            Standing::Anyone,
            Standing::SignedIn,
            Standing::ConfirmedSide,
            Standing::Own,
            Standing::House,
        ];
        let rows = [
            (What::OpenListing, "yes yes yes yes yes"),
            (What::HiddenListing, "no no yes yes no"),
            (What::PrivatePlace, "no no yes yes no"),
            (What::ManageListing, "no no no yes no"),
            (What::AllowedFirstName, "no yes yes yes yes"),
            (What::PersonContact, "no no yes yes no"),
            (What::OrganizationContact, "yes yes yes yes yes"),
            (What::TakePart, "no yes yes yes yes"),
        ];
        for (what, cells) in rows {
            for (standing, cell) in columns.into_iter().zip(cells.split(' ')) {
                assert_eq!(
                    opens(standing, what),
                    cell == "yes",
                    "{standing:?} {what:?}"
                );
            }
        }
    }
}
