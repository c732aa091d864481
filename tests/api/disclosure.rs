//! Who learns what: `docs/DISCLOSURE.md`, asked of whole answers. What is private is a text that
//! stands nowhere else; it must not appear in any answer, error or log line of those who may not
//! see it.

use faelled_engine::organization::{OrganizationKind, Person, Role};
use faelled_tests::{
    TestServer, User, both_databases, fixtures, log,
    server::{marker, organization_id},
};
use serde_json::{Value, json};

use crate::words::{
    POST, PROPOSE, UPDATE, decide, draft, need, post, post_for, propose, step, support, take,
};

/// Every field of a listing that can be shown to anybody, and of what hangs on it.
const LISTING: &str = "fragment L on Listing {
    id version kind status isOpen postedAt assuredAt updatedAt expiresAt title task description
    themes { code } targetGroups { code } languages organization { id name email phone }
    person { firstName surname email phone }
    place { precision name address postalCode town municipality latitude longitude }
    attendance reachKm schedule { byAgreement oneOffs { start end } recurrences { rule } }
    nextOccurrence { localStart } effortMinutes capacity placesLeft
    requirements { minimumAge } declarations { minimumAge childrensCertificate }
    supportCount viewerSupports viewerManages externalId }
fragment M on Match { id status message viewerSide
    listing { ...L } counterpart { ...L }
    proposer { organization { name } person { firstName surname email phone } }
    owner { organization { name } person { firstName surname email phone } } } ";

/// Private things, by whom they belong to.
struct Secrets {
    /// Of a private person who shows the first name to those who are signed in.
    anna: Vec<String>,
    annas_first_name: String,
    /// Of a private person who does not show even that, and has only proposed.
    shy: Vec<String>,
    /// Of a place that is somebody's home, in a listing of an organization.
    home: Vec<String>,
    /// Of the coordinator who posted it.
    karen: Vec<String>,
}

