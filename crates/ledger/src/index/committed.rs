//! What is durable: the newest checkpoint, and the last rows, until the view has taken them in.
//!
//! The view lags behind by its gathering time, and by more under load. A lookup asks here first and
//! the view second: a row leaves this memory only after it went into the view.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::format::checkpoint::Checkpoint;
use crate::format::hash::Hash;
use crate::format::note_key::VerifyingKey;
use crate::index::row::Row;

/// Shared by the appender, the view's thread and whoever asks.
pub(crate) struct Committed {
    state: Mutex<State>,
    /// Told when rows came or the appender ended.
    more: Condvar,
    max_rows: usize,
}

struct State {
    checkpoint: Checkpoint,
    /// Who signed it.
    key: VerifyingKey,
    /// The last rows that were committed, without gaps.
    rows: VecDeque<Row>,
    ended: bool,
}

impl Committed {
    /// Keeps at most `max_rows` rows; beyond that the oldest is forgotten, and the view's thread
    /// reads it back from the journal.
    pub(crate) fn new(checkpoint: Checkpoint, key: VerifyingKey, max_rows: usize) -> Arc<Self> {
        let state = State { checkpoint, key, rows: VecDeque::new(), ended: false };
        Arc::new(Self { state: Mutex::new(state), more: Condvar::new(), max_rows })
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        self.state().checkpoint.clone()
    }

    /// The newest checkpoint with the key that signed it.
    pub(crate) fn signed(&self) -> (Checkpoint, VerifyingKey) {
        let state = self.state();
        (state.checkpoint.clone(), state.key.clone())
    }

    /// The row of the record `sequence`.
    pub(crate) fn row(&self, sequence: u64) -> Option<Row> {
        let state = self.state();
        state.rows.get(state.index_of(sequence)?).copied()
    }

    /// Those of the rows in memory that `wanted` picks, and the sequence from which on it was
    /// asked: everything before is the view's.
    pub(crate) fn rows(&self, wanted: impl Fn(&Row) -> bool) -> (u64, Vec<Row>) {
        let state = self.state();
        (state.first(), state.rows.iter().filter(|row| wanted(row)).copied().collect())
    }

    /// Hashes of those of the records in `span` that are in memory, always the last ones of it.
    pub(crate) fn record_hashes(&self, span: &Range<u64>) -> Vec<Hash> {
        let state = self.state();
        let index = |sequence: u64| {
            let clipped = sequence.clamp(state.first(), state.checkpoint.head.size);
            state.index_of(clipped).unwrap_or(state.rows.len())
        };
        let rows = state.rows.range(index(span.start)..index(span.end));
        rows.map(|row| row.record_hash).collect()
    }

    /// Waits for the record `sequence`; `false` when the appender has ended without it.
    pub(crate) fn wait_for(&self, sequence: u64) -> bool {
        let state = self.state();
        let waiting = |state: &mut State| state.checkpoint.head.size <= sequence && !state.ended;
        let state = self.more.wait_while(state, waiting).unwrap_or_else(PoisonError::into_inner);
        state.checkpoint.head.size > sequence
    }

    /// At most `limit` rows from `sequence` on; `None` when that row has been forgotten.
    pub(crate) fn rows_from(&self, sequence: u64, limit: usize) -> Option<Vec<Row>> {
        let state = self.state();
        if sequence == state.checkpoint.head.size {
            return Some(Vec::new());
        }
        Some(state.rows.range(state.index_of(sequence)?..).take(limit).copied().collect())
    }

    /// Gives up the rows before `sequence`, which the view has now.
    pub(crate) fn forget(&self, sequence: u64) {
        let mut state = self.state();
        let known = state.rows.partition_point(|row| row.sequence < sequence);
        state.rows.drain(..known);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Sequence of the first row in memory, or the size of the log.
    fn first(&self) -> u64 {
        self.rows.front().map_or(self.checkpoint.head.size, |row| row.sequence)
    }

    fn index_of(&self, sequence: u64) -> Option<usize> {
        usize::try_from(sequence.checked_sub(self.rows.front()?.sequence)?).ok()
    }
}

/// The appender's end. Dropping it tells the view's thread that nothing more comes.
pub(crate) struct Publisher(pub(crate) Arc<Committed>);

impl Publisher {
    /// A commit is durable.
    pub(crate) fn publish(&self, checkpoint: &Checkpoint, key: &VerifyingKey, rows: &[Row]) {
        let mut state = self.0.state();
        state.checkpoint = checkpoint.clone();
        state.key.clone_from(key);
        state.rows.extend(rows);
        let over = state.rows.len().saturating_sub(self.0.max_rows);
        state.rows.drain(..over);
        drop(state);
        self.0.more.notify_one();
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.0.state().ended = true;
        self.0.more.notify_all();
    }
}
