//! What async-graphql has been seen to get wrong, and 8.0.0-rc.5 gets right: a variable that is left
//! out is not null, and an answer with an error keeps its keys.

use faelled_tests::{TestServer, User, both_databases, server::text};
use serde_json::{Value, json};

use crate::words::{draft, post};

/// Every change that may be absent, null, or a value.
const CHANGE: &str = "mutation($id: ID!, $version: Int!, $title: String, $task: String,
    $description: String, $themes: [String!], $targetGroups: [String!], $languages: [String!],
    $attendance: Attendance, $reachKm: Float, $schedule: ScheduleInput, $effortMinutes: Int,
    $capacity: Int, $requirements: RequirementsInput, $declarations: DeclarationsInput,
    $expiresAt: DateTime, $place: PlaceInput) {
    updateListing(input: { id: $id, version: $version, changes: {
        title: $title, task: $task, description: $description, themes: $themes,
        targetGroups: $targetGroups, languages: $languages, attendance: $attendance, reachKm: $reachKm,
        schedule: $schedule, effortMinutes: $effortMinutes, capacity: $capacity,
        requirements: $requirements, declarations: $declarations, expiresAt: $expiresAt, place: $place } }) {
        listing { version title task description themes { code } targetGroups { code } languages attendance
            reachKm schedule { byAgreement } effortMinutes capacity requirements { minimumAge drivingLicence }
            declarations { minimumAge wheelchairAccess } expiresAt place { name address postalCode } }
        userErrors { code field } } }";

