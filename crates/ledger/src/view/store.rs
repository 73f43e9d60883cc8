//! Rows in sled: one tree, one atomic batch for each block of records.
//!
//! An insert into sled costs microseconds, so rows share one: a block is all rows taken in at a
//! time, under the sequence of its first.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use sled::{Batch, Db};

use super::Unfit;
use super::keys::{block_key, last_u64, tenant_key};
use crate::format::fields::Fields;
use crate::format::hash::{Hash, LogId, TenantTag};
use crate::format::tree::Frontier;
use crate::index::row::{ROW_BYTES, Row};

/// Rows of one block: keeps values far below the size that sled moves to files of their own.
const MAX_BLOCK_ROWS: usize = 128;
const CACHE_BYTES: u64 = 16 << 20;

/// What the keys below mean; a view of another schema is rebuilt.
const SCHEMA: &[u8] = b"3";
const SCHEMA_KEY: &[u8] = b"s";
const LOG_KEY: &[u8] = b"l";
const BASE_KEY: &[u8] = b"f";

/// A handle on the view's store; cheap to clone.
#[derive(Clone)]
pub(crate) struct View {
    pub(super) db: Db,
    /// The tree before the first row.
    base: Arc<Frontier>,
}

fn open_db(directory: &Path) -> Result<Db, String> {
    // sled makes its folder for everybody to read.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|error| error.to_string())?;
    let config =
        sled::Config::new().path(directory).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    // sled 0.34 panics on files that a power cut has damaged.
    let opened = catch_unwind(AssertUnwindSafe(|| config.open()));
    opened.map_err(|_| "sled panicked".to_owned())?.map_err(|error| error.to_string())
}

impl View {
    /// Opens or makes the store. A new one begins at `base`; an existing one has to belong to
    /// `log`, and keeps its own.
    pub(crate) fn open(directory: &Path, log: LogId, base: &Frontier) -> Result<Self, Unfit> {
        let db = open_db(directory)?;
        if db.is_empty() {
            let mut batch = Batch::default();
            batch.insert(SCHEMA_KEY, SCHEMA);
            batch.insert(LOG_KEY, &log.0);
            batch.insert(BASE_KEY, encode(base));
            db.apply_batch(batch).map_err(|error| error.to_string())?;
        }
        let value = |key: &[u8]| db.get(key).map_err(|error| error.to_string());
        if value(SCHEMA_KEY)?.is_none_or(|stored| stored != SCHEMA) {
            return Err("it was made by another version".to_owned().into());
        }
        if value(LOG_KEY)?.is_none_or(|stored| *stored != log.0) {
            let what = "it belongs to another log".to_owned();
            return Err(Unfit::OtherHistory { what, records: u64::MAX });
        }
        Self::over(db).ok_or_else(|| "it does not say where it begins".to_owned().into())
    }

    /// Opens an existing store of whatever log.
    pub(super) fn of_any_log(directory: &Path) -> Option<Self> {
        let db = open_db(directory).ok()?;
        let ours = db.get(SCHEMA_KEY).ok()?.is_some_and(|stored| stored == SCHEMA);
        ours.then(|| Self::over(db)).flatten()
    }

    fn over(db: Db) -> Option<Self> {
        let base = decode(&db.get(BASE_KEY).ok()??)?;
        Some(Self { db, base: Arc::new(base) })
    }

    /// The tree before the first row.
    pub(crate) fn base(&self) -> Arc<Frontier> {
        Arc::clone(&self.base)
    }

    /// Adds rows that follow each other and the last one stored.
    pub(crate) fn put(&self, rows: &[Row]) -> sled::Result<()> {
        for block in rows.chunks(MAX_BLOCK_ROWS) {
            let Some(first) = block.first() else { continue };
            let mut batch = Batch::default();
            let mut value = Vec::with_capacity(block.len() * ROW_BYTES);
            block.iter().for_each(|row| row.encode(&mut value));
            batch.insert(block_key(first.sequence).as_slice(), value);
            index_tenants(block, &mut batch);
            self.db.apply_batch(batch)?;
            self.add_tiles(first.sequence, first.sequence + block.len() as u64)?;
        }
        Ok(())
    }

    /// The row of the record `sequence`.
    pub(crate) fn row(&self, sequence: u64) -> Option<Row> {
        let (key, value) = self.block_up_to(sequence)?;
        let index = usize::try_from(sequence.checked_sub(last_u64(&key)?)?).ok()?;
        Row::decode(value.chunks_exact(ROW_BYTES).nth(index)?, sequence)
    }

    /// The last row.
    pub(crate) fn last(&self) -> Option<Row> {
        self.row(self.indexed().checked_sub(1)?)
    }

