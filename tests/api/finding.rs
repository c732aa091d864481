//! The volunteer: what is near me when I am free?

use std::collections::BTreeSet;

use faelled_engine::organization::Role;
use faelled_tests::{TestServer, User, both_databases, server::organization_id};
use serde_json::{Value, json};

use crate::words::{draft, post, post_for, titles};

/// A little town: who posts what, where and when.
async fn town(server: &TestServer) -> String {
    let red_cross = server.association("Røde Kors Viborg").await;
    let coordinator = server.someone("Karen", red_cross, Role::Coordinator).await;
    let volunteer = server.person("Villy", "Frivillig").await;
    let red_cross = organization_id(red_cross);
    let weekly = |start: &str, rule: &str| json!({ "recurrences": [{ "start": start, "duration": "PT2H", "rule": rule }] });
    let public = [
        json!({
            "kind": "NEED", "title": "Besøgsven til en ældre herre", "themes": ["visiting-friend"],
            "targetGroups": ["older-people"],
            "place": { "postalCode": "8800", "point": { "latitude": 56.4520, "longitude": 9.4000 } },
            "attendance": "AT_MY_PLACE",
            "schedule": weekly("2026-03-03T14:00", "FREQ=WEEKLY;BYDAY=TU"),
        }),
        json!({
            "kind": "NEED", "title": "Fodboldtræner til de små", "themes": ["football"],
            "targetGroups": ["children"], "languages": ["da", "ar"],
            "place": { "postalCode": "8850", "name": "Bjerringbro Stadion",
                "point": { "latitude": 56.3778, "longitude": 9.6600 } },
            "attendance": "AT_MY_PLACE",
            "schedule": weekly("2026-03-07T10:00", "FREQ=WEEKLY;BYDAY=SA"),
        }),
        json!({
            "kind": "NEED", "title": "Telefonven hjemmefra", "themes": ["phone-friend"],
            "languages": ["uk"], "attendance": "REMOTE", "effortMinutes": 30,
        }),
    ];
    for changes in public {
        post_for(server, &coordinator, Some(&red_cross), draft(changes)).await;
    }
    let private = [
        json!({
            "kind": "WISH", "title": "En cykelværksted-aften", "themes": ["companionship"],
            "place": { "postalCode": "7470", "point": { "latitude": 56.30, "longitude": 9.17 } },
            "schedule": { "oneOffs": [{ "start": "2026-03-20T19:00", "end": "2026-03-20T22:00" }] },
        }),
        json!({
            "kind": "OFFER", "title": "Gåtur ved søen", "attendance": "I_TRAVEL", "reachKm": 10,
        }),
    ];
    for changes in private {
        post(server, &volunteer, draft(changes)).await;
    }
    server.run_jobs().await;
    red_cross
}

const FRIEND: &str = "Besøgsven til en ældre herre";
const FOOTBALL: &str = "Fodboldtræner til de små";
const PHONE: &str = "Telefonven hjemmefra";
const BICYCLES: &str = "En cykelværksted-aften";
const WALK: &str = "Gåtur ved søen";

