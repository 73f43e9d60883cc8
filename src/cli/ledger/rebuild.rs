//! `inferlayer ledger rebuild`: the index is built anew from the journal. A start does that by
//! itself when it sees that something is wrong with the index; this is for who knows better.

use std::io::{self, IsTerminal, Write};

use inferlayer_ledger::rebuild_view;

use crate::cli::owner::become_owner;
use crate::cli::{Failure, Place};
use crate::data_dir::DataDir;

pub(crate) fn run(place: &Place) -> Result<(), Failure> {
    let data_dir = DataDir::at(&place.config()?.data_dir);
    become_owner(data_dir.path())?;
    let mut err = io::stderr();
    let told = err.is_terminal();
    let progress = |done: u64, of: u64| {
        if told {
            // Nobody is left to be told that it cannot be written.
            let _ = write!(err, "\r{done} of {of} records");
        }
    };
    let records = rebuild_view(&data_dir.journal(), &data_dir.view(), progress)
        .map_err(|error| Failure::Data(format!("ledger: {error}")))?;
    if told {
        writeln!(err)?;
    }
    Ok(writeln!(io::stdout(), "the index follows the journal: {records} records")?)
}
