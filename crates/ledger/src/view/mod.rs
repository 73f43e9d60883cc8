//! The sled view: an index over the journal, fed after each commit, rebuilt when in doubt.
//!
//! sled 0.34 never syncs, and has been seen to lose or damage its files in a power cut. So it is
//! never a source of truth, never flushed, and never in the appender's way: rows that the memory in
//! between ([`Committed`](crate::index::committed::Committed)) cannot hold are read back from the
//! journal.

mod catch_up;
mod keys;
mod request;
mod store;
mod tenant;
mod thread;
mod tiles;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use tracing::warn;

use crate::format::hash::Hash;
use crate::format::header::{HEADER_BYTES, Header};
use crate::format::tree::Frontier;
use crate::log::chain::Chain;
use crate::storage::Storage;

pub(crate) use self::catch_up::catch_up;
pub(crate) use self::store::View;
pub(crate) use self::thread::spawn;
pub(crate) use self::tiles::TILE_LEVELS;

/// How the view was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ViewStart {
    /// There was none; it is built from the journal.
    New,
    /// It agrees with the journal.
    Kept,
    /// It was moved aside and is built anew.
    Rebuilt {
        /// What was wrong with the old one.
        reason: String,
    },
    /// There is none: not asked for, or it cannot be made. The ledger works without it.
    Absent,
}

/// Why a view cannot be used.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// It is damaged or of another version: it can be built anew.
    Damaged(String),
    /// It is whole, and knows what this journal does not have.
    OtherHistory {
        what: String,
        /// The records that it knows of.
        records: u64,
    },
}

impl From<String> for Unfit {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

impl Unfit {
    pub(crate) fn reason(self) -> String {
        match self {
            Self::Damaged(reason) | Self::OtherHistory { what: reason, .. } => reason,
        }
    }
}

/// Opens the view in `directory` and compares it with the journal; a view that is damaged is moved
/// aside and begun anew, and one of another history too when `admits` such a loss of records.
/// `base` is the tree before the journal's first record.
pub(crate) fn start(
    directory: &Path,
    storage: &Arc<dyn Storage>,
    chain: &Chain,
    base: &Frontier,
    admits: impl Fn(u64) -> bool,
) -> Result<(Option<View>, ViewStart), Unfit> {
    Ok(match begin(directory, storage, chain, base) {
        Ok(begun) => begun,
        Err(Unfit::OtherHistory { what, records }) if !admits(records) => {
            return Err(Unfit::OtherHistory { what, records });
        }
        Err(unfit) => rebuild_aside(directory, storage, chain, base, unfit.reason()),
    })
}

fn begin(
    directory: &Path,
    storage: &Arc<dyn Storage>,
    chain: &Chain,
    base: &Frontier,
) -> Result<(Option<View>, ViewStart), Unfit> {
    let existed = directory.exists();
    match open_checked(directory, &**storage, chain, base)? {
        view if !existed => Ok((Some(view), ViewStart::New)),
        // What sled cannot read at all it may open as empty.
        view if view.last().is_none() && chain.next_sequence() > base.size() => {
            Err("it is empty".to_owned().into())
        }
        view => Ok((Some(view), ViewStart::Kept)),
    }
}

fn rebuild_aside(
    directory: &Path,
    storage: &Arc<dyn Storage>,
    chain: &Chain,
    base: &Frontier,
    reason: String,
) -> (Option<View>, ViewStart) {
    warn!(reason, "the ledger's view is moved aside and rebuilt from the journal");
    match move_aside(directory)
        .map_err(|error| error.to_string())
        .and_then(|()| open_checked(directory, &**storage, chain, base).map_err(Unfit::reason))
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
) -> Result<View, Unfit> {
    let view = View::open(directory, chain.log_id(), base)?;
    if view.indexed() < base.size() {
        return Err("the records that it would need next were dropped".to_owned().into());
    }
    if view.is_empty() {
        return Ok(view);
    }
    let (records, journal) = (view.indexed(), chain.next_sequence());
    if records > journal {
        let what = format!(
            "it knows {records} records, the journal {journal}: acknowledged records are missing"
        );
        return Err(Unfit::OtherHistory { what, records });
    }
    let row = view.last().ok_or_else(|| "its last row is missing".to_owned())?;
    let stored = catch_up::record_at(storage, &row).map_err(|error| error.to_string())?;
    let hash = Hash::of_header(stored.get(..HEADER_BYTES).unwrap_or_default());
    match Header::decode(&stored) {
        Ok(_) if hash == row.record_hash => Ok(view),
        // The record of that number in its place, and another one: not the view is damaged.
        Ok(header) if header.sequence == row.sequence => {
            let what = format!("it knows another record {}", row.sequence);
            Err(Unfit::OtherHistory { what, records })
        }
        _ => Err("its last row is not the journal's record".to_owned().into()),
    }
}

/// How many records the view in `directory` knows of; `None` when there is none, or none that can
/// be read. For whoever has lost the journal.
pub fn records_in(directory: &Path) -> Option<u64> {
    directory.exists().then(|| View::of_any_log(directory)).flatten().map(|view| view.indexed())
}

/// Keeps one damaged view for inspection; an earlier one makes way.
pub(crate) fn move_aside(directory: &Path) -> io::Result<()> {
    let aside = directory.with_extension("damaged");
    match fs::symlink_metadata(&aside) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(&aside)?,
        Ok(_) => fs::remove_file(&aside)?,
        Err(_) => {}
    }
    fs::rename(directory, aside)
}
