//! What one can listen to, below the socket: the socket's own tests are `tests/http`.

use std::time::Duration;

use async_graphql::{Request, Response, Variables};
use faelled_engine::organization::Role;
use faelled_server::{
    auth,
    http::{Caller, Language},
};
use faelled_tests::{
    TestServer, User, both_databases,
    server::{organization_id, text},
};
use futures_util::{StreamExt, stream::BoxStream};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::words::{PROPOSE, decide, draft, need, post, post_for, propose, step, take};

/// News that is under way has come by then; what has not come by then does not come.
const SOON: Duration = Duration::from_millis(300);

/// Somebody's subscription.
pub struct Listener {
    stream: BoxStream<'static, Response>,
}

impl Listener {
    /// Begins to listen. Whoever asks for the first event hears of what happens after this.
    pub async fn new(server: &TestServer, who: &User, query: &str, variables: Value) -> Self {
        let actor = auth::authenticate(server.app(), who.token.as_deref())
            .await
            .unwrap();
        let caller = Caller {
            actor,
            language: Language::Danish,
        };
        let request = Request::new(query).variables(Variables::from_json(variables));
        let mut listener = Self {
            stream: server.executor().answers(request, caller),
        };
        // A stream listens from when it is first polled.
        assert!(
            listener
                .next_within(Duration::from_millis(20))
                .await
                .is_none()
        );
        listener
    }

    /// The next event, if one comes in this time.
    pub async fn next_within(&mut self, time: Duration) -> Option<Value> {
        let text = self.text_within(time).await?;
        Some(serde_json::from_str(&text).unwrap())
    }

    /// The same, as it is sent.
    pub async fn text_within(&mut self, time: Duration) -> Option<String> {
        let response = timeout(time, self.stream.next()).await.ok()??;
        Some(serde_json::to_string(&response).unwrap())
    }

    async fn nothing(&mut self) {
        let came = self.next_within(SOON).await;
        assert!(came.is_none(), "{came:?}");
    }
}

const POSTED: &str = "subscription($filter: ListingFilter) { listingPosted(filter: $filter) {
    id title person { firstName surname } place { precision address latitude } } }";
const UPDATED: &str = "subscription { matchUpdated { id status version viewerSide
    proposer { person { firstName surname } } } }";

