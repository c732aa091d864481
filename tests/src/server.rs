//! A whole server for one test: the real use cases over a [`TestRecord`], the real catalog, and the
//! real routes, without a socket. What a test asks goes through the transport, as a client's
//! request does.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use chrono::{DateTime, TimeDelta, Utc};
use faelled_engine::{
    catalog::Catalog,
    id::{Id, OrganizationId, PersonId},
    organization::{Organization, OrganizationKind, Person, Profile, ProfileDraft, Role},
};
use faelled_server::{
    app::{App, people},
    citizens::{Citizens, Keeping},
    clock::Clock,
    graphql::{self, Executor, Limits},
    house::House,
    http::{self, HttpSettings},
    jobs,
};
use faelled_store::{Counts, RecordConfig, Store};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{TestRecord, fixtures};

/// Signs the cursors of every test server, so that two over one record understand each other.
const SECRET: &[u8] = b"the secret of a house that only exists in a test";

/// How a test server does jobs.
const JOBS: jobs::Settings = jobs::Settings {
    workers: 1,
    lease: Duration::from_mins(1),
    poll: Duration::from_secs(1),
    max_attempts: 3,
};

/// The catalog that a house really has, read once for all tests.
pub fn catalog() -> Arc<Catalog> {
    static CATALOG: OnceLock<Arc<Catalog>> = OnceLock::new();
    Arc::clone(CATALOG.get_or_init(|| {
        let catalog = faelled_seed::catalog().expect("the catalog can be read");
        Arc::new(catalog)
    }))
}

/// Who asks, and in which language.
#[derive(Debug, Clone)]
pub struct User {
    /// The person; none for somebody who has not signed in.
    pub person: Option<PersonId>,
    /// The bearer token.
    pub token: Option<String>,
    language: &'static str,
}

impl User {
    /// Somebody who has not signed in.
    pub const fn anonymous() -> Self {
        Self {
            person: None,
            token: None,
            language: "da",
        }
    }

    /// Somebody who comes with this token.
    pub fn with_token(token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..Self::anonymous()
        }
    }

    /// The same person, reading English.
    #[must_use]
    pub fn in_english(&self) -> Self {
        Self {
            language: "en",
            ..self.clone()
        }
    }

    /// The person; a test that asks this of somebody anonymous fails.
    pub fn id(&self) -> PersonId {
        self.person.expect("somebody who has signed in")
    }
}

/// What came back over HTTP.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status line's number.
    pub status: StatusCode,
    /// The body as it was sent.
    pub text: String,
    /// The body.
    pub body: Value,
    /// How long it took.
    pub took: Duration,
}

/// A server over a record. [`TestServer::end`] has to be called, and fails when jobs are left over.
pub struct TestServer {
    store: Store,
    house: Option<House>,
    executor: Executor,
    router: Router,
    at: Option<DateTime<Utc>>,
    ended: bool,
}

impl TestServer {
    /// One whose clock stands still at [`fixtures::now`], a Monday morning in March 2026.
    pub async fn open(record: &TestRecord) -> Self {
        Self::open_with(&record.config(), Some(fixtures::now())).await
    }

    /// One with connections of its own, whose clock runs when it stands nowhere.
    pub async fn open_with(config: &RecordConfig, at: Option<DateTime<Utc>>) -> Self {
        let store = Store::connect(config, catalog())
            .await
            .expect("the record opens");
        let (house, executor, router) = build(&store, at).await;
        Self {
            store,
            house: Some(house),
            executor,
            router,
            at,
            ended: false,
        }
    }

    /// Sets the clock, and builds the board anew, as a restart at that time would.
    pub async fn move_to(&mut self, at: DateTime<Utc>) {
        let (house, executor, router) = build(&self.store, Some(at)).await;
        self.house = Some(house);
        self.executor = executor;
        self.router = router;
        self.at = Some(at);
    }

    /// Moves the clock on.
    pub async fn wait(&mut self, time: TimeDelta) {
        self.move_to(self.now() + time).await;
    }

    /// Follows the change log from now on, as a server that serves does.
    pub fn follow(&mut self) {
        let house = self.house.as_mut().expect("a house that is open");
        house.follow(Duration::from_millis(100));
    }

    /// Does jobs and tidies the record from now on, as a server that serves does.
    pub fn work(&mut self) {
        let house = self.house.as_mut().expect("a house that is open");
        house.work(JOBS);
    }

    /// Reads the change log to its end, as a server that follows does in its own time.
    pub async fn catch_up(&self) {
        let log = self.store.log_bounds().await.expect("the log");
        self.app().live.catch_up_to(log.head).await;
    }

    /// What time it is for this server.
    pub fn now(&self) -> DateTime<Utc> {
        self.app().clock.now()
    }

    /// Its use cases.
    pub fn app(&self) -> &App {
        self.executor.app()
    }

    /// Its schema, below the transport.
    pub const fn executor(&self) -> &Executor {
        &self.executor
    }

    /// Its record.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// How many of each thing its record holds.
    pub async fn counts(&self) -> Counts {
        self.store.counts().await.expect("counts")
    }

