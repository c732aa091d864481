use std::time::Duration;

use chrono::TimeDelta;
use faelled_store::{ClaimedJob, JobCounts, JobDraft, Store};
use faelled_tests::{
    TestRecord, both_databases,
    fixtures::{draft, later, listing, now, stored_listing, stored_person, uuid},
};
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};
use uuid::Uuid;

const LEASE: TimeDelta = TimeDelta::seconds(60);

fn job(kind: &'static str, key: &str, run_at: i64) -> JobDraft {
    JobDraft {
        kind,
        key: key.into(),
        payload: json!({ "key": key }),
        run_at: later(run_at),
    }
}

async fn enqueue(store: &Store, jobs: Vec<JobDraft>) {
    let mut writing = store.write(now()).await.unwrap();
    for job in jobs {
        writing.enqueue(job);
    }
    assert_eq!(writing.commit().await.unwrap().position, 0);
}

async fn claim(store: &Store, worker: Uuid, at: i64) -> Vec<ClaimedJob> {
    store
        .claim_jobs(worker, &["assess", "mail"], later(at), LEASE, 10)
        .await
        .unwrap()
}

async fn claim_one(store: &Store, worker: Uuid, at: i64) -> ClaimedJob {
    let mut jobs = claim(store, worker, at).await;
    assert_eq!(jobs.len(), 1);
    jobs.remove(0)
}

/// Says that a claimed job is done, as a worker does whose job has no other result.
async fn complete(store: &Store, job: &ClaimedJob) -> bool {
    let mut writing = store.write(now()).await.unwrap();
    let done = writing.complete_job(job).await.unwrap();
    writing.commit().await.unwrap();
    done
}

