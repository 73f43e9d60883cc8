//! Start-up: replays the journal, cuts an unfinished commit, refuses everything else.

use std::sync::Arc;

use crate::chain::Chain;
use crate::entry::Kind;
use crate::error::{Damage, FoldError, OpenError, ReadError, StoreError};
use crate::hash::RunId;
use crate::note_key::VerifyingKey;
use crate::place::Place;
use crate::record::Record;
use crate::storage::Storage;
use crate::trust::{Trust, log_id};
use crate::walk::{Tail, Walker};

/// Each stored record is shown to it, in order, with where it stands.
pub(crate) type Fold<'f> = dyn FnMut(Place, &Record<'_>) -> Result<(), FoldError> + 'f;

/// What the journal holds.
pub(crate) struct Recovered {
    pub(crate) chain: Chain,
    /// `None` when there is no segment yet.
    pub(crate) tail: Option<Tail>,
    /// Runs without a close record.
    pub(crate) dead_runs: Vec<RunId>,
}

/// Replays everything that was acknowledged. Writes nothing.
pub(crate) fn replay(
    storage: Arc<dyn Storage>,
    key: &VerifyingKey,
    fold: &mut Fold<'_>,
) -> Result<Recovered, OpenError> {
    let list = |source| StoreError::Io { step: "list segments", source };
    let mut walker = Walker::new(storage, Trust::Key(key.clone())).map_err(list)?;
    let mut dead_runs = Vec::new();
    while walker.advance()? {
        for (segment, offset, record) in walker.records() {
            note_run(&record, &mut dead_runs);
            fold(Place::of(&record, segment, offset), &record).map_err(|source| {
                OpenError::Fold { sequence: record.sequence(), run_id: record.run_id(), source }
            })?;
        }
    }
    let chain = walker.log().map(|log| log.chain.clone());
    Ok(Recovered {
        chain: chain.unwrap_or_else(|| Chain::new(log_id(key))),
        tail: walker.tail().cloned(),
        dead_runs,
    })
}

fn note_run(record: &Record<'_>, dead_runs: &mut Vec<RunId>) {
    match record.kind() {
        Kind::Open => dead_runs.push(record.run_id()),
        Kind::Close => dead_runs.retain(|run| *run != record.run_id()),
        _ => {}
    }
}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(source) => StoreError::Io { step: "read segment", source }.into(),
            ReadError::Fault(fault) => match fault.what {
                Damage::OtherKey { found } => Self::OtherKey { found },
                _ => Self::Corrupt(fault),
            },
        }
    }
}
