//! `tests/vectors/v1/proofs.json`: every proof of the logs of one to nine records, for whoever
//! writes a verifier. The record hash of the record n is the SHA-256 of the one byte n.

use serde_json::{Value, json};

use super::tests::{Log, head};
use super::{consistency, inclusion};
use crate::format::hash::Hash;

const STORED: &str = include_str!("../../tests/vectors/v1/proofs.json");
const MOST: u64 = 9;

fn texts(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(Hash::to_string).collect()
}

fn build() -> Value {
    let log = Log::new(0, MOST);
    let pairs = || (1..=MOST).flat_map(|size| (0..size).map(move |before| (size, before)));
    let inclusion = pairs().map(|(size, sequence)| {
        let hashes = texts(&inclusion(&log, sequence, size).unwrap());
        json!({ "size": size, "sequence": sequence, "hashes": hashes })
    });
    let consistency = pairs().map(|(to, from)| {
        let hashes = texts(&consistency(&log, from, to).unwrap());
        json!({ "from": from, "to": to, "hashes": hashes })
    });
    json!({
        "record_hashes": texts(&log.record_hashes),
        "roots": (0..=MOST).map(|size| head(size).root.to_string()).collect::<Vec<_>>(),
        "inclusion": inclusion.collect::<Vec<_>>(),
        "consistency": consistency.collect::<Vec<_>>(),
    })
}

/// `UPDATE_VECTORS=1` rewrites the vectors first, after a deliberate change.
#[test]
fn the_stored_proofs_are_what_this_code_makes() {
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/v1/proofs.json");
        std::fs::write(path, serde_json::to_string_pretty(&build()).unwrap() + "\n").unwrap();
    }
    assert_eq!(serde_json::from_str::<Value>(STORED).unwrap(), build());
}
