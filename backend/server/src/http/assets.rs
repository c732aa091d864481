//! The pages and what they load, from `web/dist`: part of the program in a release, read from the
//! folder in a debug build.

use std::borrow::Cow;

use axum::{
    body::Bytes,
    extract::{Path, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

use super::plain;

/// `web/dist`, which `npm run build` makes. The program compiles without it, and then says so.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../web/dist"]
#[allow_missing = true]
struct Dist;

/// The front page, in Danish.
pub async fn front_page(request: Request) -> Response {
    page("index.html", request.headers())
}

/// The front page, in English.
pub async fn front_page_in_english(request: Request) -> Response {
    page("en.html", request.headers())
}

/// The explorer of the API.
pub async fn graphiql(request: Request) -> Response {
    page("graphiql.html", request.headers())
}

/// A style sheet, a script, an image.
pub async fn asset(Path(path): Path<String>, request: Request) -> Response {
    let stays_inside = !path.split('/').any(|part| part == "..");
    match file(&format!("assets/{path}"), request.headers()).filter(|_| stays_inside) {
        Some(response) => response,
        None => plain::not_found().await.into_response(),
    }
}

fn page(name: &str, headers: &HeaderMap) -> Response {
    file(name, headers).unwrap_or_else(|| {
        let text = "This program was built without its pages: run `npm ci && npm run build` in web/, then build it again. The API is at /graphql.\n";
        (StatusCode::NOT_FOUND, text).into_response()
    })
}

fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    let file = Dist::get(path)?;
    let tag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let caching = if is_hashed(path) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|tags| tags.to_str().ok())
        .flat_map(|tags| tags.split(','))
        .any(|known| matches!(known.trim(), "*") || known.trim().trim_start_matches("W/") == tag);
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let bytes = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        ([(header::CONTENT_TYPE, content_type(path))], bytes).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).ok()?);
    Some(response)
}

/// Whether the name holds a hash of the content, as esbuild writes it: `site-II7OFZ7Q.css`.
fn is_hashed(path: &str) -> bool {
    path.rsplit('/')
        .next()
        .and_then(|name| name.rsplit_once('.'))
        .and_then(|(stem, _)| stem.rsplit_once('-'))
        .is_some_and(|(_, hash)| {
            hash.len() == 8
                && hash
                    .bytes()
                    .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
        })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::{call, get};

    #[test]
    fn a_hashed_name_lasts() {
        assert!(is_hashed("assets/site-II7OFZ7Q.css"));
        assert!(is_hashed("assets/jump-to-line-2PFFDYCH.js"));
        for name in [
            "index.html",
            "assets/site.css",
            "assets/a-short.js",
            "assets/a-lowercase.js",
        ] {
            assert!(!is_hashed(name), "{name}");
        }
    }

    #[tokio::test]
    async fn a_page_is_there_or_says_how_to_make_it() {
        for path in ["/", "/en", "/graphiql"] {
            let sent = call(get(path)).await;
            if sent.status == StatusCode::OK {
                assert_eq!(sent.header("content-type"), "text/html; charset=utf-8");
                assert_eq!(sent.header("cache-control"), "no-cache");
                assert!(
                    sent.header("content-security-policy")
                        .contains("script-src 'self'")
                );
                let again = call(get(path).header("if-none-match", sent.header("etag"))).await;
                assert_eq!(again.status, StatusCode::NOT_MODIFIED);
            } else {
                assert_eq!(sent.status, StatusCode::NOT_FOUND);
                assert!(sent.text.contains("npm run build"));
            }
        }
    }

    #[tokio::test]
    async fn nothing_outside_the_folder_is_served() {
        for path in [
            "/assets/nothing.js",
            "/assets/../index.html",
            "/assets/%2e%2e/%2e%2e/build.mjs",
        ] {
            assert_eq!(
                call(get(path)).await.status,
                StatusCode::NOT_FOUND,
                "{path}"
            );
        }
    }

    #[tokio::test]
    async fn assets_that_are_there_last() {
        let Some(name) = Dist::iter().find(|name| is_hashed(name)) else {
            return; // The pages have not been built.
        };
        let sent = call(get(&format!("/{name}"))).await;
        assert_eq!(sent.status, StatusCode::OK);
        assert_eq!(
            sent.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
    }
}
