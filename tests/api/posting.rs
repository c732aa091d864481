//! The association: posting, changing and taking back.

use chrono::TimeDelta;
use faelled_engine::organization::Role;
use faelled_tests::{
    TestServer, both_databases,
    server::{organization_id, text},
};
use serde_json::{Value, json};

use crate::words::{COPY, POST, UPDATE, decide, draft, need, post, post_for, titles};

/// Every field that a draft can have.
fn everything() -> Value {
    json!({
        "kind": "NEED",
        "title": "  Besøgsven på plejehjem ",
        "task": "Drik kaffe og læs avis en time om ugen.",
        "description": "Hun har været lærer.\n\nHun holder af hunde.",
        "themes": ["care-home-visits", "reading-writing"],
        "targetGroups": ["older-people"],
        "languages": ["da", "de"],
        "place": {
            "name": "Plejecenter Klosterhaven", "address": "Gravene 2", "postalCode": "8800",
            "point": { "latitude": 56.4500, "longitude": 9.4100 }, "atHome": false,
        },
        "attendance": "AT_MY_PLACE",
        "reachKm": 12.5,
        "schedule": {
            "oneOffs": [{ "start": "2026-03-10T10:00", "end": "2026-03-10T11:30" }],
            "recurrences": [{
                "start": "2026-03-03T14:00", "duration": "PT1H",
                "rule": "FREQ=WEEKLY;BYDAY=TU", "exceptions": ["2026-03-31", "2026-04-07T14:00"],
            }],
        },
        "effortMinutes": 60,
        "capacity": 2,
        "requirements": {
            "minimumAge": 18, "childrensCertificate": true,
            "drivingLicence": true, "wheelchairAccess": true,
        },
        "declarations": {
            "minimumAge": 65, "childrensCertificate": false,
            "drivingLicence": false, "wheelchairAccess": true,
        },
        "expiresAt": "2026-12-24T17:00:00Z",
    })
}

const WHOLE: &str = "query($id: ID!) { node(id: $id) { ... on Listing {
    version kind status isOpen postedAt assuredAt updatedAt expiresAt title task description
    themes { code } targetGroups { code } languages organization { name verified } person { firstName }
    place { precision name address postalCode town municipality latitude longitude }
    attendance reachKm
    schedule { byAgreement oneOffs { start end } recurrences { start duration rule exceptions } }
    nextOccurrence { localStart localEnd start end } occurrences(first: 3) { localStart }
    effortMinutes capacity placesLeft
    requirements { minimumAge childrensCertificate drivingLicence wheelchairAccess }
    declarations { minimumAge childrensCertificate drivingLicence wheelchairAccess }
    supportCount viewerSupports viewerManages externalId
} } }";

