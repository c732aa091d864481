use faelled_store::{Moment, NoticeDraft, NoticeKind, Store, Stretch, Window};
use faelled_tests::{
    both_databases,
    fixtures::{id, later, stored_listing},
};

async fn give(store: &Store, at: i64, notices: &[NoticeDraft]) -> u64 {
    let mut writing = store.write(later(at)).await.unwrap();
    let new = writing.insert_notices(notices).await.unwrap();
    writing.commit().await.unwrap();
    new
}

both_databases! {
    async fn a_notice_is_given_once_and_read_by_its_own(record: &TestRecord) {
        let store = record.store().await;
        let mine = stored_listing(&store).await;
        let others = [stored_listing(&store).await, stored_listing(&store).await];
        let notice = |listing, counterpart| NoticeDraft {
            id: id(),
            kind: NoticeKind::NewCounterpart,
            listing,
            counterpart,
            score: 0.75,
        };
        let first = notice(mine.id, others[0].id);
        assert_eq!(give(&store, 1, &[first, notice(others[0].id, mine.id)]).await, 2);
        let second = notice(mine.id, others[1].id);
        assert_eq!(give(&store, 2, &[notice(mine.id, others[0].id), second]).await, 1);
        assert_eq!(give(&store, 3, &[]).await, 0);

        let posters = [mine.poster];
        let Stretch { items: page, more } =
            store.notices(&posters, &Window::first(10)).await.unwrap();
        assert!(!more);
        assert_eq!(page.iter().map(|one| one.id).collect::<Vec<_>>(), [second.id, first.id]);
        assert_eq!((page[0].score, page[0].created_at), (0.75, later(2)));
        let after = Window::first(10).after(Moment { at: page[0].created_at, id: page[0].id });
        assert_eq!(store.notices(&posters, &after).await.unwrap().items, page[1..]);
        assert_eq!(store.count_notices(&posters).await.unwrap(), 2);

        let Stretch { items: page, more } =
            store.notices(&posters, &Window::last(1)).await.unwrap();
        assert!(more);
        assert_eq!(page[0].id, first.id);
        assert_eq!(store.notices(&[], &Window::first(10)).await.unwrap().items, []);
    }
}