both_databases! {
    async fn every_filter_finds_what_it_asks_for(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let red_cross = town(&server).await;
        let near = |code: &str, km: f64| json!({ "postalCode": code, "radiusKm": km });
        let cases: Vec<(Value, &[&str])> = vec![
            (json!(null), &[FRIEND, FOOTBALL, PHONE, BICYCLES, WALK]),
            (json!({}), &[FRIEND, FOOTBALL, PHONE, BICYCLES, WALK]),
            (json!({ "near": near("8800", 5.0) }), &[FRIEND, WALK]),
            (json!({ "near": near("8850", 1.0) }), &[FOOTBALL]),
            (json!({ "near": { "postalCode": "8800", "radiusKm": 5, "includeRemote": true } }),
                &[FRIEND, WALK, PHONE]),
            (json!({ "near": { "point": { "latitude": 56.38, "longitude": 9.66 }, "radiusKm": 3 } }),
                &[FOOTBALL]),
            (json!({ "near": near("8800", 600.0) }), &[FRIEND, FOOTBALL, BICYCLES, WALK]),
            (json!({ "kinds": ["WISH", "OFFER"] }), &[BICYCLES, WALK]),
            // A theme finds its sub-themes, and not what is above it.
            (json!({ "themes": ["companionship"] }), &[FRIEND, PHONE, BICYCLES, WALK]),
            (json!({ "themes": ["visiting-friend"] }), &[FRIEND]),
            (json!({ "themes": ["sport", "phone-friend"] }), &[FOOTBALL, PHONE]),
            // Who names no target group is there for all.
            (json!({ "targetGroups": ["children"] }), &[FOOTBALL, PHONE, BICYCLES, WALK]),
            // Who names no language speaks Danish.
            (json!({ "languages": ["da"] }), &[FRIEND, FOOTBALL, BICYCLES, WALK]),
            (json!({ "languages": ["ar", "uk"] }), &[FOOTBALL, PHONE]),
            (json!({ "attendance": ["REMOTE", "I_TRAVEL"] }), &[PHONE, WALK]),
            // What is by agreement fits any date.
            (json!({ "dates": { "from": "2026-03-20", "to": "2026-03-20" } }), &[BICYCLES, PHONE, WALK]),
            (json!({ "dates": { "from": "2026-03-07", "to": "2026-03-10" } }),
                &[FRIEND, FOOTBALL, PHONE, WALK]),
            (json!({ "freeTimes": [{ "weekday": "TUESDAY", "from": "13:00", "to": "17:00" }] }),
                &[FRIEND, PHONE, WALK]),
            // A whole occurrence has to fit; half an hour by phone fits into half an hour.
            (json!({ "freeTimes": [{ "weekday": "TUESDAY", "from": "14:30", "to": "15:00" }] }),
                &[PHONE, WALK]),
            (json!({ "freeTimes": [{ "weekday": "TUESDAY", "from": "14:40", "to": "15:00" }] }), &[WALK]),
            (json!({ "organizations": [red_cross] }), &[FRIEND, FOOTBALL, PHONE]),
            (json!({ "text": "fodb" }), &[FOOTBALL]),
            (json!({ "text": "stadion bjerr" }), &[FOOTBALL]),
            (json!({ "text": "aeldre" }), &[FRIEND]),
            (json!({ "text": "røde kors" }), &[FRIEND, FOOTBALL, PHONE]),
            (json!({ "text": "findes ikke" }), &[]),
            (json!({ "near": near("8800", 30.0), "kinds": ["NEED"], "themes": ["companionship"],
                "freeTimes": [{ "weekday": "TUESDAY", "from": "00:00", "to": "24:00" }] }), &[FRIEND]),
        ];
        for (filter, expected) in cases {
            let found: BTreeSet<String> =
                titles(&server, filter.clone(), "NEWEST").await.into_iter().collect();
            let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
            assert_eq!(found, expected, "{filter}");
        }
        server.end().await;
    }

    async fn every_order_is_the_order_it_says(record: &TestRecord) {
        let mut server = TestServer::open(record).await;
        town(&server).await;
        let near = json!({ "near": { "postalCode": "8800", "radiusKm": 100, "includeRemote": true } });
        let by_distance = titles(&server, near.clone(), "DISTANCE").await;
        assert_eq!(by_distance[2..], [BICYCLES, FOOTBALL, PHONE].map(String::from), "remote ones last");
        let by_start = titles(&server, json!(null), "START").await;
        assert_eq!(by_start[..3], [FRIEND, FOOTBALL, BICYCLES].map(String::from), "by agreement last");
        let by_relevance = titles(&server, json!({ "text": "ven" }), "RELEVANCE").await;
        assert_eq!(by_relevance, [] as [String; 0], "a word begins a word, and is not within one");
        let by_relevance = titles(&server, json!({ "text": "vi" }), "RELEVANCE").await;
        assert!(by_relevance.contains(&FRIEND.to_owned()), "Viborg is where it is: {by_relevance:?}");
        // The newest is what was posted last.
        server.wait(chrono::TimeDelta::hours(1)).await;
        let volunteer = server.person("Ny", "Frivillig").await;
        post(&server, &volunteer, draft(json!({ "title": "Nyest af alle" }))).await;
        server.run_jobs().await;
        assert_eq!(titles(&server, json!(null), "NEWEST").await[0], "Nyest af alle");
        let code = server
            .error_code(&User::anonymous(), "{ listings(orderBy: DISTANCE) { totalCount } }", json!({}))
            .await;
        assert_eq!(code, "BAD_USER_INPUT", "distance from where?");
        server.end().await;
    }

    async fn counts_facets_and_distances_are_of_everything_that_was_found(record: &TestRecord) {
        let server = TestServer::open(record).await;
        town(&server).await;
        let query = r#"{ listings(filter: { near: { postalCode: "8800", radiusKm: 600, includeRemote: true } },
            orderBy: DISTANCE, first: 2) {
            totalCount
            pageInfo { hasNextPage hasPreviousPage }
            edges { distanceKm node { title } }
            facets {
                kinds { kind count }
                themes { theme { code } count }
                organizations { organization { name } count }
                weekdays { weekday count }
            }
        } }"#;
        let found = &server.data(&User::anonymous(), query, json!({})).await["listings"];
        assert_eq!(found["totalCount"], 5);
        assert_eq!(found["pageInfo"], json!({ "hasNextPage": true, "hasPreviousPage": false }));
        assert_eq!(found["edges"].as_array().unwrap().len(), 2);
        let walk = found["edges"].as_array().unwrap().iter().find(|e| e["node"]["title"] == WALK);
        assert_eq!(walk.unwrap()["distanceKm"], 0.0, "measured from the postcode to itself");
        let facets = &found["facets"];
        assert_eq!(facets["kinds"][0], json!({ "kind": "NEED", "count": 3 }));
        assert_eq!(facets["organizations"],
            json!([{ "organization": { "name": "Røde Kors Viborg" }, "count": 3 }]));
        let companionship = facets["themes"].as_array().unwrap().iter()
            .find(|entry| entry["theme"]["code"] == "companionship").unwrap();
        assert_eq!(companionship["count"], 4, "sub-themes count above");
        assert_eq!(facets["weekdays"], json!([
            { "weekday": "TUESDAY", "count": 1 },
            { "weekday": "FRIDAY", "count": 1 },
            { "weekday": "SATURDAY", "count": 1 },
        ]));
        server.end().await;
    }

    async fn themes_places_and_organizations_can_be_looked_up_by_anyone(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let red_cross = town(&server).await;
        let query = r#"query($id: ID!) {
            themes { code children { code parent { code } } }
            targetGroups { code label }
            places(search: "viborg", first: 2) {
                totalCount edges { node { kind name postalCode municipality latitude } } }
            organizations(search: "kors") { totalCount edges { node { name verified } } }
            organization(id: $id) { name kind email phone town { postalCode name municipality } }
            viewer { person { firstName } }
        }"#;
        let data = server.data(&User::anonymous(), query, json!({ "id": red_cross })).await;
        let themes = data["themes"].as_array().unwrap();
        assert!(themes.iter().any(|theme| theme["code"] == "companionship"));
        assert_eq!(themes[0]["children"][0]["parent"]["code"], themes[0]["code"]);
        let place = &data["places"]["edges"][0]["node"];
        assert_eq!((&place["kind"], &place["municipality"]), (&json!("POSTCODE"), &json!("Viborg")));
        assert_eq!(data["organizations"]["edges"],
            json!([{ "node": { "name": "Røde Kors Viborg", "verified": true } }]));
        assert_eq!(data["organization"]["email"], "kontakt@forening.example");
        assert_eq!(data["organization"]["town"],
            json!({ "postalCode": "8800", "name": "Viborg", "municipality": "Viborg" }));
        assert_eq!(data["viewer"], Value::Null);
        let english = "{ themes { label } targetGroups { label } }";
        let anyone = User::anonymous();
        let danish = server.data(&anyone, english, json!({})).await;
        let english = server.data(&anyone.in_english(), english, json!({})).await;
        assert_eq!(danish["targetGroups"][0]["label"], "Ældre");
        assert_eq!(english["targetGroups"][0]["label"], "Older people");
        server.end().await;
    }
}
