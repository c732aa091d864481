//! What can go wrong with the record.

use std::fmt;

use sea_orm::{DbErr, RuntimeErr, sqlx};

/// Why the record did not do what it was asked. Not found is not an error: it is `Ok(None)`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Others are writing, or the database is out of reach for the moment. Nothing was changed;
    /// the same request can be tried again.
    #[error("the record is busy; try again")]
    Busy,
    /// The change would break a rule that the record keeps. Callers turn these into user errors.
    #[error("the record keeps a rule that this would break: {0:?}")]
    Constraint(Constraint),
    /// A stored row does not read as what it should be. Says where, never what the row holds.
    #[error("{what} {id} in the record does not read: {why}")]
    Corrupt {
        /// What kind of thing it is.
        what: &'static str,
        /// Its identity.
        id: String,
        /// Why it does not read, in terms of fields.
        why: String,
    },
    /// The record cannot be opened as it is configured.
    #[error("the record cannot be opened: {0}")]
    Configuration(String),
    /// Another server process serves this SQLite record.
    #[error(
        "another server serves this record (its lock is {lock}); SQLite serves one server process, \
         PostgreSQL serves several"
    )]
    AlreadyServed {
        /// The file that the other server holds locked.
        lock: String,
    },
    /// Anything else that the database says. Its text is for the log, never for a client. When it
    /// comes from a commit, whether the commit took place is unknown.
    #[error("the database failed")]
    Database(#[source] DatabaseFailure),
}

impl StoreError {
    /// Whether the same request can be tried again as it is.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy)
    }

    /// The error with what the database itself said: for the log and for whoever runs the record,
    /// never for a client.
    pub fn in_full(&self) -> impl fmt::Display + '_ {
        fmt::from_fn(move |formatter| match self {
            Self::Database(failure) => write!(formatter, "{self}: {failure}"),
            _ => fmt::Display::fmt(self, formatter),
        })
    }

    /// Whether it is this constraint that stood in the way.
    pub fn is(&self, constraint: Constraint) -> bool {
        matches!(self, Self::Constraint(found) if *found == constraint)
    }
}

/// The database's own error, kept closed: it can be logged, and nothing else.
pub struct DatabaseFailure(Box<dyn std::error::Error + Send + Sync>);

impl fmt::Debug for DatabaseFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

impl fmt::Display for DatabaseFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl std::error::Error for DatabaseFailure {}

/// The rules that the record keeps by itself and that a caller can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Constraint {
    /// The pair has a proposed or confirmed match already.
    LivePair,
    /// Fewer places than are taken.
    Capacity,
    /// An organization with this external identity is there already.
    OrganizationExternalId,
    /// The poster has a listing with this external identity already.
    ListingExternalId,
    /// The organization has an arrangement with this external identity already.
    ArrangementExternalId,
    /// A visit of the arrangement that began then is logged already.
    VisitLogged,
    /// These two have a flag of this kind already.
    FlagRaised,
    /// The person belongs to the organization already.
    Membership,
    /// The token is there already.
    Token,
    /// Something with this identity is there already.
    Identity,
    /// Something that is referred to is not there, or something is still referred to.
    Reference,
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        if let DbErr::ConnectionAcquire(_) = error {
            return Self::Busy;
        }
        if let Some(inner) = said_by_sqlx(&error) {
            match inner {
                sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => return Self::Busy,
                sqlx::Error::Database(database) => {
                    if is_transient(&**database) {
                        return Self::Busy;
                    }
                    if let Some(constraint) = broken_constraint(&**database) {
                        return Self::Constraint(constraint);
                    }
                }
                _ => {}
            }
        }
        Self::Database(DatabaseFailure(Box::new(error)))
    }
}

impl StoreError {
    /// An error of COMMIT. A connection that is lost, or a server that goes down, leaves open
    /// whether the commit took place, so that trying again could do the thing twice: it is not
    /// `Busy`.
    pub(crate) fn of_commit(error: DbErr) -> Self {
        if said_by_sqlx(&error).is_some_and(leaves_open) {
            Self::Database(DatabaseFailure(Box::new(error)))
        } else {
            error.into()
        }
    }

    pub(crate) fn corrupt(
        what: &'static str,
        id: impl fmt::Display,
        why: impl Into<String>,
    ) -> Self {
        Self::Corrupt {
            what,
            id: id.to_string(),
            why: why.into(),
        }
    }
}

fn said_by_sqlx(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(inner))
        | DbErr::Exec(RuntimeErr::SqlxError(inner))
        | DbErr::Query(RuntimeErr::SqlxError(inner)) => Some(inner),
        _ => None,
    }
}

