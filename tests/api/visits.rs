//! Visits: what a coordinator registers, what it is told, and what the house sees and does.

use std::borrow::Borrow;

use faelled_engine::{
    id::OrganizationId,
    organization::{OrganizationKind, Role},
};
use faelled_tests::{
    TestServer, User, both_databases,
    server::{DAILY_BUDGET, organization_id, reason, text},
};
use serde_json::{Value, json};

use crate::words::{draft, need, post, post_for};

pub const REGISTER: &str = "mutation($input: RegisterVisitArrangementInput!) {
    registerVisitArrangement(input: $input) {
        arrangement { id version status label town { postalCode } theme { code } }
        overlaps { id kind sentence status severity raisedAt reasons { sentence } history { event }
            houses { name } sides { organization { name } arrangement { id } } }
        userErrors { code field message } } }";
pub const CHECK: &str = "mutation($input: CheckVisitArrangementInput!) {
    checkVisitArrangement(input: $input) { check { isClose checksLeft } userErrors { code field message } } }";
pub const UPDATE: &str = "mutation($input: UpdateVisitArrangementInput!) {
    updateVisitArrangement(input: $input) {
        arrangement { id version label } overlaps { id } userErrors { code field message } } }";
pub const END: &str = "mutation($input: EndVisitArrangementInput!) {
    endVisitArrangement(input: $input) { arrangement { id version status endedAt }
        userErrors { code field message } } }";
pub const LOG: &str = "mutation($input: LogVisitInput!) { logVisit(input: $input) {
    visit { start minutes outcome } userErrors { code field message } } }";
pub const DISMISS: &str = "mutation($input: DismissOverlapInput!) { dismissOverlap(input: $input) {
    overlap { id status } userErrors { code field message } } }";
pub const COORDINATE: &str = "mutation($input: MarkOverlapCoordinatedInput!) {
    markOverlapCoordinated(input: $input) { overlap { id status } userErrors { code field message } } }";
pub const VERIFY: &str =
    "mutation($input: VerifyOrganizationInput!) { verifyOrganization(input: $input) {
    organization { id version verified suspendedBecause } userErrors { code field message } } }";
pub const SUSPEND: &str =
    "mutation($input: SuspendOrganizationInput!) { suspendOrganization(input: $input) {
    organization { id version verified suspendedBecause } userErrors { code field message } } }";
const OVERLAPS: &str = "query($filter: OverlapFilter) { overlaps(filter: $filter) { totalCount edges { node {
    id kind status severity sentence reasons { evidence sentence } history { event comment }
    sides { organization { name } town { postalCode } theme { code } schedule { recurrences { rule } }
        arrangement { id } } } } } }";

/// Elna, by what a coordinator may know of her.
pub fn elna() -> Value {
    json!({ "name": "Elna Overgaard", "birthDate": "12-03-1941" })
}

/// Visits on a weekday from 10 to 11.
pub fn on(day: &str) -> Value {
    json!({ "recurrences": [{ "start": "2026-03-02T10:00", "duration": "PT1H",
        "rule": format!("FREQ=WEEKLY;BYDAY={day}") }] })
}

pub fn visits(
    organization: OrganizationId,
    citizen: impl Borrow<Value>,
    schedule: impl Borrow<Value>,
) -> Value {
    json!({ "organization": organization_id(organization), "citizen": citizen.borrow(),
        "postalCode": "8800", "theme": "visiting-friend", "schedule": schedule.borrow(),
        "citizenAgrees": true })
}

pub async fn register(server: &TestServer, who: &User, input: Value) -> Value {
    let answer = server.data(who, REGISTER, json!({ "input": input })).await;
    let payload = answer["registerVisitArrangement"].clone();
    assert_eq!(payload["userErrors"], json!([]), "{payload:#}");
    payload
}

/// Two associations with a coordinator each, and the house of Viborg.
struct Town {
    kors: OrganizationId,
    karen: User,
    sagen: OrganizationId,
    soren: User,
    helle: User,
}

