use faelled_engine::organization::{Organization, OrganizationKind};
use faelled_store::{Constraint, OrganizationFilter, OrganizationKey, Store, Window};
use faelled_tests::{
    both_databases,
    fixtures::{id, now, organization},
};

async fn insert(store: &Store, organizations: &[Organization]) {
    let mut writing = store.write(now()).await.unwrap();
    for one in organizations {
        writing.insert_organization(one).await.unwrap();
    }
    writing.commit().await.unwrap();
}

fn names(organizations: &[Organization]) -> Vec<&str> {
    organizations
        .iter()
        .map(|one| one.profile.name.as_str())
        .collect()
}

both_databases! {
    async fn an_organization_reads_as_it_was_written(record: &TestRecord) {
        let store = record.store().await;
        let parent = organization("Røde Kors", store.catalog());
        let mut branch = organization("Røde Kors Viborg", store.catalog());
        branch.profile.kind = OrganizationKind::Branch;
        branch.profile.parent = Some(parent.id);
        branch.profile.cvr = Some("12345678".into());
        branch.profile.email = Some("kontor@example.dk".into());
        branch.profile.phone = Some("12 34 56 78".into());
        branch.profile.website = Some("https://example.dk".into());
        branch.profile.description = "Vi besøger.\nOg vi går ture.".into();
        branch.external_id = Some("rk-viborg".into());
        insert(&store, &[parent.clone(), branch.clone()]).await;
        assert_eq!(store.organization(branch.id).await.unwrap().as_ref(), Some(&branch));
        assert_eq!(store.organization(id()).await.unwrap(), None);
        let both = store.organizations_by_ids(&[branch.id, parent.id, id()]).await.unwrap();
        assert_eq!(both.len(), 2);
        let known = store.organizations_by_external_ids(&["rk-viborg".into()]).await.unwrap();
        assert_eq!(known, [("rk-viborg".to_owned(), branch.id)].into());

        let mut writing = store.write(now()).await.unwrap();
        let mut verified = writing.organization_for_update(branch.id).await.unwrap().unwrap();
        verified.verified = true;
        verified.version = 2;
        assert!(writing.update_organization(&verified, 1).await.unwrap());
        assert!(!writing.update_organization(&verified, 1).await.unwrap());
        writing.commit().await.unwrap();
        assert_eq!(store.organization(branch.id).await.unwrap(), Some(verified));

        let mut writing = store.write(now()).await.unwrap();
        let mut twice = organization("En anden", store.catalog());
        twice.external_id = Some("rk-viborg".into());
        let refused = writing.insert_organization(&twice).await.unwrap_err();
        assert!(refused.is(Constraint::OrganizationExternalId), "{refused:?}");
    }

    async fn organizations_are_found_by_the_beginnings_of_words(record: &TestRecord) {
        let store = record.store().await;
        let mut all = Vec::new();
        for (name, kind) in [
            ("Ældre Sagen, Viborg", OrganizationKind::Branch),
            ("Viborg Kommune", OrganizationKind::PublicBody),
            ("De Frivilliges Hus", OrganizationKind::VolunteerHouse),
            ("Røde Kors Viborg", OrganizationKind::Branch),
            ("100 % Fodbold_klub", OrganizationKind::Association),
        ] {
            let mut one = organization(name, store.catalog());
            one.profile.kind = kind;
            one.verified = kind == OrganizationKind::VolunteerHouse;
            all.push(one);
        }
        insert(&store, &all).await;
        let found = async |filter: OrganizationFilter| {
            let page = store.organizations(&filter, &Window::first(10)).await.unwrap().items;
            assert_eq!(page.len() as u64, store.count_organizations(&filter).await.unwrap());
            names(&page).join(" | ")
        };
        let by = |search: &str| OrganizationFilter { search: search.into(), ..Default::default() };
        assert_eq!(found(by("viborg")).await, "Ældre Sagen, Viborg | Røde Kors Viborg | Viborg Kommune");
        assert_eq!(found(by("VIB rod")).await, "");
        assert_eq!(found(by("VIB røde")).await, "Røde Kors Viborg");
        assert_eq!(found(by("roede")).await, "Røde Kors Viborg");
        assert_eq!(found(by("borg")).await, "", "words are found by how they begin");
        assert_eq!(found(by("%")).await.matches('|').count(), 4, "no words ask for nothing");
        assert_eq!(found(by("klub")).await, "100 % Fodbold_klub");
        assert_eq!(found(by("fod%klub")).await, "100 % Fodbold_klub");
        let bodies = vec![OrganizationKind::PublicBody, OrganizationKind::VolunteerHouse];
        let filter = OrganizationFilter { kinds: bodies, ..Default::default() };
        assert_eq!(found(filter).await, "De Frivilliges Hus | Viborg Kommune");
        let filter = OrganizationFilter { verified: Some(true), ..Default::default() };
        assert_eq!(found(filter).await, "De Frivilliges Hus");
    }

    async fn pages_of_organizations_hold_each_once_in_one_order(record: &TestRecord) {
        let store = record.store().await;
        // Names that a Danish collation, an English one and one by bytes each put differently.
        let names = [
            "Aa klub", "Å klub", "Ab klub", "ab c", "A-b", "Zebra", "Æble", "Øl", "B-klub",
            "b-klub", "B 2", "B 10",
        ];
        let mut all: Vec<_> = names.iter().map(|name| organization(name, store.catalog())).collect();
        // There can be several of one name.
        all.push(organization("B-klub", store.catalog()));
        insert(&store, &all).await;
        all.sort_by_key(|one| {
            let key = OrganizationKey::of(one);
            (key.name, key.id)
        });
        let everything = OrganizationFilter::default();
        let (mut forward, mut window) = (Vec::new(), Window::first(3));
        loop {
            let page = store.organizations(&everything, &window).await.unwrap();
            let Some(last) = page.items.last() else { break };
            window = Window::first(3).after(OrganizationKey::of(last));
            forward.extend(page.items);
        }
        assert_eq!(forward, all);
        let last = store
            .organizations(
                &everything,
                &Window::last(4).before(OrganizationKey::of(&all[10])),
            )
            .await
            .unwrap();
        assert_eq!(last.items, all[6..10]);
        assert!(last.more);
    }
}
