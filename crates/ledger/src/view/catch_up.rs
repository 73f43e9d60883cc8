//! Reads rows back from the journal: at start, and when the feed's queue was full.
//!
//! The journal was checked when the ledger opened, and the rest was written by this process, so
//! only frames are read here, nothing is verified again.

use std::io;

use super::store::View;
use crate::format::frame::{Extent, frame, whole_frame};
use crate::format::record::Record;
use crate::format::segment::Segment;
use crate::format::window::Window;
use crate::index::row::Row;
use crate::storage::Storage;

const BATCH_ROWS: usize = 1024;

/// Takes in every record before `until` that the view does not have yet.
pub(crate) fn catch_up(view: &View, storage: &dyn Storage, until: u64) -> io::Result<()> {
    let (mut sequence, first, mut offset) = match view.last() {
        Some(row) => (row.sequence + 1, row.segment, row.end()),
        None => (view.indexed(), Segment(view.indexed()), 0),
    };
    let mut rows = Vec::new();
    for segment in storage.list()?.into_iter().filter(|segment| *segment >= first) {
        let mut window = Window::new(storage.read(segment, offset)?, offset);
        offset = 0;
        while sequence < until
            && let Some(row) = next_row(&mut window, segment)?
        {
            sequence = row.sequence + 1;
            rows.push(row);
            if rows.len() == BATCH_ROWS {
                view.put(&rows)?;
                rows.clear();
            }
        }
    }
    view.put(&rows)?;
    Ok(())
}

/// All bytes of the record that `row` speaks of.
pub(crate) fn record_at(storage: &dyn Storage, row: &Row) -> io::Result<Vec<u8>> {
    let mut window = Window::new(storage.read(row.segment, row.offset)?, row.offset);
    let length = row.bytes as usize;
    if window.ensure(0, length)? < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(window.from(0).get(..length).unwrap_or_default().to_vec())
}

/// The next record in the segment, checkpoints left out; `None` at its end.
fn next_row(window: &mut Window, segment: Segment) -> io::Result<Option<Row>> {
    loop {
        match whole_frame(window, 0).map_err(io::Error::other)? {
            None | Some(Extent::Needs(_)) => return Ok(None),
            Some(Extent::Checkpoint(length)) => window.discard(length),
            Some(Extent::Record(length)) => {
                let record = Record::parse(frame(window, 0, length)).map_err(io::Error::other)?;
                let bytes = u32::try_from(length).map_err(io::Error::other)?;
                let row = Row::of(&record, segment, window.offset(), bytes);
                window.discard(length);
                return Ok(Some(row));
            }
        }
    }
}
