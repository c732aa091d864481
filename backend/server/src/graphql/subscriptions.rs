//! What one can listen to. Every event is authorised anew.

use std::sync::Arc;

use async_graphql::{Context, Subscription};
use faelled_engine::{
    nearby::{Filter, FilterDraft},
    place::PostalCode,
    problem::{Fault, Problems},
};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{
    Here,
    error::{ApiError, ApiResult},
    inputs::ListingFilter,
    types::{
        agreement::Match,
        listing::Listing,
        overlap::{ASKED_AT_MOST, Overlap},
    },
};
use crate::{
    app::{houses, matches},
    live::{News, Raised},
    words::Language,
};

/// What one can listen to.
pub struct Subscription;

/// What one can listen to.
#[Subscription]
#[expect(clippy::unused_async, reason = "the macro asks for async functions")]
impl Subscription {
    /// Listings as they are posted, on whichever server, as long as they are open and the filter
    /// finds them.
    async fn listing_posted(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is asked for; nothing asks for all.")] filter: Option<ListingFilter>,
    ) -> Result<impl Stream<Item = ApiResult<Listing>> + use<>, ApiError> {
        let (app, language) = (ctx.app().clone(), ctx.language());
        let draft = FilterDraft::from(filter.unwrap_or_default());
        let filter = Filter::parse(&draft, &app.catalog)
            .map_err(|problems| ApiError::bad_input(language, problems))?;
        let filter = Arc::new((app.clone(), filter));
        Ok(news(app.live.news(), language).filter_map(move |news| {
            let filter = Arc::clone(&filter);
            async move {
                let (app, filter) = filter.as_ref();
                let id = match news {
                    Ok(News::ListingPosted(id)) => id,
                    Ok(_) => return None,
                    Err(error) => return Some(Err(error)),
                };
                let (board, now) = (app.live.board(), app.clock.now());
                let posted = board.get(id)?;
                let found =
                    posted.is_open(now) && filter.at(now).finds(&board, &app.catalog, posted);
                found.then(|| Ok(Listing::new(Arc::clone(posted))))
            }
        }))
    }

    /// Matches in which the viewer is a side, whenever one is proposed or changes.
    async fn match_updated(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = ApiResult<Match>> + use<>, ApiError> {
        let (app, language) = (ctx.app().clone(), ctx.language());
        let Some(person) = ctx.actor().person() else {
            return Err(ApiError::unauthenticated(language));
        };
        let actor = ctx.actor().clone();
        Ok(news(app.live.news(), language).filter_map(move |news| {
            let app = app.clone();
            // The roles with which one began to listen tell who need not be asked for; whoever has
            // got new ones listens anew, since other roles end the connection.
            let concerned = match news {
                Ok(News::MatchUpdated { id, sides }) => sides
                    .iter()
                    .any(|side| actor.speaks_for(*side))
                    .then_some(Ok(id)),
                Ok(_) => None,
                Err(error) => Some(Err(error)),
            };
            async move {
                let id = match concerned? {
                    Ok(id) => id,
                    Err(error) => return Some(Err(error)),
                };
                let agreed = matches::visible_now(&app, person, id).await;
                agreed
                    .map_err(|error| ApiError::store(language, error))
                    .map(|agreed| agreed.map(Match))
                    .transpose()
            }
        }))
    }

    /// Overlaps that the viewer may know of, as they are raised: its own organizations', or those of
    /// its volunteer house.
    async fn overlap_flagged(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only with a side at one of these postcodes that the viewer may see.")]
        postal_codes: Option<Vec<String>>,
    ) -> Result<impl Stream<Item = ApiResult<Overlap>> + use<>, ApiError> {
        flags(ctx, postal_codes, Raised::Now)
    }

    /// Overlaps that the viewer may know of, as they change. Of a same-citizen overlap only the house
    /// hears: that the other side has changed is nothing that a side may know.
    async fn overlap_updated(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = ApiResult<Overlap>> + use<>, ApiError> {
        flags(ctx, None, Raised::Before)
    }
}

/// News of flags, authorised anew for each.
fn flags(
    ctx: &Context<'_>,
    postal_codes: Option<Vec<String>>,
    wanted: Raised,
) -> Result<impl Stream<Item = ApiResult<Overlap>> + use<>, ApiError> {
    let (app, language) = (ctx.app().clone(), ctx.language());
    let Some(person) = ctx.actor().person() else {
        return Err(ApiError::unauthenticated(language));
    };
    let area = postal_codes.map(|codes| area(ctx, &codes)).transpose()?;
    Ok(news(app.live.news(), language).filter_map(move |news| {
        let (app, area) = (app.clone(), area.clone());
        async move {
            let id = match news {
                Ok(News::FlagChanged(id, raised)) if raised == wanted => id,
                Ok(_) => return None,
                Err(error) => return Some(Err(error)),
            };
            let seen = houses::flag_now(&app, person, id).await;
            seen.map_err(|error| ApiError::store(language, error))
                .map(|seen| {
                    seen.map(Overlap)
                        .filter(|overlap| wanted == Raised::Now || overlap.is_told())
                        .filter(|overlap| area.as_ref().is_none_or(|area| overlap.lies_in(area)))
                })
                .transpose()
        }
    }))
}

/// The postcodes of an area.
fn area(ctx: &Context<'_>, codes: &[String]) -> Result<Vec<PostalCode>, ApiError> {
    let mut problems = Problems::default();
    let (max, got) = (ASKED_AT_MOST, codes.len());
    if got > max {
        problems.note("postalCodes", Fault::TooMany { max, got });
    }
    let gazetteer = &ctx.app().catalog.gazetteer;
    let found = codes
        .iter()
        .take(max)
        .enumerate()
        .filter_map(|(at, code)| {
            problems.take(&format!("postalCodes.{at}"), gazetteer.resolve(code))
        })
        .map(|postcode| postcode.code)
        .collect();
    problems
        .finish(Some(found))
        .map_err(|problems| ApiError::bad_input(ctx.language(), problems))
}

/// News as a stream. One who does not keep up is told so, once, and the stream ends.
fn news(
    receiver: Receiver<News>,
    language: Language,
) -> impl Stream<Item = ApiResult<News>> + use<> {
    stream::unfold(Some(receiver), move |receiver| async move {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Ok(News::Missed) | Err(RecvError::Lagged(_)) => {
                Some((Err(ApiError::fell_behind(language)), None))
            }
            Ok(news) => Some((Ok(news), Some(receiver))),
            Err(RecvError::Closed) => None,
        }
    })
}
