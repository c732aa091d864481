//! Who may import whom: `docs/ARCHITECTURE.md`, held over every path in the sources. A rule that
//! nobody checks is soon no rule.

use std::{collections::BTreeSet, process::Command};

use crate::sources::{Source, root, sources};

/// A crate or a room of the server, and what it may name. Whatever is not listed is forbidden.
/// `room::item` allows that item alone; a path in parentheses behind it says where.
const RULES: [(&str, &[&str]); 18] = [
    ("engine", &[]),
    ("migrations", &[]),
    ("store", &["engine", "migrations"]),
    ("seed", &["engine"]),
    ("server/clock", &["engine"]),
    ("server/words", &["engine"]),
    ("server/observe", &[]),
    ("server/judging", &[]),
    ("server/citizens", &["engine", "server/clock"]),
    (
        "server/http",
        &[
            "engine::access",
            "server/clock",
            "server/words",
            "server/observe",
            "engine::id (testing.rs)",
        ],
    ),
    ("server/config", &["server/http", "server/observe"]),
    (
        "server/live",
        &[
            "engine",
            "store",
            "server/clock",
            "server/observe",
            "server/judging",
        ],
    ),
    (
        "server/jobs",
        &[
            "engine",
            "store",
            "server/app",
            "server/clock",
            "server/observe",
            "server/judging",
        ],
    ),
    (
        "server/app",
        &[
            "engine",
            "store",
            "server/live",
            "server/citizens",
            "server/clock",
            "server/jobs",
            "server/judging",
            "seed (exchange.rs)",
        ],
    ),
    (
        "server/graphql",
        &[
            "engine",
            "server/app",
            "server/words",
            "server/judging",
            "server/http::Caller",
            "server/live::News (subscriptions.rs)",
            "server/live::Raised (subscriptions.rs)",
        ],
    ),
    (
        "server/auth",
        &[
            "engine",
            "store",
            "server/app",
            "server/graphql",
            "server/http",
        ],
    ),
    (
        "server/house",
        &[
            "engine",
            "store",
            "server/app",
            "server/citizens",
            "server/clock",
            "server/jobs",
            "server/judging",
            "server/live",
        ],
    ),
    (
        "server/cli",
        &[
            "engine",
            "store",
            "seed",
            "server/app",
            "server/citizens",
            "server/clock",
            "server/config",
            "server/graphql",
            "server/house",
            "server/http",
            "server/jobs",
            "server/observe",
            "server/words",
        ],
    ),
];

/// Crates of others that only some of ours may name.
const OTHERS: [(&str, &[&str]); 6] = [
    ("sea_orm", &["store", "migrations"]),
    ("sea_orm_migration", &["store", "migrations"]),
    ("axum", &["server/http", "server/observe"]),
    (
        "async_graphql",
        &["server/graphql", "server/http", "server/auth"],
    ),
    ("toml", &["server/config", "seed"]),
    ("clap", &["server/cli", "server/main"]),
];

impl Source {
    /// What the file names that it must not, one line for each.
    fn violations(&self) -> Vec<String> {
        let mut violations = Vec::new();
        for path in self.paths() {
            let Some((target, rest)) = self.target(&path) else {
                continue;
            };
            if target != self.room && !self.may(&target, &rest) {
                violations.push(format!(
                    "{}: {} must not name {}",
                    self.path.display(),
                    self.room,
                    path.join("::")
                ));
            }
        }
        violations
    }

    /// The room or crate that a path leads to, and what it names there; none for what has no rule.
    fn target(&self, path: &[String]) -> Option<(String, String)> {
        let rest = |from: usize| path.get(from).cloned().unwrap_or_default();
        let first = path.first()?;
        if let Some(ours) = first.strip_prefix("faelled_") {
            return Some((ours.to_owned(), rest(1)));
        }
        if OTHERS.iter().any(|(name, _)| name == first) {
            return Some((first.clone(), rest(1)));
        }
        if first == "crate" && self.room.starts_with("server/") {
            // A name at the root of the crate is a room; anything else there is a macro of ours.
            let room = path
                .get(1)
                .filter(|room| room.chars().all(|c| c.is_lowercase() || c == '_'))?;
            return Some((format!("server/{room}"), rest(2)));
        }
        None
    }

    fn may(&self, target: &str, item: &str) -> bool {
        if let Some((_, rooms)) = OTHERS.iter().find(|(name, _)| *name == target) {
            return rooms.contains(&&*self.room);
        }
        if self.room == "server/main" {
            return true;
        }
        let Some((_, allowed)) = RULES.iter().find(|(room, _)| *room == self.room) else {
            return false;
        };
        allowed.iter().any(|rule| self.fits(rule, target, item))
    }

    /// Whether a rule is about what a path of this file leads to.
    fn fits(&self, rule: &str, target: &str, item: &str) -> bool {
        let file = self
            .path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let (rule, only) = match rule.split_once(" (") {
            Some((rule, only)) => (rule, Some(only.trim_end_matches(')'))),
            None => (rule, None),
        };
        let (room, only_item) = rule
            .split_once("::")
            .map_or((rule, None), |(room, item)| (room, Some(item)));
        let tested = file == "tests.rs" || file == "testing.rs";
        room == target
            && only_item.is_none_or(|only_item| only_item == item)
            && only.is_none_or(|only| only == file || tested)
    }
}

