//! `inferlayer reload`: tells the gateway that runs to take the configuration over that is there
//! now, and says what has changed or why it was not taken over.

use std::io::{self, Write};

use crate::cli::operator::{Request, ask};
use crate::cli::{Failure, Place};
use crate::data_dir::DataDir;
use crate::generation::Reloaded;

pub(crate) fn run(place: &Place) -> Result<(), Failure> {
    // The gateway says what is wrong with the configuration, so that its log has it too.
    let data_dir = DataDir::at(&place.data_dir()?);
    let request = Request { method: "POST", path: "/reload", body: None::<&()>, new_log: false };
    let mut out = io::stdout().lock();
    match ask::<Reloaded>(&data_dir, request)? {
        Reloaded::TakenOver { config_sha256, changes } => {
            for change in &changes {
                writeln!(out, "{change}")?;
            }
            Ok(writeln!(
                out,
                "another configuration serves: {} changes, {config_sha256}",
                changes.len()
            )?)
        }
        Reloaded::Unchanged => Ok(writeln!(out, "the configuration has not changed")?),
        Reloaded::Refused { mistakes } => Err(Failure::Refused(mistakes)),
        Reloaded::Failed { error } => Err(Failure::Reload(error)),
    }
}
