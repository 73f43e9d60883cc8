//! What a caller asks to have recorded, before it has a place in the chain.

use std::fmt;

use bytes::Bytes;

use crate::error::EntryError;
use crate::format::hash::Hash;
use crate::format::header::{
    HEADER_BYTES, MAX_METADATA_BYTES, MAX_PLAIN_CONTENT_BYTES, MIN_METADATA_BYTES,
};
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
        if self.kind.is_own() {
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

/// Sealed content in a file of its own.
#[derive(Clone, Copy, Debug)]
pub struct External {
    /// Hash of the stored bytes, which names the file.
    pub(crate) hash: Hash,
    /// Length of the stored bytes.
    pub(crate) bytes: u64,
}

/// What a record tells of (`FORMAT.md` §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Kind {
    /// A run starts.
    Open = 0,
    /// An inference is about to be sent to a provider.
    Intent = 1,
    /// That inference ended.
    Outcome = 2,
    /// A request was refused before any provider was called.
    Refusal = 3,
    /// A request was answered from the cache.
    Hit = 4,
    /// A configuration was loaded.
    Config = 5,
    /// A virtual key was made, changed or revoked.
    KeyEvent = 6,
    /// The signing key changes.
    SigningKeyRotation = 7,
    /// A tenant's key was destroyed.
    Shred = 8,
    /// Old segments were dropped.
    Retention = 9,
    /// The clock stepped.
    Clock = 10,
    /// A run ended in good order.
    Close = 11,
    /// State that lets a reader start at this segment.
    Snapshot = 12,
    /// The journal was restored from a backup that lacks later records.
    Restore = 13,
}

impl Kind {
    /// Every kind with its name, in the order of their numbers.
    pub const ALL: [(Self, &'static str); 14] = [
        (Self::Open, "open"),
        (Self::Intent, "intent"),
        (Self::Outcome, "outcome"),
        (Self::Refusal, "refusal"),
        (Self::Hit, "hit"),
        (Self::Config, "config"),
        (Self::KeyEvent, "key_event"),
        (Self::SigningKeyRotation, "signing_key_rotation"),
        (Self::Shred, "shred"),
        (Self::Retention, "retention"),
        (Self::Clock, "clock"),
        (Self::Close, "close"),
        (Self::Snapshot, "snapshot"),
        (Self::Restore, "restore"),
    ];

    /// Whether only the ledger itself writes records of this kind.
    pub fn is_own(self) -> bool {
        use Kind::{Clock, Close, Open, Restore, Retention, SigningKeyRotation, Snapshot};
        matches!(self, Open | Close | SigningKeyRotation | Retention | Clock | Snapshot | Restore)
    }

    /// The name used in reports, for example `key_event`.
    pub fn name(self) -> &'static str {
        Self::ALL.get(usize::from(self as u16)).map_or("unknown", |(_, name)| name)
    }
}

impl TryFrom<u16> for Kind {
    /// The number that no kind has.
    type Error = u16;

    fn try_from(number: u16) -> Result<Self, u16> {
        Self::ALL.get(usize::from(number)).map(|(kind, _)| *kind).ok_or(number)
    }
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
    fn kinds_are_their_numbers() {
        for (index, (kind, name)) in Kind::ALL.iter().enumerate() {
            let number = u16::try_from(index).unwrap();
            assert_eq!(*kind as u16, number);
            assert_eq!(Kind::try_from(number), Ok(*kind));
            assert_eq!(kind.name(), *name);
        }
        assert_eq!(Kind::try_from(14), Err(14));
    }

    #[test]
    fn what_the_format_cannot_hold_is_refused() {
        let sealed = |parts| Entry {
            content: Content::Sealed(parts),
            ..Entry::system(Kind::Outcome, b"{}".to_vec())
        };
        assert_eq!(sealed(vec![]).check(), Err(EntryError::SealedWithoutTenant));
        for (kind, _) in Kind::ALL.into_iter().filter(|(kind, _)| kind.is_own()) {
            let reserved = Entry::system(kind, b"{}".to_vec());
            assert_eq!(reserved.check(), Err(EntryError::ReservedKind(kind)));
        }
        for metadata in ["", "{", "[]", " {}"] {
            let entry = Entry::system(Kind::Config, metadata.into());
            assert_eq!(entry.check(), Err(EntryError::MetadataNotObject));
        }
        let long = Entry::system(Kind::Config, vec![b'{'; MAX_METADATA_BYTES + 1]);
        assert!(matches!(long.check(), Err(EntryError::MetadataTooLong(_))));
        assert!(RequestId::new([0; 16]).is_none());
    }
}
