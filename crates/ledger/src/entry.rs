//! What a caller asks to have recorded, before it has a place in the chain.

use std::fmt;

use bytes::Bytes;

use crate::error::EntryError;
use crate::header::{MAX_METADATA_BYTES, MAX_PLAIN_CONTENT_BYTES};
use crate::seal::TenantSeal;

/// A record to be appended.
pub struct Entry {
    /// What happened. `Open`, `Close` and `SigningKeyRotation` are the ledger's own.
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

    /// Checks what the format cannot hold, before the entry takes a place in the queue.
    pub(crate) fn check(&self) -> Result<(), EntryError> {
        if matches!(self.kind, Kind::Open | Kind::Close | Kind::SigningKeyRotation) {
            return Err(EntryError::ReservedKind(self.kind));
        }
        // The rest of the JSON is the caller's word: parsing it here would cost every request.
        if !self.metadata.starts_with(b"{") {
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
            Self::None | Self::Withheld => 0,
            Self::Sealed(parts) => parts.iter().map(Bytes::len).sum(),
        }
    }
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
    /// Reserved: the signing key changes.
    SigningKeyRotation = 7,
    /// A tenant's key is destroyed.
    Shred = 8,
    /// Reserved: old segments were dropped.
    Retention = 9,
    /// Reserved: the clock stepped back.
    Clock = 10,
    /// A run ended in good order.
    Close = 11,
    /// Reserved: state that lets a reader start at this segment.
    Snapshot = 12,
}

impl Kind {
    /// Every kind with its name, in the order of their numbers.
    pub const ALL: [(Self, &'static str); 13] = [
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
    ];

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
        assert_eq!(Kind::try_from(13), Err(13));
    }

    #[test]
    fn what_the_format_cannot_hold_is_refused() {
        let sealed = |parts| Entry {
            content: Content::Sealed(parts),
            ..Entry::system(Kind::Outcome, b"{}".to_vec())
        };
        assert_eq!(sealed(vec![]).check(), Err(EntryError::SealedWithoutTenant));
        for kind in [Kind::Open, Kind::Close, Kind::SigningKeyRotation] {
            let reserved = Entry::system(kind, b"{}".to_vec());
            assert_eq!(reserved.check(), Err(EntryError::ReservedKind(kind)));
        }
        for metadata in ["", "[]", " {}"] {
            let entry = Entry::system(Kind::Config, metadata.into());
            assert_eq!(entry.check(), Err(EntryError::MetadataNotObject));
        }
        let long = Entry::system(Kind::Config, vec![b'{'; MAX_METADATA_BYTES + 1]);
        assert!(matches!(long.check(), Err(EntryError::MetadataTooLong(_))));
        assert!(RequestId::new([0; 16]).is_none());
    }
}
