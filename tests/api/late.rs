//! What comes late: a retry, an answer, a "no" and the end of what was agreed.

use chrono::TimeDelta;
use faelled_tests::{TestServer, both_databases, server::text};
use serde_json::json;

use crate::words::{draft, need, post, propose, step, take};

both_databases! {
    async fn a_retry_gets_its_first_answer_also_when_time_has_made_it_wrong(record: &TestRecord) {
        let mut server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let soon = (server.now() + TimeDelta::minutes(5)).to_rfc3339();
        let input = json!({ "input": { "idempotencyKey": "one", "draft": draft(json!({ "expiresAt": soon })) } });
        let ask = "mutation($input: PostListingInput!) { postListing(input: $input) { listing { id } userErrors { code } } }";
        let first = server.ask(&anna, ask, input.clone()).await;
        server.run_jobs().await;
        server.wait(TimeDelta::minutes(10)).await;
        assert_eq!(server.ask(&anna, ask, input).await, first);
        server.run_jobs().await;
        server.end().await;
    }

    async fn a_lapsed_proposal_is_not_accepted_even_while_its_job_is_late(record: &TestRecord) {
        let mut server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let id = post(&server, &anna, need(json!({}))).await;
        let agreed = propose(&server, &bo, &id, None).await;
        server.run_jobs().await;
        server.wait(TimeDelta::days(15)).await;
        let accept = json!({ "input": { "id": agreed } });
        assert_eq!(server.refusal(&anna, &step("accept"), accept).await, "WRONG_STATE id");
        server.run_jobs().await;
        server.end().await;
    }

    async fn a_completed_match_can_be_closed_by_either_side(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let id = post(&server, &anna, need(json!({}))).await;
        let agreed = propose(&server, &bo, &id, None).await;
        take(&server, &anna, "accept", &agreed).await;
        take(&server, &bo, "complete", &agreed).await;
        let seen = "query($id: ID!) { node(id: $id) { ... on Listing { person { surname } } } }";
        let surname = async || {
            let seen = server.data(&bo, seen, json!({ "id": id })).await;
            seen["node"]["person"]["surname"].clone()
        };
        assert_eq!(text(&surname().await), "Berg");
        take(&server, &anna, "withdraw", &agreed).await;
        assert_eq!(surname().await, json!(null));
        server.run_jobs().await;
        server.end().await;
    }
}
