//! Records that only the ledger itself writes on request: a new signing key, a dropped past, a
//! backup that was restored. Each says something of the log that every later reader needs.

use serde::Serialize;

use crate::format::entry::{Entry, EntryError};
use crate::format::hash::Hash;
use crate::format::kind::Kind;
use crate::format::note_key::{Origin, SigningKey};
use crate::log::{Gap, Log};
use crate::write::error::StoreError;

/// What such a record is about.
pub(crate) enum Own {
    /// This key signs from here on.
    Rotate(SigningKey),
    /// Segments before a sequence are dropped.
    Retain(Retention),
}

/// What a retention record says (`FORMAT.md` §10).
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Retention {
    pub(crate) event: &'static str,
    /// Where the log begins from here on.
    pub(crate) first_sequence: u64,
    /// Root of the tree over everything before.
    pub(crate) root: Hash,
    /// Segments that are dropped.
    pub(crate) segments: usize,
    /// Why.
    pub(crate) reason: String,
}

/// What a restore record says.
#[derive(Serialize)]
struct Restored<'a> {
    event: &'static str,
    #[serde(flatten)]
    gap: Gap,
    reason: &'a str,
}

#[derive(Serialize)]
struct Rotation {
    event: &'static str,
    public_key: String,
}

impl Own {
    /// Checks what no record may say, while nothing has been said yet.
    pub(crate) fn check(&self, log: &Log) -> Result<(), EntryError> {
        match self {
            Self::Rotate(signing) => {
                let key = signing.verifying_key(log.key().origin());
                let known = log.story.keys().any(|(known, _)| key.as_ref() == Some(known));
                if known { Err(EntryError::KnownKey) } else { Ok(()) }
            }
            Self::Retain(retention) if retention.first_sequence <= log.story.first_sequence => {
                Err(EntryError::AlreadyDropped)
            }
            Self::Retain(_) => Ok(()),
        }
    }

    /// The record's entry; `origin` is the name that the log's keys sign under.
    pub(crate) fn entry(&self, origin: &Origin) -> Result<Entry, StoreError> {
        match self {
            Self::Rotate(signing) => {
                let key = signing.verifying_key(origin).ok_or(StoreError::Signing)?;
                let event = "signing_key_rotation";
                entry(Kind::SigningKeyRotation, &Rotation { event, public_key: key.to_string() })
            }
            Self::Retain(retention) => entry(Kind::Retention, retention),
        }
    }
}

/// The entry that names what a restored backup lacks.
pub(crate) fn restore_entry(gap: Gap, reason: &str) -> Result<Entry, StoreError> {
    entry(Kind::Restore, &Restored { event: "restore", gap, reason })
}

fn entry(kind: Kind, metadata: &impl Serialize) -> Result<Entry, StoreError> {
    Ok(Entry::system(kind, serde_json::to_vec(metadata)?))
}
