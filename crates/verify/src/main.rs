//! `inferlayer-verify`: recomputes a ledger from its segments, or checks a receipt, without lock,
//! secrets or gateway.
//!
//! Exit codes: 0 it holds, 1 it does not or evidence contradicts it, 3 evidence was given and none
//! of it confirms the log, 64 wrong usage, 66 it cannot be read.

mod arguments;
mod log;
mod progress;
mod receipt;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::arguments::Arguments;

const USAGE: &str = "\
usage: inferlayer-verify <data or journal folder> [--key FILE|KEY] [--json] [--threads N]
                         [--evidence FILE|REFERENCE]... [--chain]
       inferlayer-verify receipt <file, - or reference> [--key FILE|KEY] [--json]

--chain leaves out what headers speak for, metadata and content. Evidence is what was kept
elsewhere: references of receipts, proofs, checkpoints. Only that shows whether the end of a log was
cut off. Exit codes: 0 it holds; 1 it does not, or evidence contradicts it; 3 it holds, and none of
the evidence could be compared; 64 wrong usage; 66 it cannot be read.
";

/// What a check comes to, with the text that says so.
enum Verdict {
    Holds(String),
    Unconfirmed(String),
    DoesNotHold(String),
    WrongUsage(String),
    CannotRead(String),
}

/// What the program says of itself.
fn about(word: &str) -> Option<&'static str> {
    match word {
        "-h" | "--help" => Some(USAGE),
        "-V" | "--version" => Some(concat!("inferlayer-verify ", env!("CARGO_PKG_VERSION"), "\n")),
        _ => None,
    }
}

fn main() -> ExitCode {
    let mut words = env::args().skip(1).peekable();
    if let Some(text) = words.peek().and_then(|word| about(word)) {
        let written = io::stdout().lock().write_all(text.as_bytes());
        return ExitCode::from(if written.is_err() { 66 } else { 0 });
    }
    let receipt = words.next_if(|word| word == "receipt").is_some();
    let verdict = match Arguments::parse(words) {
        Err(mistake) => Verdict::WrongUsage(mistake),
        Ok(arguments) if receipt => receipt::run(&arguments),
        Ok(arguments) => log::run(&arguments),
    };
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    let (written, code) = match verdict {
        Verdict::Holds(text) => (out.write_all(text.as_bytes()), 0),
        Verdict::Unconfirmed(text) => (out.write_all(text.as_bytes()), 3),
        Verdict::DoesNotHold(text) => (out.write_all(text.as_bytes()), 1),
        Verdict::WrongUsage(mistake) => (write!(err, "{mistake}\n{USAGE}"), 64),
        Verdict::CannotRead(why) => (writeln!(err, "{why}"), 66),
    };
    ExitCode::from(if written.is_err() { 66 } else { code })
}
