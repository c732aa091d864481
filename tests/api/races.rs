//! Two at once: one wins, the other is told so clearly, and nothing is lost silently.

use std::collections::HashMap;

use chrono::TimeDelta;
use faelled_tests::{
    TestServer, User, both_databases,
    server::{reason, text},
};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::words::{COPY, POST, PROPOSE, REGISTER, UPDATE, draft, need, post, propose, step};

/// What each of several mutations came to: `done`, a reason, or the code of a top-level error.
async fn outcomes(
    answers: impl IntoIterator<Item = impl Future<Output = Value>>,
) -> HashMap<String, usize> {
    let mut outcomes = HashMap::new();
    for answer in join_all(answers).await {
        *outcomes.entry(outcome(&answer)).or_default() += 1;
    }
    outcomes
}

fn outcome(answer: &Value) -> String {
    if let Some(error) = answer["errors"].get(0) {
        return text(&error["extensions"]["code"]);
    }
    let payload = answer["data"].as_object().unwrap().values().next().unwrap();
    match payload["userErrors"].get(0) {
        Some(error) => reason(error),
        None => "done".to_owned(),
    }
}

fn made(answer: &Value) -> String {
    let payload = answer["data"].as_object().unwrap().values().next().unwrap();
    let object = ["listing", "match", "organization"]
        .into_iter()
        .find_map(|name| payload.get(name));
    text(&object.unwrap()["id"])
}

