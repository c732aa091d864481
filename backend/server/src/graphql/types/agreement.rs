//! Agreed pairings.

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use faelled_engine::{access::Tie, agreement, id::ListingId, listing::Poster};

use super::{
    super::{
        Here,
        error::{ApiError, ApiResult},
        id,
        paging::Connection,
    },
    listing::Listing,
    organization::Organization,
    person::Person,
    scalars::{MatchSide, MatchStatus},
};
use crate::app::{
    matches::{self, Of},
    paging::{Asked, PageArgs},
};

/// An agreed pairing of a listing with another listing, or with a person or an organization that
/// has none. Only its two sides know of it.
#[derive(Clone)]
pub struct Match(pub agreement::Match);

impl Match {
    /// A page of matches, latest first.
    pub async fn page(ctx: &Context<'_>, of: Of, args: PageArgs) -> ApiResult<Connection<Self>> {
        let (app, language) = (ctx.app(), ctx.language());
        let counted = ctx.look_ahead().field("totalCount").exists();
        let found = matches::page(
            app,
            ctx.actor(),
            of,
            Asked {
                args: &args,
                max: ctx.max_page(),
                counted,
            },
        )
        .await
        .map_err(|error| ApiError::list(language, error))?;
        let seal =
            |agreed: &agreement::Match| found.origin.moment(app, agreed.proposed_at, agreed.id);
        Ok(Connection::new(found.page, found.total, seal, Match))
    }

    async fn listing_of(ctx: &Context<'_>, id: ListingId) -> ApiResult<Option<Listing>> {
        let listing = ctx.loaders().listing(id).await;
        match listing.map_err(|error| ApiError::store(ctx.language(), error))? {
            Some(posted) => Listing::new(posted).if_visible(ctx).await,
            None => Ok(None),
        }
    }

    async fn party(&self, ctx: &Context<'_>, poster: Poster) -> ApiResult<MatchParty> {
        let fault = |error| ApiError::store(ctx.language(), error);
        match poster {
            Poster::Organization(id) => {
                let organization = ctx.loaders().organization(id).await.map_err(fault)?;
                Ok(MatchParty {
                    organization: organization.map(Organization),
                    person: None,
                })
            }
            Poster::Person(id) => {
                let tie = Tie::of(self.0.status);
                let person = ctx.loaders().person(id).await.map_err(fault)?;
                let person = person.and_then(|known| known.seen_by(ctx.actor(), tie));
                Ok(MatchParty {
                    organization: None,
                    person,
                })
            }
        }
    }
}

/// An agreed pairing of a listing with another listing, or with a person or an organization that
/// has none. Only its two sides know of it.
#[Object]
impl Match {
    /// Opaque identity.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.0.id)
    }

    /// Grows with every change.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// Where it stands.
    async fn status(&self) -> MatchStatus {
        self.0.status.into()
    }

    /// The listing that it was proposed to; null if this viewer may no longer see it.
    async fn listing(&self, ctx: &Context<'_>) -> Option<ApiResult<Listing>> {
        Self::listing_of(ctx, self.0.listing).await.transpose()
    }

    /// The proposer's own listing; null if there is none, or this viewer may no longer see it.
    async fn counterpart(&self, ctx: &Context<'_>) -> Option<ApiResult<Listing>> {
        Self::listing_of(ctx, self.0.counterpart?).await.transpose()
    }

    /// Who proposed.
    async fn proposer(&self, ctx: &Context<'_>) -> ApiResult<MatchParty> {
        self.party(ctx, self.0.proposer).await
    }

    /// Whose listing it was proposed to.
    async fn owner(&self, ctx: &Context<'_>) -> ApiResult<MatchParty> {
        self.party(ctx, self.0.owner).await
    }

    /// The viewer's side.
    async fn viewer_side(&self, ctx: &Context<'_>) -> Option<MatchSide> {
        ctx.actor().side_of(&self.0).map(Into::into)
    }

    /// What the proposer wrote.
    async fn message(&self) -> &str {
        &self.0.message
    }

    /// When it was proposed.
    async fn proposed_at(&self) -> DateTime<Utc> {
        self.0.proposed_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// When the time for an answer is over.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at()
    }
}

/// A side of a match.
#[derive(SimpleObject)]
pub struct MatchParty {
    /// The organization, if it is one.
    organization: Option<Organization>,
    /// The private person, if it is one, as far as this viewer may know it: name and contact only
    /// when both have said yes.
    person: Option<Person>,
}
