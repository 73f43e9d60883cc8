//! Domain-separated SHA-256 and the fixed-size identities of the format (`FORMAT.md` §2 to §4).

use std::fmt;
use std::str::FromStr;

use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use thiserror::Error;

const CONTENT_DOMAIN: &[u8] = b"inferlayer/content/v1\0";

/// A SHA-256 digest: record hash, tree node, root.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// SHA-256 over the concatenation of `parts`; the first part is the domain.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part);
        }
        Self(digest.finalize().into())
    }

    pub(crate) fn of_metadata(metadata: &[u8]) -> Self {
        Self::of(&[b"inferlayer/metadata/v1\0", metadata])
    }

    pub(crate) fn of_content(stored: &[u8]) -> Self {
        Self::of(&[CONTENT_DOMAIN, stored])
    }

    /// As [`Hash::of_content`], for bytes that come in pieces.
    pub(crate) fn content_digest() -> ContentDigest {
        ContentDigest(Sha256::new_with_prefix(CONTENT_DOMAIN))
    }

    pub(crate) fn of_header(header: &[u8]) -> Self {
        Self::of(&[b"inferlayer/record/v1\0", header])
    }

    /// The previous hash of record 0: binds the chain to its log.
    pub(crate) fn genesis(log: LogId) -> Self {
        Self::of(&[b"inferlayer/genesis/v1\0", &log.0])
    }
}

/// A hash of content in the making.
pub(crate) struct ContentDigest(Sha256);

impl ContentDigest {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

/// 64 hexadecimal digits.
impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl FromStr for Hash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(NotAHash) };
        let mut bytes = [0; 32];
        if pairs.len() != bytes.len() {
            return Err(NotAHash);
        }
        let digit = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(NotAHash),
        };
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? * 16 + digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

/// Text that is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not 64 lower-case hexadecimal digits")]
pub struct NotAHash;

/// Identity of one log: digest of its first public key and its origin.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogId(pub [u8; 32]);

impl LogId {
    pub(crate) fn new(public_key: &[u8; 32], origin: &str) -> Self {
        Self(Hash::of(&[b"inferlayer/log-id/v1\0", public_key, origin.as_bytes()]).0)
    }

    /// As it is shown: 64 hexadecimal digits in lower case.
    pub fn from_hex(text: &str) -> Option<Self> {
        let hash: Hash = text.parse().ok()?;
        (hash.to_string() == text).then_some(Self(hash.0))
    }
}

/// Identity of one run of the writer: random, new at each start.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunId(pub [u8; 16]);

impl RunId {
    /// `None` when the system has no randomness to give.
    pub(crate) fn random(random: &SystemRandom) -> Option<Self> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes).ok()?;
        Some(Self(bytes))
    }
}

/// Pseudonym of a tenant: equal for all its records, meaningless without its key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TenantTag(pub [u8; 16]);

macro_rules! shown_as_hex {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }
    )*};
}
shown_as_hex!(Hash, LogId, RunId, TenantTag);
