//! Where a reader's trust in a log begins: a key it was given, or the one the log names itself.

use crate::chain::Chain;
use crate::entry::Kind;
use crate::error::Damage;
use crate::hash::LogId;
use crate::note_key::VerifyingKey;
use crate::record::Record;
use crate::run::Stated;

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

    /// Begins a log from its record 0, which has to name the key that is trusted. What else it
    /// has to name is a rule of every open record: see [`crate::run::Runs`].
    pub(crate) fn begin(&self, first: &Record<'_>) -> Result<Log, Damage> {
        if first.kind() != Kind::Open {
            return Err(Damage::NoOpen);
        }
        first.check_body()?;
        let stated = Stated::read(first).ok_or(Damage::NoOpen)?;
        let named: VerifyingKey = stated.public_key.parse().map_err(|_| Damage::NoOpen)?;
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
