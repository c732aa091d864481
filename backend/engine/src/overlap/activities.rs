//! Offers side by side: two organizations that do the same kind of thing for the same people, near
//! each other and on the same day.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{
    CommonTheme, CommonTimes, Nearness, Reason, Severity, common_target_groups, common_theme,
    common_times, in_order, near,
};
use crate::{
    board::Posted,
    catalog::{Catalog, TargetGroupRef},
    listing::{ListingKind, Poster},
    place::Attendance,
};

/// Two offers that take place side by side, and what says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Parallel {
    /// The theme of both.
    pub theme: CommonTheme,
    /// Target groups that both name; none when a side is for everybody.
    pub target_groups: Vec<TargetGroupRef>,
    /// How far apart they are.
    pub nearness: Nearness,
    /// When they fall together.
    pub times: CommonTimes,
}

/// Whether two listings are parallel at `now`: open offers of different organizations, not remote,
/// not at someone's home and not by agreement; themes on one line, target groups that meet, near
/// each other, and both on some local date within the window. The same for both orders.
pub fn parallel(catalog: &Catalog, a: &Posted, b: &Posted, now: DateTime<Utc>) -> Option<Parallel> {
    let (a, b) = in_order(a, b)?;
    if a.listing.poster == b.listing.poster || ![a, b].iter().all(|side| is_activity(side, now)) {
        return None;
    }
    Some(Parallel {
        theme: common_theme(catalog, a, b)?,
        target_groups: common_target_groups(a, b)?,
        nearness: near(catalog, a, b)?,
        times: common_times(a, b, now)?,
    })
}

/// Whether a listing is an organization's open offer at a public place. One by agreement falls on
/// no date, and needs no condition of its own.
fn is_activity(posted: &Posted, now: DateTime<Utc>) -> bool {
    let listing = &posted.listing;
    listing.content.kind == ListingKind::Offer
        && matches!(listing.poster, Poster::Organization(_))
        && listing.content.attendance != Attendance::Remote
        && !listing.is_private_place()
        && posted.is_open(now)
}

impl Parallel {
    /// High when both name the same theme and half or more of the rarer side's times overlap;
    /// medium when some times overlap; else low.
    pub fn severity(&self) -> Severity {
        let often = self.times.same_time * 2 >= self.times.of;
        if self.times.same_time == 0 {
            Severity::Low
        } else if often && self.theme.closeness >= 1.0 {
            Severity::High
        } else {
            Severity::Medium
        }
    }

    /// What this rests on: times, place, theme, target groups.
    pub fn reasons(&self) -> Vec<Reason> {
        let groups = (!self.target_groups.is_empty()).then(|| Reason::CommonTargetGroups {
            groups: self.target_groups.clone(),
        });
        self.times
            .reasons()
            .chain([self.nearness.reason(), self.theme.reason()])
            .chain(groups)
            .collect()
    }
}

