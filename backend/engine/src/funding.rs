//! Grant programmes and their rounds: who may apply for what, where and when.
//!
//! Nothing here belongs to one programme. What a programme asks for is data, read from a draft.

use chrono::{DateTime, Utc};

use self::reading::{codes, each, web_address, whole};
use crate::{
    catalog::{Catalog, TargetGroupRef},
    id::{FundingProgrammeId, FundingRoundId},
    organization::OrganizationKind,
    place::MunicipalityCode,
    problem::{Fault, Problem, Problems},
    schedule::{self, instant, local_date_time, wall},
    text,
    theme::ThemeRef,
};

mod reading;
#[cfg(test)]
mod tests;

/// The most kroner that any amount may name.
pub const MAX_KRONER: i64 = 100_000_000_000;
/// The most applicants that one application can have, the one who leads it included.
pub const MAX_APPLICANTS: u8 = 5;

const MAX_THEMES: usize = 20;
const MAX_TARGET_GROUPS: usize = 20;
const MAX_MUNICIPALITIES: usize = 99;
const MAX_KINDS: usize = 4;

/// What a funding programme tells about itself; all of it is public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgrammeProfile {
    /// Its name.
    pub name: String,
    /// What it rests on, in a line such as "serviceloven § 18"; may be empty.
    pub legal_basis: String,
    /// Who gives the money.
    pub funder: String,
    /// What it is for; may be empty.
    pub description: String,
    /// Where to read more.
    pub url: Option<String>,
}

/// A pool of money that associations can apply to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundingProgramme {
    /// Its identity.
    pub id: FundingProgrammeId,
    /// Grows with every change.
    pub version: i32,
    /// What it tells about itself.
    pub profile: ProgrammeProfile,
}

/// What comes in to register a funding programme.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProgrammeDraft {
    /// Name, 2-120 characters.
    pub name: String,
    /// Up to 120 characters.
    pub legal_basis: Option<String>,
    /// Name of who gives the money, 2-120 characters.
    pub funder: String,
    /// Up to 5,000 characters.
    pub description: Option<String>,
    /// Web address, http or https.
    pub url: Option<String>,
}

impl ProgrammeProfile {
    /// Reads a programme and gathers everything that is wrong with it.
    pub fn parse(draft: &ProgrammeDraft) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let name = problems.take("name", text::line(&draft.name, 2, 120));
        let legal_basis = draft.legal_basis.as_deref().unwrap_or("");
        let legal_basis = problems.take("legalBasis", text::line(legal_basis, 0, 120));
        let funder = problems.take("funder", text::line(&draft.funder, 2, 120));
        let description = draft.description.as_deref().unwrap_or("");
        let description = problems.take("description", text::lines(description, 0, 5_000));
        let given = draft.url.as_deref().map(str::trim);
        let given = given.filter(|url| !url.is_empty());
        let url = problems.take("url", given.map(web_address).transpose());
        let profile = (|| {
            Some(Self {
                name: name?,
                legal_basis: legal_basis?,
                funder: funder?,
                description: description?,
                url: url?,
            })
        })();
        problems.finish(profile)
    }

    /// The same programme as it would come in.
    pub fn draft(&self) -> ProgrammeDraft {
        let filled = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        ProgrammeDraft {
            name: self.name.clone(),
            legal_basis: filled(&self.legal_basis),
            funder: self.funder.clone(),
            description: filled(&self.description),
            url: self.url.clone(),
        }
    }
}

/// Whether an applicant must have been verified by a volunteer house.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Verification {
    /// Every applicant must be verified.
    #[default]
    Required,
    /// An applicant need not be verified.
    NotRequired,
}

/// Where a round stands at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoundPhase {
    /// It does not take applications yet.
    Upcoming,
    /// It takes applications.
    Open,
    /// It takes applications no more.
    Closed,
}

/// When a round takes applications. It closes after it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
}

impl Period {
    /// The first instant at which it takes applications.
    pub const fn opens_at(self) -> DateTime<Utc> {
        self.opens_at
    }

    /// The first instant at which it takes none any more.
    pub const fn closes_at(self) -> DateTime<Utc> {
        self.closes_at
    }

    /// Where it stands at `now`.
    pub fn phase(self, now: DateTime<Utc>) -> RoundPhase {
        if now < self.opens_at {
            RoundPhase::Upcoming
        } else if now < self.closes_at {
            RoundPhase::Open
        } else {
            RoundPhase::Closed
        }
    }
}