both_databases! {
    async fn a_variable_that_is_left_out_leaves_a_field_and_null_clears_it(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let full = draft(json!({
            "task": "Gå en tur", "description": "Rundt om søen", "targetGroups": ["older-people"],
            "languages": ["da"], "reachKm": 5, "effortMinutes": 60, "capacity": 3,
            "schedule": { "oneOffs": [{ "start": "2026-03-10T10:00", "end": "2026-03-10T11:00" }] },
            "requirements": { "minimumAge": 18, "drivingLicence": true },
            "declarations": { "minimumAge": 30, "wheelchairAccess": true },
            "expiresAt": "2026-12-24T17:00:00Z",
            "place": { "postalCode": "8800", "name": "Søen", "address": "Søvej 1" },
        }));
        let id = post(&server, &anna, full).await;
        let change = async |version: i32, more: Value| {
            let mut variables = json!({ "id": id, "version": version });
            variables.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            server.data(&anna, CHANGE, variables).await["updateListing"].clone()
        };
        let first = change(1, json!({ "title": "Kun titlen" })).await;
        assert_eq!(first["listing"], json!({
            "version": 2, "title": "Kun titlen", "task": "Gå en tur", "description": "Rundt om søen",
            "themes": [{ "code": "walking-friend" }], "targetGroups": [{ "code": "older-people" }],
            "languages": ["da"], "attendance": "EITHER", "reachKm": 5.0, "schedule": { "byAgreement": false },
            "effortMinutes": 60, "capacity": 3, "requirements": { "minimumAge": 18, "drivingLicence": true },
            "declarations": { "minimumAge": 30, "wheelchairAccess": true },
            "expiresAt": "2026-12-24T17:00:00+00:00",
            "place": { "name": "Søen", "address": "Søvej 1", "postalCode": "8800" },
        }));
        // One field after the other is taken away; all that come after it are still there.
        let cleared = [
            ("task", json!("")), ("description", json!("")), ("targetGroups", json!([])), ("languages", json!([])),
            ("reachKm", Value::Null), ("schedule", json!({ "byAgreement": true })), ("effortMinutes", Value::Null),
            ("capacity", Value::Null), ("requirements", json!({ "minimumAge": null, "drivingLicence": false })),
            ("declarations", json!({ "minimumAge": null, "wheelchairAccess": null })),
            ("expiresAt", json!("2027-03-03T09:00:00+00:00")),
        ];
        let mut expected = first["listing"].clone();
        for (version, (field, value)) in (2..).zip(&cleared) {
            let mut null = json!({});
            null[field] = Value::Null;
            expected[field] = value.clone();
            expected["version"] = json!(version + 1);
            assert_eq!(change(version, null).await["listing"], expected, "{field}");
        }
        let version = i32::try_from(cleared.len()).unwrap() + 2;
        // What a listing cannot be without is refused, and nothing is lost.
        for (field, problem) in [("title", "title"), ("themes", "themes"), ("attendance", "attendance"),
            ("place", "place.postalCode")] {
            let mut null = json!({});
            null[field] = Value::Null;
            let refused = change(version, null).await;
            assert_eq!(refused["listing"], Value::Null, "{field}");
            let path: Vec<String> = refused["userErrors"][0]["field"].as_array().unwrap().iter().map(text).collect();
            assert_eq!(path.join("."), format!("changes.{problem}"));
        }
        server.run_jobs().await;
        server.end().await;
    }

    async fn an_answer_with_an_error_keeps_its_keys(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let id = post(&server, &anna, draft(json!({}))).await;
        // What may not be null takes the nearest object that may be null with it, and no more: no
        // other key is missing.
        let answer = server.send(&anna, "query($id: ID!) { before: node(id: $id) { ... on Listing { title suggestedMatches(first: 0) { score } kind } }
 after: themes { __typename } viewer { person { firstName } } }", &json!({ "id": id })).await;
        let themes = answer.body["data"]["after"].as_array().unwrap().len();
        let themes = vec![r#"{"__typename":"Theme"}"#; themes].join(",");
        let expected = format!(
            "{}{}{}{}",
            r#"{"errors":[{"message":"first skal være 1-100.","locations":[{"line":1,"column":66}],"path":["before","suggestedMatches"],"extensions":{"code":"BAD_PAGE"}}],"#,
            r#""data":{"before":null,"after":["#,
            themes,
            r#"],"viewer":{"person":{"firstName":"Anna"}}}}"#,
        );
        assert_eq!(answer.text, expected);
        assert_eq!(answer.status.as_u16(), 200);
        // Where nothing may be null, the error takes the whole answer with it, and says where it was.
        let answer = server.send(&User::anonymous().in_english(), "{ listings(first: 0) { totalCount } themes { code } }", &json!({})).await;
        assert_eq!(answer.text, r#"{"errors":[{"message":"first must be 1-100.","locations":[{"line":1,"column":3}],"path":["listings"],"extensions":{"code":"BAD_PAGE"}}],"data":null}"#);
        server.run_jobs().await;
        server.end().await;
    }

    async fn a_page_whose_size_is_a_variable_that_is_left_out_has_the_usual_size(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        for _ in 0..21 {
            post(&server, &anna, draft(json!({ "kind": "NEED" }))).await;
        }
        let bo = server.person("Bo", "Dal").await;
        let mut id = String::new();
        for _ in 0..3 {
            id = post(&server, &bo, draft(json!({}))).await;
        }
        server.run_jobs().await;
        let page = "($first: Int, $after: String, $last: Int, $before: String) {";
        let args = "first: $first, after: $after, last: $last, before: $before";
        let (edges, id_of) = ("edges { cursor }", "totalCount");
        let cases = [
            (format!("query{page} listings({args}) {{ {edges} }} }}"), "/listings/edges", 20),
            (format!("query{page} organizations({args}) {{ {id_of} {edges} }} }}"), "/organizations/edges", 0),
            (format!("query{page} places(search: \"a\", {args}) {{ {edges} }} }}"), "/places/edges", 20),
            (format!("query{page} viewer {{ listings({args}) {{ {edges} }} }} }}"), "/viewer/listings/edges", 20),
            (format!("query{page} viewer {{ ...F }} }} fragment F on Viewer {{ notices({args}) {{ {edges} }} }}"),
                "/viewer/notices/edges", 20),
            (format!("query{page} viewer {{ ... on Viewer {{ matches({args}) {{ {edges} }} }} }} }}"),
                "/viewer/matches/edges", 0),
            (format!("query($first: Int) {{ node(id: \"{id}\") {{ ... on Listing {{ suggestedMatches(first: $first) {{ score }} }} }} }}"),
                "/node/suggestedMatches", 10),
            // The variable is used elsewhere as well, and stays.
            ("query($first: Int) { a: listings(first: $first) { edges { cursor } }
                b: listings(first: $first, filter: {}) { totalCount } }".to_owned(), "/a/edges", 20),
            ("query($first: Int = 3) { listings(first: $first) { edges { cursor } } }".to_owned(), "/listings/edges", 3),
        ];
        for (query, path, expected) in cases {
            let data = server.data(&anna, &query, json!({})).await;
            assert_eq!(data.pointer(path).unwrap().as_array().unwrap().len(), expected, "{query}");
        }
        // Of several operations, only the one that is executed leaves anything out.
        let several = "query A($first: Int) { listings(first: $first) { totalCount } }
            query B($first: Int = 5) { ...F }
            query C($first: Int) { ...F viewer { ...G } }
            query D($first: Int = 5) { viewer { ...G } listings(first: $first) { edges { cursor } } }
            fragment F on Query { listings(first: $first) { edges { cursor } } }
            fragment G on Viewer { notices(first: $first) { edges { cursor } } }";
        for (name, path, expected) in [
            ("B", "/data/listings/edges", 5),
            ("C", "/data/listings/edges", 20),
            ("C", "/data/viewer/notices/edges", 20),
            ("D", "/data/listings/edges", 5),
            ("D", "/data/viewer/notices/edges", 5),
        ] {
            let body = json!({ "query": several, "operationName": name });
            let answer = server.post(&anna, body.to_string()).await.body;
            let edges = answer.pointer(path).and_then(Value::as_array).map(Vec::len);
            assert_eq!(edges, Some(expected), "{name}: {answer}");
        }
        // What has to be given still has to be given, and what is given counts.
        let needed = "query($first: Int!) { listings(first: $first) { edges { cursor } } }";
        assert_eq!(server.error_code(&anna, needed, json!({})).await, "GRAPHQL_VALIDATION_FAILED");
        let five = server.data(&anna, needed, json!({ "first": 5 })).await;
        assert_eq!(five["listings"]["edges"].as_array().unwrap().len(), 5);
        let null = "query($first: Int) { listings(first: $first) { edges { cursor } } }";
        let null = server.data(&anna, null, json!({ "first": null })).await;
        assert_eq!(null["listings"]["edges"].as_array().unwrap().len(), 20);
        let unused = "query($first: Int) { themes { code } }";
        assert_eq!(server.error_code(&anna, unused, json!({})).await, "GRAPHQL_VALIDATION_FAILED");
        server.end().await;
    }
}