/// What hangs together through pairs, directly or through others: each cluster in order, the
/// clusters by their first. So that many pairs that flag each other are shown as one item.
pub fn clusters<K: Ord + Copy>(pairs: &[(K, K)]) -> Vec<Vec<K>> {
    let mut neighbours: BTreeMap<K, Vec<K>> = BTreeMap::new();
    for (a, b) in pairs {
        neighbours.entry(*a).or_default().push(*b);
        neighbours.entry(*b).or_default().push(*a);
    }
    let mut clusters = Vec::new();
    while let Some(first) = neighbours.keys().next().copied() {
        let (mut cluster, mut ahead) = (BTreeSet::new(), vec![first]);
        while let Some(key) = ahead.pop() {
            cluster.insert(key);
            ahead.extend(neighbours.remove(&key).into_iter().flatten());
        }
        clusters.push(cluster.into_iter().collect());
    }
    clusters
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            fixtures::{Change, Random, Side, catalog, now, organization, person, weekly},
            tests::slow_common_times,
        },
        *,
    };
    use crate::{
        listing::ListingStatus,
        schedule::{OneOffDraft, ScheduleDraft},
        theme::ThemeRef,
    };

    fn found(a: &Side, b: &Side) -> Option<Parallel> {
        let catalog = catalog();
        let (a, b) = (a.posted(&catalog), b.posted(&catalog));
        let found = parallel(&catalog, &a, &b, now());
        assert_eq!(found, parallel(&catalog, &b, &a, now()));
        found
    }

    #[test]
    fn each_condition_flips_the_verdict() {
        assert!(found(&Side::cafe(1), &Side::cafe(2)).is_some());
        let flips: [Change; 16] = [
            ("itself", |side| side.id = 1),
            ("one organization", |side| side.poster = organization(1)),
            ("a person", |side| side.poster = person(2)),
            ("paused", |side| side.status = ListingStatus::Paused),
            ("over", |side| side.draft.expires_at = Some(now())),
            ("a wish", |side| side.draft.kind = Some(ListingKind::Wish)),
            ("remote", |side| {
                side.draft.attendance = Some(Attendance::Remote);
            }),
            ("at home", |side| side.draft.at_home = true),
            ("by agreement", |side| {
                side.draft.schedule = ScheduleDraft::default();
            }),
            ("another theme", |side| {
                side.draft.themes = vec!["football".into()];
            }),
            ("a sister theme", |side| {
                side.draft.themes = vec!["visiting-dog".into()];
            }),
            ("other people", |side| {
                side.draft.target_groups = vec!["children".into()];
            }),
            ("too far in a town", |side| {
                *side = side.clone().north(3_010.0);
            }),
            ("too far in the country", |side| {
                *side = side.clone().north(10_010.0);
                side.draft.postal_code = "8831".into();
            }),
            ("another day", |side| {
                side.draft.schedule = weekly("2026-01-07T14:00", "FREQ=WEEKLY");
            }),
            ("too far ahead", |side| {
                side.draft.schedule = weekly("2026-04-28T14:00", "FREQ=WEEKLY");
            }),
        ];
        for (name, flip) in flips {
            let mut other = Side::cafe(2);
            flip(&mut other);
            assert_eq!(found(&Side::cafe(1), &other), None, "{name}");
        }
        let keeps: [Change; 6] = [
            ("a travelling side", |side| {
                side.draft.attendance = Some(Attendance::ITravel);
            }),
            ("full", |side| {
                side.draft.capacity = Some(1);
                side.taken = 1;
            }),
            ("everybody", |side| side.draft.target_groups.clear()),
            ("the theme above", |side| {
                side.draft.themes = vec!["companionship".into()];
            }),
            ("near in a town", |side| *side = side.clone().north(2_990.0)),
            ("near in the country", |side| {
                *side = side.clone().north(9_990.0);
                side.draft.postal_code = "8831".into();
            }),
        ];
        for (name, keep) in keeps {
            let mut other = Side::cafe(2);
            keep(&mut other);
            assert!(found(&Side::cafe(1), &other).is_some(), "{name}");
        }
    }

    #[test]
    fn evidence_and_severity_follow_times_and_theme() {
        let catalog = catalog();
        let theme = |code: &str| catalog.themes.find(code).unwrap();
        let at = |schedule| Side::cafe(2).saying(|draft| draft.schedule = schedule);
        let same = found(&Side::cafe(1), &Side::cafe(2).north(1_000.0)).unwrap();
        assert_eq!(same.severity(), Severity::High);
        assert!((same.nearness.metres - 1_000.0).abs() < 1.0);
        assert_eq!(
            same.reasons(),
            [
                Reason::AtTheSameTime { times: 8, of: 8 },
                Reason::SameDay { dates: 8 },
                Reason::Distance {
                    metres: same.nearness.metres,
                    coarse: false,
                },
                Reason::CommonTheme {
                    theme: theme("social-cafe"),
                    closeness: 1.0,
                },
                Reason::CommonTargetGroups {
                    groups: vec![catalog.resolve_target_group("older-people").unwrap()],
                },
            ]
        );
        let later = found(
            &Side::cafe(1),
            &at(weekly("2026-01-06T16:00", "FREQ=WEEKLY")),
        )
        .unwrap();
        assert_eq!((later.times.same_time, later.times.same_day), (0, 8));
        assert_eq!(later.severity(), Severity::Low);
        assert_eq!(
            later.times.first.1.start - later.times.first.0.end,
            chrono::TimeDelta::zero()
        );
        let above = Side::cafe(2).saying(|draft| draft.themes = vec!["companionship".into()]);
        let above = found(&Side::cafe(1), &above).unwrap();
        assert_eq!(above.theme.theme, theme("companionship"));
        assert_eq!(above.severity(), Severity::Medium);
        // Three of seven times on its own days overlap a Tuesday's.
        let mut seven = ScheduleDraft::default();
        for day in [
            "03-03", "03-10", "03-17", "03-24", "03-31", "04-07", "04-14",
        ] {
            let hour = if day < "03-20" { 14 } else { 18 };
            seven.one_offs.push(OneOffDraft {
                start: format!("2026-{day}T{hour}:00"),
                end: format!("2026-{day}T{hour}:30"),
            });
        }
        let seldom = found(&Side::cafe(1), &at(seven)).unwrap();
        assert_eq!((seldom.times.same_time, seldom.times.of), (3, 7));
        assert_eq!(seldom.severity(), Severity::Medium);
    }

    /// The definition, written out a second time.
    fn slow_parallel(catalog: &Catalog, a: &Posted, b: &Posted) -> bool {
        let (ours, theirs) = (&a.listing, &b.listing);
        let each = |holds: &dyn Fn(&Posted) -> bool| holds(a) && holds(b);
        let organizations = each(&|side| matches!(side.listing.poster, Poster::Organization(_)));
        let offers = each(&|side| side.listing.content.kind == ListingKind::Offer);
        let open = each(&|side| side.is_open(now()));
        let public = each(&|side| {
            let content = &side.listing.content;
            content.attendance != Attendance::Remote && !content.location.at_home
        });
        let line = |x: ThemeRef, y: ThemeRef| {
            catalog.themes.is_within(x, y) || catalog.themes.is_within(y, x)
        };
        let (our_groups, their_groups) =
            (&ours.content.target_groups, &theirs.content.target_groups);
        let groups = our_groups.is_empty()
            || their_groups.is_empty()
            || our_groups.iter().any(|group| their_groups.contains(group));
        let themes = &theirs.content.themes;
        let on_line = ours
            .content
            .themes
            .iter()
            .any(|x| themes.iter().any(|y| line(*x, *y)));
        let town = each(&|side| side.listing.content.location.postal_code.number() == 8800);
        let limit = if town { 3_000.0 } else { 10_000.0 };
        offers
            && organizations
            && ours.poster != theirs.poster
            && open
            && public
            && on_line
            && groups
            && ours.point().metres_to(theirs.point()) <= limit
            && slow_common_times(a, b, now()).is_some()
    }

    #[test]
    fn random_pairs_agree_with_the_definition_from_both_sides() {
        let (catalog, mut random) = (catalog(), Random::new(7));
        let mut count = 0;
        for _ in 0..8 {
            let posted: Vec<Posted> = (0..120)
                .map(|id| Side::random(id, &mut random).posted(&catalog))
                .collect();
            for (at, a) in posted.iter().enumerate() {
                for b in &posted[at + 1..] {
                    let found = parallel(&catalog, a, b, now());
                    assert_eq!(found, parallel(&catalog, b, a, now()));
                    let expected = slow_parallel(&catalog, a, b);
                    assert_eq!(found.is_some(), expected, "{a:?} {b:?}");
                    count += usize::from(found.is_some());
                }
            }
        }
        assert!(count > 100, "{count}");
    }

    #[test]
    fn clusters_are_what_hangs_together() {
        assert_eq!(clusters::<u8>(&[]), Vec::<Vec<u8>>::new());
        let pairs = [(7, 3), (1, 2), (3, 7), (9, 9), (2, 5)];
        assert_eq!(clusters(&pairs), [vec![1, 2, 5], vec![3, 7], vec![9]]);
    }

    #[test]
    fn clusters_agree_with_the_closure_of_all_pairs() {
        let mut random = Random::new(3);
        for _ in 0..500 {
            let pairs: Vec<(usize, usize)> = (0..random.below(14))
                .map(|_| (random.index(12), random.index(12)))
                .collect();
            let mut reached = [[false; 12]; 12];
            for (a, b) in &pairs {
                for (x, y) in [(a, b), (b, a), (a, a), (b, b)] {
                    reached[*x][*y] = true;
                }
            }
            for via in 0..12 {
                for from in 0..12 {
                    for to in 0..12 {
                        reached[from][to] |= reached[from][via] && reached[via][to];
                    }
                }
            }
            let mut expected: Vec<Vec<usize>> = reached
                .iter()
                .map(|row| (0..12).filter(|to| row[*to]).collect())
                .filter(|cluster: &Vec<usize>| !cluster.is_empty())
                .collect();
            expected.sort();
            expected.dedup();
            assert_eq!(clusters(&pairs), expected, "{pairs:?}");
        }
    }
}
