use std::time::{Duration, Instant};

use faelled_store::{RecordConfig, StoreError};
use faelled_tests::{
    TestRecord, both_databases,
    fixtures::{draft, listing, now, stored_listing, stored_person},
};
use sea_orm::ConnectionTrait;
use tokio::time::sleep;

both_databases! {
    async fn sixty_four_writers_at_once_fail_only_by_being_told_to_try_again(record: &TestRecord) {
        let store = record
            .store_as(&RecordConfig { write_wait: Duration::from_secs(2), ..record.config() })
            .await;
        let person = stored_person(&store).await;
        let begun = Instant::now();
        let writers = (0..64).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let (mut written, mut busy) = (0_u64, 0_u32);
                while written < 10 {
                    let one = listing(&draft(), person, store.catalog());
                    let attempt = async {
                        let mut writing = store.write(now()).await?;
                        writing.insert_listing(&one).await?;
                        writing.take_place(one.id).await?;
                        writing.commit().await
                    };
                    match attempt.await {
                        Ok(_) => written += 1,
                        Err(StoreError::Busy) => busy += 1,
                        Err(other) => panic!("{other:?}"),
                    }
                }
                busy
            })
        });
        let mut busy = 0;
        for writer in writers.collect::<Vec<_>>() {
            busy += writer.await.unwrap();
        }
        eprintln!("640 writes by 64 writers in {:?}, {busy} told to try again", begun.elapsed());
        let counts = store.counts().await.unwrap();
        assert_eq!((counts.listings, counts.changes), (640, 640));
        assert_eq!(store.snapshot_position().await.unwrap(), 640);
    }

    async fn a_full_queue_answers_busy_at_once(record: &TestRecord) {
        let config = RecordConfig {
            readers: 1,
            write_queue: 2,
            write_wait: Duration::from_secs(10),
            ..record.config()
        };
        let store = record.store_as(&config).await;
        let first = store.write(now()).await.unwrap();
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.write(now()).await.map(drop) })
            })
            .collect();
        sleep(Duration::from_millis(100)).await;
        let asked = Instant::now();
        let refused = store.write(now()).await.err();
        assert!(matches!(refused, Some(StoreError::Busy)), "{refused:?}");
        assert!(asked.elapsed() < Duration::from_secs(1));
        drop(first);
        for one in waiting {
            one.await.unwrap().unwrap();
        }
        store.write(now()).await.unwrap();
    }

    async fn a_writer_waits_no_longer_than_it_was_told(record: &TestRecord) {
        let config = RecordConfig {
            readers: 1,
            write_wait: Duration::from_millis(200),
            ..record.config()
        };
        let store = record.store_as(&config).await;
        let _first = store.write(now()).await.unwrap();
        let asked = Instant::now();
        let refused = store.write(now()).await.err();
        assert!(matches!(refused, Some(StoreError::Busy)), "{refused:?}");
        assert!((150..2_000).contains(&asked.elapsed().as_millis()), "{:?}", asked.elapsed());
    }

    async fn a_lock_that_another_process_holds_too_long_answers_busy(record: &TestRecord) {
        let held = record.store().await;
        let one = stored_listing(&held).await;
        let mut holding = held.write(now()).await.unwrap();
        assert!(holding.take_place(one.id).await.unwrap());

        let config = RecordConfig { write_wait: Duration::from_millis(200), ..record.config() };
        let other = record.store_as(&config).await;
        let attempt = async {
            let mut writing = other.write(now()).await?;
            writing.take_place(one.id).await?;
            writing.commit().await
        };
        let refused = attempt.await.err();
        assert!(matches!(refused, Some(StoreError::Busy)), "{refused:?}");
        holding.commit().await.unwrap();
        let mut writing = other.write(now()).await.unwrap();
        assert!(writing.take_place(one.id).await.unwrap());
        writing.commit().await.unwrap();
        assert_eq!(other.listing(one.id).await.unwrap().unwrap().taken, 2);
    }

    async fn reading_goes_on_beside_an_open_write(record: &TestRecord) {
        let store = record.store().await;
        let one = stored_listing(&store).await;
        let mut writing = store.write(now()).await.unwrap();
        assert!(writing.take_place(one.id).await.unwrap());
        assert_eq!(store.listing(one.id).await.unwrap().unwrap().taken, 0);
        writing.commit().await.unwrap();
        assert_eq!(store.listing(one.id).await.unwrap().unwrap().taken, 1);
    }

    async fn a_request_that_goes_away_leaves_the_writer_free(record: &TestRecord) {
        let store = record.store().await;
        let person = stored_person(&store).await;
        for _ in 0..20 {
            let one = listing(&draft(), person, store.catalog());
            let request = {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut writing = store.write(now()).await.unwrap();
                    writing.insert_listing(&one).await.unwrap();
                    sleep(Duration::from_mins(1)).await;
                    writing.commit().await.unwrap();
                })
            };
            sleep(Duration::from_micros(700)).await;
            request.abort();
            assert!(request.await.unwrap_err().is_cancelled());
        }
        stored_listing(&store).await;
        assert_eq!(store.counts().await.unwrap().listings, 1);
    }

    async fn two_who_lock_the_same_listings_do_not_wait_for_each_other(record: &TestRecord) {
        let store = record.store().await;
        let (a, b) = (stored_listing(&store).await, stored_listing(&store).await);
        let lockers = (0..20).map(|nth| {
            let (store, ids) = (store.clone(), if nth % 2 == 0 { [a.id, b.id] } else { [b.id, a.id] });
            tokio::spawn(async move {
                let mut writing = store.write(now()).await.unwrap();
                let found = writing.listings_for_update(&ids).await.unwrap();
                assert_eq!(found.len(), 2);
                for id in ids {
                    assert!(writing.take_place(id).await.unwrap());
                }
                writing.commit().await.unwrap();
            })
        });
        for locker in lockers.collect::<Vec<_>>() {
            locker.await.unwrap();
        }
        assert_eq!(store.listing(a.id).await.unwrap().unwrap().taken, 20);
    }
}

#[tokio::test]
async fn a_connection_lost_before_the_commit_is_to_be_tried_again() {
    let record = TestRecord::postgres().await;
    let store = record.store().await;
    let one = stored_listing(&store).await;
    let raw = record.raw().await;
    let end_all_others = async || {
        raw.execute_unprepared(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await
        .unwrap();
        sleep(Duration::from_millis(100)).await;
    };
    let mut writing = store.write(now()).await.unwrap();
    assert!(writing.take_place(one.id).await.unwrap());
    end_all_others().await;
    let lost = writing.take_place(one.id).await.unwrap_err();
    assert!(lost.is_retryable(), "{lost:?}");
    drop(writing);

    // The connections mend by themselves; at most a request or two notices.
    let mut noticed = 0;
    while let Err(error) = store.listing(one.id).await {
        assert!(error.is_retryable(), "{error:?}");
        noticed += 1;
        assert!(noticed < 10);
    }
    assert_eq!(store.listing(one.id).await.unwrap().unwrap().taken, 0);

    let mut writing = loop {
        match store.write(now()).await {
            Ok(writing) => break writing,
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
    };
    assert!(writing.take_place(one.id).await.unwrap());
    writing.commit().await.unwrap();
    record.end().await;
}
