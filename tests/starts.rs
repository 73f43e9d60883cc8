//! What a start refuses, what it says then, and how an operator goes on: through the built gateway.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use inferlayer_ledger::Kind;
use support::operator::*;
use support::{Gateway, call, records};

fn refuses(folder: &Path, expected: &[&str]) {
    let (why, code) = refused_within(folder, Duration::from_secs(60));
    for words in expected {
        assert!(why.contains(words), "{words}: {why}");
    }
    assert_eq!(code, 69);
}

#[tokio::test]
async fn a_gateway_whose_journal_is_gone_does_not_begin_another_log() {
    let gateway = gateway("ledger: { origin: gw-1 }").await;
    let key = gateway.key();
    ask(&gateway, &key, "question").await;
    let folder = gateway.stop().0;
    let (data, old_key) = (folder.path().join("data"), public_key(folder.path()));
    fs::remove_dir_all(data.join("journal")).unwrap();
    refuses(folder.path(), &["holds no journal", "ledger restore", "serve --new-log"]);
    assert!(!data.join("journal").exists());
    // Neither does a command that would open it.
    refused(folder.path(), &["keys", "create", "--tenant", "a"]);
    assert!(!data.join("journal").exists());

    let gateway = Gateway::start_insisting(folder, "--new-log");
    assert!(gateway.log().contains("new log"), "{}", gateway.log());
    assert_eq!(call(&gateway, &key).await.0, 401, "the old log's keys are not the new one's");
    ask(&gateway, &gateway.key(), "question").await;
    let folder = gateway.stop().0;
    assert_ne!(public_key(folder.path()), old_key);
    assert!(data.join("keys/signing.1.old.key").exists());
    refuses_to_insist_twice(folder.path());
    records::assert_verifies(folder.path());
}

fn refuses_to_insist_twice(folder: &Path) {
    let (why, _) = refused(folder, &["serve", "--new-log"]);
    assert!(why.contains("only begun where there is none"), "{why}");
    assert!(!folder.join("data/keys/signing.2.old.key").exists());
}

#[tokio::test]
async fn a_volume_that_is_not_mounted_is_known_by_the_log_that_is_expected() {
    let gateway = gateway("ledger: { origin: gw-1 }").await;
    let folder = gateway.stop().0;
    let log_id = log_id_of(folder.path());
    let yaml = folder.path().join("gateway.yaml");
    let with = |log_id: &str| {
        let text = fs::read_to_string(&yaml).unwrap();
        let expecting = format!("ledger: {{ origin: gw-1, expect_log_id: {log_id} }}");
        let lines = text.lines().map(|line| match line.starts_with("ledger:") {
            true => expecting.as_str(),
            false => line,
        });
        let changed = lines.collect::<Vec<_>>().join("\n");
        fs::write(&yaml, changed).unwrap();
    };
    with(&log_id);
    let folder = Gateway::start_in(folder).stop().0;
    with(&"0".repeat(64));
    refuses(folder.path(), &["is expected", &log_id]);
    with(&log_id);
    fs::rename(folder.path().join("data"), folder.path().join("unmounted")).unwrap();
    refuses(folder.path(), &["holds no journal", "the configuration expects the log", &log_id]);
}

