//! `inferlayer-verify`: recomputes a ledger from its segments, without lock, secrets or gateway.
//!
//! Exit codes: 0 the log holds, 1 it does not, 64 wrong usage, 66 it cannot be read.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use inferlayer_ledger::verify::{Report, verify};
use inferlayer_ledger::{Fault, ReadError, Trust};

const USAGE: &str = "usage: inferlayer-verify <data or journal folder> [--key FILE|KEY] [--json]";

const DOES_NOT_HOLD: u8 = 1;
const WRONG_USAGE: u8 = 64;
const CANNOT_READ: u8 = 66;

struct Arguments {
    folder: PathBuf,
    trust: Trust,
    json: bool,
}

fn main() -> ExitCode {
    let (text, code) = match parse(env::args().skip(1)) {
        Err(mistake) => (format!("{mistake}\n{USAGE}\n"), WRONG_USAGE),
        Ok(arguments) => run(arguments),
    };
    let written = if matches!(code, 0 | DOES_NOT_HOLD) {
        io::stdout().lock().write_all(text.as_bytes())
    } else {
        io::stderr().lock().write_all(text.as_bytes())
    };
    ExitCode::from(if written.is_err() { CANNOT_READ } else { code })
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let (mut folder, mut trust, mut json) = (None, Trust::FirstUse, false);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => json = true,
            "--key" => trust = Trust::Key(key(&words.next().ok_or("--key wants a value")?)?),
            option if option.starts_with('-') => return Err(format!("unknown option {option}")),
            _ if folder.is_none() => folder = Some(PathBuf::from(word)),
            _ => return Err("one folder, please".to_owned()),
        }
    }
    let folder = folder.ok_or("which folder?")?;
    Ok(Arguments { folder, trust, json })
}

/// A verifier key, or a file that holds one.
fn key(word: &str) -> Result<inferlayer_ledger::VerifyingKey, String> {
    let stored = Path::new(word).is_file().then(|| fs::read_to_string(word)).transpose();
    let text = stored.map_err(|error| format!("{word}: {error}"))?;
    text.as_deref().unwrap_or(word).parse().map_err(|error| format!("{word}: {error}"))
}

fn run(arguments: Arguments) -> (String, u8) {
    let Arguments { folder, trust, json } = arguments;
    match verify(&folder, trust) {
        Ok(report) if json => (holds_as_json(&report), 0),
        Ok(report) => (report.to_string(), 0),
        Err(ReadError::Fault(fault)) if json => (fault_as_json(&fault), DOES_NOT_HOLD),
        Err(ReadError::Fault(fault)) => (format!("DOES NOT HOLD: {fault}\n"), DOES_NOT_HOLD),
        Err(error @ ReadError::Evidence { .. }) => {
            (format!("DOES NOT HOLD: {error}\n"), DOES_NOT_HOLD)
        }
        Err(error @ ReadError::Io(_)) => (format!("{}: {error}\n", folder.display()), CANNOT_READ),
    }
}

fn holds_as_json(report: &Report) -> String {
    format!("{}\n", serde_json::json!({ "holds": true, "report": report }))
}

fn fault_as_json(fault: &Fault) -> String {
    let fault = serde_json::json!({
        "segment": fault.segment.to_string(),
        "offset": fault.offset,
        "sequence": fault.sequence,
        "what": fault.what.to_string(),
    });
    format!("{}\n", serde_json::json!({ "holds": false, "fault": fault }))
}
