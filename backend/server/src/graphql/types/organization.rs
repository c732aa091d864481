//! Organizations.

use async_graphql::{Context, ID, Object};
use faelled_engine::organization;

use super::{
    super::{
        Here,
        error::{ApiError, ApiResult},
        id,
    },
    place::Town,
    scalars::OrganizationKind,
};
use crate::app::houses;

/// An association, a branch, a public body or a volunteer house. All of it is public.
#[derive(Clone)]
pub struct Organization(pub organization::Organization);

/// An association, a branch, a public body or a volunteer house. All of it is public.
#[Object]
impl Organization {
    /// Opaque identity.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Grows with every change.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.profile.name
    }

    /// What it is.
    async fn kind(&self) -> OrganizationKind {
        self.0.profile.kind.into()
    }

    /// Whether a volunteer house has verified it. One that is not verified says nothing about who
    /// is behind it.
    async fn verified(&self) -> bool {
        self.0.verified
    }

    /// Why a volunteer house has suspended it; for its own coordinators and the house of its area.
    #[graphql(complexity = 10)]
    async fn suspended_because(&self, ctx: &Context<'_>) -> Option<ApiResult<String>> {
        if self.0.verified || ctx.actor().person().is_none() {
            return None;
        }
        let suspension = houses::suspension(ctx.app(), ctx.actor(), &self.0).await;
        suspension
            .map(|suspension| suspension.map(|suspension| suspension.reason))
            .map_err(|error| ApiError::store(ctx.language(), error))
            .transpose()
    }

    /// The organization that it is a branch or a part of.
    async fn parent(&self, ctx: &Context<'_>) -> Option<ApiResult<Organization>> {
        let parent = ctx.loaders().organization(self.0.profile.parent?).await;
        parent
            .map(|parent| parent.map(Organization))
            .map_err(|error| ApiError::store(ctx.language(), error))
            .transpose()
    }

    /// What it does.
    async fn description(&self) -> &str {
        &self.0.profile.description
    }

    /// Number in the central business register.
    async fn cvr(&self) -> Option<&str> {
        self.0.profile.cvr.as_deref()
    }

    /// Public e-mail address.
    async fn email(&self) -> Option<&str> {
        self.0.profile.email.as_deref()
    }

    /// Public phone number.
    async fn phone(&self) -> Option<&str> {
        self.0.profile.phone.as_deref()
    }

    /// Public web address.
    async fn website(&self) -> Option<&str> {
        self.0.profile.website.as_deref()
    }

    /// Where it is at home.
    async fn town(&self, ctx: &Context<'_>) -> Town {
        Town::new(self.0.profile.postal_code, &ctx.app().catalog)
    }
}
