//! Places that listings name: `external_id;name;address;postal_code;latitude;longitude`.

use std::{
    collections::HashMap,
    io::{Read, Write},
};

use crate::{
    error::SeedError,
    table::{Sheet, Table, cell},
};

/// The columns, in the order in which they are written.
pub const COLUMNS: &[&str] = &[
    "external_id",
    "name",
    "address",
    "postal_code",
    "latitude",
    "longitude",
];

/// A place that people know by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Unique within the file.
    pub external_id: String,
    /// What people call it.
    pub name: String,
    /// Street and number.
    pub address: Option<String>,
    /// Four digits.
    pub postal_code: String,
    /// Latitude and longitude in decimal degrees.
    pub point: Option<(f64, f64)>,
}

/// Places by their external ids.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Places {
    places: Vec<Place>,
    by_id: HashMap<String, usize>,
}

impl Places {
    /// The place with this external id.
    pub fn get(&self, external_id: &str) -> Option<&Place> {
        self.by_id.get(external_id).map(|at| &self.places[*at])
    }

    /// All places, as they stand in the file.
    pub fn all(&self) -> &[Place] {
        &self.places
    }

    /// Adds a place, or hands it back when its external id is taken.
    pub fn add(&mut self, place: Place) -> Result<(), Place> {
        if self.by_id.contains_key(&place.external_id) {
            return Err(place);
        }
        self.by_id
            .insert(place.external_id.clone(), self.places.len());
        self.places.push(place);
        Ok(())
    }
}

/// Reads places; `file` names the source in errors.
pub fn read(file: &str, source: impl Read) -> Result<Places, SeedError> {
    let required = &["external_id", "name", "postal_code"];
    let mut places = Places::default();
    Table::open(file, source, COLUMNS, required)?.rows(|mut row| {
        let external_id = row.required("external_id", "an id that no other place has");
        let name = row.required("name", "what people call the place");
        let postal_code = row.required("postal_code", "four digits");
        let point = row.point();
        let place = (|| {
            Some(Place {
                external_id: external_id?,
                name: name?,
                address: row.optional("address"),
                postal_code: postal_code?,
                point: point?,
            })
        })();
        let added = place.and_then(|place| match places.add(place) {
            Ok(()) => Some(()),
            Err(_) => row.refuse("external_id", "an id that no other place has"),
        });
        row.finish(added)
    })?;
    Ok(places)
}

/// Writes places; `file` names the sink in errors.
pub fn write(file: &str, sink: impl Write, places: &Places) -> Result<(), SeedError> {
    let mut sheet = Sheet::create(file, sink, COLUMNS)?;
    for place in places.all() {
        sheet.write(&[
            place.external_id.as_str(),
            &place.name,
            place.address.as_deref().unwrap_or(""),
            &place.postal_code,
            &cell(place.point.map(|(latitude, _)| latitude)),
            &cell(place.point.map(|(_, longitude)| longitude)),
        ])?;
    }
    sheet.finish()
}
