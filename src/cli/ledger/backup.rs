//! `inferlayer ledger backup`: a copy of the log that `inferlayer-verify` accepts and `ledger
//! restore` goes on with. Reads journal files alone, so it works beside a running gateway.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use inferlayer_ledger::backup::{Copied, back_up};

use crate::cli::{Failure, Place};
use crate::data_dir::DataDir;

#[derive(Args)]
pub(crate) struct Arguments {
    /// An empty or absent folder, or one with an earlier backup of this log.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
}

pub(crate) fn run(place: &Place, arguments: Arguments) -> Result<(), Failure> {
    let data_dir = DataDir::at(&place.config()?.data_dir);
    let copied = back_up(&data_dir.journal(), &arguments.to);
    let Copied { records, bytes, contents, key } =
        copied.map_err(|error| Failure::Data(format!("backup: {error}")))?;
    let mut out = io::stdout().lock();
    let to = arguments.to.display();
    writeln!(out, "{records} records are in {to}, signed by {key}")?;
    writeln!(out, "new: {bytes} bytes of journal, {contents} files of content")?;
    writeln!(
        out,
        "no key is in it, as that would undo shredding: content opens with the tenants'"
    )?;
    Ok(writeln!(out, "keys alone, and to write on takes the signing key; keep those elsewhere")?)
}
