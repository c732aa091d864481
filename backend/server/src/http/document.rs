//! A document is weighed before the schema sees it.
//!
//! async-graphql 8.0.0-rc.5 parses and validates by recursion, before its own limits apply: 2,000
//! nested lists, or a chain of 20,000 fragments, overflow the stack and end the whole process; 26
//! fragments that each spread the next one twice keep a thread busy for minutes. The checks here
//! take time in proportion to the text.

use std::collections::HashMap;

use async_graphql::{
    Positioned, Request, ServerError,
    parser::types::{
        DocumentOperations, ExecutableDocument, OperationType, Selection, SelectionSet,
    },
};

use super::problem::{Code, Problem};

/// Longest document, in bytes. Long values belong into variables.
const MAX_BYTES: usize = 64 << 10;
/// Brackets inside brackets. The deepest query that the schema allows needs some 40.
const MAX_NESTING: usize = 64;
/// Operations, and fragments, of one document.
const MAX_DEFINITIONS: usize = 100;
/// Fields when every fragment is written out where it is spread. Full introspection needs 200.
const MAX_FIELDS: usize = 5_000;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Query,
    Mutation,
    Subscription,
}

impl Kind {
    /// The label in metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

/// Parses the document, refuses what is too heavy, and says what the chosen operation does. The
/// request keeps the parsed document, so that it is parsed once.
pub fn weigh(request: &mut Request) -> Result<Kind, Problem> {
    if request.query.len() > MAX_BYTES {
        return Err(refused(format!(
            "The document is longer than {MAX_BYTES} bytes."
        )));
    }
    if nesting(&request.query) > MAX_NESTING {
        return Err(refused(format!(
            "Brackets are nested more than {MAX_NESTING} deep."
        )));
    }
    let operation_name = request.operation_name.clone();
    let document = request
        .parsed_query()
        .map_err(|error| syntax_problem(&error))?;
    if document
        .operations
        .iter()
        .count()
        .max(document.fragments.len())
        > MAX_DEFINITIONS
    {
        return Err(refused(format!(
            "More than {MAX_DEFINITIONS} operations, or as many fragments."
        )));
    }
    weigh_fields(document)?;
    chosen(document, operation_name.as_deref())
}

/// What the operation does that is to be executed.
fn chosen(document: &ExecutableDocument, name: Option<&str>) -> Result<Kind, Problem> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next()
        }
        (DocumentOperations::Multiple(_), None) => {
            return Err(refused(
                "`operationName` has to say which operation is meant.",
            ));
        }
    };
    match found.map(|operation| operation.node.ty) {
        Some(OperationType::Query) => Ok(Kind::Query),
        Some(OperationType::Mutation) => Ok(Kind::Mutation),
        Some(OperationType::Subscription) => Ok(Kind::Subscription),
        None => Err(refused(
            "The document has no operation of that `operationName`.",
        )),
    }
}

fn refused(message: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(Code::ValidationFailed, message)
}

/// The parser quotes the whole line, which may be the whole document; what it expected is enough
/// beside the place.
fn syntax_problem(error: &ServerError) -> Problem {
    let message = error
        .message
        .rsplit_once("= ")
        .map_or(&*error.message, |(_, reason)| reason);
    let message: String = message.trim().chars().take(300).collect();
    Problem::new(Code::ParseFailed, format!("Syntax error: {message}.")).at(error.locations.clone())
}

/// How deep brackets are nested, outside strings and comments as the grammar has them.
fn nesting(text: &str) -> usize {
    let mut deepest = 0;
    let mut depth: usize = 0;
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        rest = match letter {
            '"' => after_string(rest),
            '#' => rest.find(['\n', '\r']).map_or("", |end| &rest[end..]),
            _ => {
                match letter {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                deepest = deepest.max(depth);
                &rest[letter.len_utf8()..]
            }
        };
    }
    deepest
}

/// What follows a string or block string that the text begins with.
fn after_string(text: &str) -> &str {
    let (mut rest, end, escaped) = match text.strip_prefix(r#"""""#) {
        Some(inside) => (inside, r#"""""#, r#"\""""#),
        None => (&text[1..], r#"""#, r"\"),
    };
    while let Some(letter) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix(end) {
            return after;
        }
        rest = match rest.strip_prefix(escaped) {
            // In a string, the letter behind a backslash belongs to it; in a block string only the
            // three quotes do.
            Some(after) if escaped == r"\" => after
                .chars()
                .next()
                .map_or("", |letter| &after[letter.len_utf8()..]),
            Some(after) => after,
            None => &rest[letter.len_utf8()..],
        };
    }
    ""
}

fn weigh_fields(document: &ExecutableDocument) -> Result<(), Problem> {
    let mut weights = Weights {
        document,
        known: HashMap::new(),
    };
    let mut total: usize = 0;
    for (_, operation) in document.operations.iter() {
        total = total.saturating_add(weights.of_set(&operation.node.selection_set)?);
    }
    for (name, fragment) in &document.fragments {
        if !weights.known.contains_key(name.as_str()) {
            total = total.saturating_add(weights.of_set(&fragment.node.selection_set)?);
        }
    }
    if total > MAX_FIELDS {
        return Err(refused(format!(
            "The document asks for more than {MAX_FIELDS} fields."
        )));
    }
    Ok(())
}

/// Fields of each fragment that has been written out; none for one that is being written out.
struct Weights<'a> {
    document: &'a ExecutableDocument,
    known: HashMap<&'a str, Option<usize>>,
}

