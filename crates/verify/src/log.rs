//! A whole log: recomputed from its segments, and held against what was kept elsewhere.

use std::fs;
use std::path::Path;

use inferlayer_ledger::ReadError;
use inferlayer_ledger::verify::{Evidence, Examination};
use inferlayer_verify::{Verified, verify, verify_chain};
use serde_json::{Value, json};

use crate::Verdict;
use crate::arguments::Arguments;
use crate::progress::Progress;

pub(crate) fn run(arguments: &Arguments) -> Verdict {
    let evidence = match arguments.evidence.iter().map(|word| evidence(word)).collect() {
        Ok(evidence) => evidence,
        Err(mistake) => return Verdict::WrongUsage(mistake),
    };
    let folder = Path::new(&arguments.subject);
    let progress = Progress::over(folder);
    let add = |bytes| progress.add(bytes);
    let mut examination =
        Examination::new(folder, arguments.trust.clone()).evidence(evidence).progress(&add);
    if let Some(threads) = arguments.threads {
        examination = examination.threads(threads);
    }
    let examined = match arguments.chain_only {
        true => verify_chain(examination),
        false => verify(examination),
    };
    progress.end();
    match examined {
        Ok(verified) => {
            let text = match arguments.json {
                true => verified_as_json(&verified),
                false => verified.to_string(),
            };
            if verified.holds() { Verdict::Holds(text) } else { Verdict::DoesNotHold(text) }
        }
        Err(ReadError::Io(error)) => Verdict::CannotRead(format!("{}: {error}", folder.display())),
        Err(error) if arguments.json => Verdict::DoesNotHold(as_json(&error)),
        Err(error) => Verdict::DoesNotHold(format!("DOES NOT HOLD: {error}\n")),
    }
}

/// A file with a reference or a checkpoint, or a reference itself.
fn evidence(word: &str) -> Result<Evidence, String> {
    let stored = Path::new(word).is_file().then(|| fs::read_to_string(word)).transpose();
    let stored = stored.map_err(|error| format!("{word}: {error}"))?;
    let source = if stored.is_some() { word } else { "the receipt given" };
    let text = stored.as_deref().unwrap_or(word);
    Evidence::read(source, text).map_err(|error| format!("{word}: {error}"))
}

fn verified_as_json(verified: &Verified) -> String {
    let Verified { chain, money } = verified;
    format!("{}\n", json!({ "holds": verified.holds(), "report": chain, "money": money }))
}

fn as_json(error: &ReadError) -> String {
    let fault = match error {
        ReadError::Fault(fault) => json!({
            "segment": fault.segment.to_string(),
            "offset": fault.offset,
            "sequence": fault.sequence,
            "what": fault.what.to_string(),
        }),
        ReadError::Evidence { held_by, what } => {
            json!({ "held_by": held_by, "what": what.to_string() })
        }
        ReadError::Io(_) => Value::Null,
    };
    format!("{}\n", json!({ "holds": false, "fault": fault }))
}
