//! Is this the same citizen? Blind tokens: keyed digests of what two associations would both know
//! of one person, and of nobody else. `docs/LINKAGE.md` has the formulas and what they are worth.
//!
//! A token is never made of a first name, a surname or a birth date alone.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::citizen::Identity;

/// The number of the rules by which fields are spelled and tokens made. It grows with every change
/// of either; tokens of two schemes never agree.
pub const SCHEME: u16 = 1;

const TOKEN_DOMAIN: &[u8] = b"faelled/linkage/token";
const WRAP_DOMAIN: &[u8] = b"faelled/linkage/wrap";
const KEY_DOMAIN: &[u8] = b"faelled/linkage/key";

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenKind {
    /// Phone number.
    Phone,
    /// Full name and birth date.
    NameBirth,
    /// Full name, and address with its postcode.
    NameAddress,
    /// Birth date, and address with its postcode.
    BirthAddress,
    /// The sound of a full name, and birth date.
    SoundBirth,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Phone,
        Self::NameBirth,
        Self::NameAddress,
        Self::BirthAddress,
        Self::SoundBirth,
    ];

    /// The number that stands for it in digests and in the record; never given anew.
    pub const fn number(self) -> u8 {
        match self {
            Self::Phone => 1,
            Self::NameBirth => 2,
            Self::NameAddress => 3,
            Self::BirthAddress => 4,
            Self::SoundBirth => 5,
        }
    }

    /// Whether agreement on it says that two citizens are the same. The other kinds are kept for a
    /// later judgement of what is possible.
    pub const fn decides(self) -> bool {
        matches!(self, Self::Phone | Self::NameBirth | Self::NameAddress)
    }
}

/// The name of a secret: the first eight bytes of a digest of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

impl KeyId {
    /// Reads 16 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let number = u64::from_str_radix(text, 16).ok()?;
        (text.len() == 16 && text.bytes().all(is_hex)).then_some(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Why a secret or a ring of them is none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SecretError {
    /// Too little key material.
    #[error("a linkage secret has at least {min} bytes; this has {got}", min = Secret::MIN_BYTES)]
    TooShort {
        /// Bytes given.
        got: usize,
    },
    /// A ring without a secret.
    #[error("there is no linkage secret")]
    Missing,
    /// The same secret twice in a ring.
    #[error("the linkage secret {0} stands twice")]
    Repeated(KeyId),
}

/// Key material for tokens.
#[derive(Clone)]
pub struct Secret {
    mac: Hmac<Sha256>,
    id: KeyId,
}

impl Secret {
    /// Bytes at least. They are to be random; a passphrase can be guessed.
    pub const MIN_BYTES: usize = 32;

    /// A secret of these bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, SecretError> {
        let too_short = SecretError::TooShort { got: bytes.len() };
        if bytes.len() < Self::MIN_BYTES {
            return Err(too_short);
        }
        let mut digest = Sha256::new();
        digest.update(part(KEY_DOMAIN));
        digest.update(bytes);
        let digest = digest.finalize();
        Ok(Self {
            // HMAC refuses no length; its type only says that some code of this kind may.
            mac: Hmac::new_from_slice(bytes).map_err(|_| too_short)?,
            id: KeyId(std::array::from_fn(|at| digest[at])),
        })
    }

    /// Its name.
    pub const fn id(&self) -> KeyId {
        self.id
    }

    fn digest(&self, message: &[u8]) -> [u8; 32] {
        let mut mac = self.mac.clone();
        mac.update(message);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secret({})", self.id)
    }
}

/// A keyed digest that stands for something known of a citizen. It is personal data: whoever has
/// the secrets can try guesses against it. So its value is not shown in `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    /// What it is made of.
    pub kind: TokenKind,
    /// The scheme it was made by.
    pub scheme: u16,
    /// The secrets it was made and wrapped with, oldest first.
    pub keys: Vec<KeyId>,
    /// The digest.
    pub value: [u8; 32],
}

impl Token {
    /// Whether comparing the two says anything: same kind, scheme and secrets in the same order.
    pub fn is_comparable(&self, other: &Self) -> bool {
        (self.kind, self.scheme, &self.keys) == (other.kind, other.scheme, &other.keys)
    }

    /// Whether both stand for the same, as far as can be told.
    pub fn agrees(&self, other: &Self) -> bool {
        self.is_comparable(other) && self.value == other.value
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Token")
            .field("kind", &self.kind)
            .field("scheme", &self.scheme)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// A part of a message: its length in bytes, as four bytes with the greatest first, then the part.
/// No two lists of parts give the same message.
fn part(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), bytes].concat()
}

