//! Names and Ed25519 keys of C2SP signed notes: who signs checkpoints, and how a key is written.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::format::hash::Hash;

/// Algorithm byte of Ed25519 in C2SP signed notes.
const ED25519_TYPE: u8 = 0x01;
const MAX_ORIGIN_BYTES: usize = 128;

/// The instance's name in checkpoints: 1 to 128 bytes of printable ASCII without space and `+`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(Arc<str>);

impl Origin {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = KeyFormatError;

    fn from_str(name: &str) -> Result<Self, KeyFormatError> {
        let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'+';
        if name.is_empty() || name.len() > MAX_ORIGIN_BYTES || !name.bytes().all(fits) {
            return Err(KeyFormatError::Origin);
        }
        Ok(Self(name.into()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key or a name that is not in its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyFormatError {
    /// The name.
    #[error("an origin is 1 to 128 printable ASCII characters without space and plus")]
    Origin,
    /// The key.
    #[error("a verifier key has the form <origin>+<8 hex digits>+<base64>")]
    Form,
    /// The key of another signature: that of a log where a witness's is wanted, or the reverse.
    #[error("the key is of type {found:#04x}, not {wanted:#04x} (0x01 a log, 0x04 a witness)")]
    Algorithm {
        /// The type wanted.
        wanted: u8,
        /// The type found.
        found: u8,
    },
    /// The id between the plus signs.
    #[error("the key id does not belong to this origin and key")]
    KeyId,
}

/// Signs checkpoints. A cheap clone; without `Debug` and `Display`.
#[derive(Clone)]
pub struct SigningKey(Arc<Ed25519KeyPair>);

impl SigningKey {
    /// From the 32-byte seed of RFC 8032.
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).ok()?;
        Some(Self(Arc::new(pair)))
    }

    /// From the base64 of that seed, as it stands in a key file.
    pub fn from_base64(line: &str) -> Option<Self> {
        // The decoder estimates more room than 32 bytes need.
        let mut bytes = Zeroizing::new([0; 48]);
        let length = STANDARD.decode_slice(line.trim_end(), bytes.as_mut()).ok()?;
        let seed = bytes.first_chunk().filter(|_| length == 32)?;
        Self::from_seed(&Zeroizing::new(*seed))
    }

    /// The public half, under the name that signs.
    pub fn verifying_key(&self, origin: &Origin) -> Option<VerifyingKey> {
        let public = self.0.public_key().as_ref().try_into().ok()?;
        Some(VerifyingKey { origin: origin.clone(), public })
    }

    pub(crate) fn sign(&self, text: &[u8]) -> Option<[u8; 64]> {
        self.0.sign(text).as_ref().try_into().ok()
    }
}

/// Verifies checkpoints: an origin and its public key.
///
/// Written as a C2SP verifier key, `<origin>+<8 hex digits of key id>+<base64>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    origin: Origin,
    public: [u8; 32],
}

impl VerifyingKey {
    /// The name that signs.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The Ed25519 public key.
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public
    }

    pub(crate) fn key_id(&self) -> [u8; 4] {
        key_id(&self.origin, ED25519_TYPE, &self.public)
    }

    pub(crate) fn verifies(&self, text: &[u8], signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.public).verify(text, signature).is_ok()
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_key(f, &self.origin, ED25519_TYPE, &self.public)
    }
}

impl FromStr for VerifyingKey {
    type Err = KeyFormatError;

    fn from_str(text: &str) -> Result<Self, KeyFormatError> {
        let (origin, public) = parse_key(text, ED25519_TYPE)?;
        Ok(Self { origin, public })
    }
}

/// First four bytes of SHA-256 over name, newline, algorithm and key.
pub(crate) fn key_id(name: &Origin, algorithm: u8, public: &[u8; 32]) -> [u8; 4] {
    let name = name.as_str().as_bytes();
    let [a, b, c, d, ..] = Hash::of(&[name, b"\n", &[algorithm], public]).0;
    [a, b, c, d]
}

/// Writes a verifier key of C2SP's signed notes: `<name>+<key id>+<base64>`.
pub(crate) fn write_key(
    f: &mut fmt::Formatter<'_>,
    name: &Origin,
    algorithm: u8,
    public: &[u8; 32],
) -> fmt::Result {
    let id = u32::from_be_bytes(key_id(name, algorithm, public));
    let mut key = vec![algorithm];
    key.extend_from_slice(public);
    write!(f, "{name}+{id:08x}+{}", STANDARD.encode(key))
}

/// Reads a verifier key of an algorithm whose keys have 32 bytes.
pub(crate) fn parse_key(text: &str, algorithm: u8) -> Result<(Origin, [u8; 32]), KeyFormatError> {
    // Base64 may hold plus signs; name and id may not.
    let mut parts = text.trim().splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(KeyFormatError::Form);
    };
    let key = STANDARD.decode(key).map_err(|_| KeyFormatError::Form)?;
    let (found, public) = key.split_first().ok_or(KeyFormatError::Form)?;
    if *found != algorithm {
        return Err(KeyFormatError::Algorithm { wanted: algorithm, found: *found });
    }
    let (name, public) = (name.parse()?, public.try_into().map_err(|_| KeyFormatError::Form)?);
    if format!("{:08x}", u32::from_be_bytes(key_id(&name, algorithm, &public))) != id {
        return Err(KeyFormatError::KeyId);
    }
    Ok((name, public))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> VerifyingKey {
        let seed = Zeroizing::new(std::array::from_fn(|n| u8::try_from(n).unwrap()));
        let origin = "gw-1.example/audit".parse().unwrap();
        SigningKey::from_seed(&seed).unwrap().verifying_key(&origin).unwrap()
    }

    #[test]
    fn key_and_id_are_those_computed_elsewhere() {
        let hex: String = key().public.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
        assert_eq!(u32::from_be_bytes(key().key_id()), 0x7dd2_98d4);
    }

    #[test]
    fn verifier_keys_read_back_and_mistakes_are_named() {
        let text = key().to_string();
        assert_eq!(text.parse::<VerifyingKey>(), Ok(key()));
        let renamed = text.replace("gw-1", "gw-2");
        assert_eq!(renamed.parse::<VerifyingKey>(), Err(KeyFormatError::KeyId));
        assert_eq!("gw-1.example".parse::<VerifyingKey>(), Err(KeyFormatError::Form));
        let other = Err(KeyFormatError::Algorithm { wanted: 1, found: 0 });
        assert_eq!("a+0+AAAA".parse::<VerifyingKey>(), other);
        assert_eq!("a+0+AQID".parse::<VerifyingKey>(), Err(KeyFormatError::Form));
    }

    #[test]
    fn names_that_would_break_a_note_are_refused() {
        for name in ["", "a b", "a+b", "a\nb", "ä", &"a".repeat(129)] {
            assert_eq!(name.parse::<Origin>(), Err(KeyFormatError::Origin), "{name:?}");
        }
    }
}
