//! Visits to citizens. Nothing here names a citizen; all of it is for the organization that visits.

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use faelled_engine::{id::OrganizationId, visit};

use super::{
    super::{
        Here,
        error::{ApiError, ApiResult},
        id,
        paging::{Connection, cost, page_args},
    },
    organization::Organization,
    overlap::Overlap,
    place::Town,
    scalars::{ArrangementStatus, VisitOutcome},
    schedule::Schedule,
    theme::Theme,
};
use crate::app::{
    paging::{Asked, PageArgs},
    visits,
};

/// An agreement of an organization with a citizen to come and visit (besøgsaftale). Only the
/// organization's coordinators see it; the citizen is not in it.
#[derive(Clone)]
pub struct VisitArrangement(pub visit::VisitArrangement);

impl VisitArrangement {
    /// A page of the arrangements of an organization, latest first.
    pub async fn page(
        ctx: &Context<'_>,
        organization: OrganizationId,
        args: PageArgs,
    ) -> ApiResult<Connection<Self>> {
        let (app, language) = (ctx.app(), ctx.language());
        let asked = Asked {
            args: &args,
            max: ctx.max_page(),
            counted: ctx.look_ahead().field("totalCount").exists(),
        };
        let found = visits::page(app, ctx.actor(), organization, asked)
            .await
            .map_err(|error| ApiError::list(language, error))?;
        let seal =
            |one: &visit::VisitArrangement| found.origin.moment(app, one.registered_at, one.id);
        Ok(Connection::new(found.page, found.total, seal, Self))
    }
}

/// An agreement of an organization with a citizen to come and visit (besøgsaftale). Only the
/// organization's coordinators see it; the citizen is not in it.
#[Object]
impl VisitArrangement {
    /// Opaque identity.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Grows with every change; a change names the version that it saw.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// Whose it is.
    async fn organization(&self, ctx: &Context<'_>) -> Option<ApiResult<Organization>> {
        let organization = ctx.loaders().organization(self.0.organization).await;
        organization
            .map(|organization| organization.map(Organization))
            .map_err(|error| ApiError::store(ctx.language(), error))
            .transpose()
    }

    /// The citizen's postcode; the place is never finer.
    async fn town(&self, ctx: &Context<'_>) -> Town {
        Town::new(self.0.plan.postal_code, &ctx.app().catalog)
    }

    /// What the visits are about.
    async fn theme(&self) -> Theme {
        Theme(self.0.plan.theme)
    }

    /// When.
    async fn schedule(&self) -> Schedule {
        Schedule::from(&self.0.plan.schedule)
    }

    /// The organization's own note.
    async fn note(&self) -> &str {
        &self.0.plan.note
    }

    /// What the organization itself calls the citizen; null if it gave no label, or the visits have
    /// been over for so long that it is forgotten.
    async fn label(&self, ctx: &Context<'_>) -> Option<String> {
        let sealed = self.0.sealed_label.as_deref()?;
        ctx.app().citizens.unseal(self.0.id, sealed)
    }

    /// Whether it stands.
    async fn status(&self) -> ArrangementStatus {
        self.0.status.into()
    }

    /// When it was declared that the citizen knows and agrees.
    async fn agreed_at(&self) -> DateTime<Utc> {
        self.0.agreed.1
    }

    /// When it was registered.
    async fn registered_at(&self) -> DateTime<Utc> {
        self.0.registered_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// When it was ended.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }

    /// Flags that another association visits the same citizen close in time, at most fifty.
    #[graphql(complexity = "5 * child_complexity")]
    async fn overlaps(&self, ctx: &Context<'_>) -> ApiResult<Vec<Overlap>> {
        Overlap::of(ctx, self.0.id.uuid()).await
    }

    /// The visits that were logged, latest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn visits(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the front, 1-100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back, 1-100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> ApiResult<Connection<Visit>> {
        let (app, language) = (ctx.app(), ctx.language());
        let args = page_args(first, after, last, before);
        let asked = Asked {
            args: &args,
            max: ctx.max_page(),
            counted: ctx.look_ahead().field("totalCount").exists(),
        };
        let found = visits::visits(app, self.0.id, asked)
            .await
            .map_err(|error| ApiError::list(language, error))?;
        let seal = |visit: &visit::Visit| found.origin.moment(app, visit.start, visit.id);
        Ok(Connection::new(found.page, found.total, seal, Visit::from))
    }
}

/// One visit of an arrangement.
#[derive(SimpleObject)]
pub struct Visit {
    /// When it began, or was to begin.
    start: DateTime<Utc>,
    /// Minutes that it took; 0 for one that was not made.
    minutes: i64,
    /// What became of it.
    outcome: VisitOutcome,
    /// When it was logged.
    logged_at: DateTime<Utc>,
}

impl From<visit::Visit> for Visit {
    fn from(visit: visit::Visit) -> Self {
        Self {
            start: visit.start,
            minutes: visit.length.num_minutes(),
            outcome: visit.outcome.into(),
            logged_at: visit.logged_at,
        }
    }
}
