//! The demo comes into an empty record whole, or not at all.

use faelled_store::DatabaseKind;
use faelled_tests::both_databases;

use crate::{
    alone,
    client::{Client, News, Posting},
    faelled::Setup,
    people,
    sums::Sums,
};

/// Listings of the Viborg demo.
const VIBORG: u64 = 478;

/// What fills a record with what is invented.
const FILLING: [&[&str]; 3] = [
    &["serve"],
    &["seed", "demo"],
    &["seed", "national", "--listings", "10"],
];

both_databases! {
    async fn a_record_that_holds_real_things_stays_as_it_is(record: &TestRecord) {
        let _turn = alone().await;
        people::tokens(record, 1).await;
        let setup = Setup::over(record).with("server.demo", "true");
        for command in FILLING {
            let ended = setup.run(command).await;
            assert_eq!(ended.status.code(), Some(1), "{ended:?}");
            for part in ["this record (record.url) holds", "accepted", "an empty record"] {
                assert!(ended.complained.contains(part), "{part}: {ended:?}");
            }
        }
        let store = record.store().await;
        let counts = store.counts().await.unwrap();
        assert_eq!((counts.persons, counts.organizations, counts.listings), (1, 0, 0));
        store.close().await.unwrap();
        // Without the demo it is served as ever.
        setup.with("server.demo", "false").serve().await.end().await;
    }

    async fn a_start_that_was_broken_off_is_completed_by_the_next(record: &TestRecord) {
        let _turn = alone().await;
        let setup = Setup::over(record).with("server.demo", "true");
        let sums = Sums::of(record).await;
        // As if it were killed at the last thing that it writes.
        let (forbid, allow) = match record.kind() {
            DatabaseKind::Sqlite => (
                "CREATE TRIGGER forbidden BEFORE INSERT ON meta WHEN NEW.key = 'demo_house' \
                 BEGIN SELECT RAISE(ABORT, 'broken off'); END",
                "DROP TRIGGER forbidden",
            ),
            DatabaseKind::Postgres => (
                "ALTER TABLE meta ADD CONSTRAINT forbidden CHECK (key <> 'demo_house')",
                "ALTER TABLE meta DROP CONSTRAINT forbidden",
            ),
        };
        sums.execute(forbid).await;
        let broken = setup.run(&["serve"]).await;
        assert_eq!(broken.status.code(), Some(1), "{broken:?}");
        sums.execute(allow).await;
        for _ in 0..2 {
            let server = setup.serve().await;
            assert_eq!(Client::anonymous(&server).count_listings("").await, VIBORG);
            assert_eq!(server.log.errors(), Vec::<String>::new());
            server.end().await;
        }
        sums.close().await;
    }

    async fn what_is_loaded_beside_a_server_is_not_announced(record: &TestRecord) {
        let _turn = alone().await;
        let setup = Setup::over(record);
        let server = setup.serve().await;
        let mut news = News::of_listings(&server).await;
        setup.done(&["seed", "national", "--listings", "10"]).await;
        let [token] = people::tokens(record, 1).await.try_into().unwrap();
        let client = Client::of(&server, &token);
        client.post_patiently(&Posting::new("OFFER", "Slået op")).await;
        assert_eq!(news.next_title().await, "Slået op");
        assert_eq!(client.count_listings("").await, 11);
        server.end().await;
    }

    async fn the_demo_may_stand_beside_a_generated_nation(record: &TestRecord) {
        let _turn = alone().await;
        let setup = Setup::over(record).with("server.demo", "true");
        setup.done(&["seed", "national", "--listings", "10"]).await;
        setup.done(&["seed", "demo"]).await;
        let again = setup.run(&["seed", "demo"]).await;
        assert!(again.complained.contains("the demo is loaded already"), "{again:?}");
        let server = setup.serve().await;
        assert_eq!(Client::anonymous(&server).count_listings("").await, VIBORG + 10);
        server.end().await;
    }
}
