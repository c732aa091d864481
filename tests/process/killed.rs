//! `kill -9` in the middle of a thousand posts, early, halfway and late. Whatever was acknowledged
//! is there, once; whatever was not may come again, and is there once as well; and every job is
//! done, and nobody hears of anything twice.
//!
//! The operating system outlives the server here, so that this says nothing of power cuts: there
//! the promise is SQLite's `synchronous=FULL` and PostgreSQL's `synchronous_commit`.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use faelled_tests::{TestRecord, both_databases};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    alone,
    client::{Client, Posted, Posting},
    faelled::{Server, Setup},
    people, proving,
    sums::{self, Sums},
};

const POSTS: usize = 1_000;
/// Offers that every need fits, so that the assessment of each need tells of it to each of them.
const OFFERS: usize = 3;
/// The same, as the record counts.
const POSTS_THERE: i64 = 1_000;
const OFFERS_THERE: i64 = 3;

both_databases! {
    async fn a_thousand_posts_outlive_a_server_that_is_killed(record: &TestRecord) {
        let _turn = alone().await;
        let tokens = people::tokens(record, 2).await;
        let mut rounds = Rounds::begin(record, tokens).await;
        rounds.kill_at(&[POSTS / 20, POSTS / 2, POSTS * 19 / 20]).await;
        rounds.finish().await;
        if proving() {
            for kills in [
                vec![1, 2, 3, 5, 8, 13, 21, 34, 55, 89],
                (1..20).map(|nth| POSTS * nth / 20).collect(),
                vec![POSTS / 3, POSTS - 10, POSTS - 5, POSTS - 1],
            ] {
                rounds.kill_at(&kills).await;
                rounds.finish().await;
            }
        }
        rounds.sums.close().await;
    }
}

/// Rounds of a thousand posts each, on one record.
struct Rounds {
    setup: Setup,
    sums: Sums,
    offering: String,
    needing: String,
    round: usize,
    posts: Vec<Posting>,
    /// What was acknowledged, by title.
    acknowledged: BTreeMap<String, String>,
    /// What earlier rounds have left.
    before: i64,
}

impl Rounds {
    async fn begin(record: &TestRecord, tokens: Vec<String>) -> Self {
        let [offering, needing] = tokens.try_into().unwrap();
        // All thousand are let in at once and wait for their turn. A job that died with its worker
        // is taken up after the lease, and nobody wants to wait for a minute here.
        let setup = Setup::over(record)
            .with("server.max_concurrent", "2000")
            .with("server.request_timeout", "2m")
            .with("record.write_queue", "2000")
            .with("record.write_wait", "1m")
            .with("jobs.lease", "2s");
        let sums = Sums::of(record).await;
        let server = setup.serve().await;
        let client = Client::of(&server, &offering);
        for nth in 0..OFFERS {
            let offer = Posting::new("OFFER", format!("Jeg går gerne med, nummer {nth}"));
            client.post_patiently(&offer).await;
        }
        sums.jobs_are_done(Duration::from_secs(30)).await;
        server.kill().await;
        Self {
            setup,
            sums,
            offering,
            needing,
            round: 0,
            posts: Vec::new(),
            acknowledged: BTreeMap::new(),
            before: 0,
        }
    }

    /// Posts what is not acknowledged, all at once, and kills the server each time that so many
    /// are. Then looks at what is there.
    async fn kill_at(&mut self, kills: &[usize]) {
        self.round += 1;
        self.posts = (0..POSTS)
            .map(|nth| Posting::new("NEED", format!("Gåven søges {}-{nth:04}", self.round)))
            .collect();
        self.acknowledged.clear();
        self.before = self.count_needs().await;
        for (nth, &kill) in kills.iter().enumerate() {
            let server = self.setup.serve().await;
            assert_eq!(server.log.errors(), Vec::<String>::new());
            let waiting = self.posts.iter();
            let waiting: Vec<Posting> = waiting
                .filter(|post| !self.acknowledged.contains_key(&post.title))
                .cloned()
                .collect();
            let left = kill.saturating_sub(self.acknowledged.len());
            // Not always at the moment of an answer.
            let pause = Duration::from_millis([0, 3, 7, 1, 12][nth % 5]);
            let new = post_and_kill(server, &self.needing, waiting, left, pause).await;
            self.acknowledged.extend(new);
            let there = self.count_needs().await - self.before;
            eprintln!("{} acknowledged, {there} there", self.acknowledged.len());
            self.assert_each_is_there_once().await;
        }
    }

