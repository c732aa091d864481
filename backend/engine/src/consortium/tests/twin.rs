//! The obvious twin: every group there is, judged from the definitions, one by one. It shares the
//! tree's closeness, the distance of two points and the gazetteer with the composer, nothing else.

use std::collections::HashMap;

use super::*;

const EVERYONE: usize = usize::MAX;

/// What the twin finds.
#[derive(Debug, Clone)]
struct Found {
    members: Vec<OrganizationId>,
    score: f64,
    ground: CommonGround,
    values: [f64; 6],
}

type Places = HashMap<(usize, CommonGround), (f64, f64)>;

struct Twin<'a> {
    world: &'a World,
    /// Candidates that may apply, by id.
    able: Vec<&'a Candidate>,
    /// How each of them stands on each ground there could be: closeness and nearness.
    standing: Places,
    grounds: Vec<CommonGround>,
}

fn fits(world: &World, listing: &OpenListing) -> bool {
    let terms = &world.round.terms;
    let municipality = world.catalog.gazetteer.municipality_of(listing.postal_code);
    let there = municipality.is_some_and(|m| terms.municipalities.contains(&m));
    let served = listing.target_groups.iter();
    (terms.municipalities.is_empty() || there)
        && !themes(world, listing).is_empty()
        && (terms.target_groups.is_empty()
            || listing.target_groups.is_empty()
            || served.clone().any(|g| terms.target_groups.contains(g)))
}

fn line(world: &World, a: ThemeRef, b: ThemeRef) -> bool {
    world.catalog.themes.is_within(a, b) || world.catalog.themes.is_within(b, a)
}

fn themes(world: &World, listing: &OpenListing) -> Vec<ThemeRef> {
    let asked = &world.round.terms.themes;
    let mut themes = listing.themes.clone();
    themes.retain(|theme| asked.is_empty() || asked.iter().any(|a| line(world, *a, *theme)));
    themes
}

fn groups(world: &World, listing: &OpenListing) -> Vec<TargetGroupRef> {
    let asked = &world.round.terms.target_groups;
    let mut groups = listing.target_groups.clone();
    groups.retain(|group| asked.is_empty() || asked.contains(group));
    groups
}

fn in_round<'a>(world: &World, candidate: &'a Candidate) -> Vec<&'a OpenListing> {
    let mut listings: Vec<_> = candidate.listings.iter().collect();
    listings.retain(|listing| fits(world, listing));
    listings.sort_by_key(|listing| listing.id);
    listings
}

impl<'a> Twin<'a> {
    fn new(world: &'a World) -> Self {
        let terms = &world.round.terms;
        let open = terms.period.opens_at() <= now() && now() < terms.period.closes_at();
        let mut able: Vec<&Candidate> = world.candidates.iter().collect();
        able.retain(|candidate| {
            open && terms.applicant_kinds.contains(&candidate.kind)
                && !(terms.verification == Verification::Required
                    && candidate.standing == Standing::Unverified)
                && !in_round(world, candidate).is_empty()
        });
        able.sort_by_key(|candidate| candidate.organization);
        let catalog = &world.catalog;
        let mut grounds = Vec::new();
        for theme in catalog.themes.all() {
            for postcode in catalog.gazetteer.postcodes() {
                for target_group in catalog.target_groups().map(Some).chain([None]) {
                    grounds.push(CommonGround {
                        target_group,
                        theme,
                        postal_code: postcode.code,
                    });
                }
            }
        }
        let mut standing = Places::new();
        for (at, candidate) in able.iter().enumerate() {
            for ground in &grounds {
                if let Some(stands) = stands(world, candidate, *ground) {
                    standing.insert((at, *ground), stands);
                }
            }
        }
        Self {
            world,
            able,
            standing,
            grounds,
        }
    }

