//! A listing that was spoilt by hand is left out and named; everything else goes on.

use std::time::Duration;

use faelled_store::DatabaseKind;
use faelled_tests::{TestRecord, both_databases};
use serde_json::{Value, json};

use crate::{
    alone,
    client::{Answer, Client, Posting},
    faelled::{Server, Setup},
    people,
    sums::Sums,
};

both_databases! {
    async fn a_spoilt_listing_is_named_and_the_rest_goes_on(record: &TestRecord) {
        let _turn = alone().await;
        spoil_and_go_on(
            record,
            &[
                ("schedule", "'{'"),
                ("themes", "'[\"no-such-theme\"]'"),
                ("themes", "''"),
                ("languages", "'[1]'"),
                ("postal_code", "'0000'"),
                ("reach_km", "-1"),
                ("title", "''"),
                ("title", "'a' || x.tab || 'b'"),
                ("effort_minutes", "-5"),
            ],
        )
        .await;
    }
}

/// Other than PostgreSQL, SQLite keeps any kind of value in any column.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listing_with_values_of_other_kinds_is_named_and_the_rest_goes_on() {
    let _turn = alone().await;
    let record = TestRecord::sqlite().await;
    spoil_and_go_on(
        &record,
        &[
            ("updated_at", "'i går'"),
            ("effort_minutes", "'mange'"),
            ("at_home", "'ja'"),
            ("description", "x'ff00fe'"),
            ("reach_km", "'langt'"),
        ],
    )
    .await;
    record.end().await;
}

async fn spoil_and_go_on(record: &TestRecord, spoils: &[(&str, &str)]) {
    let [offering, needing] = people::tokens(record, 2).await.try_into().unwrap();
    let setup = Setup::over(record);
    let server = setup.serve().await;
    let sums = Sums::of(record).await;
    let client = Client::of(&server, &offering);
    let mut ids = Vec::new();
    for nth in 0..spoils.len() {
        let post = Posting::new("OFFER", format!("Fordærvet {nth:02}"));
        ids.push(client.post_patiently(&post).await);
    }
    let whole = Posting::new("OFFER", "Uskadt tilbud");
    client.post_patiently(&whole).await;
    sums.jobs_are_done(Duration::from_secs(20)).await;
    let mut hex_ids = Vec::new();
    for (nth, (column, value)) in spoils.iter().enumerate() {
        let this = format!("title = 'Fordærvet {nth:02}'");
        hex_ids.push(
            sums.text(&format!(
                "SELECT {} FROM listing WHERE {this}",
                hex_id(record)
            ))
            .await,
        );
        let value = value.replace("x.tab", "CHAR(9)");
        let value = match record.kind() {
            DatabaseKind::Sqlite => value,
            DatabaseKind::Postgres => value.replace("CHAR(", "CHR("),
        };
        let sql = format!("UPDATE listing SET {column} = {value} WHERE {this}");
        assert_eq!(sums.execute(&sql).await, 1, "{sql}");
    }

    // The server that has them on its board, and one that has to read them.
    assert_goes_on(&server, &sums, [&offering, &needing], &ids, 0).await;
    server.end().await;
    let ended = setup.run(&["doctor"]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(
        ended.complained.contains("1 thing needs attention"),
        "{ended:?}"
    );
    for (hex_id, spoil) in hex_ids.iter().zip(spoils) {
        let named = ended.printed.lines().any(|line| {
            line.contains("does not read: listing") && line.replace('-', "").contains(hex_id)
        });
        assert!(named, "{spoil:?} is not named in {ended:?}");
    }
    let server = setup.serve().await;
    assert_goes_on(&server, &sums, [&offering, &needing], &ids, 1).await;
    let log = server.log.text().replace('-', "");
    for (hex_id, spoil) in hex_ids.iter().zip(spoils) {
        assert!(log.contains(hex_id), "{spoil:?} is not named in the log");
    }
    // What is left out can be looked for, and is not there.
    let found = Client::anonymous(&server).count_listings("Fordærvet").await;
    assert_eq!(found, 0);
    server.end().await;
    sums.close().await;
}

/// Finding, reading one's own, posting, and being told of it.
async fn assert_goes_on(
    server: &Server,
    sums: &Sums,
    [offering, needing]: [&str; 2],
    spoilt: &[String],
    nth: i64,
) {
    let offering = Client::of(server, offering);
    let needing = Client::of(server, needing);
    let found = offering
        .ask("{ listings(first: 100) { edges { node { title } } } }")
        .await;
    assert!(
        titles(&found["listings"]).contains(&"Uskadt tilbud"),
        "{found}"
    );
    let own = offering
        .ask("{ viewer { listings { edges { node { title } } } } }")
        .await;
    assert!(
        titles(&own["viewer"]["listings"]).contains(&"Uskadt tilbud"),
        "{own}"
    );
    for id in spoilt {
        let query = "query($id: ID!) { node(id: $id) { id } }";
        let answer = offering.send(query, json!({ "id": id })).await;
        let fine = [
            Answer::Data(json!({ "node": null })),
            Answer::Refused("INTERNAL".to_owned()),
        ];
        // One whose value happens to read on SQLite is simply there.
        let there = Answer::Data(json!({ "node": { "id": id } }));
        assert!(fine.contains(&answer) || answer == there, "{answer:?}");
    }
    let need = Posting::new("NEED", format!("Behov nummer {nth}"));
    needing.post_patiently(&need).await;
    sums.jobs_are_done(Duration::from_secs(20)).await;
    let query =
        "{ viewer { notices { edges { node { listing { title } counterpart { title } } } } } }";
    let notices = offering.ask(query).await;
    let told = notices["viewer"]["notices"]["edges"]
        .as_array()
        .unwrap()
        .iter();
    let told = told.filter(|notice| {
        notice["node"]["listing"]["title"] == "Uskadt tilbud"
            && notice["node"]["counterpart"]["title"] == need.title
    });
    assert_eq!(told.count(), 1, "{notices}");
}

fn titles(list: &Value) -> Vec<&str> {
    let edges = list["edges"].as_array().unwrap();
    edges
        .iter()
        .filter_map(|edge| edge["node"]["title"].as_str())
        .collect()
}

/// An id in 32 hexadecimal digits.
fn hex_id(record: &TestRecord) -> &'static str {
    match record.kind() {
        DatabaseKind::Sqlite => "LOWER(HEX(id))",
        DatabaseKind::Postgres => "REPLACE(CAST(id AS TEXT), '-', '')",
    }
}