both_databases! {
    async fn a_posted_listing_is_announced_to_those_whose_filter_finds_it(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Hemmelig").await;
        let anyone = User::anonymous();
        let mut all = Listener::new(&server, &anyone, POSTED, json!({})).await;
        let near = json!({ "filter": { "near": { "postalCode": "8800", "radiusKm": 5 }, "kinds": ["NEED"] } });
        let mut near = Listener::new(&server, &anyone, POSTED, near).await;
        let mut later = Listener::new(&server, &anyone, POSTED, json!({ "filter": { "themes": ["football"] } })).await;

        let place = json!({ "postalCode": "8800", "address": "Hemmelig Vej 1",
            "point": { "latitude": 56.44117, "longitude": 9.39223 } });
        let found = post(&server, &anna, need(json!({ "place": place }))).await;
        for listener in [&mut all, &mut near] {
            let event = listener.next_within(SOON).await.unwrap();
            let listing = &event["data"]["listingPosted"];
            assert_eq!(text(&listing["id"]), found);
            assert_eq!((&listing["person"], &listing["place"]["precision"]), (&Value::Null, &json!("POSTCODE")));
            assert!(!event.to_string().contains("Hemmelig") && !event.to_string().contains("56.44117"));
        }
        let elsewhere = post(&server, &anna, need(json!({ "place": { "postalCode": "7470" } }))).await;
        assert_eq!(all.next_within(SOON).await.unwrap()["data"]["listingPosted"]["id"], elsewhere);
        near.nothing().await;
        // A change, a pause and a return are no posting.
        for (version, verb) in [(1, "pause"), (2, "resume"), (3, "close")] {
            server.did(&anna, &decide(verb), json!({ "input": { "id": found, "version": version } })).await;
        }
        all.nothing().await;
        later.nothing().await;
        let football = post(&server, &anna, need(json!({ "themes": ["football"] }))).await;
        assert_eq!(later.next_within(SOON).await.unwrap()["data"]["listingPosted"]["id"], football);
        server.run_jobs().await;
        server.end().await;
    }

    async fn a_match_is_announced_to_its_sides_and_nobody_else(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let eve = server.person("Eve", "Udenfor").await;
        let kors = server.association("Røde Kors").await;
        let karen = server.someone("Karen", kors, Role::Coordinator).await;
        let member = server.someone("Mads", kors, Role::Member).await;
        let id = post(&server, &anna, need(json!({}))).await;
        let mut of_anna = Listener::new(&server, &anna, UPDATED, json!({})).await;
        let mut of_bo = Listener::new(&server, &bo, UPDATED, json!({})).await;
        let mut of_eve = Listener::new(&server, &eve, UPDATED, json!({})).await;
        let mut of_karen = Listener::new(&server, &karen, UPDATED, json!({})).await;
        let mut of_member = Listener::new(&server, &member, UPDATED, json!({})).await;

        let agreed = propose(&server, &bo, &id, None).await;
        let told = of_anna.next_within(SOON).await.unwrap()["data"]["matchUpdated"].clone();
        assert_eq!(told, json!({ "id": agreed, "status": "PROPOSED", "version": 1, "viewerSide": "OWNER",
            "proposer": { "person": { "firstName": "Bo", "surname": null } } }));
        assert_eq!(of_bo.next_within(SOON).await.unwrap()["data"]["matchUpdated"]["viewerSide"], "PROPOSER");
        take(&server, &anna, "accept", &agreed).await;
        let told = of_anna.next_within(SOON).await.unwrap()["data"]["matchUpdated"].clone();
        assert_eq!((&told["status"], &told["proposer"]["person"]["surname"]), (&json!("CONFIRMED"), &json!("Dal")));
        assert_eq!(of_bo.next_within(SOON).await.unwrap()["data"]["matchUpdated"]["status"], "CONFIRMED");

        let of_kors = post_for(&server, &karen, Some(&organization_id(kors)), need(json!({}))).await;
        propose(&server, &bo, &of_kors, None).await;
        assert_eq!(of_karen.next_within(SOON).await.unwrap()["data"]["matchUpdated"]["viewerSide"], "OWNER");
        of_member.nothing().await;
        of_eve.nothing().await;
        // A refused step is no news.
        let input = json!({ "input": { "id": agreed } });
        server.refusal(&bo, &step("accept"), input).await;
        server.refusal(&anna, PROPOSE, json!({ "input": { "listing": id } })).await;
        of_anna.nothing().await;
        server.run_jobs().await;
        server.end().await;
    }

    async fn those_who_are_no_side_cost_nothing(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let (anna, bo) = (server.person("Anna", "Berg").await, server.person("Bo", "Dal").await);
        let eve = server.person("Eve", "Udenfor").await;
        let mut costs = Vec::new();
        for listening in [0, 20] {
            let mut strangers = Vec::new();
            for _ in 0..listening {
                strangers.push(Listener::new(&server, &eve, UPDATED, json!({})).await);
            }
            let listing = post(&server, &anna, need(json!({}))).await;
            let mut of_anna = Listener::new(&server, &anna, UPDATED, json!({})).await;
            let before = server.store().statements();
            propose(&server, &bo, &listing, None).await;
            of_anna.next_within(SOON).await.unwrap();
            for stranger in &mut strangers {
                assert!(stranger.next_within(Duration::from_millis(5)).await.is_none());
            }
            costs.push(server.store().statements() - before);
        }
        assert_eq!(costs[0], costs[1]);
        server.run_jobs().await;
        server.end().await;
    }

    async fn a_role_that_ends_while_one_listens_ends_the_news(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let bo = server.person("Bo", "Dal").await;
        let kors = server.association("Røde Kors").await;
        let karen = server.someone("Karen", kors, Role::Coordinator).await;
        let of_kors = post_for(&server, &karen, Some(&organization_id(kors)), need(json!({}))).await;
        let mut listener = Listener::new(&server, &karen, UPDATED, json!({})).await;
        let raw = record.raw().await;
        sea_orm::ConnectionTrait::execute_unprepared(&raw, "DELETE FROM membership").await.unwrap();
        propose(&server, &bo, &of_kors, None).await;
        listener.nothing().await;
        server.run_jobs().await;
        server.end().await;
    }

    async fn a_subscription_that_cannot_be_is_refused_once(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let cases = [
            (UPDATED, json!({}), "UNAUTHENTICATED"),
            (POSTED, json!({ "filter": { "themes": ["astrology"] } }), "BAD_USER_INPUT"),
        ];
        for (query, variables, code) in cases {
            let caller = Caller { actor: faelled_engine::access::Actor::ANONYMOUS, language: Language::Danish };
            let request = Request::new(query).variables(Variables::from_json(variables));
            let answers: Vec<Response> = server.executor().answers(request, caller).collect().await;
            assert_eq!(answers.len(), 1, "{query}");
            let answer = serde_json::to_value(&answers[0]).unwrap();
            assert_eq!(answer["errors"][0]["extensions"]["code"], code);
        }
        // Over HTTP there are no subscriptions; a client is told where to go.
        let over_http = server.send(&User::anonymous(), UPDATED, &json!({})).await;
        assert_eq!(over_http.status.as_u16(), 400);
        post(&server, &server.person("A", "B").await, draft(json!({}))).await;
        server.run_jobs().await;
        server.end().await;
    }
}