#[test]
fn nobody_imports_upward() {
    let sources = sources();
    assert!(sources.len() > 80, "{}", sources.len());
    let violations: Vec<String> = sources.iter().flat_map(Source::violations).collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
    // Rooms without a rule would be rooms without a check.
    let rooms: BTreeSet<&str> = sources.iter().map(|source| source.room.as_str()).collect();
    let ruled: BTreeSet<&str> = RULES
        .iter()
        .map(|(room, _)| *room)
        .chain(["server/main"])
        .collect();
    assert_eq!(rooms, ruled);
}

/// What a rule allows and nobody needs is a door left open.
#[test]
fn no_rule_allows_what_nobody_uses() {
    let sources = sources();
    let mut idle = Vec::new();
    for (room, allowed) in RULES {
        for rule in allowed {
            let needed = |source: &Source| {
                source.room == room
                    && source.paths().iter().any(|path| {
                        let target = source.target(path);
                        target.is_some_and(|(target, item)| source.fits(rule, &target, &item))
                    })
            };
            if !sources.iter().any(needed) {
                idle.push(format!("{room} may name {rule}, and does not"));
            }
        }
    }
    assert!(idle.is_empty(), "{}", idle.join("\n"));
}

/// Sources that break a rule.
const PLANTED: [(&str, &str); 18] = [
    ("backend/engine/src/board.rs", "use faelled_store::Store;"),
    ("backend/engine/src/board.rs", "fn f() { sea_orm::x() }"),
    ("backend/store/src/jobs.rs", "use faelled_server::app::App;"),
    (
        "seed/src/nation.rs",
        "use {std::fs, faelled_store::{Store, Writing}};",
    ),
    (
        "backend/server/src/live/mod.rs",
        "use crate::{clock::Clock, app::App};",
    ),
    (
        "backend/server/src/live/mod.rs",
        "use super::graphql::Executor;",
    ),
    (
        "backend/server/src/live/board/deep.rs",
        "use super::super::super::{app::{App, paging}, clock};",
    ),
    (
        "backend/server/src/live/mod.rs",
        "mod tests { use super::super::app::App; }",
    ),
    (
        "backend/server/src/app/listings.rs",
        "fn f() -> crate::graphql::Limits { x }",
    ),
    ("backend/server/src/app/listings.rs", "use axum::Router;"),
    (
        "backend/server/src/app/listings.rs",
        "use faelled_seed::demo;",
    ),
    (
        "backend/server/src/graphql/types/listing.rs",
        "use faelled_store::Store;",
    ),
    (
        "backend/server/src/graphql/types/listing.rs",
        "use crate::http::{Caller, router};",
    ),
    (
        "backend/server/src/graphql/queries.rs",
        "use crate::live::News;",
    ),
    (
        "backend/server/src/http/plain.rs",
        "use faelled_engine::{access::Actor, board::Board};",
    ),
    (
        "backend/server/src/http/plain.rs",
        "let x = faelled_engine::id::Id::new;",
    ),
    (
        "backend/server/src/jobs/assess.rs",
        "use crate::graphql::Executor as E;",
    ),
    ("backend/server/src/words.rs", "use crate::config::Config;"),
];

/// Sources that look as if they did.
const FINE: [(&str, &str); 7] = [
    (
        "backend/server/src/app/listings.rs",
        "// use crate::graphql::x;\nlet s = \"crate::graphql::x\"; use super::{App, paging::Page};",
    ),
    (
        "backend/server/src/app/listings.rs",
        "use crate::{clock::fresh_id, jobs}; let c = '\"'; fn f<'a>(x: &'a str) {}",
    ),
    (
        "backend/server/src/app/exchange.rs",
        "use faelled_seed::demo;",
    ),
    (
        "backend/server/src/graphql/loaders.rs",
        "use crate::app::App; use super::types::person;",
    ),
    (
        "backend/server/src/graphql/types/listing.rs",
        "use super::super::{Here, error::ApiError};",
    ),
    (
        "backend/server/src/live/mod.rs",
        "mod tests { use super::*; use crate::clock::Clock; }",
    ),
    (
        "backend/store/src/jobs.rs",
        "use crate::{connect::Store, entity::job}; use sea_orm::*;",
    ),
];

#[test]
fn a_planted_violation_is_seen() {
    for (path, text) in PLANTED {
        assert!(
            !Source::new(path, text).violations().is_empty(),
            "{path}: {text}"
        );
    }
    for (path, text) in FINE {
        assert_eq!(
            Source::new(path, text).violations(),
            [] as [String; 0],
            "{path}: {text}"
        );
    }
}

#[test]
fn the_engine_knows_no_runtime_no_database_and_no_network() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "-p",
            "faelled-engine",
            "-e",
            "normal,build",
            "--prefix",
            "none",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        tree.status.success(),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    let tree = String::from_utf8(tree.stdout).unwrap();
    let names: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(
        names.contains("faelled-engine") && names.contains("geo"),
        "{tree}"
    );
    for forbidden in [
        "tokio",
        "async-std",
        "sea-orm",
        "sqlx",
        "sqlx-core",
        "axum",
        "hyper",
        "reqwest",
        "async-graphql",
        "faelled-store",
        "faelled-server",
        "faelled-migrations",
        "faelled-seed",
    ] {
        assert!(
            !names.contains(forbidden),
            "the engine depends on {forbidden}"
        );
    }
}

#[test]
fn only_the_configuration_reads_the_environment() {
    let readers: BTreeSet<String> = sources()
        .iter()
        .filter(|source| {
            source.paths().iter().any(|path| {
                let path = path.join("::");
                path.starts_with("std::env::var") || path.starts_with("env::var")
            })
        })
        .map(|source| source.room.clone())
        .collect();
    assert_eq!(readers, BTreeSet::from(["server/config".to_owned()]));
}
