//! `docs/API.md`: its requests are really sent and its answers really come. `FAELLED_BLESS=1` writes
//! the document anew; without it, the test fails when the document says something else.

use std::path::Path;

use faelled_engine::organization::{OrganizationKind, Role};
use faelled_tests::{TestServer, User, both_databases, server::organization_id};
use serde_json::{Value, json};

use crate::{
    document::Document,
    handbook,
    words::{decide, draft, post, post_for, step, support},
};

/// Everybody who appears in the document.
pub struct People {
    pub villy: User,
    pub karen: User,
    pub hanne: User,
    kors: String,
}

async fn people(server: &TestServer, doc: &mut Document) -> People {
    let kors = server.association("Røde Kors Viborg").await;
    let house = server
        .organization("De Frivilliges Hus", OrganizationKind::VolunteerHouse)
        .await;
    let karen = server.person("Karen", "Holm").await;
    server.join(&karen, kors, Role::Coordinator).await;
    let hanne = server.person("Hanne", "Lund").await;
    server.join(&hanne, house, Role::Coordinator).await;
    let villy = server.person("Villy", "Bach").await;
    let kors = organization_id(kors);
    doc.name(&json!(kors), "RØDE_KORS");
    let football = json!({ "kind": "NEED", "title": "Fodboldtræner til de små", "themes": ["football"],
        "targetGroups": ["children"], "attendance": "AT_MY_PLACE",
        "place": { "postalCode": "8850", "name": "Bjerringbro Stadion", "point": { "latitude": 56.3741, "longitude": 9.6552 } },
        "requirements": { "childrensCertificate": true },
        "schedule": { "recurrences": [{ "start": "2026-03-07T10:00", "duration": "PT2H", "rule": "FREQ=WEEKLY;BYDAY=SA" }] } });
    post_for(server, &karen, Some(&kors), draft(football)).await;
    let wish = json!({ "kind": "WISH", "title": "Et cykelværksted for alle", "themes": ["companionship"],
        "place": { "postalCode": "8831" } });
    let wish = post(server, &hanne, draft(wish)).await;
    doc.name(&json!(wish), "WISH");
    server.run_jobs().await;
    People {
        villy,
        karen,
        hanne,
        kors,
    }
}

pub fn object<'a>(answer: &'a Value, mutation: &str, object: &str) -> &'a Value {
    &answer["data"][mutation][object]
}

