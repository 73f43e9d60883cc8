//! Dropping the past: whole segments whose records are all older than a moment. Used by the admin
//! socket, by the command line when no gateway runs, and daily where the configuration says so.

use inferlayer_ledger::{Ledger, ReadError, Receipt};
use serde::{Deserialize, Serialize};

use crate::operations::reason::Reason;

/// Drops old segments.
#[derive(Clone)]
pub(crate) struct Retainer(Ledger);

/// A past that is to be dropped.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retain {
    /// Everything from here on stays: microseconds since 1970-01-01 UTC.
    pub(crate) before_us: u64,
    /// For the record.
    pub(crate) reason: Reason,
}

/// What was dropped.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Dropped {
    /// How many segments.
    pub(crate) segments: u64,
    /// Where the log begins now.
    pub(crate) first_sequence: u64,
    /// Where the ledger says so.
    #[serde(default)]
    pub(crate) sequence: u64,
}

/// Why nothing was dropped, or not all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RetainError {
    #[error("that lies in the future; nothing was dropped")]
    Future,
    #[error("ledger: {0}")]
    Read(#[from] ReadError),
    #[error("ledger: {0}")]
    Ledger(#[from] inferlayer_ledger::RetainError),
    #[error("{0}")]
    Metadata(#[from] serde_json::Error),
    #[error("{0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Retainer {
    pub(crate) fn new(ledger: Ledger) -> Retainer {
        Retainer(ledger)
    }

    /// As [`Retainer::retain`], for an operator who was shown the moment and meant it: the clock is
    /// confirmed.
    pub(crate) async fn retain_confirmed(
        &self,
        asked: Retain,
    ) -> Result<Option<Dropped>, RetainError> {
        self.0.confirm_time(self.0.times().wall_us);
        self.retain(asked).await
    }

    /// Records it and drops every segment that ends before the moment; the last two always stay.
    /// `None` when there is none to drop.
    pub(crate) async fn retain(&self, asked: Retain) -> Result<Option<Dropped>, RetainError> {
        let this = self.clone();
        tokio::task::spawn_blocking(move || this.drop_before(&asked)).await?
    }

    fn drop_before(&self, asked: &Retain) -> Result<Option<Dropped>, RetainError> {
        let Self(ledger) = self;
        if asked.before_us > ledger.times().wall_us {
            return Err(RetainError::Future);
        }
        let Some(before) = ledger.first_of_segment_before(asked.before_us)? else {
            return Ok(None);
        };
        let receipt = ledger.retain(before, asked.reason.as_str())?;
        receipt.map(|receipt| self.dropped(&receipt)).transpose()
    }

    /// What the record says.
    fn dropped(&self, receipt: &Receipt) -> Result<Dropped, RetainError> {
        let record = self.0.read(receipt.place(), receipt.record_hash())?;
        let dropped: Dropped = serde_json::from_slice(record.metadata())?;
        Ok(Dropped { sequence: receipt.sequence(), ..dropped })
    }
}
