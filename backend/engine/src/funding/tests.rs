use super::*;
use crate::{
    catalog::TargetGroup,
    id::Id,
    matching::Weights,
    place::{Gazetteer, Point, PostalCode, Postcode},
    problem::Noun,
    theme::ThemeTree,
};

fn catalog() -> Catalog {
    let mut themes = ThemeTree::default();
    for (code, parent) in [
        ("companionship", None),
        ("visiting-friend", Some("companionship")),
        ("sport", None),
    ] {
        themes.add(code, parent, code, code).unwrap();
    }
    let postcode = |code, municipality_code: &str, latitude, longitude| Postcode {
        code: PostalCode::parse(code).unwrap(),
        name: "By".into(),
        municipality_code: municipality_code.into(),
        municipality: "Kommune".into(),
        region: "Region Midtjylland".into(),
        centre: Point::new(latitude, longitude).unwrap(),
    };
    let postcodes = [
        postcode("8800", "0791", 56.45, 9.40),
        postcode("7800", "0779", 56.57, 9.03),
    ];
    let groups = ["older-people", "children"].map(|code| TargetGroup {
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

fn draft() -> RoundDraft {
    RoundDraft {
        name: "§ 18, first round".into(),
        opens_at: "2026-08-01T09:00".into(),
        closes_at: "2026-09-15T23:59".into(),
        amount_min: Some(5_000),
        amount_max: Some(100_000),
        total: Some(1_200_000),
        themes: vec!["companionship".into(), "sport".into()],
        municipalities: vec!["0791".into()],
        target_groups: vec!["older-people".into()],
        applicant_kinds: vec![OrganizationKind::Association, OrganizationKind::Branch],
        verification: Verification::Required,
        co_applicants_min: Some(1),
        applicants_max: Some(4),
        own_contribution_percent: Some(10),
    }
}

fn problems(change: impl FnOnce(&mut RoundDraft)) -> Vec<(String, Fault)> {
    let mut draft = draft();
    change(&mut draft);
    RoundTerms::parse(&draft, &catalog())
        .map(|terms| panic!("{terms:?}"))
        .unwrap_err()
        .into_iter()
        .map(|problem| (problem.field.join("."), problem.fault))
        .collect()
}

fn one(field: &str, fault: Fault) -> Vec<(String, Fault)> {
    vec![(field.to_owned(), fault)]
}

#[test]
fn a_round_survives_being_written_and_read() {
    let catalog = catalog();
    let terms = RoundTerms::parse(&draft(), &catalog).unwrap();
    assert_eq!(terms.draft(&catalog), draft());
    assert_eq!((terms.applicants.least(), terms.applicants.most()), (2, 4));
}

#[test]
fn what_is_left_out_means_everything() {
    let bare = RoundDraft {
        name: "Pulje".into(),
        opens_at: "2026-08-01T09:00".into(),
        closes_at: "2026-08-02T09:00".into(),
        applicant_kinds: vec![OrganizationKind::Association],
        ..RoundDraft::default()
    };
    let terms = RoundTerms::parse(&bare, &catalog()).unwrap();
    assert!(terms.themes.is_empty() && terms.municipalities.is_empty());
    assert_eq!((terms.applicants.least(), terms.applicants.most()), (1, 5));
    assert_eq!(terms.amounts, Amounts::default());
    assert_eq!(terms.verification, Verification::Required);
}

#[test]
fn a_round_is_open_from_the_first_instant_to_before_the_last_in_danish_time() {
    let period = RoundTerms::parse(&draft(), &catalog()).unwrap().period;
    for (at, phase) in [
        ("2026-08-01T06:59:59Z", RoundPhase::Upcoming),
        ("2026-08-01T07:00:00Z", RoundPhase::Open),
        ("2026-09-15T21:58:59Z", RoundPhase::Open),
        ("2026-09-15T21:59:00Z", RoundPhase::Closed),
    ] {
        assert_eq!(period.phase(at.parse().unwrap()), phase, "{at}");
    }
}

#[test]
fn a_period_runs_forward_across_daylight_saving() {
    assert_eq!(
        problems(|round| round.closes_at.clone_from(&round.opens_at)),
        one("closesAt", Fault::EndBeforeStart)
    );
    // 02:30 does not exist on that night and is read as 03:30.
    assert_eq!(
        problems(|round| {
            round.opens_at = "2026-03-29T03:15".into();
            round.closes_at = "2026-03-29T03:10".into();
        }),
        one("closesAt", Fault::EndBeforeStart)
    );
    let mut night = draft();
    night.opens_at = "2026-03-29T03:15".into();
    night.closes_at = "2026-03-29T02:30".into();
    let period = RoundTerms::parse(&night, &catalog()).unwrap().period;
    assert_eq!((period.closes_at() - period.opens_at()).num_minutes(), 15);
}

#[test]
fn amounts_are_bounded_by_each_other() {
    let out = |min| Fault::OutOfRange {
        min,
        max: 100_000_000_000.0,
    };
    assert_eq!(
        problems(|round| round.amount_min = Some(-1)),
        one("amountMin", out(0.0))
    );
    assert_eq!(
        problems(|round| round.total = Some(i64::MAX)),
        one("total", out(1.0))
    );
    assert_eq!(
        problems(|round| round.amount_min = Some(100_001)),
        one("amountMin", Fault::GreaterThan { other: "amountMax" })
    );
    assert_eq!(
        problems(|round| round.total = Some(4_999)),
        [
            one("amountMin", Fault::GreaterThan { other: "total" }),
            one("amountMax", Fault::GreaterThan { other: "total" }),
        ]
        .concat()
    );
}

#[test]
fn the_most_applicants_let_the_fewest_in() {
    let out = |min, max| Fault::OutOfRange { min, max };
    assert_eq!(
        problems(|round| round.applicants_max = Some(1)),
        one("applicantsMax", out(2.0, 5.0))
    );
    assert_eq!(
        problems(|round| round.co_applicants_min = Some(5)),
        one("coApplicantsMin", out(0.0, 4.0))
    );
    assert_eq!(
        problems(|round| round.own_contribution_percent = Some(101)),
        one("ownContributionPercent", out(0.0, 100.0))
    );
    let mut alone = draft();
    (alone.co_applicants_min, alone.applicants_max) = (None, Some(1));
    assert!(RoundTerms::parse(&alone, &catalog()).is_ok());
}

#[test]
fn every_problem_is_told_at_once() {
    let told = problems(|round| {
        round.name = " ".into();
        round.opens_at = "soon".into();
        round.amount_max = Some(0);
        round.themes = vec!["sport".into(), "sailing".into(), "sport".into()];
        round.municipalities = vec!["791".into(), "0779".into(), "0779".into()];
        round.target_groups = vec!["everyone".into(); 21];
        round.applicant_kinds = vec![OrganizationKind::PublicBody; 2];
        round.co_applicants_min = Some(-1);
    });
    let fields: Vec<&str> = told.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "name",
            "opensAt",
            "amountMax",
            "themes.1",
            "themes.2",
            "municipalities.0",
            "municipalities.2",
            "targetGroups",
            "applicantKinds.1",
            "coApplicantsMin",
        ]
    );
    assert!(told.contains(&(
        "municipalities.0".into(),
        Fault::Unknown {
            what: Noun::Municipality,
            value: "791".into()
        }
    )));
    assert!(told.contains(&(
        "applicantKinds.1".into(),
        Fault::Repeated {
            value: "PUBLIC_BODY".into()
        }
    )));
    assert_eq!(
        problems(|round| round.applicant_kinds.clear()),
        one("applicantKinds", Fault::Blank)
    );
}

#[test]
fn a_programme_is_read_and_written() {
    let good = ProgrammeDraft {
        name: "Frivilligt socialt arbejde".into(),
        legal_basis: Some("serviceloven § 18".into()),
        funder: "Viborg Kommune".into(),
        description: None,
        url: Some("https://viborg.dk/frivillig?side=1".into()),
    };
    let profile = ProgrammeProfile::parse(&good).unwrap();
    assert_eq!(profile.draft(), good);
    let programme = FundingProgramme {
        id: Id::from_random([1; 16]),
        version: 1,
        profile,
    };
    assert_eq!(programme.profile.legal_basis, "serviceloven § 18");

    let bad = ProgrammeDraft {
        name: "x".into(),
        funder: String::new(),
        legal_basis: Some("§".repeat(121)),
        url: Some("viborg".into()),
        description: Some("a\u{7}".into()),
    };
    let fields: Vec<String> = ProgrammeProfile::parse(&bad)
        .unwrap_err()
        .into_iter()
        .map(|problem| problem.field.join("."))
        .collect();
    assert_eq!(
        fields,
        ["name", "legalBasis", "funder", "description", "url"]
    );
    for url in [
        "ftp://viborg.dk",
        "https://",
        "https://a..dk",
        "https://vi borg.dk",
    ] {
        assert!(web_address(url).is_err(), "{url}");
    }
}
