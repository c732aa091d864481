//! What the tests of this binary say again and again: mutations, and drafts to post.

use faelled_tests::{TestServer, User, server::text};
use serde_json::{Map, Value, json};

pub const POST: &str = "mutation($input: PostListingInput!) { postListing(input: $input) {
    listing { id version title status } userErrors { code field message } } }";
pub const UPDATE: &str = "mutation($input: UpdateListingInput!) { updateListing(input: $input) {
    listing { id version title status capacity } userErrors { code field message } } }";
pub const COPY: &str = "mutation($input: CopyListingInput!) { copyListing(input: $input) {
    listing { id version title status } userErrors { code field message } } }";
pub const PROPOSE: &str = "mutation($input: ProposeMatchInput!) { proposeMatch(input: $input) {
    match { id version status viewerSide } userErrors { code field message } } }";
pub const REGISTER: &str = "mutation($input: RegisterOrganizationInput!) {
    registerOrganization(input: $input) {
        organization { id name verified } userErrors { code field message } } }";

/// `pause`, `resume`, `close`, `withdraw` or `confirm`.
pub fn decide(verb: &str) -> String {
    format!(
        "mutation($input: ListingDecisionInput!) {{ {verb}Listing(input: $input) {{
            listing {{ id version status assuredAt isOpen }} userErrors {{ code field message }} }} }}"
    )
}

/// `accept`, `decline`, `withdraw` or `complete`.
pub fn step(verb: &str) -> String {
    format!(
        "mutation($input: MatchStepInput!) {{ {verb}Match(input: $input) {{
            match {{ id version status }} userErrors {{ code field message }} }} }}"
    )
}

/// `add` or `remove`.
pub fn support(verb: &str) -> String {
    format!(
        "mutation($input: SupportInput!) {{ {verb}Support(input: $input) {{
            listing {{ id version supportCount viewerSupports }}
            userErrors {{ code field message }} }} }}"
    )
}

/// An offer to walk with somebody in Viborg, any time, with other fields laid over it.
pub fn draft(changes: Value) -> Value {
    let mut draft = json!({
        "kind": "OFFER",
        "title": "Gåtur ved søen",
        "themes": ["walking-friend"],
        "place": { "postalCode": "8800" },
        "attendance": "EITHER",
    });
    lay(&mut draft, changes);
    draft
}

/// A need for somebody to walk with.
pub fn need(changes: Value) -> Value {
    let mut need = draft(json!({ "kind": "NEED", "title": "Gåven søges" }));
    lay(&mut need, changes);
    need
}

fn lay(draft: &mut Value, changes: Value) {
    let changes: Map<String, Value> = serde_json::from_value(changes).unwrap();
    draft.as_object_mut().unwrap().extend(changes);
}

/// Posts a draft as a private person, and gives its id.
pub async fn post(server: &TestServer, who: &User, draft: Value) -> String {
    post_for(server, who, None, draft).await
}

/// Posts a draft on behalf of an organization, if there is one, and gives its id.
pub async fn post_for(
    server: &TestServer,
    who: &User,
    organization: Option<&str>,
    draft: Value,
) -> String {
    let input = json!({ "input": { "organization": organization, "draft": draft } });
    let listing = server.did(who, POST, input).await;
    text(&listing["id"])
}

/// Proposes a match to a listing, with or without one of one's own, and gives its id.
pub async fn propose(
    server: &TestServer,
    who: &User,
    listing: &str,
    counterpart: Option<&str>,
) -> String {
    let input = json!({ "input": { "listing": listing, "counterpart": counterpart } });
    let proposed = server.did(who, PROPOSE, input).await;
    text(&proposed["id"])
}

/// Takes a step with a match that can be taken, and gives where it then stands.
pub async fn take(server: &TestServer, who: &User, verb: &str, agreed: &str) -> String {
    let input = json!({ "input": { "id": agreed } });
    let agreed = server.did(who, &step(verb), input).await;
    text(&agreed["status"])
}

/// Proposes and accepts: both have said yes.
pub async fn agree(server: &TestServer, proposer: &User, owner: &User, listing: &str) -> String {
    let agreed = propose(server, proposer, listing, None).await;
    assert_eq!(take(server, owner, "accept", &agreed).await, "CONFIRMED");
    agreed
}

/// The titles of the listings that a filter finds, in order.
pub async fn titles(server: &TestServer, filter: Value, order: &str) -> Vec<String> {
    let query = "query($filter: ListingFilter, $order: ListingOrder!) {
        listings(filter: $filter, orderBy: $order, first: 100) { nodes { title } } }";
    let variables = json!({ "filter": filter, "order": order });
    let data = server.data(&User::anonymous(), query, variables).await;
    let nodes = data["listings"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| text(&node["title"])).collect()
}
