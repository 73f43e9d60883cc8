//! What a log shows of the things that evidence speaks of: roots at some sizes, hashes of some
//! records. Collected while a segment is walked, so that nothing is held for what nobody asks.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Bound;

use super::evidence::Evidence;
use crate::format::hash::Hash;
use crate::format::record::Record;
use crate::format::tree::Frontier;
use crate::walk::Walker;

/// What is to be looked for.
pub(super) struct Wanted {
    sizes: BTreeSet<u64>,
    sequences: HashSet<u64>,
}

/// What was found of it.
#[derive(Default)]
pub(super) struct Seen {
    /// By size: the root, and the time of the last record under it in microseconds.
    heads: HashMap<u64, (Hash, u64)>,
    records: HashMap<u64, Hash>,
}

impl Wanted {
    pub(super) fn by(evidence: &[Evidence]) -> Self {
        let records = evidence.iter().filter_map(Evidence::record);
        Self {
            sizes: evidence.iter().map(Evidence::size).collect(),
            sequences: records.map(|told| told.sequence).collect(),
        }
    }

    /// Whether any evidence is of a size above the one and up to the other.
    fn speaks_of(&self, above: u64, to: u64) -> bool {
        let range = (Bound::Excluded(above), Bound::Included(to));
        above < to && self.sizes.range(range).next().is_some()
    }
}

impl Seen {
    /// Takes the commit that a walk stands at; `tree` is that of the records before.
    pub(super) fn commit(&mut self, wanted: &Wanted, walker: &Walker, tree: &Frontier) {
        let end = tree.size() + walker.count() as u64;
        let is_of_sizes = wanted.speaks_of(tree.size(), end);
        let mut tree = is_of_sizes.then(|| tree.clone());
        for (_, _, record) in walker.records() {
            self.record(wanted, &record);
            if let Some(tree) = &mut tree {
                tree.push(record.record_hash());
                self.head(wanted, tree, record.time_us());
            }
        }
    }

    /// Takes the tree of some size, if evidence speaks of it.
    pub(super) fn head(&mut self, wanted: &Wanted, tree: &Frontier, time_us: u64) {
        if wanted.sizes.contains(&tree.size()) {
            self.heads.insert(tree.size(), (tree.root(), time_us));
        }
    }

    fn record(&mut self, wanted: &Wanted, record: &Record<'_>) {
        if wanted.sequences.contains(&record.sequence()) {
            self.records.insert(record.sequence(), record.record_hash());
        }
    }

    /// Takes what was found in the next segment.
    pub(super) fn join(&mut self, next: Self) {
        for (size, head) in next.heads {
            // Of the size between them the next only knows when it began.
            self.heads.entry(size).or_insert(head);
        }
        self.records.extend(next.records);
    }

    /// Root of the tree of `size`, and the time of its last record.
    pub(super) fn root(&self, size: u64) -> Option<(Hash, u64)> {
        self.heads.get(&size).copied()
    }

    /// Hash of a record.
    pub(super) fn record_hash(&self, sequence: u64) -> Option<Hash> {
        self.records.get(&sequence).copied()
    }
}
