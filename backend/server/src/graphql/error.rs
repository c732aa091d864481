//! What goes wrong, as clients see it: `userErrors` for what a person can mend, top-level errors
//! for bad requests and faults, always with a code, never with a database's words.

use async_graphql::{Enum, ErrorExtensions, SimpleObject, Value};
use faelled_engine::problem::{Fault, Problem};

use crate::{
    app::{
        AppError, Refusal, StoreError, Why,
        paging::{ListError, PageError},
    },
    words::{self, Language},
};

/// A top-level error. It has no `Display`, so that a stray `?` on another error does not compile.
#[derive(Debug, Clone)]
pub struct ApiError {
    code: &'static str,
    message: String,
    problems: Vec<UserError>,
}

pub type ApiResult<T> = Result<T, ApiError>;

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        let problems: Vec<Value> = error
            .problems
            .iter()
            .map(|problem| {
                async_graphql::value!({
                    "code": (async_graphql::resolver_utils::enum_value(problem.code)),
                    "field": (problem.field.clone()),
                    "message": (problem.message.clone()),
                })
            })
            .collect();
        Self::new(error.message).extend_with(|_, extensions| {
            extensions.set("code", error.code);
            if !problems.is_empty() {
                extensions.set("problems", problems.clone());
            }
        })
    }
}

impl ApiError {
    /// An error whose words stand under `key`.
    fn said(language: Language, code: &'static str, key: &str, args: &[(&str, &str)]) -> Self {
        let args: Vec<_> = args
            .iter()
            .map(|(name, value)| (*name, (*value).into()))
            .collect();
        Self {
            code,
            message: language.say(key, &args),
            problems: Vec::new(),
        }
    }

    /// Bad arguments of a query.
    pub fn bad_input(language: Language, problems: Vec<Problem>) -> Self {
        let refusal = |problem: Problem| Refusal {
            field: problem.field,
            why: Why::Invalid(problem.fault),
        };
        Self {
            problems: problems
                .into_iter()
                .map(|problem| user_error(language, refusal(problem)))
                .collect(),
            ..Self::said(language, "BAD_USER_INPUT", "error-bad-input", &[])
        }
    }

    fn page(language: Language, error: PageError) -> Self {
        let said = |code, key, args: &[_]| Self::said(language, code, key, args);
        match error {
            PageError::FirstAndLast => said("BAD_PAGE", "error-first-and-last", &[]),
            PageError::Size { argument, max } => {
                let max = max.to_string();
                said(
                    "BAD_PAGE",
                    "error-page-size",
                    &[("argument", argument), ("max", &max)],
                )
            }
            PageError::Cursor { argument } => {
                said("BAD_CURSOR", "error-cursor", &[("argument", argument)])
            }
        }
    }

    /// A list that cannot be shown.
    pub fn list(language: Language, error: impl Into<ListError>) -> Self {
        match error.into() {
            ListError::Filter(problems) => Self::bad_input(language, problems),
            ListError::Search { max_words } => Self::said(
                language,
                "BAD_USER_INPUT",
                "error-search",
                &[("max", &max_words.to_string())],
            ),
            ListError::Page(error) => Self::page(language, error),
            ListError::Store(error) => Self::store(language, error),
        }
    }

    /// Somebody has to sign in first.
    pub fn unauthenticated(language: Language) -> Self {
        Self::said(language, "UNAUTHENTICATED", "error-unauthenticated", &[])
    }

    /// The subscriber did not keep up with the news.
    pub fn fell_behind(language: Language) -> Self {
        Self::said(language, "FELL_BEHIND", "error-fell-behind", &[])
    }

    /// The record did not answer.
    pub fn store(language: Language, error: impl Into<Unanswered>) -> Self {
        match error.into() {
            Unanswered::Busy => Self::said(language, "BUSY", "error-busy", &[]),
            Unanswered::Fault => Self::said(language, "INTERNAL", "error-internal", &[]),
        }
    }
}

/// What a client is told of a record that did not answer. Many rows may share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// Others are writing; it can be asked again.
    Busy,
    /// Anything else; the log says what.
    Fault,
}

impl From<StoreError> for Unanswered {
    /// What the record says of a fault is logged here, once, and told to nobody.
    fn from(error: StoreError) -> Self {
        if error.is_retryable() {
            return Self::Busy;
        }
        tracing::error!(error = %error.in_full(), "the record did not answer");
        Self::Fault
    }
}

/// What a mutation answers: what it made, or what its sender can mend.
pub enum Answered<T> {
    Done(T),
    Refused(Vec<UserError>),
}

/// Sorts the outcome of a use case into what is for `userErrors` and what is for `errors`.
pub fn answered<T>(language: Language, outcome: Result<T, AppError>) -> ApiResult<Answered<T>> {
    match outcome {
        Ok(value) => Ok(Answered::Done(value)),
        Err(AppError::Refused(refusals)) => Ok(Answered::Refused(
            refusals
                .into_iter()
                .map(|refusal| user_error(language, refusal))
                .collect(),
        )),
        Err(AppError::Unauthenticated) => Err(ApiError::unauthenticated(language)),
        Err(AppError::Store(error)) => Err(ApiError::store(language, error)),
    }
}

/// Something in the input of a mutation that its sender can mend.
#[derive(Debug, Clone, SimpleObject)]
pub struct UserError {
    /// What is wrong; never changes with the language.
    code: UserErrorCode,
    /// Path to the field within `input`, outermost first; positions in lists count from 0.
    field: Vec<String>,
    /// What is wrong and what is accepted, in the reader's language (`Accept-Language`).
    message: String,
}

