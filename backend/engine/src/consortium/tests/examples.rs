use super::*;
use crate::{
    listing::{Content, ListingDraft, ListingKind, ListingStatus},
    organization::{Profile, ProfileDraft},
    place::Attendance,
};

/// An association with one listing for each of these themes, in Viborg, for everybody.
fn association(nth: u8, themes: &[&str], catalog: &Catalog) -> Candidate {
    let organization = Id::from_random([nth; 16]);
    let viborg = catalog.gazetteer.resolve("8800").unwrap();
    Candidate {
        organization,
        family: organization,
        kind: OrganizationKind::Association,
        standing: Standing::Verified,
        listings: themes
            .iter()
            .zip(1..)
            .map(|(theme, listing)| OpenListing {
                id: listing_id(nth, listing),
                themes: vec![catalog.themes.find(theme).unwrap()],
                target_groups: Vec::new(),
                postal_code: viborg.code,
                point: viborg.centre,
            })
            .collect(),
    }
}

fn listing_id(nth: u8, listing: u8) -> ListingId {
    let mut bytes = [nth; 16];
    bytes[15] = listing;
    Id::from_random(bytes)
}

fn world(candidates: Vec<Candidate>, draft: &RoundDraft) -> World {
    let catalog = catalog();
    World {
        round: round(draft, &catalog),
        catalog,
        candidates,
        gaps: Vec::new(),
        parallels: Vec::new(),
    }
}

fn list(world: &World, seed: u64, limit: usize) -> Vec<JointSuggestion> {
    suggest(&world.catalog, world.gathered(), now(), seed, limit)
}

fn members(list: &[JointSuggestion]) -> Vec<Vec<OrganizationId>> {
    list.iter().map(|s| s.organizations().collect()).collect()
}

/// Three associations of one town that all but the last rule of each row let apply.
fn three() -> (Vec<Candidate>, RoundDraft) {
    let catalog = catalog();
    let mut draft = anything_goes();
    draft.themes = vec!["companionship".into()];
    draft.municipalities = vec!["0791".into()];
    draft.target_groups = vec!["older-people".into()];
    draft.applicant_kinds = vec![OrganizationKind::Association];
    draft.verification = Verification::Required;
    (draft.co_applicants_min, draft.applicants_max) = (Some(1), Some(3));
    let three = [1, 2, 3].map(|nth| association(nth, &["visiting-friend"], &catalog));
    (three.into(), draft)
}

type Change<'a> = Box<dyn Fn(&mut Vec<Candidate>, &mut RoundDraft) + 'a>;

/// What breaks which rules of `three`, by the names of the rules.
fn changes(catalog: &Catalog) -> Vec<(&'static str, Change<'_>)> {
    let theme = |code: &str| catalog.themes.find(code).unwrap();
    let skive = catalog.gazetteer.resolve("7800").unwrap();
    let children = catalog.resolve_target_group("children").unwrap();
    vec![
        ("", Box::new(|_, _| {})),
        (
            "OpenRound",
            Box::new(|_, draft| draft.opens_at = "2026-09-02T09:00".into()),
        ),
        (
            "Themes Activity CommonGround",
            Box::new(move |group, _| group[0].listings[0].themes = vec![theme("culture")]),
        ),
        (
            "Area Activity CommonGround",
            Box::new(move |group, _| {
                group[0].listings[0].postal_code = skive.code;
                group[0].listings[0].point = skive.centre;
            }),
        ),
        (
            "TargetGroups Activity CommonGround",
            Box::new(move |group, _| group[0].listings[0].target_groups = vec![children]),
        ),
        (
            "Activity CommonGround",
            Box::new(move |group, _| {
                let mut other = group[0].listings[0].clone();
                other.id = listing_id(9, 9);
                other.themes = vec![theme("culture")];
                group[0].listings[0].target_groups = vec![children];
                group[0].listings.push(other);
            }),
        ),
        (
            "ApplicantKinds",
            Box::new(move |group, _| group[0].kind = OrganizationKind::PublicBody),
        ),
        (
            "Verified",
            Box::new(move |group, _| group[0].standing = Standing::Unverified),
        ),
        (
            "",
            Box::new(move |group, draft| {
                group[0].standing = Standing::Unverified;
                draft.verification = Verification::NotRequired;
            }),
        ),
        (
            "DifferentFamilies",
            Box::new(move |group, _| group[0].family = group[1].organization),
        ),
        (
            "Number",
            Box::new(move |group, _| group.push(association(4, &["visiting-friend"], catalog))),
        ),
        ("Number", Box::new(move |group, _| group.truncate(1))),
        (
            "CommonGround",
            Box::new(move |group, draft| {
                draft.themes.clear();
                group[0].listings[0].themes = vec![theme("sport")];
            }),
        ),
        (
            "CommonGround",
            Box::new(move |group, draft| {
                draft.municipalities.clear();
                group[0].listings[0].postal_code = skive.code;
                group[0].listings[0].point = skive.centre;
            }),
        ),
    ]
}