/// How much there is, in whole kroner. Where both are stated, the least is not above the most that
/// one application gets, and neither is above the total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    min: Option<i64>,
    max: Option<i64>,
    total: Option<i64>,
}

impl Amounts {
    /// The least that one application can ask for.
    pub const fn min(self) -> Option<i64> {
        self.min
    }

    /// The most that one application can ask for.
    pub const fn max(self) -> Option<i64> {
        self.max
    }

    /// What the whole round gives.
    pub const fn total(self) -> Option<i64> {
        self.total
    }
}

/// How many may stand behind one application: 1-5, the least not above the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applicants {
    least: u8,
    most: u8,
}

impl Applicants {
    /// The fewest, the one who leads included.
    pub const fn least(self) -> u8 {
        self.least
    }

    /// The most, the one who leads included.
    pub const fn most(self) -> u8 {
        self.most
    }
}

/// What a round asks for and gives. An empty list of themes, municipalities or target groups means
/// all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct RoundTerms {
    /// Its name.
    pub name: String,
    /// When it takes applications.
    pub period: Period,
    /// How much there is.
    pub amounts: Amounts,
    /// What is supported, each theme once.
    pub themes: Vec<ThemeRef>,
    /// Where, each municipality once.
    pub municipalities: Vec<MunicipalityCode>,
    /// For whom, each target group once.
    pub target_groups: Vec<TargetGroupRef>,
    /// Who may apply; at least one kind, each once.
    pub applicant_kinds: Vec<OrganizationKind>,
    /// Whether applicants must be verified.
    pub verification: Verification,
    /// How many may stand behind one application.
    pub applicants: Applicants,
    /// Per cent of the budget that the applicants carry themselves, 0-100.
    pub own_contribution_percent: Option<u8>,
}

/// A time in which a programme takes applications, and on what terms.
#[derive(Debug, Clone, PartialEq)]
pub struct FundingRound {
    /// Its identity.
    pub id: FundingRoundId,
    /// Grows with every change.
    pub version: i32,
    /// The programme that it belongs to.
    pub programme: FundingProgrammeId,
    /// What it asks for and gives.
    pub terms: RoundTerms,
}

/// A round as it comes in, from the API, a file or the record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoundDraft {
    /// Name, 2-120 characters.
    pub name: String,
    /// Local date and time from which it takes applications.
    pub opens_at: String,
    /// Local date and time from which it takes none any more.
    pub closes_at: String,
    /// Whole kroner that one application asks for at least.
    pub amount_min: Option<i64>,
    /// Whole kroner that one application asks for at most.
    pub amount_max: Option<i64>,
    /// Whole kroner that the round gives.
    pub total: Option<i64>,
    /// Up to twenty theme codes; none means all.
    pub themes: Vec<String>,
    /// Up to 99 municipality codes of four digits; none means all of Denmark.
    pub municipalities: Vec<String>,
    /// Up to twenty target group codes; none means all.
    pub target_groups: Vec<String>,
    /// Who may apply; at least one kind.
    pub applicant_kinds: Vec<OrganizationKind>,
    /// Whether applicants must be verified.
    pub verification: Verification,
    /// Applicants beside the one who leads, at least: 0-4; none means 0.
    pub co_applicants_min: Option<i64>,
    /// Applicants at most, the one who leads included: 1-5; none means 5.
    pub applicants_max: Option<i64>,
    /// Per cent that the applicants carry themselves, 0-100.
    pub own_contribution_percent: Option<i64>,
}

