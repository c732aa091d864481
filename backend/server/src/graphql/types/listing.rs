//! Listings, and lists of them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject, connection::PageInfo};
use chrono::{DateTime, Utc};
use faelled_engine::{
    access::{self, PlaceView, Tie},
    board::Posted,
    listing::{self, Poster},
    matching, nearby,
};
use tokio::sync::OnceCell;

use super::{
    super::{
        Here,
        error::{ApiError, ApiResult},
        id, paging,
    },
    matching::{MatchSuggestion, SimilarListing},
    organization::Organization,
    person::Person,
    place::ListingPlace,
    scalars::{Attendance, ListingKind, ListingStatus, Weekday, weekday_after_monday},
    schedule::{Occurrence, Schedule},
    theme::{TargetGroup, Theme},
};
use crate::app::listings::Found;

/// A posting: an offer, a need or a wish (opslag: tilbud, behov, ønske).
#[derive(Clone)]
pub struct Listing {
    posted: Arc<Posted>,
}

impl Listing {
    /// A listing with its occurrences compiled.
    pub const fn new(posted: Arc<Posted>) -> Self {
        Self { posted }
    }

    pub fn listing(&self) -> &listing::Listing {
        &self.posted.listing
    }

    fn content(&self) -> &listing::Content {
        &self.posted.listing.content
    }

    /// How the viewer stands to it. Asks the record only where a confirmed match could matter.
    async fn standings(&self, ctx: &Context<'_>) -> ApiResult<Vec<access::Standing>> {
        let tie = ctx.loaders().tie_to(self.listing().id).await;
        let tie = tie.map_err(|error| ApiError::store(ctx.language(), error))?;
        Ok(access::standings_to_listing(
            ctx.actor(),
            self.listing(),
            tie,
        ))
    }

    /// Open listings that fit this one, best first, without what the viewer has settled.
    pub async fn suggestions(
        &self,
        ctx: &Context<'_>,
        limit: usize,
    ) -> ApiResult<Vec<MatchSuggestion>> {
        let app = ctx.app();
        let settled = ctx.loaders().settled_counterparts(self.listing().id).await;
        let settled = settled.map_err(|error| ApiError::store(ctx.language(), error))?;
        let (board, catalog, now) = (app.live.board(), Arc::clone(&app.catalog), app.clock.now());
        let posted = Arc::clone(&self.posted);
        let judge = move || matching::suggestions(&board, &catalog, &posted, &settled, now, limit);
        let found = ctx.loaders().judged(judge);
        Ok(found.await.into_iter().map(MatchSuggestion).collect())
    }

    /// Open listings that do much the same near by, most similar first.
    pub async fn similar(&self, ctx: &Context<'_>, limit: usize) -> Vec<SimilarListing> {
        let app = ctx.app();
        let (board, catalog, now) = (app.live.board(), Arc::clone(&app.catalog), app.clock.now());
        let posted = Arc::clone(&self.posted);
        let judge = move || matching::similar(&board, &catalog, &posted, now, limit);
        let found = ctx.loaders().judged(judge);
        found.await.into_iter().map(SimilarListing).collect()
    }

    /// The listing, if this viewer may see it.
    pub async fn if_visible(self, ctx: &Context<'_>) -> ApiResult<Option<Self>> {
        let presence = self.posted.presence(ctx.app().clock.now());
        if access::sees_listing(&self.untied(ctx), self.listing(), presence) {
            return Ok(Some(self));
        }
        let standings = self.standings(ctx).await?;
        Ok(access::sees_listing(&standings, self.listing(), presence).then_some(self))
    }

    /// How the viewer stands to it without any match.
    fn untied(&self, ctx: &Context<'_>) -> Vec<access::Standing> {
        access::standings_to_listing(ctx.actor(), self.listing(), Tie::Nothing)
    }
}

/// A posting: an offer, a need or a wish (opslag: tilbud, behov, ønske).
#[Object]
impl Listing {
    /// Opaque identity.
    pub(super) async fn id(&self) -> ID {
        id::encode(self.listing().id)
    }

    /// Grows when its poster changes it; a change names the version that it saw.
    async fn version(&self) -> i32 {
        self.listing().version
    }

    /// Offer, need or wish.
    async fn kind(&self) -> ListingKind {
        self.content().kind.into()
    }

    /// What its poster has decided.
    async fn status(&self) -> ListingStatus {
        self.listing().status.into()
    }

    /// Whether it can be found now: its status is open, it has not expired, and something of it
    /// lies ahead.
    async fn is_open(&self, ctx: &Context<'_>) -> bool {
        self.posted.is_open(ctx.app().clock.now())
    }

