//! Posting and changing listings.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use faelled_engine::{board::Posted, listing::ListingDraft};

use super::{
    super::{
        Here,
        error::{Answered, ApiResult, UserError, answered},
        id,
        inputs::{ListingChangesInput, ListingDraftInput},
        types::{
            listing::Listing,
            matching::{MatchSuggestion, SimilarListing},
        },
    },
    payload,
};
use crate::{
    app::{
        Outcome,
        listings::{self, Decision, PostListing, SHOWN_AT_ONCE, Seen, Support},
    },
    words::Language,
};

/// Mutations of listings.
#[derive(Default)]
pub struct ListingMutations;

/// A draft to be judged without keeping it.
#[derive(Debug, InputObject)]
pub struct PreviewListingInput {
    /// On whose behalf; null: the viewer's own.
    pub organization: Option<ID>,
    /// What it says.
    pub draft: ListingDraftInput,
}

/// A listing to be posted.
#[derive(Debug, InputObject)]
pub struct PostListingInput {
    /// On whose behalf, by one of its coordinators; null: the viewer's own.
    organization: Option<ID>,
    /// What it says.
    draft: ListingDraftInput,
    /// 1-128 visible ASCII characters. The same key and input within 24 hours gives the first
    /// listing as it is now, and posts nothing more.
    idempotency_key: Option<String>,
}

/// A listing to be changed.
#[derive(Debug, InputObject)]
pub struct UpdateListingInput {
    /// Which listing.
    id: ID,
    /// The version that was seen; another one is refused with `STALE_VERSION`.
    version: i32,
    /// What changes.
    changes: ListingChangesInput,
}

/// A listing to be copied.
#[derive(Debug, InputObject)]
pub struct CopyListingInput {
    /// Which listing.
    id: ID,
    /// What the copy says otherwise.
    changes: Option<ListingChangesInput>,
    /// As for `postListing`.
    idempotency_key: Option<String>,
}

/// A listing that something is decided about.
#[derive(Debug, InputObject)]
pub struct ListingDecisionInput {
    /// Which listing.
    id: ID,
    /// The version that was seen; another one is refused with `STALE_VERSION`.
    version: i32,
}

/// A wish that is supported, or no longer.
#[derive(Debug, InputObject)]
pub struct SupportInput {
    /// Which wish.
    id: ID,
}

/// What a draft would meet.
#[derive(SimpleObject)]
pub struct PreviewListingPayload {
    /// Its best counterparts.
    suggested_matches: Vec<MatchSuggestion>,
    /// Listings that do much the same near by.
    similar_listings: Vec<SimilarListing>,
    /// What is wrong with the draft; empty when it could be posted.
    user_errors: Vec<UserError>,
}

impl PreviewListingPayload {
    pub fn new(language: Language, outcome: Outcome<Seen>) -> ApiResult<Self> {
        let (seen, user_errors) = match answered(language, outcome)? {
            Answered::Done(seen) => (seen, Vec::new()),
            Answered::Refused(errors) => (
                Seen {
                    suggestions: Vec::new(),
                    similar: Vec::new(),
                },
                errors,
            ),
        };
        Ok(Self {
            suggested_matches: seen.suggestions.into_iter().map(MatchSuggestion).collect(),
            similar_listings: seen.similar.into_iter().map(SimilarListing).collect(),
            user_errors,
        })
    }
}

/// What a payload's listing meets, in the same form as `previewListing` answers for a draft.
macro_rules! meets {
    ($payload:ident) => {
        #[ComplexObject]
        impl $payload {
            /// Its best counterparts, at most ten.
            #[graphql(complexity = "20 + 10 * child_complexity")]
            async fn suggested_matches(
                &self,
                ctx: &Context<'_>,
            ) -> ApiResult<Vec<MatchSuggestion>> {
                match &self.listing {
                    Some(listing) => listing.suggestions(ctx, SHOWN_AT_ONCE).await,
                    None => Ok(Vec::new()),
                }
            }

            /// Listings that do much the same near by, at most ten.
            #[graphql(complexity = "20 + 10 * child_complexity")]
            async fn similar_listings(&self, ctx: &Context<'_>) -> Vec<SimilarListing> {
                match &self.listing {
                    Some(listing) => listing.similar(ctx, SHOWN_AT_ONCE).await,
                    None => Vec::new(),
                }
            }
        }
    };
}

payload! {
    /// The listing that was posted, with what it meets.
    #[graphql(complex)]
    PostListingPayload {
        /// The listing.
        listing: Listing
    }
}
meets!(PostListingPayload);
payload! {
    /// The listing that was changed, with what it meets now.
    #[graphql(complex)]
    UpdateListingPayload {
        /// The listing as it is now.
        listing: Listing
    }
}
meets!(UpdateListingPayload);
payload! {
    /// The copy, with what it meets.
    #[graphql(complex)]
    CopyListingPayload {
        /// The new listing.
        listing: Listing
    }
}
meets!(CopyListingPayload);
payload! {
    /// The listing that was paused.
    PauseListingPayload {
        /// The listing as it is now.
        listing: Listing
    }
}
payload! {
    /// The listing that was resumed.
    ResumeListingPayload {
        /// The listing as it is now.
        listing: Listing
    }
}
payload! {
    /// The listing that was closed.
    CloseListingPayload {
        /// The listing as it is now.
        listing: Listing
    }
}
payload! {
    /// The listing that was withdrawn.
    WithdrawListingPayload {
        /// The listing as it is now.
        listing: Listing
    }
}
payload! {
    /// The listing that was confirmed as current.
    ConfirmListingPayload {
        /// The listing as it is now.
        listing: Listing
    }
}
payload! {
    /// The wish that was supported.
    AddSupportPayload {
        /// The wish as it is now.
        listing: Listing
    }
}
payload! {
    /// The wish that is no longer supported.
    RemoveSupportPayload {
        /// The wish as it is now.
        listing: Listing
    }
}

