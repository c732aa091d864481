//! Writes a document out of what was really asked and answered.

use std::fmt::Write;

use faelled_tests::{TestServer, User};
use serde_json::Value;

/// A document that grows, with names for what is different every time.
#[derive(Default)]
pub struct Document {
    text: String,
    names: Vec<(String, String)>,
}

impl Document {
    /// Adds text. Lines are joined as Markdown joins them.
    pub fn say(&mut self, text: &str) {
        self.text += text.trim();
        self.text += "\n\n";
    }

    /// Gives an id or a cursor a readable name, wherever it stands.
    pub fn name(&mut self, what: &Value, name: &str) {
        let what = what.as_str().expect("a text that is to be named");
        self.names.push((what.to_owned(), name.to_owned()));
    }

    /// Asks, and shows the question, its variables and the answer.
    pub async fn ask(
        &mut self,
        server: &TestServer,
        who: &User,
        query: &str,
        variables: Value,
    ) -> Value {
        let answer = server.send(who, query, &variables).await;
        self.question(query, &variables);
        self.answer(&answer.text);
        answer.body
    }

    /// Shows a question.
    pub fn question(&mut self, query: &str, variables: &Value) {
        let _ = write!(self.text, "```graphql\n{}\n```\n\n", unindented(query));
        if variables
            .as_object()
            .is_some_and(|variables| !variables.is_empty())
        {
            let _ = write!(
                self.text,
                "Variables:\n\n```json\n{}\n```\n\n",
                pretty(&in_order(variables))
            );
        }
    }

    /// Shows an answer.
    pub fn answer(&mut self, text: &str) {
        let _ = write!(self.text, "```json\n{}\n```\n\n", pretty(text));
    }

    /// The whole document.
    pub fn finish(self) -> String {
        let mut text = self.text;
        for (what, name) in self.names {
            text = text.replace(&what, &name);
        }
        text.trim().to_owned() + "\n"
    }
}

/// In which order people write what a request holds, and not by the alphabet.
const ORDER: [&str; 24] = [
    "organization",
    "id",
    "version",
    "listing",
    "counterpart",
    "draft",
    "changes",
    "filter",
    "kind",
    "title",
    "task",
    "name",
    "themes",
    "targetGroups",
    "place",
    "postalCode",
    "address",
    "atHome",
    "point",
    "attendance",
    "reachKm",
    "schedule",
    "start",
    "duration",
];

/// Compact JSON with its keys in that order, and then by the alphabet.
fn in_order(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            let place = |key: &str| {
                ORDER
                    .iter()
                    .position(|known| *known == key)
                    .unwrap_or(ORDER.len())
            };
            fields.sort_by_key(|(key, _)| place(key));
            let fields = fields
                .iter()
                .map(|(key, value)| format!("{key:?}:{}", in_order(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(in_order).collect();
            format!("[{}]", items.join(","))
        }
        other => other.to_string(),
    }
}

/// A text as it is written in a test, without the indentation of the test.
fn unindented(text: &str) -> String {
    let text = text.trim_matches('\n').trim_end();
    let indents = text.lines().filter(|line| !line.trim().is_empty());
    let least = indents
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.get(least..).unwrap_or(""))
        .collect();
    lines.join("\n")
}

/// JSON with line breaks, its keys in the order in which they came. What fits stays on one line.
fn pretty(text: &str) -> String {
    let mut printed = String::new();
    print(text, &mut 0, 0, &mut printed);
    printed
}

const WIDTH: usize = 76;

fn print(text: &str, at: &mut usize, indent: usize, out: &mut String) {
    let bytes = text.as_bytes();
    let start = *at;
    let end = value_end(bytes, start);
    let is_container = matches!(bytes[start], b'{' | b'[');
    let one_line = spaced(&text[start..end]);
    if !is_container
        || indent + one_line.chars().count() <= WIDTH
            && !one_line.contains("{\"errors\"")
            && indent > 0
    {
        *out += &one_line;
        *at = end;
        return;
    }
    let (open, close) = (
        text[start..=start].to_owned(),
        text[end - 1..end].to_owned(),
    );
    *out += &open;
    *at = start + 1;
    let inner = indent + 2;
    while *at < end - 1 {
        if bytes[*at] == b',' {
            *out += ",";
            *at += 1;
        }
        let _ = write!(out, "\n{}", " ".repeat(inner));
        if open == "{" {
            let key = value_end(bytes, *at);
            let _ = write!(out, "{}: ", &text[*at..key]);
            *at = key + 1;
        }
        print(text, at, inner, out);
    }
    let _ = write!(out, "\n{}{close}", " ".repeat(indent));
    *at = end;
}

/// Where a value that begins here ends.
fn value_end(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut in_string, mut at) = (0, false, start);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if in_string => at += 1,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string && depth > 0 => depth -= 1,
            b',' | b':' | b'}' | b']' if !in_string && depth == 0 => return at,
            _ => {}
        }
        at += 1;
        if depth == 0 && !in_string && matches!(bytes[at - 1], b'}' | b']' | b'"') {
            return at;
        }
    }
    at
}

/// A compact value with a space behind each colon and comma.
fn spaced(text: &str) -> String {
    let mut out = String::new();
    let (mut in_string, mut escaped) = (false, false);
    for letter in text.chars() {
        if in_string {
            in_string = escaped || letter != '"';
            escaped = letter == '\\' && !escaped;
            out.push(letter);
            continue;
        }
        in_string = letter == '"';
        match letter {
            ',' | ':' => {
                out.push(letter);
                out.push(' ');
            }
            '{' => out += "{ ",
            '}' => out += " }",
            _ => out.push(letter),
        }
    }
    out.replace("{  }", "{}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_printed_in_its_own_order() {
        let long = "x".repeat(60);
        let text = format!(r#"{{"b":{{"c":[1,"a,}}\"",null]}},"a":{{"d":"{long}","e":[]}}}}"#);
        let expected = format!(
            "{{\n  \"b\": {{ \"c\": [1, \"a,}}\\\"\", null] }},\n  \"a\": {{\n    \"d\": \"{long}\",\n    \"e\": []\n  }}\n}}"
        );
        assert_eq!(pretty(&text), expected);
    }
}
