//! Use cases, one file for each noun. They own the transactions: a write, its change-log row and
//! its jobs commit together or not at all. What is allowed and what is true, the engine says.

pub mod exchange;
pub mod houses;
pub mod idempotency;
pub mod judged;
pub mod listings;
pub mod matches;
pub mod organizations;
pub mod paging;
pub mod people;
pub mod visits;

use std::sync::Arc;

use faelled_engine::{catalog::Catalog, problem::Problem};
use faelled_store::{Committed, Store, Writing};

use crate::{citizens::Citizens, clock::Clock, live::Live};

pub use faelled_store::StoreError;
pub use paging::Cursors;

/// What every use case works with.
#[derive(Clone)]
pub struct App {
    /// The record.
    pub store: Store,
    /// Themes, places, weights.
    pub catalog: Arc<Catalog>,
    /// The board of this process, and its news.
    pub live: Live,
    /// What time it is.
    pub clock: Clock,
    /// Signs cursors.
    pub cursors: Cursors,
    /// Turns what names a citizen into what is kept.
    pub citizens: Arc<Citizens>,
}

impl App {
    /// Commits, and reads the change log up to this commit, so that whoever wrote sees it at once.
    pub(crate) async fn commit(&self, writing: Writing) -> Result<Committed, StoreError> {
        let committed = writing.commit().await?;
        self.live.catch_up_to(committed.position).await;
        Ok(committed)
    }
}

/// Why a use case did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The request cannot be done as it is; whoever sent it can mend it.
    #[error("refused")]
    Refused(Vec<Refusal>),
    /// Nobody is signed in.
    #[error("not signed in")]
    Unauthenticated,
    /// The record did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a use case answers.
pub type Outcome<T> = Result<T, AppError>;

/// Keeps a value, or its refusals, so that a reader gets all of them at once; any other error ends
/// the use case.
fn gather<T>(refusals: &mut Vec<Refusal>, outcome: Outcome<T>) -> Outcome<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(AppError::Refused(more)) => {
            refusals.extend(more);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// One reason why something cannot be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The field that it is about, outermost first.
    pub field: Vec<String>,
    /// Why.
    pub why: Why,
}

/// Why something cannot be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// A value is wrong.
    Invalid(faelled_engine::problem::Fault),
    /// There is no such thing, or it is not for this actor to know of.
    NotFound,
    /// Somebody changed it since.
    StaleVersion {
        /// The version that it has now.
        current: i32,
    },
    /// No places left.
    CapacityFull,
    /// It is not in a state in which this can be done.
    WrongState,
    /// The listing is not open.
    NotOpen,
    /// The idempotency key was used for something else.
    KeyReused,
    /// Not a usable idempotency key.
    KeyMalformed,
    /// Both sides would be the same.
    OwnListing,
    /// There is a live match of this pair already.
    AlreadyMatched,
    /// An offer meets a need or a wish; nothing else meets.
    NotAPair,
    /// Only wishes can be supported.
    NotAWish,
    /// The organization is not verified.
    NotVerified,
    /// Nobody declared that the citizen knows and agrees.
    NotDeclared,
    /// The day's checks are used up.
    BudgetSpent {
        /// How many there are in a day.
        budget: u32,
    },
    /// A visit that began then is logged already.
    AlreadyLogged,
    /// The counterpart is somebody else's than whom it is proposed for.
    NotTheCounterparts,
}

impl Refusal {
    /// A refusal about one field.
    pub fn at(field: &str, why: Why) -> Self {
        Self {
            field: field.split('.').map(str::to_owned).collect(),
            why,
        }
    }
}

impl AppError {
    /// Refused for one reason.
    pub fn refused(field: &str, why: Why) -> Self {
        Self::Refused(vec![Refusal::at(field, why)])
    }

    /// Refused for everything that is wrong within one field.
    pub fn invalid(within: &str, problems: Vec<Problem>) -> Self {
        let refusals = problems
            .into_iter()
            .map(|problem| {
                if within.is_empty() {
                    problem
                } else {
                    problem.within(within)
                }
            })
            .map(|problem| Refusal {
                field: problem.field,
                why: Why::Invalid(problem.fault),
            })
            .collect();
        Self::Refused(refusals)
    }
}
