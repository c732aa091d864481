//! A checker of rules, written apart from `rules`, and what holds of every list of suggestions.

use super::*;

/// Whether these may apply together, straight from the text of the round.
fn may_apply(world: &World, group: &[&Candidate]) -> bool {
    let terms = &world.round.terms;
    let fewest = usize::from(terms.applicants.least());
    let most = usize::from(terms.applicants.most());
    if group.len() < fewest || group.len() > most {
        return false;
    }
    if now() < terms.period.opens_at() || now() >= terms.period.closes_at() {
        return false;
    }
    for (at, member) in group.iter().enumerate() {
        let unverified = member.standing == Standing::Unverified;
        if unverified && terms.verification == Verification::Required {
            return false;
        }
        if !terms.applicant_kinds.contains(&member.kind) {
            return false;
        }
        if group[..at]
            .iter()
            .any(|other| other.family == member.family)
        {
            return false;
        }
    }
    let places: Vec<PostalCode> = group
        .iter()
        .flat_map(|member| member.listings.iter())
        .filter(|listing| counts(world, listing))
        .map(|listing| listing.postal_code)
        .collect();
    let serves = || world.catalog.target_groups().map(Some).chain([None]);
    world.catalog.themes.all().any(|theme| {
        places.iter().any(|place| {
            serves().any(|serves| {
                group
                    .iter()
                    .all(|member| stands_on(world, member, theme, *place, serves))
            })
        })
    })
}

/// Whether a listing is on a theme of the round, in a municipality of it, for a group of it.
fn counts(world: &World, listing: &OpenListing) -> bool {
    let terms = &world.round.terms;
    let themed = listing.themes.iter().any(|theme| on_theme(world, *theme));
    let gazetteer = &world.catalog.gazetteer;
    let placed = match gazetteer.municipality_of(listing.postal_code) {
        Some(municipality) => {
            terms.municipalities.is_empty() || terms.municipalities.contains(&municipality)
        }
        None => terms.municipalities.is_empty(),
    };
    let for_all = terms.target_groups.is_empty() || listing.target_groups.is_empty();
    let mut groups = terms.target_groups.iter();
    themed && placed && (for_all || groups.any(|group| listing.target_groups.contains(group)))
}

fn on_theme(world: &World, theme: ThemeRef) -> bool {
    let asked = &world.round.terms.themes;
    asked.is_empty() || asked.iter().any(|other| one_line(world, theme, *other))
}

fn one_line(world: &World, a: ThemeRef, b: ThemeRef) -> bool {
    let tree = &world.catalog.themes;
    tree.lineage(a).any(|above| above == b) || tree.lineage(b).any(|above| above == a)
}

fn stands_on(
    world: &World,
    member: &Candidate,
    theme: ThemeRef,
    place: PostalCode,
    serves: Option<TargetGroupRef>,
) -> bool {
    let asked = &world.round.terms.target_groups;
    let Some(centre) = world.catalog.gazetteer.get(place).map(|known| known.centre) else {
        return false;
    };
    member.listings.iter().any(|listing| {
        let mut themes = listing.themes.iter().filter(|t| on_theme(world, **t));
        let serves = match serves {
            _ if listing.target_groups.is_empty() => true,
            None => false,
            Some(group) => {
                listing.target_groups.contains(&group)
                    && (asked.is_empty() || asked.contains(&group))
            }
        };
        counts(world, listing)
            && serves
            && themes.any(|own| one_line(world, *own, theme))
            && centre.metres_to(listing.point) <= 20_000.0
    })
}

fn member(world: &World, id: OrganizationId) -> &Candidate {
    let mut all = world.candidates.iter();
    all.find(|candidate| candidate.organization == id).unwrap()
}

/// Everything that a suggestion says is so.
fn check(world: &World, suggestion: &JointSuggestion) {
    let group: Vec<&Candidate> = suggestion
        .organizations()
        .map(|id| member(world, id))
        .collect();
    assert!((2..=5).contains(&group.len()));
    assert!(group.is_sorted_by(|a, b| a.organization < b.organization));
    assert!(may_apply(world, &group));
    let outcomes = eligible(
        &world.catalog,
        &world.round,
        &Group::of(group.clone()),
        now(),
    );
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.verdict == Verdict::Pass)
    );

    let ground = suggestion.ground;
    assert!(group.iter().all(|member| {
        stands_on(
            world,
            member,
            ground.theme,
            ground.postal_code,
            ground.target_group,
        )
    }));

    for (contribution, member) in suggestion.contributions.iter().zip(&group) {
        let mut brought: Vec<ListingId> = member
            .listings
            .iter()
            .filter(|listing| counts(world, listing))
            .map(|listing| listing.id)
            .collect();
        brought.sort();
        assert_eq!(contribution.listings, brought);
        assert!(!contribution.themes.is_empty());
        assert!(
            contribution
                .themes
                .iter()
                .all(|theme| on_theme(world, *theme))
        );
        for theme in &contribution.only_its_themes {
            let others = suggestion.contributions.iter();
            let having = others.filter(|other| other.themes.contains(theme));
            assert_eq!(having.count(), 1);
        }
    }
    for parallel in &suggestion.parallels {
        let posters = parallel.listings.map(|id| {
            let mut members = suggestion.contributions.iter();
            members.position(|member| member.listings.contains(&id))
        });
        assert!(posters[0].is_some() && posters[1].is_some() && posters[0] != posters[1]);
    }
    for gap in &suggestion.gaps {
        assert!(world.gaps.contains(gap) && on_theme(world, gap.theme));
    }
    check_missing(world, suggestion, &group);

    let sum: f64 = suggestion.reasons.iter().map(|p| p.value * p.weight).sum();
    let weights: f64 = suggestion.reasons.iter().map(|p| p.weight).sum();
    assert!((sum - suggestion.score).abs() < 1e-12 && (weights - 1.0).abs() < 1e-12);
    for part in &suggestion.reasons {
        assert!((0.0..=1.0).contains(&part.value), "{part:?}");
    }
}

