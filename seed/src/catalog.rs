//! The files that every house starts with, embedded.

use faelled_engine::{
    catalog::{Catalog, TargetGroup},
    matching::Weights,
    place::{Gazetteer, Point, PostalCode, Postcode, Town},
    theme::{ThemeTree, ThemeTreeError},
};
use serde::Deserialize;
use toml::Spanned;

use crate::{
    error::SeedError,
    table::{Row, Table},
};

/// The catalog of the embedded files: themes, target groups, postcodes, towns, weights.
pub fn catalog() -> Result<Catalog, SeedError> {
    let themes = themes("themes.csv", include_str!("../data/themes.csv"))?;
    let groups = target_groups(
        "target_groups.csv",
        include_str!("../data/target_groups.csv"),
    )?;
    let postcodes = postcodes("postcodes.csv", include_str!("../data/postcodes.csv"))?;
    let towns = towns("towns.csv", include_str!("../data/towns.csv"))?;
    let weights = weights("weights.toml", include_str!("../data/weights.toml"))?;
    Ok(Catalog::new(
        themes,
        Gazetteer::new(postcodes, towns),
        groups,
        weights,
    ))
}

const A_CODE: &str = "lower-case letters, digits and hyphens";
const A_LABEL: &str = "what people read";
const DEGREES: &str = "a point within Denmark, in decimal degrees";

fn themes(file: &str, text: &str) -> Result<ThemeTree, SeedError> {
    let columns = &["code", "parent", "label_da", "label_en"];
    let table = Table::open(file, text.as_bytes(), columns, columns)?;
    let mut tree = ThemeTree::default();
    table.rows(|mut row| {
        let (code, parent) = (code(&mut row), row.optional("parent"));
        let danish = row.required("label_da", A_LABEL);
        let english = row.required("label_en", A_LABEL);
        let added = (|| {
            let (code, danish, english) = (code?, danish?, english?);
            match tree.add(&code, parent.as_deref(), &danish, &english) {
                Ok(_) => Some(()),
                Err(ThemeTreeError::UnknownParent { .. }) => {
                    row.refuse("parent", "a code that stands above, or nothing")
                }
                Err(ThemeTreeError::Repeated(_)) => row.refuse("code", "each code once"),
                Err(ThemeTreeError::TooMany) => row.refuse("code", "at most 65,535 themes"),
            }
        })();
        row.finish(added)
    })?;
    Ok(tree)
}

fn target_groups(file: &str, text: &str) -> Result<Vec<TargetGroup>, SeedError> {
    let columns = &["code", "label_da", "label_en"];
    let mut seen = Vec::new();
    Table::open(file, text.as_bytes(), columns, columns)?.rows(|mut row| {
        let code = code(&mut row).and_then(|code| {
            if seen.contains(&code) {
                return row.refuse("code", "each code once");
            }
            seen.push(code.clone());
            Some(code)
        });
        let label_da = row.required("label_da", A_LABEL);
        let label_en = row.required("label_en", A_LABEL);
        let group = (|| {
            Some(TargetGroup {
                code: code?,
                label_da: label_da?,
                label_en: label_en?,
            })
        })();
        row.finish(group)
    })
}

fn postcodes(file: &str, text: &str) -> Result<Vec<Postcode>, SeedError> {
    let columns = &[
        "postal_code",
        "name",
        "municipality_code",
        "municipality",
        "region",
        "latitude",
        "longitude",
    ];
    let mut last = None;
    Table::open(file, text.as_bytes(), columns, columns)?.rows(|mut row| {
        let read = PostalCode::parse(row.text("postal_code")).ok();
        let code = match read {
            None => row.refuse("postal_code", "four digits"),
            Some(_) if read <= last => row.refuse("postal_code", "each once, lowest first"),
            Some(code) => Some(code),
        };
        last = read.or(last);
        let name = row.required("name", "the name of its town");
        let municipality_code = row
            .read("municipality_code", "four digits", |text| {
                let four = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
                four.then(|| text.to_owned())
            })
            .and_then(|code| code.or_else(|| row.refuse("municipality_code", "four digits")));
        let municipality = row.required("municipality", "the municipality's name");
        let region = row.required("region", "the region's name");
        let centre = point(&mut row);
        let postcode = (|| {
            Some(Postcode {
                code: code?,
                name: name?,
                municipality_code: municipality_code?,
                municipality: municipality?,
                region: region?,
                centre: centre?,
            })
        })();
        row.finish(postcode)
    })
}

/// Towns; one whose population is not said counts none.
fn towns(file: &str, text: &str) -> Result<Vec<Town>, SeedError> {
    let columns = &["geoname_id", "name", "latitude", "longitude", "population"];
    Table::open(file, text.as_bytes(), columns, columns)?.rows(|mut row| {
        let accepted = "a whole number";
        let geoname_id = row
            .number("geoname_id", accepted)
            .and_then(|id| id.or_else(|| row.refuse("geoname_id", accepted)));
        let name = row.required("name", "the town's name");
        let point = point(&mut row);
        let population = row.number("population", "a whole number, or nothing");
        let town = (|| {
            Some(Town {
                geoname_id: geoname_id?,
                name: name?,
                point: point?,
                population: population?.unwrap_or(0),
            })
        })();
        row.finish(town)
    })
}

