//! Flagged overlaps, as far as the viewer may know of them.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use faelled_engine::{
    access::FlagView,
    flag::{self, FlagLine, FlagSide},
    id::{ArrangementId, Id, ListingId},
    overlap::Reason,
    place::PostalCode,
    problem::{Fault, Problems},
};
use uuid::Uuid;

use super::{
    super::{
        Here,
        error::{ApiError, ApiResult},
        id,
        inputs::OverlapFilter,
        paging::Connection,
    },
    listing::Listing,
    organization::Organization,
    place::Town,
    scalars::{OverlapEventKind, OverlapKind, OverlapStatus, Severity},
    schedule::Schedule,
    theme::Theme,
    visit::VisitArrangement,
};
use crate::{
    app::{
        houses::{self, FlagFilter, SeenFlag},
        paging::{Asked, PageArgs},
    },
    words::{self, FlagTold, Language},
};

/// Two things that overlap (muligt overlap). An association sees that there is one and its own side;
/// the volunteer house of the area sees both sides, the evidence and what was done about it.
#[derive(Clone)]
pub struct Overlap(pub SeenFlag);

impl Overlap {
    /// The flags of an arrangement or a listing, for whoever it belongs to.
    pub async fn of(ctx: &Context<'_>, subject: Uuid) -> ApiResult<Vec<Self>> {
        let seen = ctx.loaders().flags_of(subject).await;
        let seen = seen.map_err(|error| ApiError::store(ctx.language(), error))?;
        Ok(seen.into_iter().take(SHOWN_AT_MOST).map(Self).collect())
    }

    /// A page of the flags of the viewer's house, latest first.
    pub async fn page(
        ctx: &Context<'_>,
        filter: OverlapFilter,
        args: PageArgs,
    ) -> ApiResult<Connection<Self>> {
        let (app, language) = (ctx.app(), ctx.language());
        let filter = filter_of(ctx, filter)?;
        let asked = Asked {
            args: &args,
            max: ctx.max_page(),
            counted: ctx.look_ahead().field("totalCount").exists(),
        };
        let found = houses::flags(app, ctx.actor(), filter, asked)
            .await
            .map_err(|error| ApiError::list(language, error))?;
        let seal = |seen: &SeenFlag| found.origin.moment(app, seen.flag.raised_at, seen.flag.id);
        Ok(Connection::new(found.page, found.total, seal, Self))
    }

    /// Whether a side that the viewer may see lies at one of these postcodes.
    pub fn lies_in(&self, area: &[PostalCode]) -> bool {
        let mut sides = self.sides_seen().iter();
        sides.any(|side| area.contains(&side.postal_code))
    }

    fn is_whole(&self) -> bool {
        self.0.view == FlagView::Whole
    }

    /// Whether the viewer may know more than that there is a flag.
    pub fn is_told(&self) -> bool {
        self.is_whole() || self.0.flag.kind != flag::OverlapKind::SameCitizen
    }

    fn sides_seen(&self) -> &[FlagSide] {
        match &self.0.view {
            FlagView::Whole => &self.0.flag.sides,
            FlagView::Own(sides) => sides,
        }
    }
}

