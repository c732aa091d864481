//! What once cost too much, or let one look into the past: each of these is refused at once.

use chrono::TimeDelta;
use faelled_tests::{TestServer, User, both_databases};
use serde_json::json;

use crate::words::{POST, draft, post};

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
        let times = |first: i32| format!("{{ listings(first: 100) {{ nodes {{ occurrences(first: {first}) {{ start end }} }} }} }}");
        assert_eq!(server.error_code(&anyone, &times(100), json!({})).await, "GRAPHQL_VALIDATION_FAILED");
        server.data(&anyone, &times(20), json!({})).await;
        server.end().await;
    }

    async fn a_time_that_lasts_too_long_is_told_how_long_it_may_last(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let rule = json!({ "start": "2026-03-03T14:00", "duration": "PT900H", "rule": "FREQ=WEEKLY" });
        let long = draft(json!({ "schedule": { "recurrences": [rule] } }));
        let refused = server.refused(&anna, POST, json!({ "input": { "draft": long } })).await;
        assert_eq!(refused[0]["message"], "Må højst strække sig over 31 dage.");
        let find = "query($dates: DateRangeInput!) { listings(filter: { dates: $dates }) { totalCount } }";
        for (from, to, field, message) in [
            ("2026-01-01", "2027-06-01", "to", "May stretch over at most 366 days."),
            ("0001-01-01", "2026-06-01", "from", "Must lie in the years 2020-2100."),
        ] {
            let dates = json!({ "dates": { "from": from, "to": to } });
            let answer = server.ask(&anna.in_english(), find, dates).await;
            let problem = &answer["errors"][0]["extensions"]["problems"][0];
            assert_eq!(problem["message"], message);
            assert_eq!(problem["field"], json!(["dates", field]));
        }
        // What is said back is short, also when it is trimmed before it is read.
        let padded = format!("sport{}", " ".repeat(100_000));
        let twice = draft(json!({ "themes": ["sport", padded] }));
        let refused = server.refused(&anna, POST, json!({ "input": { "draft": twice } })).await;
        assert!(refused[0]["message"].as_str().unwrap().len() < 200);
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

    async fn a_copy_declares_no_certificate(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let declared = json!({ "childrensCertificate": true, "drivingLicence": true, "minimumAge": 30 });
        let id = post(&server, &anna, draft(json!({ "declarations": declared }))).await;
        let copy = "mutation($id: ID!) { copyListing(input: { id: $id }) {
            listing { declarations { childrensCertificate drivingLicence minimumAge } } userErrors { code } } }";
        let copied = server.data(&anna, copy, json!({ "id": id })).await;
        // Who declares a børneattest is kept by name, and has to do it again; the rest is copied.
        assert_eq!(copied["copyListing"]["listing"]["declarations"],
            json!({ "childrensCertificate": null, "drivingLicence": true, "minimumAge": 30 }));
        server.run_jobs().await;
        server.end().await;
    }
}
