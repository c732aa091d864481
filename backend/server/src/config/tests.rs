//! The configuration from all its sources, without the environment of whoever runs the tests.

use std::{fs, path::PathBuf};

use super::*;

fn from(file: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faelled.toml");
    fs::write(&path, file).unwrap();
    let environment = environment
        .iter()
        .map(|(name, text)| ((*name).into(), (*text).into()));
    Config::from_sources(Some(&path), environment)
}

fn problems(file: &str, environment: &[(&str, &str)]) -> Vec<String> {
    from(file, environment).map_or_else(|error| error.problems, |_| Vec::new())
}

#[test]
fn the_defaults_are_what_the_file_says() {
    let config = Config::from_sources(None, []).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert!(!config.server.demo);
    assert_eq!(config.record.write_wait, Duration::from_secs(5));
    assert_eq!(config.metrics.listen.unwrap().port(), 9464);
    assert_eq!(config.clock.fixed, None);
    let lines = DEFAULTS
        .lines()
        .filter(|line| line.contains(" = ") && !line.starts_with('#'));
    assert_eq!(config.describe().lines().count(), lines.count());
    // The two defaults of the way in are one.
    let (ours, theirs) = (config.http(), HttpSettings::default());
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
}

#[test]
fn the_environment_goes_before_the_file() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\ndemo = true\nallowed_origins = [\"http://a\"]\n\
                [clock]\nfixed = 2026-09-01T08:00:00Z\n[live]\npoll = \"1s\"\n";
    let config = from(
        file,
        &[
            ("FAELLED_SERVER__LISTEN", "[::1]:2"),
            ("FAELLED_RECORD__READERS", "8"),
            ("FAELLED_METRICS__LISTEN", ""),
            ("FAELLED_CONFIG", "/elsewhere"),
            ("HOME", "/root"),
        ],
    )
    .unwrap();
    assert_eq!(config.server.listen.to_string(), "[::1]:2");
    assert_eq!(config.server.allowed_origins, ["http://a"]);
    assert_eq!(config.record.readers, 8);
    assert_eq!(config.metrics.listen, None);
    assert_eq!(config.live.poll, Duration::from_secs(1));
    assert_eq!(
        config.clock.fixed.unwrap().to_rfc3339(),
        "2026-09-01T08:00:00+00:00"
    );
    let described = config.describe();
    assert!(described.contains("server.listen = \"[::1]:2\"  (FAELLED_SERVER__LISTEN)"));
    assert!(described.contains("faelled.toml)") && described.contains("(default)"));
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let file = "[server]\nlisten = 8080\nrequest_timeout = \"1 fortnight\"\n[log]\nformat = \"xml\"\n\
                [graphql]\nmax_page = 101\nmax_dept = 3\n[serve]\nport = 1\n";
    let environment = [
        ("FAELLED_SERVER__DEMO", "yes"),
        ("FAELLED_LOG__FILTER", "info,=,"),
        ("FAELLED_JOBS__WORKER", "2"),
        ("FAELLED_RECORD__URL", "mysql://me:hunter2@host/db"),
        ("FAELLED_SECRET__VALUE", "0123beef"),
        ("FAELLED_CLOCK__FIXED", "tomorrow"),
    ];
    let problems = problems(file, &environment);
    let text = problems.join("\n");
    for said in [
        "server.listen is \"8080\" (from /",
        "accepted is an address and a port, such as 127.0.0.1:8080",
        "server.request_timeout is \"1 fortnight\"",
        "accepted is a duration from 100ms to 5m",
        "log.format is \"xml\"",
        "accepted is text or json",
        "graphql.max_page is \"101\"",
        "accepted is a whole number from 1 to 100",
        "graphql.max_dept (in /",
        "the nearest setting is graphql.max_depth",
        "serve.port (in /",
        "the nearest setting is server.",
        "server.demo is \"yes\" (from FAELLED_SERVER__DEMO); accepted is true or false",
        "log.filter is \"info,=,\"",
        "FAELLED_JOBS__WORKER is unknown; the nearest setting is FAELLED_JOBS__WORKERS",
        "record.url is \"mysql://me:***@host/db\"",
        "secret.value (from FAELLED_SECRET__VALUE) is not at least 64 hexadecimal digits",
        "clock.fixed is \"tomorrow\"",
    ] {
        assert!(text.contains(said), "{said}\nin\n{text}");
    }
    assert_eq!(problems.len(), 12, "{text}");
    assert!(!text.contains("hunter2") && !text.contains("0123beef"));
}

