//! What a request's headers ask for: media type and language of the answer, and what it sends.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::words::Language;

/// A media type of GraphQL answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/graphql-response+json`: the status says how it went.
    GraphqlResponse,
    /// `application/json`, as before the specification: a document that fails is a 200.
    Json,
}

impl Media {
    /// The value of `Content-Type`.
    pub const fn content_type(self) -> HeaderValue {
        match self {
            Self::GraphqlResponse => {
                HeaderValue::from_static("application/graphql-response+json; charset=utf-8")
            }
            Self::Json => HeaderValue::from_static("application/json; charset=utf-8"),
        }
    }
}

/// The media type to answer with; none when the client accepts neither.
///
/// Who names the new type gets it, unless it prefers the old one. Who accepts anything gets the old
/// one, as the specification's audits want it.
pub fn media_type(headers: &HeaderMap) -> Option<Media> {
    let Some(accept) = joined(headers, &header::ACCEPT).filter(|accept| !accept.trim().is_empty())
    else {
        return Some(Media::Json);
    };
    let quality = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| weighted(&accept).find(|(item, _)| item.eq_ignore_ascii_case(name)))
            .map_or(0.0, |(_, quality)| quality)
    };
    let new = quality(&["application/graphql-response+json"]);
    let old = quality(&["application/json", "application/*", "*/*"]);
    if new > 0.0 && new >= old {
        Some(Media::GraphqlResponse)
    } else {
        (old > 0.0).then_some(Media::Json)
    }
}

/// The language to answer in: Danish, unless the reader likes English better.
pub fn language(headers: &HeaderMap) -> Language {
    let accept = joined(headers, &header::ACCEPT_LANGUAGE).unwrap_or_default();
    let mut danish: f32 = 0.0;
    let mut english: f32 = 0.0;
    for (range, quality) in weighted(&accept) {
        match range
            .split('-')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "da" | "*" => danish = danish.max(quality),
            "en" => english = english.max(quality),
            _ => {}
        }
    }
    if english > danish {
        Language::English
    } else {
        Language::Danish
    }
}

/// Whether the body is JSON in UTF-8 and not compressed. A page of another origin cannot send that
/// without asking first, which is what keeps it from changing anything in a visitor's name.
pub fn sends_json(headers: &HeaderMap) -> bool {
    let plain = headers
        .get(header::CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let Some(content_type) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|it| it.to_str().ok())
    else {
        return false;
    };
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts
        .filter_map(|part| part.split_once('='))
        .all(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset")
                || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        });
    plain && is_json && is_utf8
}

/// The items of a list with weights, each with its `q` (1 when there is none, 0 when it is no
/// number).
fn weighted(list: &str) -> impl Iterator<Item = (&str, f32)> {
    list.split(',').map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts
            .filter_map(|part| part.split_once('='))
            .find(|(key, _)| key.trim().eq_ignore_ascii_case("q"))
            .map_or(1.0, |(_, value)| value.trim().parse().unwrap_or(0.0));
        (
            name,
            if (0.0..=1.0).contains(&quality) {
                quality
            } else {
                0.0
            },
        )
    })
}

/// A header that may come several times, as the one list that it means.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_media_type_follows_accept() {
        let new = Some(Media::GraphqlResponse);
        let old = Some(Media::Json);
        for (accept, expected) in [
            ("", old),
            ("*/*", old),
            ("application/*", old),
            ("application/json", old),
            ("APPLICATION/JSON; charset=utf-8", old),
            ("application/graphql-response+json", new),
            (
                "application/graphql-response+json, application/json;q=0.9",
                new,
            ),
            ("application/json, application/graphql-response+json", new),
            (
                "application/json, application/graphql-response+json;q=0.5",
                old,
            ),
            ("application/graphql-response+json;q=0, */*;q=0.1", old),
            ("text/html, application/json;q=0", None),
            ("text/html", None),
            ("application/json;q=2", None),
        ] {
            assert_eq!(
                media_type(&with(header::ACCEPT, accept)),
                expected,
                "{accept}"
            );
        }
        assert_eq!(media_type(&HeaderMap::new()), old);
    }

    #[test]
    fn danish_unless_english_is_liked_better() {
        for (accept, expected) in [
            ("", Language::Danish),
            ("en", Language::English),
            ("EN-gb", Language::English),
            ("da, en;q=0.8", Language::Danish),
            ("en;q=0.9, da;q=0.8", Language::English),
            ("en;q=0.5, *;q=0.5", Language::Danish),
            ("de, nb;q=0.9", Language::Danish),
            ("en;q=0", Language::Danish),
            ("en;q=NaN", Language::Danish),
        ] {
            let headers = with(header::ACCEPT_LANGUAGE, accept);
            assert_eq!(language(&headers), expected, "{accept}");
        }
    }

    #[test]
    fn only_json_in_utf8_is_json() {
        for (content_type, expected) in [
            ("application/json", true),
            ("Application/JSON ; charset=\"UTF-8\"", true),
            ("application/json; charset=latin1", false),
            ("text/plain", false),
            ("application/graphql", false),
            ("multipart/form-data; boundary=x", false),
            ("application/x-www-form-urlencoded", false),
            ("application/jsonp", false),
        ] {
            let headers = with(header::CONTENT_TYPE, content_type);
            assert_eq!(sends_json(&headers), expected, "{content_type}");
        }
        assert!(!sends_json(&HeaderMap::new()));
        let mut compressed = with(header::CONTENT_TYPE, "application/json");
        compressed.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(!sends_json(&compressed));
    }
}
