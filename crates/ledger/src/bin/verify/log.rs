//! A whole log: recomputed from its segments.

use std::path::Path;

use inferlayer_ledger::verify::verify;
use inferlayer_ledger::{Fault, ReadError};
use serde_json::json;

use crate::Verdict;
use crate::arguments::Arguments;

pub(crate) fn run(arguments: &Arguments) -> Verdict {
    let folder = Path::new(&arguments.subject);
    match verify(folder, arguments.trust.clone()) {
        Ok(report) if arguments.json => {
            Verdict::Holds(format!("{}\n", json!({ "holds": true, "report": report })))
        }
        Ok(report) => Verdict::Holds(report.to_string()),
        Err(ReadError::Fault(fault)) if arguments.json => Verdict::DoesNotHold(as_json(&fault)),
        Err(ReadError::Fault(fault)) => Verdict::DoesNotHold(format!("DOES NOT HOLD: {fault}\n")),
        Err(error @ ReadError::Evidence { .. }) => {
            Verdict::DoesNotHold(format!("DOES NOT HOLD: {error}\n"))
        }
        Err(error @ ReadError::Io(_)) => {
            Verdict::CannotRead(format!("{}: {error}", folder.display()))
        }
    }
}

fn as_json(fault: &Fault) -> String {
    let fault = json!({
        "segment": fault.segment.to_string(),
        "offset": fault.offset,
        "sequence": fault.sequence,
        "what": fault.what.to_string(),
    });
    format!("{}\n", json!({ "holds": false, "fault": fault }))
}