async fn town(server: &TestServer) -> Town {
    let kors = server.association("Røde Kors Viborg").await;
    let sagen = server.association("Ældre Sagen Viborg").await;
    let house = server.house("De Frivilliges Hus", &["0791"]).await;
    Town {
        kors,
        karen: server.someone("Karen", kors, Role::Coordinator).await,
        sagen,
        soren: server.someone("Søren", sagen, Role::Coordinator).await,
        helle: server.someone("Helle", house, Role::Coordinator).await,
    }
}

async fn overlaps(server: &TestServer, who: &User, filter: Value) -> Vec<Value> {
    let data = server
        .data(who, OVERLAPS, json!({ "filter": filter }))
        .await;
    let edges = data["overlaps"]["edges"].as_array().unwrap();
    assert_eq!(data["overlaps"]["totalCount"], edges.len());
    edges.iter().map(|edge| edge["node"].clone()).collect()
}

async fn everything(server: &TestServer, who: &User) -> Vec<Value> {
    let all = json!({ "statuses": ["OPEN", "COORDINATED", "DISMISSED", "ENDED"] });
    overlaps(server, who, all).await
}

both_databases! {
    async fn two_who_visit_the_same_citizen_are_flagged_once(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let Town { kors, karen, sagen, soren, helle } = town(&server).await;
        let first = register(&server, &karen, visits(kors, elna(), on("TU"))).await;
        assert_eq!(first["overlaps"], json!([]));
        let second = register(&server, &soren, visits(sagen, elna(), on("TU"))).await;
        let told = &second["overlaps"];
        assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
        let told = &told[0];
        assert_eq!(
            told["sentence"],
            "En anden forening besøger den samme borger tæt på i tid. Frivilligcentret kan hjælpe jer med at finde hinanden."
        );
        // Its own side, who can help, and nothing else.
        for field in ["status", "severity", "raisedAt"] {
            assert_eq!(told[field], Value::Null, "{field}");
        }
        assert_eq!((&told["reasons"], &told["history"]), (&json!([]), &json!([])));
        assert_eq!(told["houses"], json!([{ "name": "De Frivilliges Hus" }]));
        assert_eq!(told["sides"], json!([{ "organization": { "name": "Ældre Sagen Viborg" },
            "arrangement": { "id": second["arrangement"]["id"] } }]));
        // The jobs find the same again, and raise nothing twice.
        server.run_jobs().await;
        let seen = everything(&server, &helle).await;
        assert_eq!(seen.len(), 1);
        assert_eq!((&seen[0]["status"], &seen[0]["severity"]), (&json!("OPEN"), &json!("HIGH")));
        assert_eq!(seen[0]["history"], json!([{ "event": "RAISED", "comment": "" }]));
        let mut names: Vec<String> = seen[0]["sides"].as_array().unwrap().iter()
            .map(|side| text(&side["organization"]["name"])).collect();
        names.sort();
        assert_eq!(names, ["Røde Kors Viborg", "Ældre Sagen Viborg"]);
        assert_eq!(seen[0]["sides"][0]["schedule"]["recurrences"][0]["rule"], "FREQ=WEEKLY;BYDAY=TU");
        assert_eq!(seen[0]["sides"][0]["arrangement"], Value::Null, "the house sees no arrangement");
        // Nobody else knows of it, by whatever way.
        let eve = server.person("Eve", "Udenfor").await;
        let id = seen[0]["id"].clone();
        let node = "query($id: ID!) { node(id: $id) { __typename id } }";
        for who in [&eve, &User::anonymous()] {
            assert_eq!(everything(&server, who).await, Vec::<Value>::new());
            assert_eq!(server.data(who, node, json!({ "id": id })).await["node"], Value::Null);
        }
        assert_eq!(everything(&server, &karen).await, Vec::<Value>::new(), "the list is the house's");
        assert_eq!(server.data(&karen, node, json!({ "id": id })).await["node"]["id"], id);
        server.end().await;
    }

    async fn other_citizens_and_other_days_are_no_overlap(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let Town { kors, karen, sagen, soren, helle } = town(&server).await;
        register(&server, &karen, visits(kors, elna(), on("TU"))).await;
        let other = json!({ "name": "Elna Overgaard", "birthDate": "13-03-1941" });
        for (citizen, day) in [(other, "TU"), (elna(), "FR")] {
            let found = register(&server, &soren, visits(sagen, &citizen, on(day))).await;
            assert_eq!(found["overlaps"], json!([]), "{day}");
        }
        // One's own second visit is none either.
        let found = register(&server, &karen, visits(kors, elna(), on("TU"))).await;
        assert_eq!(found["overlaps"], json!([]));
        server.run_jobs().await;
        assert_eq!(everything(&server, &helle).await, Vec::<Value>::new());
        server.end().await;
    }

    async fn a_flag_ends_moves_and_reopens_as_the_facts_do(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let Town { kors, karen, sagen, soren, helle } = town(&server).await;
        let mine = register(&server, &karen, visits(kors, elna(), on("TU"))).await;
        register(&server, &soren, visits(sagen, elna(), on("TU"))).await;
        let flag = text(&everything(&server, &helle).await[0]["id"]);
        let id = text(&mine["arrangement"]["id"]);
        let update = async |version: i32, change: Value| {
            let mut input = json!({ "id": id, "version": version });
            input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            server.did(&karen, UPDATE, json!({ "input": input })).await;
        };
        let stands = async || {
            let seen = everything(&server, &helle).await;
            assert_eq!((seen.len(), text(&seen[0]["id"])), (1, flag.clone()));
            let history = seen[0]["history"].as_array().unwrap().clone();
            let events: Vec<String> = history.iter().map(|line| text(&line["event"])).collect();
            (text(&seen[0]["status"]), events.join(" "))
        };
        let dismiss = json!({ "input": { "id": flag, "comment": "De aftaler det selv" } });
        server.did(&helle, DISMISS, dismiss.clone()).await;
        assert_eq!(stands().await, ("DISMISSED".into(), "RAISED DISMISSED".into()));
        assert_eq!(server.refusal(&helle, DISMISS, dismiss).await, "WRONG_STATE id");
        // A side does not see what the house has dismissed; a note of its own changes nothing.
        update(1, json!({ "note": "Kaffe bagefter" })).await;
        assert_eq!(stands().await.0, "DISMISSED");
        let shown = "query($id: ID!) { node(id: $id) { ... on VisitArrangement { overlaps { id } } } }";
        let shown = server.data(&karen, shown, json!({ "id": id })).await;
        assert_eq!(shown["node"]["overlaps"], json!([]));
        update(2, json!({ "schedule": on("WE") })).await;
        assert_eq!(stands().await.1, "RAISED DISMISSED REOPENED");
        update(3, json!({ "schedule": on("SA") })).await;
        assert_eq!(stands().await, ("ENDED".into(), "RAISED DISMISSED REOPENED ENDED".into()));
        update(4, json!({ "schedule": on("TU") })).await;
        let note = json!({ "input": { "id": flag, "note": "Kors kommer nu om fredagen" } });
        server.did(&helle, COORDINATE, note).await;
        assert_eq!(stands().await.0, "COORDINATED");
        server.did(&karen, END, json!({ "input": { "id": id, "version": 5 } })).await;
        assert_eq!(stands().await, ("ENDED".into(),
            "RAISED DISMISSED REOPENED ENDED REOPENED COORDINATED ENDED".into()));
        server.run_jobs().await;
        assert_eq!(stands().await.0, "ENDED", "and no job raises it again");
        server.end().await;
    }

    async fn only_coordinators_of_verified_organizations_register(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let Town { kors, karen, soren, helle, .. } = town(&server).await;
        let member = server.someone("Mads", kors, Role::Member).await;
        let input = json!({ "input": visits(kors, elna(), on("TU")) });
        for who in [&member, &soren, &helle] {
            assert_eq!(server.refusal(who, REGISTER, input.clone()).await, "NOT_FOUND organization");
        }
        let anonymous = server.error_code(&User::anonymous(), REGISTER, input.clone()).await;
        assert_eq!(anonymous, "UNAUTHENTICATED");
        let org = organization_id(kors);
        let suspend = |reason: &str| json!({ "input": { "id": org, "version": 1, "reason": reason } });
        assert_eq!(server.refusal(&karen, SUSPEND, suspend("Nej")).await, "NOT_FOUND id");
        assert_eq!(server.refusal(&helle, SUSPEND, suspend(" ")).await, "BLANK reason");
        let suspended = server.did(&helle, SUSPEND, suspend("Kontakt mangler")).await;
        assert_eq!((&suspended["verified"], &suspended["suspendedBecause"]), (&json!(false), &json!("Kontakt mangler")));
        assert_eq!(server.refusal(&karen, REGISTER, input.clone()).await, "NOT_VERIFIED organization");
        let seen = "query($id: ID!) { organization(id: $id) { verified suspendedBecause } }";
        let seen = server.data(&soren, seen, json!({ "id": org })).await["organization"].clone();
        assert_eq!(seen, json!({ "verified": false, "suspendedBecause": null }));
        let verify = json!({ "input": { "id": org, "version": 2 } });
        let verified = server.did(&helle, VERIFY, verify).await;
        assert_eq!((&verified["verified"], &verified["suspendedBecause"]), (&json!(true), &json!(null)));
        server.did(&karen, REGISTER, input).await;
        server.run_jobs().await;
        server.end().await;
    }

    async fn suspending_ends_what_rests_on_trust(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let Town { kors, karen, sagen, soren, helle } = town(&server).await;
        register(&server, &karen, visits(kors, elna(), on("TU"))).await;
        register(&server, &soren, visits(sagen, elna(), on("TU"))).await;
        let offer = draft(json!({}));
        post_for(&server, &karen, Some(&organization_id(kors)), offer).await;
        server.run_jobs().await;
        let suspend = json!({ "id": organization_id(kors), "version": 1, "reason": "Foreningen er lukket" });
        server.did(&helle, SUSPEND, json!({ "input": suspend })).await;
        server.run_jobs().await;
        assert_eq!(everything(&server, &helle).await[0]["status"], "ENDED");
        let found = server.data(&User::anonymous(), "{ listings { totalCount } }", json!({})).await;
        assert_eq!(found["listings"]["totalCount"], 0);
        server.did(&helle, VERIFY, json!({ "input": { "id": organization_id(kors), "version": 2 } })).await;
        server.run_jobs().await;
        assert_eq!(everything(&server, &helle).await[0]["status"], "OPEN");
        server.end().await;
    }

    async fn a_house_looks_after_its_own_municipalities(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let Town { kors, karen, sagen, soren, helle } = town(&server).await;
        let skive = server.house("Frivilligcenter Skive", &["0779"]).await;
        let sanne = server.someone("Sanne", skive, Role::Coordinator).await;
        register(&server, &karen, visits(kors, elna(), on("TU"))).await;
        register(&server, &soren, visits(sagen, elna(), on("TU"))).await;
        let flag = everything(&server, &helle).await[0]["id"].clone();
        assert_eq!(everything(&server, &sanne).await, Vec::<Value>::new());
        let dismiss = json!({ "input": { "id": flag, "comment": "Ikke min sag" } });
        assert_eq!(server.refusal(&sanne, DISMISS, dismiss.clone()).await, "NOT_FOUND id");
        assert_eq!(server.refusal(&karen, DISMISS, dismiss).await, "NOT_FOUND id");
        let blank = json!({ "input": { "id": flag, "comment": "   " } });
        assert_eq!(server.refusal(&helle, DISMISS, blank).await, "BLANK comment");
        let verify = json!({ "input": { "id": organization_id(kors), "version": 1 } });
        assert_eq!(server.refusal(&sanne, VERIFY, verify).await, "NOT_FOUND id");
        server.run_jobs().await;
        server.end().await;
    }

    async fn asking_is_logged_and_has_a_budget(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let Town { kors, karen, sagen, soren, helle } = town(&server).await;
        register(&server, &karen, visits(kors, elna(), on("TU"))).await;
        let mut draft = visits(sagen, elna(), on("WE"));
        draft.as_object_mut().unwrap().remove("citizenAgrees");
        let check = async |draft: &Value| {
            let data = server.data(&soren, CHECK, json!({ "input": draft })).await;
            data["checkVisitArrangement"].clone()
        };
        let told = check(&draft).await;
        assert_eq!((&told["check"]["isClose"], &told["check"]["checksLeft"]), (&json!(true), &json!(DAILY_BUDGET - 1)));
        draft["schedule"] = on("FR");
        assert_eq!(check(&draft).await["check"]["isClose"], false);
        // What is wrong costs nothing.
        draft["theme"] = json!("flying");
        assert_eq!(reason(&check(&draft).await["userErrors"][0]), "UNKNOWN theme");
        draft["theme"] = json!("visiting-friend");
        for left in (0..DAILY_BUDGET - 2).rev() {
            assert_eq!(check(&draft).await["check"]["checksLeft"], left);
        }
        let spent = check(&draft).await;
        assert_eq!(spent["check"], Value::Null);
        assert_eq!(reason(&spent["userErrors"][0]), "BUDGET_SPENT organization");
        assert_eq!(server.refusal(&soren, REGISTER, json!({ "input": visits(sagen, elna(), on("WE")) })).await,
            "BUDGET_SPENT organization");
        let log = "{ accessLog(first: 100) { totalCount edges { node { action organization { name } } } } }";
        let seen = server.data(&helle, log, json!({})).await["accessLog"].clone();
        assert_eq!(seen["totalCount"], 1 + DAILY_BUDGET);
        assert_eq!(seen["edges"][0]["node"], json!({ "action": "CHECK", "organization": { "name": "Ældre Sagen Viborg" } }));
        assert_eq!(server.data(&soren, log, json!({})).await["accessLog"]["totalCount"], 0);
        server.run_jobs().await;
        server.end().await;
    }

    async fn visits_are_logged_once_and_only_when_they_have_begun(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let Town { kors, karen, soren, .. } = town(&server).await;
        let mine = register(&server, &karen, visits(kors, elna(), on("TU"))).await;
        let id = text(&mine["arrangement"]["id"]);
        let visit = |start: &str, minutes: i32| json!({ "input": { "arrangement": id, "start": start, "minutes": minutes } });
        let held = server.did(&karen, LOG, visit("2026-03-01T09:00:00Z", 45)).await;
        assert_eq!(held, json!({ "start": "2026-03-01T09:00:00+00:00", "minutes": 45, "outcome": "HELD" }));
        assert_eq!(server.refusal(&karen, LOG, visit("2026-03-01T09:00:00Z", 30)).await, "ALREADY_LOGGED start");
        assert_eq!(server.refusal(&karen, LOG, visit("2026-03-03T09:00:00Z", 30)).await, "OUT_OF_RANGE start");
        assert_eq!(server.refusal(&karen, LOG, visit("2024-03-03T09:00:00Z", 30)).await, "ALREADY_OVER start");
        assert_eq!(server.refusal(&karen, LOG, visit("2026-02-28T09:00:00Z", 0)).await, "OUT_OF_RANGE minutes");
        assert_eq!(server.refusal(&soren, LOG, visit("2026-02-28T09:00:00Z", 10)).await, "NOT_FOUND id");
        server.run_jobs().await;
        server.end().await;
    }

    async fn everything_that_is_wrong_with_an_arrangement_is_told_at_once(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let Town { kors, karen, .. } = town(&server).await;
        let wrong = json!({ "organization": organization_id(kors), "postalCode": "0000",
            "citizen": { "birthDate": "31-02-1941", "phone": "110341-1234" },
            "label": " \u{7} ", "theme": "flying", "schedule": {}, "note": "Ring 20 30 40 50" });
        let errors = server.refused(&karen, REGISTER, json!({ "input": wrong })).await;
        let mut told: Vec<String> = errors.iter().map(reason).collect();
        told.sort();
        assert_eq!(told, [
            "CONTROL_CHARACTERS label", "CPR_LIKE citizen.phone", "MALFORMED citizen.birthDate",
            "NEVER_OCCURS schedule", "NOT_DECLARED citizenAgrees", "TELLS_OF_CITIZEN note",
            "UNKNOWN postalCode", "UNKNOWN theme",
        ]);
        assert!(!format!("{errors:?}").contains("110341"), "{errors:?}");
        let nobody = visits(kors, json!({ "name": "Elna" }), on("TU"));
        let refused = server.refused(&karen, REGISTER, json!({ "input": nobody })).await;
        assert_eq!(refused.iter().map(reason).collect::<Vec<_>>(), ["NOBODY_NAMED citizen"]);
        let mut telling = visits(kors, elna(), on("TU"));
        telling["note"] = json!("Overgaard, Elna vil gerne gå tur");
        let refused = server.refusal(&karen, REGISTER, json!({ "input": telling })).await;
        assert_eq!(refused, "TELLS_OF_CITIZEN note");
        let over = json!({ "oneOffs": [{ "start": "2026-01-06T14:00", "end": "2026-01-06T15:00" }] });
        let input = json!({ "input": visits(kors, elna(), &over) });
        assert_eq!(server.refusal(&karen, REGISTER, input).await, "ALREADY_OVER schedule");
        assert_eq!(server.counts().await.jobs, 0, "and nothing is written");
        server.end().await;
    }

    async fn a_label_is_for_its_own_organization_and_not_in_the_record(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let Town { kors, karen, .. } = town(&server).await;
        let mut input = visits(kors, elna(), on("TU"));
        input["label"] = json!("Kolonihaven 7");
        let made = register(&server, &karen, input).await["arrangement"].clone();
        assert_eq!(made["label"], "Kolonihaven 7");
        let change = json!({ "input": { "id": made["id"], "version": 1, "label": null } });
        assert_eq!(server.did(&karen, UPDATE, change).await["label"], Value::Null);
        server.run_jobs().await;
        server.end().await;
    }

    async fn the_kind_of_an_organization_matters(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let Town { helle, .. } = town(&server).await;
        let other = server.organization("Et andet hus", OrganizationKind::VolunteerHouse).await;
        let verify = json!({ "input": { "id": organization_id(other), "version": 1 } });
        assert_eq!(server.refusal(&helle, VERIFY, verify).await, "NOT_FOUND id");
        server.end().await;
    }

    async fn needs_that_nobody_meets_are_the_houses_gaps(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let Town { kors, karen, helle, .. } = town(&server).await;
        let anna = server.person("Anna", "Berg").await;
        for title in ["Gåven søges", "Hvem går med?"] {
            post(&server, &anna, need(json!({ "title": title, "schedule": on("WE"), "attendance": "AT_MY_PLACE" }))).await;
        }
        let gaps = "query($themes: [String!], $codes: [String!]) { gaps(themes: $themes, postalCodes: $codes) {
            totalCount edges { node { theme { code } town { postalCode } needCount weekdays
                nearestOfferKm needs { title } } } } }";
        let seen = async |who: &User, variables: Value| {
            server.data(who, gaps, variables).await["gaps"].clone()
        };
        let found = seen(&helle, json!({})).await;
        assert_eq!(found["totalCount"], 1, "{found:#}");
        let gap = &found["edges"][0]["node"];
        assert_eq!((&gap["needCount"], &gap["weekdays"], &gap["nearestOfferKm"]), (&json!(2), &json!(["WEDNESDAY"]), &Value::Null));
        assert_eq!(gap["town"]["postalCode"], "8800");
        assert_eq!(seen(&helle, json!({ "codes": ["8831"] })).await["totalCount"], 0);
        assert_eq!(seen(&helle, json!({ "themes": ["football"] })).await["totalCount"], 0);
        assert_eq!(seen(&karen, json!({})).await["totalCount"], 0, "the house looks after gaps");
        let code = server.error_code(&helle, gaps, json!({ "themes": ["flying"] })).await;
        assert_eq!(code, "BAD_USER_INPUT");
        // An offer in reach closes it.
        let offer = draft(json!({ "schedule": on("WE"), "attendance": "I_TRAVEL" }));
        post_for(&server, &karen, Some(&organization_id(kors)), offer).await;
        assert_eq!(seen(&helle, json!({})).await["totalCount"], 0);
        server.run_jobs().await;
        server.end().await;
    }
}
