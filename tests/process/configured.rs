//! A wrong configuration stops the start and says what to do about it: everything at once, and
//! never a password or a secret.

use std::time::Duration;

use faelled_store::DatabaseKind;
use faelled_tests::{TestRecord, both_databases};

use crate::{
    alone,
    faelled::{Ended, Setup},
    sums::Sums,
};

/// The commands that read the configuration and the record.
const COMMANDS: [&[&str]; 4] = [
    &["serve"],
    &["doctor"],
    &["seed", "demo"],
    &["person", "add", "--first-name", "A", "--surname", "B"],
];

/// Refused, with these words, and without delay.
fn assert_refused(ended: &Ended, words: &[&str]) {
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    for word in words {
        assert!(ended.said().contains(word), "{word:?} is not in {ended:?}");
    }
    assert!(!ended.said().contains("panicked"), "{ended:?}");
    assert!(ended.took < Duration::from_secs(12), "{:?}", ended.took);
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_at_once() {
    let _turn = alone().await;
    let setup = Setup::bare();
    let file = setup.folder().join("faelled.toml");
    std::fs::write(
        &file,
        "[server]\nlistn = \"127.0.0.1:1\"\n[jobs]\nworkers = 1000\n[nonsense]\nkey = 1\n",
    )
    .unwrap();
    let setup = setup
        .with_variable("FAELLED_CONFIG", &file.display().to_string())
        .with_variable("FAELLED_RECORD__WRITE_QEUE", "12")
        .with("server.request_timeout", "soon")
        .with("record.readers", "0")
        .with("record.url", "mysql://me:hunter2@db.example/faelled")
        .with("log.format", "xml")
        .with("secret.value", "c0ffee-is-not-enough");
    for command in COMMANDS {
        let ended = setup.run(command).await;
        assert_refused(
            &ended,
            &[
                "server.listn (in ",
                "the nearest setting is server.listen",
                "nonsense.key (in ",
                "jobs.workers is \"1000\" (from ",
                "a whole number from 0 to 64",
                "FAELLED_RECORD__WRITE_QEUE is unknown; the nearest setting is \
                 FAELLED_RECORD__WRITE_QUEUE",
                "server.request_timeout is \"soon\" (from FAELLED_SERVER__REQUEST_TIMEOUT); \
                 accepted is a duration from 100ms to 5m",
                "record.readers is \"0\" (from FAELLED_RECORD__READERS); \
                 accepted is a whole number from 1 to 64",
                "record.url is \"mysql://me:***@db.example/faelled\"",
                "log.format is \"xml\" (from FAELLED_LOG__FORMAT); accepted is text or json",
                "secret.value (from FAELLED_SECRET__VALUE) is not at least 64 hexadecimal digits",
            ],
        );
        let problems = ended
            .complained
            .lines()
            .filter(|line| line.starts_with("  - "));
        assert_eq!(problems.count(), 9, "{ended:?}");
        for secret in ["hunter2", "c0ffee"] {
            assert!(!ended.said().contains(secret), "{ended:?}");
        }
    }
    let left: Vec<_> = std::fs::read_dir(setup.folder()).unwrap().collect();
    // The configuration and the key that the test itself put there.
    assert_eq!(
        left.len(),
        2,
        "nothing is written before all is right: {left:?}"
    );
}

#[tokio::test]
async fn a_demo_stays_on_this_machine() {
    let _turn = alone().await;
    let demo = Setup::bare().with("server.demo", "true");
    for address in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080"] {
        let ended = demo
            .clone()
            .with("server.listen", address)
            .run(&["serve"])
            .await;
        assert_refused(
            &ended,
            &[
                &format!("server.listen is \"{address}\" while server.demo is true"),
                "accepted is this machine only, such as 127.0.0.1:8080",
            ],
        );
    }
    let measured = demo
        .with("metrics.listen", "0.0.0.0:9464")
        .run(&["serve"])
        .await;
    assert_refused(
        &measured,
        &["metrics.listen is \"0.0.0.0:9464\"", "this machine only"],
    );
}

#[tokio::test]
async fn a_configuration_that_is_not_there_or_is_no_toml_is_named() {
    let _turn = alone().await;
    let setup = Setup::bare();
    let missing = setup.run(&["--config", "nowhere.toml", "doctor"]).await;
    assert_refused(&missing, &["nowhere.toml is not there"]);
    std::fs::write(setup.folder().join("broken.toml"), "[server\n").unwrap();
    let broken = setup.run(&["--config", "broken.toml", "doctor"]).await;
    assert_refused(&broken, &["broken.toml, line 1, column 8: "]);
}

#[tokio::test]
async fn a_record_lies_where_its_address_says() {
    let _turn = alone().await;
    let setup = Setup::bare()
        .with("record.url", "sqlite://to%20ord/record.sqlite?mode=rwc")
        .with("secret.value", &"5e".repeat(32));
    let missing = setup.run(&["doctor"]).await;
    assert_refused(
        &missing,
        &["there is no record at to ord/record.sqlite yet"],
    );
    setup.done(&["migrate"]).await;
    assert!(setup.folder().join("to ord/record.sqlite").is_file());
    assert!(!setup.folder().join("to%20ord").exists());
    setup.done(&["doctor"]).await;
}

