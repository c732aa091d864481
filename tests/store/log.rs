use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use faelled_store::{Change, ChangeKind, LogBounds, Store};
use faelled_tests::{
    TestRecord, both_databases,
    fixtures::{
        draft, id, later, listing, now, organization, proposal, stored_listing, stored_listings,
        stored_person,
    },
};
use futures_util::TryStreamExt;
use sea_orm::{ConnectionTrait, TransactionTrait};
use tokio::time::{sleep, timeout};

both_databases! {
    async fn every_write_leaves_its_row(record: &TestRecord) {
        let store = record.store().await;
        let mut association = organization("Foreningen", store.catalog());
        let person = stored_person(&store).await;
        let one = listing(&draft(), person, store.catalog());
        let other = listing(&draft(), person, store.catalog());
        let mut agreed = proposal(&one, &other);

        let mut writing = store.write(later(3)).await.unwrap();
        writing.insert_organization(&association).await.unwrap();
        writing.insert_listings(&[one.clone(), other.clone()]).await.unwrap();
        writing.insert_match(&agreed).await.unwrap();
        assert!(writing.take_place(one.id).await.unwrap());
        assert!(writing.take_place(one.id).await.unwrap());
        let first = writing.commit().await.unwrap().position;
        assert_eq!(first, 4, "one row for each thing, at its last version");

        let mut writing = store.write(later(4)).await.unwrap();
        association.version = 2;
        agreed.version = 2;
        assert!(writing.update_organization(&association, 1).await.unwrap());
        assert!(writing.update_match(&agreed, 1).await.unwrap());
        assert!(writing.add_support(other.id, person).await.unwrap());
        assert_eq!(writing.commit().await.unwrap().position, 7);

        let changes = store.changes_after(0, 100).await.unwrap();
        let positions: Vec<i64> = changes.iter().map(|change| change.position).collect();
        assert_eq!(positions, (1..=7).collect::<Vec<_>>());
        let version = |changes: &[Change], kind, id| {
            let of: Vec<_> = changes.iter().filter(|c| c.kind == kind && c.id == id).collect();
            assert_eq!(of.len(), 1, "{kind:?}");
            of[0].version
        };
        let (then, afterwards) = changes.split_at(4);
        assert!(then.iter().all(|change| change.at == later(3)));
        assert_eq!(version(then, ChangeKind::Organization, association.id.uuid()), 1);
        assert_eq!(version(then, ChangeKind::Listing, one.id.uuid()), 3);
        assert_eq!(version(then, ChangeKind::Listing, other.id.uuid()), 1);
        assert_eq!(version(then, ChangeKind::Match, agreed.id.uuid()), 1);
        assert_eq!(version(afterwards, ChangeKind::Organization, association.id.uuid()), 2);
        assert_eq!(version(afterwards, ChangeKind::Listing, other.id.uuid()), 2);
        assert_eq!(version(afterwards, ChangeKind::Match, agreed.id.uuid()), 2);
        assert_eq!(store.changes_after(5, 1).await.unwrap(), [changes[5]]);
    }

    async fn a_follower_misses_nothing_while_many_write(record: &TestRecord) {
        let store = record.store().await;
        let person = stored_person(&store).await;
        let done = Arc::new(AtomicBool::new(false));
        let follower = {
            let (store, done) = (record.store().await, Arc::clone(&done));
            tokio::spawn(async move {
                let (mut seen, mut position) = (Vec::new(), 0);
                loop {
                    let last_round = done.load(Ordering::SeqCst);
                    for change in store.changes_after(position, 7).await.unwrap() {
                        assert_eq!(change.position, position + 1, "a follower reads without gaps");
                        position = change.position;
                        let there = store.listing(change.listing().unwrap()).await.unwrap();
                        assert!(there.unwrap().revision >= change.version, "and sees the write");
                        seen.push(change.id);
                    }
                    if last_round && store.snapshot_position().await.unwrap() == position {
                        return seen;
                    }
                }
            })
        };
        let writers = (0..16_u64).map(|nth| {
            let store = store.clone();
            tokio::spawn(async move {
                for round in 0..10 {
                    let mut writing = store.write(now()).await.unwrap();
                    let one = listing(&draft(), person, store.catalog());
                    writing.insert_listing(&one).await.unwrap();
                    sleep(Duration::from_micros((nth * 7 + round * 13) % 5 * 300)).await;
                    if (nth + round) % 4 == 0 {
                        writing.rollback().await.unwrap();
                    } else {
                        writing.commit().await.unwrap();
                    }
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        done.store(true, Ordering::SeqCst);
        let seen = follower.await.unwrap();
        assert_eq!(seen.len(), 120);
        assert_eq!(store.log_bounds().await.unwrap(), LogBounds { oldest: Some(1), head: 120 });
    }

    async fn a_board_loads_while_others_write(record: &TestRecord) {
        let store = record.store().await;
        let mut listings = stored_listings(&store, &vec![draft(); 40]).await;
        let position = store.snapshot_position().await.unwrap();
        let mut writing = store.write(now()).await.unwrap();
        listings[0].content.title = "Et nyt navn".into();
        listings[0].version = 2;
        assert!(writing.update_listing(&listings[0], 1).await.unwrap());
        writing.commit().await.unwrap();
        let board: Vec<_> = store.all_open_listings().try_concat().await.unwrap();
        assert_eq!(board.len(), 40);
        for change in store.changes_after(position, 10).await.unwrap() {
            let on_board = board.iter().find(|one| Some(one.id) == change.listing()).unwrap();
            assert!(on_board.revision >= change.version, "what is repeated is ignored by version");
        }
    }

    async fn a_pruned_log_tells_who_must_rebuild(record: &TestRecord) {
        let store = record.store().await;
        let empty = store.log_bounds().await.unwrap();
        assert_eq!(empty, LogBounds { oldest: None, head: 0 });
        let person = stored_person(&store).await;
        for nth in 0..10 {
            // One of them with a clock that goes wrong.
            let mut writing = store.write(later(if nth == 4 { 500 } else { nth })).await.unwrap();
            writing
                .insert_listing(&listing(&draft(), person, store.catalog()))
                .await
                .unwrap();
            writing.commit().await.unwrap();
        }
        assert_eq!(store.prune_changes(later(3), 2).await.unwrap(), 3);
        let bounds = store.log_bounds().await.unwrap();
        assert_eq!(bounds, LogBounds { oldest: Some(4), head: 10 });

        assert_eq!(store.prune_changes(later(100), 2).await.unwrap(), 1, "never out of the middle");
        assert_eq!(store.prune_changes(later(1_000), 3).await.unwrap(), 3);
        assert_eq!(store.prune_changes(later(1_000), 0).await.unwrap(), 2);
        let left = store.changes_after(0, 10).await.unwrap();
        assert_eq!(left.len(), 1, "the newest row stays, so that a gap shows");
        assert_eq!(left[0].position, 10);
        assert_eq!(next_position(&store, person).await, 11);
    }
}

async fn next_position(store: &Store, person: faelled_engine::id::PersonId) -> i64 {
    let mut one = listing(&draft(), person, store.catalog());
    one.id = id();
    let mut writing = store.write(now()).await.unwrap();
    writing.insert_listing(&one).await.unwrap();
    writing.commit().await.unwrap().position
}

// On PostgreSQL several write at once; on SQLite the older one is through before the younger
// one begins.

#[tokio::test]
async fn an_older_transaction_that_commits_late_comes_later_in_the_log() {
    let record = TestRecord::postgres().await;
    let (early, late) = (record.store().await, record.store().await);
    let person = stored_person(&early).await;
    let mut older = early.write(now()).await.unwrap();
    let slow = listing(&draft(), person, early.catalog());
    older.insert_listing(&slow).await.unwrap();
    let quick = stored_listing(&late).await;
    let seen = late.changes_after(0, 10).await.unwrap();
    assert_eq!(
        seen.len(),
        1,
        "the younger one is seen while the older one is open"
    );
    assert_eq!(seen[0].listing(), Some(quick.id));

    let position = older.commit().await.unwrap().position;
    assert!(position > seen[0].position);
    let news = late.changes_after(seen[0].position, 10).await.unwrap();
    assert_eq!(
        news.iter().map(Change::listing).collect::<Vec<_>>(),
        [Some(slow.id)]
    );
    record.end().await;
}

#[tokio::test]
async fn a_commit_waits_for_the_one_before_it_to_be_seen() {
    let record = TestRecord::postgres().await;
    let store = record.store().await;
    let (a, b) = (stored_listing(&store).await, stored_listing(&store).await);
    let head = store.snapshot_position().await.unwrap();
    // As a commit that has got its position and is not through yet.
    let raw = record.raw().await;
    let before = raw.begin().await.unwrap();
    before
        .execute_unprepared("UPDATE change_head SET position = position + 1")
        .await
        .unwrap();
    let mut writing = store.write(now()).await.unwrap();
    assert!(writing.take_place(a.id).await.unwrap());
    let committing = tokio::spawn(writing.commit());
    sleep(Duration::from_millis(200)).await;
    assert!(!committing.is_finished());
    assert_eq!(store.snapshot_position().await.unwrap(), head);
    // Another writer gets as far as its own commit; reading is not held up at all.
    let mut beside = store.write(now()).await.unwrap();
    assert!(beside.take_place(b.id).await.unwrap());
    before.rollback().await.unwrap();
    let committed = timeout(Duration::from_secs(5), committing)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(
        committed.position,
        head + 1,
        "an undone commit leaves no gap"
    );
    assert_eq!(beside.commit().await.unwrap().position, head + 2);
    record.end().await;
}
