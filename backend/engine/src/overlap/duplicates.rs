//! The same thing posted twice: two posters, one kind, and words that are alike.

use chrono::{DateTime, Utc};

use super::{
    CommonTheme, CommonTimes, Nearness, Reason, Severity, common_theme, common_times, in_order,
    near,
};
use crate::{board::Posted, catalog::Catalog, place::Attendance, text};

/// Title and task that are at least so alike say the same. No two of the demo's listings that have
/// different posters, one kind and one line of themes come above 0.52.
pub const ALIKE_AT_LEAST: f64 = 0.6;
const MUCH_ALIKE: f64 = 0.75;
const ALL_BUT_EQUAL: f64 = 0.9;

/// Two listings that say the same, and what says so.
#[derive(Debug, Clone, PartialEq)]
pub struct Duplicate {
    /// The Dice coefficient of the words of title and task, at least [`ALIKE_AT_LEAST`].
    pub likeness: f64,
    /// The theme of both.
    pub theme: CommonTheme,
    /// How far apart they are; nothing when both are remote.
    pub nearness: Option<Nearness>,
    /// When they fall together; nothing when both are by agreement.
    pub times: Option<CommonTimes>,
}

/// Whether two listings say the same at `now`: open, of one kind and of different posters; title
/// and task alike, themes on one line; near each other or both remote; and both on some local date
/// within the window, or both by agreement. The same for both orders.
pub fn duplicate(
    catalog: &Catalog,
    a: &Posted,
    b: &Posted,
    now: DateTime<Utc>,
) -> Option<Duplicate> {
    let (a, b) = in_order(a, b)?;
    if a.listing.poster == b.listing.poster
        || a.listing.content.kind != b.listing.content.kind
        || !a.is_open(now)
        || !b.is_open(now)
    {
        return None;
    }
    let likeness = text::dice(&a.words().heading, &b.words().heading);
    if likeness < ALIKE_AT_LEAST {
        return None;
    }
    let is_remote = |side: &Posted| side.listing.content.attendance == Attendance::Remote;
    let nearness = match (is_remote(a), is_remote(b)) {
        (true, true) => None,
        (false, false) => Some(near(catalog, a, b)?),
        _ => return None,
    };
    let times = match (a.is_by_agreement(), b.is_by_agreement()) {
        (true, true) => None,
        (false, false) => Some(common_times(a, b, now)?),
        _ => return None,
    };
    Some(Duplicate {
        likeness,
        theme: common_theme(catalog, a, b)?,
        nearness,
        times,
    })
}

impl Duplicate {
    /// By likeness alone: high from 0.9, medium from 0.75, else low.
    pub fn severity(&self) -> Severity {
        if self.likeness >= ALL_BUT_EQUAL {
            Severity::High
        } else if self.likeness >= MUCH_ALIKE {
            Severity::Medium
        } else {
            Severity::Low
        }
    }

