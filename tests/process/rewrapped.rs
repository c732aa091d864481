//! A new key, without asking the citizens again.

use faelled_tests::{both_databases, server::organization_id};
use serde_json::json;

use crate::{alone, client::Client, faelled::Setup, people, sums::Sums};

const REGISTER: &str = "mutation($input: RegisterVisitArrangementInput!) {
    registerVisitArrangement(input: $input) { arrangement { id label } overlaps { id } userErrors { code field } } }";

both_databases! {
    async fn what_is_kept_of_a_citizen_comes_under_a_new_key(record: &TestRecord) {
        let _turn = alone().await;
        let setup = Setup::over(record);
        let [first, second] = people::associations(record, ["Røde Kors", "Ældre Sagen"]).await;
        let register = |of: &people::Coordinator| {
            json!({ "input": { "organization": organization_id(of.organization), "label": "Kolonihaven 7",
                "citizen": { "name": "Elna Overgaard", "birthDate": "12-03-1941" },
                "postalCode": "8800", "theme": "visiting-friend", "citizenAgrees": true,
                "schedule": { "recurrences": [{ "start": "2026-03-03T10:00", "duration": "PT1H", "rule": "FREQ=WEEKLY" }] } } })
        };
        let server = setup.serve().await;
        let made = Client::of(&server, &first.token).send(REGISTER, register(&first)).await.data();
        let arrangement = made["registerVisitArrangement"]["arrangement"]["id"].clone();
        server.end().await;

        std::fs::write(setup.folder().join("newer.key"), "d2".repeat(32)).unwrap();
        let setup = setup.with("citizens.keys", "citizens.key, newer.key");
        let ended = setup.done(&["rewrap"]).await;
        assert!(ended.contains("1 arrangements"), "{ended:?}");
        let again = setup.done(&["rewrap"]).await;
        assert!(again.contains("0 arrangements"), "{again:?}");
        let sums = Sums::of(record).await;
        let chains = sums.text("SELECT MIN(LENGTH(keys)) || ' ' || MAX(LENGTH(keys)) FROM citizen_token").await;
        assert_eq!(chains, "33 33", "two keys each");
        sums.close().await;

        // One who registers under both keys meets what was registered under one.
        let server = setup.serve().await;
        let found = Client::of(&server, &second.token).send(REGISTER, register(&second)).await.data();
        let overlaps = &found["registerVisitArrangement"]["overlaps"];
        assert_eq!(overlaps.as_array().map(Vec::len), Some(1), "{found}");
        let label = "query($id: ID!) { node(id: $id) { ... on VisitArrangement { label } } }";
        let label = Client::of(&server, &first.token).send(label, json!({ "id": arrangement })).await.data();
        assert_eq!(label["node"]["label"], "Kolonihaven 7", "sealed under the older key");
        server.end().await;

        // Keys that are not those of before say so.
        let setup = setup.with("citizens.keys", "newer.key");
        let refused = setup.run(&["rewrap"]).await;
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        assert!(refused.complained.contains("agree with nothing new"), "{refused:?}");
    }
}
