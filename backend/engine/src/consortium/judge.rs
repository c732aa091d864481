//! How much it would give that a group applies together, and what it still lacks.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Candidate, Contribution, Gap, Gathered, JointSuggestion, Missing, Parallel, Part, Reason,
    ground::{
        self, Footing, Lookout, NEAR_WEIGHT, Shown, THEME_WEIGHT, common_ground, in_common,
        is_in_area, metres_within, on_line_of_any, reaches, shown,
    },
    rules::Group,
};
use crate::{
    catalog::{Catalog, TargetGroupRef},
    funding::{FundingRound, RoundTerms},
    id::{ListingId, OrganizationId},
    theme::ThemeRef,
};

const PARALLELS_WEIGHT: f64 = 0.15;
const GAPS_WEIGHT: f64 = 0.20;
const BREADTH_WEIGHT: f64 = 0.15;
const SMALL_WEIGHT: f64 = 0.10;

/// A candidate with what it shows in the round, worked out once.
pub(super) struct Member<'a> {
    pub(super) candidate: &'a Candidate,
    shown: Vec<Shown<'a>>,
    footings: Vec<Footing>,
    themes: BTreeSet<ThemeRef>,
    target_groups: BTreeSet<TargetGroupRef>,
    /// Which gaps it would close, by their place in the setting.
    closes: BTreeSet<usize>,
}

/// Everything that groups are judged by. A group is a list of places in `members`, lowest first.
pub(super) struct Setting<'a> {
    catalog: &'a Catalog,
    gathered: Gathered<'a>,
    /// By organization.
    pub(super) members: Vec<Member<'a>>,
    gaps: Vec<&'a Gap>,
    /// With the members who post the two listings.
    parallels: Vec<(&'a Parallel, [usize; 2])>,
}

/// A group that has a common ground, with its score.
pub(super) struct Judged {
    pub(super) members: Vec<usize>,
    pub(super) score: f64,
    ground: Footing,
    /// The member with the fewest open listings, and how many.
    smallest: (usize, OrganizationId),
    /// Value and weight of each part.
    parts: [(f64, f64); 6],
}

impl<'a> Setting<'a> {
    /// A setting of the gathered candidates of whom each may apply as far as it alone decides.
    pub(super) fn new(
        catalog: &'a Catalog,
        gathered: Gathered<'a>,
        candidates: &[&'a Candidate],
    ) -> Self {
        let terms = &gathered.round.terms;
        let gaps = gaps_in_round(catalog, terms, gathered.gaps);
        let in_round: Vec<Vec<Shown<'a>>> = candidates
            .iter()
            .map(|candidate| shown(catalog, terms, candidate))
            .collect();
        let lookout = Lookout::over(catalog, in_round.iter().flatten());
        let members: Vec<Member<'a>> = candidates
            .iter()
            .zip(in_round)
            .map(|(candidate, shown)| Member {
                candidate,
                footings: ground::footings(catalog, &shown, &lookout),
                themes: shown.iter().flat_map(|s| &s.themes).copied().collect(),
                target_groups: named(&shown),
                closes: (0..gaps.len())
                    .filter(|at| closes(catalog, &shown, gaps[*at]))
                    .collect(),
                shown,
            })
            .collect();
        let parallels = parallels_of(&members, gathered.parallels);
        Self {
            catalog,
            gathered,
            members,
            gaps,
            parallels,
        }
    }

    fn of(&self, group: &[usize]) -> impl Iterator<Item = &Member<'a>> {
        group.iter().map(|at| &self.members[*at])
    }

    /// The groups that have no two of one family and a common ground, with their scores. Neighbours
    /// in the set share what the members that they begin with have in common.
    pub(super) fn judge_all(&self, groups: &BTreeSet<Vec<usize>>) -> Vec<Judged> {
        let mut begun: Vec<(usize, Vec<Footing>)> = Vec::new();
        let mut judged = Vec::new();
        for group in groups {
            let shared = begun
                .iter()
                .zip(group)
                .take_while(|((begun, _), member)| begun == *member);
            begun.truncate(shared.count());
            for at in &group[begun.len()..] {
                let footings = &self.members[*at].footings;
                let common = match begun.last() {
                    None => footings.clone(),
                    Some((_, common)) => in_common(common, footings),
                };
                begun.push((*at, common));
            }
            let common = begun.last().map_or(&[][..], |(_, common)| common);
            judged.extend(self.judge(group, common));
        }
        judged
    }

