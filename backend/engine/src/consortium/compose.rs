//! Composing groups, ordering them, and choosing a list in which nobody is crowded out.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{
    Candidate, Gathered, JointSuggestion,
    judge::{Judged, Setting},
    rules::{Group, Rule, Verdict, eligible},
};
use crate::{catalog::Catalog, id::OrganizationId};

/// How many companions of a candidate are tried with it. With up to one candidate more than this,
/// every group there is is tried.
pub const CIRCLE: usize = 12;

/// The smallest group that is suggested: nobody applies together alone.
const SMALLEST: usize = 2;

/// Groups that may apply together and why, at most `limit`.
///
/// Tried is every group in which some member has all others in its **circle**: the [`CIRCLE`]
/// candidates that make the best pairs with it. So at most 793 groups are tried for each candidate
/// (one to four of twelve), whatever their number.
///
/// The order is: score in steps of 0.02, greatest first; then a turn drawn from `seed` and the
/// members; then ids. The list is chosen from it one by one, so that nobody fills it and everyone
/// who stands in a tried group is shown when `limit` is at least their number, and is then put back
/// in that order. `docs/FUNDING.md` has the rules to the letter.
pub fn suggest(
    catalog: &Catalog,
    gathered: Gathered<'_>,
    now: DateTime<Utc>,
    seed: u64,
    limit: usize,
) -> Vec<JointSuggestion> {
    let candidates = admitted(catalog, gathered, now);
    let setting = Setting::new(catalog, gathered, &candidates);
    let circles = circles(&setting, seed);
    let applicants = gathered.round.terms.applicants;
    let sizes = SMALLEST.max(applicants.least().into())..=applicants.most().into();
    let groups = ranked(&setting, &tried(&circles, sizes), seed);
    choose(&groups, limit)
        .into_iter()
        .map(|at| setting.suggestion(&groups[at].judged))
        .collect()
}

/// The candidates that keep every rule which each keeps or breaks alone, by organization.
fn admitted<'a>(
    catalog: &Catalog,
    gathered: Gathered<'a>,
    now: DateTime<Utc>,
) -> Vec<&'a Candidate> {
    let everyone = Group::of(gathered.candidates);
    let may_apply = |candidate: &&Candidate| {
        eligible(catalog, gathered.round, &Group::of([*candidate]), now)
            .iter()
            .all(|outcome| {
                let of_the_group = matches!(
                    outcome.rule,
                    Rule::Number { .. } | Rule::CommonGround { .. }
                );
                outcome.verdict == Verdict::Pass || of_the_group
            })
    };
    let members = everyone.members().iter().copied();
    members.filter(may_apply).collect()
}

/// Those of the groups that can be judged, in order.
fn ranked(setting: &Setting<'_>, groups: &BTreeSet<Vec<usize>>, seed: u64) -> Vec<Ranked> {
    let judged = setting.judge_all(groups).into_iter();
    let mut ranked: Vec<Ranked> = judged
        .map(|judged| Ranked::new(setting, judged, seed))
        .collect();
    ranked.sort_by(Ranked::order);
    ranked
}

/// A judged group with what it is ordered by.
struct Ranked {
    judged: Judged,
    step: f64,
    turn: u64,
}

impl Ranked {
    fn new(setting: &Setting<'_>, judged: Judged, seed: u64) -> Self {
        let organizations = judged
            .members
            .iter()
            .map(|at| setting.members[*at].candidate.organization);
        Self {
            step: step(judged.score),
            turn: turn(seed, organizations),
            judged,
        }
    }

    /// Members are places in an order by id, so that comparing places compares ids.
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        other
            .step
            .total_cmp(&self.step)
            .then(self.turn.cmp(&other.turn))
            .then_with(|| self.judged.members.cmp(&other.judged.members))
    }
}

/// A score in steps of 0.02, half a step counting as a whole one; first rounded to 1e-9, so that
/// the last bits decide no order.
fn step(score: f64) -> f64 {
    ((score * 1e9).round() / 2e7).round()
}

/// When a group's turn comes under a seed, lowest first. Another seed gives another order, and two
/// groups are as likely to come in one order as in the other.
fn turn(seed: u64, organizations: impl IntoIterator<Item = OrganizationId>) -> u64 {
    organizations.into_iter().fold(mixed(seed), |turn, id| {
        let (high, low) = id.uuid().as_u64_pair();
        mixed(mixed(turn ^ high) ^ low)
    })
}

/// One step of `SplitMix64` (Steele, Lea and Flood 2014).
fn mixed(state: u64) -> u64 {
    let z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The circle of each candidate: those that make a pair with it, in the order of the pairs, as many
/// as a circle holds.
fn circles(setting: &Setting<'_>, seed: u64) -> Vec<Vec<usize>> {
    let count = setting.members.len();
    let pairs = (0..count).flat_map(|one| (one + 1..count).map(move |other| vec![one, other]));
    let mut circles = vec![Vec::new(); count];
    for pair in ranked(setting, &pairs.collect(), seed) {
        if let [one, other] = pair.judged.members[..] {
            circles[one].push(other);
            circles[other].push(one);
        }
    }
    for circle in &mut circles {
        circle.truncate(CIRCLE);
    }
    circles
}

/// Every group of an accepted size in which some member has all others in its circle.
fn tried(circles: &[Vec<usize>], sizes: std::ops::RangeInclusive<usize>) -> BTreeSet<Vec<usize>> {
    let mut groups = BTreeSet::new();
    for (one, circle) in circles.iter().enumerate() {
        for size in sizes.clone() {
            for mut group in subsets(circle, size - 1) {
                group.push(one);
                group.sort_unstable();
                groups.insert(group);
            }
        }
    }
    groups
}

/// Every way to take `count` of these.
fn subsets(from: &[usize], count: usize) -> Vec<Vec<usize>> {
    match (count, from) {
        (0, _) => vec![Vec::new()],
        (_, []) => Vec::new(),
        (_, [first, rest @ ..]) => {
            let mut with = subsets(rest, count - 1);
            for subset in &mut with {
                subset.push(*first);
            }
            with.extend(subsets(rest, count));
            with
        }
    }
}

/// The places of the groups that are shown, in order. One by one is taken: a group that shows
/// somebody new, as long as there is one; of these, one whose most shown member has been shown
/// least; of these, the first. Once everyone is shown, nobody is shown more often than in a third
/// of the list, rounded up.
fn choose(groups: &[Ranked], limit: usize) -> Vec<usize> {
    let share = limit.div_ceil(3);
    let candidates = groups.iter().flat_map(|group| &group.judged.members);
    let mut times = vec![0_usize; candidates.max().map_or(0, |last| last + 1)];
    let mut chosen = BTreeSet::new();
    while chosen.len() < limit {
        let repetition = |at: &usize| {
            let members = groups[*at].judged.members.iter();
            let (least, most) = members.fold((usize::MAX, 0), |(least, most), member| {
                (least.min(times[*member]), most.max(times[*member]))
            });
            (least > 0, most)
        };
        let left = (0..groups.len()).filter(|at| !chosen.contains(at));
        let Some(next) = left.min_by_key(repetition) else {
            break;
        };
        let (nobody_new, most) = repetition(&next);
        if nobody_new && most >= share {
            break;
        }
        for member in &groups[next].judged.members {
            times[*member] += 1;
        }
        chosen.insert(next);
    }
    chosen.into_iter().collect()
}
