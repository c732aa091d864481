use faelled_engine::organization::{Membership, OrganizationKind, Person, Role};
use faelled_store::{Constraint, NewToken, TokenHash};
use faelled_tests::{
    both_databases,
    fixtures::{id, later, now, organization, person, stored_organization, stored_person},
};

both_databases! {
    async fn a_token_brings_a_person_and_its_roles(record: &TestRecord) {
        let store = record.store().await;
        let (association, coordinator) = stored_organization(&store, "Foreningen").await;
        let mut house = organization("De Frivilliges Hus", store.catalog());
        house.profile.kind = OrganizationKind::VolunteerHouse;
        house.verified = true;
        let loner = stored_person(&store).await;
        let hash = |byte| TokenHash::new([byte; 32]);
        let token = |byte, person, expires_at| NewToken {
            hash: hash(byte),
            person,
            label: "test".into(),
            expires_at,
        };
        let mut writing = store.write(now()).await.unwrap();
        writing.insert_organization(&house).await.unwrap();
        writing.insert_membership(coordinator, house.id, Role::Admin).await.unwrap();
        writing.insert_token(&token(1, coordinator, None)).await.unwrap();
        writing.insert_token(&token(2, loner, Some(later(60)))).await.unwrap();
        writing.insert_token(&token(3, coordinator, Some(later(60)))).await.unwrap();
        writing.commit().await.unwrap();

        let mut expected = vec![
            Membership {
                organization: association,
                role: Role::Coordinator,
                kind: OrganizationKind::Association,
                verified: false,
            },
            Membership {
                organization: house.id,
                role: Role::Admin,
                kind: OrganizationKind::VolunteerHouse,
                verified: true,
            },
        ];
        expected.sort_by_key(|membership| membership.organization);
        let before = store.statements();
        let actor = store.actor_by_token(hash(1), now()).await.unwrap();
        assert_eq!(store.statements() - before, 1);
        assert_eq!(actor, Some((coordinator, expected.clone())));
        assert_eq!(store.memberships_of(coordinator).await.unwrap(), expected);
        assert_eq!(store.memberships_of(loner).await.unwrap(), []);
        assert_eq!(store.actor_by_token(hash(2), later(59)).await.unwrap(), Some((loner, vec![])));
        assert_eq!(store.actor_by_token(hash(2), later(60)).await.unwrap(), None, "expired");
        assert_eq!(store.actor_by_token(hash(9), now()).await.unwrap(), None, "unknown");

        let belongs = store.organizations_of_persons(&[coordinator, loner]).await.unwrap();
        let organizations: Vec<_> = expected.iter().map(|one| one.organization).collect();
        assert_eq!(belongs, [(coordinator, organizations)].into());

        let mut writing = store.write(now()).await.unwrap();
        assert_eq!(writing.revoke_tokens(coordinator, "other").await.unwrap(), 0);
        assert_eq!(writing.revoke_tokens(coordinator, "test").await.unwrap(), 2);
        assert_eq!(writing.revoke_tokens(coordinator, "test").await.unwrap(), 0);
        writing.commit().await.unwrap();
        for byte in [1, 3] {
            assert_eq!(store.actor_by_token(hash(byte), now()).await.unwrap(), None, "revoked");
        }
    }

    async fn a_person_reads_as_it_was_written(record: &TestRecord) {
        let store = record.store().await;
        let one = person();
        let other = Person {
            email: None,
            phone: Some("12345678".into()),
            shows_first_name: false,
            ..person()
        };
        let mut writing = store.write(now()).await.unwrap();
        writing.insert_person(&one).await.unwrap();
        writing.insert_person(&other).await.unwrap();
        writing.commit().await.unwrap();
        assert_eq!(store.person(one.id).await.unwrap().as_ref(), Some(&one));
        let found = store.persons_by_ids(&[one.id, other.id, id()]).await.unwrap();
        assert_eq!(found, [(one.id, one), (other.id, other)].into());
    }

    async fn a_membership_and_a_token_are_there_once(record: &TestRecord) {
        let store = record.store().await;
        let (association, coordinator) = stored_organization(&store, "Foreningen").await;
        let mut writing = store.write(now()).await.unwrap();
        let refused =
            writing.insert_membership(coordinator, association, Role::Admin).await.unwrap_err();
        assert!(refused.is(Constraint::Membership), "{refused:?}");
        drop(writing);
        let token = NewToken {
            hash: TokenHash::new([7; 32]),
            person: coordinator,
            label: String::new(),
            expires_at: None,
        };
        let mut writing = store.write(now()).await.unwrap();
        writing.insert_token(&token).await.unwrap();
        let refused = writing.insert_token(&token).await.unwrap_err();
        assert!(refused.is(Constraint::Token), "{refused:?}");
        drop(writing);
        let mut writing = store.write(now()).await.unwrap();
        let refused =
            writing.insert_membership(id(), association, Role::Member).await.unwrap_err();
        assert!(refused.is(Constraint::Reference), "{refused:?}");
    }
}