    /// Whether no row was taken in yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.indexed() == self.base.size()
    }

    /// Number of records up to the last row, those before the base included.
    pub(crate) fn indexed(&self) -> u64 {
        let block = self.block_up_to(u64::MAX);
        let end =
            block.and_then(|(key, value)| Some(last_u64(&key)? + (value.len() / ROW_BYTES) as u64));
        end.unwrap_or(self.base.size())
    }

    /// Every row from `sequence` on.
    pub(super) fn rows_from(&self, sequence: u64) -> impl Iterator<Item = Row> {
        let block = self.block_up_to(sequence).and_then(|(key, _)| last_u64(&key));
        let range = block_key(block.unwrap_or(sequence))..=block_key(u64::MAX);
        let blocks = self.db.range(range);
        let rows = blocks.filter_map(Result::ok).flat_map(|(key, value)| rows_of(&key, &value));
        rows.skip_while(move |row| row.sequence < sequence)
    }

    /// The rows of the block whose first has the sequence `first`.
    pub(super) fn block(&self, first: u64) -> Option<Vec<Row>> {
        let key = block_key(first);
        self.db.get(key).ok().flatten().map(|value| rows_of(&key, &value))
    }

    /// The last block that starts at or before `sequence`.
    fn block_up_to(&self, sequence: u64) -> Option<(sled::IVec, sled::IVec)> {
        let range = block_key(0)..=block_key(sequence);
        self.db.range(range).next_back()?.ok()
    }
}

/// Size, then the peaks.
fn encode(base: &Frontier) -> Vec<u8> {
    let peaks = base.peaks().iter().flat_map(|peak| peak.0);
    base.size().to_be_bytes().into_iter().chain(peaks).collect()
}

fn decode(stored: &[u8]) -> Option<Frontier> {
    let mut fields = Fields(stored);
    let size = fields.u64()?;
    let peaks = (0..size.count_ones()).map(|_| fields.next().map(Hash));
    Frontier::from_parts(size, peaks.collect::<Option<_>>()?)
}

fn rows_of(block_key: &[u8], value: &[u8]) -> Vec<Row> {
    let first = last_u64(block_key).unwrap_or(0);
    let rows = value.chunks_exact(ROW_BYTES).zip(first..);
    rows.filter_map(|(bytes, sequence)| Row::decode(bytes, sequence)).collect()
}

/// Adds the keys of a block of rows.
fn index_tenants(block: &[Row], batch: &mut Batch) {
    let (Some(first), Some(last)) = (block.first(), block.last()) else {
        return;
    };
    let mut tags: Vec<TenantTag> = Vec::new();
    for tag in block.iter().filter_map(|row| row.tenant_tag) {
        if !tags.contains(&tag) {
            tags.push(tag);
            batch.insert(tenant_key(tag, last.time_us, first.sequence).as_slice(), &[]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::entry::RequestId;
    use crate::format::hash::{Hash, TenantTag};
    use crate::format::kind::Kind;
    use crate::format::segment::Segment;

    /// 150 intents, then their outcomes.
    fn row(sequence: u64) -> Row {
        Row {
            sequence,
            segment: Segment(3),
            offset: sequence * 10,
            bytes: 10,
            kind: if sequence < 150 { Kind::Intent } else { Kind::Outcome },
            time_us: 5,
            tenant_tag: sequence.is_multiple_of(2).then_some(TenantTag([7; 16])),
            request: RequestId::new([(sequence % 150 + 1) as u8; 16]),
            record_hash: Hash([sequence as u8; 32]),
        }
    }

    #[test]
    fn rows_are_found_by_sequence_and_request_across_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let view = View::open(folder.path(), LogId([1; 32]), &Frontier::default()).unwrap();
        assert_eq!((view.indexed(), view.last()), (0, None));
        let rows: Vec<Row> = (0..300).map(row).collect();
        view.put(&rows[..1]).unwrap();
        view.put(&rows[1..]).unwrap();
        assert_eq!(view.indexed(), 300);
        for row in &rows {
            assert_eq!(view.row(row.sequence).as_ref(), Some(row));
        }
        assert_eq!(view.row(300), None);
        let of = |number| view.sequences_of(RequestId::new([number; 16]).unwrap(), true);
        assert_eq!((of(9), of(150), of(151)), (vec![8, 158], vec![149, 299], vec![]));
    }

    #[test]
    fn where_a_view_begins_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut base = Frontier::default();
        (0..=4).for_each(|number| base.push(Hash([number; 32])));
        let view = View::open(folder.path(), LogId([1; 32]), &base).unwrap();
        assert_eq!((view.indexed(), view.is_empty()), (5, true));
        view.put(&[row(5), row(6)]).unwrap();
        drop(view);
        let view = View::open(folder.path(), LogId([1; 32]), &Frontier::default()).unwrap();
        assert_eq!((view.indexed(), view.is_empty()), (7, false));
        assert_eq!(*view.base(), base);
        assert_eq!((view.row(4), view.row(6)), (None, Some(row(6))));
    }

    #[test]
    fn a_view_of_another_schema_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let open = || View::open(folder.path(), LogId([1; 32]), &Frontier::default());
        let view = open().unwrap();
        view.db.remove(SCHEMA_KEY).unwrap();
        drop(view);
        assert!(open().is_err_and(|unfit| unfit.reason().contains("another version")));
    }

    #[test]
    fn a_view_of_another_log_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        drop(View::open(folder.path(), LogId([1; 32]), &Frontier::default()).unwrap());
        assert!(View::open(folder.path(), LogId([2; 32]), &Frontier::default()).is_err());
    }
}
