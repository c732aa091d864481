//! News for the viewer.

use async_graphql::{Context, SimpleObject};
use chrono::{DateTime, Utc};

use super::{super::Here, listing::Listing};
use crate::app::people::NoticeShown;

/// Something new that fits one of the viewer's listings.
#[derive(SimpleObject)]
pub struct Notice {
    /// When it was noticed.
    created_at: DateTime<Utc>,
    /// The viewer's listing.
    listing: Listing,
    /// The listing that was posted or changed and fits it; null if it is no longer open.
    counterpart: Option<Listing>,
    /// How well it fitted then, 0..1.
    score: f64,
}

impl Notice {
    /// A notice as its reader sees it.
    pub fn new(ctx: &Context<'_>, shown: NoticeShown) -> Self {
        let open = shown.counterpart.is_open(ctx.app().clock.now());
        Self {
            created_at: shown.notice.created_at,
            listing: Listing::new(shown.listing),
            counterpart: open.then(|| Listing::new(shown.counterpart)),
            score: shown.notice.score,
        }
    }
}
