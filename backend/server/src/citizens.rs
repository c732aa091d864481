//! What names a citizen, turned into what is kept: tokens that can be compared and not read, and an
//! organization's own label, sealed under a key that is not in the record.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use chrono::TimeDelta;
use faelled_engine::{
    citizen::{Identity, Label},
    id::ArrangementId,
    linkage::{self, KeyId, Ring, Token},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::clock::fresh_secret;

const NONCE: usize = 24;

/// The keys under which citizens are known, and how often one may ask about them.
pub struct Citizens {
    ring: Ring,
    /// What labels are sealed under, the newest last.
    seals: Vec<XChaCha20Poly1305>,
    keeping: Keeping,
}

/// How often one may ask about citizens, and how long what is kept of them stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    /// How often a person may ask for one organization in a day.
    pub daily_budget: u32,
    /// How long after the last visit tokens and labels stay.
    pub forget_after: TimeDelta,
}

/// There is no secret, or one that is too short.
#[derive(Debug, thiserror::Error)]
#[error("citizens.keys needs at least one secret of at least 32 bytes")]
pub struct BadSecrets;

impl Citizens {
    /// Known under these secrets, oldest first.
    pub fn new(secrets: &[&[u8]], keeping: Keeping) -> Result<Self, BadSecrets> {
        let ring = secrets
            .iter()
            .map(|secret| linkage::Secret::new(secret))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| BadSecrets)?;
        Ok(Self {
            ring: Ring::new(ring).map_err(|_| BadSecrets)?,
            seals: secrets.iter().map(|secret| seal_of(secret)).collect(),
            keeping,
        })
    }

    /// What is kept of a citizen.
    pub fn tokens(&self, identity: &Identity) -> Vec<Token> {
        self.ring.tokens(identity)
    }

    /// The keys that a token of today is made under, oldest first.
    pub fn keys(&self) -> Vec<KeyId> {
        self.ring.keys()
    }

    /// A token that was made before the newest secrets came, as it would be made now; nothing if it
    /// was made under others.
    pub fn rewrapped(&self, token: &Token) -> Option<Token> {
        self.ring.renew(token)
    }

    /// How often one may ask, and how long what is kept stays.
    pub const fn keeping(&self) -> Keeping {
        self.keeping
    }

    /// Seals a label for its arrangement.
    pub fn seal(&self, arrangement: ArrangementId, label: &Label) -> String {
        let random = fresh_secret();
        let nonce = &random[..NONCE];
        let bound_to = *arrangement.uuid().as_bytes();
        let payload = Payload {
            msg: label.text().as_bytes(),
            aad: &bound_to,
        };
        let sealed = self
            .seals
            .last()
            .and_then(|seal| seal.encrypt(&nonce_of(nonce), payload).ok());
        // There is a seal, and a label is short: neither can be missing or fail.
        let sealed = sealed.unwrap_or_default();
        BASE64_URL_SAFE_NO_PAD.encode([nonce, &sealed].concat())
    }

    /// A label that was sealed for this arrangement, under whichever secret; nothing if it was not.
    pub fn unseal(&self, arrangement: ArrangementId, sealed: &str) -> Option<String> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let bound_to = *arrangement.uuid().as_bytes();
        let opened = self.seals.iter().rev().find_map(|seal| {
            let payload = Payload {
                msg: sealed,
                aad: &bound_to,
            };
            seal.decrypt(&nonce_of(nonce), payload).ok()
        })?;
        String::from_utf8(opened).ok()
    }
}

fn nonce_of(bytes: &[u8]) -> XNonce {
    let mut nonce = [0; NONCE];
    nonce.copy_from_slice(bytes);
    nonce.into()
}

fn seal_of(secret: &[u8]) -> XChaCha20Poly1305 {
    // HMAC takes a key of any length.
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret)
        .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
    mac.update(b"faelled label 1");
    XChaCha20Poly1305::new(&mac.finalize().into_bytes())
}