struct Town {
    secrets: Secrets,
    users: Vec<(&'static str, User)>,
    ids: Vec<String>,
    agreed: Vec<String>,
}

async fn private_person(
    server: &TestServer,
    shows_first_name: bool,
) -> (User, String, Vec<String>) {
    let (first, surname) = (marker("For"), marker("Efter"));
    let email = format!("{}@{}.example", marker("m"), marker("d"));
    let person = Person {
        id: fixtures::id(),
        first_name: first.clone(),
        surname: surname.clone(),
        email: Some(email.clone()),
        phone: Some("+45 71 82 93 04".into()),
        shows_first_name,
    };
    let user = server.introduce(&person).await;
    (user, first, vec![surname, email, "71 82 93 04".into()])
}

fn home(latitude: &str, longitude: &str) -> (Value, Vec<String>) {
    let (name, address) = (marker("Hos"), marker("Vej"));
    let number = |text: &str| text.parse::<f64>().unwrap();
    let place = json!({ "postalCode": "8800", "name": name, "address": address, "atHome": true,
        "point": { "latitude": number(latitude), "longitude": number(longitude) } });
    (
        place,
        vec![name, address, latitude.to_owned(), longitude.to_owned()],
    )
}

async fn town(server: &TestServer) -> Town {
    let (anna, annas_first_name, mut annas) = private_person(server, true).await;
    let (shy, shy_first_name, mut shys) = private_person(server, false).await;
    shys.push(shy_first_name);
    let (karen, karens_first_name, mut karens) = private_person(server, false).await;
    karens.push(karens_first_name);
    let kors = server.association("Røde Kors Viborg").await;
    server.join(&karen, kors, Role::Coordinator).await;
    let member = server.someone("Mads", kors, Role::Member).await;
    let other = server.association("Naboforeningen").await;
    let other = server.someone("Nanna", other, Role::Admin).await;
    let house = server
        .organization("De Frivilliges Hus", OrganizationKind::VolunteerHouse)
        .await;
    let house = server.someone("Hanne", house, Role::Admin).await;
    let (side, stranger) = (
        server.person("Siri", "Side").await,
        server.person("Sten", "Fremmed").await,
    );

    let (place, at_annas) = home("56.44117", "9.39223");
    annas.extend(at_annas);
    let need_of_anna = post(server, &anna, need(json!({ "place": place }))).await;
    let (place, at_home) = home("56.46331", "9.42771");
    let kors = organization_id(kors);
    let need_of_kors = post_for(server, &karen, Some(&kors), need(json!({ "place": place }))).await;
    let (place, at_shys) = home("56.47339", "9.35557");
    shys.extend(at_shys);
    let offer_of_shy = post(server, &shy, draft(json!({ "place": place }))).await;
    // A wish of Anna's that is put away: only she and her sides know of it.
    let hidden = marker("Gemt");
    let put_away = post(
        server,
        &anna,
        draft(json!({ "kind": "WISH", "title": hidden })),
    )
    .await;
    server
        .did(
            &anna,
            &decide("pause"),
            json!({ "input": { "id": put_away, "version": 1 } }),
        )
        .await;
    annas.push(hidden);

    let confirmed = propose(server, &side, &need_of_anna, None).await;
    take(server, &anna, "accept", &confirmed).await;
    let proposed = propose(server, &shy, &need_of_anna, Some(&offer_of_shy)).await;
    let to_kors = propose(server, &shy, &need_of_kors, Some(&offer_of_shy)).await;
    server.run_jobs().await;
    Town {
        secrets: Secrets {
            anna: annas,
            annas_first_name,
            shy: shys,
            home: at_home,
            karen: karens,
        },
        users: vec![
            ("anonymous", User::anonymous()),
            ("stranger", stranger),
            ("member", member),
            ("other", other),
            ("house", house),
            ("side", side),
            ("anna", anna),
            ("shy", shy),
            ("karen", karen),
        ],
        ids: vec![need_of_anna, need_of_kors, offer_of_shy, put_away],
        agreed: vec![confirmed, proposed, to_kors],
    }
}

/// Asks everything that could be asked, and tries everything that could be tried without changing
/// anything, and gives all that was answered.
async fn everything(server: &TestServer, who: &User, town: &Town) -> String {
    let mut told = String::new();
    let mut ask = async |query: &str, variables: Value| {
        let query = if query.contains("...L") || query.contains("...M") {
            format!("{query} {LISTING}")
        } else {
            query.to_owned()
        };
        let query = if query.contains("...M") {
            query
        } else {
            query.split("fragment M").next().unwrap().to_owned()
        };
        told += &server.send(who, &query, &variables).await.text;
        told += "\n";
    };
    ask(
        "{ listings(first: 100) { totalCount edges { cursor distanceKm node { ...L } }
        facets { organizations { organization { name } } } } }",
        json!({}),
    )
    .await;
    for order in ["NEWEST", "START", "DISTANCE", "RELEVANCE"] {
        ask("query($o: ListingOrder!) { listings(orderBy: $o, filter: { near: { postalCode: \"8800\", radiusKm: 50 } }) {
            edges { cursor distanceKm } } }", json!({ "o": order })).await;
    }
    ask("{ viewer { person { firstName } listings { edges { node { ...L } } } memberships { organization { name } } } }", json!({})).await;
    ask(
        "{ viewer { notices { edges { node { score listing { ...L } counterpart { ...L } } } } } }",
        json!({}),
    )
    .await;
    ask(
        "{ viewer { matches { totalCount edges { node { ...M } } } } }",
        json!({}),
    )
    .await;
    for id in town.ids.iter().chain(&town.agreed) {
        ask(
            "query($id: ID!) { node(id: $id) { id ...L ...M } }",
            json!({ "id": id }),
        )
        .await;
        ask(
            "query($id: ID!) { node(id: $id) { ... on Listing {
            suggestedMatches { score distanceKm sentence reasons { sentence } listing { ...L } }
            similarListings { similarity distanceKm listing { ...L } } } } }",
            json!({ "id": id }),
        )
        .await;
        ask("query($id: ID!) { viewer { matches(listing: $id) { totalCount edges { node { ...M } } } } }",
            json!({ "id": id })).await;
        let stale = json!({ "input": { "id": id, "version": 99, "changes": { "title": "x" } } });
        ask(UPDATE, stale).await;
        ask(
            &decide("close"),
            json!({ "input": { "id": id, "version": 99 } }),
        )
        .await;
        ask(&support("remove"), json!({ "input": { "id": id } })).await;
        ask(
            PROPOSE,
            json!({ "input": { "listing": id, "counterpart": id } }),
        )
        .await;
        ask(
            &step("complete"),
            json!({ "input": { "id": town.agreed[1] } }),
        )
        .await;
    }
    ask("query($d: ListingDraftInput!) { previewListing(input: { draft: $d }) {
        suggestedMatches { distanceKm sentence listing { ...L } } similarListings { distanceKm listing { ...L } } } }",
        json!({ "d": draft(json!({})) })).await;
    ask(
        POST,
        json!({ "input": { "draft": need(json!({ "title": "" })) } }),
    )
    .await;
    told
}

impl Secrets {
    /// What this viewer must not see. Whoever is not named in a line sees nothing of it.
    fn kept_from(&self, viewer: &str) -> Vec<&String> {
        let table: [(&[String], &[&str]); 5] = [
            (&self.anna, &["anna", "side"]),
            (
                std::slice::from_ref(&self.annas_first_name),
                &[
                    "anna", "side", "shy", "stranger", "member", "other", "house", "karen",
                ],
            ),
            (&self.shy, &["shy"]),
            (&self.home, &["karen"]),
            (&self.karen, &["karen"]),
        ];
        let kept = table
            .into_iter()
            .filter(|(_, seers)| !seers.contains(&viewer));
        kept.flat_map(|(secrets, _)| secrets).collect()
    }

    fn all(&self) -> impl Iterator<Item = &String> {
        [&self.anna, &self.shy, &self.home, &self.karen]
            .into_iter()
            .flatten()
    }
}