fn code(row: &mut Row<'_>) -> Option<String> {
    let accepted = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let code = row.read("code", A_CODE, |text| {
        text.chars().all(accepted).then(|| text.to_owned())
    })?;
    code.or_else(|| row.refuse("code", A_CODE))
}

fn point(row: &mut Row<'_>) -> Option<Point> {
    let Some((latitude, longitude)) = row.point()? else {
        return row.refuse("latitude", DEGREES);
    };
    Point::new(latitude, longitude)
        .ok()
        .or_else(|| row.refuse("latitude", DEGREES))
}

/// [`Weights`] as they stand in the file, each with its place there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WeightsFile {
    theme: Spanned<f64>,
    distance: Spanned<f64>,
    time: Spanned<f64>,
    language: Spanned<f64>,
    urgency: Spanned<f64>,
    freshness: Spanned<f64>,
}

fn weights(file: &str, text: &str) -> Result<Weights, SeedError> {
    let read: WeightsFile = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        wrong(file, text, at, error.message())
    })?;
    let weight = |name: &str, weight: &Spanned<f64>| {
        let value = *weight.get_ref();
        if value.is_finite() && value >= 0.0 {
            return Ok(value);
        }
        let what = format!("the weight {name} is {value}; accepted: a number not below 0");
        Err(wrong(file, text, weight.span().start, &what))
    };
    let weights = Weights {
        theme: weight("theme", &read.theme)?,
        distance: weight("distance", &read.distance)?,
        time: weight("time", &read.time)?,
        language: weight("language", &read.language)?,
        urgency: weight("urgency", &read.urgency)?,
        freshness: weight("freshness", &read.freshness)?,
    };
    // These three apply to every pair, so their mean is never one over nothing.
    if weights.theme + weights.urgency + weights.freshness > 0.0 {
        Ok(weights)
    } else {
        let what = "theme, urgency and freshness must not all be 0";
        Err(wrong(file, text, read.theme.span().start, what))
    }
}

/// An error at a byte of a text, as line and column.
fn wrong(file: &str, text: &str, at: usize, what: &str) -> SeedError {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() as u64 + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    SeedError::Shape {
        file: file.to_owned(),
        line,
        what: format!("column {column}: {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_files_are_a_catalog() {
        let catalog = catalog().unwrap();
        assert_eq!(catalog.themes.children(None).count(), 15);
        assert_eq!(catalog.gazetteer.resolve("8800").unwrap().name, "Viborg");
        assert!(catalog.gazetteer.towns()[0].population > 1_000_000);
        assert!(catalog.resolve_target_group("older-people").is_ok());
        assert_eq!(catalog.weights, Weights::default());
    }

    #[test]
    fn errors_name_file_line_and_column() {
        let message = |result: Result<(), SeedError>| result.unwrap_err().to_string();
        let text = "code;parent;label_da;label_en\na;;A;A\nb;c;B;\n";
        assert_eq!(
            message(themes("t.csv", text).map(drop)),
            "t.csv, line 3, column label_en: nothing stands here; accepted: what people read"
        );
        let text = "code;parent;label_da;label_en\na;;A;A\nb;c;B;B\n";
        assert_eq!(
            message(themes("t.csv", text).map(drop)),
            "t.csv, line 3, column parent: “c” is not accepted; \
             accepted: a code that stands above, or nothing"
        );
        let header = "postal_code;name;municipality_code;municipality;region;latitude;longitude\n";
        let text = format!("{header}8800;Viborg;791;Viborg;Region Midtjylland;9.4;56,4\n");
        assert_eq!(
            message(postcodes("p.csv", &text).map(drop)),
            "p.csv, line 2, column municipality_code: “791” is not accepted; accepted: four digits\n\
             p.csv, line 2, column longitude: “56,4” is not accepted; \
             accepted: decimal degrees with a point, or nothing"
        );
        assert_eq!(
            message(towns("o.csv", "geoname_id;nam\n").map(drop)),
            "o.csv, line 1: no column is called “nam”; \
             accepted: geoname_id;name;latitude;longitude;population"
        );
        assert!(
            message(
                towns(
                    "o.csv",
                    "geoname_id;name;latitude;longitude;population\n1;A\n"
                )
                .map(drop)
            )
            .starts_with("o.csv, line 2: 2 cells where the header has 5")
        );
    }

    #[test]
    fn weights_are_numbers_not_below_0() {
        let text = |theme: &str| {
            format!(
                "# words\ntheme = {theme}\ndistance = 1\ntime = 1.0\nlanguage = 1.0\nurgency = 0.0\n\
                 freshness = 0.0\n"
            )
        };
        let message = |theme: &str| weights("w.toml", &text(theme)).unwrap_err().to_string();
        assert!((weights("w.toml", &text("1.0")).unwrap().distance - 1.0).abs() < 1e-12);
        assert_eq!(
            message("-1.0"),
            "w.toml, line 2: column 9: the weight theme is -1; accepted: a number not below 0"
        );
        assert!(message("\"much\"").starts_with("w.toml, line 2: column 9: "));
        assert!(message("0.0").contains("must not all be 0"));
        assert!(message("1.0\nwit = 1.0").starts_with("w.toml, line 3: column 1: "));
    }
}
