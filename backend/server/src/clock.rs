//! The two things that are not functions of their input: what time it is, and chance.

use chrono::{DateTime, SubsecRound, Utc};
use faelled_engine::id::Id;
use uuid::Uuid;

/// Tells the time; a demo or a test may hold it still.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    fixed: Option<DateTime<Utc>>,
}

impl Clock {
    /// A clock that stands still at this instant, or runs when there is none.
    pub const fn new(fixed: Option<DateTime<Utc>>) -> Self {
        Self { fixed }
    }

    /// Now, to the microsecond, as the record keeps it.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine"
    )]
    pub fn now(self) -> DateTime<Utc> {
        self.fixed.unwrap_or_else(Utc::now).trunc_subsecs(6)
    }
}

/// A fresh identity.
pub fn fresh_id<T>() -> Id<T> {
    Id::new(fresh_name())
}

/// A fresh name for what is no thing of the record: a worker, a request.
#[expect(clippy::disallowed_methods, reason = "the one place that draws names")]
pub fn fresh_name() -> Uuid {
    Uuid::new_v4()
}

/// 32 fresh random bytes.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that draws secrets"
)]
pub fn fresh_secret() -> [u8; 32] {
    use rand::RngExt;
    rand::rng().random()
}