async fn decided(
    ctx: &Context<'_>,
    input: &ListingDecisionInput,
    decision: Decision,
) -> Outcome<Arc<Posted>> {
    let id = id::decode(&input.id);
    listings::decide(ctx.app(), ctx.actor(), id, input.version, decision).await
}

/// Mutations of listings.
#[Object]
impl ListingMutations {
    /// Posts a listing. The answer already holds its best counterparts and similar listings.
    #[graphql(complexity = "500 + child_complexity")]
    async fn post_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing.")] input: PostListingInput,
    ) -> ApiResult<PostListingPayload> {
        let post = PostListing {
            organization: input.organization.as_ref().map(id::decode),
            draft: ListingDraft::from(input.draft),
        };
        let key = input.idempotency_key.as_deref();
        let outcome = listings::post(ctx.app(), ctx.actor(), post, key).await;
        PostListingPayload::new(ctx.language(), outcome, Listing::new)
    }

    /// Changes what a listing says. Counts as confirming it.
    #[graphql(complexity = "500 + child_complexity")]
    async fn update_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: UpdateListingInput,
    ) -> ApiResult<UpdateListingPayload> {
        let (id, changes) = (id::decode(&input.id), input.changes);
        let change = |draft: &mut ListingDraft| changes.apply(draft);
        let outcome = listings::update(ctx.app(), ctx.actor(), id, input.version, change).await;
        UpdateListingPayload::new(ctx.language(), outcome, Listing::new)
    }

    /// Posts a copy of one's own listing, with changes. It declares no børneattest unless the changes
    /// do; what else is declared is copied.
    #[graphql(complexity = "500 + child_complexity")]
    async fn copy_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing, and the changes.")] input: CopyListingInput,
    ) -> ApiResult<CopyListingPayload> {
        let changes = input.changes;
        let change = |draft: &mut ListingDraft| {
            if let Some(changes) = changes.clone() {
                changes.apply(draft);
            }
        };
        let (id, key) = (id::decode(&input.id), input.idempotency_key.as_deref());
        let outcome = listings::copy(ctx.app(), ctx.actor(), id, change, &changes, key).await;
        CopyListingPayload::new(ctx.language(), outcome, Listing::new)
    }

    /// Hides an open listing for a while.
    async fn pause_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing.")] input: ListingDecisionInput,
    ) -> ApiResult<PauseListingPayload> {
        let outcome = decided(ctx, &input, Decision::Pause).await;
        PauseListingPayload::new(ctx.language(), outcome, Listing::new)
    }

    /// Shows a paused listing again.
    async fn resume_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing.")] input: ListingDecisionInput,
    ) -> ApiResult<ResumeListingPayload> {
        let outcome = decided(ctx, &input, Decision::Resume).await;
        ResumeListingPayload::new(ctx.language(), outcome, Listing::new)
    }

    /// Closes a listing that is done with. What was agreed stays.
    async fn close_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing.")] input: ListingDecisionInput,
    ) -> ApiResult<CloseListingPayload> {
        let outcome = decided(ctx, &input, Decision::Close).await;
        CloseListingPayload::new(ctx.language(), outcome, Listing::new)
    }

    /// Takes back a listing that was not meant.
    async fn withdraw_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing.")] input: ListingDecisionInput,
    ) -> ApiResult<WithdrawListingPayload> {
        let outcome = decided(ctx, &input, Decision::Withdraw).await;
        WithdrawListingPayload::new(ctx.language(), outcome, Listing::new)
    }

    /// Confirms that a listing is still current: `assuredAt` becomes now.
    async fn confirm_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing.")] input: ListingDecisionInput,
    ) -> ApiResult<ConfirmListingPayload> {
        let outcome = decided(ctx, &input, Decision::Confirm).await;
        ConfirmListingPayload::new(ctx.language(), outcome, Listing::new)
    }

    /// Supports a wish ("me too"). Doing it twice changes nothing.
    async fn add_support(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The wish.")] input: SupportInput,
    ) -> ApiResult<AddSupportPayload> {
        let id = id::decode(&input.id);
        let outcome = listings::support(ctx.app(), ctx.actor(), id, Support::Give).await;
        AddSupportPayload::new(ctx.language(), outcome, Listing::new)
    }

    /// Takes back one's support of a wish.
    async fn remove_support(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The wish.")] input: SupportInput,
    ) -> ApiResult<RemoveSupportPayload> {
        let id = id::decode(&input.id);
        let outcome = listings::support(ctx.app(), ctx.actor(), id, Support::TakeBack).await;
        RemoveSupportPayload::new(ctx.language(), outcome, Listing::new)
    }
}
