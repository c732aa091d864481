//! Opaque ids: what kind of thing, and which, in URL-safe base64. An id of another kind, or no id
//! at all, names nothing.

use async_graphql::ID;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use faelled_engine::id::{Id, kind};
use uuid::Uuid;

/// A kind of thing that has an id in the API.
pub trait Named {
    /// The letter that its ids begin with, before encoding.
    const TAG: u8;
}

impl Named for kind::Listing {
    const TAG: u8 = b'L';
}

impl Named for kind::Organization {
    const TAG: u8 = b'O';
}

impl Named for kind::Match {
    const TAG: u8 = b'M';
}

impl Named for kind::Arrangement {
    const TAG: u8 = b'V';
}

impl Named for kind::Flag {
    const TAG: u8 = b'F';
}

/// The tag of themes, which are named by their code.
const THEME: u8 = b'T';

/// The opaque id of a thing.
pub fn encode<T: Named>(id: Id<T>) -> ID {
    let mut bytes = vec![T::TAG];
    bytes.extend_from_slice(id.uuid().as_bytes());
    ID(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// The opaque id of a theme.
pub fn encode_theme(code: &str) -> ID {
    let mut bytes = vec![THEME];
    bytes.extend_from_slice(code.as_bytes());
    ID(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// What an id names.
#[derive(Debug, Clone, PartialEq)]
pub enum Name {
    Listing(Id<kind::Listing>),
    Organization(Id<kind::Organization>),
    Match(Id<kind::Match>),
    Arrangement(Id<kind::Arrangement>),
    Flag(Id<kind::Flag>),
    Theme(String),
}

/// What an id names, or nothing if it is no id of ours.
pub fn decode_any(id: &ID) -> Option<Name> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(id.as_bytes()).ok()?;
    let (tag, rest) = bytes.split_first()?;
    if *tag == THEME {
        return String::from_utf8(rest.to_vec()).ok().map(Name::Theme);
    }
    let uuid = Uuid::from_slice(rest).ok()?;
    match *tag {
        kind::Listing::TAG => Some(Name::Listing(Id::new(uuid))),
        kind::Organization::TAG => Some(Name::Organization(Id::new(uuid))),
        kind::Match::TAG => Some(Name::Match(Id::new(uuid))),
        kind::Arrangement::TAG => Some(Name::Arrangement(Id::new(uuid))),
        kind::Flag::TAG => Some(Name::Flag(Id::new(uuid))),
        _ => None,
    }
}

/// The thing of kind `T` that an id names. Whatever else it names answers as an absent one: an
/// identity that nothing has.
pub fn decode<T: Named>(id: &ID) -> Id<T> {
    let named = BASE64_URL_SAFE_NO_PAD
        .decode(id.as_bytes())
        .ok()
        .and_then(|bytes| {
            let (tag, rest) = bytes.split_first()?;
            (*tag == T::TAG)
                .then(|| Uuid::from_slice(rest).ok())
                .flatten()
        });
    Id::new(named.unwrap_or(Uuid::nil()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_one_thing_of_one_kind() {
        let listing: Id<kind::Listing> = Id::from_random([7; 16]);
        let id = encode(listing);
        assert_eq!(decode::<kind::Listing>(&id), listing);
        assert_eq!(decode::<kind::Match>(&id).uuid(), Uuid::nil());
        assert_eq!(decode_any(&id), Some(Name::Listing(listing)));
        assert_eq!(
            decode_any(&encode_theme("sport")),
            Some(Name::Theme("sport".into()))
        );
        for text in ["", "x", "TGlzdGluZw", "%%%", "TA"] {
            assert_eq!(
                decode::<kind::Listing>(&ID(text.into())).uuid(),
                Uuid::nil(),
                "{text}"
            );
        }
    }
}
