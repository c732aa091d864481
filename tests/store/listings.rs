use std::collections::HashSet;

use faelled_engine::{
    id::Id,
    listing::{Content, Listing, ListingKind, ListingStatus, Poster},
    schedule::{OneOffDraft, ScheduleDraft},
};
use faelled_store::{Constraint, End, Moment, StoreError, Window};
use faelled_tests::{
    both_databases,
    fixtures::{
        draft, id, ids, later, listing, now, stored_listing, stored_listings, stored_organization,
        stored_person, varied_draft,
    },
};
use futures_util::TryStreamExt;
use sea_orm::ConnectionTrait;

both_databases! {
    async fn varied_listings_read_as_they_were_written(record: &TestRecord) {
        let store = record.store().await;
        let (organization, coordinator) = stored_organization(&store, "Prøveforeningen").await;
        let listings: Vec<Listing> = (0..300)
            .map(|seed| {
                let mut one = listing(&varied_draft(seed), coordinator, store.catalog());
                if seed % 2 == 0 {
                    one.poster = Poster::Organization(organization);
                    one.external_id = Some(format!("demo-{seed}"));
                }
                if seed % 3 == 0 {
                    one.certificate_declared = Some((coordinator, later(-5)));
                }
                let seed = u32::try_from(seed).unwrap();
                one.taken = one.content.capacity.map_or(seed, |capacity| seed.min(capacity));
                one.supports = seed;
                one.status = [
                    ListingStatus::Open,
                    ListingStatus::Paused,
                    ListingStatus::Closed,
                    ListingStatus::Withdrawn,
                ][usize::try_from(seed % 4).unwrap()];
                one.posted_at = later(i64::from(seed)) + chrono::TimeDelta::microseconds(i64::from(seed) * 7);
                one
            })
            .collect();
        let mut writing = store.write(now()).await.unwrap();
        writing.insert_listings(&listings).await.unwrap();
        writing.commit().await.unwrap();

        let read = store.listings_by_ids(&ids(&listings)).await.unwrap();
        assert_eq!(read.len(), listings.len());
        for (seed, written) in listings.iter().enumerate() {
            assert_eq!(&read[&written.id], written, "draft {seed}");
            if seed % 50 == 0 {
                assert_eq!(store.listing(written.id).await.unwrap().as_ref(), Some(written));
            }
        }
        let open: Vec<Listing> = store.all_open_listings().try_concat().await.unwrap();
        assert_eq!(open.len(), 75);
        assert!(open.iter().all(|one| one.status == ListingStatus::Open && read[&one.id] == *one));
        assert_eq!(store.unreadable_listings(10).await.unwrap(), []);
    }

    async fn an_update_names_the_version_that_it_saw(record: &TestRecord) {
        let store = record.store().await;
        let mut mine = stored_listing(&store).await;
        let mut theirs = mine.clone();
        let change = |listing: &mut Listing, title: &str| {
            listing.content.title = title.into();
            listing.version = 2;
            listing.updated_at = later(1);
        };
        change(&mut mine, "Min");
        change(&mut theirs, "Deres");

        let mut writing = store.write(now()).await.unwrap();
        assert!(writing.take_place(mine.id).await.unwrap());
        assert!(writing.update_listing(&mine, 1).await.unwrap());
        writing.commit().await.unwrap();
        let mut writing = store.write(now()).await.unwrap();
        assert!(!writing.update_listing(&theirs, 1).await.unwrap());
        assert_eq!(writing.commit().await.unwrap().position, 0);

        let read = store.listing(mine.id).await.unwrap().unwrap();
        assert_eq!(read.content.title, "Min");
        assert_eq!((read.version, read.revision, read.taken), (2, 3, 1));
    }

    async fn an_update_changes_what_is_found_by_theme(record: &TestRecord) {
        let store = record.store().await;
        let mut two = draft();
        two.themes = vec!["walks".into(), "driving".into()];
        let mut need = draft();
        need.kind = Some(ListingKind::Need);
        let mut listings = stored_listings(&store, &[draft(), two.clone(), need]).await;
        let found = async |kinds: &[ListingKind], themes: &[&str]| -> HashSet<_> {
            let themes: Vec<String> = themes.iter().map(|theme| (*theme).to_owned()).collect();
            let found: Vec<Listing> =
                store.open_listings_by_themes(kinds, &themes).try_concat().await.unwrap();
            assert_eq!(found.len(), found.iter().map(|one| one.id).collect::<HashSet<_>>().len());
            found.iter().map(|one| one.id).collect()
        };
        let [a, b, c] = [0, 1, 2].map(|at: usize| listings[at].id);
        assert_eq!(found(&[ListingKind::Offer], &["walks", "driving"]).await, HashSet::from([a, b]));
        assert_eq!(found(&[ListingKind::Need, ListingKind::Wish], &["walks"]).await, HashSet::from([c]));
        assert_eq!(found(&[ListingKind::Offer], &[]).await, HashSet::new());
        assert_eq!(found(&[], &["walks"]).await, HashSet::new());

        let changed = &mut listings[1];
        two.themes = vec!["football".into(), "driving".into()];
        changed.content = Content::parse(&two, store.catalog()).unwrap();
        changed.version = 2;
        let mut writing = store.write(now()).await.unwrap();
        assert!(writing.update_listing(changed, 1).await.unwrap());
        writing.commit().await.unwrap();
        assert_eq!(found(&[ListingKind::Offer], &["walks"]).await, HashSet::from([a]));
        assert_eq!(found(&[ListingKind::Offer], &["driving"]).await, HashSet::from([b]));
        assert_eq!(found(&[ListingKind::Offer], &["football"]).await, HashSet::from([b]));

        let mut paused = listings[0].clone();
        paused.status = ListingStatus::Paused;
        paused.version = 2;
        let mut writing = store.write(now()).await.unwrap();
        assert!(writing.update_listing(&paused, 1).await.unwrap());
        writing.commit().await.unwrap();
        assert_eq!(found(&[ListingKind::Offer], &["walks"]).await, HashSet::new());
    }

    async fn two_take_the_last_place_and_one_gets_it(record: &TestRecord) {
        let store = record.store().await;
        let mut draft = draft();
        draft.capacity = Some(3);
        let one = stored_listings(&store, &[draft]).await.remove(0);
        let takers = (0..8).map(|_| {
            let (store, id) = (store.clone(), one.id);
            tokio::spawn(async move {
                let mut writing = store.write(now()).await.unwrap();
                let taken = writing.take_place(id).await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                writing.commit().await.unwrap();
                taken
            })
        });
        let mut got = 0;
        for taker in takers.collect::<Vec<_>>() {
            got += u32::from(taker.await.unwrap());
        }
        assert_eq!(got, 3);
        let read = store.listing(one.id).await.unwrap().unwrap();
        assert_eq!((read.taken, read.places_left(), read.revision), (3, Some(0), 4));

        let mut writing = store.write(now()).await.unwrap();
        assert!(writing.free_place(one.id).await.unwrap());
        assert!(!writing.take_place(id()).await.unwrap(), "a place of nothing");
        writing.commit().await.unwrap();
        assert_eq!(store.listing(one.id).await.unwrap().unwrap().taken, 2);
    }

    async fn a_capacity_below_the_places_taken_is_refused(record: &TestRecord) {
        let store = record.store().await;
        let mut one = stored_listing(&store).await;
        let mut writing = store.write(now()).await.unwrap();
        assert!(!writing.free_place(one.id).await.unwrap());
        for _ in 0..2 {
            assert!(writing.take_place(one.id).await.unwrap());
        }
        writing.commit().await.unwrap();
        one.content.capacity = Some(1);
        one.version = 2;
        let mut writing = store.write(now()).await.unwrap();
        let refused = writing.update_listing(&one, 1).await.unwrap_err();
        assert!(refused.is(Constraint::Capacity), "{refused:?}");
    }

    async fn support_counts_each_person_once(record: &TestRecord) {
        let store = record.store().await;
        let one = stored_listing(&store).await;
        let people = [stored_person(&store).await, stored_person(&store).await];
        let all_at_once = people.iter().chain(&people).map(|person| {
            let (store, listing, person) = (store.clone(), one.id, *person);
            tokio::spawn(async move {
                let mut writing = store.write(now()).await.unwrap();
                let added = writing.add_support(listing, person).await.unwrap();
                writing.commit().await.unwrap();
                added
            })
        });
        let mut added = 0;
        for adding in all_at_once.collect::<Vec<_>>() {
            added += u32::from(adding.await.unwrap());
        }
        assert_eq!(added, 2);
        let read = store.listing(one.id).await.unwrap().unwrap();
        assert_eq!((read.supports, read.revision, read.version), (2, 3, 1));
        assert_eq!(store.supports_of(people[0], &[one.id]).await.unwrap(), HashSet::from([one.id]));
        assert_eq!(store.supports_of(id(), &[one.id]).await.unwrap(), HashSet::new());

        let mut writing = store.write(now()).await.unwrap();
        assert!(writing.remove_support(one.id, people[0]).await.unwrap());
        assert!(!writing.remove_support(one.id, people[0]).await.unwrap());
        writing.commit().await.unwrap();
        assert_eq!(store.listing(one.id).await.unwrap().unwrap().supports, 1);

        let mut writing = store.write(now()).await.unwrap();
        let nothing = writing.add_support(id(), people[0]).await.unwrap_err();
        assert!(nothing.is(Constraint::Reference), "{nothing:?}");
    }

    async fn a_row_that_does_not_read_hides_no_other(record: &TestRecord) {
        let store = record.store().await;
        let listings = stored_listings(&store, &[draft(), draft(), draft()]).await;
        let raw = record.raw().await;
        let broken = listings[1].id;
        let mut writing = store.write(now()).await.unwrap();
        for _ in 0..6 {
            assert!(writing.take_place(broken).await.unwrap());
        }
        writing.commit().await.unwrap();
        raw.execute_unprepared(
            "UPDATE listing SET themes = '[\"no-such-theme\"]', task = 'Hemmeligt' \
             WHERE revision = 7",
        )
        .await
        .unwrap();

        let error = store.listing(broken).await.unwrap_err();
        let StoreError::Corrupt { what: "listing", id, why } = &error else { panic!("{error:?}") };
        assert_eq!(id, &broken.uuid().to_string());
        assert_eq!(why, "not valid: themes.0");
        let others = HashSet::from([listings[0].id, listings[2].id]);
        let open: Vec<Listing> = store.all_open_listings().try_concat().await.unwrap();
        assert_eq!(open.iter().map(|one| one.id).collect::<HashSet<_>>(), others);
        let some = store.listings_by_ids(&ids(&listings)).await.unwrap();
        assert_eq!(some.keys().copied().collect::<HashSet<_>>(), others);
        let unreadable = store.unreadable_listings(10).await.unwrap();
        assert_eq!(unreadable.len(), 1);
        assert_eq!(unreadable[0].listing, broken);

        // A page that lacks it still tells whether there is more, from either end.
        let posters = [listings[0].poster];
        for window in [Window::first(2), Window::last(2)] {
            let page = store.listings_of(&posters, &[], &window).await.unwrap();
            assert!(page.more && page.items.iter().all(|one| one.id != broken), "{page:?}");
        }
        let all = store.listings_of(&posters, &[], &Window::first(3)).await.unwrap();
        assert_eq!((all.items.len(), all.more), (2, false));
    }

    async fn pages_of_ones_own_listings_hold_each_once(record: &TestRecord) {
        let store = record.store().await;
        let person = stored_person(&store).await;
        let mut listings: Vec<Listing> = (0..25)
            .map(|nth| {
                let mut one = listing(&draft(), person, store.catalog());
                one.posted_at = later(nth / 3);
                one
            })
            .collect();
        let mut writing = store.write(now()).await.unwrap();
        writing.insert_listings(&listings).await.unwrap();
        writing.commit().await.unwrap();
        stored_listing(&store).await;
        listings.sort_by_key(|one| std::cmp::Reverse((one.posted_at, one.id)));
        let posters = [Poster::Person(person)];
        let moment = |one: &Listing| Moment { at: one.posted_at, id: one.id };

        let (mut forward, mut window) = (Vec::new(), Window::first(4));
        loop {
            let page = store.listings_of(&posters, &[], &window).await.unwrap();
            let Some(last) = page.items.last() else { break };
            window = Window::first(4).after(moment(last));
            forward.extend(page.items);
            assert_eq!(page.more, forward.len() < listings.len());
        }
        assert_eq!(forward, listings);

        let (mut backward, mut window) = (Vec::new(), Window::last(4));
        loop {
            let page = store.listings_of(&posters, &[], &window).await.unwrap();
            let Some(first) = page.items.first() else { break };
            window = Window::last(4).before(moment(first));
            backward.splice(0..0, page.items);
            assert_eq!(page.more, backward.len() < listings.len());
        }
        assert_eq!(backward, listings);

        let between = Window {
            after: Some(moment(&listings[2])),
            before: Some(moment(&listings[9])),
            end: End::Last,
            limit: 3,
        };
        assert_eq!(store.listings_of(&posters, &[], &between).await.unwrap().items, listings[6..9]);
        assert_eq!(store.count_listings_of(&posters, &[]).await.unwrap(), 25);
        assert_eq!(store.count_listings_of(&posters, &[ListingStatus::Closed]).await.unwrap(), 0);
        assert_eq!(store.listings_of(&[], &[], &Window::first(5)).await.unwrap().items, []);
    }

    async fn an_external_identity_is_a_posters_own(record: &TestRecord) {
        let store = record.store().await;
        let (organization, coordinator) = stored_organization(&store, "Den ene").await;
        let insert = async |poster: Poster, external: &str| {
            let mut one = listing(&draft(), coordinator, store.catalog());
            one.poster = poster;
            one.external_id = Some(external.into());
            let mut writing = store.write(now()).await.unwrap();
            writing.insert_listing(&one).await?;
            writing.commit().await?;
            Ok::<_, StoreError>(one.id)
        };
        let first = insert(Poster::Organization(organization), "1").await.unwrap();
        insert(Poster::Person(coordinator), "1").await.unwrap();
        for poster in [Poster::Organization(organization), Poster::Person(coordinator)] {
            let refused = insert(poster, "1").await.unwrap_err();
            assert!(refused.is(Constraint::ListingExternalId), "{refused:?}");
        }
        let known = store
            .listings_by_external_ids(Poster::Organization(organization), &["1".into(), "2".into()])
            .await
            .unwrap();
        assert_eq!(known, [("1".to_owned(), first)].into());
    }

    async fn reading_many_costs_as_many_statements_as_reading_few(record: &TestRecord) {
        let store = record.store().await;
        let person = stored_person(&store).await;
        let listings = stored_listings(&store, &vec![draft(); 50]).await;
        let cost = async |listings: &[Listing]| {
            let before = store.statements();
            store.listings_by_ids(&ids(listings)).await.unwrap();
            store.supports_of(person, &ids(listings)).await.unwrap();
            store.excluded_counterparts(&[Poster::Person(person)], &ids(listings)).await.unwrap();
            store
                .confirmed_listings_of(&[Poster::Person(person)], &ids(listings))
                .await
                .unwrap();
            store.statements() - before
        };
        assert_eq!(cost(&listings[..5]).await, 4);
        assert_eq!(cost(&listings).await, 4);

        let before = store.statements();
        let mut writing = store.write(now()).await.unwrap();
        assert!(writing.take_place(listings[0].id).await.unwrap());
        writing.commit().await.unwrap();
        assert_eq!(store.statements() - before, 3, "place, head of the log, row of the log");
    }

    async fn batches_hold_every_open_listing_once(record: &TestRecord) {
        let store = record.store().await;
        // More than two batches of 2,000.
        let listings = stored_listings(&store, &vec![draft(); 4_100]).await;
        let mut batches = Vec::new();
        let mut stream = Box::pin(store.all_open_listings());
        while let Some(batch) = stream.try_next().await.unwrap() {
            batches.push(batch.len());
            if batches.len() == 1 {
                // What comes meanwhile is for the log to tell; it disturbs nothing.
                stored_listing(&store).await;
            }
        }
        let total: usize = batches.iter().sum();
        assert!((4_100..=4_101).contains(&total), "{batches:?}");
        assert_eq!(batches.len(), 3);
        assert_eq!(store.counts().await.unwrap().open_listings, 4_101);
        assert_eq!(listings.len(), 4_100);
    }

    async fn what_is_not_committed_did_not_happen(record: &TestRecord) {
        let store = record.store().await;
        let person = stored_person(&store).await;
        let one = listing(&draft(), person, store.catalog());
        for explicitly in [true, false] {
            let mut writing = store.write(now()).await.unwrap();
            writing.insert_listing(&one).await.unwrap();
            if explicitly {
                writing.rollback().await.unwrap();
            } else {
                drop(writing);
            }
            assert_eq!(store.listing(one.id).await.unwrap(), None);
            assert_eq!(store.snapshot_position().await.unwrap(), 0);
        }
        let mut twice = store.write(now()).await.unwrap();
        twice.insert_listing(&one).await.unwrap();
        let refused = twice.insert_listing(&one).await.unwrap_err();
        assert!(refused.is(Constraint::Identity), "{refused:?}");
        drop(twice);
        let mut nobody = store.write(now()).await.unwrap();
        let refused = nobody
            .insert_listing(&listing(&draft(), Id::new(uuid::Uuid::nil()), store.catalog()))
            .await
            .unwrap_err();
        assert!(refused.is(Constraint::Reference), "{refused:?}");
    }

    async fn a_one_off_across_the_end_of_winter_time_reads_as_written(record: &TestRecord) {
        let store = record.store().await;
        let mut draft = draft();
        draft.schedule = ScheduleDraft {
            one_offs: vec![OneOffDraft {
                start: "2026-03-28T12:00".into(),
                end: "2026-03-29T12:00".into(),
            }],
            recurrences: Vec::new(),
        };
        let one = stored_listings(&store, &[draft]).await.remove(0);
        assert_eq!(store.listing(one.id).await.unwrap(), Some(one));
    }
}
