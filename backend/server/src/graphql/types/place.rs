//! Places: postcodes, towns, and where a listing takes place.

use async_graphql::{Enum, SimpleObject};
use faelled_engine::{
    access::PlaceView,
    catalog::Catalog,
    listing::Listing,
    place::{FoundPlace, PostalCode, Postcode},
};

use super::scalars::Precision;

/// What kind of place it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum PlaceKind {
    /// A postcode.
    Postcode,
    /// A town or village.
    Town,
}

/// A postcode or a town. Facts from `GeoNames` (geonames.org), CC BY 4.0.
#[derive(SimpleObject)]
pub struct Place {
    /// What kind of place it is.
    kind: PlaceKind,
    /// Its name, in Danish.
    name: String,
    /// Four digits; null for a town.
    postal_code: Option<String>,
    /// The municipality's name; null for a town.
    municipality: Option<String>,
    /// Decimal degrees north, WGS 84.
    latitude: f64,
    /// Decimal degrees east, WGS 84.
    longitude: f64,
    /// How many live there; null for a postcode.
    population: Option<u32>,
}

impl From<FoundPlace<'_>> for Place {
    fn from(found: FoundPlace<'_>) -> Self {
        match found {
            FoundPlace::Postcode(postcode) => Self {
                kind: PlaceKind::Postcode,
                name: postcode.name.clone(),
                postal_code: Some(postcode.code.to_string()),
                municipality: Some(postcode.municipality.clone()),
                latitude: postcode.centre.latitude(),
                longitude: postcode.centre.longitude(),
                population: None,
            },
            FoundPlace::Town(town) => Self {
                kind: PlaceKind::Town,
                name: town.name.clone(),
                postal_code: None,
                municipality: None,
                latitude: town.point.latitude(),
                longitude: town.point.longitude(),
                population: Some(town.population),
            },
        }
    }
}

/// Where a listing takes place, as exactly as this viewer may know.
#[derive(SimpleObject)]
pub struct ListingPlace {
    /// How exactly latitude and longitude are given. Distances are measured from a private place's
    /// postcode for everyone, also for those who may see the exact place.
    precision: Precision,
    /// What people call the place; null if it has no name, or it is not for this viewer.
    name: Option<String>,
    /// Street and number; null if none was given, or it is not for this viewer.
    address: Option<String>,
    /// Four digits.
    postal_code: String,
    /// The town of the postcode.
    town: String,
    /// The municipality's name.
    municipality: String,
    /// Decimal degrees north, WGS 84.
    latitude: f64,
    /// Decimal degrees east, WGS 84.
    longitude: f64,
}

impl ListingPlace {
    /// The place as exactly as the view opens it.
    pub fn new(listing: &Listing, catalog: &Catalog, view: PlaceView) -> Self {
        let sees_exact = view == PlaceView::Exact;
        let location = &listing.content.location;
        let postcode = catalog.gazetteer.get(location.postal_code);
        let exact = location.exact.filter(|_| sees_exact);
        let point = exact.unwrap_or(location.centre);
        Self {
            precision: if exact.is_some() {
                Precision::Exact
            } else {
                Precision::Postcode
            },
            name: location.name.clone().filter(|_| sees_exact),
            address: location.address.clone().filter(|_| sees_exact),
            postal_code: location.postal_code.to_string(),
            town: named(postcode, |postcode| &postcode.name),
            municipality: named(postcode, |postcode| &postcode.municipality),
            latitude: point.latitude(),
            longitude: point.longitude(),
        }
    }
}

/// Where an organization is at home.
#[derive(SimpleObject)]
pub struct Town {
    /// Four digits.
    postal_code: String,
    /// The town of the postcode.
    name: String,
    /// The municipality's name.
    municipality: String,
}

impl Town {
    /// The town of a postcode.
    pub fn new(code: PostalCode, catalog: &Catalog) -> Self {
        let postcode = catalog.gazetteer.get(code);
        Self {
            postal_code: code.to_string(),
            name: named(postcode, |postcode| &postcode.name),
            municipality: named(postcode, |postcode| &postcode.municipality),
        }
    }
}

fn named(postcode: Option<&Postcode>, name: impl Fn(&Postcode) -> &String) -> String {
    postcode
        .map(|postcode| name(postcode).clone())
        .unwrap_or_default()
}
