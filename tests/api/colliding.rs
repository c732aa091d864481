//! Arrangements that collide, registered at once, with changes, endings and distrust between, while
//! every server does jobs: afterwards each pair that overlaps is flagged once and stands, no other
//! does, and no flag has ended and risen for nothing.
//!
//! `FAELLED_PROVE=1` plays 1,000 rounds with a fresh seed; `FAELLED_COLLIDING_SEED=N` repeats one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use faelled_engine::{
    flag::FlagEvent,
    id::{ArrangementId, OrganizationId},
    organization::Role,
};
use faelled_tests::{
    TestRecord, TestServer, User, both_databases,
    fixtures::{self, Dice},
    server::{named, organization_id, text},
};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

use crate::visits::{END, REGISTER, SUSPEND, UPDATE, VERIFY, visits};

const ASSOCIATIONS: usize = 4;
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const HOURS: [u64; 3] = [9, 12, 15];

fn proving() -> bool {
    std::env::var_os("FAELLED_PROVE").is_some_and(|value| !value.is_empty())
}

fn rounds() -> usize {
    if proving() { 1_000 } else { 40 }
}

fn seed() -> u64 {
    let given = std::env::var("FAELLED_COLLIDING_SEED");
    let given = given.ok().and_then(|seed| seed.parse().ok());
    let fresh = || (fixtures::uuid().as_u128() & 0xffff_ffff) as u64;
    given.unwrap_or_else(|| if proving() { fresh() } else { 1 })
}

/// When somebody is visited: an hour from this one on, on these days of every week.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Weekly {
    days: Vec<usize>,
    hour: u64,
}

impl Weekly {
    fn thrown(dice: &mut Dice) -> Self {
        let days = (0..=dice.below(2)).map(|_| dice.index(7)).collect();
        Self {
            days,
            hour: HOURS[dice.index(3)],
        }
    }

    fn input(&self) -> Value {
        let days: Vec<&str> = self.days.iter().map(|day| DAYS[*day]).collect();
        json!({ "recurrences": [{ "start": format!("2026-03-02T{:02}:00", self.hour), "duration": "PT1H",
            "rule": format!("FREQ=WEEKLY;BYDAY={}", days.join(",")) }] })
    }

    /// On the same day, or less than 24 hours from the end of one to the start of the next.
    fn is_close_to(&self, other: &Self) -> bool {
        let next_day = |one: &Self, day: usize, two: &Self, next: usize| {
            (day + 1) % 7 == next && 24 + two.hour < 24 + one.hour + 1
        };
        self.days.iter().any(|&here| {
            other.days.iter().any(|&there| {
                here == there
                    || next_day(self, here, other, there)
                    || next_day(other, there, self, here)
            })
        })
    }
}

/// What an association does with its arrangement.
#[derive(Debug, Clone)]
enum Step {
    Move(Weekly),
    Rename(usize),
    End,
    /// The house distrusts the association, and trusts it again.
    Distrust,
}

/// What an association does in a round.
#[derive(Debug, Clone)]
struct Script {
    note: String,
    association: usize,
    citizen: usize,
    weekly: Weekly,
    steps: Vec<Step>,
    /// On which server each step is taken, the registration first.
    servers: Vec<usize>,
}

impl Script {
    fn thrown(dice: &mut Dice, round: usize, association: usize, servers: usize) -> Self {
        let citizen = |dice: &mut Dice| usize::from(dice.below(5) == 0);
        let first = citizen(dice);
        let weekly = Weekly::thrown(dice);
        let mut steps = Vec::new();
        for _ in 0..dice.below(3) {
            steps.push(match dice.below(8) {
                0..=3 => Step::Move(Weekly::thrown(dice)),
                4 => Step::Rename(citizen(dice)),
                5 => Step::Distrust,
                _ => Step::End,
            });
            if matches!(steps.last(), Some(Step::End)) {
                break;
            }
        }
        Self {
            note: format!("Runde {round}, forening {association}"),
            association,
            citizen: first,
            weekly,
            servers: (0..=steps.len()).map(|_| dice.index(servers)).collect(),
            steps,
        }
    }

