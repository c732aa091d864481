//! The second half of `docs/API.md`: what every client has to know, whatever it asks.

use faelled_tests::{TestServer, User};
use serde_json::{Value, json};

use crate::{
    document::Document,
    journeys::{People, object},
    subscriptions::Listener,
    words::{draft, post},
};

pub async fn errors(server: &TestServer, doc: &mut Document, people: &People, need: &Value) {
    doc.say("## When something is wrong

What a person can mend stands in `userErrors`: all of it at once, each with a `code` that never changes,
the path of the field within `input`, and a `message` in the reader's language. Nothing was changed then.
`Accept-Language: en` gives English; Danish is what everybody else gets.");
    let posting = "
        mutation Post($input: PostListingInput!) {
          postListing(input: $input) { listing { id } userErrors { code field message } }
        }";
    let bad = json!({ "kind": "NEED", "title": "  ", "themes": ["astrology"], "attendance": "EITHER",
        "place": { "postalCode": "0001" }, "reachKm": -1,
        "schedule": { "recurrences": [{ "start": "2026-03-03T14:00", "duration": "PT1H", "rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30" }] } });
    doc.ask(
        server,
        &people.villy,
        posting,
        json!({ "input": { "draft": bad } }),
    )
    .await;
    doc.say("Two who change the same listing: the second is told, in English here, and can fetch it again.");
    let update = "
        mutation Update($input: UpdateListingInput!) {
          updateListing(input: $input) { listing { version } userErrors { code field message } }
        }";
    let stale =
        json!({ "input": { "id": need, "version": 1, "changes": { "title": "For sent" } } });
    doc.ask(server, &people.karen.in_english(), update, stale)
        .await;
    doc.say("What does not exist, is another's, or is an id of something else answers alike: `NOT_FOUND` in a
mutation, `null` from `node`. An id tells nothing.

Top-level `errors` are for requests that are wrong as a whole and for faults of ours, always with
`extensions.code`. A filter that is wrong lists what is wrong with it:");
    let bad = r#"query { listings(filter: { near: { postalCode: "88", radiusKm: 5000 } }) { totalCount } }"#;
    doc.ask(server, &User::anonymous(), bad, json!({})).await;
    doc.say("| code | what to do |
| --- | --- |
| `GRAPHQL_PARSE_FAILED`, `GRAPHQL_VALIDATION_FAILED` | mend the document, or the variables; also: too deep, too costly |
| `BAD_REQUEST`, `NOT_FOUND`, `METHOD_NOT_ALLOWED`, `NOT_ACCEPTABLE`, `PAYLOAD_TOO_LARGE`, `UNSUPPORTED_MEDIA_TYPE` | mend the HTTP request |
| `FORBIDDEN` | the page's origin is not allowed; whoever runs the server can allow it |
| `REQUEST_TIMEOUT` | send the whole request sooner |
| `TOO_MANY_OPERATIONS` | end a subscription on this socket first |
| `BAD_USER_INPUT` | mend the arguments; `extensions.problems` names them |
| `BAD_PAGE`, `BAD_CURSOR` | see *Pages* |
| `UNAUTHENTICATED` | send a token, or a fresh one |
| `BUSY`, `OVERLOADED`, `UNAVAILABLE`, `TIMEOUT` | try again in a moment |
| `FELL_BEHIND` | subscribe again |
| `INTERNAL` | a fault of ours; the answer's `x-request-id` leads to our log |");
}

pub async fn pages(server: &TestServer, doc: &mut Document, people: &People) {
    doc.say("## Pages

A list that can grow is a connection: `first` (20 unless told, at most 100) with `after`, or `last` with
`before`. Carry on with the cursor of the last edge:");
    let page = "
        query Page($after: String) {
          listings(orderBy: START, first: 2, after: $after) {
            totalCount
            nodes { title }
            pageInfo { hasNextPage endCursor }
          }
        }";
    let first = doc.ask(server, &User::anonymous(), page, json!({})).await;
    let end = &first["data"]["listings"]["pageInfo"]["endCursor"];
    doc.name(end, "CURSOR_1");
    let second = doc
        .ask(server, &User::anonymous(), page, json!({ "after": end }))
        .await;
    doc.name(
        &second["data"]["listings"]["pageInfo"]["endCursor"],
        "CURSOR_2",
    );
    doc.say("Every page is judged at the time of the first one, and a listing that does not change meanwhile
appears exactly once. A cursor belongs to its list, filter and order; with another one it is refused:");
    let other = "
        query Page($after: String) {
          listings(orderBy: NEWEST, first: 2, after: $after) { nodes { title } }
        }";
    doc.ask(
        server,
        &people.villy.in_english(),
        other,
        json!({ "after": end }),
    )
    .await;
}

pub async fn idempotency(server: &TestServer, doc: &mut Document, people: &People) {
    doc.say("## Sending twice

A network that breaks leaves a client in doubt. `postListing`, `copyListing`, `proposeMatch` and
`registerOrganization` take an `idempotencyKey` of your choice (1-128 visible ASCII characters). The same key
and input, by the same person, within 24 hours, gives what the first one made, as it is now, and does nothing
more. Send this as often as you like:");
    let posting = "
        mutation Post($input: PostListingInput!) {
          postListing(input: $input) { listing { id } userErrors { code field message } }
        }";
    let input = |title: &str| json!({ "input": { "draft": draft(json!({ "title": title })), "idempotencyKey": "gaatur-1" } });
    let first = doc
        .ask(server, &people.villy, posting, input("Gåtur ved søen"))
        .await;
    doc.name(&object(&first, "postListing", "listing")["id"], "WALK");
    let again = server
        .ask(&people.villy, posting, input("Gåtur ved søen"))
        .await;
    assert_eq!(again, first);
    doc.say("Something else with the same key is refused:");
    doc.ask(server, &people.villy, posting, input("Gåtur i skoven"))
        .await;
}

pub async fn subscriptions(server: &TestServer, doc: &mut Document, people: &People) {
    doc.say("## News as it comes

Connect a WebSocket to `/graphql` with the subprotocol `graphql-transport-ws` (npm `graphql-ws` speaks it);
`connection_init` may carry `{ \"Authorization\": \"Bearer …\" }`. `listingPosted` tells what is posted and fits
a filter, on whichever server it was posted; `matchUpdated` tells of one's own matches.");
    let posted = "
        subscription Posted($filter: ListingFilter) {
          listingPosted(filter: $filter) { kind title place { postalCode } }
        }";
    let filter = json!({ "filter": { "themes": ["sport"] } });
    doc.question(posted, &filter);
    let mut listener = Listener::new(server, &User::anonymous(), posted, filter).await;
    let swim = json!({ "kind": "OFFER", "title": "Svømning for begyndere", "themes": ["swimming"],
        "schedule": { "oneOffs": [{ "start": "2026-04-01T18:00", "end": "2026-04-01T19:00" }] } });
    post(server, &people.villy, draft(swim)).await;
    let event = listener
        .next_within(std::time::Duration::from_secs(2))
        .await
        .unwrap();
    doc.answer(&json!({ "data": event["data"] }).to_string());
}
