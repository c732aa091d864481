use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use chrono::Datelike;
use faelled_engine::{
    organization::Profile,
    schedule::{local_date_time, start_of},
};

use super::*;

const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();

fn nation(listings: usize, seed: u64) -> Nation {
    Nation::new(&crate::catalog().unwrap(), listings, seed, TODAY).unwrap()
}

/// Listings of which shares are taken.
struct Sample(Vec<ListingRow>);

static SAMPLE: LazyLock<Sample> = LazyLock::new(|| Sample(nation(50_000, 7).listings().collect()));

impl Sample {
    fn share(&self, what: &str, expected: f64, is: impl Fn(&ListingDraft) -> bool) {
        let got = self.0.iter().filter(|row| is(&row.draft)).count();
        near(what, got as f64 / self.0.len() as f64, expected, 0.01);
    }
}

fn near(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!(
        (got - expected).abs() <= tolerance,
        "{what}: {got} for {expected}"
    );
}

/// Every share of the workload, on 50,000 listings, within a percentage point.
#[test]
fn shares_are_those_of_the_workload() {
    let sample = &*SAMPLE;
    let private = sample
        .0
        .iter()
        .filter(|row| row.organization.is_none())
        .count();
    assert_eq!(private, 7_500);

    sample.share("needs", 0.50, |d| d.kind == Some(ListingKind::Need));
    sample.share("offers", 0.40, |d| d.kind == Some(ListingKind::Offer));
    sample.share("wishes", 0.10, |d| d.kind == Some(ListingKind::Wish));
    sample.share("at my place", 0.55, |d| {
        d.attendance == Some(Attendance::AtMyPlace)
    });
    sample.share("I travel", 0.30, |d| {
        d.attendance == Some(Attendance::ITravel)
    });
    sample.share("either", 0.12, |d| d.attendance == Some(Attendance::Either));
    sample.share("remote", 0.03, |d| d.attendance == Some(Attendance::Remote));
    sample.share("languages", 0.20, |d| !d.languages.is_empty());
    sample.share("minimum age", 0.10, |d| {
        d.requirements.minimum_age.is_some()
    });
    sample.share("børneattest", 0.05, |d| {
        d.requirements.childrens_certificate
    });
    sample.share("wheelchair", 0.08, |d| d.requirements.wheelchair_access);
    sample.share("one place", 0.50, |d| d.capacity == Some(1));
    sample.share("1-20 places", 1.0, |d| {
        d.capacity.is_some_and(|c| (1..=20).contains(&c))
    });
    sample.share("one theme", 0.60, |d| d.themes.len() == 1);
    sample.share("1-3 themes", 1.0, |d| (1..=3).contains(&d.themes.len()));
}

#[test]
fn shares_of_times_are_those_of_the_workload() {
    let sample = &*SAMPLE;
    let rules = |d: &ListingDraft| d.schedule.recurrences.len();
    let fortnightly = |d: &ListingDraft| {
        d.schedule
            .recurrences
            .iter()
            .any(|rule| rule.rule.contains("INTERVAL=2"))
    };
    sample.share("weekly", 0.60, |d| rules(d) == 1 && !fortnightly(d));
    sample.share("fortnightly", 0.10, |d| rules(d) == 1 && fortnightly(d));
    sample.share("two rules", 0.05, |d| rules(d) == 2);
    sample.share("dates", 0.25, |d| {
        rules(d) == 0 && !d.schedule.one_offs.is_empty()
    });
    sample.share("some left out", 0.10, |d| {
        d.schedule
            .recurrences
            .iter()
            .any(|rule| !rule.exceptions.is_empty())
    });
    let endless = |rule: &str| !rule.contains("UNTIL") && !rule.contains("COUNT");
    sample.share("without an end", 1.0, |d| {
        d.schedule
            .recurrences
            .iter()
            .all(|rule| endless(&rule.rule))
    });
    let within_a_year = |date: &str| {
        let date = local_date_time(date).unwrap().date();
        date > TODAY && date - TODAY <= TimeDelta::days(365)
    };
    sample.share("within a year", 1.0, |d| {
        d.schedule
            .one_offs
            .iter()
            .all(|o| within_a_year(&o.start) && within_a_year(&o.end))
    });
}

#[test]
fn places_and_reach_are_those_of_the_workload() {
    let nation = nation(50_000, 7);
    let sample = &*SAMPLE;
    let postcodes = crate::catalog().unwrap().gazetteer.postcodes().count();
    let rural: HashSet<&str> = (0..postcodes)
        .map(|at| nation.land.spot(at))
        .filter(|spot| spot.rural)
        .map(|spot| spot.postal_code.as_str())
        .collect();
    sample.share("rural", 0.12, |d| rural.contains(d.postal_code.as_str()));
    sample.share("travellers", 0.42, |d| d.reach_km.is_some());
    let mut reach: Vec<f64> = sample
        .0
        .iter()
        .filter_map(|row| row.draft.reach_km)
        .collect();
    reach.sort_by(f64::total_cmp);
    near("median reach", reach[reach.len() / 2], 8.0, 0.5);
    assert!(reach[0] >= 0.5 && reach[reach.len() - 1] <= 60.0);
    sample.share("coordinates", 0.97, |d| d.point.is_some());
    let bits = |(a, b): (f64, f64)| (a.to_bits(), b.to_bits());
    let points: HashSet<_> = sample
        .0
        .iter()
        .filter_map(|row| row.draft.point)
        .map(bits)
        .collect();
    assert!(points.len() > 30_000, "{}", points.len());
}

