//! No resolver issues a query per row: an answer with fifty rows takes as many statements as one
//! with five.

use faelled_engine::organization::Role;
use faelled_tests::{TestServer, User, both_databases, server::organization_id};
use serde_json::{Value, json};

use crate::words::{draft, need, post, post_for, propose, take};

/// The queries that the front page and the README show.
fn examples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/examples");
    let mut examples: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "graphql")
        })
        .map(|path| {
            (
                path.display().to_string(),
                std::fs::read_to_string(path).unwrap(),
            )
        })
        .collect();
    examples.sort();
    assert!(examples.len() >= 4, "{examples:?}");
    examples
}

/// What somebody's own lists can show of each row.
const OWN: [(&str, &str); 3] = [
    ("listings", "title organization { name parent { name } } person { firstName } place { address }
        viewerSupports viewerManages nextOccurrence { start }"),
    ("matches", "status listing { title organization { name } person { surname } place { address } viewerSupports }
        counterpart { title organization { name } person { surname } place { address } }
        proposer { organization { name } person { surname } } owner { organization { name } person { surname } }"),
    ("notices", "score listing { title organization { name } } counterpart { title person { firstName }
        organization { name } place { address } viewerSupports }"),
];

/// Listings of many people and associations, half of them in a confirmed match with Anna's.
async fn grow(server: &TestServer, anna: &User, from: usize, to: usize) {
    for nth in from..to {
        let kors = server.association(&format!("Forening {nth}")).await;
        let karen = server
            .someone(&format!("Karen{nth}"), kors, Role::Coordinator)
            .await;
        let mine = post(
            server,
            anna,
            need(json!({ "title": format!("Behov {nth}") })),
        )
        .await;
        let organization = organization_id(kors);
        let (poster, organization) = if nth % 2 == 0 {
            (&karen, Some(&*organization))
        } else {
            (&karen, None)
        };
        let theirs = post_for(
            server,
            poster,
            organization,
            draft(json!({ "title": format!("Tilbud {nth}") })),
        )
        .await;
        let agreed = propose(server, &karen, &mine, Some(&theirs)).await;
        if nth % 2 == 0 {
            take(server, anna, "accept", &agreed).await;
        }
    }
    server.run_jobs().await;
}

/// How many statements an answer takes, and how many rows it has.
async fn cost(server: &TestServer, who: &User, query: &str) -> (u64, usize) {
    let before = server.store().statements();
    let data = server.data(who, query, json!({})).await;
    (server.store().statements() - before, rows(&data))
}

/// The items of the longest list in an answer.
fn rows(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(rows).max().unwrap_or(0).max(items.len()),
        Value::Object(fields) => fields.values().map(rows).max().unwrap_or(0),
        _ => 0,
    }
}

both_databases! {
    async fn fifty_rows_take_no_more_statements_than_five(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let mut queries: Vec<(String, String)> = examples();
        let browse = "{ listings(first: 50) { totalCount nodes { title organization { name }
            person { firstName surname } place { address } viewerSupports viewerManages } } }";
        queries.push(("browse".into(), browse.into()));
        let suggest = "{ listings(first: 20) { nodes { suggestedMatches(first: 5) { score listing {
            title organization { name } person { firstName } place { address } } } } } }";
        queries.push(("suggest".into(), suggest.into()));
        let facets = "{ listings(first: 1) { facets { organizations { organization { name } count } } } }";
        queries.push(("facets".into(), facets.into()));
        for (list, row) in OWN {
            let query = format!("{{ viewer {{ {list}(first: 50) {{ totalCount edges {{ cursor node {{ {row} }} }} }} }} }}");
            queries.push((list.to_owned(), query));
        }
        grow(&server, &anna, 0, 5).await;
        let anyone = User::anonymous();
        let mut before = Vec::new();
        for (_, query) in &queries {
            before.push((cost(&server, &anyone, query).await, cost(&server, &anna, query).await));
        }
        grow(&server, &anna, 5, 50).await;
        for ((name, query), (few_anyone, few_anna)) in queries.iter().zip(before) {
            let (many_anyone, many_anna) = (cost(&server, &anyone, query).await, cost(&server, &anna, query).await);
            assert_eq!(many_anyone.0, few_anyone.0, "{name}, anonymous: {few_anyone:?} {many_anyone:?}");
            assert_eq!(many_anna.0, few_anna.0, "{name}, signed in: {few_anna:?} {many_anna:?}");
            assert!(many_anna.0 <= 14, "{name} takes {} statements", many_anna.0);
            if OWN.iter().any(|(list, _)| list == name) || name == "browse" {
                assert!(many_anna.1 >= 20 && few_anna.1 < many_anna.1, "{name}: {few_anna:?} {many_anna:?}");
            }
        }
        server.end().await;
    }
}
