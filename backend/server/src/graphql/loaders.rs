//! Batches what many nodes of one answer ask of the record, so that no resolver issues a query per
//! row. Made anew for each request. Permission is not decided here: loaders answer facts.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use async_graphql::{
    dataloader::{DataLoader, Loader},
    runtime::Timer,
};
use faelled_engine::{
    access::{self, Actor, Tie},
    board::Posted,
    flag::FlagLine,
    id::{ArrangementId, FlagId, ListingId, OrganizationId, PersonId},
    listing::Poster,
    organization::{Organization, Person},
    visit::VisitArrangement,
};
use futures_util::future::BoxFuture;
use uuid::Uuid;

use super::{errands::Errands, error::Unanswered, types::person};
use crate::{
    app::{
        App,
        houses::{self, SeenFlag},
        judged::compiled_all,
    },
    judging::judging,
};

/// A fault is logged by the loader that met it, once for all rows that asked.
type Answer<T> = Result<T, Unanswered>;

/// The loaders of one request.
pub struct Loaders {
    loader: DataLoader<Record>,
    actor: Arc<Actor>,
    errands: Errands,
}

impl Loaders {
    /// Loaders for what this actor asks. They run as errands of whoever executes the request.
    pub fn new(app: &App, actor: &Arc<Actor>, errands: Errands) -> Self {
        let record = Record {
            app: app.clone(),
            person: actor.person(),
            posters: actor.posters().collect(),
        };
        let loader = DataLoader::new(record, errands.clone(), AtOnce).delay(Duration::ZERO);
        Self {
            loader,
            actor: Arc::clone(actor),
            errands,
        }
    }

    /// Judges. What other rows ask meanwhile waits, and is asked together with what this one asks
    /// afterwards.
    pub async fn judged<T: Send + 'static>(&self, judge: impl FnOnce() -> T + Send + 'static) -> T {
        let _hold = self.errands.hold();
        judging(judge).await
    }

    pub async fn organization(&self, id: OrganizationId) -> Answer<Option<Organization>> {
        self.loader.load_one(id).await
    }

    pub async fn organizations(
        &self,
        ids: impl IntoIterator<Item = OrganizationId>,
    ) -> Answer<HashMap<OrganizationId, Organization>> {
        self.loader.load_many(ids).await
    }

    pub async fn person(&self, id: PersonId) -> Answer<Option<KnownPerson>> {
        self.loader.load_one(id).await
    }

    pub async fn listing(&self, id: ListingId) -> Answer<Option<Arc<Posted>>> {
        self.loader.load_one(id).await
    }

    /// The flags of an arrangement or a listing that whoever it belongs to knows of, latest first.
    pub async fn flags_of(&self, subject: Uuid) -> Answer<Vec<SeenFlag>> {
        let flags = self.loader.load_one(FlagsOf(subject)).await?;
        Ok(flags.unwrap_or_default())
    }

    /// The history of a flag, oldest line first.
    pub async fn flag_lines(&self, id: FlagId) -> Answer<Vec<FlagLine>> {
        Ok(self.loader.load_one(id).await?.unwrap_or_default())
    }

    pub async fn arrangement(&self, id: ArrangementId) -> Answer<Option<VisitArrangement>> {
        self.loader.load_one(id).await
    }

    /// The houses that look after a municipality.
    pub async fn houses_of(&self, municipality: String) -> Answer<Vec<OrganizationId>> {
        let houses = self.loader.load_one(HousesOf(municipality)).await?;
        Ok(houses.unwrap_or_default())
    }

    /// Whether the viewer supports a listing.
    pub async fn supports(&self, id: ListingId) -> Answer<bool> {
        if self.actor.person().is_none() {
            return Ok(false);
        }
        Ok(self.loader.load_one(Supported(id)).await?.is_some())
    }

    /// What the viewer, as a side, has agreed on with a listing.
    pub async fn tie_to(&self, id: ListingId) -> Answer<Tie> {
        if self.actor.person().is_none() {
            return Ok(Tie::Nothing);
        }
        let confirmed = self.loader.load_one(Confirmed(id)).await?;
        Ok(confirmed.map_or(Tie::Nothing, |()| Tie::Confirmed))
    }

    /// Listings that the viewer, as a side, has declined or agreed on with this one.
    pub async fn settled_counterparts(&self, id: ListingId) -> Answer<BTreeSet<ListingId>> {
        if self.actor.person().is_none() {
            return Ok(BTreeSet::new());
        }
        Ok(self.loader.load_one(Settled(id)).await?.unwrap_or_default())
    }
}

/// Does not wait: errands are run when every resolver that could ask has asked.
struct AtOnce;

