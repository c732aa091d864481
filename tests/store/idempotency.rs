use std::time::Duration;

use chrono::TimeDelta;
use faelled_engine::id::PersonId;
use faelled_store::{IDEMPOTENCY_LIFETIME, Remembered, Store, StoreError};
use faelled_tests::{
    both_databases,
    fixtures::{draft, listing, now, stored_person},
};
use serde_json::{Value, json};

/// As a mutation does it: asks, does the thing, keeps the answer.
async fn post(
    store: &Store,
    person: PersonId,
    key: &str,
    input: &str,
    at: TimeDelta,
) -> Result<Value, Option<StoreError>> {
    let mut writing = store.write(now() + at).await.map_err(Some)?;
    match writing
        .idempotent(person, "postListing", key, input)
        .await
        .map_err(Some)?
    {
        Remembered::Same(answer) => Ok(answer),
        Remembered::Other => Err(None),
        Remembered::New => {
            let one = listing(&draft(), person, store.catalog());
            writing.insert_listing(&one).await.map_err(Some)?;
            let answer = json!({ "listing": one.id.uuid().to_string() });
            writing
                .remember(person, "postListing", key, &answer)
                .await
                .map_err(Some)?;
            writing.commit().await.map_err(Some)?;
            Ok(answer)
        }
    }
}

both_databases! {
    async fn the_same_key_gives_the_first_answer(record: &TestRecord) {
        let store = record.store().await;
        let (me, you) = (stored_person(&store).await, stored_person(&store).await);
        let soon = TimeDelta::zero();
        let first = post(&store, me, "k", "input", soon).await.unwrap();
        assert_eq!(post(&store, me, "k", "input", soon).await.unwrap(), first);
        assert!(post(&store, me, "k", "other input", soon).await.unwrap_err().is_none());
        assert_ne!(post(&store, me, "l", "input", soon).await.unwrap(), first);
        assert_ne!(post(&store, you, "k", "input", soon).await.unwrap(), first, "keys are one's own");
        assert_eq!(store.counts().await.unwrap().listings, 3);
    }

    async fn a_key_is_forgotten_after_its_time(record: &TestRecord) {
        let store = record.store().await;
        let me = stored_person(&store).await;
        let almost = IDEMPOTENCY_LIFETIME - TimeDelta::seconds(1);
        let first = post(&store, me, "k", "input", TimeDelta::zero()).await.unwrap();
        assert_eq!(post(&store, me, "k", "input", almost).await.unwrap(), first);
        let second = post(&store, me, "k", "other", IDEMPOTENCY_LIFETIME).await.unwrap();
        assert_ne!(first, second);
        assert_eq!(post(&store, me, "k", "other", IDEMPOTENCY_LIFETIME).await.unwrap(), second);
        assert_eq!(store.purge_idempotency(now() + IDEMPOTENCY_LIFETIME).await.unwrap(), 0);
        assert_eq!(store.purge_idempotency(now() + IDEMPOTENCY_LIFETIME * 2).await.unwrap(), 1);
    }

    async fn many_at_once_with_one_key_do_it_once(record: &TestRecord) {
        // Half of them in another process.
        let stores = [record.store().await, record.store().await];
        let me = stored_person(&stores[0]).await;
        let requests = (0..16).map(|nth| {
            let store = stores[nth % 2].clone();
            tokio::spawn(async move { post(&store, me, "k", "input", TimeDelta::zero()).await })
        });
        let mut answers = Vec::new();
        for request in requests.collect::<Vec<_>>() {
            match request.await.unwrap() {
                Ok(answer) => answers.push(answer),
                Err(Some(StoreError::Busy)) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(!answers.is_empty());
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!(stores[0].counts().await.unwrap().listings, 1);
    }

    async fn a_request_that_came_to_nothing_leaves_the_key_free(record: &TestRecord) {
        let store = record.store().await;
        let me = stored_person(&store).await;
        let mut first = store.write(now()).await.unwrap();
        let asked = first.idempotent(me, "postListing", "k", "input").await.unwrap();
        assert_eq!(asked, Remembered::New);
        let second = {
            let store = record.store().await;
            tokio::spawn(async move { post(&store, me, "k", "input", TimeDelta::zero()).await })
        };
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!second.is_finished(), "the second waits for the first");
        drop(first);
        second.await.unwrap().unwrap();
        assert_eq!(store.counts().await.unwrap().listings, 1);
    }

    async fn an_answer_cannot_be_forgotten(record: &TestRecord) {
        let store = record.store().await;
        let me = stored_person(&store).await;
        let mut writing = store.write(now()).await.unwrap();
        writing.idempotent(me, "postListing", "k", "input").await.unwrap();
        writing.insert_listing(&listing(&draft(), me, store.catalog())).await.unwrap();
        let refused = writing.commit().await.unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
        assert_eq!(store.counts().await.unwrap().listings, 0);
    }
}
