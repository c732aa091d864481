//! Identities: what is not there, is of another kind, or is not for you to know of, answers alike.

use faelled_engine::organization::Role;
use faelled_store::DatabaseKind;
use faelled_tests::{
    TestServer, User, both_databases, log,
    server::{absent_id, base64, organization_id, text},
};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::words::{
    COPY, POST, PROPOSE, REGISTER, UPDATE, decide, draft, need, post, post_for, propose, step,
    support,
};

/// A kind of thing, a question that wants its id, and the variables with an id in them.
type Question = (&'static str, String, fn(&str) -> Value);

/// Every place that an id can be put.
fn questions() -> Vec<Question> {
    let mut questions: Vec<Question> = vec![
        (
            "any",
            "query($id: ID!) { node(id: $id) { __typename id } }".into(),
            |id| json!({ "id": id }),
        ),
        (
            "organization",
            "query($id: ID!) { organization(id: $id) { id name } }".into(),
            |id| json!({ "id": id }),
        ),
        (
            "listing",
            UPDATE.into(),
            |id| json!({ "input": { "id": id, "version": 1, "changes": { "title": "Mit nu" } } }),
        ),
        (
            "listing",
            COPY.into(),
            |id| json!({ "input": { "id": id } }),
        ),
        (
            "listing",
            PROPOSE.into(),
            |id| json!({ "input": { "listing": id } }),
        ),
        (
            "own listing",
            PROPOSE.into(),
            |id| json!({ "input": { "listing": "x", "counterpart": id } }),
        ),
        (
            "own organization",
            PROPOSE.into(),
            |id| json!({ "input": { "listing": "x", "onBehalfOf": id } }),
        ),
        (
            "own organization",
            POST.into(),
            |id| json!({ "input": { "organization": id, "draft": draft(json!({})) } }),
        ),
        (
            "organization",
            REGISTER.into(),
            |id| json!({ "input": { "name": "Ny", "kind": "BRANCH", "postalCode": "8800", "parent": id } }),
        ),
    ];
    for verb in ["pause", "resume", "close", "withdraw", "confirm"] {
        questions.push((
            "own listing",
            decide(verb),
            |id| json!({ "input": { "id": id, "version": 1 } }),
        ));
    }
    for verb in ["accept", "decline", "withdraw", "complete"] {
        questions.push(("match", step(verb), |id| json!({ "input": { "id": id } })));
    }
    for verb in ["add", "remove"] {
        questions.push((
            "listing",
            support(verb),
            |id| json!({ "input": { "id": id } }),
        ));
    }
    questions
}

both_databases! {
    async fn an_id_of_another_kind_or_owner_answers_exactly_as_an_absent_one(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo, eve) = (
            server.person("Anna", "Berg").await,
            server.person("Bo", "Dal").await,
            server.person("Eve", "Udenfor").await,
        );
        let home = server.association("Klosterhaven").await;
        let karen = server.someone("Karen", home, Role::Coordinator).await;
        let member = server.someone("Mads", home, Role::Member).await;
        let home = organization_id(home);

        let open = post(&server, &anna, need(json!({}))).await;
        let of_home = post_for(&server, &karen, Some(&home), need(json!({}))).await;
        let agreed = propose(&server, &bo, &open, None).await;
        let mut hidden = Vec::new();
        for (kind, verb) in [("OFFER", "pause"), ("WISH", "pause"), ("WISH", "close"), ("NEED", "withdraw")] {
            let id = post(&server, &anna, draft(json!({ "kind": kind }))).await;
            server.did(&anna, &decide(verb), json!({ "input": { "id": id, "version": 1 } })).await;
            hidden.push(id);
        }
        // One that ends by itself in a moment, and is then as hidden as the others.
        let soon = draft(json!({ "kind": "NEED", "expiresAt": "2026-03-02T09:00:01Z" }));
        hidden.push(post(&server, &anna, soon).await);
        server.run_jobs().await;
        let mut server = server;
        server.wait(chrono::TimeDelta::hours(1)).await;
        let before = server.counts().await;

        let theme = base64(b"Tsport");
        let garbage = ["", "x", "%%%", "TA", "TGlzdGluZzox", &"A".repeat(5_000)];
        for (wants, question, variables) in questions() {
            let mut others: Vec<&str> = garbage.to_vec();
            // What is there, and is something else than is asked for; and what is hidden.
            match wants {
                "any" => {}
                "listing" => others.extend([&*home, &agreed, &theme]),
                "own listing" => others.extend([&*home, &agreed, &theme, &open, &of_home]),
                "organization" => others.extend([&*open, &agreed, &theme]),
                "own organization" => others.extend([&*open, &agreed, &theme, &home]),
                "match" => others.extend([&*open, &home, &theme, &agreed]),
                other => panic!("{other}"),
            }
            others.extend(hidden.iter().map(String::as_str));
            for who in [&eve, &member, &User::anonymous()] {
                let mut expected: Option<String> = None;
                let absent = [absent_id(b'L'), absent_id(b'O'), absent_id(b'M')];
                for id in absent.iter().map(String::as_str).chain(others.iter().copied()) {
                    let answer = server.send(who, &question, &variables(id)).await;
                    let mut text = format!("{} {}", answer.status, answer.text);
                    if id.len() > 3 {
                        text = text.replace(id, "ID");
                    }
                    match &expected {
                        None => expected = Some(text),
                        Some(expected) => assert_eq!(text, *expected, "{question}\n{}", variables(id)),
                    }
                }
                let expected = expected.unwrap();
                let says_no = ["NOT_FOUND", "UNAUTHENTICATED", r#"{"node":null}"#, r#"{"organization":null}"#];
                assert!(says_no.iter().any(|no| expected.contains(no)), "{question} {expected}");
            }
        }
        assert_eq!(server.counts().await, before, "and nothing has changed");
        // The ids are real: their owners get something else for them.
        for (who, id) in [(&anna, &open), (&anna, &hidden[0]), (&bo, &agreed), (&eve, &open)] {
            let node = server.data(who, "query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
            assert_eq!(text(&node["node"]["id"]), *id);
        }
        server.end().await;
    }

    async fn a_node_is_found_again_by_its_id(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let home = organization_id(server.association("Klosterhaven").await);
        let listing = post(&server, &anna, need(json!({}))).await;
        let agreed = propose(&server, &bo, &listing, None).await;
        server.run_jobs().await;
        let query = "query($id: ID!) { node(id: $id) { __typename id
            ... on Listing { title } ... on Organization { name } ... on Match { viewerSide } ... on Theme { code } } }";
        let theme = server.data(&anna, "{ themes { id } }", json!({})).await["themes"][0]["id"].clone();
        let cases = [
            (&listing, json!({ "__typename": "Listing", "id": listing, "title": "Gåven søges" })),
            (&home, json!({ "__typename": "Organization", "id": home, "name": "Klosterhaven" })),
            (&agreed, json!({ "__typename": "Match", "id": agreed, "viewerSide": "OWNER" })),
            (&text(&theme), json!({ "__typename": "Theme", "id": theme, "code": "companionship" })),
        ];
        for (id, expected) in cases {
            let node = server.data(&anna, query, json!({ "id": id })).await["node"].clone();
            assert_eq!(node, expected);
        }
        server.end().await;
    }

    async fn what_cannot_be_read_leaves_the_rest_of_an_answer_alone(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let listing = post(&server, &anna, need(json!({}))).await;
        let agreed = propose(&server, &bo, &listing, None).await;
        server.run_jobs().await;
        let spoil = "ALTER TABLE agreement RENAME TO mislaid";
        record.raw().await.execute_unprepared(spoil).await.unwrap();
        let query = "query($id: ID!) { spoilt: node(id: $id) { id } viewer { person { firstName } } }";
        let answer = server.ask(&anna, query, json!({ "id": agreed })).await;
        assert_eq!(answer["data"], json!({ "spoilt": null, "viewer": { "person": { "firstName": "Anna" } } }));
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL");
        assert_eq!(answer["errors"][0]["path"], json!(["spoilt"]));
        server.end().await;
    }

    async fn what_many_rows_ask_in_vain_is_logged_once_and_with_its_cause(record: &TestRecord) {
        log::keep();
        let server = TestServer::open(record).await;
        let kors = server.association("Røde Kors").await;
        let karen = server.someone("Karen", kors, Role::Coordinator).await;
        for _ in 0..5 {
            post_for(&server, &karen, Some(&organization_id(kors)), need(json!({}))).await;
        }
        server.run_jobs().await;
        record.raw().await.execute_unprepared("ALTER TABLE organization RENAME TO mislaid").await.unwrap();
        let query = "{ listings { nodes { organization { name } } } }";
        let answer = server.ask(&User::anonymous(), query, json!({})).await;
        assert_eq!(answer["errors"].as_array().unwrap().len(), 5, "{answer}");
        let cause = match record.kind() {
            DatabaseKind::Sqlite => "no such table: organization",
            DatabaseKind::Postgres => "relation \"organization\" does not exist",
        };
        assert_eq!(log::kept().matches(cause).count(), 1);
        server.end().await;
    }

    async fn a_role_that_does_not_read_is_named_without_its_person(record: &TestRecord) {
        log::keep();
        let server = TestServer::open(record).await;
        let kors = server.association("Røde Kors").await;
        let karen = server.someone("Karen", kors, Role::Coordinator).await;
        let raw = record.raw().await;
        let unguard = match record.kind() {
            DatabaseKind::Sqlite => "PRAGMA ignore_check_constraints = ON",
            DatabaseKind::Postgres => "ALTER TABLE membership DROP CONSTRAINT membership_role_check",
        };
        for spoil in [unguard, "UPDATE membership SET role = 'czar'"] {
            raw.execute_unprepared(spoil).await.unwrap();
        }
        let answer = server.send(&karen, "{ viewer { person { firstName } } }", &json!({})).await;
        assert_eq!(answer.status.as_u16(), 503, "{}", answer.text);
        let log = log::kept();
        assert!(log.contains(&format!("membership in organization {}", kors.uuid())), "{log}");
        assert!(!log.contains(&karen.id().uuid().to_string()), "a person stands in the log");
        server.end().await;
    }

    async fn a_job_keeps_what_the_database_said(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Berg").await;
        post(&server, &anna, need(json!({}))).await;
        let raw = record.raw().await;
        raw.execute_unprepared("ALTER TABLE agreement RENAME TO mislaid").await.unwrap();
        assert_eq!(server.run_jobs().await, 1);
        let sql = "SELECT last_error FROM job WHERE kind = 'assess_listing'";
        let asked = Statement::from_string(raw.get_database_backend(), sql);
        let told = raw.query_one_raw(asked).await.unwrap().unwrap();
        let told: String = told.try_get_by_index(0).unwrap();
        assert!(told.starts_with("the database failed: ") && told.contains("agreement"), "{told}");
        server.end().await;
    }
}
