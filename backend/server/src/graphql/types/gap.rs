//! What nobody does.

use async_graphql::{Context, Object};
use faelled_engine::gap;

use super::{
    super::{
        Here,
        error::{ApiError, ApiResult},
        paging::Connection,
    },
    listing::Listing,
    place::Town,
    scalars::Weekday,
    theme::Theme,
};
use crate::app::{
    houses::{self, GapFilter},
    paging::{Asked, PageArgs},
};

/// Needs of one theme in one postcode that no open offer fits (hul).
pub struct Gap(gap::Gap);

impl Gap {
    /// A page of gaps, most needs first.
    pub async fn page(
        ctx: &Context<'_>,
        filter: GapFilter,
        args: PageArgs,
    ) -> ApiResult<Connection<Self>> {
        let (app, language) = (ctx.app(), ctx.language());
        let asked = Asked {
            args: &args,
            max: ctx.max_page(),
            counted: true,
        };
        let found = houses::gaps(app, ctx.actor(), filter, asked)
            .await
            .map_err(|error| ApiError::list(language, error))?;
        let total = u64::try_from(found.total).unwrap_or(u64::MAX);
        let seal = |(at, _): &(usize, gap::Gap)| found.origin.seal(app, at);
        Ok(Connection::new(found.page, total, seal, |(_, gap)| {
            Self(gap)
        }))
    }
}

/// Needs of one theme in one postcode that no open offer fits (hul).
#[Object]
impl Gap {
    /// The theme, of the first or the second level of the tree.
    async fn theme(&self) -> Theme {
        Theme(self.0.theme)
    }

    /// Where.
    async fn town(&self, ctx: &Context<'_>) -> Town {
        Town::new(self.0.postal_code, &ctx.app().catalog)
    }

    /// How many needs there are.
    async fn need_count(&self) -> usize {
        self.0.needs.len()
    }

    /// The needs, at most ten of them.
    #[graphql(complexity = "10 * child_complexity")]
    async fn needs(&self, ctx: &Context<'_>) -> ApiResult<Vec<Listing>> {
        let mut needs = Vec::new();
        for id in self.0.needs.iter().take(10) {
            let need = ctx.loaders().listing(*id).await;
            let need = need.map_err(|error| ApiError::store(ctx.language(), error))?;
            if let Some(need) = need {
                needs.extend(Listing::new(need).if_visible(ctx).await?);
            }
        }
        Ok(needs)
    }

    /// Local weekdays on which something of a need starts within eight weeks.
    async fn weekdays(&self) -> Vec<Weekday> {
        self.0.weekdays.iter().copied().map(Into::into).collect()
    }

    /// Kilometres from the postcode's centre to the nearest open offer on the theme's line, whatever
    /// its reach; null when there is none, or only remote ones.
    async fn nearest_offer_km(&self) -> Option<f64> {
        self.0.nearest_offer_km
    }
}
