//! The contract: it is written down, everything in it is described, every list has a bound, and no
//! question can cost more than a little. What the record is does not matter here.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    time::Duration,
};

use faelled_server::graphql;
use faelled_tests::{TestRecord, TestServer, User, server::text};
use serde_json::{Value, json};

/// Lists that are not connections, and what bounds each of them. Whoever adds a list either pages
/// it or says here why it cannot grow.
const BOUNDED: [(&str, &str); 36] = [
    ("Gap.needs", "ten"),
    ("Gap.weekdays", "seven"),
    ("Overlap.history", "the last hundred"),
    ("Overlap.houses", "the houses of two places"),
    ("Overlap.reasons", "the kinds of evidence"),
    ("Overlap.sides", "two"),
    ("RegisterVisitArrangementPayload.overlaps", "at most fifty"),
    ("UpdateVisitArrangementPayload.overlaps", "at most fifty"),
    ("VisitArrangement.overlaps", "at most fifty"),
    ("Listing.themes", "one to five"),
    ("Listing.targetGroups", "at most ten"),
    ("Listing.languages", "at most ten"),
    ("Listing.occurrences", "first, 1-100"),
    ("Listing.suggestedMatches", "first, 1-100"),
    ("Listing.similarListings", "first, 1-100"),
    ("ListingFacets.kinds", "the kinds"),
    ("ListingFacets.organizations", "at most 100"),
    ("ListingFacets.themes", "the themes of the catalog"),
    ("ListingFacets.weekdays", "seven"),
    ("MatchSuggestion.reasons", "the components"),
    ("MatchSuggestion.toClarify", "the requirements"),
    ("CopyListingPayload.suggestedMatches", "ten"),
    ("CopyListingPayload.similarListings", "ten"),
    ("PostListingPayload.suggestedMatches", "ten"),
    ("PostListingPayload.similarListings", "ten"),
    ("UpdateListingPayload.suggestedMatches", "ten"),
    ("UpdateListingPayload.similarListings", "ten"),
    ("PreviewListingPayload.suggestedMatches", "ten"),
    ("PreviewListingPayload.similarListings", "ten"),
    ("Query.themes", "the top themes of the catalog"),
    ("Query.targetGroups", "the target groups of the catalog"),
    ("Recurrence.exceptions", "at most 1,000"),
    ("Schedule.oneOffs", "at most 20 entries in all"),
    ("Schedule.recurrences", "at most 20 entries in all"),
    ("Theme.children", "the themes of the catalog"),
    ("Viewer.memberships", "those of one person"),
];

const TYPES: &str = "{ __schema { types { kind name description
    fields(includeDeprecated: true) { name description type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }
        args { name description type { kind } } }
    inputFields { name description }
    enumValues(includeDeprecated: true) { name description } } } }";

async fn server() -> (TestRecord, TestServer) {
    let record = TestRecord::sqlite().await;
    let server = TestServer::open(&record).await;
    (record, server)
}

async fn types() -> Vec<Value> {
    let (record, server) = server().await;
    let data = server.data(&User::anonymous(), TYPES, json!({})).await;
    server.end().await;
    record.end().await;
    let types = data["__schema"]["types"].as_array().unwrap();
    types
        .iter()
        .filter(|kind| !text(&kind["name"]).starts_with("__"))
        .cloned()
        .collect()
}

fn each<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value[name].as_array().into_iter().flatten()
}

#[test]
fn schema_graphql_is_the_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema.graphql");
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        committed == graphql::sdl(),
        "schema.graphql is stale; run `make schema`"
    );
}

