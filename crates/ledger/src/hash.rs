//! Domain-separated SHA-256 and the fixed-size identities of the format (`FORMAT.md` §2 to §4).

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};

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
        Self::of(&[b"inferlayer/content/v1\0", stored])
    }

    pub(crate) fn of_header(header: &[u8]) -> Self {
        Self::of(&[b"inferlayer/record/v1\0", header])
    }

    /// The previous hash of record 0: binds the chain to its log.
    pub(crate) fn genesis(log: LogId) -> Self {
        Self::of(&[b"inferlayer/genesis/v1\0", &log.0])
    }
}

/// Identity of one log: digest of its first public key and its origin.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogId(pub [u8; 32]);

impl LogId {
    pub(crate) fn new(public_key: &[u8; 32], origin: &str) -> Self {
        Self(Hash::of(&[b"inferlayer/log-id/v1\0", public_key, origin.as_bytes()]).0)
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