both_databases! {
    async fn jobs_are_claimed_when_due_by_one_worker_longest_due_first(record: &TestRecord) {
        let store = record.store().await;
        enqueue(
            &store,
            vec![job("assess", "b", 2), job("assess", "a", 1), job("mail", "c", 50), job("other", "d", 0)],
        )
        .await;
        let (one, two) = (uuid(), uuid());
        assert_eq!(store.job_counts(later(10)).await.unwrap(), JobCounts { due: 3, later: 1, ..Default::default() });
        let first = store.claim_jobs(one, &["assess", "mail"], later(10), LEASE, 1).await.unwrap();
        assert_eq!(first.len(), 1);
        assert_eq!(first[0].key, "a");
        assert_eq!(first[0].kind, "assess");
        assert_eq!(first[0].payload, json!({ "key": "a" }));
        assert_eq!((first[0].attempts, first[0].leased_until), (1, later(70)));
        assert_eq!(claim_one(&store, two, 10).await.key, "b");
        assert_eq!(claim(&store, two, 10).await, []);
        assert_eq!(store.claim_jobs(two, &[], later(10), LEASE, 9).await.unwrap(), []);
        let counts = store.job_counts(later(10)).await.unwrap();
        assert_eq!(counts, JobCounts { due: 1, later: 1, claimed: 2, dead: 0 });
        assert!(complete(&store, &first[0]).await);
        assert!(!complete(&store, &first[0]).await, "done is done");
    }

    async fn workers_at_once_share_the_jobs(record: &TestRecord) {
        let store = record.store().await;
        enqueue(&store, (0..60).map(|nth| job("assess", &format!("{nth:02}"), 0)).collect()).await;
        let workers = (0..6).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let (worker, mut mine) = (uuid(), Vec::new());
                loop {
                    let jobs =
                        store.claim_jobs(worker, &["assess"], later(1), LEASE, 3).await.unwrap();
                    if jobs.is_empty() && store.job_counts(later(1)).await.unwrap().due == 0 {
                        return mine;
                    }
                    mine.extend(jobs.into_iter().map(|job| job.key));
                }
            })
        });
        let mut all = Vec::new();
        for worker in workers.collect::<Vec<_>>() {
            all.extend(worker.await.unwrap());
        }
        all.sort();
        assert_eq!(all, (0..60).map(|nth| format!("{nth:02}")).collect::<Vec<_>>());
    }

    async fn a_late_worker_cannot_use_a_lease_that_is_over(record: &TestRecord) {
        let store = record.store().await;
        enqueue(&store, vec![job("assess", "a", 0)]).await;
        let (slow, quick) = (uuid(), uuid());
        let late = claim_one(&store, slow, 0).await;
        assert_eq!(claim(&store, quick, 59).await, [], "the lease still runs");
        let current = claim_one(&store, quick, 60).await;
        assert_eq!(current.attempts, 2);

        assert!(!complete(&store, &late).await);
        assert!(!store.fail_job(&late, "late", later(0)).await.unwrap());
        assert!(!store.bury_job(&late, "late").await.unwrap());
        let mut writing = store.write(now()).await.unwrap();
        assert!(!writing.complete_job(&late).await.unwrap());
        drop(writing);
        assert!(complete(&store, &current).await);

        // The same worker that claims it a second time has lost its first claim too.
        enqueue(&store, vec![job("assess", "b", 0)]).await;
        let first = claim_one(&store, slow, 0).await;
        let second = claim_one(&store, slow, 60).await;
        assert_eq!(first.id, second.id);
        assert!(!complete(&store, &first).await);
        assert!(complete(&store, &second).await);
    }

    async fn a_job_is_the_same_only_until_it_is_claimed(record: &TestRecord) {
        let store = record.store().await;
        enqueue(&store, vec![job("assess", "a", 20)]).await;
        enqueue(&store, vec![job("assess", "a", 30)]).await;
        enqueue(&store, vec![job("assess", "a", 10), job("mail", "a", 500)]).await;
        assert_eq!(store.counts().await.unwrap().jobs, 2);
        let worker = uuid();
        assert_eq!(claim(&store, worker, 9).await, []);
        let claimed = claim_one(&store, worker, 10).await;

        enqueue(&store, vec![job("assess", "a", 10)]).await;
        assert_eq!(store.counts().await.unwrap().jobs, 3, "what is being done is no longer the same");
        assert!(store.fail_job(&claimed, "not now", later(40)).await.unwrap());
        let again = claim_one(&store, worker, 10).await;
        assert_ne!(again.id, claimed.id);
        assert!(complete(&store, &again).await);
        let retried = claim_one(&store, worker, 40).await;
        assert_eq!((retried.id, retried.attempts), (claimed.id, 2));
    }

    async fn a_hopeless_job_is_seen_and_can_be_revived(record: &TestRecord) {
        let store = record.store().await;
        enqueue(&store, vec![job("assess", "a", 0)]).await;
        let worker = uuid();
        let claimed = claim_one(&store, worker, 0).await;
        assert!(store.bury_job(&claimed, "it cannot be").await.unwrap());
        assert_eq!(claim(&store, worker, 10_000).await, []);
        let dead = store.dead_jobs(10).await.unwrap();
        assert_eq!(dead.len(), 1);
        assert_eq!((dead[0].id, dead[0].attempts), (claimed.id, 1));
        assert_eq!(dead[0].last_error, "it cannot be");
        assert_eq!(dead[0].created_at, now());
        let counts = store.job_counts(later(0)).await.unwrap();
        assert_eq!(counts, JobCounts { dead: 1, ..Default::default() });

        // A dead one does not stand in the way of a new one.
        enqueue(&store, vec![job("assess", "a", 0)]).await;
        assert_eq!(store.revive_jobs(later(5)).await.unwrap(), 1);
        assert_eq!(store.revive_jobs(later(5)).await.unwrap(), 0);
        let both = claim(&store, worker, 5).await;
        assert_eq!(both.iter().map(|job| job.attempts).collect::<Vec<_>>(), [1, 1]);
        assert_eq!(store.dead_jobs(10).await.unwrap(), []);
    }

    async fn shutting_down_gives_claims_back_at_once(record: &TestRecord) {
        let store = record.store().await;
        enqueue(&store, vec![job("assess", "a", 0), job("assess", "b", 0), job("mail", "c", 0)]).await;
        let (leaving, staying) = (uuid(), uuid());
        let mine = store.claim_jobs(leaving, &["assess"], later(0), LEASE, 10).await.unwrap();
        let theirs = claim_one(&store, staying, 0).await;
        assert!(complete(&store, &mine[0]).await);
        assert_eq!(store.return_jobs(leaving).await.unwrap(), 1);
        let returned = claim_one(&store, staying, 0).await;
        assert_eq!((returned.id, returned.attempts), (mine[1].id, 1), "the attempt did not count");
        assert!(!complete(&store, &mine[1]).await);
        assert!(complete(&store, &theirs).await);
    }

    async fn a_result_and_its_completion_are_one(record: &TestRecord) {
        let store = record.store().await;
        let person = stored_person(&store).await;
        enqueue(&store, vec![job("assess", "a", 0)]).await;
        let claimed = claim_one(&store, uuid(), 0).await;
        let result = listing(&draft(), person, store.catalog());

        let mut undone = store.write(now()).await.unwrap();
        assert!(undone.complete_job(&claimed).await.unwrap());
        undone.insert_listing(&result).await.unwrap();
        undone.enqueue(job("mail", "a", 0));
        undone.rollback().await.unwrap();
        assert_eq!(store.listing(result.id).await.unwrap(), None);
        assert_eq!(store.job_counts(later(0)).await.unwrap().claimed, 1);

        let mut writing = store.write(now()).await.unwrap();
        assert!(writing.complete_job(&claimed).await.unwrap());
        writing.insert_listing(&result).await.unwrap();
        writing.enqueue(job("mail", "a", 0));
        writing.commit().await.unwrap();
        assert!(store.listing(result.id).await.unwrap().is_some());
        let counts = store.job_counts(later(0)).await.unwrap();
        assert_eq!(counts, JobCounts { due: 1, ..Default::default() });
    }

    async fn a_payload_that_does_not_read_is_for_its_worker_to_refuse(record: &TestRecord) {
        let store = record.store().await;
        enqueue(&store, vec![job("assess", "a", 0)]).await;
        record.raw().await.execute_unprepared("UPDATE job SET payload = '{'").await.unwrap();
        let claimed = claim_one(&store, uuid(), 0).await;
        assert_eq!(claimed.payload, Value::Null);
    }
}