    /// When it was posted.
    async fn posted_at(&self) -> DateTime<Utc> {
        self.listing().posted_at
    }

    /// When it was last confirmed as current.
    async fn assured_at(&self) -> DateTime<Utc> {
        self.listing().assured_at
    }

    /// When its poster last changed it.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.listing().updated_at
    }

    /// When it ends by itself.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.listing().expires_at()
    }

    /// Its heading.
    async fn title(&self) -> &str {
        &self.content().title
    }

    /// The concrete task, in a sentence; may be empty.
    async fn task(&self) -> &str {
        &self.content().task
    }

    /// The whole of it; may be empty.
    async fn description(&self) -> &str {
        &self.content().description
    }

    /// What it is about, one to five themes.
    async fn themes(&self) -> Vec<Theme> {
        self.content().themes.iter().copied().map(Theme).collect()
    }

    /// For whom; none means everybody.
    async fn target_groups(&self) -> Vec<TargetGroup> {
        self.content()
            .target_groups
            .iter()
            .copied()
            .map(TargetGroup)
            .collect()
    }

    /// Languages stated, ISO 639-1; none means Danish.
    async fn languages(&self) -> Vec<&str> {
        self.content()
            .languages
            .iter()
            .map(faelled_engine::catalog::Language::code)
            .collect()
    }

    /// The organization that posts it; null when a private person does.
    async fn organization(&self, ctx: &Context<'_>) -> Option<ApiResult<Organization>> {
        let Poster::Organization(id) = self.listing().poster else {
            return None;
        };
        let organization = ctx.loaders().organization(id).await;
        organization
            .map(|organization| organization.map(Organization))
            .map_err(|error| ApiError::store(ctx.language(), error))
            .transpose()
    }

    /// The private person who posts it, as far as this viewer may know: nobody who is not signed
    /// in; the first name if the person allows it; name and contact when both have said yes.
    async fn person(&self, ctx: &Context<'_>) -> Option<ApiResult<Person>> {
        let Poster::Person(id) = self.listing().poster else {
            return None;
        };
        ctx.actor().person()?;
        let fault = |error| ApiError::store(ctx.language(), error);
        let tie = ctx.loaders().tie_to(self.listing().id).await;
        let tie = match tie.map_err(fault) {
            Ok(tie) => tie,
            Err(error) => return Some(Err(error)),
        };
        let person = ctx.loaders().person(id).await.map_err(fault);
        person
            .map(|known| known.and_then(|known| known.seen_by(ctx.actor(), tie)))
            .transpose()
    }

    /// Where, as exactly as this viewer may know.
    async fn place(&self, ctx: &Context<'_>) -> ApiResult<ListingPlace> {
        let view = match access::place_view(&self.untied(ctx), self.listing()) {
            PlaceView::Exact => PlaceView::Exact,
            PlaceView::Postcode => access::place_view(&self.standings(ctx).await?, self.listing()),
        };
        Ok(ListingPlace::new(self.listing(), &ctx.app().catalog, view))
    }

    /// Who comes to whom.
    async fn attendance(&self) -> Attendance {
        self.content().attendance.into()
    }

    /// How far this side will travel, in kilometres; null: no limit of mine.
    async fn reach_km(&self) -> Option<f64> {
        self.content().reach.map(faelled_engine::place::Reach::km)
    }

    /// When.
    async fn schedule(&self) -> Schedule {
        Schedule::from(&self.content().schedule)
    }

    /// The first time that is not over yet, within twelve months; null when by agreement.
    async fn next_occurrence(&self, ctx: &Context<'_>) -> Option<Occurrence> {
        self.posted
            .next_occurrence(ctx.app().clock.now())
            .map(Occurrence::from)
    }

    /// The next times, within twelve months.
    #[graphql(complexity = "usize::try_from(first).unwrap_or(1).clamp(1, 100) * child_complexity")]
    async fn occurrences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, 1-100.", default = 20)] first: i32,
    ) -> ApiResult<Vec<Occurrence>> {
        let limit = bounded(ctx, first)?;
        Ok(self
            .posted
            .occurrences(ctx.app().clock.now())
            .take(limit)
            .map(Into::into)
            .collect())
    }

    /// What one time asks of a volunteer, in minutes.
    async fn effort_minutes(&self) -> Option<i32> {
        self.content()
            .effort
            .and_then(|effort| i32::try_from(effort.num_minutes()).ok())
    }

    /// How many places; null: no limit.
    async fn capacity(&self) -> Option<u32> {
        self.content().capacity
    }

    /// Places that confirmed matches have not taken; null: no limit.
    async fn places_left(&self) -> Option<u32> {
        self.listing().places_left()
    }

    /// What is asked of the other side.
    async fn requirements(&self) -> Requirements {
        let asked = self.content().requirements;
        Requirements {
            minimum_age: asked.minimum_age,
            childrens_certificate: asked.childrens_certificate,
            driving_licence: asked.driving_licence,
            wheelchair_access: asked.wheelchair_access,
        }
    }

    /// What this side declares; null is not a no.
    async fn declarations(&self) -> Declarations {
        let declared = self.content().declarations;
        Declarations {
            minimum_age: declared.minimum_age,
            childrens_certificate: declared.childrens_certificate,
            driving_licence: declared.driving_licence,
            wheelchair_access: declared.wheelchair_access,
        }
    }

    /// How many people support this wish ("me too").
    async fn support_count(&self) -> u32 {
        self.listing().supports
    }

    /// Whether the viewer supports it.
    async fn viewer_supports(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        let supports = ctx.loaders().supports(self.listing().id).await;
        supports.map_err(|error| ApiError::store(ctx.language(), error))
    }

    /// Whether the viewer may change it and answer for it.
    async fn viewer_manages(&self, ctx: &Context<'_>) -> bool {
        access::manages_listing(&self.untied(ctx))
    }

    /// Open listings that fit this one, best first, computed for this viewer: a side of it no
    /// longer sees what it declined or has agreed on.
    #[graphql(complexity = "50 + usize::try_from(first).unwrap_or(1).min(100) * child_complexity")]
    async fn suggested_matches(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, 1-100.", default = 10)] first: i32,
    ) -> ApiResult<Vec<MatchSuggestion>> {
        let limit = bounded(ctx, first)?;
        self.suggestions(ctx, limit).await
    }

    /// Open listings of the same kind that do much the same near by, most similar first.
    #[graphql(complexity = "50 + usize::try_from(first).unwrap_or(1).min(100) * child_complexity")]
    async fn similar_listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, 1-100.", default = 10)] first: i32,
    ) -> ApiResult<Vec<SimilarListing>> {
        let limit = bounded(ctx, first)?;
        Ok(self.similar(ctx, limit).await)
    }

    /// Its identity in the file that it was loaded from.
    async fn external_id(&self) -> Option<&str> {
        self.listing().external_id.as_deref()
    }
}