#[tokio::test]
async fn everything_is_described() {
    let mut without = Vec::new();
    let mut look = |name: String, thing: &Value| {
        let described = thing["description"]
            .as_str()
            .is_some_and(|text| text.trim().len() > 3);
        if !described {
            without.push(name);
        }
    };
    let builtin = ["Boolean", "Float", "ID", "Int", "String"];
    for kind in types().await {
        let name = text(&kind["name"]);
        if builtin.contains(&&*name) {
            continue;
        }
        look(name.clone(), &kind);
        for list in ["fields", "inputFields", "enumValues"] {
            for member in each(&kind, list) {
                let member_name = format!("{name}.{}", text(&member["name"]));
                look(member_name.clone(), member);
                for argument in each(member, "args") {
                    look(
                        format!("{member_name}({})", text(&argument["name"])),
                        argument,
                    );
                }
            }
        }
    }
    assert_eq!(without, [] as [String; 0]);
}

#[tokio::test]
async fn every_list_is_a_connection_or_bounded() {
    let bounded: BTreeMap<&str, &str> = BOUNDED.into_iter().collect();
    let mut seen = BTreeSet::new();
    for kind in types().await.iter().filter(|kind| kind["kind"] == "OBJECT") {
        let name = text(&kind["name"]);
        for field in each(kind, "fields") {
            let is_list = field["type"].to_string().contains("\"LIST\"");
            let of_errors = name.ends_with("Payload") && field["name"] == "userErrors";
            let path = format!("{name}.{}", text(&field["name"]));
            let arguments: Vec<String> =
                each(field, "args").map(|arg| text(&arg["name"])).collect();
            if path.ends_with("Connection.edges") || path.ends_with("Connection.nodes") || of_errors
            {
                continue;
            }
            if path == "UserError.field" {
                continue; // A path is as long as the input is deep.
            }
            if is_list {
                assert!(
                    bounded.contains_key(&*path),
                    "{path} is a list without a bound"
                );
                if bounded[&*path].starts_with("first") {
                    assert_eq!(arguments, ["first"], "{path}");
                }
                seen.insert(path);
            } else if text(&base(&field["type"])).ends_with("Connection") {
                for argument in ["first", "after", "last", "before"] {
                    assert!(
                        arguments.contains(&argument.to_owned()),
                        "{path} lacks {argument}"
                    );
                }
            }
        }
    }
    let gone: Vec<&&str> = bounded
        .keys()
        .filter(|path| !seen.contains(**path))
        .collect();
    assert!(gone.is_empty(), "no longer in the schema: {gone:?}");
}

/// The name of the type inside of lists and non-nulls.
fn base(kind: &Value) -> Value {
    if kind["name"].is_null() {
        base(&kind["ofType"])
    } else {
        kind["name"].clone()
    }
}

#[tokio::test]
async fn a_mutation_takes_one_input_and_gives_an_object_and_user_errors() {
    let types = types().await;
    let named = |name: &Value| types.iter().find(|kind| kind["name"] == *name).unwrap();
    let mutations: Vec<&Value> = each(named(&json!("Mutation")), "fields").collect();
    assert!(mutations.len() >= 16, "{}", mutations.len());
    for mutation in mutations {
        let arguments: Vec<&Value> = each(mutation, "args").collect();
        assert_eq!(arguments.len(), 1, "{mutation}");
        assert_eq!(
            (&arguments[0]["name"], &arguments[0]["type"]["kind"]),
            (&json!("input"), &json!("NON_NULL"))
        );
        let payload = named(&base(&mutation["type"]));
        let mut nullable = 0;
        for field in each(payload, "fields") {
            nullable += usize::from(field["type"]["kind"] != "NON_NULL");
        }
        assert_eq!(nullable, 1, "one nullable object: {payload}");
        assert!(each(payload, "fields").any(|field| field["name"] == "userErrors"));
    }
}

/// What the tools that everybody uses ask first.
const INTROSPECTION: &str = "query IntrospectionQuery { __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types { ...FullType } directives { name description locations args { ...InputValue } } } }
    fragment FullType on __Type { kind name description specifiedByURL
        fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef }
            isDeprecated deprecationReason }
        inputFields { ...InputValue } interfaces { ...TypeRef }
        enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
        possibleTypes { ...TypeRef } }
    fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
    fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name
        ofType { kind name ofType { kind name ofType { kind name ofType { kind name
        ofType { kind name ofType { kind name } } } } } } } } } }";