/// Other than PostgreSQL, SQLite keeps any kind of value in any column.
#[tokio::test]
async fn a_job_that_does_not_read_is_laid_aside_and_the_others_are_done() {
    let record = TestRecord::sqlite().await;
    let store = record.store().await;
    enqueue(&store, vec![job("assess", "a", 0), job("assess", "b", 1)]).await;
    let spoil = "UPDATE job SET payload = x'ff' WHERE key = 'a'";
    record.raw().await.execute_unprepared(spoil).await.unwrap();
    assert_eq!(claim_one(&store, uuid(), 5).await.key, "b");
    assert_eq!(store.job_counts(later(5)).await.unwrap().dead, 1);
    store.close().await.unwrap();
    record.end().await;
}

#[tokio::test]
async fn nobody_claims_a_job_that_an_uncommitted_write_counts_on() {
    let record = TestRecord::postgres().await;
    let store = record.store().await;
    let one = stored_listing(&store).await;
    enqueue(&store, vec![job("assess", "a", 0)]).await;
    // Holds the head of the log, where our commit then stands with its jobs written.
    let raw = record.raw().await;
    let before_us = raw.begin().await.unwrap();
    before_us
        .execute_unprepared("UPDATE change_head SET position = position + 1")
        .await
        .unwrap();
    let mut writing = store.write(now()).await.unwrap();
    assert!(writing.take_place(one.id).await.unwrap());
    writing.enqueue(job("assess", "a", 0));
    let committing = tokio::spawn(writing.commit());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!committing.is_finished());
    let worker = uuid();
    assert_eq!(
        claim(&store, worker, 0).await,
        [],
        "it would not see what was written"
    );

    before_us.rollback().await.unwrap();
    committing.await.unwrap().unwrap();
    claim_one(&store, worker, 0).await;
    assert_eq!(store.listing(one.id).await.unwrap().unwrap().taken, 1);
    record.end().await;
}
