//! `inferlayer ledger restore`: a backup takes the place of a lost journal. It is verified as a
//! whole first, and goes on with a signed record that names what it may lack.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use crate::cli::owner::become_owner;
use crate::cli::{Failure, Place, reason, utc};
use crate::data_dir::DataDir;
use crate::operations::{Reason, Restored, restore};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder of the backup.
    #[arg(long, value_name = "FOLDER")]
    from: PathBuf,
    /// Why; the ledger keeps it in the clear.
    #[arg(long, value_parser = reason)]
    reason: Reason,
}

pub(crate) fn run(place: &Place, arguments: Arguments) -> Result<(), Failure> {
    let config = place.config()?;
    let data_dir = DataDir::at(&config.data_dir);
    become_owner(data_dir.path())?;
    let Arguments { from, reason } = arguments;
    let restored = restore(&config, &data_dir, place.base(), &from, reason.as_str());
    let Restored { records, last_time_us, sequence, lost_until } =
        restored.map_err(|error| Failure::Data(format!("restore: {error}")))?;
    let mut out = io::stdout().lock();
    writeln!(out, "{records} records are back, the last of {}", utc::rfc3339(last_time_us))?;
    match lost_until.checked_sub(records) {
        Some(lost @ 1..) => writeln!(
            out,
            "at least {lost} acknowledged records are lost, from {records} on: record {sequence}"
        )?,
        _ => writeln!(out, "what came later is lost, if anything did: record {sequence} says so")?,
    }
    Ok(writeln!(out, "content opens for tenants whose keys are in {}", data_dir.keys().display())?)
}