    fn ground(&self, group: &[usize]) -> Option<(CommonGround, f64, f64)> {
        let mut best: Option<(CommonGround, f64, f64, f64)> = None;
        for ground in &self.grounds {
            let stands = group.iter().map(|at| self.standing.get(&(*at, *ground)));
            let Some(stands) = stands.collect::<Option<Vec<_>>>() else {
                continue;
            };
            let resident = group.iter().any(|at| {
                in_round(self.world, self.able[*at])
                    .iter()
                    .any(|listing| listing.postal_code == ground.postal_code)
            });
            let closeness: f64 = stands.iter().map(|(closeness, _)| closeness).sum();
            let nearness: f64 = stands.iter().map(|(_, nearness)| nearness).sum();
            let worth = ((0.25 * closeness + 0.15 * nearness) * 1e9).round();
            let key = |g: CommonGround| (g.target_group, g.theme, g.postal_code);
            let better = best.is_none_or(|(known, .., most)| {
                worth > most || worth.total_cmp(&most).is_eq() && key(*ground) < key(known)
            });
            if resident && better {
                best = Some((*ground, closeness, nearness, worth));
            }
        }
        best.map(|(ground, closeness, nearness, _)| (ground, closeness, nearness))
    }

    fn judge(&self, group: &[usize]) -> Option<Found> {
        let members: Vec<&Candidate> = group.iter().map(|at| self.able[*at]).collect();
        let alike = |a: &Candidate| members.iter().filter(|b| b.family == a.family).count();
        if members.iter().any(|member| alike(member) > 1) {
            return None;
        }
        let (ground, closeness, nearness) = self.ground(group)?;
        let size = members.len() as f64;
        let least = members.iter().map(|m| m.listings.len()).min().unwrap();
        let values = [
            closeness / size,
            nearness / size,
            self.series(self.parallels(&members)),
            self.series(self.gaps(&members)),
            self.broad(&members) as f64 / size,
            1.0 / least as f64,
        ];
        let weights = [0.25, 0.15, 0.15, 0.20, 0.15, 0.10];
        Some(Found {
            members: members.iter().map(|member| member.organization).collect(),
            score: values.iter().zip(weights).map(|(v, w)| v * w).sum(),
            ground,
            values,
        })
    }

    /// 1/2 + 1/4 + 1/8 and so on.
    #[expect(clippy::unused_self, reason = "reads as the other parts do")]
    fn series(&self, count: usize) -> f64 {
        let (mut sum, mut next) = (0.0, 0.5);
        for _ in 0..count {
            sum += next;
            next /= 2.0;
        }
        sum
    }

    fn parallels(&self, members: &[&Candidate]) -> usize {
        let owner = |id: ListingId| {
            members.iter().position(|member| {
                let mut listings = in_round(self.world, member).into_iter();
                listings.any(|listing| listing.id == id)
            })
        };
        let mut pairs = Vec::new();
        for parallel in &self.world.parallels {
            let mut pair = parallel.listings;
            pair.sort();
            if let (Some(one), Some(other)) = (owner(pair[0]), owner(pair[1]))
                && one != other
                && !pairs.contains(&pair)
            {
                pairs.push(pair);
            }
        }
        pairs.len()
    }

    fn gaps(&self, members: &[&Candidate]) -> usize {
        let world = self.world;
        let mut closed = Vec::new();
        for gap in &world.gaps {
            let terms = &world.round.terms;
            let Some(known) = world.catalog.gazetteer.get(gap.postal_code) else {
                continue;
            };
            let municipality = world.catalog.gazetteer.municipality_of(gap.postal_code);
            let there = municipality.is_some_and(|m| terms.municipalities.contains(&m));
            let asked = terms.themes.iter().any(|t| line(world, *t, gap.theme));
            let by = |listing: &&OpenListing| {
                listing.point.metres_to(known.centre) <= 20_000.0
                    && themes(world, listing)
                        .iter()
                        .any(|theme| line(world, *theme, gap.theme))
            };
            if (terms.municipalities.is_empty() || there)
                && (terms.themes.is_empty() || asked)
                && members.iter().any(|m| in_round(world, m).iter().any(by))
                && !closed.contains(&(gap.theme, gap.postal_code))
            {
                closed.push((gap.theme, gap.postal_code));
            }
        }
        closed.len()
    }

