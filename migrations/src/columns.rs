//! The few forms of column that the record uses, the same on both databases.

use sea_orm_migration::prelude::{
    ColumnDef, Expr, ExprTrait, ForeignKey, ForeignKeyAction, ForeignKeyCreateStatement,
};

/// A UUID: `uuid` on PostgreSQL, 16 bytes on SQLite.
pub(crate) fn id(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

/// A UUID, or none.
pub(crate) fn id_or_none(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().take()
}

/// A text.
pub(crate) fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

/// A text, or none.
pub(crate) fn text_or_none(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().take()
}

/// One of a closed set of short texts.
pub(crate) fn one_of(name: &'static str, codes: &[&'static str]) -> ColumnDef {
    text(name)
        .check(Expr::col(name).is_in(codes.iter().copied()))
        .take()
}

/// An instant in UTC, to the microsecond.
pub(crate) fn time(name: &'static str) -> ColumnDef {
    ColumnDef::new(name)
        .timestamp_with_time_zone()
        .not_null()
        .take()
}

/// An instant in UTC, or none.
pub(crate) fn time_or_none(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).timestamp_with_time_zone().take()
}

/// A whole number of 32 bits.
pub(crate) fn number(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().not_null().take()
}

/// A whole number of 32 bits, or none.
pub(crate) fn number_or_none(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).integer().take()
}

/// A whole number of 64 bits.
pub(crate) fn long(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// A floating-point number of 64 bits, or none.
pub(crate) fn real_or_none(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).double().take()
}

/// Yes or no.
pub(crate) fn flag(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().not_null().take()
}

/// Yes, no or nothing said.
pub(crate) fn flag_or_none(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).boolean().take()
}

/// A reference to another table's `id`.
pub(crate) fn refers(
    table: &'static str,
    column: &'static str,
    to: &'static str,
    on_delete: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("{table}_{column}"))
        .from(table, column)
        .to(to, "id")
        .on_delete(on_delete)
        .take()
}
