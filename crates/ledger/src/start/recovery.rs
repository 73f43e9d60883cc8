//! Start-up: replays the end of the journal, cuts an unfinished commit, refuses everything else.
//!
//! The snapshot at the head of the last segment but one is where it begins: what lies before is for
//! auditors to recompute, and one whole segment of records is there for what snapshots leave out.

use std::sync::Arc;

use crate::format::damage::{Damage, ReadError};
use crate::format::hash::RunId;
use crate::format::kind::Kind;
use crate::format::note_key::VerifyingKey;
use crate::format::record::Record;
use crate::format::segment::Segment;
use crate::log::Log;
use crate::log::state::{FoldError, State};
use crate::log::trust::Trust;
use crate::read::place::Place;
use crate::start::anchored::Anchors;
use crate::start::error::OpenError;
use crate::storage::Storage;
use crate::walk::scope::Scope;
use crate::walk::{Tail, Walker};
use crate::write::error::StoreError;
use crate::write::step::unconfirmed_us;

/// Segments that a start reads.
const REPLAYED_SEGMENTS: usize = 2;

/// Each replayed record is shown to it, in order, with where it stands.
pub(crate) type Fold<'f> = dyn FnMut(Place, &Record<'_>) -> Result<(), FoldError> + 'f;

/// What the journal holds.
pub(crate) struct Recovered {
    /// `None` before the first commit.
    pub(crate) log: Option<Log>,
    /// Where the replay began.
    pub(crate) replayed: Segment,
    /// `None` when there is no segment yet.
    pub(crate) tail: Option<Tail>,
    /// Runs without a close record.
    pub(crate) dead_runs: Vec<RunId>,
    /// Of the last record's time, what nobody has confirmed.
    pub(crate) unconfirmed_us: u64,
}

/// Replays what was acknowledged. Writes nothing.
pub(crate) fn replay(
    storage: &Arc<dyn Storage>,
    key: &VerifyingKey,
    state: &mut dyn State,
    anchors: &mut Anchors,
    fold: &mut Fold<'_>,
) -> Result<Recovered, OpenError> {
    let list = |source| StoreError::Io { step: "list segments", source };
    let scope = Scope::last(&**storage, REPLAYED_SEGMENTS).map_err(list)?;
    for segment in scope.segments.iter().copied() {
        storage.evict(segment).map_err(StoreError::at("drop segment from memory"))?;
    }
    let replayed = scope.segments.first().copied().unwrap_or(Segment(0));
    let first = scope.first;
    // Which key signs now is asked of the log; the own one only helps to tell a torn beginning.
    let trust = Trust::Key(key.clone());
    let mut walker = Walker::over(Arc::clone(storage), trust, scope.on_its_own());
    let (mut dead_runs, mut unconfirmed) = (Vec::new(), 0);
    while walker.advance()? {
        walker.log().into_iter().for_each(|log| anchors.see(log.chain.head()));
        for (segment, offset, record) in walker.records() {
            note_run(&record, &mut dead_runs);
            if record.kind() == Kind::Clock {
                unconfirmed = unconfirmed_us(&record);
            }
            let folded = state.record(&record);
            let folded = folded.and_then(|()| fold(Place::of(&record, segment, offset), &record));
            folded.map_err(|source| OpenError::Fold {
                sequence: record.sequence(),
                run_id: record.run_id(),
                source,
            })?;
        }
    }
    let log = walker.log().map(|log| log.judge_beginning(first).map(|()| log));
    log.transpose().map_err(ReadError::from)?;
    Ok(Recovered {
        log: walker.log().cloned(),
        replayed,
        tail: walker.tail().cloned(),
        dead_runs,
        unconfirmed_us: unconfirmed,
    })
}

fn note_run(record: &Record<'_>, dead_runs: &mut Vec<RunId>) {
    match record.kind() {
        Kind::Open => dead_runs.push(record.run_id()),
        // The run that a replay begins in.
        Kind::Snapshot if dead_runs.is_empty() => dead_runs.push(record.run_id()),
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
