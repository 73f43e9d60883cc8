//! What a caller asks to have recorded, before it has a place in the chain.

use std::fmt;

use bytes::Bytes;
use thiserror::Error;

use crate::format::hash::Hash;
use crate::format::header::{
    HEADER_BYTES, MAX_METADATA_BYTES, MAX_PLAIN_CONTENT_BYTES, MIN_METADATA_BYTES,
};
use crate::format::kind::Kind;
use crate::format::seal::{OVERHEAD_BYTES, TenantSeal};

/// A record to be appended.
pub struct Entry {
    /// What happened. Some kinds are the ledger's own: see [`Kind::is_own`].
    pub kind: Kind,
    /// Whose it is; `None` for records of the system.
    pub tenant: Option<TenantSeal>,
    /// The request it belongs to; pairs an intent with its outcome.
    pub request: Option<RequestId>,
    /// A UTF-8 JSON object, stored as given; at most 1 MiB.
    pub metadata: Vec<u8>,
    /// Prompt or answer.
    pub content: Content,
}

/// The confidential part of an entry.
pub enum Content {
    /// The record has none.
    None,
    /// The tenant's policy keeps it out of the ledger; the record says so.
    Withheld,
    /// Parts, concatenated and sealed under a fresh key; at most 64 MiB together.
    Sealed(Vec<Bytes>),
    /// Sealed already, in a file of its own. Only the ledger makes one.
    External(External),
}

impl Entry {
    /// An entry without tenant, request and content.
    pub fn system(kind: Kind, metadata: Vec<u8>) -> Self {
        Self { kind, tenant: None, request: None, metadata, content: Content::None }
    }

    /// Bytes that the entry occupies while it waits.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.metadata.len() + self.content.len()
    }

    /// Bytes that its record will take on the disk.
    pub fn disk_bytes(&self) -> u64 {
        let overhead = if self.content.len() > 0 { OVERHEAD_BYTES } else { 0 };
        (HEADER_BYTES + self.queued_bytes() + overhead) as u64
    }

    /// Checks what the format cannot hold, before the entry takes a place in the queue.
    pub(crate) fn check(&self) -> Result<(), EntryError> {
        if self.kind.is_own() || self.kind.is_reserved() {
            return Err(EntryError::ReservedKind(self.kind));
        }
        // The rest of the JSON is the caller's word: parsing it here would cost every request.
        if !self.metadata.starts_with(b"{") || self.metadata.len() < MIN_METADATA_BYTES {
            return Err(EntryError::MetadataNotObject);
        }
        if self.metadata.len() > MAX_METADATA_BYTES {
            return Err(EntryError::MetadataTooLong(self.metadata.len()));
        }
        if self.content.len() > MAX_PLAIN_CONTENT_BYTES {
            return Err(EntryError::ContentTooLong(self.content.len()));
        }
        if matches!(self.content, Content::Sealed(_)) && self.tenant.is_none() {
            return Err(EntryError::SealedWithoutTenant);
        }
        Ok(())
    }
}

impl Content {
    /// Plaintext bytes of all parts.
    pub(crate) fn len(&self) -> usize {
        match self {
            // What lies in a file waits no more.
            Self::None | Self::Withheld | Self::External(_) => 0,
            Self::Sealed(parts) => parts.iter().map(Bytes::len).sum(),
        }
    }
}

/// An entry that the format cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EntryError {
    /// The ledger's own ([`Kind::is_own`]), or of a later version.
    #[error("records of the kind {0} are not for others to write")]
    ReservedKind(Kind),
    /// Metadata are a JSON object, written without leading space.
    #[error("metadata do not begin with a brace")]
    MetadataNotObject,
    /// More than 1 MiB.
    #[error("metadata of {0} bytes is too long")]
    MetadataTooLong(usize),
    /// More than 64 MiB.
    #[error("content of {0} bytes is too long")]
    ContentTooLong(usize),
    /// Content is sealed under a tenant's key, so there must be one.
    #[error("content without a tenant cannot be sealed")]
    SealedWithoutTenant,
    /// A log is handed on to a key that never signed it, as a key that comes back says nothing.
    #[error("the key signs the log already, or did")]
    KnownKey,
    /// What a retention is to drop was dropped by an earlier one.
    #[error("the log begins there or later already")]
    AlreadyDropped,
}

/// Sealed content in a file of its own.
#[derive(Clone, Copy, Debug)]
pub struct External {
    /// Hash of the stored bytes, which names the file.
    pub(crate) hash: Hash,
    /// Length of the stored bytes.
    pub(crate) bytes: u64,
}

/// Identity of a request: 16 bytes, not all zero (zero stands for "none" in the header).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId([u8; 16]);

impl RequestId {
    /// `None` when all bytes are zero.
    pub fn new(bytes: [u8; 16]) -> Option<Self> {
        (bytes != [0; 16]).then_some(Self(bytes))
    }

    /// The bytes as in the header.
    pub fn bytes(&self) -> [u8; 16] {
        self.0
    }

    /// When it was made, in microseconds since 1970-01-01 UTC, if it is a UUID of version 7
    /// (RFC 9562 §5.7).
    pub(crate) fn made_at_us(&self) -> Option<u64> {
        let [a, b, c, d, e, f, version, _, variant, ..] = self.0;
        let is_v7 = version >> 4 == 7 && variant >> 6 == 0b10;
        is_v7.then(|| u64::from_be_bytes([0, 0, a, b, c, d, e, f]).saturating_mul(1000))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_format_cannot_hold_is_refused() {
        let sealed = |parts| Entry {
            content: Content::Sealed(parts),
            ..Entry::system(Kind::Outcome, b"{}".to_vec())
        };
        assert_eq!(sealed(vec![]).check(), Err(EntryError::SealedWithoutTenant));
        let own = Kind::ALL.map(|(kind, _)| kind).into_iter().filter(|kind| kind.is_own());
        for kind in own.chain([Kind::from(14), Kind::from(0x7FFF)]) {
            let reserved = Entry::system(kind, b"{}".to_vec());
            assert_eq!(reserved.check(), Err(EntryError::ReservedKind(kind)));
        }
        assert_eq!(Entry::system(Kind::from(0x8000), b"{}".to_vec()).check(), Ok(()));
        for metadata in ["", "{", "[]", " {}"] {
            let entry = Entry::system(Kind::Config, metadata.into());
            assert_eq!(entry.check(), Err(EntryError::MetadataNotObject));
        }
        let long = Entry::system(Kind::Config, vec![b'{'; MAX_METADATA_BYTES + 1]);
        assert!(matches!(long.check(), Err(EntryError::MetadataTooLong(_))));
        assert!(RequestId::new([0; 16]).is_none());
    }
}