#[tokio::test]
async fn a_secret_without_its_quotes_is_not_repeated() {
    let _turn = alone().await;
    let setup = Setup::bare();
    for lines in [
        format!("[secret]\nvalue = {}\n", "5e".repeat(32)),
        "[record]\nurl = postgres://me:hunter2@db.example/faelled\n".to_owned(),
    ] {
        std::fs::write(setup.folder().join("faelled.toml"), lines).unwrap();
        for command in COMMANDS {
            let ended = setup
                .clone()
                .with_variable("FAELLED_CONFIG", "faelled.toml")
                .run(command)
                .await;
            assert_refused(
                &ended,
                &["faelled.toml, line 2, column ", "stand in quotes"],
            );
            for secret in ["hunter2", "5e5e"] {
                assert!(!ended.said().contains(secret), "{ended:?}");
            }
        }
    }
}

both_databases! {
    async fn outside_a_demo_a_missing_secret_stops_the_start(record: &TestRecord) {
        let _turn = alone().await;
        let setup = Setup::bare().with("record.url", record.url());
        let words = ["secret.file var/secret.key is not there", "openssl rand -hex 32 > var/secret.key"];
        let served = setup.run(&["serve"]).await;
        assert_refused(&served, &words);
        // The doctor goes on to the end, and names this among the rest.
        let examined = setup.run(&["doctor"]).await;
        assert_refused(&examined, &words);
        assert_refused(&examined, &["Migrations: up to date", "1 thing needs attention"]);
        assert!(!setup.folder().join("var/secret.key").exists());

        // With the very command that it says, it goes on.
        std::fs::create_dir(setup.folder().join("var")).unwrap();
        std::fs::write(setup.folder().join("var/secret.key"), "5e".repeat(32)).unwrap();
        let said = setup.done(&["doctor"]).await;
        assert!(!said.contains("5e5e"), "{said}");
        setup.serve().await.end().await;
    }

    async fn outside_a_demo_a_record_that_lacks_migrations_is_left_alone(record: &TestRecord) {
        let _turn = alone().await;
        let setup = Setup::over(record);
        let setup = match record.kind() {
            DatabaseKind::Sqlite => setup.with("record.url", "sqlite://var/new.sqlite?mode=rwc"),
            DatabaseKind::Postgres => {
                let sums = Sums::of(record).await;
                sums.execute("DROP SCHEMA public CASCADE").await;
                sums.execute("CREATE SCHEMA public").await;
                sums.close().await;
                setup
            }
        };
        for command in [&["serve"][..], COMMANDS[3]] {
            let ended = setup.run(command).await;
            assert_refused(&ended, &["the record lacks 2 migrations", "run `faelled migrate` first"]);
        }
        let examined = setup.run(&["doctor"]).await;
        assert_refused(&examined, &["Migrations: 2 pending; run `faelled migrate`"]);
        let migrated = setup.done(&["migrate"]).await;
        assert!(migrated.contains("2 migrations were applied"), "{migrated}");
        setup.serve().await.end().await;
        setup.done(&["doctor"]).await;
    }
}

#[tokio::test]
async fn a_postgres_that_does_not_answer_is_named_without_its_password() {
    let _turn = alone().await;
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("postgres://me:hunter2@127.0.0.1:{port}/faelled?sslmode=disable");
    let setup = Setup::bare()
        .with("record.url", &url)
        .with("record.write_wait", "1s")
        .with("secret.value", &"5e".repeat(32));
    for command in COMMANDS {
        let ended = setup.run(command).await;
        assert_refused(
            &ended,
            &[
                "the record cannot be opened",
                &format!("record.url = \"postgres://me:***@127.0.0.1:{port}/faelled"),
                "record.write_wait = \"1s\"",
            ],
        );
        assert!(!ended.said().contains("hunter2"), "{ended:?}");
        assert!(!ended.said().contains("5e5e"), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_refuses_the_password_is_named_without_either() {
    let _turn = alone().await;
    let record = TestRecord::postgres().await;
    let (role, rest) = record
        .url()
        .split_once("://")
        .unwrap()
        .1
        .split_once(':')
        .unwrap();
    let (password, place) = rest.split_once('@').unwrap();
    let url = format!("postgres://{role}:hunter2@{place}");
    let setup = Setup::bare()
        .with("record.url", &url)
        .with("secret.value", &"5e".repeat(32));
    for command in COMMANDS {
        let ended = setup.run(command).await;
        assert_refused(
            &ended,
            &[
                "the record cannot be opened",
                "password authentication failed",
            ],
        );
        for secret in ["hunter2", password, "5e5e"] {
            assert!(!ended.said().contains(secret), "{ended:?}");
        }
    }
    record.end().await;
}
