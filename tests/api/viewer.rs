//! What a signed-in person finds: memberships, listings, matches, and notices of what is new.

use faelled_engine::organization::Role;
use faelled_tests::{
    TestServer, User, both_databases,
    server::{organization_id, text},
};
use serde_json::{Value, json};

use crate::words::{REGISTER, decide, draft, need, post, post_for, propose, take};

const NOTICES: &str = "{ viewer { notices { totalCount edges { node {
    score listing { id } counterpart { id title } } } } } }";

async fn notices(server: &TestServer, who: &User) -> Value {
    server.data(who, NOTICES, json!({})).await["viewer"]["notices"].clone()
}

both_databases! {
    async fn whoever_registers_an_organization_is_its_admin_and_it_is_unverified(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let parent = organization_id(server.association("Landsforeningen").await);
        let input = json!({ "input": {
            "name": "Landsforeningen, Viborg", "kind": "BRANCH", "parent": parent, "cvr": "12 34 56 78",
            "email": "viborg@lands.example", "phone": "+45 87 87 87 87", "website": "https://lands.example/viborg",
            "postalCode": "8800", "description": "Vi ses om torsdagen.",
        } });
        let branch = server.did(&anna, REGISTER, input).await;
        assert_eq!((&branch["verified"], &branch["name"]), (&json!(false), &json!("Landsforeningen, Viborg")));
        let seen = "query($id: ID!) { organization(id: $id) { name kind cvr email phone website description
            verified version parent { name } town { postalCode } } }";
        let seen = server.data(&User::anonymous(), seen, json!({ "id": branch["id"] })).await;
        assert_eq!(seen["organization"], json!({
            "name": "Landsforeningen, Viborg", "kind": "BRANCH", "cvr": "12345678",
            "email": "viborg@lands.example", "phone": "+45 87 87 87 87", "website": "https://lands.example/viborg",
            "description": "Vi ses om torsdagen.", "verified": false, "version": 1,
            "parent": { "name": "Landsforeningen" }, "town": { "postalCode": "8800" },
        }));
        let memberships = "{ viewer { memberships { role organization { id } } } }";
        let mine = server.data(&anna, memberships, json!({})).await;
        assert_eq!(mine["viewer"]["memberships"], json!([{ "role": "ADMIN", "organization": { "id": branch["id"] } }]));
        let none = server.data(&bo, memberships, json!({})).await;
        assert_eq!(none["viewer"]["memberships"], json!([]));
        // It can take part at once, and its listings say that nobody has verified it.
        let id = post_for(&server, &anna, Some(&text(&branch["id"])), draft(json!({}))).await;
        let listing = "query($id: ID!) { node(id: $id) { ... on Listing { organization { verified } } } }";
        let listing = server.data(&bo, listing, json!({ "id": id })).await;
        assert_eq!(listing["node"]["organization"]["verified"], false);
        let anonymous = json!({ "input": { "name": "Ingens", "kind": "ASSOCIATION", "postalCode": "8800" } });
        assert_eq!(server.error_code(&User::anonymous(), REGISTER, anonymous).await, "UNAUTHENTICATED");
        server.run_jobs().await;
        server.end().await;
    }

    async fn jobs_tell_of_what_is_new_and_fits(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo, cy) = (
            server.person("Anna", "Berg").await,
            server.person("Bo", "Dal").await,
            server.person("Cy", "Eng").await,
        );
        let kors = server.association("Røde Kors").await;
        let karen = server.someone("Karen", kors, Role::Coordinator).await;
        let member = server.someone("Mads", kors, Role::Member).await;
        let of_anna = post(&server, &anna, need(json!({}))).await;
        let of_kors = post_for(&server, &karen, Some(&organization_id(kors)), need(json!({}))).await;
        post(&server, &cy, need(json!({ "themes": ["football"] }))).await;
        assert_eq!(server.run_jobs().await, 3);
        assert_eq!(notices(&server, &anna).await["totalCount"], 0, "needs are no news for needs");

        let offer = post(&server, &bo, draft(json!({}))).await;
        assert_eq!(notices(&server, &anna).await["totalCount"], 0, "not before the job has run");
        assert_eq!(server.run_jobs().await, 1);
        for (who, listing) in [(&anna, &of_anna), (&karen, &of_kors)] {
            let told = notices(&server, who).await;
            assert_eq!(told["totalCount"], 1);
            let notice = &told["edges"][0]["node"];
            assert_eq!((&notice["listing"]["id"], &notice["counterpart"]["id"]), (&json!(listing), &json!(offer)));
            assert!(notice["score"].as_f64().unwrap() > 0.6, "{notice}");
        }
        for who in [&bo, &cy, &member] {
            assert_eq!(notices(&server, who).await["totalCount"], 0, "nobody else hears of it");
        }
        // The same news again is no news, and a listing that is no longer open is not shown.
        let confirm = json!({ "input": { "id": offer, "version": 1 } });
        server.did(&bo, &decide("confirm"), confirm).await;
        server.run_jobs().await;
        assert_eq!(notices(&server, &anna).await["totalCount"], 1);
        let agreed = propose(&server, &karen, &offer, Some(&of_kors)).await;
        take(&server, &bo, "accept", &agreed).await;
        server.did(&bo, &decide("pause"), json!({ "input": { "id": offer, "version": 2 } })).await;
        assert_eq!(server.run_jobs().await, 0);
        let told = async |who| notices(&server, who).await["edges"][0]["node"]["counterpart"].clone();
        assert_eq!(told(&anna).await, Value::Null);
        assert_eq!(told(&karen).await["id"], offer, "a confirmed side still sees it");
        server.end().await;
    }

    async fn a_viewer_finds_everything_that_is_theirs(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let kors = server.association("Røde Kors").await;
        let karen = server.someone("Karen", kors, Role::Coordinator).await;
        let member = server.someone("Mads", kors, Role::Member).await;
        let bo = server.person("Bo", "Dal").await;
        let private = post(&server, &karen, draft(json!({ "title": "Privat" }))).await;
        let of_kors = post_for(&server, &karen, Some(&organization_id(kors)), need(json!({}))).await;
        server.did(&karen, &decide("close"), json!({ "input": { "id": private, "version": 1 } })).await;
        let agreed = propose(&server, &bo, &of_kors, None).await;
        take(&server, &karen, "accept", &agreed).await;
        let mine = "{ viewer { person { firstName surname email }
            listings { totalCount edges { node { id status } } } matches { totalCount edges { node { id viewerSide } } } } }";
        let of_karen = &server.data(&karen, mine, json!({})).await["viewer"];
        assert_eq!(of_karen["person"]["surname"], "Medarbejder");
        let mut statuses: Vec<(String, String)> = of_karen["listings"]["edges"].as_array().unwrap().iter()
            .map(|edge| (text(&edge["node"]["id"]), text(&edge["node"]["status"]))).collect();
        statuses.sort();
        let mut expected = vec![(private, "CLOSED".to_owned()), (of_kors, "OPEN".to_owned())];
        expected.sort();
        assert_eq!(statuses, expected, "whatever their status");
        assert_eq!(of_karen["matches"]["edges"], json!([{ "node": { "id": agreed, "viewerSide": "OWNER" } }]));
        let of_bo = &server.data(&bo, mine, json!({})).await["viewer"];
        assert_eq!(of_bo["matches"]["edges"], json!([{ "node": { "id": agreed, "viewerSide": "PROPOSER" } }]));
        let of_member = &server.data(&member, mine, json!({})).await["viewer"];
        assert_eq!((&of_member["listings"]["totalCount"], &of_member["matches"]["totalCount"]), (&json!(0), &json!(0)));
        server.run_jobs().await;
        server.end().await;
    }
}