#[test]
fn themes_and_activity_are_zipf_like() {
    let nation = nation(50_000, 7);
    let catalog = crate::catalog().unwrap();
    let (mut themes, mut organizations) = (HashMap::new(), HashMap::new());
    let mut persons: HashMap<String, usize> = HashMap::new();
    for row in &SAMPLE.0 {
        for theme in &row.draft.themes {
            *themes.entry(theme.clone()).or_insert(0) += 1;
        }
        if let Some(person) = row.person() {
            *persons.entry(person.to_owned()).or_insert(0) += 1;
        }
        if let Some(organization) = &row.organization {
            *organizations.entry(organization.clone()).or_insert(0) += 1;
        }
    }
    assert_eq!(themes.len(), 80);
    let tops: HashSet<_> = themes
        .keys()
        .map(|code| {
            catalog
                .themes
                .parent(catalog.themes.find(code).unwrap())
                .unwrap()
        })
        .collect();
    assert_eq!(tops.len(), 15);
    let sorted = |counts: &HashMap<String, i32>| {
        let mut counts: Vec<i32> = counts.values().copied().collect();
        counts.sort_by_key(|count| -count);
        counts
    };
    let themes = sorted(&themes);
    assert!(
        themes[0] > 5 * themes[14] && themes[14] > 2 * themes[79],
        "{themes:?}"
    );
    let organizations = sorted(&organizations);
    assert_eq!(nation.organizations().len(), 50_000 / 8 + 20);
    assert!(
        organizations[0] > 500 && organizations[0] < 1_000,
        "{}",
        organizations[0]
    );
    assert!(organizations.len() > 5_000, "{}", organizations.len());

    assert!(persons.values().all(|listings| (1..=3).contains(listings)));
    let of = |n| persons.values().filter(|listings| **listings == n).count();
    assert!(of(1) > of(2) && of(2) > of(3) && of(3) > 50);
}

#[test]
fn a_nation_is_a_function_of_its_arguments() {
    let (a, b) = (nation(3_000, 7), nation(3_000, 7));
    assert!(a.listings().eq(b.listings()) && a.organizations().eq(b.organizations()));
    assert_eq!(a.listing(2_999), b.listings().last().unwrap());
    assert!(
        a.listings()
            .zip(nation(3_000, 8).listings())
            .filter(|(a, b)| a == b)
            .count()
            < 3
    );
    // A larger nation has the same organizations first, and the same private listings.
    let larger = nation(30_000, 7);
    assert!(
        a.organizations()
            .eq(larger.organizations().take(a.organizations().len()))
    );
    let private = |row: &ListingRow| row.organization.is_none();
    assert!(
        a.listings()
            .filter(private)
            .eq(larger.listings().take(3_000).filter(private)),
    );
}

#[test]
fn drafts_are_listings_that_lie_ahead() {
    let catalog = crate::catalog().unwrap();
    let now = start_of(TODAY) + TimeDelta::hours(14);
    let nation = nation(1_000_000, 7);
    let mut titles = HashSet::new();
    for nth in (0..5_000).map(|nth| nth * 199) {
        let row = nation.listing(nth);
        let content = row.content("listings.csv", &catalog).unwrap();
        assert_eq!(content.check_ahead(now), Ok(()), "{row:?}");
        assert!(row.posted <= row.assured && row.assured <= Some(TODAY));
        assert!(TODAY - row.assured.unwrap() < TimeDelta::days(366));
        assert!(
            !content.title.contains('{') && !content.task.contains('{'),
            "{content:?}"
        );
        titles.insert(content.title);
        for rule in &row.draft.schedule.recurrences {
            let start = local_date_time(&rule.start).unwrap();
            assert!(start.date() < TODAY && TODAY - start.date() < TimeDelta::days(366));
            let day = start.weekday().to_string().to_uppercase();
            assert!(rule.rule.contains(&day[..2]), "{rule:?}");
            let occurrences = content.schedule.occurrences(
                start_of(start.date()),
                start_of(start.date()) + TimeDelta::days(1),
            );
            assert!(!occurrences.is_empty(), "{rule:?}");
        }
    }
    assert!(titles.len() > 3_000, "{}", titles.len());
}

#[test]
fn an_exception_leaves_out_something_that_lies_ahead() {
    let nation = nation(2_000, 7);
    for rule in nation
        .listings()
        .flat_map(|row| row.draft.schedule.recurrences)
    {
        let start = local_date_time(&rule.start).unwrap();
        let step = if rule.rule.contains("INTERVAL=2") {
            14
        } else {
            7
        };
        for exception in &rule.exceptions {
            let day: NaiveDate = exception[..10].parse().unwrap();
            assert_eq!((day - start.date()).num_days() % step, 0, "{rule:?}");
            assert!(day >= TODAY, "{rule:?}");
        }
    }
}

#[test]
fn organizations_are_ones() {
    let catalog = crate::catalog().unwrap();
    let mut seen = HashSet::new();
    let nation = nation(20_000, 7);
    for row in nation.organizations() {
        Profile::parse(&row.profile, row.kind, None, &catalog).unwrap();
        assert_eq!(row.parent.is_some(), row.kind == OrganizationKind::Branch);
        assert!(
            row.parent
                .as_ref()
                .is_none_or(|parent| seen.contains(parent)),
            "{row:?}"
        );
        seen.insert(row.external_id);
    }
    for row in nation.listings().take(2_000) {
        assert!(row.organization.is_none_or(|id| seen.contains(&id)));
    }
}
