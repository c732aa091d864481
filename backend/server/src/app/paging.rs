//! Pages: how many, from where, and the signed cursors that carry on where a page ended.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use faelled_engine::{id::Id, problem::Problem};
use faelled_store::{End, Moment, StoreError, Stretch, Window};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::App;

/// Signs and reads cursors. Every process of a house has the same key.
#[derive(Clone)]
pub struct Cursors {
    /// As long as a block of SHA-256, the rest zero, as HMAC pads it.
    key: [u8; 64],
}

/// What a cursor was made for; a cursor of another list, filter or order is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope([u8; 12]);

impl Scope {
    /// The scope of a list with this name and these arguments.
    pub fn of(list: &str, arguments: &impl std::fmt::Debug) -> Self {
        let digest = Sha256::digest(format!("{list}\n{arguments:?}"));
        let mut scope = [0; 12];
        scope.copy_from_slice(&digest[..12]);
        Self(scope)
    }
}

#[derive(Serialize, Deserialize)]
struct Envelope<K> {
    /// The `now` of page one, in microseconds: every page is judged at the same instant.
    now: i64,
    key: K,
}

const SIGNATURE: usize = 12;

impl Cursors {
    /// Cursors signed with a key that is drawn from the house's secret.
    pub fn new(secret: &[u8]) -> Self {
        let digest = Sha256::digest([b"faelled cursor 1\n", secret].concat());
        let mut key = [0; 64];
        key[..32].copy_from_slice(&digest);
        Self { key }
    }

    /// The cursor of one item.
    pub fn seal(&self, scope: Scope, now: DateTime<Utc>, key: &impl Serialize) -> String {
        let envelope = Envelope {
            now: now.timestamp_micros(),
            key,
        };
        // Keys are numbers, texts and ids; writing those as JSON cannot fail.
        let mut bytes = serde_json::to_vec(&envelope).unwrap_or_default();
        let signature = self.sign(scope, &bytes);
        bytes.extend_from_slice(&signature);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a cursor says, or nothing if it is not one of ours for this scope.
    fn open<K: DeserializeOwned>(&self, scope: Scope, cursor: &str) -> Option<(DateTime<Utc>, K)> {
        if cursor.len() > 2_000 {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (body, signature) = bytes.split_at_checked(bytes.len().checked_sub(SIGNATURE)?)?;
        let genuine = self.sign(scope, body);
        if !bool::from(subtle::ConstantTimeEq::ct_eq(&genuine[..], signature)) {
            return None;
        }
        let envelope: Envelope<K> = serde_json::from_slice(body).ok()?;
        Some((DateTime::from_timestamp_micros(envelope.now)?, envelope.key))
    }

    fn sign(&self, scope: Scope, body: &[u8]) -> [u8; SIGNATURE] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&self.key.into());
        mac.update(&scope.0);
        mac.update(body);
        let mut signature = [0; SIGNATURE];
        signature.copy_from_slice(&mac.finalize().into_bytes()[..SIGNATURE]);
        signature
    }
}

/// The arguments of a connection, as they come in.
#[derive(Debug, Clone, Default)]
pub struct PageArgs {
    /// How many from the front.
    pub first: Option<i32>,
    /// After this cursor.
    pub after: Option<String>,
    /// How many from the back.
    pub last: Option<i32>,
    /// Before this cursor.
    pub before: Option<String>,
}

/// What is wrong with the arguments of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageError {
    /// Both ends at once.
    FirstAndLast,
    /// A number of items that is not accepted.
    Size {
        /// Which argument.
        argument: &'static str,
        /// Items at most.
        max: i32,
    },
    /// Not a cursor of this list with this filter and order.
    Cursor {
        /// Which argument.
        argument: &'static str,
    },
}

/// Why a list cannot be shown.
#[derive(Debug)]
pub enum ListError {
    /// The filter.
    Filter(Vec<Problem>),
    /// More to look for than accepted, or what cannot be looked for.
    Search {
        /// Words at most.
        max_words: usize,
    },
    /// The page.
    Page(PageError),
    /// The record did not answer.
    Store(StoreError),
}

