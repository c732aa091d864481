//! Proposing and answering matches.

use async_graphql::{Context, ID, InputObject, Object};
use faelled_engine::agreement::Step;

use super::{
    super::{Here, error::ApiResult, id, types::agreement::Match},
    payload,
};
use crate::app::{
    Outcome,
    matches::{self, ProposeMatch},
};

/// Mutations of matches.
#[derive(Default)]
pub struct MatchMutations;

/// A match to be proposed.
#[derive(Debug, InputObject)]
pub struct ProposeMatchInput {
    /// The listing that is answered.
    listing: ID,
    /// One's own listing that fits it; null: without one.
    counterpart: Option<ID>,
    /// On which organization's behalf, by one of its coordinators; null: the counterpart's poster's,
    /// or without one the viewer's own. With a counterpart, only its poster will do.
    on_behalf_of: Option<ID>,
    /// A word to the other side, at most 1,000 characters.
    message: Option<String>,
    /// 1-128 visible ASCII characters. The same key and input within 24 hours gives the first
    /// match as it is now, and proposes nothing more.
    idempotency_key: Option<String>,
}

/// A match in which a step is taken.
#[derive(Debug, InputObject)]
pub struct MatchStepInput {
    /// Which match.
    id: ID,
}

payload! {
    /// The match that was proposed.
    ProposeMatchPayload {
        /// The match.
        #[graphql(name = "match")]
        agreed: Match
    }
}
payload! {
    /// The match that was accepted.
    AcceptMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        agreed: Match
    }
}
payload! {
    /// The match that was declined.
    DeclineMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        agreed: Match
    }
}
payload! {
    /// The match that was withdrawn.
    WithdrawMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        agreed: Match
    }
}
payload! {
    /// The match that was completed.
    CompleteMatchPayload {
        /// The match as it is now.
        #[graphql(name = "match")]
        agreed: Match
    }
}

async fn stepped(
    ctx: &Context<'_>,
    input: &MatchStepInput,
    step: Step,
) -> Outcome<faelled_engine::agreement::Match> {
    matches::take_step(ctx.app(), ctx.actor(), id::decode(&input.id), step).await
}

/// Mutations of matches.
#[Object]
impl MatchMutations {
    /// Proposes a match to the owner of an open listing.
    async fn propose_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] input: ProposeMatchInput,
    ) -> ApiResult<ProposeMatchPayload> {
        let propose = ProposeMatch {
            listing: id::decode(&input.listing),
            counterpart: input.counterpart.as_ref().map(id::decode),
            on_behalf_of: input.on_behalf_of.as_ref().map(id::decode),
            message: input.message.unwrap_or_default(),
        };
        let key = input.idempotency_key.as_deref();
        let outcome = matches::propose(ctx.app(), ctx.actor(), propose, key).await;
        ProposeMatchPayload::new(ctx.language(), outcome, Match)
    }

    /// Says yes to a proposal; only the owner's side can. Takes a place of the capacity, or answers
    /// `CAPACITY_FULL`. From then on both sides see each other's contact and exact place.
    async fn accept_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] input: MatchStepInput,
    ) -> ApiResult<AcceptMatchPayload> {
        AcceptMatchPayload::new(
            ctx.language(),
            stepped(ctx, &input, Step::Accept).await,
            Match,
        )
    }

    /// Says no to a proposal; only the owner's side can.
    async fn decline_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] input: MatchStepInput,
    ) -> ApiResult<DeclineMatchPayload> {
        DeclineMatchPayload::new(
            ctx.language(),
            stepped(ctx, &input, Step::Decline).await,
            Match,
        )
    }

    /// Takes back one's proposal, or, from either side, what was agreed; the place is free again,
    /// unless the match was completed.
    async fn withdraw_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] input: MatchStepInput,
    ) -> ApiResult<WithdrawMatchPayload> {
        let outcome = stepped(ctx, &input, Step::Withdraw).await;
        WithdrawMatchPayload::new(ctx.language(), outcome, Match)
    }

    /// Says that what was agreed has happened.
    async fn complete_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] input: MatchStepInput,
    ) -> ApiResult<CompleteMatchPayload> {
        let outcome = stepped(ctx, &input, Step::Complete).await;
        CompleteMatchPayload::new(ctx.language(), outcome, Match)
    }
}