fn message(domain: &[u8], scheme: u16, kind: TokenKind) -> Vec<u8> {
    let mut message = part(domain);
    message.extend(scheme.to_be_bytes());
    message.push(kind.number());
    message
}

/// What a token of this kind is made of, or nothing if it was not given.
fn parts(identity: &Identity, kind: TokenKind) -> Option<Vec<String>> {
    let mut parts: Vec<String> = Vec::new();
    match kind {
        TokenKind::Phone => parts.push(identity.phone()?),
        TokenKind::NameBirth => parts.extend([identity.name()?, identity.birth_date()?]),
        TokenKind::NameAddress => {
            parts.push(identity.name()?);
            parts.extend(identity.address()?);
        }
        TokenKind::BirthAddress => {
            parts.push(identity.birth_date()?);
            parts.extend(identity.address()?);
        }
        TokenKind::SoundBirth => parts.extend([identity.sound()?, identity.birth_date()?]),
    }
    Some(parts)
}

/// The tokens of a citizen under one secret, one of each kind that what is known allows; at least
/// one.
pub fn tokens(identity: &Identity, secret: &Secret) -> Vec<Token> {
    TokenKind::ALL
        .into_iter()
        .filter_map(|kind| {
            let mut message = message(TOKEN_DOMAIN, SCHEME, kind);
            for known in parts(identity, kind)? {
                message.extend(part(known.as_bytes()));
            }
            Some(Token {
                kind,
                scheme: SCHEME,
                keys: vec![secret.id()],
                value: secret.digest(&message),
            })
        })
        .collect()
}

/// The token wrapped with a newer secret: what the token stands for is not needed for it.
pub fn wrap(token: &Token, secret: &Secret) -> Token {
    let mut message = message(WRAP_DOMAIN, token.scheme, token.kind);
    message.extend(part(&token.value));
    Token {
        keys: token.keys.iter().copied().chain([secret.id()]).collect(),
        value: secret.digest(&message),
        ..*token
    }
}

/// The secrets in use, oldest first; at least one. A fresh token is made with the oldest and
/// wrapped with each of the others, as a stored one has been, so that the two agree.
#[derive(Debug, Clone)]
pub struct Ring(Vec<Secret>);

impl Ring {
    /// The secrets, oldest first.
    pub fn new(secrets: Vec<Secret>) -> Result<Self, SecretError> {
        if secrets.is_empty() {
            return Err(SecretError::Missing);
        }
        for (at, secret) in secrets.iter().enumerate() {
            if secrets[..at].iter().any(|earlier| earlier.id == secret.id) {
                return Err(SecretError::Repeated(secret.id));
            }
        }
        Ok(Self(secrets))
    }

    /// The names of the secrets, oldest first: the `keys` of every token that is up to date.
    pub fn keys(&self) -> Vec<KeyId> {
        self.0.iter().map(Secret::id).collect()
    }

    /// The tokens of a citizen under all secrets.
    pub fn tokens(&self, identity: &Identity) -> Vec<Token> {
        let fresh = self.0.first().map(|oldest| tokens(identity, oldest));
        fresh
            .into_iter()
            .flatten()
            .map(|token| {
                self.0[1..]
                    .iter()
                    .fold(token, |token, secret| wrap(&token, secret))
            })
            .collect()
    }

    /// A stored token wrapped with the secrets that it lacks. Nothing if it was made under others,
    /// or in another order: then the citizen must be given again.
    pub fn renew(&self, token: &Token) -> Option<Token> {
        let known = self.keys();
        let is_ours = !token.keys.is_empty() && known.starts_with(&token.keys);
        is_ours.then(|| {
            self.0[token.keys.len()..]
                .iter()
                .fold(token.clone(), |token, secret| wrap(&token, secret))
        })
    }
}

/// The kinds on which two citizens' tokens agree, each once, in the order of [`TokenKind::ALL`].
pub fn agreements(a: &[Token], b: &[Token]) -> Vec<TokenKind> {
    let agree = |kind: &TokenKind| {
        let of_kind = |token: &&Token| token.kind == *kind;
        a.iter()
            .filter(of_kind)
            .any(|x| b.iter().any(|y| x.agrees(y)))
    };
    TokenKind::ALL.into_iter().filter(agree).collect()
}

/// Whether two citizens are the same: their tokens agree on the phone number, on name and birth
/// date, or on name and address.
///
/// It cannot tell two people who share a phone, nor a father and a son of one name at one address.
/// Whoever is flagged is asked about by a person, never acted upon.
pub fn same(a: &[Token], b: &[Token]) -> bool {
    agreements(a, b).into_iter().any(TokenKind::decides)
}

#[cfg(test)]
mod tests;