    fn broad(&self, members: &[&Candidate]) -> usize {
        let world = self.world;
        let all_themes = |m: &Candidate| -> Vec<ThemeRef> {
            let listings = in_round(world, m).into_iter();
            listings
                .flat_map(|listing| themes(world, listing))
                .collect()
        };
        let all_groups = |m: &Candidate| -> Vec<TargetGroupRef> {
            let listings = in_round(world, m).into_iter();
            listings
                .flat_map(|listing| groups(world, listing))
                .collect()
        };
        let alone = |m: &&&Candidate| {
            let others = || {
                let all = members.iter();
                all.filter(|other| other.organization != m.organization)
            };
            let theme = |theme: &ThemeRef| others().all(|o| !all_themes(o).contains(theme));
            let group = |group: &TargetGroupRef| others().all(|o| !all_groups(o).contains(group));
            all_themes(m).iter().any(theme) || all_groups(m).iter().any(group)
        };
        members.iter().filter(alone).count()
    }

    /// Every group that the definition lets be tried, in order.
    fn ranked(&self, circle: usize, seed: u64) -> Vec<Found> {
        let terms = &self.world.round.terms;
        let (least, most) = (terms.applicants.least(), terms.applicants.most());
        let count = self.able.len();
        let pairs = self.sorted(&picks(count, 2..=2), seed);
        let circles: Vec<Vec<OrganizationId>> = self
            .able
            .iter()
            .map(|candidate| {
                let me = candidate.organization;
                let with_me = pairs.iter().filter(|pair| pair.members.contains(&me));
                let others = with_me.flat_map(|pair| pair.members.clone());
                others.filter(|other| *other != me).take(circle).collect()
            })
            .collect();
        let mut groups = picks(count, usize::from(least.max(2))..=usize::from(most));
        groups.retain(|group| {
            group.iter().any(|one| {
                let mut others = group.iter().filter(|other| *other != one);
                others.all(|other| circles[*one].contains(&self.able[*other].organization))
            })
        });
        self.sorted(&groups, seed)
    }

    fn sorted(&self, groups: &[Vec<usize>], seed: u64) -> Vec<Found> {
        let judged = groups.iter().filter_map(|group| self.judge(group));
        let mut found: Vec<Found> = judged.collect();
        found.sort_by(|a, b| {
            let steps = |found: &Found| ((found.score * 1e9).round() / 0.02e9).round();
            steps(b)
                .total_cmp(&steps(a))
                .then_with(|| turn(seed, &a.members).cmp(&turn(seed, &b.members)))
                .then_with(|| a.members.cmp(&b.members))
        });
        found
    }

    fn suggest(&self, circle: usize, seed: u64, limit: usize) -> Vec<Found> {
        let mut left: Vec<(usize, Found)> =
            self.ranked(circle, seed).into_iter().enumerate().collect();
        let mut list: Vec<(usize, Found)> = Vec::new();
        let share = if limit.is_multiple_of(3) {
            limit / 3
        } else {
            limit / 3 + 1
        };
        while list.len() < limit {
            let times = |id: &OrganizationId| {
                let shown = list.iter().filter(|(_, found)| found.members.contains(id));
                shown.count()
            };
            left.sort_by_key(|(rank, found)| {
                let most = found.members.iter().map(times).max();
                let new = found.members.iter().any(|id| times(id) == 0);
                (u8::from(!new), most, *rank)
            });
            let Some((_, first)) = left.first() else {
                break;
            };
            let new = first.members.iter().any(|id| times(id) == 0);
            if !new && first.members.iter().any(|id| times(id) >= share) {
                break;
            }
            list.push(left.remove(0));
        }
        list.sort_by_key(|(rank, _)| *rank);
        list.into_iter().map(|(_, found)| found).collect()
    }
}

