//! What a volunteer house reads about its municipalities.

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};

use super::{
    super::{
        Here,
        error::{ApiError, ApiResult},
        paging::Connection,
    },
    organization::Organization,
    scalars::AccessAction,
};
use crate::app::{
    houses,
    paging::{Asked, PageArgs},
};

/// Somebody asked about citizens. Nothing here names one.
pub struct AccessLine(pub houses::AccessLine);

impl AccessLine {
    /// A page of the access log, latest first.
    pub async fn page(ctx: &Context<'_>, args: PageArgs) -> ApiResult<Connection<Self>> {
        let (app, language) = (ctx.app(), ctx.language());
        let asked = Asked {
            args: &args,
            max: ctx.max_page(),
            counted: ctx.look_ahead().field("totalCount").exists(),
        };
        let found = houses::access_log(app, ctx.actor(), asked)
            .await
            .map_err(|error| ApiError::list(language, error))?;
        let seal = |line: &houses::AccessLine| found.origin.moment(app, line.at, line.id);
        Ok(Connection::new(found.page, found.total, seal, Self))
    }
}

/// Somebody asked about citizens. Nothing here names one.
#[Object]
impl AccessLine {
    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }

    /// For which organization.
    async fn organization(&self, ctx: &Context<'_>) -> Option<ApiResult<Organization>> {
        let organization = ctx.loaders().organization(self.0.organization).await;
        organization
            .map(|organization| organization.map(Organization))
            .map_err(|error| ApiError::store(ctx.language(), error))
            .transpose()
    }

    /// What was asked.
    async fn action(&self) -> AccessAction {
        self.0.action.into()
    }
}
