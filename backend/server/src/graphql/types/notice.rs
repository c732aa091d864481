//! News for the viewer.

use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};

use super::{super::error::ApiResult, listing::Listing};
use crate::app::people::NoticeShown;

/// Something new that fits one of the viewer's listings.
pub struct Notice(pub NoticeShown);

/// Something new that fits one of the viewer's listings.
#[Object]
impl Notice {
    /// When it was noticed.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.notice.created_at
    }

    /// The viewer's listing.
    async fn listing(&self) -> Listing {
        Listing::new(self.0.listing.clone())
    }

    /// The listing that was posted or changed and fits it; null if this viewer may no longer see it.
    async fn counterpart(&self, ctx: &Context<'_>) -> Option<ApiResult<Listing>> {
        let counterpart = Listing::new(self.0.counterpart.clone());
        counterpart.if_visible(ctx).await.transpose()
    }

    /// How well it fitted then, 0..1.
    async fn score(&self) -> f64 {
        self.0.notice.score
    }
}
