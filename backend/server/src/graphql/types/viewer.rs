//! Who asks.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use faelled_engine::{
    access::Tie, board::Posted, id::PersonId, organization::Membership as Belongs,
};

use super::{
    super::{
        Here,
        error::{ApiError, ApiResult},
        id,
        paging::{Connection, cost, page_args},
    },
    agreement::Match,
    listing::Listing,
    notice::Notice,
    organization::Organization,
    person::Person,
    scalars::Role,
    visit::VisitArrangement,
};
use crate::app::{matches::Of, paging::Asked, people};

/// The person who is signed in.
pub struct Viewer {
    pub person: PersonId,
}

/// The person who is signed in.
#[Object]
impl Viewer {
    /// Who it is.
    async fn person(&self, ctx: &Context<'_>) -> Option<ApiResult<Person>> {
        let known = ctx.loaders().person(self.person).await;
        known
            .map(|known| known.and_then(|known| known.seen_by(ctx.actor(), Tie::Nothing)))
            .map_err(|error| ApiError::store(ctx.language(), error))
            .transpose()
    }

    /// The organizations that the person belongs to.
    #[graphql(complexity = "10 * child_complexity")]
    async fn memberships(&self, ctx: &Context<'_>) -> ApiResult<Vec<Membership>> {
        let belongs = ctx.actor().memberships();
        let known = ctx
            .loaders()
            .organizations(belongs.iter().map(|m| m.organization))
            .await;
        let mut known = known.map_err(|error| ApiError::store(ctx.language(), error))?;
        let membership = |belongs: &Belongs| {
            let organization = Organization(known.remove(&belongs.organization)?);
            Some(Membership {
                organization,
                role: belongs.role.into(),
            })
        };
        Ok(belongs.iter().filter_map(membership).collect())
    }

    /// Listings of the person and of the organizations that it coordinates, whatever their status,
    /// latest posted first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the front, 1-100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back, 1-100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> ApiResult<Connection<Listing>> {
        let (app, language) = (ctx.app(), ctx.language());
        let counted = ctx.look_ahead().field("totalCount").exists();
        let args = page_args(first, after, last, before);
        let found = people::own_listings(
            app,
            ctx.actor(),
            Asked {
                args: &args,
                max: ctx.max_page(),
                counted,
            },
        )
        .await
        .map_err(|error| ApiError::list(language, error))?;
        let seal = |posted: &Arc<Posted>| {
            let listing = &posted.listing;
            found.origin.moment(app, listing.posted_at, listing.id)
        };
        Ok(Connection::new(found.page, found.total, seal, Listing::new))
    }

    /// Matches in which the person, or an organization that it coordinates, is a side, latest
    /// first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn matches(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those with this listing, on either side.")] listing: Option<ID>,
        #[graphql(desc = "How many from the front, 1-100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back, 1-100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> ApiResult<Connection<Match>> {
        let of = match listing {
            Some(listing) => Of::Listing(id::decode(&listing)),
            None => Of::Actor,
        };
        Match::page(ctx, of, page_args(first, after, last, before)).await
    }

    /// The visit arrangements of an organization that the person coordinates, latest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn visit_arrangements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which organization.")] organization: ID,
        #[graphql(desc = "How many from the front, 1-100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back, 1-100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> ApiResult<Connection<VisitArrangement>> {
        let args = page_args(first, after, last, before);
        VisitArrangement::page(ctx, id::decode(&organization), args).await
    }

    /// What was posted or changed and fits a listing of the person, or of an organization that it
    /// coordinates, latest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn notices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the front, 1-100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back, 1-100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> ApiResult<Connection<Notice>> {
        let (app, language) = (ctx.app(), ctx.language());
        let counted = ctx.look_ahead().field("totalCount").exists();
        let args = page_args(first, after, last, before);
        let found = people::notices(
            app,
            ctx.actor(),
            Asked {
                args: &args,
                max: ctx.max_page(),
                counted,
            },
        )
        .await
        .map_err(|error| ApiError::list(language, error))?;
        let seal = |shown: &people::NoticeShown| {
            found
                .origin
                .moment(app, shown.notice.created_at, shown.notice.id)
        };
        Ok(Connection::new(found.page, found.total, seal, |shown| {
            Notice(shown)
        }))
    }
}

/// A person's role in an organization.
#[derive(SimpleObject)]
pub struct Membership {
    /// The organization.
    organization: Organization,
    /// As what the person belongs to it.
    role: Role,
}
