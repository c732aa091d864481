//! Two servers on one PostgreSQL, each with connections and a board of its own. SQLite serves one
//! process, so that these tests have one database only.

use std::time::{Duration, Instant};

use faelled_engine::listing::Listing;
use faelled_store::{Store, Writing};
use faelled_tests::{
    TestRecord, TestServer, User, fixtures,
    server::{catalog, text},
};
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::json;

use crate::{
    subscriptions::Listener,
    words::{UPDATE, draft, need, post, propose, take, titles},
};

/// The promise: on the other server within a second.
const A_SECOND: Duration = Duration::from_secs(1);

const POSTED: &str = "subscription { listingPosted { id title } }";

async fn two(record: &TestRecord) -> [TestServer; 2] {
    let mut servers = [
        TestServer::open(record).await,
        TestServer::open(record).await,
    ];
    for server in &mut servers {
        server.follow();
    }
    servers
}

async fn end(servers: [TestServer; 2]) {
    servers[0].run_jobs().await;
    for server in servers {
        server.end().await;
    }
}

/// Waits until the server finds this title, and fails after a second.
async fn found_within_a_second(server: &TestServer, title: &str) {
    let started = Instant::now();
    loop {
        let query = "query($text: String!) { listings(filter: { text: $text }) { totalCount nodes { title } } }";
        let found = server
            .data(&User::anonymous(), query, json!({ "text": title }))
            .await["listings"]
            .clone();
        if found["totalCount"] == 1 && found["nodes"][0]["title"] == title {
            return;
        }
        assert!(
            started.elapsed() < A_SECOND,
            "{title} was not found within a second: {found}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn announced_within_a_second(listener: &mut Listener, title: &str) {
    let event = listener.next_within(A_SECOND).await;
    let event = event.unwrap_or_else(|| panic!("{title} was not announced within a second"));
    assert_eq!(event["data"]["listingPosted"]["title"], title);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_server_writes_the_other_finds_counts_and_announces_within_a_second() {
    let record = TestRecord::postgres().await;
    let servers = two(&record).await;
    let [here, there] = &servers;
    let (anna, bo) = (
        here.person("Anna", "Berg").await,
        here.person("Bo", "Dal").await,
    );
    let mut listener = Listener::new(there, &User::anonymous(), POSTED, json!({})).await;
    for nth in 0..5 {
        let title = format!("Opslag{nth} herfra");
        post(here, &anna, draft(json!({ "title": title }))).await;
        announced_within_a_second(&mut listener, &title).await;
        found_within_a_second(there, &title).await;
    }
    // A change and a match travel as well.
    let id = post(there, &anna, need(json!({ "title": "Før" }))).await;
    found_within_a_second(here, "Før").await;
    let change = json!({ "input": { "id": id, "version": 1, "changes": { "title": "Efter" } } });
    there.did(&anna, UPDATE, change).await;
    found_within_a_second(here, "Efter").await;
    let updated = "subscription { matchUpdated { id status } }";
    let mut matches = Listener::new(there, &bo, updated, json!({})).await;
    let agreed = propose(here, &bo, &id, None).await;
    take(here, &anna, "accept", &agreed).await;
    for status in ["PROPOSED", "CONFIRMED"] {
        // News names a match and not a state: the listener sees the match as it is by then.
        let event = matches
            .next_within(A_SECOND)
            .await
            .expect("news within a second");
        let seen = text(&event["data"]["matchUpdated"]["status"]);
        assert!(seen == status || seen == "CONFIRMED", "{seen}");
    }
    end(servers).await;
    record.end().await;
}

/// A listing that is written in a transaction of another process, and not committed yet.
async fn begun(store: &Store, who: &User, title: &str) -> Writing {
    let draft = faelled_engine::listing::ListingDraft {
        title: title.into(),
        themes: vec!["walking-friend".into()],
        ..fixtures::draft()
    };
    let listing: Listing = fixtures::listing(&draft, who.id(), &catalog());
    let mut writing = store.write(fixtures::now()).await.unwrap();
    writing.insert_listing(&listing).await.unwrap();
    writing
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_transaction_that_commits_late_holds_nothing_up_and_is_not_missed() {
    let record = TestRecord::postgres().await;
    let servers = two(&record).await;
    let [here, there] = &servers;
    let anna = here.person("Anna", "Berg").await;
    let mut listener = Listener::new(there, &User::anonymous(), POSTED, json!({})).await;

    // Two that are older than everything below: one through the store, as a third server would
    // have it, and one past it, that has drawn a number of a sequence.
    let third = Store::connect(&record.config(), catalog()).await.unwrap();
    let late = begun(&third, &anna, "Sent men ikke glemt").await;
    let raw = record.raw().await;
    let open = raw.begin().await.unwrap();
    let insert = "INSERT INTO job (kind, key, payload, state, run_at, attempts, created_at)
        VALUES ('nobody_knows', 'k', 'null', 'waiting', now(), 0, now())";
    let drew = open.execute_unprepared(insert).await;
    assert!(drew.is_ok(), "{drew:?}");

    for nth in 0..3 {
        let title = format!("Nyt{nth} imens");
        post(here, &anna, draft(json!({ "title": title }))).await;
        announced_within_a_second(&mut listener, &title).await;
        found_within_a_second(there, &title).await;
    }
    assert_eq!(
        titles(there, json!({}), "NEWEST").await.len(),
        3,
        "what is not committed is not seen"
    );

    late.commit().await.unwrap();
    announced_within_a_second(&mut listener, "Sent men ikke glemt").await;
    for server in &servers {
        found_within_a_second(server, "Sent men ikke glemt").await;
        assert_eq!(titles(server, json!({}), "NEWEST").await.len(), 4);
    }
    open.rollback().await.unwrap();
    third.close().await.unwrap();
    drop(raw);
    end(servers).await;
    record.end().await;
}