#[test]
fn each_rule_turns_the_verdict_alone() {
    let catalog = catalog();
    for (broken, change) in changes(&catalog) {
        let (mut group, mut draft) = three();
        change(&mut group, &mut draft);
        let outcomes = eligible(
            &catalog,
            &round(&draft, &catalog),
            &Group::of(&group),
            now(),
        );
        assert_eq!(outcomes.len(), 10);
        let failed: Vec<String> = outcomes
            .iter()
            .filter(|outcome| outcome.verdict == Verdict::Fail)
            .map(|outcome| {
                let shown = format!("{:?}", outcome.rule);
                shown.split(' ').next().unwrap().to_owned()
            })
            .collect();
        assert_eq!(failed.join(" "), broken);
        let world = world(group, &draft);
        let all = world.candidates.len();
        let together = list(&world, 1, 50)
            .iter()
            .any(|s| s.contributions.len() == all);
        assert_eq!(together, broken.is_empty(), "{broken}");
    }
}

#[test]
fn outcomes_name_who_falls_short() {
    let (mut group, draft) = three();
    group[2].standing = Standing::Unverified;
    let catalog = catalog();
    let outcomes = eligible(
        &catalog,
        &round(&draft, &catalog),
        &Group::of(&group),
        now(),
    );
    assert!(outcomes.contains(&RuleOutcome {
        verdict: Verdict::Fail,
        rule: Rule::Verified {
            asked: Verification::Required,
            lacking: vec![group[2].organization],
        },
    }));
    assert!(outcomes.contains(&RuleOutcome {
        verdict: Verdict::Pass,
        rule: Rule::Number {
            least: 2,
            most: 3,
            got: 3,
        },
    }));
}

#[test]
fn nobody_at_all_may_not_apply() {
    let (_, draft) = three();
    let catalog = catalog();
    let outcomes = eligible(&catalog, &round(&draft, &catalog), &Group::of([]), now());
    assert!(outcomes.iter().any(|o| o.verdict == Verdict::Fail));
}

#[test]
fn a_score_is_the_sum_of_its_documented_parts() {
    let catalog = catalog();
    let theme = |code: &str| catalog.themes.find(code).unwrap();
    let mut draft = anything_goes();
    draft.themes = vec!["companionship".into(), "culture".into()];
    draft.own_contribution_percent = Some(10);
    let one = association(1, &["visiting-friend", "shared-meals"], &catalog);
    let other = association(2, &["companionship"], &catalog);
    let mut world = world(vec![other, one], &draft);
    let gap = |code: &str, postal_code: &str| Gap {
        theme: theme(code),
        postal_code: PostalCode::parse(postal_code).unwrap(),
        needs: vec![listing_id(7, 1), listing_id(7, 2)],
    };
    world.gaps = vec![
        gap("culture", "8831"),
        gap("visiting-dog", "8831"),
        gap("shared-meals", "8900"),
        gap("football", "8800"),
    ];
    let beside = Parallel {
        listings: [listing_id(2, 1), listing_id(1, 1)],
        theme: theme("companionship"),
        postal_code: PostalCode::parse("8800").unwrap(),
    };
    world.parallels = vec![beside.clone(), beside.clone()];
    let found = list(&world, 0, 5);
    let [suggestion] = &found[..] else {
        panic!("{found:?}")
    };
    // Closeness on the line of the sub-theme: 1 and 2/3; on that of the top theme: 2/3 and 1.
    assert_eq!(suggestion.ground.theme, theme("companionship"));
    assert_eq!(suggestion.ground.target_group, None);
    let values: Vec<f64> = suggestion.reasons.iter().map(|part| part.value).collect();
    for (value, expected) in values.iter().zip([5.0 / 6.0, 1.0, 0.5, 0.5, 1.0, 1.0]) {
        assert!((value - expected).abs() < 1e-9, "{values:?}");
    }
    let expected = 0.25 * 5.0 / 6.0 + 0.15 + 0.15 * 0.5 + 0.20 * 0.5 + 0.15 + 0.10;
    assert!((suggestion.score - expected).abs() < 1e-9);
    assert_eq!(suggestion.gaps, [gap("visiting-dog", "8831")]);
    assert_eq!(suggestion.parallels, [beside]);
    assert_eq!(
        suggestion.missing,
        [
            Missing::Theme(theme("culture")),
            Missing::Gap {
                theme: theme("culture"),
                postal_code: PostalCode::parse("8831").unwrap()
            },
            Missing::OwnContribution { percent: 10 },
        ]
    );
    assert_eq!(
        suggestion.contributions[0].only_its_themes,
        [theme("visiting-friend"), theme("shared-meals")]
    );
    assert_eq!(
        suggestion.reasons[5].reason,
        Reason::SmallIsSeen {
            organization: Id::from_random([2; 16]),
            listings: 1
        }
    );
}

