//! What a volunteer house decides.

use async_graphql::{Context, ID, InputObject, Object};
use faelled_engine::flag::HouseDecision;

use super::{
    super::{
        Here,
        error::ApiResult,
        id,
        types::{organization::Organization, overlap::Overlap},
    },
    payload,
};
use crate::app::houses;

/// Mutations of volunteer houses.
#[derive(Default)]
pub struct HouseMutations;

/// An organization to be verified.
#[derive(InputObject)]
pub struct VerifyOrganizationInput {
    /// Which organization.
    id: ID,
    /// The version that was seen.
    version: i32,
}

/// An organization to be suspended.
#[derive(InputObject)]
pub struct SuspendOrganizationInput {
    /// Which organization.
    id: ID,
    /// The version that was seen.
    version: i32,
    /// Why, 3-1,000 characters; its own coordinators read it.
    reason: String,
}

/// An overlap that is no problem.
#[derive(InputObject)]
pub struct DismissOverlapInput {
    /// Which overlap.
    id: ID,
    /// Why, 3-1,000 characters, that tell nothing of the citizen.
    comment: String,
}

/// An overlap whose sides have been brought together.
#[derive(InputObject)]
pub struct MarkOverlapCoordinatedInput {
    /// Which overlap.
    id: ID,
    /// What was agreed, 3-1,000 characters, that tell nothing of the citizen.
    note: String,
}

payload! {
    /// The organization that was verified.
    VerifyOrganizationPayload {
        /// The organization as it is now.
        organization: Organization
    }
}
payload! {
    /// The organization that was suspended.
    SuspendOrganizationPayload {
        /// The organization as it is now.
        organization: Organization
    }
}
payload! {
    /// The overlap that was dismissed.
    DismissOverlapPayload {
        /// The overlap as it is now.
        overlap: Overlap
    }
}
payload! {
    /// The overlap that was coordinated.
    MarkOverlapCoordinatedPayload {
        /// The overlap as it is now.
        overlap: Overlap
    }
}

/// Mutations of volunteer houses.
#[Object]
impl HouseMutations {
    /// Verifies an organization in the viewer's municipalities; only a coordinator of a volunteer
    /// house can. Lifts a suspension.
    async fn verify_organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organization.")] input: VerifyOrganizationInput,
    ) -> ApiResult<VerifyOrganizationPayload> {
        let id = id::decode(&input.id);
        let outcome = houses::verify(ctx.app(), ctx.actor(), id, input.version).await;
        VerifyOrganizationPayload::new(ctx.language(), outcome, Organization)
    }

    /// Suspends an organization in the viewer's municipalities: it is no longer verified, and its
    /// open listings are paused.
    async fn suspend_organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The organization.")] input: SuspendOrganizationInput,
    ) -> ApiResult<SuspendOrganizationPayload> {
        let id = id::decode(&input.id);
        let (app, actor) = (ctx.app(), ctx.actor());
        let outcome = houses::suspend(app, actor, id, input.version, &input.reason).await;
        SuspendOrganizationPayload::new(ctx.language(), outcome, Organization)
    }

    /// Judges an overlap to be no problem. It comes back when the facts change.
    async fn dismiss_overlap(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The overlap.")] input: DismissOverlapInput,
    ) -> ApiResult<DismissOverlapPayload> {
        let (id, dismiss) = (id::decode(&input.id), HouseDecision::Dismiss);
        let outcome = houses::decide(ctx.app(), ctx.actor(), id, dismiss, &input.comment).await;
        DismissOverlapPayload::new(ctx.language(), outcome, Overlap)
    }

    /// Says that the sides of an overlap have been brought together. It comes back when the facts
    /// change.
    async fn mark_overlap_coordinated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The overlap.")] input: MarkOverlapCoordinatedInput,
    ) -> ApiResult<MarkOverlapCoordinatedPayload> {
        let (id, coordinate) = (id::decode(&input.id), HouseDecision::Coordinate);
        let outcome = houses::decide(ctx.app(), ctx.actor(), id, coordinate, &input.note).await;
        MarkOverlapCoordinatedPayload::new(ctx.language(), outcome, Overlap)
    }
}
