//! SIGTERM: what is under way is finished, nobody new is let in, and claimed jobs are free again
//! at once. A lease of an hour in these tests: a job that is not given back is not done in time.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use faelled_store::DatabaseKind;
use faelled_tests::{TestRecord, both_databases};
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    alone,
    client::{Client, Posted, Posting},
    faelled::{PATIENCE, Setup},
    people,
    sums::Sums,
};

/// `server.grace` by default.
const GRACE: Duration = Duration::from_secs(10);
const CLAIMED: &str = "SELECT COUNT(*) FROM job WHERE state = 'claimed'";

both_databases! {
    async fn requests_under_way_are_finished_and_nobody_new_is_let_in(record: &TestRecord) {
        let _turn = alone().await;
        let [token] = people::tokens(record, 1).await.try_into().unwrap();
        let setup = Setup::over(record).with("jobs.lease", "1h");
        let server = setup.serve().await;
        let (address, client) = (server.address, Client::of(&server, &token));
        let sums = Sums::of(record).await;

        // As long as this is held, no post can be finished.
        for lock in match record.kind() {
            DatabaseKind::Sqlite => &["BEGIN IMMEDIATE"][..],
            DatabaseKind::Postgres => &["BEGIN", "LOCK TABLE change_head"][..],
        } {
            sums.execute(lock).await;
        }
        let posts: Vec<Posting> = (0..64)
            .map(|nth| Posting::new("NEED", format!("Under vejs {nth}")))
            .collect();
        let mut posting = JoinSet::new();
        for post in posts {
            let client = client.clone();
            posting.spawn(async move { client.post(&post).await });
        }
        sleep(Duration::from_millis(1_500)).await;
        assert!(posting.try_join_next().is_none(), "nothing is finished yet");
        server.ask_to_end().await;
        let asked = Instant::now();
        sleep(Duration::from_millis(500)).await;
        assert!(TcpStream::connect(address).await.is_err(), "the door is shut");
        sums.execute("COMMIT").await;

        let (status, log) = server.ended(GRACE + Duration::from_secs(5)).await;
        let took = asked.elapsed();
        assert!(status.success(), "{status}:\n{}", log.text());
        assert!(took < GRACE, "{took:?}");
        for posted in posting.join_all().await {
            assert!(matches!(posted, Posted::Done(_)), "{posted:?}");
        }
        assert_eq!(sums.titles("need").await.len(), 64);
        assert_eq!(log.errors(), Vec::<String>::new());
        assert_eq!(sums.number(CLAIMED).await, 0);
        let left = sums.number("SELECT COUNT(*) FROM job").await;
        let server = setup.serve().await;
        let jobs = sums.jobs_are_done(Duration::from_secs(20)).await;
        eprintln!("ended in {took:?}; {left} jobs were left and took another server {jobs:?}");
        server.end().await;
        sums.close().await;
    }

    async fn under_load_what_was_done_was_answered(record: &TestRecord) {
        let _turn = alone().await;
        let [token] = people::tokens(record, 1).await.try_into().unwrap();
        let setup = Setup::over(record)
            .with("jobs.lease", "1h")
            .with("jobs.workers", "8");
        let server = setup.serve().await;
        let client = Client::of(&server, &token);
        let (answered, lost) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(BTreeSet::new())));
        let mut posting = JoinSet::new();
        for writer in 0..32 {
            let (client, answered, lost) = (client.clone(), Arc::clone(&answered), Arc::clone(&lost));
            posting.spawn(async move {
                for nth in 0.. {
                    let post = Posting::new("NEED", format!("Under pres {writer} {nth}"));
                    if let Posted::Done(_) = client.post(&post).await {
                        answered.fetch_add(1, Relaxed);
                    } else {
                        lost.lock().unwrap().insert(post.title);
                        return;
                    }
                }
            });
        }
        while answered.load(Relaxed) < 200 {
            sleep(Duration::from_millis(2)).await;
        }
        server.ask_to_end().await;
        let asked = Instant::now();
        let (status, log) = server.ended(GRACE + Duration::from_secs(5)).await;
        let took = asked.elapsed();
        assert!(status.success() && took < GRACE, "{status} after {took:?}:\n{}", log.text());
        assert_eq!(log.errors(), Vec::<String>::new());
        posting.join_all().await;

        let sums = Sums::of(record).await;
        let there = sums.titles("need").await;
        let lost = lost.lock().unwrap().clone();
        let unanswered: Vec<&String> = lost.iter().filter(|title| there.contains_key(*title)).collect();
        assert_eq!(unanswered, Vec::<&String>::new(), "done, and not answered");
        assert_eq!(there.len(), answered.load(Relaxed), "answered, and not there");
        sums.assert_nothing_is_half_written().await;
        assert_eq!(sums.number(CLAIMED).await, 0);
        let left = sums.number("SELECT COUNT(*) FROM job").await;
        let server = setup.serve().await;
        let jobs = sums.jobs_are_done(Duration::from_secs(30)).await;
        eprintln!(
            "{} answered, {} too late; ended in {took:?}; {left} jobs were left and took {jobs:?}",
            there.len(),
            lost.len()
        );
        server.end().await;
        sums.close().await;
    }

    async fn a_server_that_has_just_begun_to_serve_ends_in_peace(record: &TestRecord) {
        let _turn = alone().await;
        for _ in 0..3 {
            Setup::over(record).serve().await.end().await;
        }
    }
}