impl<'a> Weights<'a> {
    /// The recursion is bounded by [`MAX_NESTING`] and [`MAX_DEFINITIONS`].
    fn of_set(&mut self, set: &'a Positioned<SelectionSet>) -> Result<usize, Problem> {
        let mut sum: usize = 0;
        for selection in &set.node.items {
            let weight = match &selection.node {
                Selection::Field(field) => 1 + self.of_set(&field.node.selection_set)?,
                Selection::InlineFragment(inline) => self.of_set(&inline.node.selection_set)?,
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name;
                    // A spread weighs something, or empty fragments could be spread for ever.
                    1 + self
                        .of_fragment(name.node.as_str())?
                        .ok_or_else(|| refused("A fragment spreads itself.").at(vec![name.pos]))?
                }
            };
            sum = sum.saturating_add(weight);
        }
        Ok(sum)
    }

    /// None when the fragment is inside itself. An unknown one is left for the schema to refuse.
    fn of_fragment(&mut self, name: &'a str) -> Result<Option<usize>, Problem> {
        if let Some(known) = self.known.get(name) {
            return Ok(*known);
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(Some(0));
        };
        self.known.insert(name, None);
        let weight = self
            .of_set(&fragment.node.selection_set)?
            .min(MAX_FIELDS + 1);
        self.known.insert(name, Some(weight));
        Ok(Some(weight))
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    fn weighed(query: &str) -> Result<Kind, Code> {
        weigh(&mut Request::new(query)).map_err(|problem| problem.code)
    }

    #[test]
    fn the_chosen_operation_decides() {
        assert_eq!(weighed("{ a }"), Ok(Kind::Query));
        assert_eq!(weighed("mutation M { a }"), Ok(Kind::Mutation));
        assert_eq!(
            weighed("query A { a } mutation B { a }"),
            Err(Code::ValidationFailed)
        );
        let named = |name: &str| {
            let query = "query A { a } subscription B { a }";
            weigh(&mut Request::new(query).operation_name(name)).ok()
        };
        assert_eq!(named("B"), Some(Kind::Subscription));
        assert_eq!(named("C"), None);
        assert_eq!(weighed("{"), Err(Code::ParseFailed));
        assert_eq!(weighed(""), Err(Code::ParseFailed));
    }

    #[test]
    fn brackets_count_outside_strings_and_comments() {
        assert_eq!(nesting("{ a(x: [1, {b: 2}]) { c } }"), 4);
        assert_eq!(nesting(r#"{ a(x: "[[[[\"[[") }"#), 2);
        assert_eq!(nesting("{ a(x: \"\"\" [[ \\\"\"\" [[ \" [[ \"\"\") [ }"), 2);
        assert_eq!(nesting("{ # [[[[\n [ # ((\r ( }"), 3);
        // A closing bracket in a string lowers nothing.
        assert_eq!(nesting(r#"[ "]" [ "]" ["#), 3);
        assert_eq!(nesting(r#"{ a(x: "") [ "\\" [ }"#), 3);
        assert_eq!(nesting("\"æ\\"), 0);
    }

    #[test]
    fn what_would_end_the_process_is_refused_in_time() {
        let lists = format!("{{ a(x: {}{}) }}", "[".repeat(3_000), "]".repeat(3_000));
        let sets = format!("{{ {} a {} }}", "a {".repeat(70), "}".repeat(70));
        let mut bomb = String::from("{ ...F0 }");
        let mut chain = String::from("{ a }");
        for i in 0..40 {
            let _ = write!(bomb, " fragment F{i} on Q {{ ...F{n} ...F{n} }}", n = i + 1);
        }
        for i in 0..101 {
            let _ = write!(chain, " fragment F{i} on Q {{ ...F{} }}", i + 1);
        }
        let cycle = "{ ...A } fragment A on Q { ...B ...B } fragment B on Q { ...A ...A }";
        let wide = format!("{{ {} }}", "a ".repeat(5_001));
        let long = format!("{{ a }} #{}", " ".repeat(MAX_BYTES));
        for query in [&lists, &sets, &bomb, &chain, cycle, &wide, &long] {
            let start = &query[..30.min(query.len())];
            assert_eq!(weighed(query), Err(Code::ValidationFailed), "{start}");
        }
    }

    #[test]
    fn a_syntax_error_says_what_was_expected_and_where() {
        let problem = weigh(&mut Request::new("{ a(")).unwrap_err();
        assert!(
            problem.message.starts_with("Syntax error: expected "),
            "{}",
            problem.message
        );
        assert!(!problem.message.contains("-->"));
        assert_eq!(problem.locations.len(), 1);
    }
}
