mod checker;
mod examples;
mod twin;

use chrono::{DateTime, Utc};

use super::*;
use crate::{
    catalog::{Catalog, TargetGroup},
    funding::{RoundDraft, RoundTerms, Verification},
    id::Id,
    matching::Weights,
    place::{Gazetteer, Postcode},
    theme::ThemeTree,
};

/// A small generator of numbers (xorshift64*).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from((self.next() >> 33) % bound as u64).unwrap()
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// Up to `most` of these, each once.
    fn some<T: Clone + PartialEq>(&mut self, from: &[T], least: usize, most: usize) -> Vec<T> {
        let count = least + self.below(most - least + 1);
        let mut picked = Vec::new();
        while picked.len() < count.min(from.len()) {
            let one = self.pick(from);
            if !picked.contains(&one) {
                picked.push(one);
            }
        }
        picked
    }

    fn id<T>(&mut self) -> Id<T> {
        let mut bytes = [0; 16];
        for half in bytes.chunks_mut(8) {
            half.copy_from_slice(&self.next().to_le_bytes());
        }
        Id::from_random(bytes)
    }
}

const THEMES: [(&str, Option<&str>); 9] = [
    ("companionship", None),
    ("visiting-friend", Some("companionship")),
    ("visiting-dog", Some("visiting-friend")),
    ("shared-meals", Some("companionship")),
    ("sport", None),
    ("football", Some("sport")),
    ("walking-football", Some("football")),
    ("handball", Some("sport")),
    ("culture", None),
];
const GROUPS: [&str; 4] = ["older-people", "children", "refugees", "next-of-kin"];
const PLACES: [(&str, &str, f64, f64); 8] = [
    ("7400", "0657", 56.14, 8.97),
    ("7800", "0779", 56.567, 9.027),
    ("7850", "0791", 56.485, 9.146),
    ("8800", "0791", 56.453, 9.402),
    ("8830", "0791", 56.50, 9.60),
    ("8831", "0791", 56.51, 9.33),
    ("8900", "0730", 56.46, 10.04),
    ("9500", "0846", 56.64, 9.79),
];
/// A postcode that the gazetteer does not know.
const NOWHERE: &str = "1234";
const KINDS: [OrganizationKind; 4] = [
    OrganizationKind::Association,
    OrganizationKind::Branch,
    OrganizationKind::PublicBody,
    OrganizationKind::VolunteerHouse,
];

fn catalog() -> Catalog {
    let mut themes = ThemeTree::default();
    for (code, parent) in THEMES {
        themes.add(code, parent, code, code).unwrap();
    }
    let postcodes = PLACES.map(|(code, municipality, latitude, longitude)| Postcode {
        code: PostalCode::parse(code).unwrap(),
        name: code.into(),
        municipality_code: municipality.into(),
        municipality: municipality.into(),
        region: "Region Midtjylland".into(),
        centre: Point::new(latitude, longitude).unwrap(),
    });
    let groups = GROUPS.map(|code| TargetGroup {
        code: code.into(),
        label_da: code.into(),
        label_en: code.into(),
    });
    Catalog::new(
        themes,
        Gazetteer::new(postcodes, Vec::new()),
        groups.into(),
        Weights::default(),
    )
}

fn now() -> DateTime<Utc> {
    "2026-09-01T10:00:00Z".parse().unwrap()
}

fn codes(some: Vec<&str>) -> Vec<String> {
    some.into_iter().map(str::to_owned).collect()
}

/// A round that is open now and asks for nothing.
fn anything_goes() -> RoundDraft {
    RoundDraft {
        name: "Pulje".into(),
        opens_at: "2026-08-01T09:00".into(),
        closes_at: "2026-09-15T12:00".into(),
        applicant_kinds: KINDS.into(),
        verification: Verification::NotRequired,
        ..RoundDraft::default()
    }
}

fn round(draft: &RoundDraft, catalog: &Catalog) -> FundingRound {
    FundingRound {
        id: Id::from_random([1; 16]),
        version: 1,
        programme: Id::from_random([2; 16]),
        terms: RoundTerms::parse(draft, catalog).unwrap(),
    }
}

/// A round with what is gathered for it.
struct World {
    catalog: Catalog,
    round: FundingRound,
    candidates: Vec<Candidate>,
    gaps: Vec<Gap>,
    parallels: Vec<Parallel>,
}