    fn judge(&self, group: &[usize], common: &[Footing]) -> Option<Judged> {
        let ground = ground::best(common)?;
        let families: BTreeSet<_> = self.of(group).map(|m| m.candidate.family).collect();
        if families.len() < group.len() {
            return None;
        }
        let size = group.len() as f64;
        let broad = self
            .of(group)
            .filter(|member| self.brings_its_own(member, group));
        let smallest = self
            .of(group)
            .map(|member| {
                (
                    member.candidate.listings.len(),
                    member.candidate.organization,
                )
            })
            .min()?;
        let parts = [
            (ground.closeness / size, THEME_WEIGHT),
            (ground.nearness / size, NEAR_WEIGHT),
            (growing(self.joined(group).count()), PARALLELS_WEIGHT),
            (growing(self.closed(group).len()), GAPS_WEIGHT),
            (broad.count() as f64 / size, BREADTH_WEIGHT),
            (1.0 / smallest.0 as f64, SMALL_WEIGHT),
        ];
        Some(Judged {
            members: group.to_vec(),
            score: parts.iter().map(|(value, weight)| value * weight).sum(),
            ground,
            smallest,
            parts,
        })
    }

    /// The parallel activities whose two listings belong to two members.
    fn joined(&self, group: &[usize]) -> impl Iterator<Item = &'a Parallel> {
        self.parallels
            .iter()
            .filter(|(_, sides)| sides.iter().all(|side| group.contains(side)))
            .map(|(parallel, _)| *parallel)
    }

    /// The gaps that some member would close.
    fn closed(&self, group: &[usize]) -> BTreeSet<usize> {
        self.of(group)
            .flat_map(|member| &member.closes)
            .copied()
            .collect()
    }

    fn brings_its_own(&self, member: &Member<'_>, group: &[usize]) -> bool {
        let (themes, target_groups) = self.own(member, group);
        !themes.is_empty() || !target_groups.is_empty()
    }

    /// Themes and target groups of a member that no other member of the group has.
    fn own(&self, member: &Member<'_>, group: &[usize]) -> (Vec<ThemeRef>, Vec<TargetGroupRef>) {
        let organization = member.candidate.organization;
        let others: Vec<&Member<'_>> = self
            .of(group)
            .filter(|other| other.candidate.organization != organization)
            .collect();
        let themes = member.themes.iter().copied();
        let target_groups = member.target_groups.iter().copied();
        (
            themes
                .filter(|theme| !others.iter().any(|o| o.themes.contains(theme)))
                .collect(),
            target_groups
                .filter(|group| !others.iter().any(|o| o.target_groups.contains(group)))
                .collect(),
        )
    }

    /// A judged group as it is shown.
    pub(super) fn suggestion(&self, judged: &Judged) -> JointSuggestion {
        let group = &judged.members;
        let parallels: Vec<Parallel> = self.joined(group).cloned().collect();
        let closed = self.closed(group).into_iter();
        let gaps: Vec<Gap> = closed.map(|at| self.gaps[at].clone()).collect();
        let reasons = self.reasons(judged, &gaps, &parallels);
        let members = Group::of(self.of(group).map(|member| member.candidate));
        JointSuggestion {
            score: judged.score,
            reasons: reasons
                .into_iter()
                .zip(judged.parts)
                .map(|(reason, (value, weight))| Part {
                    value,
                    weight,
                    reason,
                })
                .collect(),
            ground: judged.ground.ground,
            contributions: self
                .of(group)
                .map(|member| self.contribution(member, group))
                .collect(),
            gaps,
            parallels,
            missing: missing(
                self.catalog,
                self.gathered.round,
                self.gathered.gaps,
                &members,
            ),
        }
    }

    /// What each part of the score rests on, in the order of the parts.
    fn reasons(&self, judged: &Judged, gaps: &[Gap], parallels: &[Parallel]) -> [Reason; 6] {
        let group = &judged.members;
        let common = judged.ground.ground;
        let broad = self.of(group).filter(|m| self.brings_its_own(m, group));
        let (listings, organization) = judged.smallest;
        [
            Reason::SharedTheme {
                theme: common.theme,
                target_group: common.target_group,
            },
            Reason::Near {
                postal_code: common.postal_code,
                farthest_metres: judged.ground.farthest_metres,
            },
            Reason::JoinsParallels {
                pairs: parallels.len(),
            },
            Reason::ClosesGaps {
                gaps: gaps.len(),
                needs: gaps.iter().map(|gap| gap.needs.len()).sum(),
            },
            Reason::EachBrings {
                organizations: broad.map(|m| m.candidate.organization).collect(),
            },
            Reason::SmallIsSeen {
                organization,
                listings,
            },
        ]
    }

    fn contribution(&self, member: &Member<'_>, group: &[usize]) -> Contribution {
        let (only_its_themes, only_its_target_groups) = self.own(member, group);
        Contribution {
            organization: member.candidate.organization,
            listings: member.shown.iter().map(|s| s.listing.id).collect(),
            themes: member.themes.iter().copied().collect(),
            target_groups: member.target_groups.iter().copied().collect(),
            only_its_themes,
            only_its_target_groups,
        }
    }
}

/// 0, 1/2, 3/4, 7/8 and so on: each further one counts half as much as the one before.
fn growing(count: usize) -> f64 {
    1.0 - 0.5_f64.powf(count as f64)
}

