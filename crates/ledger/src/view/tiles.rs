//! Roots of complete subtrees of 256, 65,536, … records, so that a proof need not read them all.
//!
//! Each is made when its last row comes in. One that is missing, because sled lost it, is made from
//! the rows by whoever needs it.

use std::ops::Range;

use super::keys::last_u64;
use super::store::View;
use crate::format::hash::Hash;
use crate::format::tree::leaf;
use crate::proof::fold;

/// Levels of the tree from one stored row of nodes to the next.
pub(crate) const TILE_LEVELS: u32 = 8;
const TILE_WIDTH: u64 = 1 << TILE_LEVELS;
const TILE_PREFIX: u8 = b'h';

impl View {
    /// Leaves of the records in `span`, as far as their rows are there.
    pub(crate) fn leaves(&self, span: &Range<u64>) -> Vec<Hash> {
        let rows = self.rows_from(span.start).take_while(|row| row.sequence < span.end);
        rows.map(|row| leaf(row.record_hash)).collect()
    }

    /// The stored roots of subtrees of 2^`level` records, among those with the numbers `span`.
    pub(crate) fn tiles(&self, level: u32, span: &Range<u64>) -> Vec<(u64, Hash)> {
        let found = self.db.range(tile_key(level, span.start)..tile_key(level, span.end));
        let tile = |(key, value): (sled::IVec, sled::IVec)| {
            Some((last_u64(&key)?, Hash(value.as_ref().try_into().ok()?)))
        };
        found.filter_map(Result::ok).filter_map(tile).collect()
    }

    /// Stores the roots of the subtrees that the rows from `start` to `end` have completed.
    pub(super) fn add_tiles(&self, start: u64, end: u64) -> sled::Result<()> {
        for index in start / TILE_WIDTH..end / TILE_WIDTH {
            // What began before the base is known by its peaks.
            if index * TILE_WIDTH >= self.base().size() {
                self.add_tile(TILE_LEVELS, index)?;
            }
        }
        Ok(())
    }

    fn add_tile(&self, level: u32, index: u64) -> sled::Result<()> {
        let span = index * TILE_WIDTH..(index + 1) * TILE_WIDTH;
        let parts: Vec<Hash> = match level {
            TILE_LEVELS => self.leaves(&span),
            _ => self.tiles(level - TILE_LEVELS, &span).into_iter().map(|(_, root)| root).collect(),
        };
        if parts.len() as u64 != TILE_WIDTH {
            return Ok(());
        }
        if let Some(root) = fold(parts) {
            self.db.insert(tile_key(level, index), &root.0)?;
        }
        match (index + 1).is_multiple_of(TILE_WIDTH) {
            true => self.add_tile(level + TILE_LEVELS, index / TILE_WIDTH),
            false => Ok(()),
        }
    }
}

fn tile_key(level: u32, index: u64) -> [u8; 13] {
    let mut key = [TILE_PREFIX; 13];
    let bytes = level.to_be_bytes().into_iter().chain(index.to_be_bytes());
    key.iter_mut().skip(1).zip(bytes).for_each(|(to, from)| *to = from);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::hash::LogId;
    use crate::format::kind::Kind;
    use crate::format::segment::Segment;
    use crate::format::tree::Frontier;
    use crate::index::row::Row;

    fn record(sequence: u64) -> Hash {
        Hash::of(&[&sequence.to_be_bytes()])
    }

    fn row(sequence: u64) -> Row {
        Row {
            sequence,
            segment: Segment(0),
            offset: 0,
            bytes: 0,
            kind: Kind::Refusal,
            time_us: 0,
            tenant_tag: None,
            request: None,
            record_hash: record(sequence),
        }
    }

    /// The tree over the records of `span` alone.
    fn tree(span: Range<u64>) -> Frontier {
        let mut tree = Frontier::default();
        span.for_each(|sequence| tree.push(record(sequence)));
        tree
    }

    #[test]
    fn each_complete_subtree_behind_the_base_is_stored_as_its_last_row_comes() {
        for base in [0, 1, 300] {
            let folder = tempfile::tempdir().unwrap();
            let view = View::open(folder.path(), LogId([1; 32]), &tree(0..base)).unwrap();
            let rows: Vec<Row> = (base..1025).map(row).collect();
            rows.chunks(100).for_each(|rows| view.put(rows).unwrap());
            let numbers = base.div_ceil(TILE_WIDTH)..4;
            let roots = numbers.map(|index| (index, tree(index * 256..(index + 1) * 256).root()));
            assert_eq!(view.tiles(8, &(0..9)), roots.collect::<Vec<_>>(), "from {base}");
            assert_eq!(view.tiles(16, &(0..9)), []);
            assert_eq!(view.tiles(8, &(3..4)).len(), 1);
        }
    }
}