#[test]
fn a_group_that_is_too_small_lacks_applicants() {
    let (group, mut draft) = three();
    draft.co_applicants_min = Some(2);
    let catalog = catalog();
    let lacks = missing(
        &catalog,
        &round(&draft, &catalog),
        &[],
        &Group::of(&group[..1]),
    );
    assert_eq!(lacks, [Missing::CoApplicants { more: 2 }]);
}

#[test]
fn the_order_of_what_is_gathered_changes_nothing() {
    for seed in 0..60 {
        let mut world = World::of(&mut Random::new(seed), &anything_goes(), 9);
        let list_before = list(&world, seed, 12);
        world.candidates.reverse();
        world.gaps.sort_by_key(|gap| (gap.theme, gap.needs.clone()));
        world.gaps.dedup_by_key(|gap| gap.theme);
        let once = list(&world, seed, 12);
        world.gaps.reverse();
        world.parallels.reverse();
        for candidate in &mut world.candidates {
            candidate.listings.reverse();
        }
        let reversed = list(&world, seed, 12);
        assert_eq!(members(&once), members(&reversed));
        assert_eq!(list_before.is_empty(), once.is_empty());
    }
}

/// Six alike, of which only pairs may apply: under some seed each pair comes first.
#[test]
fn equals_take_turns_under_different_seeds() {
    let catalog = catalog();
    let mut draft = anything_goes();
    draft.applicants_max = Some(2);
    let alike = (1..=6).map(|nth| association(nth, &["sport"], &catalog));
    let world = world(alike.collect(), &draft);
    let mut firsts = std::collections::BTreeMap::<Vec<OrganizationId>, usize>::new();
    for seed in 0..1_500 {
        *firsts
            .entry(members(&list(&world, seed, 1)).remove(0))
            .or_default() += 1;
    }
    assert_eq!(firsts.len(), 15);
    assert!(
        firsts.values().all(|times| (50..200).contains(times)),
        "{firsts:?}"
    );
    assert_eq!(list(&world, 7, 10), list(&world, 7, 10));
}

/// A large association that pairs better with everyone than they do among themselves.
#[test]
fn no_organization_fills_the_list() {
    let catalog = catalog();
    let mut draft = anything_goes();
    draft.applicants_max = Some(2);
    let mut candidates: Vec<Candidate> = (1..=9)
        .map(|nth| association(nth, &["sport"], &catalog))
        .collect();
    candidates.push(association(
        10,
        &["football", "handball", "sport"],
        &catalog,
    ));
    let world = world(candidates, &draft);
    let list = list(&world, 3, 12);
    assert_eq!(list.len(), 12);
    for candidate in &world.candidates {
        let shown = members(&list)
            .iter()
            .filter(|group| group.contains(&candidate.organization))
            .count();
        assert!((1..=4).contains(&shown), "{shown}");
    }
}

