//! `inferlayer-verify` as an auditor runs it: its words and its exit codes.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../ledger/tests/common/mod.rs"]
mod common;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::*;
use inferlayer_ledger::{Kind, Receipt};

/// Exit code, and what was printed on either stream.
fn run(arguments: &[&str]) -> (i32, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_inferlayer-verify")).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[test]
fn a_log_that_holds_exits_0_in_words_and_in_json() {
    let data = tempfile::tempdir().unwrap();
    finished_log(data.path(), 3);
    let folder = data.path().to_str().unwrap();
    let public = data.path().join("keys").join("ledger.pub");
    let (code, text) = run(&[folder]);
    assert!(code == 0 && text.starts_with("HOLDS: 5 records"), "{text}");
    assert!(text.contains("pass --key"), "{text}");
    let (code, text) = run(&[folder, "--json", "--key", public.to_str().unwrap()]);
    assert_eq!(code, 0, "{text}");
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["report"]["kinds"]["refusal"], 3);
    assert_eq!(report["report"]["key_on_first_use"], false);
    let key = fs::read_to_string(public).unwrap();
    let journal = data.path().join("journal");
    assert_eq!(run(&["--key", key.trim(), journal.to_str().unwrap()]).0, 0);
}

#[test]
fn a_log_that_does_not_hold_exits_1_and_names_the_record() {
    let data = tempfile::tempdir().unwrap();
    let file = finished_log(data.path(), 3);
    let mut bytes = fs::read(&file).unwrap();
    let starts = frame_starts(&bytes);
    bytes[starts[4] + 220] ^= 1;
    fs::write(&file, bytes).unwrap();
    let folder = data.path().to_str().unwrap();
    let (code, text) = run(&[folder]);
    assert_eq!(code, 1);
    assert!(text.contains("record 2: the metadata were edited"), "{text}");
    let (code, chain) = run(&[folder, "--chain"]);
    assert!(code == 0 && chain.contains("was left out"), "the header still holds: {chain}");
    let (code, text) = run(&[folder, "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &answer["fault"]["sequence"]), (1, &serde_json::json!(2)));
}

#[test]
fn usage_and_unreadable_folders_have_their_own_codes() {
    for wrong in [&[][..], &["--what"], &["a", "b"], &["a", "--key"], &["a", "--key", "nonsense"]] {
        let (code, text) = run(wrong);
        assert!(code == 64 && text.contains("usage:"), "{wrong:?}: {text}");
    }
    let data = tempfile::tempdir().unwrap();
    assert_eq!(run(&[data.path().join("nowhere").to_str().unwrap()]).0, 66);
}

/// A receipt file of request 9 in `data`, the last receipt of it, and the log's key.
fn receipt(data: &Path) -> (PathBuf, Receipt, String) {
    let mut options = options(data);
    options.view = Some(data.join("view"));
    let (ledger, _) = open(options).unwrap();
    let (pending, slot) = ledger.begin(entry(Kind::Intent, 9, "x")).unwrap();
    pending.wait_blocking().unwrap();
    let mut outcome = entry(Kind::Outcome, 9, "y");
    outcome.metadata = br#"{"ending":"complete\u009b2J","cost_nano_usd":"1250000"}"#.to_vec();
    let last = slot.commit(outcome).wait_blocking().unwrap();
    let file = ledger.receipt_of(request(9).unwrap(), tenant(1).tag()).unwrap();
    let path = data.join("receipt.json");
    fs::write(&path, serde_json::to_vec(&file).unwrap()).unwrap();
    (path, last, ledger.key().to_string())
}

#[test]
fn a_receipt_file_holds_in_words_and_in_json() {
    let data = tempfile::tempdir().unwrap();
    let (path, last, key) = receipt(data.path());
    let path = path.to_str().unwrap();
    let (code, text) = run(&["receipt", path]);
    assert!(code == 0 && text.starts_with("HOLDS: 2 records of request 0707"), "{text}");
    assert!(text.contains("pass --key"), "{text}");
    let (code, text) = run(&["receipt", path, "--key", &key]);
    assert!(code == 0 && text.contains("(given)"), "{text}");
    assert!(text.contains(r#"says    ending "complete2J", cost_nano_usd "1250000""#), "{text}");
    let (code, text) = run(&["receipt", "--json", path, "--key", &key]);
    assert_eq!(code, 0, "{text}");
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["receipt"]["records"][1]["sequence"], last.sequence());
    assert_eq!(answer["receipt"]["records"][1]["metadata"]["cost_nano_usd"], "1250000");
}

#[test]
fn a_receipt_file_that_does_not_hold_exits_1_and_says_why() {
    let data = tempfile::tempdir().unwrap();
    let (path, _, _) = receipt(data.path());
    let written = fs::read_to_string(&path).unwrap();
    fs::write(&path, written.replace("1250000", "1250001")).unwrap();
    let path = path.to_str().unwrap();
    let (code, text) = run(&["receipt", path]);
    assert!(code == 1 && text.contains("record 2: the metadata were edited"), "{text}");
    let (code, text) = run(&["receipt", path, "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &answer["holds"]), (1, &serde_json::json!(false)));
    fs::write(path, "{}").unwrap();
    let (code, text) = run(&["receipt", path]);
    assert!(code == 1 && text.contains("DOES NOT HOLD"), "{text}");
    let other = signing(2).verifying_key(&"gw-1.example".parse().unwrap()).unwrap().to_string();
    fs::write(path, written).unwrap();
    let (code, text) = run(&["receipt", path, "--key", &other]);
    assert!(code == 1 && text.contains("not the given one"), "{text}");
}

#[test]
fn a_bare_reference_and_a_bare_proof_are_checked_with_a_key() {
    let data = tempfile::tempdir().unwrap();
    let (_, last, key) = receipt(data.path());
    let (word, proof) = (last.reference(), last.inclusion_proof().unwrap().to_text());
    let (code, text) = run(&["receipt", &word, "--key", &key]);
    assert!(code == 0 && text.contains("claim     record 2 has the hash"), "{text}");
    let file = data.path().join("some.tlog-proof");
    fs::write(&file, &proof).unwrap();
    let (code, text) = run(&["receipt", file.to_str().unwrap(), "--key", &key]);
    let proven = format!("HOLDS: record 2 of the log has the hash {}", last.record_hash());
    assert!(code == 0 && text.starts_with(&proven), "{text}");
    let (code, text) = piped(&word.replacen(".2.", ".1.", 1), &["receipt", "-", "--key", &key]);
    assert_eq!(code, 0, "only size and root are signed: {text}");
    let (code, text) = piped(&word.replacen(".3.", ".4.", 1), &["receipt", "-", "--key", &key]);
    assert!(code == 1 && text.contains("signature"), "{text}");
    let (code, text) =
        piped(&proof.replace("index 2", "index 1"), &["receipt", "-", "--key", &key]);
    assert!(code == 1 && text.contains("another number of hashes"), "{text}");
    assert_eq!(piped("neither", &["receipt", "-", "--key", &key]).0, 1);
    let (code, text) = run(&["receipt", &word]);
    assert!(code == 64 && text.contains("pass --key"), "{text}");
    assert_eq!(run(&["receipt", data.path().join("none").to_str().unwrap()]).0, 66);
    assert_eq!(run(&["receipt"]).0, 64);
}

/// As [`run`], with `input` on standard input.
fn piped(input: &str, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inferlayer-verify"));
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_published_vector_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/vectors/v1");
    let (code, text) = run(&[folder]);
    assert!(code == 0 && text.contains("HOLDS: 3 records in 1 commits"), "{text}");
}

#[test]
fn a_log_is_held_against_what_was_kept_elsewhere() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    append_singly(&ledger, 2);
    let early = copy_with(data.path(), &fs::read(segment(data.path())).unwrap());
    let receipt = ledger.append(entry(Kind::Hit, 9, "x")).unwrap().wait_blocking().unwrap();
    drop(ledger);
    let note = data.path().join("anchor.note");
    let key = signing(1).verifying_key(&"gw-1.example".parse().unwrap()).unwrap();
    fs::write(&note, receipt.checkpoint().note(&key)).unwrap();
    let (note, reference) = (note.to_str().unwrap(), receipt.reference());
    let (folder, early) = (data.path().to_str().unwrap(), early.path().to_str().unwrap());
    let (code, text) = run(&[folder, "--evidence", note, "--evidence", &reference]);
    assert!(code == 0 && text.contains("to size 4 at 20"), "{text}");
    let (code, text) = run(&[folder]);
    assert!(code == 0 && text.contains("complete  not shown"), "{text}");
    let (code, text) = run(&[early, "--evidence", &reference]);
    assert!(code == 1 && text.contains("tail was cut off"), "{text}");
    let (code, text) = run(&[early, "--evidence", note, "--json"]);
    assert!(code == 1 && text.contains("rolled back"), "{text}");
    assert_eq!(run(&[folder, "--evidence", "no such thing"]).0, 64);
    assert_eq!(run(&[folder, "--threads", "x"]).0, 64);
}
