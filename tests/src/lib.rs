//! What tests of the record and of the API share: a fresh record on either database, and things to
//! put into it.
#![warn(missing_docs)]

pub mod fixtures;
pub mod log;
mod record;
pub mod server;

pub use record::{POSTGRES, TestRecord};
pub use server::{TestServer, User};

/// Runs tests on both databases, each on a record of its own that is migrated and empty. A test is
/// written once, as a function of a [`TestRecord`]; it becomes a module with two tests.
///
/// ```ignore
/// both_databases! {
///     async fn an_empty_record_has_no_listings(record: &TestRecord) {
///         assert_eq!(record.store().await.counts().await.unwrap().listings, 0);
///     }
/// }
/// ```
///
/// Without a PostgreSQL the second test fails and says how to get one. It is never skipped: a
/// promise that holds on one database only is no promise.
#[macro_export]
macro_rules! both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($record:ident: &TestRecord) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn body($record: &$crate::TestRecord) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let record = $crate::TestRecord::sqlite().await;
                body(&record).await;
                record.end().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                let record = $crate::TestRecord::postgres().await;
                body(&record).await;
                record.end().await;
            }
        }
    )+};
}
