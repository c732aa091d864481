//! What the record itself says, past the server and past the store.

use std::{collections::BTreeMap, time::Duration};

use faelled_tests::TestRecord;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement, TryGetable};
use tokio::time::{Instant, sleep};

use crate::faelled::Setup;

/// A look at the record.
pub struct Sums(DatabaseConnection);

impl Sums {
    pub async fn of(record: &TestRecord) -> Self {
        Self(record.raw().await)
    }

    /// The one number that a statement gives.
    pub async fn number(&self, sql: &str) -> i64 {
        self.value(sql).await
    }

    /// The one text that a statement gives.
    pub async fn text(&self, sql: &str) -> String {
        self.value(sql).await
    }

    async fn value<T: TryGetable>(&self, sql: &str) -> T {
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let row = self.0.query_one_raw(statement).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    /// Carries out a statement. Says how many rows it changed.
    pub async fn execute(&self, sql: &str) -> u64 {
        self.0
            .execute_unprepared(sql)
            .await
            .unwrap()
            .rows_affected()
    }

    /// How often each title is there, among the listings of a kind.
    pub async fn titles(&self, kind: &str) -> BTreeMap<String, i64> {
        let sql =
            format!("SELECT title, COUNT(*) FROM listing WHERE kind = '{kind}' GROUP BY title");
        let statement = Statement::from_string(self.0.get_database_backend(), sql);
        let rows = self.0.query_all_raw(statement).await.unwrap();
        rows.iter()
            .map(|row| {
                (
                    row.try_get_by_index(0).unwrap(),
                    row.try_get_by_index(1).unwrap(),
                )
            })
            .collect()
    }

    /// A listing, its themes, its row in the change log and the answer to its request are written
    /// together or not at all.
    pub async fn assert_nothing_is_half_written(&self) {
        for (what, sql) in [
            (
                "listings without a theme",
                "SELECT COUNT(*) FROM listing WHERE id NOT IN (SELECT listing_id FROM listing_theme)",
            ),
            (
                "listings that the change log does not know",
                "SELECT COUNT(*) FROM listing WHERE id NOT IN (SELECT subject_id FROM change)",
            ),
            (
                "changes of listings that are not there",
                "SELECT COUNT(*) FROM change WHERE kind = 'listing' \
                 AND subject_id NOT IN (SELECT id FROM listing)",
            ),
            (
                "positions of the change log that are missing",
                "SELECT (SELECT position FROM change_head) - (SELECT COUNT(*) FROM change)",
            ),
            (
                "requests that were begun and not answered",
                "SELECT COUNT(*) FROM idempotency WHERE result IS NULL",
            ),
            (
                "listings with more or fewer than one request",
                "SELECT (SELECT COUNT(*) FROM listing) - (SELECT COUNT(*) FROM idempotency)",
            ),
        ] {
            assert_eq!(self.number(sql).await, 0, "{what}");
        }
    }

    /// Waits until every job is done. One that is laid aside never will be.
    pub async fn jobs_are_done(&self, within: Duration) -> Duration {
        let started = Instant::now();
        loop {
            let dead = "SELECT COUNT(*) FROM job WHERE state = 'dead'";
            assert_eq!(self.number(dead).await, 0, "jobs are laid aside");
            let left = self.number("SELECT COUNT(*) FROM job").await;
            if left == 0 {
                return started.elapsed();
            }
            assert!(started.elapsed() < within, "{left} jobs after {within:?}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn close(self) {
        self.0.close().await.unwrap();
    }
}

/// The doctor finds nothing wrong and no job to do.
pub async fn assert_doctor_is_content(setup: &Setup) {
    let said = setup.done(&["doctor"]).await;
    assert!(
        said.contains("Jobs: 0 due, 0 later, 0 claimed, 0 laid aside"),
        "{said}"
    );
}