impl RoundTerms {
    /// Reads a round and gathers everything that is wrong with it.
    pub fn parse(draft: &RoundDraft, catalog: &Catalog) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let name = problems.take("name", text::line(&draft.name, 2, 120));
        let period = period(&mut problems, draft);
        let amounts = amounts(&mut problems, draft);
        let themes = codes(&mut problems, "themes", &draft.themes, MAX_THEMES, |code| {
            catalog.resolve_theme(code)
        });
        let municipalities = codes(
            &mut problems,
            "municipalities",
            &draft.municipalities,
            MAX_MUNICIPALITIES,
            |code| catalog.gazetteer.resolve_municipality(code),
        );
        let target_groups = codes(
            &mut problems,
            "targetGroups",
            &draft.target_groups,
            MAX_TARGET_GROUPS,
            |code| catalog.resolve_target_group(code),
        );
        let applicant_kinds = applicant_kinds(&mut problems, &draft.applicant_kinds);
        let applicants = applicants(&mut problems, draft);
        let own_contribution_percent = whole(
            &mut problems,
            "ownContributionPercent",
            draft.own_contribution_percent,
            0..=100,
        );
        let terms = (|| {
            Some(Self {
                name: name?,
                period: period?,
                amounts: amounts?,
                themes: themes?,
                municipalities: municipalities?,
                target_groups: target_groups?,
                applicant_kinds: applicant_kinds?,
                verification: draft.verification,
                applicants: applicants?,
                own_contribution_percent: own_contribution_percent?
                    .and_then(|percent| u8::try_from(percent).ok()),
            })
        })();
        problems.finish(terms)
    }

    /// The same terms as they would come in.
    pub fn draft(&self, catalog: &Catalog) -> RoundDraft {
        let written = |at| wall(schedule::local(at).naive_local());
        RoundDraft {
            name: self.name.clone(),
            opens_at: written(self.period.opens_at),
            closes_at: written(self.period.closes_at),
            amount_min: self.amounts.min,
            amount_max: self.amounts.max,
            total: self.amounts.total,
            themes: self
                .themes
                .iter()
                .map(|theme| catalog.themes.get(*theme).code.clone())
                .collect(),
            municipalities: self
                .municipalities
                .iter()
                .map(MunicipalityCode::to_string)
                .collect(),
            target_groups: self
                .target_groups
                .iter()
                .map(|group| catalog.target_group(*group).code.clone())
                .collect(),
            applicant_kinds: self.applicant_kinds.clone(),
            verification: self.verification,
            co_applicants_min: Some(i64::from(self.applicants.least) - 1),
            applicants_max: Some(i64::from(self.applicants.most)),
            own_contribution_percent: self.own_contribution_percent.map(i64::from),
        }
    }
}

fn period(problems: &mut Problems, draft: &RoundDraft) -> Option<Period> {
    let opens_at = problems.take("opensAt", local_date_time(&draft.opens_at));
    let closes_at = problems.take("closesAt", local_date_time(&draft.closes_at));
    let (opens_at, closes_at) = (instant(opens_at?), instant(closes_at?));
    if closes_at <= opens_at {
        problems.note("closesAt", Fault::EndBeforeStart);
        return None;
    }
    Some(Period {
        opens_at,
        closes_at,
    })
}

fn amounts(problems: &mut Problems, draft: &RoundDraft) -> Option<Amounts> {
    let min = whole(problems, "amountMin", draft.amount_min, 0..=MAX_KRONER);
    let max = whole(problems, "amountMax", draft.amount_max, 1..=MAX_KRONER);
    let total = whole(problems, "total", draft.total, 1..=MAX_KRONER);
    let (min, max, total) = (min?, max?, total?);
    let mut bounded = true;
    for (field, amount, other, bound) in [
        ("amountMin", min, "amountMax", max),
        ("amountMin", min, "total", total),
        ("amountMax", max, "total", total),
    ] {
        if let (Some(amount), Some(bound)) = (amount, bound)
            && amount > bound
        {
            problems.note(field, Fault::GreaterThan { other });
            bounded = false;
        }
    }
    bounded.then_some(Amounts { min, max, total })
}

fn applicants(problems: &mut Problems, draft: &RoundDraft) -> Option<Applicants> {
    let at_most = i64::from(MAX_APPLICANTS);
    let beside = whole(
        problems,
        "coApplicantsMin",
        draft.co_applicants_min,
        0..=at_most - 1,
    );
    // One who leads, and those beside it, must be let in.
    let least = beside.map(|beside| beside.unwrap_or(0) + 1);
    let most = whole(
        problems,
        "applicantsMax",
        draft.applicants_max,
        least.unwrap_or(1)..=at_most,
    );
    Some(Applicants {
        least: u8::try_from(least?).ok()?,
        most: u8::try_from(most?.unwrap_or(at_most)).ok()?,
    })
}

fn applicant_kinds(
    problems: &mut Problems,
    given: &[OrganizationKind],
) -> Option<Vec<OrganizationKind>> {
    if given.is_empty() {
        problems.note("applicantKinds", Fault::Blank);
        return None;
    }
    each(
        problems,
        "applicantKinds",
        given,
        MAX_KINDS,
        |kind| spelling(*kind),
        |kind| Ok(*kind),
    )
}

/// A kind in the API's spelling.
fn spelling(kind: OrganizationKind) -> String {
    let spelled = match kind {
        OrganizationKind::Association => "ASSOCIATION",
        OrganizationKind::Branch => "BRANCH",
        OrganizationKind::PublicBody => "PUBLIC_BODY",
        OrganizationKind::VolunteerHouse => "VOLUNTEER_HOUSE",
    };
    spelled.to_owned()
}
