//! Status codes and bodies as a client sees them.

use axum::http::StatusCode;
use serde_json::json;

use crate::http::testing::{self, GOOD_TOKEN, Sent, call, get, post};

const NEW: &str = "application/graphql-response+json";

fn code(sent: &Sent) -> &str {
    sent.json["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default()
}

#[tokio::test]
async fn a_query_is_answered_in_the_media_type_that_was_asked_for() {
    let sent = call(get("/graphql?query=%7Ba%7D")).await;
    assert_eq!(
        (sent.status, &sent.json),
        (StatusCode::OK, &json!({ "data": { "a": 1 } }))
    );
    assert_eq!(
        sent.header("content-type"),
        "application/json; charset=utf-8"
    );
    assert_eq!(sent.header("cache-control"), "no-store");
    let sent = call(post(json!({ "query": "{a}" })).header("accept", NEW)).await;
    assert_eq!(sent.status, StatusCode::OK);
    assert_eq!(sent.header("content-type"), format!("{NEW}; charset=utf-8"));
    let sent = call(post(json!({ "query": "{a}" })).header("accept", "text/html")).await;
    assert_eq!(
        (sent.status, code(&sent)),
        (StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE")
    );
}

#[tokio::test]
async fn a_wrong_document_is_200_in_the_old_type_and_400_in_the_new() {
    for (query, expected) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ echo(n: \"x\") }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ echo(n: 99999999999) }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        for (accept, status) in [
            ("application/json", StatusCode::OK),
            (NEW, StatusCode::BAD_REQUEST),
        ] {
            let sent = call(post(json!({ "query": query })).header("accept", accept)).await;
            assert_eq!(
                (sent.status, code(&sent)),
                (status, expected),
                "{query} {accept}"
            );
            assert!(sent.json.get("data").is_none(), "{query}");
        }
    }
}

#[tokio::test]
async fn an_error_during_execution_leaves_the_rest() {
    let sent = call(post(json!({ "query": "{ a fails }" })).header("accept", NEW)).await;
    assert_eq!(sent.status, StatusCode::OK);
    assert_eq!(sent.json["data"], json!({ "a": 1, "fails": null }));
    assert_eq!(code(&sent), "OUT_OF_LUCK");
}

#[tokio::test]
async fn parameters_of_the_wrong_shape_are_400() {
    for body in [
        json!([{ "query": "{a}" }]),
        json!("x"),
        json!({}),
        json!({ "query": 1 }),
        json!({ "query": null }),
        json!({ "query": "{a}", "operationName": 1 }),
        json!({ "query": "{a}", "variables": [] }),
        json!({ "query": "{a}", "variables": "{}" }),
        json!({ "query": "{a}", "extensions": 0 }),
    ] {
        let sent = call(post(body.clone())).await;
        assert_eq!(
            (sent.status, code(&sent)),
            (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            "{body}"
        );
    }
    for uri in [
        "/graphql",
        "/graphql?query=%7Ba%7D&variables=%5B%5D",
        "/graphql?query=%7Ba%7D&variables=x",
        "/graphql?query=%7Ba%7D&query=%7Ba%7D",
    ] {
        let sent = call(get(uri)).await;
        assert_eq!(
            (sent.status, code(&sent)),
            (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            "{uri}"
        );
    }
    let nulls =
        json!({ "query": "{a}", "variables": null, "operationName": null, "extensions": null });
    assert_eq!(call(post(nulls)).await.json, json!({ "data": { "a": 1 } }));
    let empty = "/graphql?query=%7Ba%7D&variables=&operationName=&extensions=&other=1";
    assert_eq!(call(get(empty)).await.json, json!({ "data": { "a": 1 } }));
}

#[tokio::test]
async fn nothing_changes_by_get_or_by_a_simple_content_type() {
    let sent = call(get("/graphql?query=mutation%7Bchange%7D")).await;
    assert_eq!(sent.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(code(&sent), "METHOD_NOT_ALLOWED");
    assert_eq!(sent.header("allow"), "GET, POST");
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let request = testing::request("POST", "/graphql")
            .header("content-type", content_type)
            .body(r#"{"query":"mutation{change}"}"#);
        let sent = call(request).await;
        assert_eq!(sent.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(code(&sent), "UNSUPPORTED_MEDIA_TYPE");
    }
    for method in ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"] {
        let sent = call(testing::request(method, "/graphql")).await;
        assert_eq!(sent.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(sent.header("allow"), "GET, POST");
    }
    let sent = call(post(json!({ "query": "subscription { count(to: 1) }" }))).await;
    assert_eq!(
        (sent.status, code(&sent)),
        (StatusCode::BAD_REQUEST, "BAD_REQUEST")
    );
    let sent = call(post(json!({ "query": "mutation { change }" }))).await;
    assert_eq!(sent.json, json!({ "data": { "change": 1 } }));
}

#[tokio::test]
async fn a_token_is_known_or_the_answer_is_401() {
    let query = json!({ "query": "{ signedIn }" });
    assert_eq!(
        call(post(query.clone())).await.json["data"]["signedIn"],
        false
    );
    let good = post(query.clone()).header("authorization", &format!("Bearer {GOOD_TOKEN}"));
    assert_eq!(call(good).await.json["data"]["signedIn"], true);
    for wrong in [
        "Bearer nobody",
        "Bearer",
        "Bearer ",
        "Basic Zm9v",
        "nobody",
        "Bearer a b",
    ] {
        let sent = call(post(query.clone()).header("authorization", wrong)).await;
        assert_eq!(
            (sent.status, code(&sent)),
            (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED")
        );
        assert!(
            sent.header("www-authenticate").starts_with("Bearer"),
            "{wrong}"
        );
    }
    let sent = call(post(query).header("authorization", "Bearer silent")).await;
    assert_eq!(
        (sent.status, code(&sent)),
        (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE")
    );
    assert_eq!(sent.header("retry-after"), "1");
}

#[tokio::test]
async fn a_body_is_bounded_and_whole() {
    let long = json!({ "query": "{a}", "extensions": { "x": "y".repeat(1 << 20) } });
    let sent = call(post(long)).await;
    assert_eq!(
        (sent.status, code(&sent)),
        (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE")
    );
    let request = testing::request("POST", "/graphql").header("content-type", "application/json");
    let sent = call(request.body("{ \"not")).await;
    assert_eq!(
        (sent.status, code(&sent)),
        (StatusCode::BAD_REQUEST, "BAD_REQUEST")
    );
}

#[tokio::test]
async fn a_panic_is_500_without_its_text() {
    let sent = call(post(json!({ "query": "{ panics }" })).header("accept", NEW)).await;
    assert_eq!(
        (sent.status, code(&sent)),
        (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL")
    );
    assert!(!sent.json.to_string().contains("secret"));
}

#[tokio::test]
async fn the_slow_are_cut_off() {
    let sent = call(post(json!({ "query": "{ sleeps }" }))).await;
    assert_eq!(
        (sent.status, code(&sent)),
        (StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT")
    );
}

#[tokio::test]
async fn the_caller_s_language_arrives_and_the_request_s_name_comes_back() {
    let request = post(json!({ "query": "{ language }" }))
        .header("accept-language", "en")
        .header("x-request-id", "abc-123");
    let sent = call(request).await;
    assert_eq!(sent.json["data"], json!({ "language": "English" }));
    assert_eq!(sent.header("x-request-id"), "abc-123");
}
