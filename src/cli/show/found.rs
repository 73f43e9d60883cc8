//! A record that was found, and what became of its content: opened, withheld, or closed and why.

use std::collections::HashMap;

use inferlayer_ledger::{Flags, Hash, Record, TenantKeys, TenantTag};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::cli::utc::rfc3339;

/// A record as it is shown.
pub(crate) struct Found {
    pub(crate) kind: &'static str,
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
    /// Copies what is shown of a record; opens its content if there are keys to try.
    pub(crate) fn read(record: &Record<'_>, keys: Option<&TenantKeys>) -> Found {
        let stored = record.metadata();
        // A writer of another kind may go beyond what this parser takes; it is shown all the same.
        let metadata = serde_json::from_slice(stored)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(stored).into_owned()));
        let content = match keys {
            _ if record.flags().contains(Flags::WITHHELD) => Content::Withheld,
            _ if record.content().is_empty() => Content::None,
            None => Content::Sealed,
            Some(keys) => {
                open(record, &metadata, keys).map_or_else(Content::Closed, Content::Opened)
            }
        };
        Found {
            kind: record.kind().name(),
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

/// The content, or why it does not open.
fn open(
    record: &Record<'_>,
    metadata: &Value,
    keys: &TenantKeys,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let tenant = metadata["tenant"].as_str().ok_or("the record does not say whose it is")?;
    let seal = keys.find(tenant).map_err(|error| error.to_string())?;
    let seal = seal.ok_or("the tenant's key is not here")?;
    if record.tenant_tag() != Some(seal.tag()) {
        return Err("it was sealed under another key of the tenant, which is not here".to_owned());
    }
    record.open(&seal).map_err(|error| error.to_string())
}