    /// Does every job that is due. Says how many there were.
    pub async fn run_jobs(&self) -> usize {
        jobs::run_due(self.app(), JOBS).await
    }

    /// Ends the test's server. Fails when a job is due that nobody has done, or could not be done:
    /// what a request sets off belongs to what it is tested for.
    pub async fn end(mut self) {
        self.ended = true;
        let jobs = self.store.job_counts(self.now()).await.expect("counts");
        assert_eq!(
            (jobs.due, jobs.claimed, jobs.dead),
            (0, 0, 0),
            "jobs are left over (due, claimed, dead); call run_jobs() and look at what they did"
        );
        let house = self.house.take().expect("a house that is open");
        house.close().await.expect("the record closes");
    }

    /// Sends one request to `/graphql`.
    pub async fn send(&self, who: &User, query: &str, variables: &Value) -> Answer {
        let body = json!({ "query": query, "variables": variables });
        self.post(who, body.to_string()).await
    }

    /// Sends a body to `/graphql`.
    pub async fn post(&self, who: &User, body: String) -> Answer {
        let mut request = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/graphql-response+json")
            .header(header::ACCEPT_LANGUAGE, who.language);
        if let Some(token) = &who.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body)).expect("a request");
        let started = Instant::now();
        let response = self.router.clone().oneshot(request).await.expect("never");
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX)
            .await
            .expect("a body");
        let took = started.elapsed();
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer {
            status,
            text,
            body,
            took,
        }
    }

    /// Asks, and gives the whole answer, errors and all.
    pub async fn ask(&self, who: &User, query: &str, variables: Value) -> Value {
        self.send(who, query, &variables).await.body
    }

    /// Asks something that is answered without errors, and gives the data.
    pub async fn data(&self, who: &User, query: &str, variables: Value) -> Value {
        let mut answer = self.send(who, query, &variables).await;
        assert!(
            answer.status == StatusCode::OK && answer.body.get("errors").is_none(),
            "{query}\n{variables}\n{} {:#}",
            answer.status,
            answer.body
        );
        answer.body["data"].take()
    }

    /// Asks something that is refused as a whole, and gives the code of the first error.
    pub async fn error_code(&self, who: &User, query: &str, variables: Value) -> String {
        let answer = self.ask(who, query, variables).await;
        text(&answer["errors"][0]["extensions"]["code"])
    }

    /// Carries out a mutation that succeeds, and gives the object that it made or changed.
    pub async fn did(&self, who: &User, mutation: &str, variables: Value) -> Value {
        let payload = self.payload(who, mutation, variables).await;
        assert_eq!(payload["userErrors"], json!([]), "{mutation}");
        let object = [
            "listing",
            "match",
            "organization",
            "arrangement",
            "visit",
            "overlap",
        ]
        .into_iter()
        .find_map(|name| payload.get(name));
        object.expect("the object of the payload").clone()
    }

    /// Carries out a mutation that is refused, and gives its `userErrors`.
    pub async fn refused(&self, who: &User, mutation: &str, variables: Value) -> Vec<Value> {
        let payload = self.payload(who, mutation, variables.clone()).await;
        let errors = payload["userErrors"].as_array().expect("userErrors");
        assert!(!errors.is_empty(), "{mutation}\n{variables}\n{payload:#}");
        let left = payload.as_object().expect("a payload");
        for (name, value) in left {
            assert!(
                name == "userErrors" || value.is_null() || *value == json!([]),
                "{name} stands beside userErrors: {value}"
            );
        }
        errors.clone()
    }

    /// Carries out a mutation that is refused for one reason, and gives its code and field.
    pub async fn refusal(&self, who: &User, mutation: &str, variables: Value) -> String {
        let errors = self.refused(who, mutation, variables).await;
        assert_eq!(errors.len(), 1, "{errors:#?}");
        reason(&errors[0])
    }

    async fn payload(&self, who: &User, mutation: &str, variables: Value) -> Value {
        let data = self.data(who, mutation, variables).await;
        let fields = data.as_object().expect("data");
        assert_eq!(fields.len(), 1, "one mutation at a time");
        fields.values().next().cloned().unwrap_or_default()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        assert!(
            self.ended || std::thread::panicking(),
            "a test has to end its server, so that left-over jobs are seen"
        );
    }
}

async fn build(store: &Store, at: Option<DateTime<Utc>>) -> (House, Executor, Router) {
    let house = House::open(store.clone(), catalog(), Clock::new(at), SECRET, citizens())
        .await
        .expect("the house opens");
    let executor = Executor::new(house.app.clone(), Limits::default());
    let router = http::router(executor.clone(), &HttpSettings::default(), graphql::sdl());
    (house, executor, router)
}

/// The keys under which citizens are known to every test server.
fn citizens() -> Citizens {
    let keeping = Keeping {
        daily_budget: DAILY_BUDGET,
        forget_after: TimeDelta::days(180),
    };
    Citizens::new(&[SECRET], keeping).expect("a secret that is long enough")
}

/// How often one may ask about citizens in a day, on a test server.
pub const DAILY_BUDGET: u32 = 20;

