//! Twelve attacks on a log, each caught and called by its name (`FORMAT.md` §8), and no alarm where
//! there is none. The folders beside this file are for every implementation of the verifier;
//! `UPDATE_FIXTURES=1` makes them anew. Those named `forged_…` are by somebody who holds the log's
//! key, and come from `tests/forge/forgeries.py`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod cases;
#[path = "../common/mod.rs"]
mod common;
mod forge;
mod unknown;

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::{env, fs};

use inferlayer_ledger::verify::{Evidence, Examination};
use inferlayer_ledger::{Entry, Kind, ReadError, Trust, Unavailable};
use serde::Deserialize;

use common::{open, options};

/// What `case.json` says.
#[derive(Deserialize)]
struct Stated {
    verdict: String,
    key: String,
    evidence: Vec<String>,
}

#[test]
fn every_attack_in_store_is_called_by_its_name() {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks");
    if env::var_os("UPDATE_FIXTURES").is_some() {
        renew(&store);
    }
    let entries = fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path());
    let folders: Vec<_> = entries.filter(|entry| entry.is_dir()).collect();
    let verdicts: BTreeSet<String> = folders.iter().map(|folder| judge(folder)).collect();
    let names = "clock corruption cut_head cut_tail delete edit fork holds insert reorder \
                 replayed_receipt retired_key rollback";
    assert!(verdicts.iter().map(String::as_str).eq(names.split_whitespace()), "{verdicts:?}");
}

#[test]
fn an_attack_of_today_is_called_like_that_in_store() {
    let data = tempfile::tempdir().unwrap();
    for case in cases::all() {
        let folder = data.path().join(case.name);
        case.write(&folder);
        judge(&folder);
    }
}

#[test]
#[ignore = "writes a large journal: run by hand before a release"]
fn a_million_clean_records_raise_no_alarm() {
    const RECORDS: u64 = 1_000_000;
    let data = tempfile::tempdir().unwrap();
    let mut options = options(data.path());
    options.segment_bytes = 64 << 20;
    let (ledger, _) = open(options).unwrap();
    let (mut waiting, mut evidence) = (VecDeque::new(), Vec::new());
    for number in 0..RECORDS {
        let record = || Entry::system(Kind::Config, format!(r#"{{"n":{number}}}"#).into_bytes());
        let pending = loop {
            match ledger.append(record()) {
                Err(Unavailable::QueueFull) => {}
                appended => break appended.unwrap(),
            }
            let receipt = waiting.pop_front().map(inferlayer_ledger::Pending::wait_blocking);
            let receipt = receipt.unwrap().unwrap();
            if receipt.sequence().is_multiple_of(10_000) {
                evidence.push(Evidence::read("a receipt", &receipt.reference()).unwrap());
            }
        };
        waiting.push_back(pending);
    }
    ledger.close().unwrap();
    let examination = Examination::new(data.path(), Trust::FirstUse).evidence(evidence);
    let report = examination.run().unwrap();
    assert!(report.evidence.confirmed > 90);
    assert_eq!(report.records - report.kinds["snapshot"], RECORDS + 2);
}

/// Holds the log in `folder` against what its case says; tells the verdict.
fn judge(folder: &Path) -> String {
    let stated = fs::read(folder.join("case.json")).unwrap();
    let stated: Stated = serde_json::from_slice(&stated).unwrap();
    let evidence = stated.evidence.iter().map(|text| Evidence::read("evidence", text).unwrap());
    let examination = Examination::new(folder, Trust::Key(stated.key.parse().unwrap()));
    let said = match examination.evidence(evidence.collect()).run() {
        Ok(report) => report.verdict().unwrap_or("holds"),
        Err(ReadError::Fault(fault)) => fault.what.verdict(),
        Err(ReadError::Io(error)) => panic!("{error}"),
    };
    assert_eq!(said, stated.verdict, "{}", folder.display());
    stated.verdict
}

fn renew(store: &Path) {
    for folder in fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path()) {
        let forged =
            folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("forged_"));
        if folder.is_dir() && !forged {
            fs::remove_dir_all(folder).unwrap();
        }
    }
    cases::all().iter().for_each(|case| case.write(&store.join(case.name)));
}
