//! Relay connections.

use async_graphql::{OutputType, SimpleObject, connection::PageInfo};

use super::types::{
    agreement::Match,
    gap::Gap,
    house::AccessLine,
    listing::Listing,
    notice::Notice,
    organization::Organization,
    overlap::Overlap,
    place::Place,
    visit::{Visit, VisitArrangement},
};
use crate::app::paging::{PageArgs, Paged};

/// An item of a list, with where it stands.
#[derive(SimpleObject)]
#[graphql(
    concrete(name = "MatchEdge", params(Match)),
    concrete(name = "OwnListingEdge", params(Listing)),
    concrete(name = "NoticeEdge", params(Notice)),
    concrete(name = "OrganizationEdge", params(Organization)),
    concrete(name = "PlaceEdge", params(Place)),
    concrete(name = "VisitArrangementEdge", params(VisitArrangement)),
    concrete(name = "VisitEdge", params(Visit)),
    concrete(name = "OverlapEdge", params(Overlap)),
    concrete(name = "AccessLineEdge", params(AccessLine)),
    concrete(name = "GapEdge", params(Gap))
)]
pub struct Edge<T: OutputType> {
    /// Where it stands; give it as `after` or `before` to carry on from here.
    cursor: String,
    /// The item.
    node: T,
}

/// A page of a list.
#[derive(SimpleObject)]
#[graphql(
    concrete(name = "MatchConnection", params(Match)),
    concrete(name = "OwnListingConnection", params(Listing)),
    concrete(name = "NoticeConnection", params(Notice)),
    concrete(name = "OrganizationConnection", params(Organization)),
    concrete(name = "PlaceConnection", params(Place)),
    concrete(name = "VisitArrangementConnection", params(VisitArrangement)),
    concrete(name = "VisitConnection", params(Visit)),
    concrete(name = "OverlapConnection", params(Overlap)),
    concrete(name = "AccessLineConnection", params(AccessLine)),
    concrete(name = "GapConnection", params(Gap))
)]
pub struct Connection<T: OutputType>
where
    Edge<T>: OutputType,
{
    /// The items, each with its cursor.
    edges: Vec<Edge<T>>,
    /// Whether there is more, and where.
    page_info: PageInfo,
    /// How many there are in all.
    total_count: i64,
}

impl<T: OutputType> Connection<T>
where
    Edge<T>: OutputType,
{
    /// A connection of a page; `seal` makes the cursor of an item, `node` what is shown of it.
    pub fn new<R>(
        paged: Paged<R>,
        total: u64,
        seal: impl Fn(&R) -> String,
        node: impl Fn(R) -> T,
    ) -> Self {
        let page_info = page_info(&paged, &seal);
        let edges = paged
            .items
            .into_iter()
            .map(|item| Edge {
                cursor: seal(&item),
                node: node(item),
            })
            .collect();
        Self {
            edges,
            page_info,
            total_count: i64::try_from(total).unwrap_or(i64::MAX),
        }
    }
}

/// What a page tells about its neighbours.
pub fn page_info<R>(paged: &Paged<R>, seal: impl Fn(&R) -> String) -> PageInfo {
    PageInfo {
        has_previous_page: paged.has_previous,
        has_next_page: paged.has_next,
        start_cursor: paged.items.first().map(&seal),
        end_cursor: paged.items.last().map(&seal),
    }
}

/// The four arguments of a connection.
pub fn page_args(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> PageArgs {
    PageArgs {
        first,
        after,
        last,
        before,
    }
}

/// What a page costs: as many items as are asked for, and one more field.
pub fn cost(first: Option<i32>, last: Option<i32>, child: usize) -> usize {
    let items = first.or(last).unwrap_or(20).clamp(1, 100);
    1 + usize::try_from(items).unwrap_or(1) * child.max(1)
}