    /// What stands in the end: who is visited when; nothing if it was ended.
    fn outcome(&self) -> Option<(usize, &Weekly)> {
        let mut stands = Some((self.citizen, &self.weekly));
        for step in &self.steps {
            stands = match (step, stands) {
                (Step::End, _) => None,
                (Step::Move(weekly), Some((citizen, _))) => Some((citizen, weekly)),
                (Step::Rename(citizen), Some((_, weekly))) => Some((*citizen, weekly)),
                (_, stands) => stands,
            };
        }
        stands
    }

    /// Whether two overlap when both have come to their ends.
    fn overlaps(&self, other: &Self) -> bool {
        match (self.outcome(), other.outcome()) {
            (Some((one, weekly)), Some((two, other))) => one == two && weekly.is_close_to(other),
            _ => false,
        }
    }

    fn ends(&self) -> bool {
        self.outcome().is_none()
    }

    /// Whether nothing changes after the registration but that it may end.
    fn is_plain(&self) -> bool {
        self.steps.iter().all(|step| matches!(step, Step::End))
    }
}

fn citizen(round: usize, nth: usize) -> Value {
    let name: String = round
        .to_string()
        .chars()
        .map(|digit| {
            char::from(b"bdfgklmnrs"[usize::try_from(digit.to_digit(10).unwrap()).unwrap()])
        })
        .collect();
    // Some are known by one thing, some by another.
    let other = ["Anker", "Bodil"][nth];
    match round % 3 {
        0 => json!({ "phone": format!("2{nth}{round:06}") }),
        1 => json!({ "name": format!("{other} {name}sen"), "birthDate": "12-03-1941" }),
        _ => json!({ "name": format!("{other} {name}sen"), "address": "Sct. Mogens Gade 12" }),
    }
}

struct Town {
    associations: Vec<(OrganizationId, User)>,
    helle: User,
}

/// Carries out a mutation, as often as the record is busy.
async fn done(server: &TestServer, who: &User, mutation: &str, input: Value) -> Value {
    let variables = json!({ "input": input });
    for _ in 0..100 {
        let answer = server.ask(who, mutation, variables.clone()).await;
        if answer["errors"][0]["extensions"]["code"] == "BUSY" {
            sleep(Duration::from_millis(5)).await;
            continue;
        }
        assert!(answer.get("errors").is_none(), "{variables} {answer:#}");
        let payload = answer["data"].as_object().unwrap().values().next().unwrap();
        assert_eq!(payload["userErrors"], json!([]), "{mutation} {variables}");
        return payload.clone();
    }
    panic!("the record stays busy")
}

/// Plays one association's part, and gives its arrangement.
async fn play(
    servers: Arc<Vec<TestServer>>,
    town: Arc<Town>,
    round: usize,
    script: Script,
) -> (Script, ArrangementId) {
    let (organization, who) = &town.associations[script.association];
    let mut on = script.servers.iter().map(|at| &servers[*at]);
    let mut input = visits(
        *organization,
        citizen(round, script.citizen),
        script.weekly.input(),
    );
    input["note"] = json!(script.note);
    let made = done(on.next().unwrap(), who, REGISTER, input).await;
    let id = made["arrangement"]["id"].clone();
    let mut version = 1;
    for (step, server) in script.steps.iter().zip(on) {
        let seen = json!({ "id": id, "version": version });
        let with = |changes: Value| {
            let mut input = seen.clone();
            input
                .as_object_mut()
                .unwrap()
                .extend(changes.as_object().unwrap().clone());
            input
        };
        match step {
            Step::Move(weekly) => {
                let change = with(json!({ "schedule": weekly.input() }));
                done(server, who, UPDATE, change).await;
            }
            Step::Rename(nth) => {
                let change =
                    with(json!({ "citizen": citizen(round, *nth), "citizenAgrees": true }));
                done(server, who, UPDATE, change).await;
            }
            Step::End => drop(done(server, who, END, seen).await),
            Step::Distrust => {
                let id = organization_id(*organization);
                let known = "query($id: ID!) { organization(id: $id) { version } }";
                let known = server.data(who, known, json!({ "id": id })).await;
                let version = known["organization"]["version"].as_i64().unwrap();
                let suspend = json!({ "id": id, "version": version, "reason": "Et øjeblik" });
                done(server, &town.helle, SUSPEND, suspend).await;
                let verify = json!({ "id": id, "version": version + 1 });
                done(server, &town.helle, VERIFY, verify).await;
                continue;
            }
        }
        version += 1;
    }
    let id = named(&text(&id));
    (script, id)
}