/// Every small one can apply with the large one only: then each is shown with it all the same.
#[test]
fn the_only_partner_of_many_is_shown_with_each() {
    let catalog = catalog();
    let leaves = [
        "football",
        "handball",
        "visiting-friend",
        "shared-meals",
        "culture",
    ];
    let mut candidates: Vec<Candidate> = (1..)
        .zip(leaves)
        .map(|(nth, theme)| association(nth, &[theme], &catalog))
        .collect();
    let mut large = association(9, &leaves, &catalog);
    let mut draft = anything_goes();
    draft.applicants_max = Some(2);
    let older = catalog.resolve_target_group("older-people").unwrap();
    for (candidate, theme) in candidates.iter_mut().zip(leaves) {
        candidate.listings[0].themes = vec![catalog.themes.find(theme).unwrap()];
    }
    // Football and handball share the line of sport, the other two that of companionship.
    for nth in [1, 3] {
        candidates[nth].listings[0].target_groups = vec![older];
        large.listings[nth].target_groups = vec![older];
    }
    let children = catalog.resolve_target_group("children").unwrap();
    for nth in [0, 2, 4] {
        candidates[nth].listings[0].target_groups = vec![children];
        large.listings[nth].target_groups = vec![children];
    }
    candidates.push(large);
    let world = world(candidates, &draft);
    assert_eq!(list(&world, 1, 6).len(), 5);
    assert_eq!(list(&world, 1, 3).len(), 3);
}

/// A hundred that all share one line and town: 100 × (12 + 66 + 220 + 495) groups at most.
#[test]
fn a_hundred_that_share_a_line_are_judged() {
    let catalog = catalog();
    let mut random = Random::new(1);
    let viborg = catalog.gazetteer.resolve("8800").unwrap();
    let mut world = World::of(&mut random, &anything_goes(), 100);
    for candidate in &mut world.candidates {
        let mut listing = random_listing(&mut random, &catalog);
        listing.themes = vec![catalog.themes.find("companionship").unwrap()];
        (listing.postal_code, listing.point) = (viborg.code, viborg.centre);
        listing.target_groups.clear();
        candidate.listings.push(listing);
    }
    let list = list(&world, 1, 100);
    let mut seen: Vec<OrganizationId> = members(&list).concat();
    seen.sort();
    seen.dedup();
    assert_eq!((list.len(), seen.len()), (100, 100));
}

#[test]
fn a_candidate_shows_its_own_open_listings_and_no_home() {
    let catalog = catalog();
    let organization = Organization {
        id: Id::from_random([1; 16]),
        version: 1,
        profile: Profile::parse(
            &ProfileDraft {
                name: "Besøgsvennerne".into(),
                postal_code: "8800".into(),
                ..ProfileDraft::default()
            },
            OrganizationKind::Branch,
            Some(Id::from_random([2; 16])),
            &catalog,
        )
        .unwrap(),
        verified: true,
        external_id: None,
    };
    let content = ListingDraft {
        kind: Some(ListingKind::Offer),
        title: "Besøgsven".into(),
        themes: vec!["visiting-friend".into()],
        postal_code: "8800".into(),
        point: Some((56.46, 9.41)),
        at_home: true,
        attendance: Some(Attendance::ITravel),
        ..ListingDraft::default()
    };
    let listing = |nth: u8, poster: Poster| Listing {
        id: Id::from_random([nth; 16]),
        version: 1,
        revision: 1,
        poster,
        posted_by: Id::from_random([3; 16]),
        status: ListingStatus::Open,
        content: Content::parse(&content, &catalog).unwrap(),
        taken: 0,
        supports: 0,
        posted_at: now(),
        assured_at: now(),
        updated_at: now(),
        certificate_declared: None,
        external_id: None,
    };
    let listings = [
        listing(10, Poster::Organization(organization.id)),
        listing(11, Poster::Person(Id::from_random([3; 16]))),
    ];
    let candidate = Candidate::of(&organization, Id::from_random([2; 16]), &listings);
    assert_eq!(candidate.standing, Standing::Verified);
    assert_eq!(candidate.family, Id::from_random([2; 16]));
    let [shown] = &candidate.listings[..] else {
        panic!("{candidate:?}")
    };
    assert_eq!(shown.id, listings[0].id);
    assert_eq!(
        shown.point,
        catalog.gazetteer.resolve("8800").unwrap().centre
    );
}
