//! 64 writers at once on SQLite, over HTTP: every write is done or clearly to come again, and the
//! sums agree with what the writers were told.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use faelled_tests::TestRecord;
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    alone,
    client::{Answer, Client, Posting},
    faelled::Setup,
    people, proving,
    sums::{self, Sums},
};

const WRITERS: usize = 64;
/// Writers that share a person, and with it a listing that all of them change.
const WRITERS_OF_A_PERSON: usize = 8;

/// What the writers were told, together.
#[derive(Default)]
struct Told {
    posted: AtomicI64,
    updated: AtomicI64,
    supported: AtomicI64,
    stale: AtomicI64,
    busy: AtomicU64,
    unavailable: AtomicU64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_writers_fail_only_with_a_clear_word_and_their_sums_agree() {
    let _turn = alone().await;
    // In each round a writer posts twice, changes thrice and supports once.
    let rounds = if proving() { 40 } else { 10 };
    let told = write(&[], rounds).await;
    let sent_away = told.busy.load(Relaxed) + told.unavailable.load(Relaxed);
    assert_eq!(sent_away, 0, "the defaults have room for 64");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_queue_says_busy_and_whoever_comes_again_is_served() {
    let _turn = alone().await;
    // Jobs wait for the same turns. One that is sent away and cannot even say so is taken up again
    // after its lease.
    let short = [
        ("record.write_queue", "2"),
        ("record.write_wait", "100ms"),
        ("jobs.lease", "2s"),
    ];
    let told = write(&short, 1).await;
    assert!(told.busy.load(Relaxed) > 0, "nobody was sent away");
}

async fn write(settings: &[(&str, &str)], rounds: usize) -> Told {
    let record = TestRecord::sqlite().await;
    let tokens = people::tokens(&record, WRITERS / WRITERS_OF_A_PERSON).await;
    let setup = settings
        .iter()
        .fold(Setup::over(&record), |setup, (key, value)| {
            setup.with(key, value)
        });
    let server = setup.serve().await;
    let anybody = Client::anonymous(&server);
    let told = Arc::new(Told::default());

    let mut shared = Vec::new();
    for (nth, token) in tokens.iter().enumerate() {
        let wish = Posting::new("WISH", format!("Fælles ønske {nth}"));
        shared.push(anybody.as_bearer_of(token).post_patiently(&wish).await);
        told.posted.fetch_add(1, Relaxed);
    }
    let started = Instant::now();
    let mut writers = JoinSet::new();
    for nth in 0..WRITERS {
        let person = nth % tokens.len();
        let writer = Writer {
            nth,
            client: anybody.as_bearer_of(&tokens[person]),
            told: Arc::clone(&told),
            shared: shared[person].clone(),
            supports: shared[(person + 1) % shared.len()].clone(),
        };
        writers.spawn(writer.write(rounds));
    }
    writers.join_all().await;
    let told = Arc::into_inner(told).unwrap();
    let (posted, updated) = (told.posted.load(Relaxed), told.updated.load(Relaxed));
    let supported = told.supported.load(Relaxed);
    eprintln!("{told:?} in {:?}", started.elapsed());

    let sums = Sums::of(&record).await;
    assert_eq!(sums.number("SELECT COUNT(*) FROM listing").await, posted);
    let changes = "SELECT CAST(SUM(version - 1) AS BIGINT) FROM listing";
    assert_eq!(sums.number(changes).await, updated);
    // Of the writers that share a person, one at a time can support.
    let toggled = "SELECT CAST(SUM(revision - version) AS BIGINT) FROM listing";
    assert!(sums.number(toggled).await <= supported);
    let supports =
        "SELECT CAST(SUM(supports) AS BIGINT) - (SELECT COUNT(*) FROM support) FROM listing";
    assert_eq!(sums.number(supports).await, 0);
    let log =
        "SELECT position - (SELECT CAST(SUM(revision) AS BIGINT) FROM listing) FROM change_head";
    assert_eq!(sums.number(log).await, 0, "a change, a row in the log");
    sums.assert_nothing_is_half_written().await;
    assert_eq!(
        i64::try_from(anybody.count_listings("ønske").await).unwrap(),
        posted
    );
    let jobs = sums.jobs_are_done(Duration::from_mins(2)).await;
    eprintln!("the last jobs took {jobs:?}");
    sums::assert_doctor_is_content(&setup).await;
    assert_eq!(server.log.errors(), Vec::<String>::new());
    server.end().await;
    sums.close().await;
    record.end().await;
    told
}

/// One of many who write.
struct Writer {
    nth: usize,
    client: Client,
    told: Arc<Told>,
    /// What several writers change.
    shared: String,
    /// What several writers support and support no longer.
    supports: String,
}

impl Writer {
    async fn write(self, rounds: usize) {
        for round in 0..rounds {
            for half in ["første", "anden"] {
                let title = format!("Ønske {} {round} {half}", self.nth);
                let id = self.post(&title).await;
                let version = self.version(&id).await;
                let changed = self.change(&id, version, &format!("{title} igen")).await;
                assert!(changed, "nobody else changes {title}");
            }
            self.change_shared().await;
            self.support(round % 2 == 0).await;
        }
    }

    async fn post(&self, title: &str) -> String {
        let query = "mutation($input: PostListingInput!) { postListing(input: $input) { \
                     listing { id } userErrors { code } } }";
        let input = Posting::new("WISH", title).input();
        let data = self.do_it(query, input).await;
        self.told.posted.fetch_add(1, Relaxed);
        data["postListing"]["listing"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Changes a listing from the version that was seen. Whoever comes too late is told so.
    async fn change(&self, id: &str, version: i64, title: &str) -> bool {
        let query = "mutation($input: UpdateListingInput!) { updateListing(input: $input) { \
                     listing { version } userErrors { code } } }";
        let input = json!({ "id": id, "version": version, "changes": { "title": title } });
        let data = self.do_it(query, input).await;
        let payload = &data["updateListing"];
        if payload["listing"]["version"] == version + 1 {
            self.told.updated.fetch_add(1, Relaxed);
            return true;
        }
        assert_eq!(
            payload["userErrors"][0]["code"], "STALE_VERSION",
            "{payload}"
        );
        self.told.stale.fetch_add(1, Relaxed);
        false
    }

    /// Changes what others change at the same time, until it has worked.
    async fn change_shared(&self) {
        loop {
            let version = self.version(&self.shared).await;
            let title = format!("Fælles ønske af {}", self.nth);
            if self.change(&self.shared, version, &title).await {
                return;
            }
        }
    }

    async fn support(&self, supports: bool) {
        let verb = if supports {
            "addSupport"
        } else {
            "removeSupport"
        };
        let query = format!(
            "mutation($input: SupportInput!) {{ {verb}(input: $input) {{ \
             listing {{ supportCount }} userErrors {{ code }} }} }}"
        );
        let data = self.do_it(&query, json!({ "id": self.supports })).await;
        assert_eq!(data[verb]["userErrors"], json!([]));
        self.told.supported.fetch_add(1, Relaxed);
    }

    async fn version(&self, id: &str) -> i64 {
        let query = "query($id: ID!) { node(id: $id) { ... on Listing { version } } }";
        loop {
            let answer = self.client.send(query, json!({ "id": id })).await;
            if answer.says_to_come_again() {
                sleep(Duration::from_millis(5)).await;
                continue;
            }
            return answer.data()["node"]["version"].as_i64().unwrap();
        }
    }

    /// Does something until the record has the time for it. No other failure is accepted than one
    /// that says that nothing was done, and that the same request may come again: `BUSY` when it
    /// could not be written, `UNAVAILABLE` when the token could not even be looked up.
    async fn do_it(&self, query: &str, input: Value) -> Value {
        loop {
            let sent_away = match self.client.send(query, json!({ "input": input })).await {
                Answer::Data(data) => return data,
                Answer::Refused(code) if code == "BUSY" => &self.told.busy,
                Answer::Refused(code) if code == "UNAVAILABLE" => &self.told.unavailable,
                other => panic!("no clear word: {other:?}"),
            };
            sent_away.fetch_add(1, Relaxed);
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} posted, {} changed, {} supported or no longer, {} too late, {} busy, {} unavailable",
            self.posted.load(Relaxed),
            self.updated.load(Relaxed),
            self.supported.load(Relaxed),
            self.stale.load(Relaxed),
            self.busy.load(Relaxed),
            self.unavailable.load(Relaxed),
        )
    }
}
