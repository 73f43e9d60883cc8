//! What the ledger holds, as a test wants to ask for it.

use std::path::Path;
use std::process::Output;

use inferlayer_ledger::read::Reader;
use inferlayer_ledger::{Kind, Trust, VerifyingKey};
use serde_json::Value;

use super::gateway::command_in;

/// The metadata of every record of a kind, in order.
pub fn of_kind(data: &Path, kind: Kind) -> Vec<Value> {
    let mut reader = Reader::open(&data.join("journal"), Trust::FirstUse).unwrap();
    let mut found = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        if record.kind() == kind {
            found.push(serde_json::from_slice(record.metadata()).unwrap());
        }
    }
    found
}

/// Number of records.
pub fn count(data: &Path) -> u64 {
    let mut reader = Reader::open(&data.join("journal"), Trust::FirstUse).unwrap();
    let mut count = 0;
    while reader.next().unwrap().is_some() {
        count += 1;
    }
    count
}

/// The verifier key that the gateway has published.
pub fn key(data: &Path) -> VerifyingKey {
    std::fs::read_to_string(data.join("keys/ledger.pub")).unwrap().parse().unwrap()
}

/// Names of what the attempts of an outcome came to.
pub fn attempts(outcome: &Value) -> Vec<String> {
    let attempts = outcome["attempts"].as_array().unwrap().iter();
    let name = |a: &Value| match a["status"].as_u64() {
        Some(status) => format!("{} {status}", a["result"].as_str().unwrap()),
        None => a["result"].as_str().unwrap().to_owned(),
    };
    attempts.map(name).collect()
}

/// Nano-dollars of a field.
pub fn nano(value: &Value, field: &str) -> u64 {
    value[field].as_str().unwrap().parse().unwrap()
}

/// The gateway's own verifier accepts the folder.
pub fn assert_verifies(folder: &Path) -> String {
    let Output { status, stdout, stderr } = command_in(folder, &["ledger", "verify"]);
    let text = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{text}{}", String::from_utf8_lossy(&stderr));
    text
}
