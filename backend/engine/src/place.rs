//! Where: points, postcodes, distances, and how far a side will travel.

use std::{collections::BTreeMap, fmt};

use geo::{Distance, Haversine};

use crate::{
    problem::{Fault, Format, Noun, shortened},
    text,
};

/// A point within Denmark's bounding box, WGS 84, decimal degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    latitude: f64,
    longitude: f64,
}

impl Point {
    /// Latitudes that lie within Denmark (with Bornholm, without Greenland and the Faroes).
    pub const LATITUDES: std::ops::RangeInclusive<f64> = 54.4..=57.9;
    /// Longitudes that lie within Denmark.
    pub const LONGITUDES: std::ops::RangeInclusive<f64> = 7.9..=15.3;

    /// A point; NaN, infinities and anything outside the bounding box are refused.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, Fault> {
        if Self::LATITUDES.contains(&latitude) && Self::LONGITUDES.contains(&longitude) {
            Ok(Self {
                latitude,
                longitude,
            })
        } else {
            Err(Fault::OutsideDenmark)
        }
    }

    /// Degrees north.
    pub const fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east.
    pub const fn longitude(self) -> f64 {
        self.longitude
    }

    /// Metres to another point: the haversine on a sphere of 6,371,008.8 m. Against the WGS 84
    /// ellipsoid it errs by less than 0.5 % within Denmark.
    pub fn metres_to(self, other: Self) -> f64 {
        let point = |p: Self| geo::Point::new(p.longitude, p.latitude);
        Haversine.distance(point(self), point(other))
    }
}

/// A Danish postcode's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostalCode(u16);

impl PostalCode {
    /// A number that no postcode has.
    pub const NOWHERE: Self = Self(0);

    /// Four digits.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let malformed = || Fault::Malformed {
            expected: Format::PostalCode,
            value: shortened(text),
        };
        let text = text.trim();
        if text.len() != 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed());
        }
        text.parse().map(Self).map_err(|_| malformed())
    }

    /// The number.
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for PostalCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}", self.0)
    }
}

/// The code of a Danish municipality, such as 0791 for Viborg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MunicipalityCode(u16);

impl MunicipalityCode {
    /// Four digits.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let digits = text.trim();
        let four = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| four);
        number.map(Self).ok_or_else(|| Fault::Unknown {
            what: Noun::Municipality,
            value: shortened(text),
        })
    }
}

impl fmt::Display for MunicipalityCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}", self.0)
    }
}

/// What is known of a postcode.
#[derive(Debug, Clone, PartialEq)]
pub struct Postcode {
    /// The number.
    pub code: PostalCode,
    /// The name of its town, in Danish.
    pub name: String,
    /// The municipality's code, four digits.
    pub municipality_code: String,
    /// The municipality's name, in Danish.
    pub municipality: String,
    /// The region's name, in Danish.
    pub region: String,
    /// The centre, from which private places are measured.
    pub centre: Point,
}

impl Postcode {
    /// The municipality's code, if it reads as one.
    fn municipality(&self) -> Option<MunicipalityCode> {
        MunicipalityCode::parse(&self.municipality_code).ok()
    }
}

/// A town or village.
#[derive(Debug, Clone, PartialEq)]
pub struct Town {
    /// The identity in `GeoNames`.
    pub geoname_id: u32,
    /// The name, in Danish.
    pub name: String,
    /// Where it lies.
    pub point: Point,
    /// How many live there.
    pub population: u32,
}

/// A place found by name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FoundPlace<'a> {
    /// A postcode.
    Postcode(&'a Postcode),
    /// A town or village.
    Town(&'a Town),
}

/// Danish postcodes and towns.
#[derive(Debug, Default)]
pub struct Gazetteer {
    postcodes: BTreeMap<PostalCode, Postcode>,
    towns: Vec<Town>,
}

impl Gazetteer {
    /// A gazetteer of these; towns are kept by population, greatest first.
    pub fn new(postcodes: impl IntoIterator<Item = Postcode>, mut towns: Vec<Town>) -> Self {
        towns.sort_by(|a, b| {
            b.population
                .cmp(&a.population)
                .then(a.geoname_id.cmp(&b.geoname_id))
        });
        Self {
            postcodes: postcodes.into_iter().map(|p| (p.code, p)).collect(),
            towns,
        }
    }

    /// The postcode with this number.
    pub fn get(&self, code: PostalCode) -> Option<&Postcode> {
        self.postcodes.get(&code)
    }

    /// Reads a postcode that must exist.
    pub fn resolve(&self, text: &str) -> Result<&Postcode, Fault> {
        let code = PostalCode::parse(text)?;
        self.get(code).ok_or_else(|| Fault::Unknown {
            what: Noun::PostalCode,
            value: shortened(text),
        })
    }

    /// The municipality that a postcode belongs to. Some postcodes reach into several; the
    /// gazetteer knows one of them.
    pub fn municipality_of(&self, code: PostalCode) -> Option<MunicipalityCode> {
        self.get(code).and_then(Postcode::municipality)
    }

    /// Reads the code of a municipality that must have a postcode.
    pub fn resolve_municipality(&self, text: &str) -> Result<MunicipalityCode, Fault> {
        let code = MunicipalityCode::parse(text)?;
        self.municipality_name(code)
            .map(|_| code)
            .ok_or_else(|| Fault::Unknown {
                what: Noun::Municipality,
                value: shortened(text),
            })
    }

    /// The name of a municipality, in Danish.
    pub fn municipality_name(&self, code: MunicipalityCode) -> Option<&str> {
        self.postcodes()
            .find(|postcode| postcode.municipality() == Some(code))
            .map(|postcode| postcode.municipality.as_str())
    }

    /// All postcodes, lowest number first.
    pub fn postcodes(&self) -> impl Iterator<Item = &Postcode> {
        self.postcodes.values()
    }

    /// All towns, greatest first.
    pub fn towns(&self) -> &[Town] {
        &self.towns
    }

    /// Places of which every word asked for begins a word of the name, the number or the
    /// municipality: postcodes first by number, then towns by population.
    pub fn search(&self, text: &str) -> Vec<FoundPlace<'_>> {
        let asked = text::words(text);
        if asked.is_empty() {
            return Vec::new();
        }
        let holds = |haystack: &str| {
            let words = text::words(haystack);
            asked
                .iter()
                .all(|asked| words.iter().any(|word| word.starts_with(asked.as_str())))
        };
        let postcodes = self
            .postcodes
            .values()
            .filter(|p| holds(&format!("{} {} {}", p.code, p.name, p.municipality)))
            .map(FoundPlace::Postcode);
        let towns = self
            .towns
            .iter()
            .filter(|t| holds(&t.name))
            .map(FoundPlace::Town);
        postcodes.chain(towns).collect()
    }
}

