//! What may run beside a server: the command line may, a second server on the same SQLite record
//! may not.

use std::time::Duration;

use faelled_tests::{TestRecord, both_databases};
use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    alone,
    client::{Answer, Client, Posting},
    faelled::Setup,
    people,
};

const WHO: &str = "{ viewer { person { firstName } } }";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_one_sqlite_record_is_refused_until_the_first_is_gone() {
    let _turn = alone().await;
    let record = TestRecord::sqlite().await;
    let setup = Setup::over(&record);
    let first = setup.serve().await;
    // In demo mode as well, where it must not make the first one's tokens useless.
    for setup in [setup.clone(), setup.clone().with("server.demo", "true")] {
        let second = setup.run(&["serve"]).await;
        assert_eq!(second.status.code(), Some(1), "{second:?}");
        for part in [
            "another server serves this record",
            ".serving",
            "PostgreSQL serves several",
        ] {
            assert!(second.complained.contains(part), "{part}: {second:?}");
        }
        assert!(second.took < Duration::from_secs(10), "{:?}", second.took);
    }
    assert_eq!(Client::anonymous(&first).count_listings("").await, 0);
    first.kill().await;
    // However the first one ended, its lock is gone with it.
    let third = setup.serve().await;
    third.end().await;
    setup.serve().await.end().await;
    record.end().await;
}

both_databases! {
    async fn people_are_read_as_the_api_reads_and_join_what_it_names(record: &TestRecord) {
        let _turn = alone().await;
        let setup = Setup::over(record);
        let server = setup.serve().await;
        let wrong = ["person", "add", "--first-name", " ", "--surname", "B", "--email", "nobody",
            "--phone", "none"];
        let ended = setup.run(&wrong).await;
        assert_eq!(ended.status.code(), Some(1), "{ended:?}");
        for option in ["--first-name: ", "--email: ", "--phone: "] {
            assert!(ended.complained.contains(option), "{option}: {ended:?}");
        }
        assert_eq!(record.store().await.counts().await.unwrap().persons, 0);

        let add = ["person", "add", "--first-name", "Aase", "--surname", "B", "--email", "a@b.dk"];
        let person = setup.done(&add).await;
        let ended = setup.run(&["token", "make", &person, "--label", "to\nlinjer"]).await;
        assert!(ended.complained.contains("--label: "), "{ended:?}");
        let token = setup.done(&["token", "make", &person, "--label", " prøve "]).await;
        let register = r#"mutation { registerOrganization(input: { kind: ASSOCIATION, name: "Ny forening",
            postalCode: "8800" }) { organization { id } userErrors { field message } } }"#;
        let registered = Client::of(&server, &token).ask(register).await;
        let id = registered["registerOrganization"]["organization"]["id"].as_str().unwrap();
        let other = setup.done(&["person", "add", "--first-name", "Bo", "--surname", "C"]).await;
        setup.done(&["person", "join", &other, id, "--role", "coordinator"]).await;
        let theirs = setup.done(&["token", "make", &other]).await;
        let joined = Client::of(&server, &theirs)
            .ask("{ viewer { memberships { role organization { name } } } }")
            .await;
        let expected = json!([{ "role": "COORDINATOR", "organization": { "name": "Ny forening" } }]);
        assert_eq!(joined["viewer"]["memberships"], expected);
        let revoked = setup.done(&["token", "revoke", &person, "--label", "prøve"]).await;
        assert_eq!(revoked, "1 revoked");
        server.end().await;
    }

    async fn the_command_line_works_beside_a_server_that_is_written_to(record: &TestRecord) {
        let _turn = alone().await;
        let [token] = people::tokens(record, 1).await.try_into().unwrap();
        let setup = Setup::over(record);
        let server = setup.serve().await;
        let mut writing = JoinSet::new();
        for writer in 0..8 {
            let client = Client::of(&server, &token);
            writing.spawn(async move {
                for nth in 0.. {
                    let post = Posting::new("OFFER", format!("Ved siden af {writer} {nth}"));
                    client.post_patiently(&post).await;
                }
            });
        }
        sleep(Duration::from_millis(200)).await;

        let person = setup
            .done(&["person", "add", "--first-name", "Aase", "--surname", "Ågård"])
            .await;
        let token = setup.done(&["token", "make", &person, "--label", "prøve"]).await;
        let aase = Client::of(&server, &token);
        let viewer = aase.ask(WHO).await;
        assert_eq!(viewer["viewer"]["person"]["firstName"], "Aase");
        let said = setup.done(&["doctor"]).await;
        assert!(said.contains("Migrations: up to date"), "{said}");
        assert!(!said.contains(&token), "{said}");
        assert_eq!(setup.done(&["migrate"]).await, "The record is up to date.");
        let revoked = setup.done(&["token", "revoke", &person, "--label", "prøve"]).await;
        assert_eq!(revoked, "1 revoked");
        let answer = aase.send(WHO, serde_json::Value::Null).await;
        assert_eq!(answer, Answer::Refused("UNAUTHENTICATED".to_owned()));

        writing.abort_all();
        while let Some(writer) = writing.join_next().await {
            assert!(writer.is_err_and(|error| error.is_cancelled()), "a writer failed");
        }
        assert_eq!(server.log.errors(), Vec::<String>::new());
        server.end().await;
    }
}
