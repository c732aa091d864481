//! Both sides: proposing, answering, and what each then learns of the other.

use chrono::TimeDelta;
use faelled_engine::organization::Role;
use faelled_tests::{
    TestServer, User, both_databases,
    server::{organization_id, reason, text},
};
use serde_json::{Value, json};

use crate::words::{
    PROPOSE, UPDATE, agree, decide, draft, need, post, post_for, propose, step, support, take,
};

const PLACES: &str =
    "query($id: ID!) { node(id: $id) { ... on Listing { version capacity placesLeft } } }";

async fn places_left(server: &TestServer, who: &User, id: &str) -> Value {
    server.data(who, PLACES, json!({ "id": id })).await["node"]["placesLeft"].clone()
}

/// What a viewer sees of a private person's listing.
const SEEN: &str = "query($id: ID!) { node(id: $id) { ... on Listing {
    person { firstName surname email phone } place { precision name address postalCode } } } }";

async fn seen(server: &TestServer, who: &User, id: &str) -> Value {
    server.data(who, SEEN, json!({ "id": id })).await["node"].clone()
}

both_databases! {
    async fn a_place_is_taken_and_given_back(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo, cy) = (
            server.person("Anna", "Berg").await,
            server.person("Bo", "Dal").await,
            server.person("Cy", "Eng").await,
        );
        let id = post(&server, &anna, need(json!({ "capacity": 1 }))).await;
        let offer = post(&server, &bo, draft(json!({ "capacity": 1 }))).await;
        let first = propose(&server, &bo, &id, Some(&offer)).await;
        let second = propose(&server, &cy, &id, None).await;
        assert_eq!(places_left(&server, &anna, &id).await, 1, "a proposal takes nothing");
        let again = json!({ "input": { "listing": id, "counterpart": offer } });
        assert_eq!(server.refusal(&bo, PROPOSE, again.clone()).await, "ALREADY_MATCHED listing");

        assert_eq!(take(&server, &anna, "accept", &first).await, "CONFIRMED");
        assert_eq!(places_left(&server, &anna, &id).await, 0);
        assert_eq!(places_left(&server, &bo, &offer).await, 0, "both listings give a place");
        let accept = json!({ "input": { "id": second } });
        assert_eq!(server.refusal(&anna, &step("accept"), accept).await, "CAPACITY_FULL id");
        let late = server.person("Dan", "Falk").await;
        let ask = json!({ "input": { "listing": id } });
        assert_eq!(server.refusal(&late, PROPOSE, ask).await, "CAPACITY_FULL listing");

        assert_eq!(take(&server, &bo, "withdraw", &first).await, "WITHDRAWN");
        assert_eq!(places_left(&server, &anna, &id).await, 1);
        assert_eq!(places_left(&server, &bo, &offer).await, 1);
        assert_eq!(take(&server, &anna, "accept", &second).await, "CONFIRMED");
        assert_eq!(take(&server, &cy, "complete", &second).await, "COMPLETED");
        assert_eq!(places_left(&server, &anna, &id).await, 0, "what happened keeps its place");
        server.run_jobs().await;
        server.end().await;
    }

    async fn a_capacity_below_what_is_taken_is_told_beside_all_else(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        let id = post(&server, &anna, need(json!({ "capacity": 3 }))).await;
        for name in ["Bo", "Cy"] {
            agree(&server, &server.person(name, "Dal").await, &anna, &id).await;
        }
        let change = |capacity: i32, title: &str| {
            let changes = json!({ "capacity": capacity, "title": title });
            json!({ "input": { "id": id, "version": 1, "changes": changes } })
        };
        for capacity in [-1, 0, 1] {
            let errors = server.refused(&anna, UPDATE, change(capacity, " ")).await;
            let told: Vec<String> = errors.iter().map(reason).collect();
            assert_eq!(told, ["BLANK changes.title", "OUT_OF_RANGE changes.capacity"], "{capacity}");
        }
        let changed = server.did(&anna, UPDATE, change(2, "Gåture søges")).await;
        assert_eq!(changed["capacity"], 2);
        server.run_jobs().await;
        server.end().await;
    }

    async fn each_step_belongs_to_a_side(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo, cy) = (
            server.person("Anna", "Berg").await,
            server.person("Bo", "Dal").await,
            server.person("Cy", "Eng").await,
        );
        let id = post(&server, &anna, need(json!({}))).await;
        let agreed = propose(&server, &bo, &id, None).await;
        let input = json!({ "input": { "id": agreed } });
        for verb in ["accept", "decline", "complete"] {
            assert_eq!(server.refusal(&bo, &step(verb), input.clone()).await, "WRONG_STATE id", "{verb}");
        }
        for verb in ["accept", "decline", "withdraw", "complete"] {
            assert_eq!(server.refusal(&cy, &step(verb), input.clone()).await, "NOT_FOUND id", "{verb}");
        }
        assert_eq!(take(&server, &anna, "decline", &agreed).await, "DECLINED");
        for who in [&anna, &bo] {
            for verb in ["accept", "decline", "withdraw", "complete"] {
                assert_eq!(server.refusal(who, &step(verb), input.clone()).await, "WRONG_STATE id");
            }
        }
        // After a no, one may ask once more.
        let again = propose(&server, &bo, &id, None).await;
        assert_ne!(again, agreed);
        assert_eq!(take(&server, &bo, "withdraw", &again).await, "WITHDRAWN");
        server.run_jobs().await;
        server.end().await;
    }

    async fn contact_and_exact_place_open_when_both_have_said_yes(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let house = server.association("Nysgerrige naboer").await;
        let member = server.someone("Mads", house, Role::Member).await;
        let at_home = json!({ "place": { "postalCode": "8800", "name": "Hos Anna", "address": "Søvej 3",
            "point": { "latitude": 56.4411, "longitude": 9.3922 }, "atHome": true } });
        let id = post(&server, &anna, need(at_home)).await;
        let coarse = json!({ "precision": "POSTCODE", "name": null, "address": null, "postalCode": "8800" });
        let exact = json!({ "precision": "EXACT", "name": "Hos Anna", "address": "Søvej 3", "postalCode": "8800" });
        let first_name = json!({ "firstName": "Anna", "surname": null, "email": null, "phone": null });
        let contact = json!({ "firstName": "Anna", "surname": "Berg", "email": "anna@berg.example",
            "phone": "+45 20 30 40 50" });
        let closed = json!({ "person": first_name, "place": coarse });
        let open = json!({ "person": contact, "place": exact });

        assert_eq!(seen(&server, &anna, &id).await, open, "one sees oneself");
        let agreed = propose(&server, &bo, &id, None).await;
        assert_eq!(seen(&server, &bo, &id).await, closed, "asking opens nothing");
        take(&server, &anna, "accept", &agreed).await;
        assert_eq!(seen(&server, &bo, &id).await, open);
        assert_eq!(seen(&server, &member, &id).await, closed);
        assert_eq!(seen(&server, &User::anonymous(), &id).await, json!({ "person": null, "place": coarse }));

        // The other way round: the owner learns who comes.
        let parties = "query($id: ID!) { node(id: $id) { ... on Match { viewerSide status message
            proposer { person { firstName surname email } organization { name } }
            owner { person { firstName surname } } } } }";
        let of_anna = &server.data(&anna, parties, json!({ "id": agreed })).await["node"];
        assert_eq!(of_anna["viewerSide"], "OWNER");
        assert_eq!(of_anna["proposer"]["person"],
            json!({ "firstName": "Bo", "surname": "Dal", "email": "bo@dal.example" }));
        assert_eq!(server.data(&member, parties, json!({ "id": agreed })).await["node"], Value::Null);

        assert_eq!(take(&server, &anna, "withdraw", &agreed).await, "WITHDRAWN");
        assert_eq!(seen(&server, &bo, &id).await, closed, "and is closed again");
        server.run_jobs().await;
        server.end().await;
    }

    async fn a_confirmed_side_still_sees_a_listing_that_is_closed(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let id = post(&server, &anna, need(json!({}))).await;
        let agreed = agree(&server, &bo, &anna, &id).await;
        server.did(&anna, &decide("close"), json!({ "input": { "id": id, "version": 1 } })).await;
        assert_eq!(seen(&server, &bo, &id).await["person"]["surname"], "Berg");
        assert_eq!(seen(&server, &User::anonymous(), &id).await, Value::Null);
        assert_eq!(take(&server, &bo, "complete", &agreed).await, "COMPLETED");
        server.run_jobs().await;
        server.end().await;
    }

    async fn what_cannot_be_a_pair_is_refused(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let home = server.association("Klosterhaven").await;
        let admin = server.someone("Alma", home, Role::Admin).await;
        let home = organization_id(home);
        let listing = post(&server, &anna, need(json!({}))).await;
        let their_need = post(&server, &bo, need(json!({}))).await;
        let their_offer = post(&server, &bo, draft(json!({}))).await;
        let own_offer = post(&server, &anna, draft(json!({}))).await;
        let offer_of_home = post_for(&server, &admin, Some(&home), draft(json!({}))).await;
        let other = server.association("Kirkens Korshær").await;
        let busy = server.someone("Bente", other, Role::Coordinator).await;
        let other = organization_id(other);
        let own_of_busy = post(&server, &busy, draft(json!({}))).await;
        let full = post(&server, &busy, draft(json!({ "capacity": 1 }))).await;
        agree(&server, &bo, &busy, &full).await;
        let of_home = post_for(&server, &admin, Some(&home), need(json!({}))).await;
        let cases = [
            (&bo, json!({ "listing": listing, "counterpart": their_need }), "NOT_A_PAIR counterpart"),
            (&anna, json!({ "listing": listing, "counterpart": own_offer }), "OWN_LISTING listing"),
            (&anna, json!({ "listing": listing }), "OWN_LISTING listing"),
            (&bo, json!({ "listing": listing, "counterpart": own_offer }), "NOT_FOUND counterpart"),
            (&bo, json!({ "listing": listing, "onBehalfOf": home }), "NOT_FOUND onBehalfOf"),
            (&admin, json!({ "listing": of_home, "onBehalfOf": home }), "OWN_LISTING listing"),
            (&admin, json!({ "listing": of_home }), "OWN_LISTING listing"),
            (&bo, json!({ "listing": listing, "message": "x".repeat(1_001) }), "TOO_LONG message"),
            (&busy, json!({ "listing": listing, "counterpart": full }), "CAPACITY_FULL counterpart"),
            (&busy, json!({ "listing": listing, "counterpart": own_of_busy, "onBehalfOf": other }),
                "NOT_THE_COUNTERPARTS onBehalfOf"),
        ];
        let before = server.counts().await;
        for (who, input, expected) in cases {
            let refused = server.refusal(who, PROPOSE, json!({ "input": input })).await;
            assert_eq!(refused, expected, "{input}");
        }
        assert_eq!(server.counts().await, before);
        let paused = json!({ "input": { "id": their_offer, "version": 1 } });
        server.did(&bo, &decide("pause"), paused).await;
        let input = json!({ "input": { "listing": listing, "counterpart": their_offer } });
        assert_eq!(server.refusal(&bo, PROPOSE, input).await, "NOT_OPEN counterpart");
        let for_home = json!({ "input": { "listing": listing, "onBehalfOf": home, "message": "Vi kommer gerne." } });
        let proposed = server.did(&admin, PROPOSE, for_home).await;
        assert_eq!(proposed["viewerSide"], "PROPOSER");
        let agreeing = json!({ "input": { "listing": listing, "counterpart": offer_of_home, "onBehalfOf": home } });
        server.did(&admin, PROPOSE, agreeing).await;
        server.run_jobs().await;
        server.end().await;
    }

    async fn a_proposal_that_nobody_answers_expires(record: &TestRecord) {
        let mut server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let id = post(&server, &anna, need(json!({}))).await;
        let agreed = propose(&server, &bo, &id, None).await;
        server.run_jobs().await;
        server.wait(TimeDelta::days(14)).await;
        assert_eq!(server.run_jobs().await, 1);
        let status = "query($id: ID!) { node(id: $id) { ... on Match { status version } } }";
        let seen = server.data(&bo, status, json!({ "id": agreed })).await;
        assert_eq!(seen["node"], json!({ "status": "EXPIRED", "version": 2 }));
        let late = json!({ "input": { "id": agreed } });
        assert_eq!(server.refusal(&anna, &step("accept"), late).await, "WRONG_STATE id");
        server.end().await;
    }

    async fn an_accepted_listing_must_still_be_open(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let id = post(&server, &anna, need(json!({}))).await;
        let agreed = propose(&server, &bo, &id, None).await;
        server.did(&anna, &decide("pause"), json!({ "input": { "id": id, "version": 1 } })).await;
        let input = json!({ "input": { "id": agreed } });
        assert_eq!(server.refusal(&anna, &step("accept"), input).await, "NOT_OPEN id");
        server.run_jobs().await;
        server.end().await;
    }

    async fn a_wish_gathers_support_once_from_each(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let wish = post(&server, &anna, draft(json!({ "kind": "WISH", "title": "Et cykelværksted" }))).await;
        let offer = post(&server, &anna, draft(json!({}))).await;
        let input = json!({ "input": { "id": wish } });
        for who in [&bo, &bo, &anna] {
            let supported = server.did(who, &support("add"), input.clone()).await;
            assert_eq!(supported["viewerSupports"], true);
            assert_eq!(supported["version"], 1, "support is no change of what was said");
        }
        let count = "query($id: ID!) { node(id: $id) { ... on Listing { supportCount viewerSupports } } }";
        let seen = server.data(&User::anonymous(), count, json!({ "id": wish })).await;
        assert_eq!(seen["node"], json!({ "supportCount": 2, "viewerSupports": false }));
        for _ in 0..2 {
            let left = server.did(&bo, &support("remove"), input.clone()).await;
            assert_eq!((&left["supportCount"], &left["viewerSupports"]), (&json!(1), &json!(false)));
        }
        let on_an_offer = json!({ "input": { "id": offer } });
        assert_eq!(server.refusal(&bo, &support("add"), on_an_offer).await, "NOT_A_WISH id");
        let anonymous = server.error_code(&User::anonymous(), &support("add"), input).await;
        assert_eq!(anonymous, "UNAUTHENTICATED");
        server.run_jobs().await;
        server.end().await;
    }

    async fn what_was_declined_or_agreed_is_no_longer_suggested_to_its_sides(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let listing = post(&server, &anna, need(json!({}))).await;
        let offer = post(&server, &bo, draft(json!({}))).await;
        let suggested = "query($id: ID!) { node(id: $id) { ... on Listing { suggestedMatches { listing { id } } } } }";
        let count = async |who: &User| {
            let data = server.data(who, suggested, json!({ "id": listing })).await;
            data["node"]["suggestedMatches"].as_array().unwrap().len()
        };
        assert_eq!(count(&anna).await, 1);
        let agreed = propose(&server, &bo, &listing, Some(&offer)).await;
        take(&server, &anna, "decline", &agreed).await;
        assert_eq!(count(&anna).await, 0);
        assert_eq!(count(&bo).await, 0);
        assert_eq!(count(&User::anonymous()).await, 1, "others learn nothing of it");
        let again = propose(&server, &bo, &listing, Some(&offer)).await;
        assert_ne!(text(&json!(again)), agreed);
        server.run_jobs().await;
        server.end().await;
    }
}
