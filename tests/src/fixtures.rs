//! Things to put into a record. Everything here is made up.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use faelled_engine::{
    agreement::{Match, MatchStatus},
    catalog::{Catalog, TargetGroup},
    id::{Id, ListingId, OrganizationId, PersonId},
    listing::{
        Content, Declarations, Listing, ListingDraft, ListingKind, ListingStatus, Poster,
        Requirements,
    },
    organization::{Organization, OrganizationKind, Person, Profile, ProfileDraft, Role},
    place::{Attendance, Gazetteer, Point, PostalCode, Postcode},
    schedule::{OneOffDraft, RecurrenceDraft, ScheduleDraft},
    theme::ThemeTree,
};
use faelled_store::Store;
use uuid::Uuid;

/// Monday, 2 March 2026, 10 o'clock in Denmark.
pub fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0)
        .single()
        .expect("a valid time")
}

/// So many seconds after [`now`].
pub fn later(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

/// A fresh identity.
pub fn id<T>() -> Id<T> {
    Id::new(uuid())
}

/// A fresh name.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where tests draw names"
)]
pub fn uuid() -> Uuid {
    Uuid::new_v4()
}

/// A small catalog: a few themes, target groups and postcodes.
pub fn catalog() -> Catalog {
    let mut themes = ThemeTree::default();
    for (code, parent) in [
        ("company", None),
        ("visiting-friend", Some("company")),
        ("walks", Some("company")),
        ("sport", None),
        ("football", Some("sport")),
        ("driving", None),
    ] {
        themes.add(code, parent, code, code).expect("a tree");
    }
    let postcodes = [
        ("8800", "Viborg", 56.4532, 9.4020),
        ("8850", "Bjerringbro", 56.3778, 9.6600),
        ("7470", "Karup J", 56.3067, 9.1680),
    ]
    .map(|(code, name, latitude, longitude)| Postcode {
        code: PostalCode::parse(code).expect("four digits"),
        name: name.into(),
        municipality_code: "0791".into(),
        municipality: "Viborg".into(),
        region: "Region Midtjylland".into(),
        centre: Point::new(latitude, longitude).expect("a point in Denmark"),
    });
    let target_groups = ["older-people", "children", "newcomers"].map(|code| TargetGroup {
        code: code.into(),
        label_da: code.into(),
        label_en: code.into(),
    });
    let gazetteer = Gazetteer::new(postcodes, Vec::new());
    Catalog::new(
        themes,
        gazetteer,
        target_groups.into(),
        faelled_engine::matching::Weights::default(),
    )
}

/// A person.
pub fn person() -> Person {
    Person {
        id: id(),
        first_name: "Test".into(),
        surname: "Person".into(),
        email: Some("test@example.dk".into()),
        phone: None,
        shows_first_name: true,
    }
}

/// An association of this name.
pub fn organization(name: &str, catalog: &Catalog) -> Organization {
    let draft = ProfileDraft {
        name: name.into(),
        postal_code: "8800".into(),
        ..Default::default()
    };
    let profile = Profile::parse(&draft, OrganizationKind::Association, None, catalog)
        .expect("a valid profile");
    Organization {
        id: id(),
        version: 1,
        profile,
        verified: false,
        external_id: None,
    }
}

/// A draft with nothing special about it.
pub fn draft() -> ListingDraft {
    ListingDraft {
        kind: Some(ListingKind::Offer),
        title: "Gåtur ved søen".into(),
        themes: vec!["walks".into()],
        postal_code: "8800".into(),
        attendance: Some(Attendance::Either),
        ..Default::default()
    }
}

/// A listing of a person.
pub fn listing(draft: &ListingDraft, posted_by: PersonId, catalog: &Catalog) -> Listing {
    Listing {
        id: id(),
        version: 1,
        revision: 1,
        poster: Poster::Person(posted_by),
        posted_by,
        status: ListingStatus::Open,
        content: Content::parse(draft, catalog).expect("a valid draft"),
        taken: 0,
        supports: 0,
        posted_at: now(),
        assured_at: now(),
        updated_at: now(),
        certificate_declared: None,
        external_id: None,
    }
}

