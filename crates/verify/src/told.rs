//! What a command prints of a verification, and with which code it ends: the same for whoever runs
//! it.

use std::io;

use inferlayer_ledger::ReadError;
use inferlayer_ledger::verify::Conclusion;
use serde_json::{Value, json};

use crate::Verified;

/// The text of a verdict, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Words, or one line of JSON.
    pub text: String,
    /// 0: it holds; 1: it does not, or evidence contradicts it; 3: evidence was given, and none of
    /// it confirms the log.
    pub code: u8,
}

impl Told {
    /// Of what was found; an error when the log could not be read.
    pub fn of(examined: Result<Verified, ReadError>, as_json: bool) -> io::Result<Self> {
        let told = match (examined, as_json) {
            (Err(ReadError::Io(error)), _) => return Err(error),
            (Err(error), true) => Self { text: line(&fault(&error)), code: 1 },
            (Err(error), false) => Self { text: format!("DOES NOT HOLD: {error}\n"), code: 1 },
            (Ok(verified), true) => Self { text: line(&whole(&verified)), code: code(&verified) },
            (Ok(verified), false) => Self { text: verified.to_string(), code: code(&verified) },
        };
        Ok(told)
    }
}

fn code(verified: &Verified) -> u8 {
    match verified.chain.conclusion() {
        _ if !verified.holds() => 1,
        Conclusion::Unconfirmed => 3,
        _ => 0,
    }
}

fn line(json: &Value) -> String {
    format!("{json}\n")
}

fn whole(verified: &Verified) -> Value {
    let Verified { chain, money } = verified;
    json!({
        "holds": verified.holds(),
        "confirmed": chain.evidence.confirmed > 0,
        "verdict": chain.verdict(),
        "report": chain,
        "money": money,
    })
}

fn fault(error: &ReadError) -> Value {
    let ReadError::Fault(fault) = error else {
        return Value::Null;
    };
    let verdict = fault.what.verdict();
    let place = json!({
        "segment": fault.segment.to_string(),
        "offset": fault.offset,
        "sequence": fault.sequence,
        "what": fault.what.to_string(),
    });
    json!({ "holds": false, "confirmed": false, "verdict": verdict, "fault": place })
}
