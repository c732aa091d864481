//! Everything that has an identity.

use async_graphql::{Context, ID, Interface};

use super::{
    agreement::Match, listing::Listing, organization::Organization, overlap::Overlap, theme::Theme,
    visit::VisitArrangement,
};
use crate::{
    app::{houses, matches, visits},
    graphql::{
        Here,
        error::{ApiError, ApiResult},
        id::Name,
    },
};

/// Something with an opaque identity, by which `node` finds it again.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque identity."))]
pub enum Node {
    Listing(Listing),
    Organization(Organization),
    Match(Match),
    Theme(Theme),
    VisitArrangement(VisitArrangement),
    Overlap(Overlap),
}

impl Node {
    /// What has this name, if it is there and this viewer may see it.
    pub async fn find(ctx: &Context<'_>, name: Name) -> ApiResult<Option<Self>> {
        let fault = |error| ApiError::store(ctx.language(), error);
        let loaders = ctx.loaders();
        match name {
            Name::Theme(code) => {
                let theme = ctx.app().catalog.themes.find(&code);
                Ok(theme.map(|theme| Self::Theme(Theme(theme))))
            }
            Name::Organization(id) => {
                let found = loaders.organization(id).await.map_err(fault)?;
                Ok(found.map(|found| Self::Organization(Organization(found))))
            }
            Name::Listing(id) => {
                let Some(posted) = loaders.listing(id).await.map_err(fault)? else {
                    return Ok(None);
                };
                let seen = Listing::new(posted).if_visible(ctx).await?;
                Ok(seen.map(Self::Listing))
            }
            Name::Match(id) => {
                let agreed = matches::visible(ctx.app(), ctx.actor(), id).await;
                let agreed = agreed.map_err(|error| ApiError::store(ctx.language(), error))?;
                Ok(agreed.map(|agreed| Self::Match(Match(agreed))))
            }
            Name::Arrangement(id) => {
                let found = visits::visible(ctx.app(), ctx.actor(), id).await;
                let found = found.map_err(|error| ApiError::store(ctx.language(), error))?;
                Ok(found.map(|found| Self::VisitArrangement(VisitArrangement(found))))
            }
            Name::Flag(id) => {
                let found = houses::flag(ctx.app(), ctx.actor(), id).await;
                let found = found.map_err(|error| ApiError::store(ctx.language(), error))?;
                Ok(found.map(|found| Self::Overlap(Overlap(found))))
            }
        }
    }
}
