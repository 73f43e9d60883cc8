//! `inferlayer ledger rotate-key`: another key signs from here on. Both keys sign the record that
//! says so, so whoever believes the old one can go on to the new.

use std::io::{self, Write};
use std::sync::Arc;

use clap::Args;

use crate::cli::operator::{Request, ask_or};
use crate::cli::{Failure, Place};
use crate::operations::{Rotated, Rotator};

#[derive(Args)]
pub(crate) struct Arguments {
    /// That it cannot be undone is understood.
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(place: &Place, Arguments { yes }: &Arguments) -> Result<(), Failure> {
    if !yes {
        return Err(Failure::Usage(
            "the key that signs now is destroyed, and earlier backups can be read and not written \
             on; say --yes if that is meant"
                .to_owned(),
        ));
    }
    let request =
        Request { method: "POST", path: "/rotate-key", body: None::<&()>, new_log: false };
    let rotated = ask_or(place, request, async |books| {
        let rotator = Rotator::new(books.ledger.clone(), Arc::clone(&books.signing_keys));
        Ok(rotator.rotate().await?)
    })?;
    let Rotated { sequence, public_key, named } = rotated;
    let mut err = io::stderr().lock();
    writeln!(err, "record {sequence} hands the log on; auditors need the new key from you:")?;
    // The key alone on standard output, for scripts.
    writeln!(io::stdout(), "{public_key}")?;
    match named {
        true => writeln!(err, "make next_signing_key the signing_key, and destroy the old one")?,
        false => writeln!(err, "the old key is destroyed here; destroy its copies too")?,
    }
    Ok(writeln!(err, "make a backup now: to write on behind an earlier one takes the old key")?)
}
