//! Building the view anew while no gateway runs: for an operator who has lost it, or trusts it no
//! more. A start does the same by itself, beside its work, when it sees that something is wrong.

use std::io;
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use crate::format::damage::ReadError;
use crate::log::chain::Chain;
use crate::log::trust::Trust;
use crate::start::error::OpenError;
use crate::start::lock;
use crate::start::retention::base_of;
use crate::storage::{FileStorage, Storage};
use crate::view::{Unfit, View, catch_up, move_aside};
use crate::walk::Walker;
use crate::walk::scope::Scope;

/// Segments that are read to find the log's end, as a start does.
const ENDING_SEGMENTS: usize = 2;
/// Records taken in between two words about the progress.
const STEP_RECORDS: u64 = 1 << 16;

/// Why there is no new view.
#[derive(Debug, Error)]
pub enum RebuildError {
    /// There is no log yet.
    #[error("there is no journal to build a view from")]
    NoJournal,
    /// A gateway runs, or the journal does not hold.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The journal or the old view could not be read or moved.
    #[error("cannot build the view: {0}")]
    Io(#[from] io::Error),
    /// The index could not be made.
    #[error("cannot build the view: {0}")]
    Store(String),
}

/// Moves the view in the folder `view` aside and builds it from the journal, under the journal's
/// lock. `progress` hears how many records are in it, and how many there will be. Tells how many
/// the log has.
pub fn rebuild_view(
    journal: &Path,
    view: &Path,
    mut progress: impl FnMut(u64, u64),
) -> Result<u64, RebuildError> {
    if !journal.is_dir() {
        return Err(RebuildError::NoJournal);
    }
    let _lock = lock(journal)?;
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(journal));
    let chain = last_chain(&storage)?.ok_or(RebuildError::NoJournal)?;
    if view.exists() {
        move_aside(view)?;
    }
    let base = base_of(&storage).map_err(OpenError::from)?;
    let view = View::open(view, chain.log_id(), &base)
        .map_err(Unfit::reason)
        .map_err(RebuildError::Store)?;
    let records = chain.next_sequence();
    while let indexed = view.indexed()
        && indexed < records
    {
        catch_up(&view, &*storage, records.min(indexed + STEP_RECORDS))?;
        if view.indexed() == indexed {
            return Err(RebuildError::Store("the journal ends too early".to_owned()));
        }
        progress(view.indexed(), records);
    }
    Ok(records)
}

/// The chain up to the last commit; `None` before the first.
fn last_chain(storage: &Arc<dyn Storage>) -> Result<Option<Chain>, OpenError> {
    let scope = Scope::last(&**storage, ENDING_SEGMENTS).map_err(ReadError::from)?;
    let mut walker = Walker::over(Arc::clone(storage), Trust::FirstUse, scope);
    while walker.advance()? {}
    Ok(walker.log().map(|log| log.chain.clone()))
}