/// Whether an error of COMMIT leaves open what has come of it: the connection is lost, or the
/// server is shut down or has crashed (PostgreSQL's 57P01 and 57P02).
fn leaves_open(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(database) => database
            .code()
            .is_some_and(|code| code.starts_with("08") || matches!(&*code, "57P01" | "57P02")),
        _ => false,
    }
}

/// Failures after which the same statements may succeed, the transaction having been undone.
fn is_transient(error: &dyn sqlx::error::DatabaseError) -> bool {
    let Some(code) = error.code() else {
        return false;
    };
    if error
        .try_downcast_ref::<sqlx::sqlite::SqliteError>()
        .is_some()
    {
        // SQLITE_BUSY and SQLITE_LOCKED, with whatever the extended code adds.
        return code
            .parse::<i32>()
            .is_ok_and(|code| matches!(code & 0xff, 5 | 6));
    }
    // Serialization failure, deadlock, lock not available, too many connections, server going
    // down or coming up, and the class of connection exceptions.
    matches!(
        &*code,
        "40001" | "40P01" | "55P03" | "53300" | "57P01" | "57P02" | "57P03"
    ) || code.starts_with("08")
}

fn broken_constraint(error: &dyn sqlx::error::DatabaseError) -> Option<Constraint> {
    use sqlx::error::ErrorKind;
    let kind = error.kind();
    if matches!(kind, ErrorKind::ForeignKeyViolation) {
        return Some(Constraint::Reference);
    }
    // PostgreSQL names the constraint. SQLite names a CHECK, but of a unique index its columns
    // (`UNIQUE constraint failed: agreement.pair_low, agreement.pair_high`).
    let named = error.constraint().unwrap_or_else(|| {
        let message = error.message();
        message.split_once(": ").map_or(message, |(_, named)| named)
    });
    match (kind, named) {
        (ErrorKind::CheckViolation, "listing_capacity") => Some(Constraint::Capacity),
        (ErrorKind::UniqueViolation, named) => match named {
            "agreement_live_pair" | "agreement.pair_low, agreement.pair_high" => {
                Some(Constraint::LivePair)
            }
            "organization_external_id" | "organization.external_id" => {
                Some(Constraint::OrganizationExternalId)
            }
            "listing_organization_external_id"
            | "listing_person_external_id"
            | "listing.poster_organization_id, listing.external_id"
            | "listing.poster_person_id, listing.external_id" => {
                Some(Constraint::ListingExternalId)
            }
            "visit_arrangement_external_id"
            | "visit_arrangement.organization_id, visit_arrangement.external_id" => {
                Some(Constraint::ArrangementExternalId)
            }
            "visit_once" | "visit.arrangement_id, visit.start" => Some(Constraint::VisitLogged),
            "overlap_once" | "overlap.low_id, overlap.high_id, overlap.kind" => {
                Some(Constraint::FlagRaised)
            }
            "membership_pkey" | "membership.person_id, membership.organization_id" => {
                Some(Constraint::Membership)
            }
            "token_pkey" | "token.hash" => Some(Constraint::Token),
            "person_pkey" | "organization_pkey" | "listing_pkey" | "agreement_pkey"
            | "notice_pkey" | "person.id" | "organization.id" | "listing.id" | "agreement.id"
            | "notice.id" => Some(Constraint::Identity),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{borrow::Cow, sync::Arc};

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("said by a test")]
    struct Said(&'static str);

    impl sqlx::error::DatabaseError for Said {
        fn message(&self) -> &'static str {
            "said by a test"
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> sqlx::error::ErrorKind {
            sqlx::error::ErrorKind::Other
        }
    }

    fn said(code: &'static str) -> DbErr {
        let error = sqlx::Error::Database(Box::new(Said(code)));
        DbErr::Query(RuntimeErr::SqlxError(Arc::new(error)))
    }

    #[test]
    fn a_commit_whose_outcome_is_unknown_is_not_to_be_tried_again() {
        for code in ["08006", "57P01", "57P02"] {
            assert!(StoreError::from(said(code)).is_retryable(), "{code}");
            let at_commit = StoreError::of_commit(said(code));
            assert!(!at_commit.is_retryable(), "{code}");
            assert_eq!(at_commit.to_string(), "the database failed");
            assert!(at_commit.in_full().to_string().contains("said by a test"));
        }
        assert!(StoreError::of_commit(said("40001")).is_retryable());
    }
}