fn check_missing(world: &World, suggestion: &JointSuggestion, group: &[&Candidate]) {
    let terms = &world.round.terms;
    let listings = || {
        let all = group.iter().flat_map(|member| member.listings.iter());
        all.filter(|listing| counts(world, listing))
    };
    let says = |missing: Missing| suggestion.missing.contains(&missing);
    for theme in &terms.themes {
        let worked = listings().any(|l| l.themes.iter().any(|own| one_line(world, *own, *theme)));
        assert_eq!(says(Missing::Theme(*theme)), !worked);
    }
    for group in &terms.target_groups {
        let reached =
            listings().any(|l| l.target_groups.is_empty() || l.target_groups.contains(group));
        assert_eq!(says(Missing::TargetGroup(*group)), !reached);
    }
    for municipality in &terms.municipalities {
        let gazetteer = &world.catalog.gazetteer;
        let active =
            listings().any(|l| gazetteer.municipality_of(l.postal_code) == Some(*municipality));
        assert_eq!(says(Missing::Municipality(*municipality)), !active);
    }
    for missing in &suggestion.missing {
        match missing {
            Missing::CoApplicants { .. } => panic!("an eligible group is large enough"),
            Missing::Gap { theme, postal_code } => {
                let mut closed = suggestion.gaps.iter();
                assert!(!closed.any(|g| (g.theme, g.postal_code) == (*theme, *postal_code)));
                assert!(world.gaps.iter().any(|g| g.theme == *theme));
            }
            Missing::OwnContribution { percent } => {
                assert_eq!(terms.own_contribution_percent, Some(*percent));
            }
            _ => {}
        }
    }
}

#[test]
fn every_suggestion_keeps_every_rule_and_tells_the_truth() {
    let mut checked = 0;
    for seed in 0..4_000 {
        let mut random = Random::new(seed);
        let count = random.below(14);
        let world = World::random(&mut random, count);
        let limit = random.below(30);
        let list = suggest(&world.catalog, world.gathered(), now(), seed, limit);
        assert!(list.len() <= limit);
        let mut groups: Vec<Vec<OrganizationId>> =
            list.iter().map(|s| s.organizations().collect()).collect();
        groups.sort();
        groups.dedup();
        assert_eq!(groups.len(), list.len());
        for suggestion in &list {
            check(&world, suggestion);
        }
        checked += list.len();
    }
    assert!(checked > 5_000, "{checked}");
}

#[test]
fn the_rules_and_their_checker_agree_on_every_group() {
    let (mut eligible_ones, mut others) = (0, 0);
    for seed in 0..600 {
        let mut random = Random::new(seed);
        let count = random.below(8);
        let world = World::random(&mut random, count);
        for group in picks(world.candidates.len(), 1..=5) {
            let group: Vec<&Candidate> =
                group.into_iter().map(|at| &world.candidates[at]).collect();
            let outcomes = eligible(
                &world.catalog,
                &world.round,
                &Group::of(group.clone()),
                now(),
            );
            let passes = outcomes
                .iter()
                .all(|outcome| outcome.verdict == Verdict::Pass);
            assert_eq!(
                passes,
                may_apply(&world, &group),
                "seed {seed}: {outcomes:?}"
            );
            if passes {
                eligible_ones += 1;
            } else {
                others += 1;
            }
        }
    }
    assert!(
        eligible_ones > 500 && others > 5_000,
        "{eligible_ones} {others}"
    );
}

#[test]
fn everyone_who_has_company_is_seen_and_so_is_every_small_one() {
    let mut small = 0;
    for seed in 0..1_500 {
        let mut random = Random::new(seed);
        let count = random.below(11);
        let world = World::random(&mut random, count);
        let list = suggest(&world.catalog, world.gathered(), now(), seed, count);
        let groups: Vec<Vec<&Candidate>> = picks(count, 2..=5)
            .into_iter()
            .map(|group| group.into_iter().map(|at| &world.candidates[at]).collect())
            .filter(|group: &Vec<&Candidate>| may_apply(&world, group))
            .collect();
        for candidate in &world.candidates {
            let id = candidate.organization;
            let has_company = groups.iter().any(|group| group.contains(&candidate));
            let seen = list.iter().any(|s| s.organizations().any(|one| one == id));
            assert_eq!(seen, has_company, "seed {seed}");
            small += usize::from(seen && candidate.listings.len() == 1);
        }
    }
    assert!(small > 300, "{small}");
}
