//! The four parameters of a GraphQL request, from a JSON object or from the query of an address.

use async_graphql::{Name, Request};
use axum::{extract::Query, http::Uri};
use serde_json::{Map, Value};

use super::problem::Problem;

/// The request in a POST body.
pub fn from_body(body: &[u8]) -> Result<Request, Problem> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| Problem::bad_request(format!("The body is not valid JSON: {error}.")))?;
    match value {
        Value::Object(params) => from_object(params),
        Value::Array(_) => Err(Problem::bad_request(
            "The body is an array; send one request at a time.",
        )),
        _ => Err(Problem::bad_request("The body is not a JSON object.")),
    }
}

/// The request in the query of an address. An empty parameter counts as an absent one.
pub fn from_uri(uri: &Uri) -> Result<Request, Problem> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|_| Problem::bad_request("The address has a query that cannot be read."))?;
    let mut params = Map::new();
    for (name, text) in pairs {
        let value = match name.as_str() {
            "operationName" | "variables" | "extensions" if text.is_empty() => continue,
            "query" | "operationName" => Value::String(text),
            "variables" | "extensions" => serde_json::from_str(&text)
                .map_err(|_| Problem::bad_request(format!("`{name}` is not valid JSON.")))?,
            _ => continue,
        };
        if params.insert(name.clone(), value).is_some() {
            return Err(Problem::bad_request(format!(
                "`{name}` is given more than once."
            )));
        }
    }
    from_object(params)
}

/// The request in a JSON object: a `query`, and what else the specification knows. Other members
/// are reserved by it, and ignored.
pub fn from_object(mut params: Map<String, Value>) -> Result<Request, Problem> {
    let query = match params.remove("query") {
        Some(Value::String(query)) => query,
        Some(Value::Null) | None => {
            return Err(Problem::bad_request("`query` is missing."));
        }
        Some(_) => return Err(Problem::bad_request("`query` is not a string.")),
    };
    let mut request = Request::new(query);
    request.operation_name = match params.remove("operationName") {
        Some(Value::String(name)) => Some(name),
        Some(Value::Null) | None => None,
        Some(_) => return Err(Problem::bad_request("`operationName` is not a string.")),
    };
    for (name, value) in object(&mut params, "variables")? {
        request
            .variables
            .insert(Name::new(name), graphql(value, "variables")?);
    }
    for (name, value) in object(&mut params, "extensions")? {
        request
            .extensions
            .insert(name, graphql(value, "extensions")?);
    }
    Ok(request)
}

fn object(params: &mut Map<String, Value>, name: &str) -> Result<Map<String, Value>, Problem> {
    match params.remove(name) {
        Some(Value::Object(object)) => Ok(object),
        Some(Value::Null) | None => Ok(Map::new()),
        Some(_) => Err(Problem::bad_request(format!("`{name}` is not an object."))),
    }
}

/// `Variables::from_json` would turn what it cannot read into no variables at all.
fn graphql(value: Value, name: &str) -> Result<async_graphql::Value, Problem> {
    async_graphql::Value::from_json(value)
        .map_err(|_| Problem::bad_request(format!("`{name}` cannot be read.")))
}
