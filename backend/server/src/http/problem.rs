//! What a transport itself has to complain about, as one GraphQL-shaped answer.

use std::borrow::Cow;

use async_graphql::{Pos, Response, ServerError};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response as HttpResponse},
};
use serde_json::{Value, json};

use super::negotiate::Media;

/// A complaint: a code for programs, a sentence for people, and the place in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    pub message: Cow<'static, str>,
    pub locations: Vec<Pos>,
}

/// What can be wrong, under the name that `extensions.code` has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    BadRequest,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    RequestTimeout,
    PayloadTooLarge,
    UnsupportedMediaType,
    TooManyOperations,
    ParseFailed,
    ValidationFailed,
    Internal,
    Overloaded,
    Unavailable,
    Timeout,
}

impl Code {
    /// The name in `extensions.code`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::RequestTimeout => "REQUEST_TIMEOUT",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::TooManyOperations => "TOO_MANY_OPERATIONS",
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::Internal => "INTERNAL",
            Self::Overloaded => "OVERLOADED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Timeout => "TIMEOUT",
        }
    }

    /// The status of an answer that carries nothing else.
    pub const fn status(self) -> StatusCode {
        match self {
            // The draft of August 2026 would have 422 for a document that does not validate; the
            // public audits still want 400, and so do we until they change.
            Self::BadRequest | Self::ParseFailed | Self::ValidationFailed => {
                StatusCode::BAD_REQUEST
            }
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyOperations => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Overloaded | Self::Unavailable | Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The label in metrics.
    pub const fn outcome(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Timeout => "timeout",
            _ => "refused",
        }
    }

    /// Whether the request arrived well and its GraphQL document is at fault: the old media type
    /// answers this with 200.
    const fn is_about_the_document(self) -> bool {
        matches!(self, Self::ParseFailed | Self::ValidationFailed)
    }
}

impl Problem {
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            locations: Vec::new(),
        }
    }

    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::BadRequest, message)
    }

    /// A fault of ours. It is logged where it happens and told to nobody.
    pub fn internal() -> Self {
        Self::new(Code::Internal, "Something went wrong on our side.")
    }

    pub fn at(mut self, locations: Vec<Pos>) -> Self {
        self.locations = locations;
        self
    }

    /// The entry in `errors`.
    pub fn to_json(&self) -> Value {
        let mut error = json!({
            "message": self.message,
            "extensions": { "code": self.code.name() },
        });
        if !self.locations.is_empty() {
            error["locations"] = json!(self.locations);
        }
        error
    }

    /// The whole answer in this media type.
    pub fn respond(&self, media: Media) -> HttpResponse {
        let status = if media == Media::Json && self.code.is_about_the_document() {
            StatusCode::OK
        } else {
            self.code.status()
        };
        let body = json!({ "errors": [self.to_json()] }).to_string();
        let mut response =
            (status, [(header::CONTENT_TYPE, media.content_type())], body).into_response();
        let headers = response.headers_mut();
        match self.code {
            Code::Unauthenticated => {
                let challenge = HeaderValue::from_static(r#"Bearer error="invalid_token""#);
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            Code::Overloaded | Code::Unavailable | Code::Timeout => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> HttpResponse {
        self.respond(Media::Json)
    }
}

impl From<&Problem> for Response {
    fn from(problem: &Problem) -> Self {
        let mut error = ServerError::new(problem.message.clone(), None);
        error.locations.clone_from(&problem.locations);
        let mut extensions = async_graphql::ErrorExtensionValues::default();
        extensions.set("code", problem.code.name());
        error.extensions = Some(extensions);
        Self::from_errors(vec![error])
    }
}