both_databases! {
    async fn of_two_who_update_at_once_one_wins(record: &TestRecord) {
        // The second server has connections of its own, as a second process would.
        let servers = [TestServer::open(record).await, TestServer::open(record).await];
        let anna = servers[0].person("Anna", "Berg").await;
        let id = post(&servers[0], &anna, draft(json!({}))).await;
        for round in 1..=10 {
            let asks = (0..4).map(|nth| {
                let changes = json!({ "title": format!("Runde {round}, nummer {nth}") });
                let input = json!({ "input": { "id": id, "version": round, "changes": changes } });
                servers[nth % 2].ask(&anna, UPDATE, input)
            });
            let came_to = outcomes(asks).await;
            assert_eq!(came_to.get("done"), Some(&1), "round {round}: {came_to:?}");
            assert_eq!(came_to.get("STALE_VERSION version"), Some(&3), "round {round}: {came_to:?}");
        }
        servers[0].catch_up().await;
        let seen = "query($id: ID!) { node(id: $id) { ... on Listing { version title } } }";
        let seen = servers[0].data(&anna, seen, json!({ "id": id })).await;
        assert_eq!(seen["node"]["version"], 11);
        assert!(text(&seen["node"]["title"]).starts_with("Runde 10"));
        for server in servers {
            server.run_jobs().await;
            server.end().await;
        }
    }

    async fn of_many_who_accept_the_last_place_at_once_one_gets_it(record: &TestRecord) {
        let servers = [TestServer::open(record).await, TestServer::open(record).await];
        let anna = servers[0].person("Anna", "Berg").await;
        let mut people = Vec::new();
        for nth in 0..4 {
            people.push(servers[0].person(&format!("P{nth}"), "Person").await);
        }
        for round in 0..10 {
            let id = post(&servers[0], &anna, need(json!({ "capacity": 1 }))).await;
            let mut proposals = Vec::new();
            for who in &people {
                proposals.push(propose(&servers[0], who, &id, None).await);
            }
            let accept = step("accept");
            let asks = proposals.iter().enumerate().map(|(nth, agreed)| {
                servers[nth % 2].ask(&anna, &accept, json!({ "input": { "id": agreed } }))
            });
            let came_to = outcomes(asks).await;
            assert_eq!(came_to.get("done"), Some(&1), "round {round}: {came_to:?}");
            assert_eq!(came_to.get("CAPACITY_FULL id"), Some(&3), "round {round}: {came_to:?}");
            let left = "query($id: ID!) { node(id: $id) { ... on Listing { placesLeft } }
                viewer { matches(listing: $id) { edges { node { status } } } } }";
            servers[0].catch_up().await;
            let left = servers[0].data(&anna, left, json!({ "id": id })).await;
            assert_eq!(left["node"]["placesLeft"], 0);
            let confirmed = left["viewer"]["matches"]["edges"].as_array().unwrap().iter()
                .filter(|edge| edge["node"]["status"] == "CONFIRMED").count();
            assert_eq!(confirmed, 1);
        }
        for server in servers {
            server.run_jobs().await;
            server.end().await;
        }
    }

    async fn two_pairs_that_share_both_listings_do_not_wait_for_each_other_for_ever(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        for _ in 0..5 {
            let listing = post(&server, &anna, need(json!({}))).await;
            let offer = post(&server, &bo, draft(json!({}))).await;
            // Each proposes to the other at once, so that the pair is named in both orders.
            let to_anna = json!({ "input": { "listing": listing, "counterpart": offer } });
            let to_bo = json!({ "input": { "listing": offer, "counterpart": listing } });
            let asks = [server.ask(&bo, PROPOSE, to_anna), server.ask(&anna, PROPOSE, to_bo)];
            let came_to = outcomes(asks).await;
            assert_eq!(came_to.get("done"), Some(&1), "{came_to:?}");
            assert_eq!(came_to.get("ALREADY_MATCHED listing"), Some(&1), "{came_to:?}");
        }
        server.run_jobs().await;
        server.end().await;
    }

    async fn the_same_key_gives_the_first_answer_and_no_other_content(record: &TestRecord) {
        let mut server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let listing = post(&server, &bo, need(json!({}))).await;
        let mine = post(&server, &anna, draft(json!({}))).await;
        let cases = [
            (POST, json!({ "draft": draft(json!({ "title": "Kun en gang" })) }), json!({ "draft": draft(json!({ "title": "Noget andet" })) })),
            (COPY, json!({ "id": mine }), json!({ "id": mine, "changes": { "title": "Noget andet" } })),
            (PROPOSE, json!({ "listing": listing }), json!({ "listing": listing, "message": "Hej" })),
            (REGISTER, json!({ "name": "Ny forening", "kind": "ASSOCIATION", "postalCode": "8800" }),
                json!({ "name": "En anden", "kind": "ASSOCIATION", "postalCode": "8800" })),
        ];
        let with_key = |input: &Value| {
            let mut input = input.clone();
            input["idempotencyKey"] = json!("en-gang");
            json!({ "input": input })
        };
        for (mutation, input, other) in &cases {
            let first = made(&server.ask(&anna, mutation, with_key(input)).await);
            let before = server.counts().await;
            assert_eq!(made(&server.ask(&anna, mutation, with_key(input)).await), first);
            let refused = server.refusal(&anna, mutation, with_key(other)).await;
            assert_eq!(refused, "IDEMPOTENCY_KEY_REUSED idempotencyKey");
            assert_eq!(server.counts().await, before, "nothing more was made");
        }
        // Keys are one's own, and belong to one mutation.
        let of_bo = made(&server.ask(&bo, POST, with_key(&cases[0].1)).await);
        let again = made(&server.ask(&anna, POST, with_key(&cases[0].1)).await);
        assert_ne!(of_bo, again);
        // A day later the key is free.
        server.run_jobs().await;
        server.wait(TimeDelta::hours(24)).await;
        let next_day = made(&server.ask(&anna, POST, with_key(&cases[0].2)).await);
        assert_ne!(next_day, again);
        server.run_jobs().await;
        server.end().await;
    }

    async fn the_same_key_sent_many_times_at_once_makes_one_thing(record: &TestRecord) {
        let servers = [TestServer::open(record).await, TestServer::open(record).await];
        let anna = servers[0].person("Anna", "Berg").await;
        for round in 0..3 {
            let before = servers[0].counts().await.listings;
            let input = json!({ "input": { "draft": draft(json!({ "title": format!("Runde {round}") })),
                "idempotencyKey": format!("runde-{round}") } });
            let asks = (0..8).map(|nth| servers[nth % 2].ask(&anna, POST, input.clone()));
            let answers = join_all(asks).await;
            let ids: Vec<String> = answers.iter().map(made).collect();
            assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
            assert_eq!(servers[0].counts().await.listings, before + 1);
        }
        for server in servers {
            server.run_jobs().await;
            server.end().await;
        }
    }

    async fn support_given_by_many_at_once_is_counted_once_for_each(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let wish = post(&server, &anna, draft(json!({ "kind": "WISH" }))).await;
        let mut people: Vec<User> = Vec::new();
        for nth in 0..5 {
            people.push(server.person(&format!("P{nth}"), "Person").await);
        }
        let add = crate::words::support("add");
        let input = json!({ "input": { "id": wish } });
        let asks = people.iter().chain(&people).map(|who| server.ask(who, &add, input.clone()));
        assert_eq!(outcomes(asks).await.get("done"), Some(&10));
        let count = "query($id: ID!) { node(id: $id) { ... on Listing { supportCount } } }";
        let count = server.data(&anna, count, json!({ "id": wish })).await;
        assert_eq!(count["node"]["supportCount"], 5);
        server.run_jobs().await;
        server.end().await;
    }
}
