//! What is open: every listing that can be found, with what judging it needs close at hand.
//!
//! This board scans. It is written to be read, and stays as the oracle of any faster one.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    access::Presence,
    catalog::Catalog,
    id::{ListingId, OrganizationId},
    listing::{Listing, ListingStatus, Poster},
    schedule::{HORIZON, Occurrence},
    text,
};

/// How long compiled occurrences serve before they are compiled anew.
const COMPILED_FOR: TimeDelta = TimeDelta::days(7);
/// How far back they reach: a list that is read page by page is judged at the time of its first.
const COMPILED_SINCE: TimeDelta = TimeDelta::hours(2);

/// A listing with its occurrences compiled and its words folded.
#[derive(Debug, Clone)]
pub struct Posted {
    /// The listing.
    pub listing: Listing,
    occurrences: Vec<Occurrence>,
    compiled_at: DateTime<Utc>,
    words: Words,
}

/// Folded words, field by field.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    pub(crate) title: Vec<String>,
    pub(crate) task: Vec<String>,
    pub(crate) description: Vec<String>,
    pub(crate) themes: Vec<String>,
    pub(crate) place: Vec<String>,
    /// Title and task, sorted, each once.
    pub(crate) heading: Vec<String>,
}

impl Posted {
    /// Compiles a listing for judgements from `now` on.
    pub fn new(listing: Listing, catalog: &Catalog, now: DateTime<Utc>) -> Self {
        let content = &listing.content;
        let themes = content
            .themes
            .iter()
            .map(|theme| catalog.themes.get(*theme))
            .flat_map(|theme| [theme.label_da.as_str(), theme.label_en.as_str()])
            .flat_map(text::words)
            .collect();
        let (title, task) = (text::words(&content.title), text::words(&content.task));
        let mut heading: Vec<String> = title.iter().chain(&task).cloned().collect();
        heading.sort_unstable();
        heading.dedup();
        let location = &content.location;
        let town = catalog
            .gazetteer
            .get(location.postal_code)
            .map(|town| town.name.clone());
        let public = [location.name.clone(), location.address.clone()];
        let place = [Some(location.postal_code.to_string()), town]
            .into_iter()
            // A private place is found by its postcode and town only.
            .chain(public.into_iter().filter(|_| !listing.is_private_place()))
            .flatten()
            .flat_map(|text| text::words(&text))
            .collect();
        let words = Words {
            description: text::words(&content.description),
            title,
            task,
            themes,
            place,
            heading,
        };
        let occurrences = content
            .schedule
            .occurrences(now - COMPILED_SINCE, now + HORIZON + COMPILED_FOR);
        Self {
            listing,
            occurrences,
            compiled_at: now,
            words,
        }
    }

    /// The same content with what has changed beside it: status, places taken, support.
    #[must_use]
    pub fn revised(&self, listing: Listing) -> Self {
        Self {
            listing,
            ..self.clone()
        }
    }

    /// Whether what was compiled does not reach far enough any more.
    fn is_stale(&self, now: DateTime<Utc>) -> bool {
        self.compiled_at + COMPILED_FOR <= now
    }

    /// Occurrences that end after `now` and start within twelve months of it.
    pub fn occurrences(&self, now: DateTime<Utc>) -> impl Iterator<Item = Occurrence> + '_ {
        self.occurrences
            .iter()
            .copied()
            .filter(move |occurrence| occurrence.end > now && occurrence.start < now + HORIZON)
    }

    /// The first occurrence that ends after `now`.
    pub fn next_occurrence(&self, now: DateTime<Utc>) -> Option<Occurrence> {
        self.occurrences(now).next()
    }

    /// Whether the time is to be agreed.
    pub fn is_by_agreement(&self) -> bool {
        self.listing.content.schedule.is_by_agreement()
    }

    /// Whether it can be found at `now`.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.listing.status == ListingStatus::Open
            && now < self.listing.expires_at()
            && (self.is_by_agreement() || self.next_occurrence(now).is_some())
    }

    /// Whether it can be found at `now`, as permission asks it.
    pub fn presence(&self, now: DateTime<Utc>) -> Presence {
        if self.is_open(now) {
            Presence::Open
        } else {
            Presence::Hidden
        }
    }

    pub(crate) const fn words(&self) -> &Words {
        &self.words
    }
}

/// An organization's name, as text search sees it.
#[derive(Debug, Clone)]
struct Named {
    version: i32,
    words: Vec<String>,
}

/// Every listing with the status open, and the names of those who post them.
#[derive(Debug, Clone, Default)]
pub struct Board {
    listings: HashMap<ListingId, Arc<Posted>>,
    organizations: HashMap<OrganizationId, Arc<Named>>,
}

impl Board {
    /// Takes in a listing as it now is. One whose status is not open leaves the board; one that is
    /// older than what the board has changes nothing.
    pub fn put(&mut self, posted: Posted) {
        let listing = &posted.listing;
        let known = self.listings.get(&listing.id);
        if known.is_some_and(|known| known.listing.revision > listing.revision) {
            return;
        }
        if listing.status == ListingStatus::Open {
            self.listings.insert(listing.id, Arc::new(posted));
        } else {
            self.listings.remove(&listing.id);
        }
    }

    /// Takes a listing off the board.
    pub fn remove(&mut self, id: ListingId) {
        self.listings.remove(&id);
    }

    /// Compiles a listing for this board. What is compiled already and says the same is kept.
    pub fn compiled(&self, listing: Listing, catalog: &Catalog, now: DateTime<Utc>) -> Posted {
        match self.listings.get(&listing.id) {
            Some(known) if known.listing.version == listing.version && !known.is_stale(now) => {
                known.revised(listing)
            }
            _ => Posted::new(listing, catalog, now),
        }
    }

    /// What was compiled more than a week ago, and has to be compiled anew.
    pub fn stale(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Arc<Posted>> {
        self.listings
            .values()
            .filter(move |posted| posted.is_stale(now))
    }

    /// Takes in an organization's name; an older version changes nothing.
    pub fn name(&mut self, organization: OrganizationId, version: i32, name: &str) {
        let known = self.organizations.get(&organization);
        if known.is_none_or(|known| known.version < version) {
            let named = Named {
                version,
                words: text::words(name),
            };
            self.organizations.insert(organization, Arc::new(named));
        }
    }

    /// The listing with this id, if its status is open.
    pub fn get(&self, id: ListingId) -> Option<&Arc<Posted>> {
        self.listings.get(&id)
    }

    /// A listing as it is compiled, if the board has just this revision of it.
    pub fn known(&self, listing: &Listing) -> Option<&Arc<Posted>> {
        self.get(listing.id)
            .filter(|known| known.listing.revision == listing.revision)
    }

    /// Every listing that is open at `now`, in no order.
    pub fn open(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Arc<Posted>> {
        self.listings
            .values()
            .filter(move |posted| posted.is_open(now))
    }

    /// How many listings it holds.
    pub fn len(&self) -> usize {
        self.listings.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.listings.is_empty()
    }

    /// The folded words of a poster's public name; private persons have none.
    pub(crate) fn poster_words(&self, poster: Poster) -> &[String] {
        match poster {
            Poster::Organization(id) => self.organizations.get(&id).map_or(&[], |n| &n.words),
            Poster::Person(_) => &[],
        }
    }
}