fn named(shown: &[Shown<'_>]) -> BTreeSet<TargetGroupRef> {
    let groups = shown.iter().flat_map(|s| &s.target_groups);
    groups.copied().collect()
}

/// The gaps on the round's themes and in its area, in postcodes that the gazetteer knows; by
/// postcode and theme, each once.
fn gaps_in_round<'a>(catalog: &Catalog, terms: &RoundTerms, gaps: &'a [Gap]) -> Vec<&'a Gap> {
    let mut found: Vec<&Gap> = gaps
        .iter()
        .filter(|gap| {
            let asked =
                terms.themes.is_empty() || on_line_of_any(catalog, gap.theme, &terms.themes);
            asked
                && is_in_area(catalog, terms, gap.postal_code)
                && catalog.gazetteer.get(gap.postal_code).is_some()
        })
        .collect();
    found.sort_by_key(|gap| (gap.postal_code, gap.theme));
    found.dedup_by_key(|gap| (gap.postal_code, gap.theme));
    found
}

/// Whether one of these listings is on the line of a gap's theme, and near it.
fn closes(catalog: &Catalog, shown: &[Shown<'_>], gap: &Gap) -> bool {
    shown.iter().any(|one| {
        on_line_of_any(catalog, gap.theme, &one.themes)
            && metres_within(catalog, one.listing, gap.postal_code).is_some()
    })
}

/// The parallel activities between listings in the round of two members; by listing, each once.
fn parallels_of<'a>(
    members: &[Member<'_>],
    parallels: &'a [Parallel],
) -> Vec<(&'a Parallel, [usize; 2])> {
    let mut owners: BTreeMap<ListingId, usize> = BTreeMap::new();
    for (at, member) in members.iter().enumerate() {
        for shown in &member.shown {
            owners.entry(shown.listing.id).or_insert(at);
        }
    }
    let pair = |parallel: &Parallel| {
        let [one, other] = parallel.listings;
        (one.min(other), one.max(other))
    };
    let mut found: Vec<(&Parallel, [usize; 2])> = parallels
        .iter()
        .filter_map(|parallel| {
            let [one, other] = parallel.listings;
            let sides = [*owners.get(&one)?, *owners.get(&other)?];
            (sides[0] != sides[1]).then_some((parallel, sides))
        })
        .collect();
    found.sort_by_key(|(parallel, _)| pair(parallel));
    found.dedup_by_key(|(parallel, _)| pair(parallel));
    found
}

/// What a group still lacks, whether it may apply or not: applicants, themes, target groups and
/// municipalities of the round in its order, gaps near the common ground, own contribution.
pub fn missing(
    catalog: &Catalog,
    round: &FundingRound,
    gaps: &[Gap],
    group: &Group<'_>,
) -> Vec<Missing> {
    let terms = &round.terms;
    let in_round: Vec<Vec<Shown<'_>>> = group
        .members()
        .iter()
        .map(|member| shown(catalog, terms, member))
        .collect();
    let all = || in_round.iter().flatten();
    let size = u8::try_from(group.members().len()).unwrap_or(u8::MAX);
    let more = terms.applicants.least().saturating_sub(size);
    let mut lacks = Vec::new();
    if more > 0 {
        lacks.push(Missing::CoApplicants { more });
    }
    let themes = terms.themes.iter().copied();
    lacks.extend(
        themes
            .filter(|theme| !all().any(|s| on_line_of_any(catalog, *theme, &s.themes)))
            .map(Missing::Theme),
    );
    let target_groups = terms.target_groups.iter().copied();
    lacks.extend(
        target_groups
            .filter(|group| !all().any(|s| reaches(s.listing, *group)))
            .map(Missing::TargetGroup),
    );
    let active: BTreeSet<_> = all()
        .filter_map(|s| catalog.gazetteer.municipality_of(s.listing.postal_code))
        .collect();
    let municipalities = terms.municipalities.iter().copied();
    lacks.extend(
        municipalities
            .filter(|municipality| !active.contains(municipality))
            .map(Missing::Municipality),
    );
    let hub = common_ground(catalog, &in_round)
        .and_then(|footing| catalog.gazetteer.get(footing.ground.postal_code));
    if let Some(hub) = hub {
        let open = gaps_in_round(catalog, terms, gaps).into_iter();
        lacks.extend(
            open.filter(|gap| !in_round.iter().any(|shown| closes(catalog, shown, gap)))
                .filter(|gap| {
                    let there = catalog.gazetteer.get(gap.postal_code);
                    there.is_some_and(|there| {
                        hub.centre.metres_to(there.centre) <= ground::WITHIN_METRES
                    })
                })
                .map(|gap| Missing::Gap {
                    theme: gap.theme,
                    postal_code: gap.postal_code,
                }),
        );
    }
    let percent = terms
        .own_contribution_percent
        .filter(|percent| *percent > 0);
    lacks.extend(percent.map(|percent| Missing::OwnContribution { percent }));
    lacks
}