#[tokio::test]
async fn a_question_that_costs_too_much_is_refused_at_once() {
    let (record, server) = server().await;
    let anyone = User::anonymous();
    server.data(&anyone, INTROSPECTION, json!({})).await;

    let deep = |levels: usize| {
        format!(
            "{{ themes {{ {} code {} }} }}",
            "parent { ".repeat(levels),
            "}".repeat(levels)
        )
    };
    server.data(&anyone, &deep(14), json!({})).await;
    let wide = "suggestedMatches(first: 100) { listing { suggestedMatches(first: 100) { listing { title } } } }";
    let mut bomb = String::from("{ ...F0 }");
    for nth in 0..30 {
        let _ = write!(
            bomb,
            " fragment F{nth} on Query {{ ...F{n} ...F{n} }}",
            n = nth + 1
        );
    }
    bomb += " fragment F30 on Query { themes { code } }";
    let mut doubling = String::from("{ themes { ...F0 } }");
    for nth in 0..20 {
        let _ = write!(
            doubling,
            " fragment F{nth} on Theme {{ a: parent {{ ...F{n} }} b: parent {{ ...F{n} }} }}",
            n = nth + 1
        );
    }
    doubling += " fragment F20 on Theme { code }";
    let mut aliases = String::from("{");
    for nth in 0..10_000 {
        let _ = write!(aliases, " a{nth}: __typename");
    }
    aliases += " }";
    let refused = [
        ("depth 17", deep(15)),
        ("depth 50", deep(50)),
        ("depth 60,000", deep(5_000)),
        ("pages within pages", format!("{{ listings(first: 100) {{ nodes {{ {wide} }} }} }}")),
        ("twenty pages at once", (0..20).fold("{".to_owned(), |query, nth|
            query + &format!(" a{nth}: listings(first: 100) {{ nodes {{ title task description id kind }} }}")) + "}"),
        ("a fragment bomb", bomb),
        ("fragments that double", doubling),
        ("a fragment of itself", "{ themes { ...F } } fragment F on Theme { children { ...F } }".to_owned()),
        ("ten thousand aliases", aliases),
        ("directives", format!("{{ themes {} {{ code }} }}", "@include(if: true) ".repeat(2_000))),
        ("a list in a list", format!("{{ node(id: {}{}) {{ id }} }}", "[".repeat(5_000), "]".repeat(5_000))),
    ];
    for (what, query) in refused {
        let answer = server.send(&anyone, &query, &json!({})).await;
        assert_eq!(
            answer.status.as_u16(),
            400,
            "{what}: {}",
            &answer.text[..answer.text.len().min(300)]
        );
        assert!(answer.body.get("data").is_none(), "{what}");
        assert!(
            answer.took < Duration::from_secs(1),
            "{what} took {:?}",
            answer.took
        );
        let code = text(&answer.body["errors"][0]["extensions"]["code"]);
        assert!(code.starts_with("GRAPHQL_"), "{what}: {code}");
        assert!(answer.text.len() < 20_000, "{what}: the answer is short");
    }
    // The same holds for the variables of a request.
    let nested = format!(
        r#"{{ "query": "query($f: ListingFilter) {{ listings(filter: $f) {{ totalCount }} }}",
        "variables": {{ "f": {}{} }} }}"#,
        "[".repeat(200_000),
        "]".repeat(200_000)
    );
    let answer = server.post(&anyone, nested).await;
    assert_eq!(answer.status.as_u16(), 400);
    assert!(answer.took < Duration::from_secs(1), "{:?}", answer.took);
    // And the server is still there.
    server.data(&anyone, "{ themes { code } }", json!({})).await;
    server.end().await;
    record.end().await;
}
