//! People with tokens, written straight into the record: the command line does the same, a process
//! for each, and `beside` shows that it does.

use faelled_server::{app::people::make_token, clock::Clock};
use faelled_tests::{TestRecord, fixtures};

/// Tokens of so many people who are new to the record.
pub async fn tokens(record: &TestRecord, count: usize) -> Vec<String> {
    let store = record.store().await;
    let mut tokens = Vec::with_capacity(count);
    for _ in 0..count {
        let person = fixtures::stored_person(&store).await;
        let token = make_token(&store, Clock::default(), person, "test", None).await;
        tokens.push(token.unwrap());
    }
    store.close().await.unwrap();
    tokens
}
