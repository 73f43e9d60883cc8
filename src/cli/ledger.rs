//! `inferlayer ledger`: reads journal files alone, so it works beside a running gateway and on a
//! copy. What it finds is what `inferlayer-verify` finds, which auditors build without the proxy.

use std::io::{self, Write};
use std::path::Path;

use clap::Subcommand;
use inferlayer_accounts::Fold;
use inferlayer_ledger::verify::verify;
use inferlayer_ledger::{ReadError, Trust, VerifyingKey};

use crate::cli::{Failure, Place};
use crate::server::DataDir;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Recompute every hash, signature and root, and say what holds.
    Verify {
        /// The public key to hold the ledger against: the key itself, or a file with it.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
}

pub(crate) fn run(place: &Place, command: Command) -> Result<(), Failure> {
    let Command::Verify { key } = command;
    let data_dir = DataDir::at(&place.config()?.data_dir);
    let trust = key.as_deref().map(parse_key).transpose()?.map_or(Trust::FirstUse, Trust::Key);
    match verify(&data_dir.journal(), trust.clone()) {
        Ok(report) => {
            write!(io::stdout(), "{report}")?;
            spend(&data_dir.journal(), trust)
        }
        Err(ReadError::Fault(fault)) => {
            writeln!(io::stdout(), "DOES NOT HOLD: {fault}")?;
            Err(Failure::Verdict)
        }
        Err(error) => Err(Failure::Data(format!("ledger: {error}"))),
    }
}

/// What the records say was spent, unfinished intents at their hold.
fn spend(journal: &Path, trust: Trust) -> Result<(), Failure> {
    let fold = fold(journal, trust)?;
    let (unfinished, held) = fold.unfinished();
    let (_, spent) = fold.finish();
    let mut out = io::stdout().lock();
    let mut tenants: Vec<_> = spent.into_iter().collect();
    tenants.sort();
    for (tenant, amount) in tenants {
        writeln!(out, "spent by {tenant}: {amount} USD")?;
    }
    if unfinished > 0 {
        writeln!(out, "of that, {unfinished} intents without outcome at their hold: {held} USD")?;
    }
    Ok(())
}

/// Folds the records of a journal, without its lock.
pub(crate) fn fold(journal: &Path, trust: Trust) -> Result<Fold, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::Data(format!("ledger: {error}"));
    let mut fold = Fold::default();
    let mut reader =
        inferlayer_ledger::read::Reader::open(journal, trust).map_err(|e| unreadable(&e))?;
    while let Some(record) = reader.next().map_err(|e| unreadable(&e))? {
        fold.record(&record).map_err(|e| unreadable(&e))?;
    }
    Ok(fold)
}

fn parse_key(word: &str) -> Result<VerifyingKey, Failure> {
    let text = match Path::new(word).is_file() {
        true => std::fs::read_to_string(word)?,
        false => word.to_owned(),
    };
    text.trim().parse().map_err(|error| Failure::Usage(format!("--key: {error}")))
}
