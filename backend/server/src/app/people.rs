//! What a person has: listings, and notices of what is new for them.

use std::{collections::HashMap, sync::Arc};

use faelled_engine::{
    access::Actor,
    board::Posted,
    id::{ListingId, PersonId},
    listing::Poster,
};
use faelled_store::{NewToken, Notice, Store, StoreError, Stretch, TokenHash};
use sha2::{Digest, Sha256};

use super::{
    App,
    judged::compiled_all,
    paging::{Asked, ListError, Scope, Timeline, timeline},
};
use crate::clock::{Clock, fresh_secret};

/// A page of the listings of the actor, and of the organizations that it coordinates, whatever
/// their status, latest posted first.
pub async fn own_listings(
    app: &App,
    actor: &Actor,
    asked: Asked<'_>,
) -> Result<Timeline<Arc<Posted>>, ListError> {
    let posters: Vec<Poster> = actor.posters().collect();
    timeline(
        app,
        Scope::of("own listings", &actor.person()),
        asked,
        async |window| {
            let own = app.store.listings_of(&posters, &[], &window).await?;
            Ok(Stretch {
                items: compiled_all(app, own.items).await,
                more: own.more,
            })
        },
        async || app.store.count_listings_of(&posters, &[]).await,
    )
    .await
}

/// A page of the actor's notices, latest first, with the listings that they are about.
pub async fn notices(
    app: &App,
    actor: &Actor,
    asked: Asked<'_>,
) -> Result<Timeline<NoticeShown>, ListError> {
    let posters: Vec<Poster> = actor.posters().collect();
    timeline(
        app,
        Scope::of("notices", &actor.person()),
        asked,
        async |window| {
            let notices = app.store.notices(&posters, &window).await?;
            let mut ids: Vec<_> = notices
                .items
                .iter()
                .flat_map(|n| [n.listing, n.counterpart])
                .collect();
            ids.sort_unstable();
            ids.dedup();
            let listings = app.store.listings_by_ids(&ids).await?;
            let listings = compiled_all(app, listings.into_values().collect()).await;
            let listings = listings
                .into_iter()
                .map(|posted| (posted.listing.id, posted))
                .collect();
            let items = notices.items.into_iter();
            Ok(Stretch {
                items: items
                    .filter_map(|notice| shown(notice, &listings))
                    .collect(),
                more: notices.more,
            })
        },
        async || app.store.count_notices(&posters).await,
    )
    .await
}

/// A notice with the two listings that it is about.
pub struct NoticeShown {
    /// The notice.
    pub notice: Notice,
    /// The actor's listing.
    pub listing: Arc<Posted>,
    /// What fits it.
    pub counterpart: Arc<Posted>,
}

fn shown(notice: Notice, listings: &HashMap<ListingId, Arc<Posted>>) -> Option<NoticeShown> {
    let listing = Arc::clone(listings.get(&notice.listing)?);
    let counterpart = Arc::clone(listings.get(&notice.counterpart)?);
    Some(NoticeShown {
        notice,
        listing,
        counterpart,
    })
}

/// The hash under which the record keeps a bearer token.
pub fn token_hash(token: &str) -> TokenHash {
    TokenHash::new(Sha256::digest(token).into())
}

/// Makes a token for a person; it is told once, here, and never again. `label` is what it is for.
pub async fn make_token(
    store: &Store,
    clock: Clock,
    person: PersonId,
    label: &str,
    lifetime: Option<chrono::TimeDelta>,
) -> Result<String, StoreError> {
    let now = clock.now();
    let token = format!("faelled_{}", hex::encode(fresh_secret()));
    let mut writing = store.write(now).await?;
    writing
        .insert_token(&NewToken {
            hash: token_hash(&token),
            person,
            label: label.to_owned(),
            expires_at: lifetime.map(|lifetime| now + lifetime),
        })
        .await?;
    writing.commit().await?;
    Ok(token)
}
