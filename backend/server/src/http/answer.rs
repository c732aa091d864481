//! What leaves: the API's answer with a code on every error and no word of a fault.

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};
use serde::Serialize;

use super::problem::{Code, Problem};

/// Errors of one answer. A document that is wrong in more places than that is wrong enough.
const MAX_ERRORS: usize = 20;

/// An answer as it goes on the wire, on either transport.
#[derive(Debug, Serialize)]
pub struct Answer {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ServerError>,
    /// None when nothing was executed: the specification wants no key then, not a null.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    extensions: std::collections::BTreeMap<String, Value>,
}

impl Answer {
    /// Whether nothing was executed because the request is wrong.
    pub const fn is_refusal(&self) -> bool {
        self.data.is_none()
    }

    /// The label in metrics.
    pub fn outcome(&self) -> &'static str {
        if self
            .errors
            .iter()
            .any(|error| code(error) == Some(Code::Internal.name()))
        {
            "internal"
        } else if self.is_refusal() {
            "refused"
        } else if self.errors.is_empty() {
            "ok"
        } else {
            "errors"
        }
    }

    /// The answer as text.
    pub fn to_json(&self) -> String {
        // A value of the API is made of strings, numbers and lists; should it still not be JSON,
        // that is a fault like any other.
        serde_json::to_string(self).unwrap_or_else(|error| {
            tracing::error!(%error, "an answer is no JSON");
            serde_json::json!({ "errors": [Problem::internal().to_json()] }).to_string()
        })
    }
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        let mut errors = response.errors;
        // async-graphql has null data both when nothing was executed and when an error took the
        // whole answer with it. Only the latter has a path, unless the path leads to a value of the
        // request that could not be read.
        let refused = response.data == Value::Null
            && !errors.is_empty()
            && errors
                .iter()
                .all(|error| error.path.is_empty() || is_coercion(error));
        errors.truncate(MAX_ERRORS);
        errors.iter_mut().for_each(complete);
        Self {
            errors,
            data: (!refused).then_some(response.data),
            extensions: response.extensions,
        }
    }
}

impl From<&Problem> for Answer {
    fn from(problem: &Problem) -> Self {
        Response::from(problem).into()
    }
}

fn code(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// Gives the error a code if it has none.
///
/// Ours have one. Without one, an error is of async-graphql's making: about the document, or about
/// a value that a field could not read. Anything else is a stray error of our code, whose text may
/// say what nobody should know.
fn complete(error: &mut ServerError) {
    if code(error).is_some() {
        return;
    }
    let code = if error.path.is_empty() || is_coercion(error) {
        error.message = without_value(&error.message);
        Code::ValidationFailed
    } else {
        tracing::error!(path = ?error.path, "an error without a code");
        error.message = Problem::internal().message.into_owned();
        Code::Internal
    };
    error.source = None;
    error
        .extensions
        .get_or_insert_with(ErrorExtensionValues::default)
        .set("code", code.name());
}

/// Whether the error is async-graphql's about an argument that is not what its type takes.
fn is_coercion(error: &ServerError) -> bool {
    code(error).is_none_or(|code| code == Code::ValidationFailed.name())
        && (error.message.starts_with("Failed to parse \"")
            || error.message.starts_with("Expected input type \""))
}

/// What async-graphql says of an argument of the wrong type, without the argument: that may be
/// somebody's phone number, and errors are kept in many places.
fn without_value(message: &str) -> String {
    const WITHIN: &str = " (occurred while parsing";
    match message.split_once("\", found ") {
        Some((expected, found)) if expected.starts_with("Expected input type \"") => {
            let within = found.find(WITHIN).map_or("", |at| &found[at..]);
            format!("{expected}\".{within}")
        }
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{PathSegment, value};

    use super::*;

    fn error(message: &str, path: &[&str], code: Option<&str>) -> ServerError {
        let mut error = ServerError::new(message, None);
        error.path = path
            .iter()
            .map(|part| PathSegment::Field((*part).to_owned()))
            .collect();
        if let Some(code) = code {
            error.extensions.get_or_insert_default().set("code", code);
        }
        error
    }

    fn sent(data: Value, errors: Vec<ServerError>) -> serde_json::Value {
        let mut response = Response::new(data);
        response.errors = errors;
        serde_json::from_str(&Answer::from(response).to_json()).unwrap()
    }

    #[test]
    fn data_is_there_when_something_was_executed() {
        assert_eq!(
            sent(value!({ "a": 1 }), vec![]),
            serde_json::json!({ "data": { "a": 1 } })
        );
        let refused = sent(Value::Null, vec![error("Unknown field", &[], None)]);
        assert!(refused.get("data").is_none());
        assert_eq!(
            refused["errors"][0]["extensions"]["code"],
            "GRAPHQL_VALIDATION_FAILED"
        );
        let lost = sent(
            Value::Null,
            vec![error("Too many.", &["a"], Some("BAD_PAGE"))],
        );
        assert!(lost.as_object().unwrap().contains_key("data"));
        assert_eq!(lost["errors"][0]["extensions"]["code"], "BAD_PAGE");
    }

    #[test]
    fn a_value_that_cannot_be_read_is_the_request_s_fault() {
        let message = r#"Failed to parse "ID": not one of ours"#;
        let refused = sent(Value::Null, vec![error(message, &["node"], None)]);
        assert!(refused.get("data").is_none());
        assert_eq!(refused["errors"][0]["message"], message);
    }

    #[test]
    fn a_value_of_the_wrong_type_is_not_said_back() {
        let message = r#"Expected input type "String", found 20304050. (occurred while parsing "CitizenInput")"#;
        let refused = sent(Value::Null, vec![error(message, &["a"], None)]);
        assert_eq!(
            refused["errors"][0]["message"],
            r#"Expected input type "String". (occurred while parsing "CitizenInput")"#
        );
    }

    #[test]
    fn a_stray_error_loses_its_text() {
        let secret = error("constraint person_pkey", &["a", "b"], None);
        let lost = sent(value!({ "a": null }), vec![secret]);
        assert_eq!(lost["errors"][0]["extensions"]["code"], "INTERNAL");
        assert!(!lost.to_string().contains("person_pkey"));
    }

    #[test]
    fn errors_are_bounded() {
        let many = (0..100)
            .map(|_| error("Unknown field", &[], None))
            .collect();
        assert_eq!(
            sent(Value::Null, many)["errors"].as_array().unwrap().len(),
            MAX_ERRORS
        );
    }
}