/// As `refused`, of a gateway that may start after all.
fn refused_within(folder: &Path, time: Duration) -> (String, i32) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_inferlayer"))
        .args(["serve", "--config"])
        .arg(folder.join("gateway.yaml"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > time {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    (said, done.status.code().expect("it started"))
}

/// As it stands in the header of every record.
fn log_id_of(folder: &Path) -> String {
    let bytes = fs::read(folder.join("data/journal/00000000000000000000.ilj")).unwrap();
    bytes[40..72].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_missing_segment_stops_the_start_until_that_is_accepted() {
    let gateway = gateway(SMALL).await;
    let key = gateway.key();
    ask_often(&gateway, 12).await;
    let folder = gateway.stop().0;
    let all = segments(&folder.path().join("data"));
    assert!(all.len() > 4);
    fs::remove_file(&all[1]).unwrap();
    refuses(folder.path(), &["a segment is missing", "serve --accept-damage"]);
    let gateway = Gateway::start_insisting(folder, "--accept-damage");
    ask(&gateway, &key, "question").await;
    let folder = gateway.stop().0;
    let (why, _) = refused(folder.path(), &["ledger", "verify"]);
    assert!(why.contains("a segment is missing") || why.contains("does not verify"), "{why}");
}

#[tokio::test]
async fn an_older_copy_of_the_journal_goes_on_only_by_a_restore_that_says_what_is_lost() {
    let gateway = gateway(SMALL).await;
    let key = gateway.key();
    ask_often(&gateway, 4).await;
    let folder = gateway.folder.path().to_owned();
    let copy = folder.join("backup");
    said(&folder, &["ledger", "backup", "--to", copy.to_str().unwrap()]);
    ask_often(&gateway, 6).await;
    // A view is whole after a stop; a kill leaves what sled had written by then.
    let folder = gateway.stop().0;
    let data = folder.path().join("data");
    fs::remove_dir_all(data.join("journal")).unwrap();
    fs::create_dir(data.join("journal")).unwrap();
    for segment in segments(&copy) {
        fs::copy(&segment, data.join("journal").join(segment.file_name().unwrap())).unwrap();
    }
    refuses(folder.path(), &["acknowledged records are missing", "ledger restore --from"]);

    let aside = data.join("journal-that-is-too-old");
    fs::rename(data.join("journal"), &aside).unwrap();
    let done = said(folder.path(), &restore(&aside));
    assert!(done.contains("acknowledged records are lost, "), "{done}");
    let gap = records::of_kind(&data, Kind::Restore).pop().unwrap();
    assert!(gap["lost_from"].as_u64() < gap["lost_until"].as_u64(), "{gap}");
    let gateway = Gateway::start_in(folder);
    ask(&gateway, &key, "after").await;
    records::assert_verifies(gateway.stop().0.path());
}

fn restore(from: &Path) -> [&str; 6] {
    ["ledger", "restore", "--reason", "the disk died", "--from", from.to_str().unwrap()]
}

/// A stopped gateway without a journal, and a backup of it.
async fn bereaved() -> (tempfile::TempDir, PathBuf) {
    let gateway = gateway(SMALL).await;
    ask_often(&gateway, 6).await;
    let copy = gateway.folder.path().join("backup");
    said(gateway.folder.path(), &["ledger", "backup", "--to", copy.to_str().unwrap()]);
    let folder = gateway.stop().0;
    fs::remove_dir_all(folder.path().join("data/journal")).unwrap();
    (folder, copy)
}

#[tokio::test]
async fn a_restore_that_was_cut_short_is_named_and_run_again() {
    let (folder, copy) = bereaved().await;
    let data = folder.path().join("data");
    // Before the journal had its place.
    fs::create_dir_all(data.join("restoring/journal")).unwrap();
    fs::write(data.join("restoring/journal/00000000000000000000.ilj"), "half").unwrap();
    refuses(folder.path(), &["a restore was cut short", "ledger restore` again"]);
    assert!(!data.join("journal").exists());
    said(folder.path(), &restore(&copy));
    // Behind that.
    fs::create_dir_all(data.join("restoring/keys")).unwrap();
    let (finished, _) = refused(folder.path(), &restore(&copy));
    assert!(finished.contains("start the gateway"), "{finished}");
    fs::create_dir_all(data.join("restoring/keys")).unwrap();
    let gateway = Gateway::start_in(folder);
    assert!(!data.join("restoring").exists());
    records::assert_verifies(gateway.stop().0.path());
}

#[tokio::test]
async fn a_restore_that_is_killed_anywhere_ends_well_when_it_is_run_again() {
    for kill_after_ms in [1, 3, 8, 15, 25, 40, 60, 90, 130, 200] {
        let (folder, copy) = bereaved().await;
        let mut restoring = Command::new(env!("CARGO_BIN_EXE_inferlayer"))
            .args(restore(&copy))
            .arg("--config")
            .arg(folder.path().join("gateway.yaml"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(kill_after_ms)).await;
        restoring.kill().unwrap();
        restoring.wait().unwrap();
        let there = !segments_or_none(&folder.path().join("data")).is_empty();
        let again = support::gateway::command_in(folder.path(), &restore(&copy));
        let said = String::from_utf8(again.stderr).unwrap();
        let finished =
            said.contains("start the gateway") || said.contains("is there: move it away");
        assert!(again.status.success() || (there && finished), "{kill_after_ms} ms: {said}");
        let folder = Gateway::start_in(folder).stop().0;
        let gaps = records::of_kind(&folder.path().join("data"), Kind::Restore);
        assert_eq!(gaps.len(), 1, "{kill_after_ms} ms");
        records::assert_verifies(folder.path());
    }
}

fn segments_or_none(data: &Path) -> Vec<PathBuf> {
    if data.join("journal").exists() { segments(data) } else { Vec::new() }
}
