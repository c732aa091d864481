//! What one can listen to. Every event is authorised anew.

use std::sync::Arc;

use async_graphql::{Context, Subscription};
use faelled_engine::nearby::{Filter, FilterDraft};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{
    Here,
    error::{ApiError, ApiResult},
    inputs::ListingFilter,
    types::{agreement::Match, listing::Listing},
};
use crate::{app::matches, live::News, words::Language};

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
