//! Everything that has an identity.

use async_graphql::{ID, Interface};

use super::{agreement::Match, listing::Listing, organization::Organization, theme::Theme};

/// Something with an opaque identity, by which `node` finds it again.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Opaque identity."))]
pub enum Node {
    Listing(Listing),
    Organization(Organization),
    Match(Match),
    Theme(Theme),
}
