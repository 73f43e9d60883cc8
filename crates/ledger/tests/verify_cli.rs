//! `inferlayer-verify` as an auditor runs it: its words and its exit codes.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::process::Command;

use common::*;

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

#[test]
fn the_published_vector_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/v1");
    let (code, text) = run(&[folder]);
    assert!(code == 0 && text.contains("HOLDS: 3 records in 1 commits"), "{text}");
}
