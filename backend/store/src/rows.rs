//! Rows, each on its own: one that does not read must not hide the others.

use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, QueryTrait, Select};
use uuid::Uuid;

use crate::error::StoreError;

/// A row as it was found, or the identity of one that holds a value of another type than its
/// column (SQLite lets it).
pub(crate) type Row<M> = Result<M, Undecoded>;

/// A row that holds a value of another type than its column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Undecoded {
    /// Which one, if at least that can be read.
    pub(crate) id: Option<Uuid>,
}

impl Undecoded {
    /// The error that tells of it.
    pub(crate) fn of(self, what: &'static str) -> StoreError {
        let id = self.id.unwrap_or_default();
        StoreError::corrupt(what, id, "a column holds a value of another type")
    }
}

/// The rows of a query, in its order.
pub(crate) async fn rows<E: EntityTrait>(
    connection: &impl ConnectionTrait,
    select: Select<E>,
) -> Result<Vec<Row<E::Model>>, StoreError> {
    let statement = select.build(connection.get_database_backend());
    let found = connection.query_all_raw(statement).await?;
    let decoded = found.iter().map(|row| {
        E::Model::from_query_result(row, "").map_err(|_| Undecoded {
            id: row.try_get("", "id").ok(),
        })
    });
    Ok(decoded.collect())
}

/// What reads. The rest is named in the log, by identity and fields, never by content.
pub(crate) fn readable<M, T>(
    rows: Vec<Row<M>>,
    what: &'static str,
    read: impl Fn(M) -> Result<T, StoreError>,
) -> Vec<T> {
    rows.into_iter()
        .filter_map(|row| {
            row.map_err(|undecoded| undecoded.of(what))
                .and_then(&read)
                .inspect_err(|error| tracing::error!(%error, "a row is left out"))
                .ok()
        })
        .collect()
}
