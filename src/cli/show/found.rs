//! A record that was found, and what became of its content: opened, withheld, or closed and why.

use std::collections::HashMap;

use inferlayer_ledger::{Flags, Hash, Record, TenantTag};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::cli::opener::Opener;
use crate::cli::utc::rfc3339;

/// A record as it is shown.
pub(crate) struct Found {
    pub(crate) kind: String,
    pub(crate) sequence: u64,
    /// RFC 3339.
    pub(crate) time: String,
    pub(crate) record_hash: Hash,
    pub(crate) tenant_tag: Option<TenantTag>,
    pub(crate) metadata: Value,
    pub(crate) content: Content,
}

/// What can be shown of a record's content.
pub(crate) enum Content {
    /// The record has none.
    None,
    /// The tenant's policy keeps it out of the ledger: there is nothing to open or to check.
    Withheld,
    /// It was not asked for.
    Sealed,
    /// In the clear.
    Opened(Zeroizing<Vec<u8>>),
    /// It does not open, for this reason.
    Closed(String),
}

/// Where the ledger says that a key was destroyed.
pub(crate) struct Shredding {
    pub(crate) sequence: u64,
    pub(crate) time_us: u64,
}

impl Found {
    /// Copies what is shown of a record; opens its content if that is asked for.
    pub(crate) fn read(record: &Record<'_>, opener: Option<&Opener>) -> Found {
        let stored = record.metadata();
        // A writer of another kind may go beyond what this parser takes; it is shown all the same.
        let metadata = serde_json::from_slice(stored)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(stored).into_owned()));
        let content = match opener {
            _ if record.flags().contains(Flags::WITHHELD) => Content::Withheld,
            _ if record.content_bytes() == 0 => Content::None,
            None => Content::Sealed,
            Some(opener) => opener.open(record).map_or_else(Content::Closed, Content::Opened),
        };
        Found {
            kind: record.kind().to_string(),
            sequence: record.sequence(),
            time: rfc3339(record.time_us()),
            record_hash: record.record_hash(),
            tenant_tag: record.tenant_tag(),
            metadata,
            content,
        }
    }

    /// Says of content that does not open that its key was destroyed, if that is why.
    pub(crate) fn explain(&mut self, shredded: &HashMap<TenantTag, Shredding>) {
        let Some(shredding) = self.tenant_tag.and_then(|tag| shredded.get(&tag)) else { return };
        if let Content::Closed(why) = &mut self.content {
            let (sequence, time) = (shredding.sequence, rfc3339(shredding.time_us));
            *why = format!("shredded: its key was destroyed, as record {sequence} of {time} says");
        }
    }
}