/// `CODE field.path` of an entry of `userErrors`, or of the problems of a top-level error.
pub fn reason(error: &Value) -> String {
    let path: Vec<String> = error["field"]
        .as_array()
        .expect("a path")
        .iter()
        .map(text)
        .collect();
    format!("{} {}", text(&error["code"]), path.join("."))
}

/// The text of a value that is a string.
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("a string, not {value}"))
        .to_owned()
}

/// People and organizations, as the command line and the seed make them.
impl TestServer {
    /// A person with a token. The contact is told from the name.
    pub async fn person(&self, first_name: &str, surname: &str) -> User {
        let domain = format!("{}.example", surname.to_lowercase());
        let person = Person {
            id: fixtures::id(),
            first_name: first_name.into(),
            surname: surname.into(),
            email: Some(format!("{}@{domain}", first_name.to_lowercase())),
            phone: Some("+45 20 30 40 50".into()),
            shows_first_name: true,
        };
        self.introduce(&person).await
    }

    /// A person that is given as a whole, with a token.
    pub async fn introduce(&self, person: &Person) -> User {
        let mut writing = self.store.write(self.now()).await.expect("a turn");
        writing.insert_person(person).await.expect("a person");
        writing.commit().await.expect("a commit");
        let token = self.token(person.id, None).await;
        User {
            person: Some(person.id),
            token: Some(token),
            language: "da",
        }
    }

    /// A token of a person.
    pub async fn token(&self, person: PersonId, lifetime: Option<TimeDelta>) -> String {
        people::make_token(&self.store, self.app().clock, person, "test", lifetime)
            .await
            .expect("a token")
    }

    /// An organization of this kind, verified, at home in 8800 Viborg.
    pub async fn organization(&self, name: &str, kind: OrganizationKind) -> OrganizationId {
        let draft = ProfileDraft {
            name: name.into(),
            postal_code: "8800".into(),
            email: Some("kontakt@forening.example".into()),
            phone: Some("+45 87 87 87 87".into()),
            ..Default::default()
        };
        let profile =
            Profile::parse(&draft, kind, None, &self.app().catalog).expect("a valid profile");
        let organization = Organization {
            id: fixtures::id(),
            version: 1,
            profile,
            verified: true,
            external_id: None,
        };
        let mut writing = self.store.write(self.now()).await.expect("a turn");
        writing
            .insert_organization(&organization)
            .await
            .expect("an organization");
        let committed = writing.commit().await.expect("a commit");
        self.app().live.catch_up_to(committed.position).await;
        organization.id
    }

    /// A volunteer house that looks after these municipalities.
    pub async fn house(&self, name: &str, municipalities: &[&str]) -> OrganizationId {
        let house = self
            .organization(name, OrganizationKind::VolunteerHouse)
            .await;
        let mut writing = self.store.write(self.now()).await.expect("a turn");
        for municipality in municipalities {
            writing
                .insert_house_area(house, municipality)
                .await
                .expect("an area");
        }
        writing.commit().await.expect("a commit");
        house
    }

    /// An association.
    pub async fn association(&self, name: &str) -> OrganizationId {
        self.organization(name, OrganizationKind::Association).await
    }

    /// Gives a person a role in an organization.
    pub async fn join(&self, who: &User, organization: OrganizationId, role: Role) {
        let mut writing = self.store.write(self.now()).await.expect("a turn");
        writing
            .insert_membership(who.id(), organization, role)
            .await
            .expect("a membership");
        writing.commit().await.expect("a commit");
    }

    /// A new person with a role in an organization.
    pub async fn someone(&self, name: &str, organization: OrganizationId, role: Role) -> User {
        let who = self.person(name, "Medarbejder").await;
        self.join(&who, organization, role).await;
        who
    }
}

/// The opaque id that the API gives to an organization.
pub fn organization_id(id: OrganizationId) -> String {
    opaque(b'O', id)
}

/// An opaque id of this kind that names nothing.
pub fn absent_id(kind: u8) -> String {
    opaque(kind, fixtures::id::<()>())
}

fn opaque<T>(kind: u8, id: Id<T>) -> String {
    let mut bytes = vec![kind];
    bytes.extend_from_slice(id.uuid().as_bytes());
    base64(&bytes)
}

/// What an opaque id names, whichever kind of thing it is.
pub fn named<T>(opaque: &str) -> Id<T> {
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for letter in opaque.bytes() {
        let at = LETTERS.iter().position(|known| *known == letter);
        let value = at.and_then(|at| u32::try_from(at).ok());
        bits = (bits << 6 | value.expect("a letter of base64")) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).expect("a byte"));
        }
    }
    let bytes = bytes[1..].try_into().expect("a kind and 16 bytes");
    Id::from_random(bytes)
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// URL-safe base64 without padding.
pub fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0_usize, |word, byte| (word << 8) | usize::from(*byte))
            << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            text.push(char::from(LETTERS[(word >> (18 - 6 * at)) & 63]));
        }
    }
    text
}

/// A fresh text that stands nowhere else, to look for where it must not be.
pub fn marker(what: &str) -> String {
    format!("{what}{}", fixtures::uuid().simple())
}