    /// What this rests on: words, times, place, theme.
    pub fn reasons(&self) -> Vec<Reason> {
        let alike = Reason::AlikeText {
            likeness: self.likeness,
        };
        let times = match self.times {
            Some(times) => times.reasons().collect(),
            None => vec![Reason::ByAgreement],
        };
        let place = self.nearness.map_or(Reason::Remote, Nearness::reason);
        [alike]
            .into_iter()
            .chain(times)
            .chain([place, self.theme.reason()])
            .collect()
    }
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
        listing::{ListingKind, ListingStatus},
        schedule::ScheduleDraft,
    };

    fn found(a: &Side, b: &Side) -> Option<Duplicate> {
        let catalog = catalog();
        let (a, b) = (a.posted(&catalog), b.posted(&catalog));
        let found = duplicate(&catalog, &a, &b, now());
        assert_eq!(found, duplicate(&catalog, &b, &a, now()));
        found
    }

    #[test]
    fn each_condition_flips_the_verdict() {
        assert!(found(&Side::cafe(1), &Side::cafe(2)).is_some());
        let flips: [Change; 12] = [
            ("itself", |side| side.id = 1),
            ("one organization", |side| side.poster = organization(1)),
            ("paused", |side| side.status = ListingStatus::Paused),
            ("over", |side| side.draft.expires_at = Some(now())),
            ("another kind", |side| {
                side.draft.kind = Some(ListingKind::Wish);
            }),
            ("one side remote", |side| {
                side.draft.attendance = Some(Attendance::Remote);
            }),
            ("one by agreement", |side| {
                side.draft.schedule = ScheduleDraft::default();
            }),
            ("another theme", |side| {
                side.draft.themes = vec!["football".into()];
            }),
            ("other words", |side| {
                side.draft.task = "Vi går en tur sammen.".into();
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
        ];
        for (name, flip) in flips {
            let mut other = Side::cafe(2);
            flip(&mut other);
            assert_eq!(found(&Side::cafe(1), &other), None, "{name}");
        }
        let keeps: [Change; 4] = [
            ("a person", |side| side.poster = person(1)),
            ("at home", |side| side.draft.at_home = true),
            ("other people", |side| {
                side.draft.target_groups = vec!["children".into()];
            }),
            ("the theme above", |side| {
                side.draft.themes = vec!["companionship".into()];
            }),
        ];
        for (name, keep) in keeps {
            let mut other = Side::cafe(2);
            keep(&mut other);
            assert!(found(&Side::cafe(1), &other).is_some(), "{name}");
        }
    }

    #[test]
    fn what_is_remote_and_by_agreement_has_neither_distance_nor_times() {
        let catalog = catalog();
        let anywhere = |id| {
            Side::cafe(id).saying(|draft| {
                draft.kind = Some(ListingKind::Need);
                draft.attendance = Some(Attendance::Remote);
                draft.schedule = ScheduleDraft::default();
            })
        };
        let far = anywhere(2).saying(|draft| draft.postal_code = "8850".into());
        let found = found(&anywhere(1), &far).unwrap();
        assert_eq!(
            found.reasons(),
            [
                Reason::AlikeText { likeness: 1.0 },
                Reason::ByAgreement,
                Reason::Remote,
                Reason::CommonTheme {
                    theme: catalog.themes.find("social-cafe").unwrap(),
                    closeness: 1.0,
                },
            ]
        );
    }

    #[test]
    fn severity_follows_likeness() {
        let saying = |id, words: &str| {
            Side::cafe(id).saying(|draft| {
                draft.title = words.into();
                draft.task = String::new();
            })
        };
        let ten = "a b c d e f g h i j";
        for (other, expected) in [
            ("j i h g f e d c b a", Some((1.0, Severity::High))),
            ("a b c d e f g h i X", Some((0.9, Severity::High))),
            ("a b c d e f g h X Y", Some((0.8, Severity::Medium))),
            ("a b c d e f g X Y Z", Some((0.7, Severity::Low))),
            ("a b c d e f W X Y Z", Some((0.6, Severity::Low))),
            ("a b c d e V W X Y Z", None),
        ] {
            let found = found(&saying(1, ten), &saying(2, other));
            let judged = found.map(|found| (found.likeness, found.severity()));
            assert_eq!(judged, expected, "{other}");
        }
    }

    /// The definition, written out a second time.
    fn slow_duplicate(catalog: &Catalog, a: &Posted, b: &Posted) -> bool {
        let (ours, theirs) = (&a.listing.content, &b.listing.content);
        let words = |posted: &Posted| {
            let content = &posted.listing.content;
            let mut words = text::words(&format!("{} {}", content.title, content.task));
            words.sort();
            words.dedup();
            words
        };
        let remote = [ours, theirs].map(|side| side.attendance == Attendance::Remote);
        let town = [ours, theirs].map(|side| side.location.postal_code.number() == 8800);
        let limit = if town == [true, true] {
            3_000.0
        } else {
            10_000.0
        };
        let near = a.listing.point().metres_to(b.listing.point()) <= limit;
        let by_agreement = [ours, theirs].map(|side| side.schedule.is_by_agreement());
        a.listing.poster != b.listing.poster
            && ours.kind == theirs.kind
            && a.is_open(now())
            && b.is_open(now())
            && text::dice(&words(a), &words(b)) >= 0.6
            && catalog
                .themes
                .closest(&ours.themes, &theirs.themes)
                .is_some()
            && (remote == [true, true] || (remote == [false, false] && near))
            && (by_agreement == [true, true]
                || (by_agreement == [false, false] && slow_common_times(a, b, now()).is_some()))
    }

    #[test]
    fn random_pairs_agree_with_the_definition_from_both_sides() {
        let (catalog, mut random) = (catalog(), Random::new(11));
        let mut count = 0;
        for _ in 0..8 {
            let posted: Vec<Posted> = (0..120)
                .map(|id| Side::random(id, &mut random).posted(&catalog))
                .collect();
            for (at, a) in posted.iter().enumerate() {
                for b in &posted[at + 1..] {
                    let found = duplicate(&catalog, a, b, now());
                    assert_eq!(found, duplicate(&catalog, b, a, now()));
                    let expected = slow_duplicate(&catalog, a, b);
                    assert_eq!(found.is_some(), expected, "{a:?} {b:?}");
                    count += usize::from(found.is_some());
                }
            }
        }
        assert!(count > 100, "{count}");
    }
}