impl Timer for AtOnce {
    fn delay(&self, _: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A person with the organizations that it belongs to.
#[derive(Debug, Clone)]
pub struct KnownPerson {
    pub person: Person,
    pub organizations: Vec<OrganizationId>,
}

impl KnownPerson {
    /// As much as this actor may know, with what it has agreed on with the person.
    pub fn seen_by(self, actor: &Actor, tie: Tie) -> Option<person::Person> {
        let standings =
            access::standings_to_person(actor, self.person.id, &self.organizations, tie);
        let view = access::person_view(&standings, &self.person);
        person::Person::new(self.person, view)
    }
}

struct Record {
    app: App,
    person: Option<PersonId>,
    posters: Vec<Poster>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Supported(ListingId);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Confirmed(ListingId);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Settled(ListingId);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct FlagsOf(Uuid);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct HousesOf(String);

impl Loader<FlagsOf> for Record {
    type Value = Vec<SeenFlag>;
    type Error = Unanswered;

    async fn load(&self, keys: &[FlagsOf]) -> Answer<HashMap<FlagsOf, Vec<SeenFlag>>> {
        let subjects: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let found = houses::flags_of(&self.app, &subjects).await?;
        Ok(found
            .into_iter()
            .map(|(id, flags)| (FlagsOf(id), flags))
            .collect())
    }
}

impl Loader<FlagId> for Record {
    type Value = Vec<FlagLine>;
    type Error = Unanswered;

    async fn load(&self, ids: &[FlagId]) -> Answer<HashMap<FlagId, Vec<FlagLine>>> {
        Ok(self.app.store.flag_lines(ids).await?)
    }
}

impl Loader<ArrangementId> for Record {
    type Value = VisitArrangement;
    type Error = Unanswered;

    async fn load(
        &self,
        ids: &[ArrangementId],
    ) -> Answer<HashMap<ArrangementId, VisitArrangement>> {
        Ok(self.app.store.arrangements_by_ids(ids).await?)
    }
}

impl Loader<HousesOf> for Record {
    type Value = Vec<OrganizationId>;
    type Error = Unanswered;

    async fn load(&self, keys: &[HousesOf]) -> Answer<HashMap<HousesOf, Vec<OrganizationId>>> {
        let municipalities: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
        let found = self.app.store.houses_of(&municipalities).await?;
        Ok(found
            .into_iter()
            .map(|(code, houses)| (HousesOf(code), houses))
            .collect())
    }
}

impl Loader<OrganizationId> for Record {
    type Value = Organization;
    type Error = Unanswered;

    async fn load(&self, ids: &[OrganizationId]) -> Answer<HashMap<OrganizationId, Organization>> {
        Ok(self.app.store.organizations_by_ids(ids).await?)
    }
}

impl Loader<PersonId> for Record {
    type Value = KnownPerson;
    type Error = Unanswered;

    async fn load(&self, ids: &[PersonId]) -> Answer<HashMap<PersonId, KnownPerson>> {
        let persons = self.app.store.persons_by_ids(ids).await?;
        let mut belongs = self.app.store.organizations_of_persons(ids).await?;
        let known = persons.into_iter().map(|(id, person)| {
            let organizations = belongs.remove(&id).unwrap_or_default();
            (
                id,
                KnownPerson {
                    person,
                    organizations,
                },
            )
        });
        Ok(known.collect())
    }
}

impl Loader<ListingId> for Record {
    type Value = Arc<Posted>;
    type Error = Unanswered;

    async fn load(&self, ids: &[ListingId]) -> Answer<HashMap<ListingId, Arc<Posted>>> {
        let board = self.app.live.board();
        let (mut found, mut missing) = (HashMap::new(), Vec::new());
        for id in ids {
            match board.get(*id) {
                Some(posted) => {
                    found.insert(*id, Arc::clone(posted));
                }
                None => missing.push(*id),
            }
        }
        if !missing.is_empty() {
            let rest = self.app.store.listings_by_ids(&missing).await?;
            let rest = compiled_all(&self.app, rest.into_values().collect()).await;
            found.extend(rest.into_iter().map(|posted| (posted.listing.id, posted)));
        }
        Ok(found)
    }
}

impl Loader<Supported> for Record {
    type Value = ();
    type Error = Unanswered;

    async fn load(&self, keys: &[Supported]) -> Answer<HashMap<Supported, ()>> {
        let Some(person) = self.person else {
            return Ok(HashMap::new());
        };
        let ids: Vec<ListingId> = keys.iter().map(|key| key.0).collect();
        let found = self.app.store.supports_of(person, &ids).await?;
        Ok(found.into_iter().map(|id| (Supported(id), ())).collect())
    }
}

impl Loader<Confirmed> for Record {
    type Value = ();
    type Error = Unanswered;

    async fn load(&self, keys: &[Confirmed]) -> Answer<HashMap<Confirmed, ()>> {
        let ids: Vec<ListingId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .app
            .store
            .confirmed_listings_of(&self.posters, &ids)
            .await?;
        Ok(found.into_iter().map(|id| (Confirmed(id), ())).collect())
    }
}

impl Loader<Settled> for Record {
    type Value = BTreeSet<ListingId>;
    type Error = Unanswered;

    async fn load(&self, keys: &[Settled]) -> Answer<HashMap<Settled, BTreeSet<ListingId>>> {
        let ids: Vec<ListingId> = keys.iter().map(|key| key.0).collect();
        let found = self
            .app
            .store
            .excluded_counterparts(&self.posters, &ids)
            .await?;
        Ok(found
            .into_iter()
            .map(|(id, settled)| (Settled(id), settled.into_iter().collect()))
            .collect())
    }
}
