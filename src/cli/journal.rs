//! Reading the journal's files for a command, without the ledger's lock: beside a running gateway,
//! or a copy.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

use inferlayer_ledger::read::Reader;
use inferlayer_ledger::verify::Examination;
use inferlayer_ledger::{ReadError, Record, Trust, VerifyingKey};
use inferlayer_records::Fold;
use inferlayer_verify::{Verified, verify};

use crate::cli::Failure;
use crate::data_dir::DataDir;

/// A ledger whose chain holds; what its records say of money may still contradict itself.
pub(crate) fn verified(data_dir: &DataDir, trust: Trust) -> Result<Verified, Failure> {
    match verify(Examination::new(&data_dir.journal(), trust)) {
        Ok(verified) => Ok(verified),
        Err(ReadError::Fault(fault)) => {
            writeln!(io::stdout(), "DOES NOT HOLD: {fault}")?;
            Err(Failure::Verdict)
        }
        Err(error) => Err(unreadable(&data_dir.journal(), error)),
    }
}

/// Folds the records of a journal, without its lock.
pub(crate) fn fold(journal: &Path, trust: Trust) -> Result<Fold, Failure> {
    let mut fold = Fold::default();
    each_record(journal, trust, |record| {
        fold.record(record).map_err(|error| unreadable(journal, error))
    })?;
    Ok(fold)
}

/// Shows the records of a journal in order, without its lock.
pub(crate) fn each_record(
    journal: &Path,
    trust: Trust,
    mut see: impl FnMut(&Record<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut reader = Reader::open(journal, trust).map_err(|error| unreadable(journal, error))?;
    while let Some(record) = reader.next().map_err(|error| unreadable(journal, error))? {
        see(&record)?;
    }
    Ok(())
}

pub(crate) fn unreadable(journal: &Path, error: impl Display) -> Failure {
    Failure::Data(format!("{}: {error}", journal.display()))
}

/// Trust in the key that `--key` names; in the one that the log names itself, without.
pub(crate) fn trust(key: Option<&str>) -> Result<Trust, Failure> {
    Ok(key.map(parse_key).transpose()?.map_or(Trust::FirstUse, Trust::Key))
}

fn parse_key(word: &str) -> Result<VerifyingKey, Failure> {
    let text = match Path::new(word).is_file() {
        true => std::fs::read_to_string(word)?,
        false => word.to_owned(),
    };
    text.trim().parse().map_err(|error| Failure::Usage(format!("--key: {error}")))
}
