//! What once cost too much, or let one look into the past: each of these is refused at once.

use chrono::TimeDelta;
use faelled_tests::{TestServer, User, both_databases};
use serde_json::json;

use crate::words::{draft, post};

both_databases! {
    async fn what_would_cost_too_much_is_refused(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anyone = User::anonymous();
        let words = json!({ "search": "a ".repeat(2_000) });
        let organizations = "query($search: String) { organizations(search: $search) { totalCount } }";
        assert_eq!(server.error_code(&anyone, organizations, words.clone()).await, "BAD_USER_INPUT");
        let places = "query($search: String!) { places(search: $search) { totalCount } }";
        assert_eq!(server.error_code(&anyone, places, words).await, "BAD_USER_INPUT");
        let long_ago = r#"{ listings(filter: { dates: { from: "-262143-01-01", to: "-262143-01-01" } }) { totalCount } }"#;
        assert_eq!(server.error_code(&anyone, long_ago, json!({})).await, "BAD_USER_INPUT");
        server.end().await;
    }

    async fn a_cursor_ages(record: &TestRecord) {
        let mut server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        for _ in 0..2 {
            post(&server, &anna, draft(json!({}))).await;
        }
        server.run_jobs().await;
        let first = server.data(&anna, "{ listings(first: 1) { pageInfo { endCursor } } }", json!({})).await;
        let after = json!({ "after": first["listings"]["pageInfo"]["endCursor"] });
        let next = "query($after: String) { listings(first: 1, after: $after) { totalCount } }";
        server.wait(TimeDelta::minutes(59)).await;
        assert_eq!(server.data(&anna, next, after.clone()).await["listings"]["totalCount"], 2);
        server.wait(TimeDelta::minutes(2)).await;
        assert_eq!(server.error_code(&anna, next, after).await, "BAD_CURSOR");
        server.end().await;
    }

    async fn a_copy_declares_nothing_that_was_not_declared(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let id = post(&server, &anna, draft(json!({ "declarations": { "childrensCertificate": true } }))).await;
        let copy = "mutation($id: ID!) { copyListing(input: { id: $id }) {
            listing { declarations { childrensCertificate } } userErrors { code } } }";
        let copied = server.ask(&anna, copy, json!({ "id": id })).await;
        assert!(copied.to_string().contains(r#""childrensCertificate":null"#), "{copied}");
        server.run_jobs().await;
        server.end().await;
    }
}