async fn association(server: &TestServer, doc: &mut Document, people: &People) -> Value {
    doc.say("## The association posts a need

Karen coordinates Røde Kors Viborg, so she posts on its behalf. Before she does, she tries the draft:
`previewListing` says whom it would meet and who does the same, and keeps nothing. Nobody has to
sign in for that.");
    let draft = json!({
        "kind": "NEED", "title": "Besøgsven til en ældre herre",
        "task": "Drik kaffe og læs avis en time om ugen.",
        "themes": ["visiting-friend"], "targetGroups": ["older-people"],
        "place": { "postalCode": "8800", "address": "Gravene 2", "atHome": true,
            "point": { "latitude": 56.4497, "longitude": 9.4113 } },
        "attendance": "AT_MY_PLACE", "effortMinutes": 60, "capacity": 1,
        "schedule": { "recurrences": [{ "start": "2026-03-03T14:00", "duration": "PT1H", "rule": "FREQ=WEEKLY;BYDAY=TU" }] },
    });
    let preview = "
        query Preview($input: PreviewListingInput!) {
          previewListing(input: $input) {
            suggestedMatches { score listing { title } }
            similarListings { similarity listing { title } }
            userErrors { code field message }
          }
        }";
    doc.ask(
        server,
        &people.karen,
        preview,
        json!({ "input": { "organization": people.kors, "draft": draft } }),
    )
    .await;
    doc.say("Nothing yet. She posts it. The times are local (Europe/Copenhagen); a rule is that of RFC 5545.
The place is somebody's home, so that everybody else is shown the postcode only.");
    let posting = "
        mutation Post($input: PostListingInput!) {
          postListing(input: $input) {
            listing { id version status expiresAt nextOccurrence { start end } }
            suggestedMatches { listing { title } }
            userErrors { code field message }
          }
        }";
    let input = json!({ "input": { "organization": people.kors, "draft": draft, "idempotencyKey": "2026-03-02-besoegsven" } });
    let answer = doc.ask(server, &people.karen, posting, input).await;
    let need = object(&answer, "postListing", "listing")["id"].clone();
    doc.name(&need, "NEED");
    doc.say("A change names the version that it changes. What is left out stays as it is; `null` takes away
what may be absent.");
    let update = "
        mutation Update($input: UpdateListingInput!) {
          updateListing(input: $input) {
            listing { version title effortMinutes task }
            userErrors { code field message }
          }
        }";
    let input = json!({ "input": { "id": need, "version": 1, "changes": { "title": "Besøgsven til Viborg midtby", "effortMinutes": null } } });
    doc.ask(server, &people.karen, update, input).await;
    doc.say("`pauseListing`, `resumeListing`, `closeListing`, `withdrawListing` and `confirmListing` take
`{ id, version }`; `copyListing` takes an `id` and the changes of the copy.");
    let verb = decide("confirm");
    server
        .did(
            &people.karen,
            &verb,
            json!({ "input": { "id": need, "version": 2 } }),
        )
        .await;
    server.run_jobs().await;
    need
}

async fn volunteer(server: &TestServer, doc: &mut Document, people: &People) -> Value {
    doc.say(
        "## The volunteer looks for something to do

Villy is free on Tuesday afternoons and lives in 8800 Viborg. He does not have to sign in to look.",
    );
    let find = r#"
        query FreeOnTuesdays {
          listings(
            filter: {
              near: { postalCode: "8800", radiusKm: 10, includeRemote: true }
              kinds: [NEED, WISH]
              freeTimes: [{ weekday: TUESDAY, from: "13:00", to: "17:00" }]
            }
            orderBy: DISTANCE
            first: 10
          ) {
            totalCount
            facets { kinds { kind count } weekdays { weekday count } }
            edges {
              distanceKm
              node {
                id kind title task
                organization { name verified }
                place { precision postalCode town address }
                nextOccurrence { localStart }
              }
            }
          }
        }"#;
    doc.ask(server, &User::anonymous(), find, json!({})).await;
    doc.say("A filter asks for everything that it names at once: `near`, `kinds`, `themes` (a theme finds its
sub-themes), `targetGroups`, `languages`, `attendance`, `dates`, `freeTimes`, `organizations`, `text`.
The orders are `DISTANCE`, `RELEVANCE`, `START` and `NEWEST`. [MATCHING.md](MATCHING.md) says exactly
what each of them means.

He likes the visits, and posts what he offers. The answer says at once whom he fits, and why.");
    let posting = "
        mutation Post($input: PostListingInput!) {
          postListing(input: $input) {
            listing { id person { firstName } place { precision } }
            suggestedMatches {
              score distanceKm sentence toClarify
              reasons { component value weight sentence }
              listing { id title }
            }
            userErrors { code field message }
          }
        }";
    let offer = json!({ "kind": "OFFER", "title": "Jeg kommer gerne på besøg", "themes": ["visiting-friend"],
        "place": { "postalCode": "8800" }, "attendance": "I_TRAVEL", "reachKm": 5,
        "schedule": { "recurrences": [{ "start": "2026-03-03T13:00", "duration": "PT4H", "rule": "FREQ=WEEKLY;BYDAY=TU" }] } });
    let answer = doc
        .ask(
            server,
            &people.villy,
            posting,
            json!({ "input": { "draft": offer } }),
        )
        .await;
    let offer = object(&answer, "postListing", "listing")["id"].clone();
    doc.name(&offer, "OFFER");
    assert_eq!(server.run_jobs().await, 1);
    doc.say("A moment later Karen has a notice of it: what is new and fits one's own listings.");
    let notices = "
        query Notices {
          viewer {
            person { firstName }
            notices(first: 5) { totalCount edges { node { score listing { title } counterpart { title } } } }
          }
        }";
    doc.ask(server, &people.karen, notices, json!({})).await;
    offer
}

async fn both(
    server: &TestServer,
    doc: &mut Document,
    people: &People,
    need: &Value,
    offer: &Value,
) {
    doc.say("## Both sides agree

Either side proposes, the other answers. Villy proposes, with his offer as the other half of the pair.");
    let propose = "
        mutation Propose($input: ProposeMatchInput!) {
          proposeMatch(input: $input) {
            match { id status viewerSide expiresAt owner { organization { name email } } }
            userErrors { code field message }
          }
        }";
    let input = json!({ "input": { "listing": need, "counterpart": offer, "message": "Jeg har tid hver tirsdag." } });
    let answer = doc.ask(server, &people.villy, propose, input).await;
    let agreed = object(&answer, "proposeMatch", "match")["id"].clone();
    doc.name(&agreed, "MATCH");
    doc.say("Karen sees who asks, as far as he allows: his first name. She says yes. That takes a place of
both listings, in the same moment, and opens to both sides who the other is and where it is.");
    let accept = "
        mutation Accept($input: MatchStepInput!) {
          acceptMatch(input: $input) {
            match {
              status
              proposer { person { firstName surname email phone } }
              listing { placesLeft }
            }
            userErrors { code field message }
          }
        }";
    doc.ask(
        server,
        &people.karen,
        accept,
        json!({ "input": { "id": agreed } }),
    )
    .await;
    doc.say("Villy now sees the address. Nobody else does.");
    let place = "
        query Where($id: ID!) {
          node(id: $id) { ... on Listing { title place { precision address } viewerManages } }
        }";
    doc.ask(server, &people.villy, place, json!({ "id": need }))
        .await;
    doc.say("The one place is taken. Whoever comes too late is told so:");
    let input = json!({ "input": { "listing": need } });
    doc.ask(server, &people.hanne, propose, input).await;
    doc.say("`declineMatch` says no; `withdrawMatch` takes back a proposal, or, from either side, what was
agreed, and then gives the place free again (not that of a match that was completed); `completeMatch` says
that it happened. A proposal that nobody answers expires after 14 days.");
    let complete = step("complete");
    server
        .did(
            &people.villy,
            &complete,
            json!({ "input": { "id": agreed } }),
        )
        .await;
}

async fn house(server: &TestServer, doc: &mut Document, people: &People) {
    doc.say("## The house, and everybody

Anybody can see what there is in a town. `facets` count everything that was found, not only the page.");
    let overview = r#"
        query Overview {
          listings(filter: { near: { postalCode: "8800", radiusKm: 25 } }, first: 1) {
            totalCount
            facets {
              kinds { kind count }
              themes { theme { code label } count }
              organizations { organization { name } count }
            }
          }
          places(search: "bjerring", first: 1) { edges { node { kind name postalCode } } }
          organizations(kinds: [VOLUNTEER_HOUSE]) { edges { node { name verified town { name } } } }
        }"#;
    doc.ask(server, &User::anonymous(), overview, json!({}))
        .await;
    doc.say(
        "Whoever is signed in can register an organization. It is unverified, and shown so, until a
volunteer house verifies it. Taking part needs none.",
    );
    let register = "
        mutation Register($input: RegisterOrganizationInput!) {
          registerOrganization(input: $input) {
            organization { name kind verified town { name municipality } }
            userErrors { code field message }
          }
        }";
    let input = json!({ "input": { "name": "Søens Venner", "kind": "ASSOCIATION", "postalCode": "8800", "website": "https://soeen.example" } });
    doc.ask(server, &people.villy, register, input).await;
    doc.say("A wish can be supported: \"me too\". Twice is once.");
    let me_too = "
        mutation MeToo($input: SupportInput!) {
          addSupport(input: $input) {
            listing { title supportCount viewerSupports }
            userErrors { code field message }
          }
        }";
    let wish = server
        .data(
            &people.hanne,
            "{ viewer { listings { edges { node { id } } } } }",
            json!({}),
        )
        .await;
    let wish = wish["viewer"]["listings"]["edges"][0]["node"]["id"].clone();
    doc.ask(
        server,
        &people.villy,
        me_too,
        json!({ "input": { "id": wish } }),
    )
    .await;
    server
        .did(
            &people.villy,
            &support("remove"),
            json!({ "input": { "id": wish } }),
        )
        .await;
}

const OPENING: &str = r#"# The API, by example

Every request on this page was really sent, and every answer really came: a test writes this page
(`tests/api/journeys.rs`) and fails when it no longer holds. Ids and cursors are opaque, and long; here
they have names such as `NEED`. It is Monday, 2 March 2026, 10 o'clock in Denmark. The whole contract,
each field described, is [schema.graphql](../schema.graphql).

## Asking

POST a JSON object with `query` and, if you like, `variables` to `/graphql`:

```sh
curl http://127.0.0.1:8080/graphql \
  -H 'Content-Type: application/json' \
  -H 'Authorization: Bearer faelled_…' \
  -H 'Accept-Language: en' \
  -d '{ "query": "{ viewer { person { firstName } } }" }'
```

Leave `Authorization` out to read what is public. `make run` prints a token for each kind of user;
`faelled token` makes more. `http://127.0.0.1:8080/graphiql` is a place to try things out."#;

both_databases! {
    async fn the_document_is_what_really_happens(record: &TestRecord) {
        let server = TestServer::open(record).await;
        let mut doc = Document::default();
        doc.say(OPENING);
        let people = people(&server, &mut doc).await;
        let need = association(&server, &mut doc, &people).await;
        let offer = volunteer(&server, &mut doc, &people).await;
        both(&server, &mut doc, &people, &need, &offer).await;
        house(&server, &mut doc, &people).await;
        handbook::subscriptions(&server, &mut doc, &people).await;
        handbook::errors(&server, &mut doc, &people, &need).await;
        handbook::pages(&server, &mut doc, &people).await;
        handbook::idempotency(&server, &mut doc, &people).await;
        doc.say("## Limits

A document has at most 64 KiB and 16 levels; a request at most 1 MiB and a cost of 10,000. A field costs
one, a list as many times what is in it as are asked for, and what has to be judged (suggestions, similar
listings, facets, a preview) 50 to 3,000 more. Lists are at most 100 long. One request asks one thing: there
are no batches. Mutations go by POST.");
        server.run_jobs().await;
        server.end().await;
        let written = doc.finish();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/API.md");
        if std::env::var_os("FAELLED_BLESS").is_some() {
            std::fs::write(&path, &written).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        let differing = committed.lines().zip(written.lines()).find(|(before, now)| before != now);
        assert!(
            committed == written,
            "docs/API.md is stale (`FAELLED_BLESS=1 cargo test -p faelled-tests --test api journeys` writes it \
             anew, then look at what changed); first difference: {differing:?}"
        );
    }
}