/// The `seed`-th of many varied drafts. The same seed gives the same draft.
pub fn varied_draft(seed: u64) -> ListingDraft {
    let mut dice = Dice::new(seed);
    let pick = |dice: &mut Dice, codes: &[&str], at_least: u64| -> Vec<String> {
        let wanted = at_least + dice.below(codes.len() as u64 - at_least + 1);
        let start = dice.below(codes.len() as u64);
        (0..wanted)
            .filter_map(|at| codes.get(usize::try_from((start + at) % codes.len() as u64).ok()?))
            .map(|code| (*code).to_owned())
            .collect()
    };
    let kinds = [ListingKind::Offer, ListingKind::Need, ListingKind::Wish];
    let attendances = [
        Attendance::AtMyPlace,
        Attendance::ITravel,
        Attendance::Either,
        Attendance::Remote,
    ];
    let texts = [
        "Fodbold på græs ⚽ – for alle",
        "Læsehjælp: \"lektier\" & 'leg' \\ 100 %",
        "Ælde, øl & åben snak; DROP TABLE listing;--",
        "日本語でお話ししましょう",
        "Besøgsven søges {\"json\": [1, 2]}",
    ];
    let text = |dice: &mut Dice| texts[dice.index(texts.len())].to_owned();
    ListingDraft {
        kind: Some(kinds[dice.index(kinds.len())]),
        title: text(&mut dice),
        task: dice.maybe(text).unwrap_or_default(),
        description: dice
            .maybe(|dice| format!("{}\n\n{}", text(dice), text(dice)))
            .unwrap_or_default(),
        themes: pick(
            &mut dice,
            &["company", "visiting-friend", "walks", "football", "driving"],
            1,
        ),
        target_groups: pick(&mut dice, &["older-people", "children", "newcomers"], 0),
        languages: pick(&mut dice, &["da", "en", "ar", "uk"], 0),
        place_name: dice.maybe(text),
        address: dice.maybe(|dice| format!("Nytorv {}", dice.below(90) + 1)),
        postal_code: ["8800", "8850", "7470"][dice.index(3)].into(),
        point: dice.maybe(|dice| (54.5 + dice.unit() * 3.3, 8.0 + dice.unit() * 7.2)),
        at_home: dice.coin(),
        attendance: Some(attendances[dice.index(attendances.len())]),
        reach_km: dice.maybe(|dice| (dice.below(5_990) as f64 + 1.0) / 10.0),
        schedule: varied_schedule(&mut dice),
        effort_minutes: dice.maybe(|dice| i64::from(dice.small(10_075)) + 5),
        capacity: dice.maybe(|dice| i64::from(dice.small(9_999)) + 1),
        requirements: Requirements {
            minimum_age: dice.maybe(|dice| i64::from(dice.small(98)) + 1),
            childrens_certificate: dice.coin(),
            driving_licence: dice.coin(),
            wheelchair_access: dice.coin(),
        },
        declarations: Declarations {
            minimum_age: dice.maybe(|dice| i64::from(dice.small(98)) + 1),
            childrens_certificate: dice.maybe(Dice::coin),
            driving_licence: dice.maybe(Dice::coin),
            wheelchair_access: dice.maybe(Dice::coin),
        },
        expires_at: dice.maybe(|dice| later(i64::from(dice.small(30_000_000)) + 1)),
    }
}

fn varied_schedule(dice: &mut Dice) -> ScheduleDraft {
    let rules = [
        "FREQ=WEEKLY;BYDAY=TU",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;UNTIL=20261231",
        "FREQ=MONTHLY;BYDAY=1WE",
        "FREQ=DAILY;COUNT=10",
    ];
    let one_offs = (0..dice.below(3))
        .map(|_| {
            let day = dice.below(28) + 1;
            OneOffDraft {
                start: format!("2026-05-{day:02}T10:00"),
                end: format!("2026-05-{day:02}T{}:30", 11 + dice.below(12)),
            }
        })
        .collect();
    let recurrences = (0..dice.below(3))
        .map(|_| RecurrenceDraft {
            start: format!("2026-04-{:02}T{:02}:15", dice.below(30) + 1, dice.below(24)),
            duration: ["PT45M", "PT2H", "P1DT3H"][dice.index(3)].into(),
            rule: rules[dice.index(rules.len())].into(),
            exceptions: (0..dice.below(3))
                .map(|nth| format!("2026-06-{:02}", nth + 1))
                .collect(),
        })
        .collect();
    ScheduleDraft {
        one_offs,
        recurrences,
    }
}

/// A proposal of one listing to another.
pub fn proposal(listing: &Listing, counterpart: &Listing) -> Match {
    Match {
        id: id(),
        version: 1,
        listing: listing.id,
        counterpart: Some(counterpart.id),
        proposer: counterpart.poster,
        proposed_by: counterpart.posted_by,
        owner: listing.poster,
        answered_by: None,
        status: MatchStatus::Proposed,
        message: "Skal vi?".into(),
        proposed_at: now(),
        updated_at: now(),
    }
}

/// A person written into the record.
pub async fn stored_person(store: &Store) -> PersonId {
    let person = person();
    let mut writing = store.write(now()).await.expect("a turn to write");
    writing.insert_person(&person).await.expect("a person");
    writing.commit().await.expect("a commit");
    person.id
}

/// An organization written into the record, with a coordinator.
pub async fn stored_organization(store: &Store, name: &str) -> (OrganizationId, PersonId) {
    let coordinator = stored_person(store).await;
    let organization = organization(name, store.catalog());
    let mut writing = store.write(now()).await.expect("a turn to write");
    writing
        .insert_organization(&organization)
        .await
        .expect("an organization");
    writing
        .insert_membership(coordinator, organization.id, Role::Coordinator)
        .await
        .expect("a membership");
    writing.commit().await.expect("a commit");
    (organization.id, coordinator)
}

/// Listings of these drafts, of one person, written into the record.
pub async fn stored_listings(store: &Store, drafts: &[ListingDraft]) -> Vec<Listing> {
    let person = stored_person(store).await;
    let listings: Vec<Listing> = drafts
        .iter()
        .map(|draft| listing(draft, person, store.catalog()))
        .collect();
    let mut writing = store.write(now()).await.expect("a turn to write");
    writing.insert_listings(&listings).await.expect("listings");
    writing.commit().await.expect("a commit");
    listings
}

/// A listing with nothing special about it, of a person of its own, written into the record.
pub async fn stored_listing(store: &Store) -> Listing {
    stored_listings(store, &[draft()]).await.remove(0)
}

/// The identities of listings.
pub fn ids(listings: &[Listing]) -> Vec<ListingId> {
    listings.iter().map(|listing| listing.id).collect()
}

/// A small generator of numbers (xorshift64*), so that tests depend on no crate's choice.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// One that throws the same for the same seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995_1234_5678)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound.max(1)
    }

    /// A place in something of this length.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    fn small(&mut self, bound: u32) -> u32 {
        u32::try_from(self.below(u64::from(bound))).unwrap_or(0)
    }

    fn unit(&mut self) -> f64 {
        self.below(1 << 40) as f64 / (1_u64 << 40) as f64
    }

    /// Heads or tails.
    pub fn coin(&mut self) -> bool {
        self.below(2) == 1
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.coin().then(|| make(self))
    }
}