/// What can be wrong with an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum UserErrorCode {
    /// A visit that began then is logged already.
    AlreadyLogged,
    /// There is a live match of these two already.
    AlreadyMatched,
    /// Nothing of it lies ahead.
    AlreadyOver,
    /// Nothing, or only spaces, where something is asked for.
    Blank,
    /// The day's checks are used up.
    BudgetSpent,
    /// No places left.
    CapacityFull,
    /// Holds control or invisible characters.
    ControlCharacters,
    /// Looks like a CPR number, which must stand nowhere.
    CprLike,
    /// Must lie after the start.
    EndBeforeStart,
    /// Exactly one of several fields is needed.
    ExactlyOneOf,
    /// The idempotency key was used for something else.
    IdempotencyKeyReused,
    /// Cannot be read as what it should be.
    Malformed,
    /// Another field is needed as well.
    MissingField,
    /// The rule never occurs in its first five years.
    NeverOccurs,
    /// A visit must name somebody.
    NobodyNamed,
    /// An offer meets a need or a wish; nothing else meets.
    NotAPair,
    /// Only wishes can be supported.
    NotAWish,
    /// Nobody declared that the citizen knows and agrees.
    NotDeclared,
    /// The counterpart was not posted by the one on whose behalf it is proposed.
    NotTheCounterparts,
    /// There is no such thing, or it is not yours; both answer alike.
    NotFound,
    /// The listing is not open.
    NotOpen,
    /// A volunteer house has not verified the organization.
    NotVerified,
    /// A number, a date or a length of time outside its bounds.
    OutOfRange,
    /// A point that is not in Denmark.
    OutsideDenmark,
    /// It is your own listing.
    OwnListing,
    /// The same item twice.
    Repeated,
    /// Somebody changed it since you saw it.
    StaleVersion,
    /// Tells who the citizen is, or looks like a phone number.
    TellsOfCitizen,
    /// The rule occurs more often than accepted.
    TooFrequent,
    /// More characters than accepted.
    TooLong,
    /// More items than accepted.
    TooMany,
    /// Fewer characters than accepted.
    TooShort,
    /// A code that no list holds.
    Unknown,
    /// It is not in a state in which this can be done.
    WrongState,
}

fn user_error(language: Language, refusal: Refusal) -> UserError {
    use UserErrorCode as Code;
    let (code, key) = match &refusal.why {
        Why::Invalid(fault) => {
            return UserError {
                code: fault_code(fault),
                field: refusal.field,
                message: words::fault(language, fault),
            };
        }
        Why::StaleVersion { current } => {
            let current = current.to_string().into();
            return UserError {
                code: Code::StaleVersion,
                field: refusal.field,
                message: language.say("refused-stale-version", &[("current", current)]),
            };
        }
        Why::BudgetSpent { budget } => {
            let budget = budget.to_string().into();
            return UserError {
                code: Code::BudgetSpent,
                field: refusal.field,
                message: language.say("refused-budget-spent", &[("budget", budget)]),
            };
        }
        Why::NotFound => (Code::NotFound, "refused-not-found"),
        Why::CapacityFull => (Code::CapacityFull, "refused-capacity-full"),
        Why::WrongState => (Code::WrongState, "refused-wrong-state"),
        Why::NotOpen => (Code::NotOpen, "refused-not-open"),
        Why::KeyReused => (Code::IdempotencyKeyReused, "refused-key-reused"),
        Why::KeyMalformed => (Code::Malformed, "refused-key-malformed"),
        Why::OwnListing => (Code::OwnListing, "refused-own-listing"),
        Why::AlreadyMatched => (Code::AlreadyMatched, "refused-already-matched"),
        Why::NotAPair => (Code::NotAPair, "refused-not-a-pair"),
        Why::NotAWish => (Code::NotAWish, "refused-not-a-wish"),
        Why::NotVerified => (Code::NotVerified, "refused-not-verified"),
        Why::NotDeclared => (Code::NotDeclared, "refused-not-declared"),
        Why::AlreadyLogged => (Code::AlreadyLogged, "refused-already-logged"),
        Why::NotTheCounterparts => (Code::NotTheCounterparts, "refused-not-the-counterparts"),
    };
    UserError {
        code,
        field: refusal.field,
        message: language.say(key, &[]),
    }
}

const fn fault_code(fault: &Fault) -> UserErrorCode {
    use UserErrorCode as Code;
    match fault {
        Fault::Blank => Code::Blank,
        Fault::TooShort { .. } => Code::TooShort,
        Fault::TooLong { .. } => Code::TooLong,
        Fault::ControlCharacters => Code::ControlCharacters,
        Fault::OutOfRange { .. }
        | Fault::LastsTooLong { .. }
        | Fault::OutsideYears { .. }
        | Fault::TooFarAhead { .. }
        | Fault::GreaterThan { .. }
        | Fault::DateOutOfRange { .. } => Code::OutOfRange,
        Fault::OutsideDenmark => Code::OutsideDenmark,
        Fault::Unknown { .. } => Code::Unknown,
        Fault::Malformed { .. } | Fault::Unreadable { .. } => Code::Malformed,
        Fault::EndBeforeStart => Code::EndBeforeStart,
        Fault::NeverOccurs => Code::NeverOccurs,
        Fault::TooFrequent { .. } => Code::TooFrequent,
        Fault::AlreadyOver => Code::AlreadyOver,
        Fault::TooMany { .. } => Code::TooMany,
        Fault::Repeated { .. } => Code::Repeated,
        Fault::ExactlyOneOf { .. } => Code::ExactlyOneOf,
        Fault::NobodyNamed => Code::NobodyNamed,
        Fault::CprLike => Code::CprLike,
        Fault::PhoneLike | Fault::Identifies { .. } => Code::TellsOfCitizen,
        Fault::Needs { .. } => Code::MissingField,
    }
}