    async fn assert_each_is_there_once(&self) {
        let there = self.sums.titles("need").await;
        for title in self.acknowledged.keys() {
            assert_eq!(there.get(title), Some(&1), "{title} was acknowledged");
        }
        for (title, times) in &there {
            assert_eq!(*times, 1, "{title}");
        }
        self.sums.assert_nothing_is_half_written().await;
    }

    /// Repeats every post of the round, and waits for the jobs.
    async fn finish(&mut self) {
        let server = self.setup.serve().await;
        let client = Client::of(&server, &self.needing);
        let again = post_all(&client, &self.posts).await;
        let missing: Vec<&Posted> = again
            .values()
            .filter(|posted| !matches!(posted, Posted::Done(_)))
            .collect();
        assert_eq!(missing, Vec::<&Posted>::new(), "a quiet server answers all");
        for (title, id) in &self.acknowledged {
            assert_eq!(again[title], Posted::Done(id.clone()), "{title}");
        }
        let different: BTreeSet<String> = again.values().map(|one| format!("{one:?}")).collect();
        assert_eq!(different.len(), POSTS, "one answer belongs to one post");
        self.assert_each_is_there_once().await;
        assert_eq!(self.count_needs().await, self.before + POSTS_THERE);

        let took = self.sums.jobs_are_done(Duration::from_mins(2)).await;
        eprintln!("the last jobs took {took:?}");
        sums::assert_doctor_is_content(&self.setup).await;
        let told = (self.before + POSTS_THERE) * OFFERS_THERE;
        assert_eq!(self.sums.number("SELECT COUNT(*) FROM notice").await, told);
        let pairs =
            "SELECT COUNT(*) FROM (SELECT DISTINCT listing_id, counterpart_id FROM notice) p";
        assert_eq!(self.sums.number(pairs).await, told);
        let reader = client.as_bearer_of(&self.offering);
        let notices = reader.ask("{ viewer { notices { totalCount } } }").await;
        assert_eq!(notices["viewer"]["notices"]["totalCount"], told);
        // The board of a server that was started after it all says the same as the record.
        assert_eq!(server.log.errors(), Vec::<String>::new());
        server.end().await;
        let server = self.setup.serve().await;
        let found = Client::anonymous(&server).count_listings("søges").await;
        assert_eq!(i64::try_from(found).unwrap(), self.count_needs().await);
        server.end().await;
    }

    async fn count_needs(&self) -> i64 {
        let needs = "SELECT COUNT(*) FROM listing WHERE kind = 'need'";
        self.sums.number(needs).await
    }
}

/// Posts all at once, kills the server a moment after so many were acknowledged, and gives what
/// was acknowledged in all: answers that were on their way count as well.
async fn post_and_kill(
    server: Server,
    token: &str,
    posts: Vec<Posting>,
    acknowledgements: usize,
    pause: Duration,
) -> BTreeMap<String, String> {
    let mut posting = begin_posting(&Client::of(&server, token), &posts);
    let mut acknowledged = BTreeMap::new();
    let mut server = Some(server);
    while let Some(answer) = posting.join_next().await {
        if let (title, Posted::Done(id)) = answer.unwrap() {
            acknowledged.insert(title, id);
        }
        if acknowledged.len() >= acknowledgements
            && let Some(server) = server.take()
        {
            sleep(pause).await;
            server.kill().await;
        }
    }
    assert!(
        server.is_none(),
        "{} answers are too few",
        acknowledged.len()
    );
    acknowledged
}

/// Posts all at once, and waits for what comes of it, by title.
async fn post_all(client: &Client, posts: &[Posting]) -> BTreeMap<String, Posted> {
    begin_posting(client, posts)
        .join_all()
        .await
        .into_iter()
        .collect()
}

fn begin_posting(client: &Client, posts: &[Posting]) -> JoinSet<(String, Posted)> {
    let mut posting = JoinSet::new();
    for post in posts {
        let (client, post) = (client.clone(), post.clone());
        posting.spawn(async move {
            let posted = client.post(&post).await;
            (post.title, posted)
        });
    }
    posting
}
