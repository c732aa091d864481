//! People with tokens, written straight into the record: the command line does the same, a process
//! for each, and `beside` shows that it does.

use faelled_engine::{id::OrganizationId, organization::Role};
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

/// A coordinator of a verified association.
pub struct Coordinator {
    /// The association.
    pub organization: OrganizationId,
    /// The coordinator's token.
    pub token: String,
}

/// Verified associations that are new to the record, each with a coordinator.
pub async fn associations<const N: usize>(
    record: &TestRecord,
    names: [&str; N],
) -> [Coordinator; N] {
    let store = record.store().await;
    let mut made = Vec::with_capacity(N);
    for name in names {
        let mut organization = fixtures::organization(name, store.catalog());
        organization.verified = true;
        let person = fixtures::stored_person(&store).await;
        let mut writing = store.write(fixtures::now()).await.unwrap();
        writing.insert_organization(&organization).await.unwrap();
        writing
            .insert_membership(person, organization.id, Role::Coordinator)
            .await
            .unwrap();
        writing.commit().await.unwrap();
        let token = make_token(&store, Clock::default(), person, "test", None).await;
        made.push(Coordinator {
            organization: organization.id,
            token: token.unwrap(),
        });
    }
    store.close().await.unwrap();
    made.try_into().ok().unwrap()
}