impl From<PageError> for ListError {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

impl From<StoreError> for ListError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A page that is asked for.
#[derive(Debug, Clone)]
pub struct Page<K> {
    /// The instant at which every page of this list is judged.
    pub now: DateTime<Utc>,
    /// Items at most.
    pub size: usize,
    /// Whether they are counted from the back.
    pub from_back: bool,
    /// Only what comes after this.
    pub after: Option<K>,
    /// Only what comes before this.
    pub before: Option<K>,
}

/// How long a list can be read on from a cursor: it is judged at the time of its first page, which
/// must not become a way to look into the past.
const CURSOR_LIFETIME: TimeDelta = TimeDelta::hours(1);
/// How far the clocks of a house's servers may lie apart: a cursor may have been made by one that
/// is ahead of this one.
const CLOCKS_APART: TimeDelta = TimeDelta::seconds(5);
/// Items on a page when nothing is said.
const DEFAULT_SIZE: i32 = 20;

impl PageArgs {
    /// Reads the arguments. `now` counts when no cursor carries one.
    pub fn read<K: DeserializeOwned>(
        &self,
        cursors: &Cursors,
        scope: Scope,
        max: i32,
        now: DateTime<Utc>,
    ) -> Result<Page<K>, PageError> {
        let (argument, asked, from_back) = match (self.first, self.last) {
            (Some(_), Some(_)) => return Err(PageError::FirstAndLast),
            (None, Some(last)) => ("last", last, true),
            (first, None) => ("first", first.unwrap_or(DEFAULT_SIZE.min(max)), false),
        };
        if !(1..=max).contains(&asked) {
            return Err(PageError::Size { argument, max });
        }
        let open = |cursor: &Option<String>, argument| {
            cursor
                .as_ref()
                .map(|cursor| {
                    cursors
                        .open(scope, cursor)
                        .ok_or(PageError::Cursor { argument })
                })
                .transpose()
        };
        let (after, before) = (open(&self.after, "after")?, open(&self.before, "before")?);
        let aged = |cursor: &Option<(DateTime<Utc>, K)>| {
            cursor
                .as_ref()
                .is_some_and(|(at, _)| now - *at > CURSOR_LIFETIME || *at - now > CLOCKS_APART)
        };
        for (cursor, argument) in [(&after, "after"), (&before, "before")] {
            if aged(cursor) {
                return Err(PageError::Cursor { argument });
            }
        }
        let now = after
            .as_ref()
            .or(before.as_ref())
            .map_or(now, |(at, _)| *at);
        Ok(Page {
            now,
            size: usize::try_from(asked).unwrap_or_default(),
            from_back,
            after: after.map(|(_, key)| key),
            before: before.map(|(_, key)| key),
        })
    }
}

/// A page that was found.
#[derive(Debug, Clone)]
pub struct Paged<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Whether there is more before them.
    pub has_previous: bool,
    /// Whether there is more after them.
    pub has_next: bool,
}

impl<T> Paged<T> {
    /// Cuts a page out of a whole list that is in order.
    pub fn cut<K: Ord>(all: &[T], page: &Page<K>, key: impl Fn(&T) -> K) -> Self
    where
        T: Clone,
    {
        let from = page
            .after
            .as_ref()
            .map_or(0, |after| all.partition_point(|i| key(i) <= *after));
        let to = page.before.as_ref().map_or(all.len(), |before| {
            all.partition_point(|i| key(i) < *before)
        });
        let to = to.max(from);
        let (start, end) = if page.from_back {
            (to.saturating_sub(page.size).max(from), to)
        } else {
            (from, (from + page.size).min(to))
        };
        Self {
            items: all[start..end].to_vec(),
            has_previous: start > 0,
            has_next: end < all.len(),
        }
    }

    /// A page of a list that the record cuts.
    pub fn from_stretch<K>(stretch: Stretch<T>, page: &Page<K>) -> Self {
        let (has_previous, has_next) = if page.from_back {
            (stretch.more, page.before.is_some())
        } else {
            (page.after.is_some(), stretch.more)
        };
        Self {
            items: stretch.items,
            has_previous,
            has_next,
        }
    }
}

impl<K> Page<K> {
    /// The same page, its ends told otherwise.
    pub fn map<L>(self, told: impl Fn(K) -> L) -> Page<L> {
        Page {
            now: self.now,
            size: self.size,
            from_back: self.from_back,
            after: self.after.map(&told),
            before: self.before.map(&told),
        }
    }

    /// The stretch of the list that the page shows.
    pub fn window<W>(&self, bound: impl Fn(&K) -> W) -> Window<W> {
        Window {
            after: self.after.as_ref().map(&bound),
            before: self.before.as_ref().map(&bound),
            end: if self.from_back {
                End::Last
            } else {
                End::First
            },
            limit: self.size as u64,
        }
    }
}

/// A page of a list that is ordered by time, newest first.
pub struct Timeline<T> {
    /// The page.
    pub page: Paged<T>,
    /// How many there are in all; 0 when nobody asked.
    pub total: u64,
    /// What its cursors carry.
    pub origin: Origin,
}

/// What every cursor of one list carries.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// What it was made for.
    pub scope: Scope,
    /// The instant at which every page is judged.
    pub now: DateTime<Utc>,
}

impl Origin {
    /// The cursor of an item with this key.
    pub fn seal(self, app: &App, key: &impl Serialize) -> String {
        app.cursors.seal(self.scope, self.now, key)
    }

    /// The cursor of an item that stands at this moment.
    pub fn moment<I>(self, app: &App, at: DateTime<Utc>, id: Id<I>) -> String {
        self.seal(app, &MomentKey(at.timestamp_micros(), id.uuid()))
    }
}

/// Where something stands on a timeline, as a cursor carries it.
#[derive(Serialize, Deserialize)]
struct MomentKey(i64, uuid::Uuid);

impl MomentKey {
    fn moment<T>(&self) -> Moment<T> {
        let at = DateTime::from_timestamp_micros(self.0).unwrap_or_default();
        Moment {
            at,
            id: Id::new(self.1),
        }
    }
}