#[test]
fn settings_fit_together() {
    for (environment, said) in [
        (
            &[
                ("FAELLED_SERVER__DEMO", "true"),
                ("FAELLED_SERVER__LISTEN", "0.0.0.0:80"),
            ][..],
            "such as 127.0.0.1:80",
        ),
        (
            &[("FAELLED_METRICS__LISTEN", "192.0.2.1:9464")][..],
            "metrics.listen is",
        ),
        (
            &[("FAELLED_METRICS__LISTEN", "127.0.0.1:8080")][..],
            "two different ports",
        ),
        (
            &[("FAELLED_CLOCK__FIXED", "2026-09-01T08:00:00Z")][..],
            "demo mode only",
        ),
        (
            &[("FAELLED_JOBS__LEASE", "1s"), ("FAELLED_JOBS__POLL", "1s")][..],
            "a lease that",
        ),
    ] {
        let problems = problems("", environment);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(said), "{problems:?}");
    }
    let open = [
        ("FAELLED_SERVER__LISTEN", "0.0.0.0:80"),
        ("FAELLED_SERVER__DEMO", "false"),
    ];
    assert!(from("", &open).is_ok());
}

#[test]
fn a_file_that_is_none_is_named() {
    let missing = PathBuf::from("/nowhere/faelled.toml");
    let error = Config::from_sources(Some(&missing), [])
        .unwrap_err()
        .to_string();
    assert!(error.contains("/nowhere/faelled.toml"), "{error}");
    let broken = problems("[server\nlisten = 1", &[]);
    assert!(broken[0].contains("faelled.toml, line 1"), "{broken:?}");
}

#[test]
fn what_does_not_read_is_not_repeated() {
    let secret = "5e".repeat(32);
    for line in [
        format!("value = {secret}"),
        format!("value = \"{secret}"),
        format!("value = '{secret}\""),
        format!("value = 0x{secret}g"),
        format!("value = \"\\q{secret}\""),
        format!("value = 2026-09-{secret}"),
        format!("value {secret}"),
        format!("value.{secret}"),
        secret.clone(),
        format!("[{secret}"),
        format!("url = postgres://me:{secret}@host/db"),
    ] {
        let said = problems(&format!("[secret]\n{line}\n"), &[]).join("\n");
        assert!(said.contains("faelled.toml, line 2, column "), "{said}");
        assert!(!said.contains("5e5e"), "{said}");
    }
}

#[test]
fn nothing_secret_is_described() {
    let secret = "ab".repeat(32);
    let environment = [
        (
            "FAELLED_RECORD__URL",
            "postgres://me:hunter2@host/db?sslpassword=hunter2",
        ),
        ("FAELLED_SECRET__VALUE", secret.as_str()),
    ];
    let config = from("", &environment).unwrap();
    let text = format!("{config:?}{:?}", config.secret);
    assert!(
        !text.contains("hunter2") && !text.contains(&secret),
        "{text}"
    );
    assert!(text.contains("postgres://me:***@host/db?sslpassword=***"));
    assert_eq!(config.secret(|| [0; 32]).unwrap().bytes(), [0xab; 32]);
}

#[test]
fn a_secret_is_made_for_a_demo_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret.key");
    let place = [
        ("FAELLED_SECRET__FILE", file.to_str().unwrap()),
        ("FAELLED_SERVER__DEMO", "true"),
    ];
    let serious = from("", &place[..1]).unwrap();
    assert!(matches!(
        serious.secret(|| [1; 32]),
        Err(SecretError::Missing { .. })
    ));
    let demo = from("", &place).unwrap();
    assert_eq!(demo.secret(|| [1; 32]).unwrap().bytes(), [1; 32]);
    assert_eq!(serious.secret(|| [2; 32]).unwrap().bytes(), [1; 32]);
}

#[test]
fn tests_have_a_configuration_of_their_own() {
    let config = Config::for_tests("sqlite://test.sqlite?mode=rwc");
    assert_eq!(config.server.listen.port(), 0);
    assert!(config.metrics.listen.is_none());
}
