//! `inferlayer demo`: every answer as told, a ledger that verifies, nothing left behind.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;
use std::process::{Command, Output};

fn demo(arguments: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_inferlayer"));
    command.arg("demo").args(arguments).env_remove("OPENAI_API_KEY").output().unwrap()
}

#[test]
fn the_demo_goes_as_told_and_its_ledger_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("not/there/yet");
    let output = demo(&[Path::new("--data-dir"), &data]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    for expected in [
        "hit-exact",
        "bypass;tools",
        "429 insufficient_quota",
        "502 upstream_error",
        "403 model_not_allowed",
        "HOLDS:",
        "Every answer was as told, and the ledger holds.",
    ] {
        assert!(told.contains(expected), "no {expected} in:\n{told}");
    }
    let report = inferlayer_ledger::verify::verify(
        &data.join("journal"),
        inferlayer_ledger::Trust::FirstUse,
    );
    assert!(report.is_ok());
}

#[test]
fn without_a_folder_it_leaves_nothing_behind() {
    let output = demo(&[]);
    assert!(output.status.success());
    let told = String::from_utf8(output.stdout).unwrap();
    let (_, rest) = told.split_once("its data in ").unwrap();
    let folder = rest.lines().next().unwrap().trim_end_matches('.');
    assert!(!Path::new(folder).exists(), "{folder}");
}