/// Does jobs until told to stop.
async fn work(servers: Arc<Vec<TestServer>>, at: usize, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        if servers[at].run_jobs().await == 0 {
            sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Looks at every pair of a round.
async fn judge(server: &TestServer, played: &[(Script, ArrangementId)], told: &str) {
    let ids: Vec<ArrangementId> = played.iter().map(|(_, id)| *id).collect();
    let there = server.store().arrangements_by_ids(&ids).await.unwrap();
    for (at, (one, first)) in played.iter().enumerate() {
        for (two, second) in &played[at + 1..] {
            let pair = [&there[first], &there[second]];
            let flags = server.store().flags_of(&[pair[0].id.uuid()]).await.unwrap();
            let flags: Vec<_> = flags
                .into_values()
                .flatten()
                .filter(|flag| {
                    flag.sides
                        .iter()
                        .any(|side| side.subject == pair[1].id.uuid())
                })
                .collect();
            let about = || format!("{told}\n{one:#?}\n{two:#?}\n{flags:#?}");
            assert!(flags.len() <= 1, "flagged twice: {}", about());
            let stands = flags.iter().any(|flag| flag.status.stands());
            assert_eq!(stands, one.overlaps(two), "stands, and should: {}", about());
            let Some(flag) = flags.first() else { continue };
            let lines = server.store().flag_lines(&[flag.id]).await.unwrap();
            let events: Vec<FlagEvent> = lines[&flag.id].iter().map(|line| line.event).collect();
            let about = || format!("{events:?} {}", about());
            assert_eq!(events[0], FlagEvent::Raised, "{}", about());
            for next in events.windows(2) {
                let follows = match next[0] {
                    FlagEvent::Ended => next[1] == FlagEvent::Reopened,
                    _ => matches!(next[1], FlagEvent::Moved | FlagEvent::Ended),
                };
                assert!(follows, "{next:?} do not follow: {}", about());
            }
            // Without a change of facts nothing happens to a flag.
            let changes = pair.iter().map(|side| side.facts - 1).sum::<i32>();
            let changes = usize::try_from(changes).unwrap();
            assert!(
                events.len() <= 1 + changes,
                "{changes} changes: {}",
                about()
            );
            if one.is_plain() && two.is_plain() {
                let expected: &[FlagEvent] = if one.ends() || two.ends() {
                    &[FlagEvent::Raised, FlagEvent::Ended]
                } else {
                    &[FlagEvent::Raised]
                };
                assert_eq!(events, expected, "{}", about());
            }
        }
    }
}

async fn number(raw: &DatabaseConnection, sql: &str) -> i64 {
    let statement = Statement::from_string(raw.get_database_backend(), sql);
    let row = raw.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

async fn assert_histories_are_whole(record: &TestRecord) {
    let raw = record.raw().await;
    let flags = number(&raw, "SELECT COUNT(*) FROM overlap").await;
    assert!(flags > 20, "something collided: {flags}");
    for (what, sql) in [
        (
            "histories with a gap",
            "SELECT COUNT(*) FROM (SELECT overlap_id FROM overlap_line GROUP BY overlap_id \
            HAVING MIN(version) <> 1 OR MAX(version) <> COUNT(*)) h",
        ),
        (
            "flags that are not where their history ends",
            "SELECT COUNT(*) FROM overlap o WHERE version <> \
            (SELECT MAX(version) FROM overlap_line l WHERE l.overlap_id = o.id)",
        ),
        (
            "flags that were not raised once",
            "SELECT COUNT(*) FROM overlap o WHERE 1 <> \
            (SELECT COUNT(*) FROM overlap_line l WHERE l.overlap_id = o.id AND l.event = 'raised')",
        ),
        (
            "pairs with more than one flag",
            "SELECT COUNT(*) FROM (SELECT low_id FROM overlap \
            GROUP BY low_id, high_id, kind HAVING COUNT(*) > 1) p",
        ),
        (
            "flags that judged what is past",
            "SELECT COUNT(*) FROM overlap o WHERE status <> 'ended' AND \
            (low_facts <> (SELECT facts FROM visit_arrangement a WHERE a.id = low_id) \
            OR high_facts <> (SELECT facts FROM visit_arrangement a WHERE a.id = high_id))",
        ),
        (
            "changes of flags that the log does not tell",
            "SELECT (SELECT COUNT(*) FROM overlap_line) - \
            (SELECT COUNT(*) FROM change WHERE kind = 'flag')",
        ),
        (
            "positions that the log misses",
            "SELECT (SELECT position FROM change_head) - (SELECT COUNT(*) FROM change)",
        ),
        (
            "jobs that were laid aside",
            "SELECT COUNT(*) FROM job WHERE state = 'dead'",
        ),
    ] {
        assert_eq!(number(&raw, sql).await, 0, "{what}");
    }
    raw.close().await.unwrap();
}

async fn collide(record: &TestRecord, servers: Vec<TestServer>) {
    let seed = seed();
    eprintln!("seed {seed} (FAELLED_COLLIDING_SEED={seed} repeats it)");
    let mut dice = Dice::new(seed);
    let house = servers[0].house("De Frivilliges Hus", &["0791"]).await;
    let mut associations = Vec::new();
    for nth in 0..ASSOCIATIONS {
        let organization = servers[0].association(&format!("Forening {nth}")).await;
        let name = format!("Koordinator{nth}");
        let who = servers[0]
            .someone(&name, organization, Role::Coordinator)
            .await;
        associations.push((organization, who));
    }
    let helle = servers[0].someone("Helle", house, Role::Coordinator).await;
    let town = Arc::new(Town {
        associations,
        helle,
    });
    let servers = Arc::new(servers);
    let raw = record.raw().await;
    for round in 0..rounds() {
        let told = format!("seed {seed}, round {round}");
        let scripts: Vec<Script> = (0..ASSOCIATIONS)
            .map(|association| Script::thrown(&mut dice, round, association, servers.len()))
            .collect();
        let stop = Arc::new(AtomicBool::new(false));
        let mut working = JoinSet::new();
        // Two workers a server, so that the jobs of one pair meet each other.
        for at in (0..servers.len()).chain(0..servers.len()) {
            working.spawn(work(Arc::clone(&servers), at, Arc::clone(&stop)));
        }
        let mut playing = JoinSet::new();
        for script in scripts {
            playing.spawn(play(Arc::clone(&servers), Arc::clone(&town), round, script));
        }
        let mut played = Vec::new();
        while let Some(one) = playing.join_next().await {
            played.push(one.unwrap_or_else(|error| panic!("{told}: {error}")));
        }
        stop.store(true, Ordering::Relaxed);
        while let Some(worked) = working.join_next().await {
            worked.unwrap();
        }
        servers[0].run_jobs().await;
        judge(&servers[0], &played, &told).await;
        // Nobody asks as much in a day.
        raw.execute_unprepared("DELETE FROM check_budget")
            .await
            .unwrap();
    }
    raw.close().await.unwrap();
    assert_histories_are_whole(record).await;
    let servers = Arc::try_unwrap(servers)
        .map_err(|_| "still in use")
        .unwrap();
    for server in servers {
        server.catch_up().await;
        server.end().await;
    }
}

both_databases! {
    async fn of_colliding_arrangements_each_pair_is_flagged_once(record: &TestRecord) {
        let mut servers = vec![TestServer::open(record).await];
        if record.kind() == faelled_store::DatabaseKind::Postgres {
            servers.push(TestServer::open(record).await);
        }
        collide(record, servers).await;
    }
}

#[test]
fn close_is_what_it_says() {
    let weekly = |days: &[usize], hour| Weekly {
        days: days.to_vec(),
        hour,
    };
    for (one, two, expected) in [
        (weekly(&[1], 9), weekly(&[1], 15), true),
        (weekly(&[1], 9), weekly(&[2], 9), true),
        (weekly(&[1], 9), weekly(&[2], 12), false),
        (weekly(&[1], 12), weekly(&[2], 9), true),
        (weekly(&[6], 9), weekly(&[0], 9), true),
        (weekly(&[0], 9), weekly(&[6], 12), true),
        (weekly(&[0], 12), weekly(&[6], 9), false),
        (weekly(&[1, 4], 9), weekly(&[6], 9), false),
    ] {
        assert_eq!(one.is_close_to(&two), expected, "{one:?} {two:?}");
        assert_eq!(two.is_close_to(&one), expected, "{two:?} {one:?}");
    }
    assert_eq!(text(&citizen(1, 0)["name"]), "Anker dsen");
}