both_databases! {
    async fn no_answer_tells_what_is_not_for_its_reader(record: &TestRecord) {
        log::keep();
        let server = TestServer::open(record).await;
        let town = town(&server).await;
        // One phone number and Anna's hidden title are shared by several tables: what one may see.
        let phone = "71 82 93 04".to_owned();
        for (name, who) in &town.users {
            let told = everything(&server, who, &town).await;
            let sees_a_phone = ["anna", "side", "shy", "karen"].contains(name);
            for secret in town.secrets.kept_from(name) {
                if *secret == phone && sees_a_phone {
                    continue;
                }
                let at = told.find(secret.as_str());
                let around = at.map(|at| told[at.saturating_sub(200)..].chars().take(400).collect::<String>());
                assert_eq!(around, None, "{name} must not see {secret}");
            }
            assert!(!told.contains("INTERNAL"), "{name}: a fault where there should be a refusal");
        }
        // The table is not empty: those who may see it do.
        let of = |name: &str| &town.users.iter().find(|(user, _)| *user == name).unwrap().1;
        for (name, secrets) in [("anna", &town.secrets.anna), ("karen", &town.secrets.home)] {
            let told = everything(&server, of(name), &town).await;
            for secret in secrets.iter().chain(town.secrets.anna.iter().filter(|_| name == "anna")) {
                assert!(told.contains(secret.as_str()), "{name} sees {secret}");
            }
        }
        let told = everything(&server, of("side"), &town).await;
        for secret in town.secrets.anna.iter().filter(|secret| !secret.starts_with("Gemt")) {
            assert!(told.contains(secret.as_str()), "the confirmed side sees {secret}");
        }
        let told = everything(&server, of("stranger"), &town).await;
        assert!(told.contains(&town.secrets.annas_first_name), "she shows her first name");
        server.run_jobs().await;
        let log = log::kept();
        assert!(log.contains("answered"), "the log is kept");
        for secret in town.secrets.all() {
            assert!(!log.contains(secret.as_str()), "{secret} stands in the log");
        }
        server.end().await;
    }

    async fn a_private_place_is_found_measured_and_ordered_by_its_postcode_alone(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let town = town(&server).await;
        let find = "query($filter: ListingFilter!) { listings(filter: $filter, orderBy: DISTANCE) {
            edges { distanceKm node { id } } } }";
        let exact = json!({ "near": { "point": { "latitude": 56.44117, "longitude": 9.39223 }, "radiusKm": 0.3 } });
        let postcode = json!({ "near": { "postalCode": "8800", "radiusKm": 0.3 } });
        for (name, who) in &town.users {
            let near = server.data(who, find, json!({ "filter": exact })).await;
            assert_eq!(near["listings"]["edges"], json!([]), "{name}: the exact point finds nothing");
            let found = server.data(who, find, json!({ "filter": postcode })).await;
            let edges = found["listings"]["edges"].as_array().unwrap();
            assert_eq!(edges.len(), 3, "{name}");
            assert!(edges.iter().all(|edge| edge["distanceKm"] == 0.0), "{name}: {edges:?}");
            for secret in town.secrets.all().filter(|secret| !secret.starts_with("Gemt")) {
                let by_word = "query($text: String!) { listings(filter: { text: $text }) { totalCount } }";
                let found = server.data(who, by_word, json!({ "text": secret })).await;
                assert_eq!(found["listings"]["totalCount"], 0, "{name} finds nothing by {secret}");
            }
        }
        server.end().await;
    }

    async fn a_side_that_leaves_its_organization_learns_no_more(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let anna = server.person("Anna", "Hemmelig").await;
        let kors = server.association("Røde Kors Viborg").await;
        let karen = server.someone("Karen", kors, Role::Coordinator).await;
        let member = server.someone("Mads", kors, Role::Member).await;
        let id = post(&server, &anna, need(json!({}))).await;
        let input = json!({ "input": { "listing": id, "onBehalfOf": organization_id(kors) } });
        let agreed = server.did(&karen, PROPOSE, input).await["id"].clone();
        take(&server, &anna, "accept", agreed.as_str().unwrap()).await;
        let contact = "query($id: ID!) { node(id: $id) { ... on Listing { person { surname } } } }";
        let surname = async |who: &User| {
            server.data(who, contact, json!({ "id": id })).await["node"]["person"]["surname"].clone()
        };
        assert_eq!(surname(&karen).await, "Hemmelig", "a coordinator speaks for the side");
        assert_eq!(surname(&member).await, Value::Null, "a member does not");
        let raw = record.raw().await;
        sea_orm::ConnectionTrait::execute_unprepared(&raw, "DELETE FROM membership").await.unwrap();
        assert_eq!(surname(&karen).await, Value::Null);
        let seen = server.data(&karen, "query($id: ID!) { node(id: $id) { id } }", json!({ "id": agreed })).await;
        assert_eq!(seen["node"], Value::Null);
        server.run_jobs().await;
        server.end().await;
    }
}
