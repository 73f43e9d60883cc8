//! The sled view: an index over the journal, fed after each commit, rebuilt when in doubt.
//!
//! sled 0.34 never syncs, and has been seen to lose or damage its files in a power cut. So it is
//! never a source of truth, never flushed, and never in the appender's way: rows that the memory in
//! between ([`Committed`](crate::write::committed::Committed)) cannot hold are read back from the
//! journal.

mod catch_up;
mod rebuild;
mod request;
mod row;
mod store;
mod tenant;
mod thread;
mod tiles;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tracing::warn;

use crate::format::record::Record;
use crate::format::tree::Frontier;
use crate::log::chain::Chain;
use crate::start::options::ViewStart;
use crate::storage::Storage;

pub use self::rebuild::{RebuildError, rebuild_view};
pub use self::row::Row;
pub(crate) use self::store::View;
pub(crate) use self::thread::spawn;
pub(crate) use self::tiles::TILE_LEVELS;

/// Opens the view in `directory` and compares it with the journal; a view that does not agree is
/// moved aside and begun anew. `base` is the tree before the journal's first record.
pub(crate) fn start(
    directory: Option<&Path>,
    storage: &Arc<dyn Storage>,
    chain: &Chain,
    base: &Frontier,
) -> (Option<View>, ViewStart) {
    let Some(directory) = directory else {
        return (None, ViewStart::Absent);
    };
    let existed = directory.exists();
    let reason = match open_checked(directory, &**storage, chain, base) {
        Ok(view) if !existed => return (Some(view), ViewStart::New),
        // What sled cannot read at all it may open as empty.
        Ok(view) if view.last().is_none() && chain.next_sequence() > base.size() => {
            "it is empty".to_owned()
        }
        Ok(view) => return (Some(view), ViewStart::Kept),
        Err(reason) => reason,
    };
    warn!(reason, "the ledger's view is moved aside and rebuilt from the journal");
    match move_aside(directory)
        .map_err(|error| error.to_string())
        .and_then(|()| open_checked(directory, &**storage, chain, base))
    {
        Ok(view) => (Some(view), ViewStart::Rebuilt { reason }),
        Err(reason) => {
            warn!(reason, "the ledger goes on without a view");
            (None, ViewStart::Absent)
        }
    }
}

fn open_checked(
    directory: &Path,
    storage: &dyn Storage,
    chain: &Chain,
    base: &Frontier,
) -> Result<View, String> {
    let view = View::open(directory, chain.log_id(), base)?;
    if view.indexed() < base.size() {
        return Err("the records that it would need next were dropped".to_owned());
    }
    if view.is_empty() {
        return Ok(view);
    }
    if view.indexed() > chain.next_sequence() {
        let (has, journal) = (view.indexed(), chain.next_sequence());
        return Err(format!(
            "it knows {has} records, the journal {journal}: acknowledged records may be missing"
        ));
    }
    let row = view.last().ok_or("its last row is missing")?;
    let stored = catch_up::record_at(storage, &row).map_err(|error| error.to_string())?;
    let agrees = Record::parse(&stored).is_ok_and(|record| record.record_hash() == row.record_hash);
    if agrees { Ok(view) } else { Err("its last row is not the journal's record".to_owned()) }
}

/// Keeps one damaged view for inspection; an earlier one makes way.
fn move_aside(directory: &Path) -> io::Result<()> {
    let aside = directory.with_extension("damaged");
    match fs::symlink_metadata(&aside) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(&aside)?,
        Ok(_) => fs::remove_file(&aside)?,
        Err(_) => {}
    }
    fs::rename(directory, aside)
}