/// Where a listing takes place, as its poster gave it. What others learn of it is for
/// [`crate::access`] to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Location {
    /// A name that people know the place by.
    pub name: Option<String>,
    /// Street and number.
    pub address: Option<String>,
    /// The postcode.
    pub postal_code: PostalCode,
    /// The postcode's centre.
    pub centre: Point,
    /// The exact point, if one was given.
    pub exact: Option<Point>,
    /// Whether it takes place in someone's home.
    pub at_home: bool,
}

/// Who comes to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attendance {
    /// The other side comes to me.
    AtMyPlace,
    /// I come to the other side.
    ITravel,
    /// Either way.
    Either,
    /// At no place: by phone or online.
    Remote,
}

/// How far a side will travel, in kilometres, 0.1 to 600. A side without one has no limit.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Reach(f64);

impl Reach {
    /// The shortest and the longest reach accepted, in kilometres.
    pub const KILOMETRES: std::ops::RangeInclusive<f64> = 0.1..=600.0;

    /// A reach in kilometres.
    pub fn from_km(km: f64) -> Result<Self, Fault> {
        if Self::KILOMETRES.contains(&km) {
            Ok(Self(km))
        } else {
            Err(Fault::OutOfRange {
                min: *Self::KILOMETRES.start(),
                max: *Self::KILOMETRES.end(),
            })
        }
    }

    /// Metres.
    pub fn metres(self) -> f64 {
        self.0 * 1000.0
    }

    /// Kilometres, as they were given.
    pub const fn km(self) -> f64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::Geodesic;

    #[test]
    fn distances_err_by_less_than_half_a_percent_within_denmark() {
        let corners = [
            (54.6, 8.1),
            (54.6, 15.1),
            (57.7, 8.2),
            (57.7, 12.0),
            (56.45, 9.40),
            (55.68, 12.57),
        ];
        for a in corners {
            for b in corners.into_iter().filter(|b| *b != a) {
                let exact = Geodesic.distance(geo::Point::new(a.1, a.0), geo::Point::new(b.1, b.0));
                let ours = Point::new(a.0, a.1)
                    .unwrap()
                    .metres_to(Point::new(b.0, b.1).unwrap());
                assert!(
                    (ours / exact - 1.0).abs() < 0.005,
                    "{a:?} {b:?}: {ours} against {exact}"
                );
            }
        }
    }

    #[test]
    fn nowhere_is_no_point() {
        for (latitude, longitude) in [
            (f64::NAN, 9.0),
            (56.0, f64::INFINITY),
            (0.0, 0.0),
            (9.4, 56.4),
        ] {
            assert_eq!(Point::new(latitude, longitude), Err(Fault::OutsideDenmark));
        }
    }

    #[test]
    fn a_reach_has_bounds() {
        for km in [-1.0, 0.0, 5000.0, f64::NAN] {
            assert!(Reach::from_km(km).is_err(), "{km}");
        }
        assert!((Reach::from_km(8.0).unwrap().metres() - 8000.0).abs() < 1e-9);
    }

    #[test]
    fn a_postcode_is_four_digits() {
        assert_eq!(PostalCode::parse(" 0800 ").unwrap().to_string(), "0800");
        for text in ["880", "88000", "88a0", "٨٨٠٠", ""] {
            assert!(PostalCode::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_municipality_is_known_by_its_postcodes() {
        let postcode = |code, municipality_code: &str, municipality: &str| Postcode {
            code: PostalCode(code),
            name: "By".into(),
            municipality_code: municipality_code.into(),
            municipality: municipality.into(),
            region: "Region Midtjylland".into(),
            centre: Point::new(56.45, 9.40).unwrap(),
        };
        let gazetteer = Gazetteer::new(
            [
                postcode(8800, "0791", "Viborg"),
                postcode(7800, "0779", "Skive"),
                postcode(9999, "", ""),
            ],
            Vec::new(),
        );
        let viborg = gazetteer.resolve_municipality(" 0791 ").unwrap();
        assert_eq!(viborg.to_string(), "0791");
        assert_eq!(gazetteer.municipality_name(viborg), Some("Viborg"));
        assert_eq!(gazetteer.municipality_of(PostalCode(8800)), Some(viborg));
        assert_eq!(gazetteer.municipality_of(PostalCode(9999)), None);
        assert_eq!(gazetteer.municipality_of(PostalCode(1234)), None);
        for text in ["791", "00791", "0101", "Viborg", "٠٧٩١", ""] {
            assert_eq!(
                gazetteer.resolve_municipality(text),
                Err(Fault::Unknown {
                    what: Noun::Municipality,
                    value: text.into()
                }),
                "{text}"
            );
        }
    }
}
