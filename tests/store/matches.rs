use std::collections::{HashMap, HashSet};

use faelled_engine::{
    agreement::{Match, MatchStatus},
    id::PersonId,
    listing::{Listing, Poster},
};
use faelled_store::{Constraint, MatchFilter, Moment, Store, Window};
use faelled_tests::{
    both_databases,
    fixtures::{id, later, now, proposal, stored_listing, stored_organization, stored_person},
};

async fn insert(store: &Store, agreed: &Match) {
    let mut writing = store.write(now()).await.unwrap();
    writing.insert_match(agreed).await.unwrap();
    writing.commit().await.unwrap();
}

async fn step(store: &Store, agreed: &Match, status: MatchStatus, by: PersonId) -> Match {
    let mut writing = store.write(now()).await.unwrap();
    let mut next = writing.match_for_update(agreed.id).await.unwrap().unwrap();
    let seen = next.version;
    next.version += 1;
    next.status = status;
    next.answered_by = Some(by);
    next.updated_at = later(9);
    assert!(writing.update_match(&next, seen).await.unwrap());
    writing.commit().await.unwrap();
    next
}

fn of(poster: Poster) -> [Poster; 1] {
    [poster]
}

both_databases! {
    async fn a_match_reads_as_it_was_written(record: &TestRecord) {
        let store = record.store().await;
        let (mine, yours) = (stored_listing(&store).await, stored_listing(&store).await);
        let (organization, coordinator) = stored_organization(&store, "Foreningen").await;
        let with_listing = proposal(&mine, &yours);
        let without = Match {
            id: id(),
            counterpart: None,
            proposer: Poster::Organization(organization),
            proposed_by: coordinator,
            ..proposal(&mine, &yours)
        };
        insert(&store, &with_listing).await;
        insert(&store, &without).await;
        for agreed in [&with_listing, &without] {
            assert_eq!(store.match_(agreed.id).await.unwrap().as_ref(), Some(agreed));
        }
        assert_eq!(store.match_(id()).await.unwrap(), None);
        let answered = step(&store, &without, MatchStatus::Confirmed, mine.posted_by).await;
        assert_eq!(store.match_(without.id).await.unwrap(), Some(answered));

        let mut stale = store.write(now()).await.unwrap();
        assert!(!stale.update_match(&without, 1).await.unwrap());
        assert_eq!(stale.commit().await.unwrap().position, 0);
    }

    async fn a_pair_has_one_live_match_from_either_side(record: &TestRecord) {
        let store = record.store().await;
        let (mine, yours) = (stored_listing(&store).await, stored_listing(&store).await);
        let proposals = [proposal(&mine, &yours), proposal(&yours, &mine)];
        // Both sides at once.
        let attempts = proposals.clone().map(|agreed| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut writing = store.write(now()).await.unwrap();
                writing.insert_match(&agreed).await?;
                writing.commit().await
            })
        });
        let mut through = 0;
        for attempt in attempts {
            match attempt.await.unwrap() {
                Ok(_) => through += 1,
                Err(refused) => assert!(refused.is(Constraint::LivePair), "{refused:?}"),
            }
        }
        assert_eq!(through, 1);
        let [one, other] = proposals.map(|agreed| agreed.id);
        let live = store.match_(one).await.unwrap().or(store.match_(other).await.unwrap()).unwrap();
        let declined = step(&store, &live, MatchStatus::Declined, mine.posted_by).await;
        insert(&store, &Match { id: id(), ..proposal(&yours, &mine) }).await;

        // What was declined cannot come alive beside the new one.
        let mut writing = store.write(now()).await.unwrap();
        let alive = Match { status: MatchStatus::Confirmed, version: 9, ..declined.clone() };
        let refused = writing.update_match(&alive, declined.version).await.unwrap_err();
        assert!(refused.is(Constraint::LivePair), "{refused:?}");
    }

    async fn accepting_takes_a_place_or_nothing_happens(record: &TestRecord) {
        let store = record.store().await;
        let mut listing = stored_listing(&store).await;
        listing.content.capacity = Some(1);
        listing.version = 2;
        let mut writing = store.write(now()).await.unwrap();
        assert!(writing.update_listing(&listing, 1).await.unwrap());
        writing.commit().await.unwrap();
        let mut proposals = Vec::new();
        for _ in 0..4 {
            let agreed = proposal(&listing, &stored_listing(&store).await);
            insert(&store, &agreed).await;
            proposals.push(agreed);
        }
        let accepting = proposals.clone().into_iter().map(|agreed| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut writing = store.write(now()).await.unwrap();
                let both = [agreed.listing, agreed.counterpart.unwrap()];
                assert_eq!(writing.listings_for_update(&both).await.unwrap().len(), 2);
                let mut agreed = writing.match_for_update(agreed.id).await.unwrap().unwrap();
                agreed.status = MatchStatus::Confirmed;
                agreed.version = 2;
                assert!(writing.update_match(&agreed, 1).await.unwrap());
                if !writing.take_place(agreed.listing).await.unwrap() {
                    return false;
                }
                writing.commit().await.unwrap();
                true
            })
        });
        let mut accepted = 0;
        for one in accepting.collect::<Vec<_>>() {
            accepted += u32::from(one.await.unwrap());
        }
        assert_eq!(accepted, 1);
        assert_eq!(store.listing(listing.id).await.unwrap().unwrap().taken, 1);
        let filter = MatchFilter {
            listing: Some(listing.id),
            statuses: vec![MatchStatus::Confirmed],
        };
        assert_eq!(store.count_matches(&of(listing.poster), &filter).await.unwrap(), 1);
    }

    async fn each_side_sees_its_own_matches_newest_first(record: &TestRecord) {
        let store = record.store().await;
        let mine = stored_listing(&store).await;
        let mut all = Vec::new();
        for nth in 0..7 {
            let other = stored_listing(&store).await;
            let mut agreed = if nth % 2 == 0 { proposal(&mine, &other) } else { proposal(&other, &mine) };
            agreed.proposed_at = later(nth / 2);
            insert(&store, &agreed).await;
            all.push(agreed);
        }
        insert(&store, &proposal(&stored_listing(&store).await, &stored_listing(&store).await)).await;
        all.sort_by_key(|agreed| std::cmp::Reverse((agreed.proposed_at, agreed.id)));
        let everything = MatchFilter::default();
        let (mut pages, mut window) = (Vec::new(), Window::first(3));
        loop {
            let page = store.matches(&of(mine.poster), &everything, &window).await.unwrap();
            let Some(last) = page.items.last() else { break };
            window = Window::first(3).after(Moment { at: last.proposed_at, id: last.id });
            pages.extend(page.items);
        }
        assert_eq!(pages, all);
        assert_eq!(store.count_matches(&of(mine.poster), &everything).await.unwrap(), 7);

        // The other side of one sees only that one, also when it asks for the whole listing.
        let with_mine = MatchFilter { listing: Some(mine.id), statuses: Vec::new() };
        let other = if all[0].owner == mine.poster { all[0].proposer } else { all[0].owner };
        let seen = store.matches(&of(other), &with_mine, &Window::first(10)).await.unwrap();
        assert_eq!(seen.items, all[..1]);
        let nobody = store.matches(&[], &with_mine, &Window::first(10)).await.unwrap();
        assert_eq!(nobody.items, []);
    }

    async fn a_confirmed_match_opens_the_other_side_and_nothing_else(record: &TestRecord) {
        let store = record.store().await;
        let (mine, yours) = (stored_listing(&store).await, stored_listing(&store).await);
        let me = mine.posted_by;
        let stranger = stored_person(&store).await;
        let agreed = proposal(&mine, &yours);
        insert(&store, &agreed).await;
        let opened = async |poster: Poster| {
            let asked = [mine.id, yours.id, id()];
            store.confirmed_listings_of(&of(poster), &asked).await.unwrap()
        };
        let nothing = HashSet::new();
        assert_eq!(opened(mine.poster).await, nothing, "a proposal opens nothing");
        step(&store, &agreed, MatchStatus::Confirmed, me).await;
        for status in [MatchStatus::Confirmed, MatchStatus::Completed] {
            step(&store, &agreed, status, me).await;
            assert_eq!(opened(mine.poster).await, HashSet::from([yours.id]));
            assert_eq!(opened(yours.poster).await, HashSet::from([mine.id]));
            assert_eq!(opened(Poster::Person(stranger)).await, nothing);
        }
        step(&store, &agreed, MatchStatus::Withdrawn, me).await;
        assert_eq!(opened(mine.poster).await, nothing);
        assert_eq!(opened(yours.poster).await, nothing);
    }

    async fn a_pair_with_a_decline_or_a_live_match_is_not_suggested(record: &TestRecord) {
        let store = record.store().await;
        let mine = stored_listing(&store).await;
        let mut with: HashMap<MatchStatus, Listing> = HashMap::new();
        for status in [
            MatchStatus::Proposed,
            MatchStatus::Confirmed,
            MatchStatus::Completed,
            MatchStatus::Declined,
            MatchStatus::Withdrawn,
            MatchStatus::Expired,
        ] {
            let other = stored_listing(&store).await;
            let agreed =
                if with.len().is_multiple_of(2) { proposal(&mine, &other) } else { proposal(&other, &mine) };
            insert(&store, &agreed).await;
            if status != MatchStatus::Proposed {
                step(&store, &agreed, status, mine.posted_by).await;
            }
            with.insert(status, other);
        }
        let excluded: HashSet<_> =
            [MatchStatus::Proposed, MatchStatus::Confirmed, MatchStatus::Declined]
                .iter()
                .map(|status| with[status].id)
                .collect();
        let declined = &with[&MatchStatus::Declined];
        let asked = [mine.id, declined.id, id()];
        let found = store.excluded_counterparts(&of(mine.poster), &asked).await.unwrap();
        let of_declined = HashSet::from([mine.id]);
        assert_eq!(found, HashMap::from([(mine.id, excluded), (declined.id, of_declined.clone())]));

        // The other side knows of its own decline, and of nobody else's match.
        let found = store.excluded_counterparts(&of(declined.poster), &asked).await.unwrap();
        let of_mine = HashSet::from([declined.id]);
        assert_eq!(found, HashMap::from([(mine.id, of_mine), (declined.id, of_declined)]));
        let stranger = Poster::Person(stored_person(&store).await);
        assert_eq!(store.excluded_counterparts(&of(stranger), &asked).await.unwrap(), HashMap::new());
        assert_eq!(store.excluded_counterparts(&[], &asked).await.unwrap(), HashMap::new());
    }
}