/// On PostgreSQL others may hold a row for as long as they like; on SQLite nobody holds a row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_that_hang_are_given_back_and_do_not_hold_up_the_end() {
    let _turn = alone().await;
    let record = TestRecord::postgres().await;
    let [token] = people::tokens(&record, 1).await.try_into().unwrap();
    let setup = Setup::over(&record);
    let idle = setup.clone().with("jobs.workers", "0").serve().await;
    let client = Client::of(&idle, &token);
    for nth in 0..2 {
        let post = Posting::new("NEED", format!("Bliver hængende {nth}"));
        client.post_patiently(&post).await;
    }
    idle.end().await;
    let sums = Sums::of(&record).await;
    sums.execute("BEGIN").await;
    sums.execute("SELECT id FROM listing FOR UPDATE").await;

    let hanging = setup
        .clone()
        .with("jobs.lease", "2s")
        .with("record.write_wait", "1m")
        .serve()
        .await;
    // The transaction reads committed rows, so that it sees what others do.
    let waited = Instant::now();
    while sums.number(CLAIMED).await < 2 {
        assert!(waited.elapsed() < PATIENCE, "nobody claims the jobs");
        sleep(Duration::from_millis(20)).await;
    }
    hanging.ask_to_end().await;
    let asked = Instant::now();
    let (status, log) = hanging.ended(PATIENCE).await;
    let took = asked.elapsed();
    assert!(status.success(), "{status}:\n{}", log.text());
    assert!(took < GRACE, "{took:?}:\n{}", log.text());
    assert_eq!(sums.number(CLAIMED).await, 0);
    let attempts = "SELECT CAST(MAX(attempts) AS BIGINT) FROM job";
    assert_eq!(
        sums.number(attempts).await,
        0,
        "a try that was given back does not count"
    );

    sums.execute("COMMIT").await;
    let server = setup.with("jobs.lease", "1h").serve().await;
    let jobs = sums.jobs_are_done(Duration::from_secs(20)).await;
    eprintln!("ended in {took:?}; the jobs took another server {jobs:?}");
    server.end().await;
    sums.close().await;
    record.end().await;
}

/// An outage delays; it loses nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_finds_the_record_busy_is_never_laid_aside() {
    let _turn = alone().await;
    let record = TestRecord::postgres().await;
    let [token] = people::tokens(&record, 1).await.try_into().unwrap();
    let setup = Setup::over(&record);
    let idle = setup.clone().with("jobs.workers", "0").serve().await;
    let post = Posting::new("NEED", "Bliver afvist");
    Client::of(&idle, &token).post_patiently(&post).await;
    idle.end().await;
    let sums = Sums::of(&record).await;
    sums.execute("BEGIN").await;
    sums.execute("SELECT id FROM listing FOR UPDATE").await;
    let impatient = setup
        .with("jobs.max_attempts", "1")
        .with("record.write_wait", "500ms")
        .with("jobs.lease", "3s");
    let server = impatient.serve().await;
    let waited = Instant::now();
    // A try that found the record busy does not count, but moves the time of the next.
    let next = "SELECT CAST(EXTRACT(EPOCH FROM MAX(run_at)) * 1000000 AS BIGINT) FROM job";
    let mut tries = BTreeSet::new();
    while tries.len() < 4 {
        assert!(waited.elapsed() < PATIENCE, "it is not tried again");
        tries.insert(sums.number(next).await);
        sleep(Duration::from_millis(50)).await;
    }
    sums.execute("COMMIT").await;
    sums.jobs_are_done(Duration::from_secs(20)).await;
    server.end().await;
    sums.close().await;
    record.end().await;
}