/// Two things that overlap (muligt overlap). An association sees that there is one and its own side;
/// the volunteer house of the area sees both sides, the evidence and what was done about it.
#[Object]
impl Overlap {
    /// Opaque identity.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.0.flag.id)
    }

    /// In which way the two overlap.
    async fn kind(&self) -> OverlapKind {
        self.0.flag.kind.into()
    }

    /// What it says, in the reader's language.
    async fn sentence(&self, ctx: &Context<'_>) -> String {
        let told = if self.is_told() {
            FlagTold::All
        } else {
            FlagTold::ThatThereIsOne
        };
        words::overlap_sentence(ctx.language(), self.0.flag.kind, told)
    }

    /// Who can help: the volunteer houses of the viewer's side, or of both sides for the house. Empty
    /// where there is none; then ask the municipality.
    #[graphql(complexity = "5 + child_complexity")]
    async fn houses(&self, ctx: &Context<'_>) -> ApiResult<Vec<Organization>> {
        let language = ctx.language();
        let fault = |error| ApiError::store(language, error);
        let mut houses = Vec::new();
        for side in self.sides_seen() {
            let place = ctx.app().catalog.gazetteer.get(side.postal_code);
            let Some(place) = place else { continue };
            let municipality = place.municipality_code.clone();
            houses.extend(ctx.loaders().houses_of(municipality).await.map_err(fault)?);
        }
        houses.sort_unstable();
        houses.dedup();
        let known = ctx.loaders().organizations(houses.iter().copied()).await;
        let mut known = known.map_err(fault)?;
        let houses = houses.iter().filter_map(|house| known.remove(house));
        Ok(houses.map(Organization).collect())
    }

    /// Where it stands; null for a side of a same-citizen overlap.
    async fn status(&self) -> Option<OverlapStatus> {
        self.is_told().then(|| self.0.flag.status.into())
    }

    /// How much it matters; null for a side of a same-citizen overlap.
    async fn severity(&self) -> Option<Severity> {
        self.is_told().then(|| self.0.flag.finding.severity.into())
    }

    /// The evidence, weightiest first; empty for a side of a same-citizen overlap.
    async fn reasons(&self) -> Vec<OverlapReason> {
        if !self.is_told() {
            return Vec::new();
        }
        let reasons = self.0.flag.finding.reasons.iter().cloned();
        reasons.map(OverlapReason).collect()
    }

    /// The sides that the viewer may see.
    async fn sides(&self) -> Vec<OverlapSide> {
        let kind = self.0.flag.kind;
        let whole = self.is_whole();
        let sides = self.sides_seen().iter().copied();
        sides
            .map(|side| OverlapSide { side, kind, whole })
            .collect()
    }

    /// When it was raised; null for a side of a same-citizen overlap.
    async fn raised_at(&self) -> Option<DateTime<Utc>> {
        self.is_told().then_some(self.0.flag.raised_at)
    }

    /// What happened to it, the last hundred lines, oldest first; empty for anyone but the house.
    #[graphql(complexity = "5 * child_complexity")]
    async fn history(&self, ctx: &Context<'_>) -> ApiResult<Vec<OverlapEvent>> {
        if !self.is_whole() {
            return Ok(Vec::new());
        }
        let lines = ctx.loaders().flag_lines(self.0.flag.id).await;
        let lines = lines.map_err(|error| ApiError::store(ctx.language(), error))?;
        let passed = lines.len().saturating_sub(LINES_AT_MOST);
        let lines = lines.into_iter().skip(passed);
        Ok(lines.map(OverlapEvent::from).collect())
    }
}

/// Flags shown at what they are about.
const SHOWN_AT_MOST: usize = 50;
/// Lines of a history that are shown.
const LINES_AT_MOST: usize = 100;
/// Codes and organizations that a filter names at most.
pub const ASKED_AT_MOST: usize = 100;

fn filter_of(ctx: &Context<'_>, filter: OverlapFilter) -> ApiResult<FlagFilter> {
    let mut problems = Problems::default();
    let codes = filter.postal_codes.unwrap_or_default();
    let organizations = filter.organizations.unwrap_or_default();
    for (field, got) in [
        ("postalCodes", codes.len()),
        ("organizations", organizations.len()),
    ] {
        if got > ASKED_AT_MOST {
            let max = ASKED_AT_MOST;
            problems.note(&format!("filter.{field}"), Fault::TooMany { max, got });
        }
    }
    let gazetteer = &ctx.app().catalog.gazetteer;
    let codes = codes.iter().take(ASKED_AT_MOST).enumerate();
    let postal_codes = codes
        .filter_map(|(at, code)| {
            let path = format!("filter.postalCodes.{at}");
            problems.take(&path, gazetteer.resolve(code))
        })
        .map(|postcode| postcode.code)
        .collect();
    let found = FlagFilter {
        kinds: distinct(filter.kinds.unwrap_or_default()),
        statuses: distinct(filter.statuses.unwrap_or_else(|| vec![OverlapStatus::Open])),
        severities: distinct(filter.severities.unwrap_or_default()),
        postal_codes,
        organizations: organizations.iter().map(id::decode).collect(),
    };
    problems
        .finish(Some(found))
        .map_err(|problems| ApiError::bad_input(ctx.language(), problems))
}

/// Each value once: a list of a closed set may be as long as its sender likes.
fn distinct<A: Into<B>, B: PartialEq>(values: Vec<A>) -> Vec<B> {
    let mut once: Vec<B> = Vec::new();
    for value in values.into_iter().map(Into::into) {
        if !once.contains(&value) {
            once.push(value);
        }
    }
    once
}

/// One of the two that overlap.
pub struct OverlapSide {
    side: FlagSide,
    kind: flag::OverlapKind,
    whole: bool,
}

