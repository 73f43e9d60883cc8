//! Where a reader's trust in a log begins: a key it was given, or the one the log names itself.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::chain::Chain;
use crate::entry::Kind;
use crate::error::Damage;
use crate::hash::LogId;
use crate::note_key::VerifyingKey;
use crate::record::Record;

/// Whose signature a reader believes.
#[derive(Clone, Debug)]
pub enum Trust {
    /// This key, learned elsewhere.
    Key(VerifyingKey),
    /// The key in record 0: shows that the log is consistent, not whose it is.
    FirstUse,
}

/// A log whose first record was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) key: VerifyingKey,
    pub(crate) chain: Chain,
}

impl Trust {
    pub(crate) fn key(&self) -> Option<&VerifyingKey> {
        match self {
            Self::Key(key) => Some(key),
            Self::FirstUse => None,
        }
    }

    /// Begins a log from its record 0, which has to name the key that is trusted.
    pub(crate) fn begin(&self, first: &Record<'_>) -> Result<Log, Damage> {
        if first.kind() != Kind::Open {
            return Err(Damage::NoOpen);
        }
        first.check_body()?;
        let stated: Stated<'_> =
            serde_json::from_slice(first.metadata()).map_err(|_| Damage::NoOpen)?;
        let named: VerifyingKey = stated.public_key.parse().map_err(|_| Damage::NoOpen)?;
        if named.origin().as_str() != stated.origin {
            return Err(Damage::NoOpen);
        }
        if self.key().is_some_and(|trusted| *trusted != named) {
            return Err(Damage::OtherKey { found: named.to_string() });
        }
        let log_id = log_id(&named);
        Ok(Log { key: named, chain: Chain::new(log_id) })
    }
}

pub(crate) fn log_id(key: &VerifyingKey) -> LogId {
    LogId::new(key.public_key(), key.origin().as_str())
}

/// What a reader needs of an open record's metadata.
#[derive(Deserialize)]
struct Stated<'a> {
    origin: &'a str,
    public_key: &'a str,
}

/// The metadata of an open record, as written.
#[derive(Serialize)]
pub(crate) struct OpenMetadata<'a> {
    pub(crate) event: &'static str,
    pub(crate) origin: &'a str,
    pub(crate) public_key: String,
    pub(crate) run_id: String,
    pub(crate) software: &'static str,
    pub(crate) truncated_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extra: Option<&'a RawValue>,
}