/// Reads a page of a timeline. `stretch` reads a window of it, `count` all of it, if somebody asks.
pub async fn timeline<T, I>(
    app: &App,
    scope: Scope,
    asked: Asked<'_>,
    stretch: impl AsyncFnOnce(Window<Moment<I>>) -> Result<Stretch<T>, StoreError>,
    count: impl AsyncFnOnce() -> Result<u64, StoreError>,
) -> Result<Timeline<T>, ListError> {
    let now = app.clock.now();
    let page = asked
        .args
        .read::<MomentKey>(&app.cursors, scope, asked.max, now)?;
    let stretch = stretch(page.window(MomentKey::moment)).await?;
    let total = if asked.counted { count().await? } else { 0 };
    let origin = Origin {
        scope,
        now: page.now,
    };
    Ok(Timeline {
        page: Paged::from_stretch(stretch, &page),
        total,
        origin,
    })
}

/// What is asked of a list.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Which page.
    pub args: &'a PageArgs,
    /// Items on a page at most.
    pub max: i32,
    /// Whether somebody wants to know how many there are in all.
    pub counted: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursors() -> Cursors {
        Cursors::new(b"a secret of a house")
    }

    #[test]
    fn a_cursor_opens_only_where_it_was_made() {
        let (here, there) = (Scope::of("a", &1), Scope::of("a", &2));
        let cursor = cursors().seal(here, DateTime::UNIX_EPOCH, &7);
        assert_eq!(
            cursors().open(here, &cursor),
            Some((DateTime::UNIX_EPOCH, 7))
        );
        assert_eq!(cursors().open::<i32>(there, &cursor), None);
        assert_eq!(Cursors::new(b"another").open::<i32>(here, &cursor), None);
        for at in 0..cursor.len() {
            let mut bytes = cursor.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let tampered = String::from_utf8(bytes).unwrap();
            assert_eq!(cursors().open::<i32>(here, &tampered), None, "{tampered}");
        }
        assert_eq!(cursors().open::<i32>(here, ""), None);
    }

    #[test]
    fn a_cursor_of_a_server_that_is_a_little_ahead_is_accepted() {
        let scope = Scope::of("a", &1);
        let read = |ahead: TimeDelta| {
            let at = DateTime::UNIX_EPOCH + ahead;
            let args = PageArgs {
                after: Some(cursors().seal(scope, at, &7)),
                ..PageArgs::default()
            };
            let page = args.read::<i32>(&cursors(), scope, 100, DateTime::UNIX_EPOCH);
            page.map(|page| page.now == at)
        };
        assert_eq!(read(TimeDelta::seconds(1)), Ok(true));
        assert_eq!(read(CLOCKS_APART), Ok(true));
        let beyond = CLOCKS_APART + TimeDelta::microseconds(1);
        assert_eq!(read(beyond), Err(PageError::Cursor { argument: "after" }));
    }

    #[test]
    fn walking_pages_meets_each_item_once_in_both_directions() {
        for (total, size) in [(0, 3), (1, 3), (3, 3), (10, 3), (10, 100)] {
            let page = |from_back, after, before| Page {
                now: DateTime::UNIX_EPOCH,
                size,
                from_back,
                after,
                before,
            };
            let all: Vec<i32> = (0..total).collect();
            let (mut forward, mut after) = (Vec::<i32>::new(), None);
            loop {
                let paged = Paged::cut(&all, &page(false, after, None), |i| *i);
                assert_eq!(paged.has_previous, !forward.is_empty());
                forward.extend(&paged.items);
                after = paged.items.last().copied();
                if !paged.has_next {
                    break;
                }
            }
            assert_eq!(forward, all);
            let (mut backward, mut before) = (Vec::<i32>::new(), None);
            loop {
                let paged = Paged::cut(&all, &page(true, None, before), |i| *i);
                assert_eq!(paged.has_next, !backward.is_empty());
                backward.splice(0..0, paged.items.iter().copied());
                before = paged.items.first().copied();
                if !paged.has_previous {
                    break;
                }
            }
            assert_eq!(backward, all);
        }
    }

    #[test]
    fn page_arguments_are_checked() {
        let read = |args: PageArgs| {
            args.read::<i32>(&cursors(), Scope::of("a", &1), 100, DateTime::UNIX_EPOCH)
        };
        let both = PageArgs {
            first: Some(1),
            last: Some(1),
            ..PageArgs::default()
        };
        assert_eq!(read(both).unwrap_err(), PageError::FirstAndLast);
        for first in [0, -1, 101, 1_000_000] {
            let args = PageArgs {
                first: Some(first),
                ..PageArgs::default()
            };
            let error = read(args).unwrap_err();
            assert_eq!(
                error,
                PageError::Size {
                    argument: "first",
                    max: 100
                }
            );
        }
        let args = PageArgs {
            after: Some("nonsense".into()),
            ..PageArgs::default()
        };
        assert_eq!(
            read(args).unwrap_err(),
            PageError::Cursor { argument: "after" }
        );
        assert_eq!(read(PageArgs::default()).unwrap().size, 20);
    }
}
