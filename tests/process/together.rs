//! Two servers on one PostgreSQL: what is posted on one is found, counted and announced on the
//! other within a second. With the defaults, since that is what is promised.

use std::time::Duration;

use faelled_tests::TestRecord;
use tokio::time::{Instant, sleep};

use crate::{
    alone,
    client::{Client, News, Posting},
    faelled::Setup,
    people,
    sums::Sums,
};

const PROMISED: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_posted_on_one_server_is_found_and_announced_on_the_other_within_a_second() {
    let _turn = alone().await;
    let record = TestRecord::postgres().await;
    let [token] = people::tokens(&record, 1).await.try_into().unwrap();
    let setup = Setup::over(&record);
    let servers = [setup.serve().await, setup.serve().await];
    let mut found_last = Duration::ZERO;
    let mut announced_last = Duration::ZERO;
    let mut news = [
        News::of_listings(&servers[0]).await,
        News::of_listings(&servers[1]).await,
    ];
    for nth in 0..20 {
        let (here, there) = (nth % 2, (nth + 1) % 2);
        let post = Posting::new("OFFER", format!("Fra hus til hus {nth} nr{nth:03}"));
        Client::of(&servers[here], &token)
            .post_patiently(&post)
            .await;
        let posted = Instant::now();
        // Both at once: waiting for one must not make the other look late.
        let (found, announced) = tokio::join!(
            async {
                let other = Client::anonymous(&servers[there]);
                while other.count_listings(&format!("nr{nth:03}")).await == 0 {
                    assert!(
                        posted.elapsed() < 5 * PROMISED,
                        "{} is not found",
                        post.title
                    );
                    sleep(Duration::from_millis(5)).await;
                }
                posted.elapsed()
            },
            async {
                assert_eq!(news[there].next_title().await, post.title);
                posted.elapsed()
            }
        );
        assert_eq!(news[here].next_title().await, post.title);
        found_last = found_last.max(found);
        announced_last = announced_last.max(announced);
    }
    eprintln!("found within {found_last:?}, announced within {announced_last:?}");
    assert!(found_last < PROMISED, "{found_last:?}");
    assert!(announced_last < PROMISED, "{announced_last:?}");
    for server in &servers {
        assert_eq!(Client::anonymous(server).count_listings("hus").await, 20);
    }

    let sums = Sums::of(&record).await;
    sums.jobs_are_done(Duration::from_secs(30)).await;
    sums.close().await;
    for server in servers {
        assert_eq!(server.log.errors(), Vec::<String>::new());
        server.end().await;
    }
    record.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_one_of_two_servers_is_killed_the_other_does_its_jobs() {
    let _turn = alone().await;
    let record = TestRecord::postgres().await;
    let [token] = people::tokens(&record, 1).await.try_into().unwrap();
    let setup = Setup::over(&record).with("jobs.lease", "2s");
    let (stays, goes) = (
        setup.clone().with("jobs.workers", "1").serve().await,
        setup.with("jobs.workers", "8").serve().await,
    );
    let client = Client::of(&goes, &token);
    for nth in 0..60 {
        let post = Posting::new("OFFER", format!("Arv {nth}"));
        client.post_patiently(&post).await;
    }
    goes.kill().await;
    let sums = Sums::of(&record).await;
    sums.jobs_are_done(Duration::from_secs(30)).await;
    sums.assert_nothing_is_half_written().await;
    let heir = Client::anonymous(&stays);
    let waited = Instant::now();
    while heir.count_listings("arv").await < 60 {
        assert!(waited.elapsed() < PROMISED, "it does not know of all");
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(stays.log.errors(), Vec::<String>::new());
    stays.end().await;
    sums.close().await;
    record.end().await;
}