impl OverlapSide {
    async fn arrangement_seen(&self, ctx: &Context<'_>) -> ApiResult<Option<VisitArrangement>> {
        if self.kind != flag::OverlapKind::SameCitizen {
            return Ok(None);
        }
        let id: ArrangementId = Id::new(self.side.subject);
        let found = ctx.loaders().arrangement(id).await;
        let found = found.map_err(|error| ApiError::store(ctx.language(), error))?;
        Ok(found.map(VisitArrangement))
    }
}

/// One of the two that overlap.
#[Object(name = "OverlapSide")]
impl OverlapSide {
    /// The organization; null for a private person.
    async fn organization(&self, ctx: &Context<'_>) -> Option<ApiResult<Organization>> {
        let organization = ctx.loaders().organization(self.side.organization?).await;
        organization
            .map(|organization| organization.map(Organization))
            .map_err(|error| ApiError::store(ctx.language(), error))
            .transpose()
    }

    /// Where, as a postcode.
    async fn town(&self, ctx: &Context<'_>) -> Town {
        Town::new(self.side.postal_code, &ctx.app().catalog)
    }

    /// What the visits are about; null for a listing.
    async fn theme(&self, ctx: &Context<'_>) -> Option<ApiResult<Theme>> {
        let seen = self.arrangement_seen(ctx).await;
        seen.map(|seen| seen.map(|one| Theme(one.0.plan.theme)))
            .transpose()
    }

    /// When the visits are; null for a listing.
    async fn schedule(&self, ctx: &Context<'_>) -> Option<ApiResult<Schedule>> {
        let seen = self.arrangement_seen(ctx).await;
        seen.map(|seen| seen.map(|one| Schedule::from(&one.0.plan.schedule)))
            .transpose()
    }

    /// The arrangement, for its own organization; null for the house and for a listing.
    async fn arrangement(&self, ctx: &Context<'_>) -> Option<ApiResult<VisitArrangement>> {
        if self.whole {
            return None;
        }
        self.arrangement_seen(ctx).await.transpose()
    }

    /// The listing, if it is one and can be seen.
    async fn listing(&self, ctx: &Context<'_>) -> Option<ApiResult<Listing>> {
        if self.kind == flag::OverlapKind::SameCitizen {
            return None;
        }
        let id: ListingId = Id::new(self.side.subject);
        match ctx.loaders().listing(id).await {
            Ok(posted) => Listing::new(posted?).if_visible(ctx).await.transpose(),
            Err(error) => Some(Err(ApiError::store(ctx.language(), error))),
        }
    }
}

/// What an overlap rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum OverlapEvidence {
    /// Some times overlap.
    SameTime,
    /// So much lies between the two that come closest.
    HoursApart,
    /// Both take place on one day.
    SameDay,
    /// So many of the times are close.
    CloseTimes,
    /// Both are by agreement.
    ByAgreement,
    /// How far apart they are.
    Distance,
    /// Both are remote.
    Remote,
    /// A theme in common.
    Theme,
    /// Target groups in common.
    TargetGroups,
    /// Much the same text.
    Text,
}

/// A piece of evidence.
pub struct OverlapReason(Reason);

/// A piece of evidence.
#[Object]
impl OverlapReason {
    /// What it is about.
    async fn evidence(&self) -> OverlapEvidence {
        match self.0 {
            Reason::AtTheSameTime { .. } => OverlapEvidence::SameTime,
            Reason::HoursApart { .. } => OverlapEvidence::HoursApart,
            Reason::SameDay { .. } => OverlapEvidence::SameDay,
            Reason::CloseTimes { .. } => OverlapEvidence::CloseTimes,
            Reason::ByAgreement => OverlapEvidence::ByAgreement,
            Reason::Distance { .. } => OverlapEvidence::Distance,
            Reason::Remote => OverlapEvidence::Remote,
            Reason::CommonTheme { .. } => OverlapEvidence::Theme,
            Reason::CommonTargetGroups { .. } => OverlapEvidence::TargetGroups,
            Reason::AlikeText { .. } => OverlapEvidence::Text,
        }
    }

    /// It in words, in the reader's language.
    async fn sentence(&self, ctx: &Context<'_>) -> String {
        let language: Language = ctx.language();
        words::overlap_reason(language, &ctx.app().catalog, &self.0)
    }
}

/// A line of the history of an overlap.
#[derive(SimpleObject)]
pub struct OverlapEvent {
    /// When.
    at: DateTime<Utc>,
    /// What happened.
    event: OverlapEventKind,
    /// What the house said about it; empty when the facts changed by themselves.
    comment: String,
}

impl From<FlagLine> for OverlapEvent {
    fn from(line: FlagLine) -> Self {
        Self {
            at: line.at,
            event: line.event.into(),
            comment: line.comment,
        }
    }
}