/// Reads a bound of a list that is not paged.
fn bounded(ctx: &Context<'_>, first: i32) -> ApiResult<usize> {
    let max = ctx.max_page();
    let size = usize::try_from(first)
        .ok()
        .filter(|_| (1..=max).contains(&first));
    size.ok_or_else(|| {
        let error = crate::app::paging::PageError::Size {
            argument: "first",
            max,
        };
        ApiError::list(ctx.language(), error)
    })
}

/// What one side asks of the other.
#[derive(SimpleObject)]
pub struct Requirements {
    /// At least this old, in years.
    minimum_age: Option<u8>,
    /// Has declared a børneattest.
    childrens_certificate: bool,
    /// Holds a driving licence.
    driving_licence: bool,
    /// The place can be reached in a wheelchair.
    wheelchair_access: bool,
}

/// What one side declares about itself or its place; null is not a no.
#[derive(SimpleObject)]
pub struct Declarations {
    /// At least this old, in years.
    minimum_age: Option<u8>,
    /// Has a børneattest. Only the declaration is kept, never the certificate.
    childrens_certificate: Option<bool>,
    /// Holds a driving licence.
    driving_licence: Option<bool>,
    /// The place can be reached in a wheelchair.
    wheelchair_access: Option<bool>,
}

/// A page of the listings that were found.
pub struct ListingConnection {
    found: Found,
    /// Counted once, however often a document asks for them.
    facets: OnceCell<Arc<nearby::Facets>>,
}

impl ListingConnection {
    /// The connection of what was found.
    pub fn new(found: Found) -> Self {
        Self {
            found,
            facets: OnceCell::new(),
        }
    }
}

/// A page of the listings that were found.
#[Object]
impl ListingConnection {
    /// The listings, each with its cursor and distance.
    async fn edges(&self, ctx: &Context<'_>) -> Vec<ListingEdge> {
        let edge = |hit: &nearby::Hit| ListingEdge {
            cursor: self.found.cursor(ctx.app(), hit),
            node: Listing::new(hit.posted.clone()),
            distance_km: hit.metres.map(|metres| metres / 1000.0),
        };
        self.found.page.items.iter().map(edge).collect()
    }

