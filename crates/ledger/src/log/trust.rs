//! Where a reader's trust in a log begins: a key it was given, or the one the log names itself.

use crate::format::damage::Damage;
use crate::format::note_key::VerifyingKey;
use crate::log::Log;

/// Whose signature a reader believes.
#[derive(Clone, Debug)]
pub enum Trust {
    /// This key, learned elsewhere: the log's first, or one that it was handed on to.
    Key(VerifyingKey),
    /// The keys that the log names: shows that the log is consistent, not whose it is.
    FirstUse,
}

impl Trust {
    pub(crate) fn key(&self) -> Option<&VerifyingKey> {
        match self {
            Self::Key(key) => Some(key),
            Self::FirstUse => None,
        }
    }

    /// Whether `log`, read to its end, was signed by whom the reader believes. A key that signs
    /// later in the log speaks for all before it, as its checkpoints cover the whole tree; one that
    /// signed earlier speaks for its successor. Keys that were replaced before the first record
    /// that is still there, where the log was as it `began`, are no more than a claim.
    pub(crate) fn accept(&self, log: &Log, began: &Log) -> Result<(), Damage> {
        let claimed = began.story.keys().count().saturating_sub(1);
        let believed =
            |trusted: &VerifyingKey| log.story.keys().skip(claimed).any(|(key, _)| key == trusted);
        if self.key().is_none_or(believed) {
            return Ok(());
        }
        Err(Damage::OtherKey { found: log.key().to_string() })
    }
}
