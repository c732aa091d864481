//! Pages: a walk from end to end meets each listing that does not change exactly once, whatever
//! happens meanwhile; and what is no page of this list is refused.

use std::collections::HashMap;

use faelled_tests::{
    TestServer, User, both_databases,
    server::{catalog, text},
};
use serde_json::{Value, json};

use crate::words::{UPDATE, decide, draft, post};

const ORDERS: [&str; 4] = ["NEWEST", "START", "DISTANCE", "RELEVANCE"];

const PAGE: &str = "query($filter: ListingFilter!, $order: ListingOrder!, $first: Int, $after: String,
    $last: Int, $before: String) {
    listings(filter: $filter, orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
        totalCount edges { cursor node { id title } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

fn filter() -> Value {
    json!({ "near": { "postalCode": "8800", "radiusKm": 300, "includeRemote": true }, "text": "tur" })
}

/// The `nth` of many different listings, all of them walks (ture).
fn walk(nth: usize) -> Value {
    let postcodes = ["8800", "8850", "7470", "8000", "9000"];
    let schedules = [
        json!(null),
        json!({ "recurrences": [{ "start": "2026-01-06T14:00", "duration": "PT2H", "rule": "FREQ=WEEKLY;BYDAY=TU" }] }),
        json!({ "recurrences": [{ "start": "2026-01-05T09:00", "duration": "PT1H", "rule": "FREQ=DAILY" }] }),
    ];
    draft(json!({
        "title": if nth.is_multiple_of(2) { format!("Tur {nth}") } else { format!("En god tur {nth}") },
        "place": { "postalCode": postcodes[nth % postcodes.len()] },
        "schedule": schedules[nth % schedules.len()],
        "attendance": if nth.is_multiple_of(7) { "REMOTE" } else { "EITHER" },
    }))
}

struct Walk<'a> {
    server: &'a TestServer,
    who: &'a User,
    /// Listings that may be changed or closed on the way, with their versions.
    restless: Vec<(String, i32)>,
    posted: usize,
}

impl Walk<'_> {
    /// Something is posted, something changed and something closed.
    async fn meanwhile(&mut self) {
        self.posted += 1;
        post(self.server, self.who, walk(1_000 + self.posted)).await;
        if let Some((id, version)) = self.restless.pop() {
            let close = json!({ "input": { "id": id, "version": version } });
            self.server.did(self.who, &decide("close"), close).await;
        }
        if let Some((id, version)) = self.restless.last_mut() {
            let changes = json!({ "place": { "postalCode": "9990" }, "title": "Flyttet tur", "schedule": null });
            let change = json!({ "input": { "id": id, "version": version, "changes": changes } });
            self.server.did(self.who, UPDATE, change).await;
            *version += 1;
        }
    }

    /// Walks from one end to the other in pages of three, and counts how often each id was met.
    async fn walk(&mut self, order: &str, forward: bool) -> HashMap<String, usize> {
        let mut met = HashMap::new();
        let mut from = Value::Null;
        for page in 0.. {
            assert!(page < 100, "a walk has an end");
            let window = if forward {
                json!({ "first": 3, "after": from })
            } else {
                json!({ "last": 3, "before": from })
            };
            let mut variables = json!({ "filter": filter(), "order": order });
            variables
                .as_object_mut()
                .unwrap()
                .extend(window.as_object().unwrap().clone());
            let found = self.server.data(self.who, PAGE, variables).await["listings"].clone();
            let edges = found["edges"].as_array().unwrap();
            for edge in edges {
                *met.entry(text(&edge["node"]["id"])).or_default() += 1;
            }
            let info = &found["pageInfo"];
            if let (Some(first), Some(last)) = (edges.first(), edges.last()) {
                assert_eq!(
                    (&info["startCursor"], &info["endCursor"]),
                    (&first["cursor"], &last["cursor"])
                );
            }
            let (more, at) = if forward {
                ("hasNextPage", "endCursor")
            } else {
                ("hasPreviousPage", "startCursor")
            };
            if info[more] == false {
                break;
            }
            from = info[at].clone();
            self.meanwhile().await;
        }
        met
    }
}

both_databases! {
    async fn a_walk_meets_each_unchanged_listing_once_whatever_happens_meanwhile(record: &TestRecord) {
        // With a clock that runs: what is posted meanwhile is newer than the first page.
        let server = TestServer::open_with(&record.config(), None).await;
        let anna = server.person("Anna", "Berg").await;
        let mut still = Vec::new();
        for nth in 0..13 {
            still.push(post(&server, &anna, walk(nth)).await);
        }
        for order in ORDERS {
            for forward in [true, false] {
                let mut restless = Vec::new();
                for nth in 0..4 {
                    restless.push((post(&server, &anna, walk(100 + nth)).await, 1));
                }
                let mut walk = Walk { server: &server, who: &anna, restless, posted: 0 };
                let met = walk.walk(order, forward).await;
                for id in &still {
                    assert_eq!(met.get(id), Some(&1), "{order}, forward: {forward}");
                }
                assert!(walk.posted > 3, "something did happen meanwhile");
            }
        }
        server.run_jobs().await;
        server.end().await;
    }

    async fn both_directions_meet_the_same_list(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        for nth in 0..11 {
            post(&server, &anna, walk(nth)).await;
        }
        server.run_jobs().await;
        for order in ORDERS {
            let ask = async |window: Value| {
                let mut variables = json!({ "filter": filter(), "order": order });
                variables.as_object_mut().unwrap().extend(window.as_object().unwrap().clone());
                server.data(&anna, PAGE, variables).await["listings"].clone()
            };
            let ids = |found: &Value| -> Vec<Value> {
                found["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["id"].clone()).collect()
            };
            let whole = ask(json!({ "first": 100 })).await;
            assert_eq!(whole["totalCount"], 11);
            let info = |previous, next| json!({ "hasPreviousPage": previous, "hasNextPage": next });
            let shape = |found: &Value| json!({ "hasPreviousPage": found["pageInfo"]["hasPreviousPage"],
                "hasNextPage": found["pageInfo"]["hasNextPage"] });
            assert_eq!(shape(&whole), info(false, false));
            let all = ids(&whole);
            let front = ask(json!({ "first": 5 })).await;
            assert_eq!((ids(&front), shape(&front)), (all[..5].to_vec(), info(false, true)));
            let back = ask(json!({ "last": 5 })).await;
            assert_eq!((ids(&back), shape(&back)), (all[6..].to_vec(), info(true, false)));
            let end = &front["pageInfo"]["endCursor"];
            let start = &back["pageInfo"]["startCursor"];
            let between = ask(json!({ "first": 100, "after": end, "before": start })).await;
            assert_eq!((ids(&between), shape(&between)), (all[5..6].to_vec(), info(true, true)));
            let second = ask(json!({ "first": 6, "after": end })).await;
            assert_eq!((ids(&second), shape(&second)), (all[5..].to_vec(), info(true, false)));
        }
        server.end().await;
    }

    async fn every_other_list_walks_as_well(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        for nth in 0..7 {
            server.association(&format!("Forening {}", nth / 2)).await;
            let id = post(&server, &anna, draft(json!({ "kind": "NEED" }))).await;
            crate::words::propose(&server, &bo, &id, None).await;
        }
        post(&server, &bo, draft(json!({}))).await;
        server.run_jobs().await;
        let lists = [
            ("organizations(", ")", "id"),
            ("places(search: \"vib\", ", ")", "name postalCode"),
            ("viewer { listings(", ") }", "id"),
            ("viewer { matches(", ") }", "id"),
            ("viewer { notices(", ") }", "score counterpart { id }"),
        ];
        for (open, close, row) in lists {
            let ask = async |window: String| {
                let inner = format!("totalCount edges {{ cursor node {{ {row} }} }} pageInfo {{ hasNextPage hasPreviousPage endCursor startCursor }}");
                let (field, end) = close.split_at(1);
                let query = format!("{{ {open}{window}{field} {{ {inner} }} {end} }}");
                let data = server.data(&anna, &query, json!({})).await;
                let list = data.as_object().unwrap().values().next().unwrap().clone();
                if list.get("edges").is_some() { list } else { list.as_object().unwrap().values().next().unwrap().clone() }
            };
            let whole = ask("first: 100".into()).await;
            let all = whole["edges"].as_array().unwrap();
            assert_eq!(whole["totalCount"], json!(all.len()), "{open}");
            assert!(all.len() >= 3, "{open}: {}", all.len());
            for (size, end, at, more) in [("first", "after", "endCursor", "hasNextPage"), ("last", "before", "startCursor", "hasPreviousPage")] {
                let (mut met, mut from) = (Vec::new(), None::<String>);
                loop {
                    let window = from.as_ref().map_or_else(String::new, |from| format!(", {end}: \"{from}\""));
                    let page = ask(format!("{size}: 2{window}")).await;
                    let nodes = page["edges"].as_array().unwrap().iter().map(|edge| edge["node"].clone());
                    if size == "first" { met.extend(nodes) } else { met.splice(0..0, nodes); }
                    if page["pageInfo"][more] == false { break }
                    from = Some(text(&page["pageInfo"][at]));
                }
                let expected: Vec<Value> = all.iter().map(|edge| edge["node"].clone()).collect();
                assert_eq!(met, expected, "{open} {size}");
            }
        }
        assert!(catalog().themes.all().count() > 50, "the real catalog");
        server.end().await;
    }

    async fn what_is_no_page_of_this_list_is_refused(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        for nth in 0..5 {
            post(&server, &anna, walk(nth)).await;
        }
        server.run_jobs().await;
        let code = async |who: &User, variables: Value| server.error_code(who, PAGE, variables).await;
        let with = |window: Value| {
            let mut variables = json!({ "filter": filter(), "order": "NEWEST" });
            variables.as_object_mut().unwrap().extend(window.as_object().unwrap().clone());
            variables
        };
        for size in [0, -1, 101, 1_000_000] {
            assert_eq!(code(&anna, with(json!({ "first": size }))).await, "BAD_PAGE", "{size}");
            assert_eq!(code(&anna, with(json!({ "last": size }))).await, "BAD_PAGE", "{size}");
        }
        assert_eq!(code(&anna, with(json!({ "first": 1, "last": 1 }))).await, "BAD_PAGE");
        assert_eq!(code(&anna, with(json!({ "first": 1_000_000_000_000_i64 }))).await, "GRAPHQL_VALIDATION_FAILED");
        let page = server.data(&anna, PAGE, with(json!({ "first": 2 }))).await;
        let cursor = text(&page["listings"]["pageInfo"]["endCursor"]);
        assert!(!cursor.contains("Tur"), "a cursor tells nothing to a human");
        // The same cursor is good for whoever asks the same question, and for nothing else.
        server.data(&User::anonymous(), PAGE, with(json!({ "first": 2, "after": cursor }))).await;
        let mut others = vec![
            json!({ "filter": {}, "order": "NEWEST", "after": cursor }),
            json!({ "filter": filter(), "order": "START", "after": cursor }),
            json!({ "filter": { "text": "tur" }, "order": "NEWEST", "before": cursor }),
        ];
        for at in [0, 5, cursor.len() / 2, cursor.len() - 1] {
            let mut tampered = cursor.clone().into_bytes();
            tampered[at] = if tampered[at] == b'A' { b'B' } else { b'A' };
            others.push(with(json!({ "after": String::from_utf8(tampered).unwrap() })));
        }
        for nonsense in ["", "x", "🙂", &cursor[1..], &"A".repeat(3_000)] {
            others.push(with(json!({ "before": nonsense })));
        }
        for variables in others {
            assert_eq!(code(&anna, variables.clone()).await, "BAD_CURSOR", "{variables}");
        }
        let mine = "query($c: String) { viewer { listings(after: $c) { totalCount } } }";
        assert_eq!(server.error_code(&anna, mine, json!({ "c": cursor })).await, "BAD_CURSOR");
        // One's own cursor does not open another's list.
        let own = "query($c: String) { viewer { listings(first: 1, after: $c) { pageInfo { endCursor } } } }";
        let end = server.data(&anna, own, json!({})).await["viewer"]["listings"]["pageInfo"]["endCursor"].clone();
        let bo = server.person("Bo", "Dal").await;
        assert_eq!(server.error_code(&bo, own, json!({ "c": end })).await, "BAD_CURSOR");
        for bounded in ["suggestedMatches", "similarListings", "occurrences"] {
            let query = format!("{{ listings(first: 1) {{ nodes {{ {bounded}(first: 1000000) {{ __typename }} }} }} }}");
            let answer = server.ask(&anna, &query, json!({})).await;
            let code = text(&answer["errors"][0]["extensions"]["code"]);
            assert!(["BAD_PAGE", "GRAPHQL_VALIDATION_FAILED"].contains(&&*code), "{bounded}: {answer}");
        }
        server.end().await;
    }
}
