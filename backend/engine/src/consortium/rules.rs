//! Whether a group may apply, rule by rule.

use chrono::{DateTime, Utc};

use super::{
    Candidate, CommonGround, Standing,
    ground::{common_ground, is_in_area, reaches_round, shown, themes_in_round},
};
use crate::{
    catalog::{Catalog, TargetGroupRef},
    funding::{FundingRound, Period, RoundPhase, Verification},
    id::OrganizationId,
    organization::OrganizationKind,
    place::MunicipalityCode,
    theme::ThemeRef,
};

/// Candidates that would apply together, each once, by id.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<'a>(Vec<&'a Candidate>);

impl<'a> Group<'a> {
    /// A group of these; of an organization that stands twice, the first counts.
    pub fn of(candidates: impl IntoIterator<Item = &'a Candidate>) -> Self {
        let mut members: Vec<&Candidate> = candidates.into_iter().collect();
        members.sort_by_key(|member| member.organization);
        members.dedup_by_key(|member| member.organization);
        Self(members)
    }

    /// The members, by id.
    pub fn members(&self) -> &[&'a Candidate] {
        &self.0
    }

    fn lacking(&self, holds: impl Fn(&Candidate) -> bool) -> Vec<OrganizationId> {
        self.0
            .iter()
            .filter(|member| !holds(member))
            .map(|member| member.organization)
            .collect()
    }
}

/// Whether a rule is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is.
    Pass,
    /// It is not.
    Fail,
}

/// A rule of a round, with what it asks for and who does not keep it. An empty list of what is
/// asked for means that anything goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// The round takes applications now.
    OpenRound {
        /// When it does.
        period: Period,
        /// Where it stands.
        phase: RoundPhase,
    },
    /// Each has an open listing on the line of a theme of the round.
    Themes {
        /// Themes of the round.
        asked: Vec<ThemeRef>,
        /// Who has none.
        lacking: Vec<OrganizationId>,
    },
    /// Each has an open listing in a municipality of the round.
    Area {
        /// Municipalities of the round.
        asked: Vec<MunicipalityCode>,
        /// Who has none.
        lacking: Vec<OrganizationId>,
    },
    /// Each has an open listing that names a target group of the round, or is for everybody.
    TargetGroups {
        /// Target groups of the round.
        asked: Vec<TargetGroupRef>,
        /// Who has none.
        lacking: Vec<OrganizationId>,
    },
    /// Each has one open listing that keeps the three rules above at once.
    Activity {
        /// Who has none.
        lacking: Vec<OrganizationId>,
    },
    /// Each is of a kind that may apply.
    ApplicantKinds {
        /// Kinds that may.
        asked: Vec<OrganizationKind>,
        /// Who is of another.
        lacking: Vec<OrganizationId>,
    },
    /// Each is verified, where the round asks for it.
    Verified {
        /// Whether it does.
        asked: Verification,
        /// Who is not verified though it does.
        lacking: Vec<OrganizationId>,
    },
    /// No two are of one family.
    DifferentFamilies {
        /// Pairs that are.
        same: Vec<[OrganizationId; 2]>,
    },
    /// As many apply as the round lets.
    Number {
        /// Applicants at least.
        least: u8,
        /// Applicants at most.
        most: u8,
        /// Applicants in the group.
        got: usize,
    },
    /// All have a theme line, a target group and an area in common.
    CommonGround {
        /// The best that they have in common.
        ground: Option<CommonGround>,
    },
}

/// What a rule says of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleOutcome {
    /// Whether it is kept.
    pub verdict: Verdict,
    /// The rule, with its facts.
    pub rule: Rule,
}

impl From<Rule> for RuleOutcome {
    fn from(rule: Rule) -> Self {
        let kept = match &rule {
            Rule::OpenRound { phase, .. } => *phase == RoundPhase::Open,
            Rule::Themes { lacking, .. }
            | Rule::Area { lacking, .. }
            | Rule::TargetGroups { lacking, .. }
            | Rule::Activity { lacking }
            | Rule::ApplicantKinds { lacking, .. }
            | Rule::Verified { lacking, .. } => lacking.is_empty(),
            Rule::DifferentFamilies { same } => same.is_empty(),
            Rule::Number { least, most, got } => {
                (usize::from(*least)..=usize::from(*most)).contains(got)
            }
            Rule::CommonGround { ground } => ground.is_some(),
        };
        let verdict = if kept { Verdict::Pass } else { Verdict::Fail };
        Self { verdict, rule }
    }
}

/// Whether a group may apply to a round at `now`: every rule, kept or not, in a fixed order. It may
/// when all are kept. A single applicant is a group of one.
pub fn eligible(
    catalog: &Catalog,
    round: &FundingRound,
    group: &Group<'_>,
    now: DateTime<Utc>,
) -> Vec<RuleOutcome> {
    let terms = &round.terms;
    let in_round: Vec<_> = group
        .members()
        .iter()
        .map(|member| shown(catalog, terms, member))
        .collect();
    let rules = [
        Rule::OpenRound {
            period: terms.period,
            phase: terms.period.phase(now),
        },
        Rule::Themes {
            asked: terms.themes.clone(),
            lacking: group.lacking(|member| {
                let mut listings = member.listings.iter();
                listings.any(|listing| !themes_in_round(catalog, terms, listing).is_empty())
            }),
        },
        Rule::Area {
            asked: terms.municipalities.clone(),
            lacking: group.lacking(|member| {
                let mut listings = member.listings.iter();
                listings.any(|listing| is_in_area(catalog, terms, listing.postal_code))
            }),
        },
        Rule::TargetGroups {
            asked: terms.target_groups.clone(),
            lacking: group.lacking(|member| {
                let mut listings = member.listings.iter();
                listings.any(|listing| reaches_round(terms, listing))
            }),
        },
        Rule::Activity {
            lacking: group.lacking(|member| !shown(catalog, terms, member).is_empty()),
        },
        Rule::ApplicantKinds {
            asked: terms.applicant_kinds.clone(),
            lacking: group.lacking(|member| terms.applicant_kinds.contains(&member.kind)),
        },
        Rule::Verified {
            asked: terms.verification,
            lacking: group.lacking(|member| {
                terms.verification == Verification::NotRequired
                    || member.standing == Standing::Verified
            }),
        },
        Rule::DifferentFamilies {
            same: same_family(group),
        },
        Rule::Number {
            least: terms.applicants.least(),
            most: terms.applicants.most(),
            got: group.members().len(),
        },
        Rule::CommonGround {
            ground: common_ground(catalog, &in_round).map(|footing| footing.ground),
        },
    ];
    rules.into_iter().map(RuleOutcome::from).collect()
}

fn same_family(group: &Group<'_>) -> Vec<[OrganizationId; 2]> {
    let members = group.members();
    let mut same = Vec::new();
    for (at, one) in members.iter().enumerate() {
        let others = members[at + 1..].iter();
        same.extend(
            others
                .filter(|other| other.family == one.family)
                .map(|other| [one.organization, other.organization]),
        );
    }
    same
}
