use std::sync::Arc;

use chrono::TimeDelta;
use faelled_store::{DatabaseKind, RecordConfig, Store, StoreError, recorded};
use faelled_tests::{
    TestRecord, both_databases,
    fixtures::{draft, listing, now, stored_listing, stored_person, uuid},
};
use sea_orm::ConnectionTrait;

both_databases! {
    async fn migrations_apply_once_and_only_once(record: &TestRecord) {
        let store = record.store().await;
        assert_eq!(store.kind(), record.kind());
        assert_eq!(store.pending_migrations().await.unwrap(), Vec::<String>::new());
        let one = stored_listing(&store).await;
        store.migrate().await.unwrap();
        assert!(store.listing(one.id).await.unwrap().is_some());
        store.ping().await.unwrap();

        let raw = record.raw().await;
        // As a record from before the first migration.
        raw.execute_unprepared("DELETE FROM seaql_migrations").await.unwrap();
        assert_eq!(store.pending_migrations().await.unwrap(), ["m2026_01_the_record", "m2026_02_visits_and_flags"]);
        assert!(store.migrate().await.is_err(), "the tables are there already");
        assert!(store.listing(one.id).await.unwrap().is_some(), "and nothing was lost");
        store.close().await.unwrap();
    }

    async fn servers_that_start_together_migrate_once(record: &TestRecord) {
        let stores = [record.store().await, record.store().await, record.store().await];
        if record.kind() == DatabaseKind::Postgres {
            record
                .raw()
                .await
                .execute_unprepared("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
                .await
                .unwrap();
            assert_eq!(stores[0].pending_migrations().await.unwrap().len(), 2);
        }
        let starting = stores.map(|store| tokio::spawn(async move { store.migrate().await }));
        for one in starting {
            one.await.unwrap().unwrap();
        }
        assert_eq!(record.store().await.counts().await.unwrap().listings, 0);
    }

    async fn only_sqlite_refuses_a_second_server(record: &TestRecord) {
        let (first, second) = (record.store().await, record.store().await);
        let lock = first.lock_for_serving().unwrap();
        match (record.kind(), second.lock_for_serving()) {
            (DatabaseKind::Postgres, Ok(_)) => {}
            (DatabaseKind::Sqlite, Err(StoreError::AlreadyServed { lock })) => {
                assert!(lock.ends_with("record.db.serving"), "{lock}");
            }
            (kind, other) => panic!("{kind:?}: {other:?}"),
        }
        // A tool that serves nothing may write beside it.
        stored_listing(&second).await;
        drop(lock);
        second.lock_for_serving().unwrap();
    }

    async fn a_record_keeps_its_identity_and_its_facts(record: &TestRecord) {
        let store = record.store().await;
        let first = uuid();
        assert_eq!(store.record_id(first).await.unwrap(), first);
        assert_eq!(record.store().await.record_id(uuid()).await.unwrap(), first);
        assert_eq!(store.meta("demo_loaded_at").await.unwrap(), None);
        for value in ["2026-03-02", "2026-03-03"] {
            let mut writing = store.write(now()).await.unwrap();
            writing.set_meta("demo_loaded_at", value).await.unwrap();
            writing.commit().await.unwrap();
            assert_eq!(store.meta("demo_loaded_at").await.unwrap().as_deref(), Some(value));
        }
    }

    async fn time_is_kept_to_the_microsecond(record: &TestRecord) {
        let store = record.store().await;
        let person = stored_person(&store).await;
        let mut one = listing(&draft(), person, store.catalog());
        one.posted_at = now() + TimeDelta::nanoseconds(123_456_789);
        let mut writing = store.write(now()).await.unwrap();
        writing.insert_listing(&one).await.unwrap();
        writing.commit().await.unwrap();
        let read = store.listing(one.id).await.unwrap().unwrap();
        assert_eq!(read.posted_at, now() + TimeDelta::microseconds(123_456));
        assert_eq!(read.posted_at, recorded(one.posted_at));
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_opened_says_why() {
    let record = TestRecord::sqlite().await;
    let open = async |url: &str| {
        let config = RecordConfig {
            url: url.into(),
            ..record.config()
        };
        match Store::connect(&config, Arc::clone(record.catalog())).await {
            Err(StoreError::Configuration(why)) => why,
            Err(other) => panic!("{url}: {other:?}"),
            Ok(_) => panic!("{url} opened"),
        }
    };
    assert!(
        open("mysql://localhost/faelled")
            .await
            .contains("postgres://")
    );
    assert!(open("sqlite::memory:").await.contains("file"));
    assert!(
        !open("sqlite:///no/such/folder/record.db?mode=rwc")
            .await
            .is_empty()
    );
    let why = open("postgres://someone:secret-word@127.0.0.1:1/none").await;
    assert!(!why.contains("secret-word"), "{why}");
    record.end().await;
}

#[tokio::test]
async fn sqlite_is_opened_as_promised() {
    let record = TestRecord::sqlite().await;
    let _store = record.store().await;
    let raw = record.raw().await;
    let mode = sea_orm::Statement::from_string(raw.get_database_backend(), "PRAGMA journal_mode");
    let mode: String = raw
        .query_one_raw(mode)
        .await
        .unwrap()
        .unwrap()
        .try_get_by_index(0)
        .unwrap();
    assert_eq!(mode, "wal");
    raw.close().await.unwrap();
    record.end().await;
}
