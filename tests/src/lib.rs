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

            #[test]
            fn on_sqlite() {
                $crate::on_a_servers_stack(|| async {
                    let record = $crate::TestRecord::sqlite().await;
                    body(&record).await;
                    record.end().await;
                });
            }

            #[test]
            fn on_postgres() {
                $crate::on_a_servers_stack(|| async {
                    let record = $crate::TestRecord::postgres().await;
                    body(&record).await;
                    record.end().await;
                });
            }
        }
    )+};
}

/// Runs a test on a thread with as much stack as the server gives to its own.
///
/// # Panics
///
/// When the test does, or there is no thread to run it on.
pub fn on_a_servers_stack<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    let run = move || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime
            .worker_threads(2)
            .thread_stack_size(faelled_server::STACK)
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(test());
    };
    let name = std::thread::current().name().map(str::to_owned);
    let thread = std::thread::Builder::new()
        .name(name.unwrap_or_default())
        .stack_size(faelled_server::STACK);
    if let Err(panic) = thread.spawn(run).expect("a thread").join() {
        std::panic::resume_unwind(panic);
    }
}
