//! What comes late: a retry, an answer, a "no" and the end of what was agreed.

use chrono::TimeDelta;
use faelled_engine::listing::ListingDraft;
use faelled_store::DatabaseKind;
use faelled_tests::{
    TestServer, User, both_databases,
    fixtures::{self, stored_listings},
    server::text,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::{Value, json};

use crate::{
    subscriptions::Listener,
    words::{UPDATE, draft, need, post, propose, step, take, titles},
};

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

    async fn after_a_no_neither_side_is_told_of_the_other_again(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let carl = server.person("Carl", "Ege").await;
        let offer = post(&server, &bo, draft(json!({ "title": "Gåtur" }))).await;
        server.run_jobs().await;
        let wanted = post(&server, &anna, need(json!({}))).await;
        post(&server, &carl, need(json!({}))).await;
        server.run_jobs().await;
        let declined = propose(&server, &bo, &wanted, Some(&offer)).await;
        take(&server, &anna, "decline", &declined).await;
        // A change of the offer is news for those whose needs it meets.
        let input = json!({ "id": offer, "version": 1, "changes": { "task": "Gå en tur" } });
        server.did(&bo, UPDATE, json!({ "input": input })).await;
        server.run_jobs().await;
        assert_eq!(told(&server, &anna).await, 0, "Anna has said no");
        assert_eq!(told(&server, &carl).await, 1, "Carl has not");
        server.end().await;
    }

    async fn a_server_behind_a_pruned_log_begins_anew_and_says_so(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let subscription = "subscription { listingPosted { id } }";
        let mut listener =
            Listener::new(&server, &User::anonymous(), subscription, json!({})).await;
        let drafts = ["Gåtur et", "Gåtur to", "Gåtur tre"].map(|title| ListingDraft {
            title: title.into(),
            themes: vec!["walking-friend".into()],
            ..fixtures::draft()
        });
        stored_listings(server.store(), &drafts).await;
        let pruned = server.store().prune_changes(server.now() + TimeDelta::days(1), 0).await.unwrap();
        assert!(pruned >= 2, "{pruned}");
        server.catch_up().await;
        assert_eq!(titles(&server, json!({}), "NEWEST").await.len(), 3);
        let told = listener.next_within(std::time::Duration::from_secs(1)).await.unwrap();
        assert_eq!(told["errors"][0]["extensions"]["code"], "FELL_BEHIND", "{told}");
        // And it goes on from there.
        let anna = server.person("Anna", "Berg").await;
        post(&server, &anna, draft(json!({}))).await;
        assert_eq!(titles(&server, json!({}), "NEWEST").await.len(), 4);
        server.run_jobs().await;
        server.end().await;
    }

    async fn a_change_that_nobody_can_read_does_not_keep_the_board_from_what_is(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let drafts = ["Gåtur et", "Gåtur to"].map(|title| ListingDraft {
            title: title.into(),
            themes: vec!["walking-friend".into()],
            ..fixtures::draft()
        });
        stored_listings(server.store(), &drafts).await;
        // As a newer version writes it.
        let raw = record.raw().await;
        let unknown = match record.kind() {
            DatabaseKind::Sqlite => {
                "PRAGMA ignore_check_constraints = ON; UPDATE change SET kind = 'festival' WHERE position = 1"
            }
            DatabaseKind::Postgres => {
                "ALTER TABLE change DROP CONSTRAINT change_log_kind_check; \
                 UPDATE change SET kind = 'festival' WHERE position = 1"
            }
        };
        raw.execute_unprepared(unknown).await.unwrap();
        server.catch_up().await;
        assert_eq!(titles(&server, json!({}), "NEWEST").await.len(), 2);
        server.end().await;
    }

    async fn answers_kept_for_a_retry_are_forgotten_in_time(record: &TestRecord) {
        let mut server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let raw = record.raw().await;
        let input = json!({ "input": { "idempotencyKey": "one", "draft": draft(json!({})) } });
        server.did(&anna, crate::words::POST, input).await;
        server.work();
        wait_until(&raw, "SELECT COUNT(*) FROM job", 0).await;
        assert_eq!(number(&raw, KEPT).await, 1, "a retry may come yet");
        server.wait(TimeDelta::hours(25)).await;
        server.work();
        wait_until(&raw, KEPT, 0).await;
        server.end().await;
    }
}

const KEPT: &str = "SELECT COUNT(*) FROM idempotency";

/// How many notices somebody has.
async fn told(server: &TestServer, who: &User) -> usize {
    let notices = "{ viewer { notices { edges { node { createdAt } } } } }";
    let notices = server.data(who, notices, Value::Null).await;
    notices["viewer"]["notices"]["edges"]
        .as_array()
        .unwrap()
        .len()
}

async fn number(raw: &DatabaseConnection, sql: &str) -> i64 {
    let statement = Statement::from_string(raw.get_database_backend(), sql);
    let row = raw.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

async fn wait_until(raw: &DatabaseConnection, sql: &str, expected: i64) {
    for _ in 0..1_000 {
        if number(raw, sql).await == expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{sql} did not become {expected}");
}
