//! Time as the record keeps it.

use chrono::{DateTime, SubsecRound, Utc};

/// The instant as the record keeps it: cut off after the microsecond, as PostgreSQL does. A clock
/// that gives its instants through this reads the same from the record as it wrote.
pub fn recorded(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant.trunc_subsecs(6)
}
