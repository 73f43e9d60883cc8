//! What records know of a caller's key: its public name, and a salted hash of its secret.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const ID_HEX: usize = 12;

/// The public name of a key: twelve hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; ID_HEX]);

/// A salted hash of a secret.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyHash {
    /// What the hash was salted with.
    pub salt: String,
    /// HMAC-SHA-256 of the secret under the salt, in hexadecimal.
    pub hmac_sha256: String,
}

/// The text is not the id of a key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key's id, which is {ID_HEX} hexadecimal digits")]
pub struct MalformedKeyId;

impl KeyId {
    /// Reads the twelve digits.
    pub fn parse(text: &[u8]) -> Result<KeyId, MalformedKeyId> {
        let id: [u8; ID_HEX] = text.try_into().map_err(|_| MalformedKeyId)?;
        let is_hex = id.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        is_hex.then_some(KeyId(id)).ok_or(MalformedKeyId)
    }

    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for KeyId {
    type Err = MalformedKeyId;
    fn from_str(text: &str) -> Result<KeyId, MalformedKeyId> {
        KeyId::parse(text.as_bytes())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for KeyId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<KeyId, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