both_databases! {
    async fn a_listing_keeps_everything_that_was_said(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let home = server.association("Klosterhaven").await;
        let coordinator = server.someone("Karen", home, Role::Coordinator).await;
        let id = post_for(&server, &coordinator, Some(&organization_id(home)), everything()).await;
        server.run_jobs().await;
        let listing = &server.data(&coordinator, WHOLE, json!({ "id": id })).await["node"];
        assert_eq!(*listing, json!({
            "version": 1, "kind": "NEED", "status": "OPEN", "isOpen": true,
            "postedAt": "2026-03-02T09:00:00+00:00", "assuredAt": "2026-03-02T09:00:00+00:00",
            "updatedAt": "2026-03-02T09:00:00+00:00", "expiresAt": "2026-12-24T17:00:00+00:00",
            "title": "Besøgsven på plejehjem",
            "task": "Drik kaffe og læs avis en time om ugen.",
            "description": "Hun har været lærer.\n\nHun holder af hunde.",
            "themes": [{ "code": "care-home-visits" }, { "code": "reading-writing" }],
            "targetGroups": [{ "code": "older-people" }],
            "languages": ["da", "de"],
            "organization": { "name": "Klosterhaven", "verified": true }, "person": null,
            "place": {
                "precision": "EXACT", "name": "Plejecenter Klosterhaven", "address": "Gravene 2",
                "postalCode": "8800", "town": "Viborg", "municipality": "Viborg",
                "latitude": 56.45, "longitude": 9.41,
            },
            "attendance": "AT_MY_PLACE", "reachKm": 12.5,
            "schedule": {
                "byAgreement": false,
                "oneOffs": [{ "start": "2026-03-10T10:00", "end": "2026-03-10T11:30" }],
                "recurrences": [{
                    "start": "2026-03-03T14:00", "duration": "PT1H",
                    "rule": "FREQ=WEEKLY;BYDAY=TU", "exceptions": ["2026-03-31", "2026-04-07T14:00"],
                }],
            },
            "nextOccurrence": {
                "localStart": "2026-03-03T14:00", "localEnd": "2026-03-03T15:00",
                "start": "2026-03-03T13:00:00+00:00", "end": "2026-03-03T14:00:00+00:00",
            },
            "occurrences": [
                { "localStart": "2026-03-03T14:00" },
                { "localStart": "2026-03-10T10:00" },
                { "localStart": "2026-03-10T14:00" },
            ],
            "effortMinutes": 60, "capacity": 2, "placesLeft": 2,
            "requirements": {
                "minimumAge": 18, "childrensCertificate": true,
                "drivingLicence": true, "wheelchairAccess": true,
            },
            "declarations": {
                "minimumAge": 65, "childrensCertificate": false,
                "drivingLicence": false, "wheelchairAccess": true,
            },
            "supportCount": 0, "viewerSupports": false, "viewerManages": true, "externalId": null,
        }));
        server.end().await;
    }

    async fn posting_answers_at_once_with_what_the_engine_sees(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        post(&server, &anna, draft(json!({}))).await;
        post(&server, &anna, need(json!({ "title": "Gåven søges tirsdag" }))).await;
        server.run_jobs().await;
        let fields = "suggestedMatches { score sentence distanceKm listing { title } reasons { component } }
            similarListings { similarity distanceKm listing { title } }";
        let preview = format!("query($input: PreviewListingInput!) {{ previewListing(input: $input) {{
            {fields} userErrors {{ code }} }} }}");
        let posting = format!("mutation($input: PostListingInput!) {{ postListing(input: $input) {{
            listing {{ {fields} }} {fields} userErrors {{ code }} }} }}");
        let before = server.counts().await;
        let input = json!({ "input": { "draft": need(json!({})) } });
        let previewed = server.data(&bo, &preview, input.clone()).await["previewListing"].clone();
        assert_eq!(server.counts().await, before, "a preview keeps nothing");
        assert_eq!(previewed["userErrors"], json!([]));
        let best = &previewed["suggestedMatches"][0];
        assert_eq!(best["listing"]["title"], "Gåtur ved søen");
        assert!(best["score"].as_f64().unwrap() > 0.9, "{best}");
        assert_eq!(previewed["similarListings"][0]["listing"]["title"], "Gåven søges tirsdag");
        let posted = server.data(&bo, &posting, input).await["postListing"].clone();
        for field in ["suggestedMatches", "similarListings"] {
            assert_eq!(posted[field], previewed[field], "posting says what the preview said");
            assert_eq!(posted["listing"][field], previewed[field]);
        }
        assert_eq!(titles(&server, json!({ "kinds": ["NEED"] }), "NEWEST").await.len(), 2);
        server.run_jobs().await;
        server.end().await;
    }

    async fn a_listing_goes_through_its_life(record: &TestRecord) {
        let mut server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let id = post(&server, &anna, draft(json!({}))).await;
        let walk = "Gåtur ved søen".to_owned();
        assert_eq!(titles(&server, json!({}), "NEWEST").await, std::slice::from_ref(&walk));
        let at = |version: i32| json!({ "input": { "id": id, "version": version } });

        let paused = server.did(&anna, &decide("pause"), at(1)).await;
        assert_eq!((&paused["status"], &paused["isOpen"]), (&json!("PAUSED"), &json!(false)));
        assert!(titles(&server, json!({}), "NEWEST").await.is_empty(), "a paused one is hidden");
        assert_eq!(server.refusal(&anna, &decide("pause"), at(2)).await, "WRONG_STATE id");
        let resumed = server.did(&anna, &decide("resume"), at(2)).await;
        assert_eq!((&resumed["status"], &resumed["version"]), (&json!("OPEN"), &json!(3)));
        assert_eq!(titles(&server, json!({}), "NEWEST").await, [walk]);

        server.run_jobs().await;
        server.wait(TimeDelta::days(3)).await;
        let changes = json!({ "input": { "id": id, "version": 3, "changes": { "title": "Gåtur i skoven" } } });
        let updated = server.did(&anna, UPDATE, changes).await;
        assert_eq!((&updated["title"], &updated["version"]), (&json!("Gåtur i skoven"), &json!(4)));
        assert_eq!(titles(&server, json!({}), "NEWEST").await, ["Gåtur i skoven"]);
        server.run_jobs().await;
        server.wait(TimeDelta::days(3)).await;
        let confirmed = server.did(&anna, &decide("confirm"), at(4)).await;
        assert_eq!(confirmed["assuredAt"], "2026-03-08T09:00:00+00:00");

        let closed = server.did(&anna, &decide("close"), at(5)).await;
        assert_eq!(closed["status"], "CLOSED");
        for verb in ["pause", "resume", "close", "withdraw", "confirm"] {
            assert_eq!(server.refusal(&anna, &decide(verb), at(6)).await, "WRONG_STATE id", "{verb}");
        }
        let change = json!({ "input": { "id": id, "version": 6, "changes": { "title": "Igen" } } });
        assert_eq!(server.refusal(&anna, UPDATE, change).await, "WRONG_STATE id");
        assert!(titles(&server, json!({}), "NEWEST").await.is_empty());

        let other = post(&server, &anna, draft(json!({ "title": "Ikke ment" }))).await;
        let withdrawn = server
            .did(&anna, &decide("withdraw"), json!({ "input": { "id": other, "version": 1 } }))
            .await;
        assert_eq!(withdrawn["status"], "WITHDRAWN");
        server.run_jobs().await;
        server.end().await;
    }

    async fn a_copy_is_a_new_listing_with_changes(record: &TestRecord) {
        let mut server = TestServer::open(record).await;
        let home = server.association("Klosterhaven").await;
        let coordinator = server.someone("Karen", home, Role::Coordinator).await;
        let id = post_for(&server, &coordinator, Some(&organization_id(home)), everything()).await;
        server.run_jobs().await;
        server.wait(TimeDelta::days(1)).await;
        let changes = json!({ "title": "Besøgsven, nu om torsdagen", "capacity": null, "expiresAt": null,
            "schedule": { "oneOffs": [{ "start": "2026-04-02T10:00", "end": "2026-04-02T11:00" }] } });
        let copy = server
            .did(&coordinator, COPY, json!({ "input": { "id": id, "changes": changes } }))
            .await;
        let (old, new) = (
            server.data(&coordinator, WHOLE, json!({ "id": id })).await["node"].clone(),
            server.data(&coordinator, WHOLE, json!({ "id": copy["id"] })).await["node"].clone(),
        );
        assert_eq!(old["title"], "Besøgsven på plejehjem", "the original stays");
        let differing: Vec<&String> = new.as_object().unwrap().keys()
            .filter(|field| new[*field] != old[*field]).collect();
        let mut expected = ["title", "capacity", "placesLeft", "expiresAt", "schedule", "nextOccurrence",
            "occurrences", "postedAt", "assuredAt", "updatedAt", "declarations"];
        expected.sort_unstable();
        assert_eq!(differing, expected);
        assert_eq!((&new["version"], &new["capacity"]), (&json!(1), &Value::Null));
        assert_eq!(new["declarations"], json!({ "minimumAge": 65, "childrensCertificate": null,
            "drivingLicence": false, "wheelchairAccess": true }), "who copies has not declared a børneattest");
        assert_eq!(new["expiresAt"], "2027-03-04T09:00:00+00:00", "366 days after it was posted");

        let plain = server.did(&coordinator, COPY, json!({ "input": { "id": id } })).await;
        assert_ne!(plain["id"], copy["id"]);
        server.run_jobs().await;
        server.end().await;
    }

    async fn only_a_coordinator_posts_for_an_organization(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let home = server.association("Klosterhaven").await;
        let other = server.association("Naboen").await;
        let admin = server.someone("Alma", home, Role::Admin).await;
        let member = server.someone("Mads", home, Role::Member).await;
        let stranger = server.someone("Sten", other, Role::Admin).await;
        let id = post_for(&server, &admin, Some(&organization_id(home)), draft(json!({}))).await;
        let for_home = json!({ "input": { "organization": organization_id(home), "draft": draft(json!({})) } });
        let input = json!({ "input": { "id": id, "version": 1 } });
        for who in [&member, &stranger] {
            assert_eq!(server.refusal(who, POST, for_home.clone()).await, "NOT_FOUND organization");
            assert_eq!(server.refusal(who, &decide("close"), input.clone()).await, "NOT_FOUND id");
            assert_eq!(server.refusal(who, COPY, json!({ "input": { "id": id } })).await, "NOT_FOUND id");
            let change = json!({ "input": { "id": id, "version": 1, "changes": { "title": "Mit nu" } } });
            assert_eq!(server.refusal(who, UPDATE, change).await, "NOT_FOUND id");
        }
        let anonymous = faelled_tests::User::anonymous();
        for (mutation, input) in [(POST, for_home), (&*decide("close"), input)] {
            assert_eq!(server.error_code(&anonymous, mutation, input).await, "UNAUTHENTICATED");
        }
        server.run_jobs().await;
        server.end().await;
    }

    async fn what_is_over_is_not_found_and_can_be_brought_back(record: &TestRecord) {
        let mut server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let once = json!({ "schedule": { "oneOffs": [{ "start": "2026-03-05T10:00", "end": "2026-03-05T12:00" }] } });
        let id = post(&server, &anna, draft(once)).await;
        assert_eq!(titles(&server, json!({}), "START").await.len(), 1);
        server.run_jobs().await;
        server.wait(TimeDelta::days(4)).await;
        assert!(titles(&server, json!({}), "START").await.is_empty());
        let mine = "{ viewer { listings { edges { node { id isOpen status } } } } }";
        let mine = server.data(&anna, mine, json!({})).await;
        assert_eq!(mine["viewer"]["listings"]["edges"],
            json!([{ "node": { "id": id, "isOpen": false, "status": "OPEN" } }]));
        let confirm = json!({ "input": { "id": id, "version": 1 } });
        let refused = server.refusal(&anna, &decide("confirm"), confirm).await;
        assert!(refused.starts_with("ALREADY_OVER"), "{refused}");
        let again = json!({ "input": { "id": id, "version": 1, "changes": { "schedule": null } } });
        server.did(&anna, UPDATE, again).await;
        assert_eq!(titles(&server, json!({}), "START").await.len(), 1);
        server.run_jobs().await;
        server.end().await;
    }

    async fn an_unlimited_listing_can_be_limited_but_not_below_what_is_agreed(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let cy = server.person("Cy", "Eng").await;
        let id = post(&server, &anna, draft(json!({}))).await;
        for who in [&bo, &cy] {
            crate::words::agree(&server, who, &anna, &id).await;
        }
        let version = server.data(&anna, WHOLE, json!({ "id": id })).await["node"]["version"].clone();
        let change = |places: Value| json!({ "input": { "id": id, "version": version, "changes": { "capacity": places } } });
        assert_eq!(server.refusal(&anna, UPDATE, change(json!(1))).await, "OUT_OF_RANGE changes.capacity");
        let limited = server.did(&anna, UPDATE, change(json!(2))).await;
        assert_eq!(limited["capacity"], 2);
        let listing = &server.data(&anna, WHOLE, json!({ "id": id })).await["node"];
        assert_eq!((&listing["capacity"], &listing["placesLeft"]), (&json!(2), &json!(0)));
        assert_eq!(text(&listing["title"]), "Gåtur ved søen");
        server.run_jobs().await;
        server.end().await;
    }
}
