//! `inferlayer ledger export`: placeholder.

use clap::Args;

use crate::cli::{Failure, Place};

#[derive(Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_place: &Place, _arguments: Arguments) -> Result<(), Failure> {
    Ok(())
}