impl World {
    fn gathered(&self) -> Gathered<'_> {
        Gathered {
            round: &self.round,
            candidates: &self.candidates,
            gaps: &self.gaps,
            parallels: &self.parallels,
        }
    }

    /// A random round that asks for this and that, and `count` candidates of whom some may apply.
    fn random(random: &mut Random, count: usize) -> Self {
        let mut draft = anything_goes();
        draft.themes = codes(random.some(&THEMES.map(|(code, _)| code), 0, 2));
        let municipalities = ["0791", "0779", "0730", "0846"];
        if random.one_in(2) {
            draft.municipalities = codes(random.some(&municipalities, 1, 3));
        }
        if random.one_in(2) {
            draft.target_groups = codes(random.some(&GROUPS, 1, 2));
        }
        draft.applicant_kinds = random.some(&KINDS, 2, 4);
        if random.one_in(2) {
            draft.verification = Verification::Required;
        }
        if random.one_in(30) {
            draft.closes_at = "2026-08-20T12:00".into();
        }
        let least = random.pick(&[0, 0, 0, 1, 1, 1, 2, 3, 4]);
        draft.co_applicants_min = Some(least);
        let most = least + 1 + i64::try_from(random.below(5)).unwrap();
        draft.applicants_max = Some(most.min(5));
        draft.own_contribution_percent = random.pick(&[None, Some(0), Some(15)]);
        Self::of(random, &draft, count)
    }

    /// `count` random candidates for a round, with random gaps and parallels.
    fn of(random: &mut Random, draft: &RoundDraft, count: usize) -> Self {
        let catalog = catalog();
        let mut candidates: Vec<Candidate> = Vec::new();
        for _ in 0..count {
            let mut candidate = random_candidate(random, &catalog);
            if random.one_in(8) && !candidates.is_empty() {
                candidate.family = random.pick(&candidates).family;
            }
            candidates.push(candidate);
        }
        let themes: Vec<ThemeRef> = catalog.themes.all().collect();
        let gaps = (0..random.below(7))
            .map(|_| Gap {
                theme: random.pick(&themes),
                postal_code: random_postcode(random),
                needs: (0..=random.below(3)).map(|_| random.id()).collect(),
            })
            .collect();
        let listings: Vec<ListingId> = candidates
            .iter()
            .flat_map(|candidate| candidate.listings.iter().map(|listing| listing.id))
            .chain([random.id()])
            .collect();
        let parallels = (0..random.below(7))
            .map(|_| Parallel {
                listings: [random.pick(&listings), random.pick(&listings)],
                theme: random.pick(&themes),
                postal_code: random_postcode(random),
            })
            .collect();
        Self {
            round: round(draft, &catalog),
            catalog,
            candidates,
            gaps,
            parallels,
        }
    }
}

fn random_postcode(random: &mut Random) -> PostalCode {
    let known = PLACES.map(|(code, ..)| code);
    // Half of what happens, happens in one town.
    let code = match random.below(20) {
        0 => NOWHERE,
        1..=10 => "8800",
        _ => random.pick(&known),
    };
    PostalCode::parse(code).unwrap()
}

fn random_candidate(random: &mut Random, catalog: &Catalog) -> Candidate {
    let organization = random.id();
    Candidate {
        organization,
        family: organization,
        kind: random.pick(&KINDS),
        standing: if random.one_in(8) {
            Standing::Unverified
        } else {
            Standing::Verified
        },
        listings: (0..random.pick(&[0, 1, 1, 1, 2, 2, 3, 4]))
            .map(|_| random_listing(random, catalog))
            .collect(),
    }
}

fn random_listing(random: &mut Random, catalog: &Catalog) -> OpenListing {
    let themes: Vec<ThemeRef> = catalog.themes.all().collect();
    let target_groups: Vec<TargetGroupRef> = catalog.target_groups().collect();
    let postal_code = random_postcode(random);
    let centre = catalog.gazetteer.get(postal_code);
    let centre = centre.map_or(Point::new(56.4, 9.4).unwrap(), |known| known.centre);
    let mut near = |degrees: f64| degrees + (random.below(600) as f64 - 300.0) / 10_000.0;
    let point = Point::new(near(centre.latitude()), near(centre.longitude())).unwrap();
    OpenListing {
        id: random.id(),
        themes: random.some(&themes, 1, 3),
        target_groups: random.some(&target_groups, 0, 2),
        postal_code,
        point,
    }
}

/// All ways to pick `sizes` of `count`, each lowest first.
fn picks(count: usize, sizes: std::ops::RangeInclusive<usize>) -> Vec<Vec<usize>> {
    let places = |mask: &u32| (0..count).filter(|at| mask >> at & 1 == 1).collect();
    (0..1_u32 << count)
        .filter(|mask| sizes.contains(&usize::try_from(mask.count_ones()).unwrap()))
        .map(|mask| places(&mask))
        .collect()
}
