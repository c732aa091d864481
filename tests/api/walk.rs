//! Everything that somebody can see: the schema tells what there is, and each path through it is
//! asked, with every field at its end. What is added to the schema is walked without being named
//! here; a root or an argument that nobody has thought of fails the test.

use std::collections::BTreeMap;

use faelled_tests::{TestServer, User, server::text};
use serde_json::{Value, json};

/// Where a walk begins.
pub struct Known {
    /// Ids that the reader knows of, whosever they are.
    pub ids: Vec<String>,
    /// An organization that the reader asks about.
    pub organization: String,
    /// Words that its name begins with.
    pub name: String,
}

/// Fields from a root on. Further away everything has been seen from a nearer root.
const LENGTH: usize = 7;

const INTROSPECTION: &str =
    "{ __schema { queryType { name } types { kind name possibleTypes { name }
    fields { name args { name defaultValue type { kind } }
        type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";

/// Every query of the walk and its answer, as it was sent.
pub async fn everything(server: &TestServer, who: &User, known: &Known) -> Vec<(String, String)> {
    let schema = server
        .data(&User::anonymous(), INTROSPECTION, json!({}))
        .await;
    let walk = Walk::new(&schema["__schema"], known);
    let mut seen = Vec::new();
    for query in walk.queries() {
        let answer = server.send(who, &query, &json!({})).await;
        let is_refused = answer.text.contains("GRAPHQL_VALIDATION_FAILED");
        assert!(
            !is_refused,
            "the walk asks what is valid: {query}\n{}",
            answer.text
        );
        assert!(
            !answer.text.contains("INTERNAL"),
            "{query}\n{}",
            answer.text
        );
        seen.push((query, answer.text));
    }
    seen
}

struct Walk<'a> {
    types: BTreeMap<String, &'a Value>,
    root: String,
    known: &'a Known,
}

impl<'a> Walk<'a> {
    fn new(schema: &'a Value, known: &'a Known) -> Self {
        let types = schema["types"].as_array().unwrap();
        Self {
            types: types.iter().map(|one| (text(&one["name"]), one)).collect(),
            root: text(&schema["queryType"]["name"]),
            known,
        }
    }

    fn queries(&self) -> Vec<String> {
        let mut queries = Vec::new();
        let mut path = Vec::new();
        self.go(
            &self.root,
            &mut path,
            &mut vec![self.root.clone()],
            &mut queries,
        );
        assert!(queries.len() > 100, "{queries:?}");
        queries
    }

    fn go(
        &self,
        name: &str,
        path: &mut Vec<String>,
        above: &mut Vec<String>,
        queries: &mut Vec<String>,
    ) {
        let mut ends = vec!["__typename".to_owned()];
        let mut onward = Vec::new();
        for field in self.types[name]["fields"].as_array().unwrap() {
            let Some(arguments) = self.arguments(field) else {
                continue;
            };
            let (kind, of) = named(&field["type"]);
            for arguments in arguments {
                let call = format!("{}{arguments}", text(&field["name"]));
                match kind.as_str() {
                    "SCALAR" | "ENUM" => ends.push(call),
                    "OBJECT" => onward.push((call, of.clone())),
                    _ => onward.extend(
                        self.possible(&of)
                            .map(|one| (format!("{call} {{ ... on {one}"), one)),
                    ),
                }
            }
        }
        if !path.is_empty() {
            queries.push(written(path, &ends.join(" ")));
        }
        for (call, of) in onward {
            if above.contains(&of) || path.len() == LENGTH {
                continue;
            }
            path.push(call);
            above.push(of.clone());
            self.go(&of, path, above, queries);
            path.pop();
            above.pop();
        }
    }

    fn possible(&self, of: &str) -> impl Iterator<Item = String> {
        let types = self.types[of]["possibleTypes"].as_array().unwrap();
        types.iter().map(|one| text(&one["name"]))
    }

    /// What a field is asked with, once or several times; nothing if it is no question about what
    /// is there.
    fn arguments(&self, field: &Value) -> Option<Vec<String>> {
        let (name, takes) = (text(&field["name"]), field["args"].as_array().unwrap());
        if name == "previewListing" {
            return None;
        }
        let mut given = Vec::new();
        for argument in takes {
            let is_needed =
                argument["type"]["kind"] == "NON_NULL" && argument["defaultValue"].is_null();
            let value = match &*text(&argument["name"]) {
                "id" => {
                    let ids = self.known.ids.iter();
                    return Some(ids.map(|id| format!("(id: \"{id}\")")).collect());
                }
                "first" => "3".to_owned(),
                "organization" => format!("\"{}\"", self.known.organization),
                "search" => format!("\"{}\"", self.known.name),
                other => {
                    assert!(!is_needed, "with which `{other}` is `{name}` asked?");
                    continue;
                }
            };
            given.push(format!("{}: {value}", text(&argument["name"])));
        }
        let given = given.join(", ");
        Some(vec![if given.is_empty() {
            given
        } else {
            format!("({given})")
        }])
    }
}

/// The kind and the name of a type below its lists and bangs.
fn named(of: &Value) -> (String, String) {
    match of.get("ofType") {
        Some(inner) if !inner.is_null() => named(inner),
        _ => (text(&of["kind"]), text(&of["name"])),
    }
}

/// A query for these fields at the end of a path. Two aliases are not needed: a path asks a field
/// once.
fn written(path: &[String], ends: &str) -> String {
    let opening = path
        .iter()
        .fold(String::new(), |opening, call| opening + "{ " + call + " ");
    let opened = opening.matches('{').count() + 1;
    format!("{opening}{{ {ends} }}{}", " }".repeat(opened - 1))
}
