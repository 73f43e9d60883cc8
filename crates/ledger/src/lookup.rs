//! What can be asked about committed records: first of memory, then of the view.

use std::ops::Range;
use std::sync::Arc;

use crate::format::checkpoint::Checkpoint;
use crate::format::entry::RequestId;
use crate::format::hash::{Hash, TenantTag};
use crate::format::kind::Kind;
use crate::format::note_key::VerifyingKey;
use crate::format::tree::{Frontier, leaf};
use crate::index::committed::Committed;
use crate::index::row::Row;
use crate::proof::{InclusionProof, Nodes, ProofError, consistency, fold, inclusion};
use crate::view::{TILE_LEVELS, View};

/// Memory and view as one.
pub(crate) struct Lookup {
    committed: Arc<Committed>,
    view: Option<View>,
    /// The tree before the view's first row.
    base: Arc<Frontier>,
}

impl Lookup {
    pub(crate) fn new(committed: &Arc<Committed>, view: Option<View>) -> Self {
        let base = view.as_ref().map(View::base).unwrap_or_default();
        Self { committed: Arc::clone(committed), view, base }
    }

    /// Number of records that the view has taken in.
    pub(crate) fn indexed(&self) -> u64 {
        self.view.as_ref().map_or(0, View::indexed)
    }

    pub(crate) fn row(&self, sequence: u64) -> Option<Row> {
        self.committed.row(sequence).or_else(|| self.view.as_ref()?.row(sequence))
    }

    /// Sequence numbers of a request's records, ascending.
    pub(crate) fn sequences_of(&self, request: RequestId) -> Result<Vec<u64>, ProofError> {
        let (first, recent) = self.committed.rows(|row| row.request == Some(request));
        let view = self.view_up_to(first)?;
        let ended = recent.iter().any(|row| row.kind == Kind::Outcome);
        let older = view.map(|view| view.sequences_of(request, !ended)).unwrap_or_default();
        let older = older.into_iter().filter(|sequence| *sequence < first);
        Ok(older.chain(recent.iter().map(|row| row.sequence)).collect())
    }

    /// At most `limit` of the tenant's rows with a time in `times_us`, ascending.
    pub(crate) fn rows_of(
        &self,
        tag: TenantTag,
        times_us: Range<u64>,
        limit: usize,
    ) -> Result<Vec<Row>, ProofError> {
        let wanted = |row: &Row| row.tenant_tag == Some(tag) && times_us.contains(&row.time_us);
        let (first, recent) = self.committed.rows(wanted);
        let older = self.view_up_to(first)?.map(|view| view.of_tenant(tag, times_us.clone()));
        let older = older.into_iter().flatten().take_while(|row| row.sequence < first);
        Ok(older.chain(recent).take(limit).collect())
    }

    /// The row of a record that is to be proven, or why there is none.
    pub(crate) fn row_to_prove(&self, sequence: u64) -> Result<Row, ProofError> {
        let size = self.committed.checkpoint().head.size;
        if sequence >= size {
            return Err(ProofError::Unknown { size });
        }
        self.row(sequence).ok_or_else(|| self.missing(sequence))
    }

    /// That the record of `row` is under `checkpoint`, which was committed after it and signed by
    /// `key`.
    pub(crate) fn proof(
        &self,
        row: &Row,
        checkpoint: Checkpoint,
        key: VerifyingKey,
    ) -> Result<InclusionProof, ProofError> {
        let hashes = inclusion(self, row.sequence, checkpoint.head.size);
        let hashes = hashes.ok_or_else(|| self.missing(row.sequence))?;
        InclusionProof::new(row.sequence, row.record_hash, hashes, checkpoint, key)
            .map_err(ProofError::View)
    }

    /// That the log of `from` records is the beginning of the log of `to` records.
    pub(crate) fn consistency(&self, from: u64, to: u64) -> Result<Vec<Hash>, ProofError> {
        let size = self.committed.checkpoint().head.size;
        if from > to || to > size {
            return Err(ProofError::Unknown { size });
        }
        consistency(self, from, to).ok_or_else(|| self.missing(from))
    }

    /// The view, if it has everything before the record `first`; `None` when nothing is there.
    fn view_up_to(&self, first: u64) -> Result<Option<&View>, ProofError> {
        match &self.view {
            None if first > 0 => Err(ProofError::NoView),
            Some(view) if view.indexed() < first => Err(ProofError::NotYet),
            view => Ok(view.as_ref()),
        }
    }

    /// Why a node about the record `sequence` is not there.
    fn missing(&self, sequence: u64) -> ProofError {
        match &self.view {
            None => ProofError::NoView,
            Some(_) if sequence < self.base.size() => {
                ProofError::Dropped { first: self.base.size() }
            }
            Some(_) => ProofError::NotYet,
        }
    }

    /// Roots of the subtrees of 2^`level` records with the numbers `span`; `level` is one that the
    /// view stores, or 0 for the leaves.
    fn stored(&self, level: u32, span: &Range<u64>) -> Option<Vec<Hash>> {
        if level == 0 {
            return self.leaves(span);
        }
        let tiles = self.view.as_ref().map(|view| view.tiles(level, span)).unwrap_or_default();
        let mut tiles = tiles.into_iter().peekable();
        let root = |index| match tiles.next_if(|(stored, _)| *stored == index) {
            Some((_, root)) => Some(root),
            None => self.folded(level - TILE_LEVELS, TILE_LEVELS, index),
        };
        span.clone().map(root).collect()
    }

    fn leaves(&self, span: &Range<u64>) -> Option<Vec<Hash>> {
        // Memory first: what leaves it meanwhile is in the view by then.
        let recent = self.committed.record_hashes(span).into_iter().map(leaf);
        let wanted = usize::try_from(span.end - span.start).ok()?;
        let older = span.start..span.end - recent.len() as u64;
        let stored = match &self.view {
            Some(view) if !older.is_empty() => view.leaves(&older),
            _ => Vec::new(),
        };
        let leaves: Vec<Hash> = stored.into_iter().chain(recent).collect();
        (leaves.len() == wanted).then_some(leaves)
    }

    /// The root that is `levels` above the stored `level`.
    fn folded(&self, level: u32, levels: u32, index: u64) -> Option<Hash> {
        fold(self.stored(level, &(index << levels..(index + 1) << levels))?)
    }
}

impl Nodes for Lookup {
    fn base(&self) -> &Frontier {
        &self.base
    }

    fn complete(&self, level: u32, index: u64) -> Option<Hash> {
        let above = level % TILE_LEVELS;
        self.folded(level - above, above, index)
    }
}

#[cfg(test)]
mod tests;
