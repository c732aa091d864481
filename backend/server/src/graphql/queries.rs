//! What can be asked.

use async_graphql::{Context, ID, Object};
use faelled_engine::{
    id::kind, listing::ListingDraft, nearby::FilterDraft, place::FoundPlace, problem::Problem, text,
};

use super::{
    Here,
    error::{ApiError, ApiResult},
    id,
    inputs::{ListingFilter, OverlapFilter},
    mutations::listings::{PreviewListingInput, PreviewListingPayload},
    paging::{Connection, cost, page_args},
    types::{
        gap::Gap,
        house::AccessLine,
        listing::ListingConnection,
        node::Node,
        organization::Organization,
        overlap::Overlap,
        place::Place,
        scalars::{ListingOrder, OrganizationKind},
        theme::{TargetGroup, Theme},
        viewer::Viewer,
    },
};
use crate::app::{
    houses::GapFilter,
    listings::{self, PostListing},
    organizations::{self, Filter as OrganizationFilter},
    paging::{Asked, Paged, Scope},
};

/// What can be asked.
pub struct Query;

/// What can be asked.
#[Object]
#[expect(
    clippy::too_many_arguments,
    reason = "a connection with two filters has six arguments, and the macro adds its own"
)]
impl Query {
    /// Anything that has an identity; null if there is no such thing, or it is not for this viewer.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Opaque identity.")] id: ID,
    ) -> Option<ApiResult<Node>> {
        Node::find(ctx, id::decode_any(&id)?).await.transpose()
    }

    /// Who asks; null for somebody who has not signed in.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Viewer> {
        ctx.actor().person().map(|person| Viewer { person })
    }

    /// Open listings.
    #[graphql(complexity = "50 + cost(first, last, child_complexity)")]
    async fn listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for; nothing asks for all.")] filter: Option<ListingFilter>,
        #[graphql(desc = "The order.", default_with = "ListingOrder::Newest")]
        order_by: ListingOrder,
        #[graphql(desc = "How many from the front, 1-100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back, 1-100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> ApiResult<ListingConnection> {
        let draft = FilterDraft::from(filter.unwrap_or_default());
        let args = page_args(first, after, last, before);
        let (app, order, max) = (ctx.app().clone(), order_by.into(), ctx.max_page());
        ctx.loaders()
            .judged(move || listings::find(&app, &draft, order, &args, max))
            .await
            .map(ListingConnection::new)
            .map_err(|error| ApiError::list(ctx.language(), error))
    }

    /// What a listing that is only drafted would meet: the same answer as posting it gives, and
    /// nothing is kept.
    #[graphql(complexity = "3000 + child_complexity")]
    async fn preview_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The draft.")] input: PreviewListingInput,
    ) -> ApiResult<PreviewListingPayload> {
        let post = PostListing {
            organization: input.organization.as_ref().map(id::decode),
            draft: ListingDraft::from(input.draft),
        };
        let (app, actor) = (ctx.app().clone(), ctx.actor().clone());
        let outcome = ctx
            .loaders()
            .judged(move || listings::preview(&app, &actor, &post))
            .await;
        PreviewListingPayload::new(ctx.language(), outcome)
    }

    /// The top themes, each with its sub-themes.
    #[graphql(complexity = "20 * child_complexity")]
    async fn themes(&self, ctx: &Context<'_>) -> Vec<Theme> {
        ctx.app().catalog.themes.children(None).map(Theme).collect()
    }

    /// The target groups.
    #[graphql(complexity = "20 * child_complexity")]
    async fn target_groups(&self, ctx: &Context<'_>) -> Vec<TargetGroup> {
        ctx.app().catalog.target_groups().map(TargetGroup).collect()
    }

    /// Postcodes and towns of which every word asked for begins a word of the name, the number or
    /// the municipality: postcodes by number, then towns, greatest first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn places(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Words, such as `viborg` or `88`.")] search: String,
        #[graphql(desc = "How many from the front, 1-100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back, 1-100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> ApiResult<Connection<Place>> {
        let app = ctx.app();
        let search = text::line(&search, 0, 200).map_err(|fault| {
            ApiError::bad_input(ctx.language(), vec![Problem::at("search", fault)])
        })?;
        let scope = Scope::of("places", &search);
        let page = page_args(first, after, last, before)
            .read::<usize>(&app.cursors, scope, ctx.max_page(), app.clock.now())
            .map_err(|error| ApiError::list(ctx.language(), error))?;
        let found: Vec<(usize, FoundPlace<'_>)> = app
            .catalog
            .gazetteer
            .search(&search)
            .into_iter()
            .enumerate()
            .collect();
        let total = found.len() as u64;
        let paged = Paged::cut(&found, &page, |(at, _)| *at);
        let seal = |(at, _): &(usize, FoundPlace<'_>)| app.cursors.seal(scope, page.now, at);
        Ok(Connection::new(paged, total, seal, |(_, place)| {
            Place::from(place)
        }))
    }

    /// Organizations, by name.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn organizations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Every word begins a word of the name.")] search: Option<String>,
        #[graphql(desc = "One of these kinds.")] kinds: Option<Vec<OrganizationKind>>,
        #[graphql(desc = "How many from the front, 1-100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back, 1-100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> ApiResult<Connection<Organization>> {
        let (app, language) = (ctx.app(), ctx.language());
        let kinds = kinds
            .unwrap_or_default()
            .into_iter()
            .map(Into::into)
            .collect();
        let filter = OrganizationFilter {
            search: search.unwrap_or_default(),
            kinds,
            ..OrganizationFilter::default()
        };
        let args = page_args(first, after, last, before);
        let counted = ctx.look_ahead().field("totalCount").exists();
        let found = organizations::page(
            app,
            &filter,
            Asked {
                args: &args,
                max: ctx.max_page(),
                counted,
            },
        )
        .await
        .map_err(|error| ApiError::list(language, error))?;
        let seal = |organization: &faelled_engine::organization::Organization| {
            organizations::cursor(app, found.origin, organization)
        };
        Ok(Connection::new(found.page, found.total, seal, Organization))
    }

    /// What overlaps in the municipalities of the viewer's volunteer house, latest first; nobody else
    /// finds any here. That it was read is kept in the access log.
    #[graphql(complexity = "20 + cost(first, last, child_complexity)")]
    async fn overlaps(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for; nothing asks for all.")] filter: Option<OverlapFilter>,
        #[graphql(desc = "How many from the front, 1-100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back, 1-100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> ApiResult<Connection<Overlap>> {
        let args = page_args(first, after, last, before);
        Overlap::page(ctx, filter.unwrap_or_default(), args).await
    }

    /// What nobody does in the municipalities of the viewer's volunteer house: open needs that no open
    /// offer fits, by postcode and theme, most needs first. Nobody else finds any here.
    #[graphql(complexity = "500 + cost(first, last, child_complexity)")]
    async fn gaps(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only at these postcodes.")] postal_codes: Option<Vec<String>>,
        #[graphql(desc = "Only on these theme codes; a theme finds its sub-themes.")]
        themes: Option<Vec<String>>,
        #[graphql(desc = "How many from the front, 1-100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back, 1-100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> ApiResult<Connection<Gap>> {
        let filter = GapFilter {
            postal_codes: postal_codes.unwrap_or_default(),
            themes: themes.unwrap_or_default(),
        };
        Gap::page(ctx, filter, page_args(first, after, last, before)).await
    }

    /// Who asked about citizens in the municipalities of the viewer's volunteer house, latest first.
    #[graphql(complexity = "20 + cost(first, last, child_complexity)")]
    async fn access_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the front, 1-100; 20 unless told.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the back, 1-100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> ApiResult<Connection<AccessLine>> {
        AccessLine::page(ctx, page_args(first, after, last, before)).await
    }

    /// The organization with this identity; null if there is none.
    async fn organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Opaque identity.")] id: ID,
    ) -> Option<ApiResult<Organization>> {
        let id = id::decode::<kind::Organization>(&id);
        let organization = ctx.loaders().organization(id).await;
        organization
            .map(|organization| organization.map(Organization))
            .map_err(|error| ApiError::store(ctx.language(), error))
            .transpose()
    }
}
