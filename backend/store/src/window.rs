//! Pages of lists that can grow, by sort key and never by offset.

use chrono::{DateTime, Utc};
use faelled_engine::id::Id;
use sea_orm::{
    ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

/// A stretch of a list: what lies after one key and before another, of that at most so many from
/// one end. The answer is a [`Stretch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window<K> {
    /// Only what stands after this key.
    pub after: Option<K>,
    /// Only what stands before this key.
    pub before: Option<K>,
    /// From which end.
    pub end: End,
    /// At most so many.
    pub limit: u64,
}

/// An end of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The first ones.
    First,
    /// The last ones.
    Last,
}

impl<K> Window<K> {
    /// The first ones of the whole list.
    pub const fn first(limit: u64) -> Self {
        Self {
            after: None,
            before: None,
            end: End::First,
            limit,
        }
    }

    /// The last ones of the whole list.
    pub const fn last(limit: u64) -> Self {
        Self {
            after: None,
            before: None,
            end: End::Last,
            limit,
        }
    }

    /// Of those, what stands after this key.
    #[must_use]
    pub fn after(self, key: K) -> Self {
        Self {
            after: Some(key),
            ..self
        }
    }

    /// Of those, what stands before this key.
    #[must_use]
    pub fn before(self, key: K) -> Self {
        Self {
            before: Some(key),
            ..self
        }
    }

    /// What was found by [`cut`], read.
    pub(crate) fn stretch<R, T>(
        &self,
        mut found: Vec<R>,
        read: impl FnOnce(Vec<R>) -> Vec<T>,
    ) -> Stretch<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        if self.end == End::Last {
            found.reverse();
        }
        Stretch {
            items: read(found),
            more,
        }
    }
}

/// What lies in a [`Window`], in the list's own order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch<T> {
    /// The items; fewer than there are rows when some do not read.
    pub items: Vec<T>,
    /// Whether there is more beyond them, away from the end that was read from. It is told from the
    /// rows: one that does not read is no reason to believe that the list ends.
    pub more: bool,
}

impl<T> Default for Stretch<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            more: false,
        }
    }
}

/// Where something stands in a list that is ordered by time, newest first, and by identity among
/// those of one instant.
#[derive(Debug)]
pub struct Moment<T> {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub id: Id<T>,
}

impl<T> Clone for Moment<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Moment<T> {}

impl<T> PartialEq for Moment<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.id) == (other.at, other.id)
    }
}

impl<T> Eq for Moment<T> {}

/// Which way the keys of a list run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The least first.
    Rising,
    /// The greatest first.
    Falling,
}

/// Cuts a window out of a list ordered by two columns, and one row more, to know whether there is
/// more.
pub(crate) fn cut<E: EntityTrait, K, A, B>(
    select: Select<E>,
    columns: (E::Column, E::Column),
    direction: Direction,
    window: &Window<K>,
    key: impl Fn(&K) -> (A, B),
) -> Select<E>
where
    A: Into<sea_orm::Value>,
    B: Into<sea_orm::Value>,
{
    let pair = || Expr::tuple([columns.0.into_expr(), columns.1.into_expr()]);
    let bound = |bound: &K| {
        let (a, b) = key(bound);
        Expr::tuple([Expr::val(a), Expr::val(b)])
    };
    let rises = direction == Direction::Rising;
    let mut select = select;
    for (edge, above) in [(&window.after, rises), (&window.before, !rises)] {
        if let Some(edge) = edge {
            let edge = bound(edge);
            select = select.filter(if above {
                pair().gt(edge)
            } else {
                pair().lt(edge)
            });
        }
    }
    let order = if rises == (window.end == End::First) {
        Order::Asc
    } else {
        Order::Desc
    };
    select
        .order_by(columns.0, order.clone())
        .order_by(columns.1, order)
        .limit(window.limit.saturating_add(1))
}

/// Cuts a window out of a list ordered by time, newest first.
pub(crate) fn cut_newest<E: EntityTrait, T>(
    select: Select<E>,
    columns: (E::Column, E::Column),
    window: &Window<Moment<T>>,
) -> Select<E> {
    cut(
        select,
        columns,
        Direction::Falling,
        window,
        |moment| -> (DateTime<Utc>, Uuid) { (moment.at, moment.id.uuid()) },
    )
}