fn stands(world: &World, candidate: &Candidate, ground: CommonGround) -> Option<(f64, f64)> {
    let asked = &world.round.terms.target_groups;
    if let Some(group) = ground.target_group
        && !asked.is_empty()
        && !asked.contains(&group)
    {
        return None;
    }
    let centre = world.catalog.gazetteer.get(ground.postal_code)?.centre;
    let mut best: Option<(f64, f64)> = None;
    for listing in in_round(world, candidate) {
        let metres = centre.metres_to(listing.point);
        let serves = match ground.target_group {
            None => listing.target_groups.is_empty(),
            Some(group) => {
                listing.target_groups.is_empty() || listing.target_groups.contains(&group)
            }
        };
        let closeness = themes(world, listing)
            .iter()
            .filter_map(|theme| world.catalog.themes.closeness(*theme, ground.theme))
            .fold(0.0_f64, f64::max);
        if metres > 20_000.0 || !serves || closeness <= 0.0 {
            continue;
        }
        let nearness = 0.5_f64.powf(metres / 10_000.0);
        let worth = |(c, n): (f64, f64)| ((0.25 * c + 0.15 * n) * 1e9).round();
        if best.is_none_or(|best| worth((closeness, nearness)) > worth(best)) {
            best = Some((closeness, nearness));
        }
    }
    best
}

fn turn(seed: u64, members: &[OrganizationId]) -> u64 {
    let mix = |value: u64| {
        let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
        z ^= z >> 30;
        z = z.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z ^= z >> 27;
        z = z.wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    let mut turn = mix(seed);
    for member in members {
        let bytes = member.uuid().into_bytes();
        for half in bytes.chunks(8) {
            turn = mix(turn ^ u64::from_be_bytes(half.try_into().unwrap()));
        }
    }
    turn
}

/// Compares the lists of composer and twin, of which the twin tries every group within circles of
/// this size.
fn compare(world: &World, circle: usize, seed: u64, limit: usize) -> usize {
    let ours = suggest(&world.catalog, world.gathered(), now(), seed, limit);
    let theirs = Twin::new(world).suggest(circle, seed, limit);
    let members = |suggestion: &JointSuggestion| suggestion.organizations().collect::<Vec<_>>();
    assert_eq!(
        ours.iter().map(members).collect::<Vec<_>>(),
        theirs.iter().map(|f| f.members.clone()).collect::<Vec<_>>(),
        "seed {seed}"
    );
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours.ground, theirs.ground, "seed {seed}");
        assert!((ours.score - theirs.score).abs() < 1e-9, "seed {seed}");
        for (part, value) in ours.reasons.iter().zip(theirs.values) {
            assert!((part.value - value).abs() < 1e-9, "seed {seed}: {part:?}");
        }
    }
    ours.len()
}

#[test]
fn the_composer_equals_exhaustive_search_on_small_cases() {
    let (mut some, mut suggested) = (0, 0);
    for seed in 0..4_000 {
        let mut random = Random::new(seed);
        let count = random.below(13);
        let world = World::random(&mut random, count);
        let found = compare(&world, EVERYONE, seed, random.below(25));
        some += usize::from(found > 0);
        suggested += found;
    }
    assert!(some > 1_000 && suggested > 5_000, "{some} {suggested}");
}

#[test]
fn the_composer_equals_exhaustive_search_where_many_may_apply() {
    for seed in 0..150 {
        let mut random = Random::new(seed);
        let count = 10 + random.below(4);
        let world = World::of(&mut random, &anything_goes(), count);
        assert!(compare(&world, EVERYONE, seed, 30) > 5, "seed {seed}");
    }
}

#[test]
fn beyond_one_circle_the_composer_keeps_to_its_definition() {
    for seed in 0..6 {
        let mut random = Random::new(seed);
        let mut draft = anything_goes();
        draft.applicants_max = Some(4);
        let mut world = World::of(&mut random, &draft, 18);
        // All of them share the one line and town, so that every circle is full.
        let theme = world.catalog.themes.find("companionship").unwrap();
        for candidate in &mut world.candidates {
            let mut listing = random_listing(&mut random, &world.catalog);
            let centre = world.catalog.gazetteer.resolve("8800").unwrap();
            (listing.postal_code, listing.point) = (centre.code, centre.centre);
            (listing.themes, listing.target_groups) = (vec![theme], Vec::new());
            candidate.listings.push(listing);
        }
        assert!(compare(&world, 12, seed, 40) >= 10, "seed {seed}");
    }
}