    /// The listings.
    async fn nodes(&self) -> Vec<Listing> {
        self.found
            .page
            .items
            .iter()
            .map(|hit| Listing::new(hit.posted.clone()))
            .collect()
    }

    /// Whether there is more, and where.
    async fn page_info(&self, ctx: &Context<'_>) -> PageInfo {
        paging::page_info(&self.found.page, |hit| self.found.cursor(ctx.app(), hit))
    }

    /// How many were found in all.
    async fn total_count(&self) -> i64 {
        i64::try_from(self.found.total).unwrap_or(i64::MAX)
    }

    /// How many of all that were found have what.
    #[graphql(complexity = "10 + child_complexity")]
    async fn facets(&self, ctx: &Context<'_>) -> ListingFacets {
        let count = || async {
            let judge = self.found.facets(ctx.app());
            Arc::new(ctx.loaders().judged(judge).await)
        };
        ListingFacets(Arc::clone(self.facets.get_or_init(count).await))
    }
}

/// A listing that was found.
#[derive(SimpleObject)]
pub struct ListingEdge {
    /// Where it stands; give it as `after` or `before` to carry on from here.
    cursor: String,
    /// The listing.
    node: Listing,
    /// Kilometres from the point asked about, private places measured from their postcode's
    /// centre; null without one, or for a `REMOTE` listing.
    distance_km: Option<f64>,
}

/// How many of the listings that were found have what; greatest counts first.
pub struct ListingFacets(Arc<nearby::Facets>);

/// How many of the listings that were found have what; greatest counts first.
#[Object]
impl ListingFacets {
    /// By theme; a listing counts once for each of its themes and each theme above them.
    async fn themes(&self) -> Vec<ThemeCount> {
        let count = |(theme, count): (&_, &usize)| ThemeCount {
            theme: Theme(*theme),
            count: whole(*count),
        };
        greatest_first(self.0.themes.iter().map(count).collect(), |entry| {
            entry.count
        })
    }

    /// By kind.
    async fn kinds(&self) -> Vec<KindCount> {
        let count = |(kind, count): (&listing::ListingKind, &usize)| KindCount {
            kind: (*kind).into(),
            count: whole(*count),
        };
        greatest_first(self.0.kinds.iter().map(count).collect(), |entry| {
            entry.count
        })
    }

    /// By organization, at most 100.
    async fn organizations(&self, ctx: &Context<'_>) -> ApiResult<Vec<OrganizationCount>> {
        let mut counts: Vec<_> = self.0.organizations.iter().collect();
        counts.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        counts.truncate(100);
        let ids: Vec<_> = counts.iter().map(|(id, _)| **id).collect();
        let known = ctx.loaders().organizations(ids).await;
        let mut known = known.map_err(|error| ApiError::store(ctx.language(), error))?;
        let entries = counts.into_iter().filter_map(|(id, count)| {
            let organization = Organization(known.remove(id)?);
            Some(OrganizationCount {
                organization,
                count: whole(*count),
            })
        });
        Ok(entries.collect())
    }

    /// By local weekday on which something of it takes place, within the dates asked for or else
    /// the next eight weeks; Monday first.
    async fn weekdays(&self) -> Vec<WeekdayCount> {
        let count = |(day, count): (&u32, &usize)| WeekdayCount {
            weekday: weekday_after_monday(*day),
            count: whole(*count),
        };
        self.0.weekdays.iter().map(count).collect()
    }
}

/// How many listings have a theme.
#[derive(SimpleObject)]
pub struct ThemeCount {
    /// The theme.
    theme: Theme,
    /// Listings.
    count: i32,
}

/// How many listings are of a kind.
#[derive(SimpleObject)]
pub struct KindCount {
    /// The kind.
    kind: ListingKind,
    /// Listings.
    count: i32,
}

/// How many listings an organization has posted.
#[derive(SimpleObject)]
pub struct OrganizationCount {
    /// The organization.
    organization: Organization,
    /// Listings.
    count: i32,
}

/// How many listings take place on a weekday.
#[derive(SimpleObject)]
pub struct WeekdayCount {
    /// The weekday.
    weekday: Weekday,
    /// Listings.
    count: i32,
}

fn whole(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn greatest_first<T>(mut entries: Vec<T>, count: impl Fn(&T) -> i32) -> Vec<T> {
    entries.sort_by_key(|entry| std::cmp::Reverse(count(entry)));
    entries
}
