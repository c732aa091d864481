//! What a browser must not do with our answers, and which pages may read them.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::HttpSettings;

/// Our pages load from here and nowhere else, and nothing of theirs is inline.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Nothing else is a page, whatever somebody makes a browser believe.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";
/// A year.
const ONLY_HTTPS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the protections to every answer.
pub async fn protect(request: Request, next: Next) -> Response {
    let local = is_loopback(host(request.headers()));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let is_page = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|content_type| content_type.as_bytes().starts_with(b"text/html"));
    let policy = if is_page { PAGE_POLICY } else { DATA_POLICY };
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(self), microphone=(), payment=(), usb=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A laptop that once heard this on localhost would refuse every other program there.
    if !local {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, ONLY_HTTPS);
    }
    response
}

/// Lets pages of the configured origins use the API. They carry a token of their own; there are no
/// cookies that a browser could add.
pub async fn cross_origin(
    State(settings): State<Arc<HttpSettings>>,
    request: Request,
    next: Next,
) -> Response {
    let origin = request
        .headers()
        .get(header::ORIGIN)
        .filter(|origin| is_listed(origin, &settings.allowed_origins))
        .cloned();
    let asks_first = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if asks_first && origin.is_some() {
        [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "accept, accept-language, authorization, content-type, x-request-id",
            ),
            (header::ACCESS_CONTROL_MAX_AGE, "600"),
        ]
        .into_response()
    } else {
        next.run(request).await
    };
    if asks_first && origin.is_some() {
        *response.status_mut() = StatusCode::NO_CONTENT;
    }
    if !settings.allowed_origins.is_empty() {
        response
            .headers_mut()
            .append(header::VARY, HeaderValue::from_static("origin"));
    }
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("retry-after, www-authenticate, x-request-id"),
        );
    }
    response
}

/// Whether a WebSocket may be opened by what sends these headers: a program (which has no origin),
/// a page of ours, or one of a configured origin. Browsers do not ask first for a
/// WebSocket.
pub fn may_connect(headers: &HeaderMap, allowed_origins: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let ours = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .is_some_and(|(scheme, authority)| {
            let default = if scheme.eq_ignore_ascii_case("https") {
                ":443"
            } else {
                ":80"
            };
            let host = host(headers);
            !host.is_empty()
                && authority
                    .trim_end_matches(default)
                    .eq_ignore_ascii_case(host.trim_end_matches(default))
        });
    ours || is_listed(origin, allowed_origins)
}

fn is_listed(origin: &HeaderValue, allowed_origins: &[String]) -> bool {
    allowed_origins
        .iter()
        .any(|allowed| origin.as_bytes().eq_ignore_ascii_case(allowed.as_bytes()))
}

fn host(headers: &HeaderMap) -> &str {
    headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default()
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::testing::{self, call, call_on, get};

    fn headers(host: &str, origin: &str) -> HeaderMap {
        HeaderMap::from_iter([
            (header::HOST, HeaderValue::from_str(host).unwrap()),
            (header::ORIGIN, HeaderValue::from_str(origin).unwrap()),
        ])
    }

    #[tokio::test]
    async fn every_answer_is_protected() {
        for path in ["/healthz", "/nowhere", "/schema.graphql", "/graphql"] {
            let sent = call(get(path)).await;
            assert_eq!(sent.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(sent.header("referrer-policy"), "same-origin");
            assert!(
                sent.header("content-security-policy")
                    .contains("frame-ancestors 'none'")
            );
        }
    }

    #[tokio::test]
    async fn https_is_asked_of_others_than_loopback() {
        for (host, expected) in [
            ("localhost:8080", ""),
            ("127.0.0.1", ""),
            ("[::1]:8080", ""),
            ("xn--flled-sra.example", "max-age=31536000"),
            ("192.0.2.1:80", "max-age=31536000"),
        ] {
            let sent = call(get("/healthz").header("host", host)).await;
            assert_eq!(sent.header("strict-transport-security"), expected, "{host}");
        }
    }

    #[test]
    fn a_socket_is_opened_by_our_pages_and_the_listed() {
        let listed = ["https://forening.example".to_owned()];
        for (host, origin, expected) in [
            ("a.example", "https://a.example", true),
            ("a.example:443", "https://a.example", true),
            ("localhost:8080", "http://localhost:8080", true),
            ("localhost:8080", "http://localhost:8081", false),
            ("a.example", "https://b.example", false),
            ("a.example", "https://forening.example", true),
            ("a.example", "http://forening.example", false),
            ("a.example", "null", false),
            ("", "https://", false),
        ] {
            let headers = headers(host, origin);
            assert_eq!(may_connect(&headers, &listed), expected, "{host} {origin}");
        }
        assert!(may_connect(&HeaderMap::new(), &listed));
    }

    #[tokio::test]
    async fn only_listed_origins_may_read() {
        let router = testing::router_with(|settings| {
            settings.allowed_origins = vec!["https://forening.example".to_owned()];
        });
        let ask = |origin| {
            testing::request("OPTIONS", "/graphql")
                .header("origin", origin)
                .header("access-control-request-method", "POST")
        };
        let sent = call_on(router.clone(), ask("https://forening.example")).await;
        assert_eq!(sent.status, StatusCode::NO_CONTENT);
        assert_eq!(
            sent.header("access-control-allow-origin"),
            "https://forening.example"
        );
        let sent = call_on(router.clone(), ask("https://other.example")).await;
        assert_eq!(sent.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(sent.header("access-control-allow-origin"), "");
        let read = get("/graphql?query=%7Ba%7D").header("origin", "https://forening.example");
        let sent = call_on(router, read).await;
        assert_eq!(
            sent.header("access-control-allow-origin"),
            "https://forening.example"
        );
        assert_eq!(sent.header("vary"), "origin");
    }
}
