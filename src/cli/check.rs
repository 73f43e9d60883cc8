//! `inferlayer check`: whether a configuration can work. What can and is likely not meant is a
//! warning, what another setting asks for a note; `--strict` refuses warnings.

use std::io::{self, Write};

use clap::Args;
use inferlayer_filter::contract::Level;

use crate::cli::{Failure, Place};
use crate::config::Embedded;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Refuse warnings too.
    #[arg(long)]
    strict: bool,
    /// Print the embedded default, as this environment makes it, to keep and change.
    #[arg(long)]
    print_default: bool,
}

pub(crate) fn run(place: &Place, arguments: &Arguments) -> Result<(), Failure> {
    if arguments.print_default {
        return Ok(write!(io::stdout(), "{}", Embedded::from_env().yaml())?);
    }
    let config = place.config()?;
    let mut err = io::stderr().lock();
    for warning in &config.warnings {
        writeln!(err, "{warning}")?;
    }
    let count = config.warnings.iter().filter(|warning| warning.level == Level::Warning).count();
    if arguments.strict && count > 0 {
        return Err(Failure::Warnings { count, file: config.source });
    }
    writeln!(io::stdout(), "{}: ok", config.source)?;
    Ok(())
}
