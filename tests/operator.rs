//! What an operator does with the ledger, through the built gateway: beside a running one, and with
//! none. Whatever is done, the log still verifies and the gateway goes on.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inferlayer_ledger::{Clock, Entry, Keyring, Kind, Ledger, Options};
use serde_json::Value;
use support::gateway::Setup;
use support::operator::*;
use support::{Gateway, Provider, Script, records};

#[tokio::test]
async fn a_log_is_handed_on_beside_a_running_gateway_and_without_one() {
    let gateway = gateway(SMALL).await;
    ask_often(&gateway, 2).await;
    let first = public_key(gateway.folder.path());
    let second = said(gateway.folder.path(), &["ledger", "rotate-key", "--yes"]).trim().to_owned();
    assert_ne!(second, first);
    assert_eq!(public_key(gateway.folder.path()), second);
    ask_often(&gateway, 2).await;
    let folder = gateway.stop().0;
    let third = said(folder.path(), &["ledger", "rotate-key", "--yes"]).trim().to_owned();

    let gateway = Gateway::start_in(folder);
    ask_often(&gateway, 2).await;
    assert_eq!(records::of_kind(&gateway.data(), Kind::SigningKeyRotation).len(), 2);
    for key in [&first, &second, &third] {
        said(gateway.folder.path(), &["ledger", "verify", "--key", key]);
    }
    assert!(!gateway.data().join("keys/signing.next.key").exists());
}

/// Where a crash can part a rotation: a key is staged; the ledger has its record; the old key is
/// gone. Each time the next start goes on, and the rotation after it works.
#[tokio::test]
async fn a_rotation_that_a_crash_parted_is_finished_by_the_next_start() {
    let gateway = gateway("").await;
    ask_often(&gateway, 1).await;
    let first = public_key(gateway.folder.path());
    let folder = gateway.kill();
    let keys = folder.path().join("data/keys");
    Keyring::open(&keys).unwrap().stage_signing().unwrap();
    let staged = fs::read(keys.join("signing.next.key")).unwrap();
    let old = fs::read(keys.join("signing.key")).unwrap();

    let gateway = Gateway::start_in(folder);
    assert_eq!(public_key(gateway.folder.path()), first, "the staged key signs nothing yet");
    let second = said(gateway.folder.path(), &["ledger", "rotate-key", "--yes"]).trim().to_owned();
    let folder = gateway.kill();
    assert_eq!(fs::read(keys.join("signing.key")).unwrap(), staged, "staged once");

    // As if the crash had come behind the record.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::write(keys.join("signing.next.key"), &staged).unwrap();
    fs::set_permissions(keys.join("signing.next.key"), mode).unwrap();
    fs::write(keys.join("signing.key"), &old).unwrap();
    let gateway = Gateway::start_in(folder);
    assert_eq!(public_key(gateway.folder.path()), second);
    assert_eq!(fs::read(keys.join("signing.key")).unwrap(), staged);
    assert!(!keys.join("signing.next.key").exists());
    ask_often(&gateway, 1).await;
    let third = said(gateway.folder.path(), &["ledger", "rotate-key", "--yes"]);
    assert_ne!(third.trim(), second);
    records::assert_verifies(gateway.folder.path());
}

#[tokio::test]
async fn keys_that_the_configuration_names_are_the_operators_to_change() {
    let provider = Provider::start(Script::AsAsked).await;
    let setup = Setup {
        extra: "ledger: { signing_key: { file: one.key }, next_signing_key: { file: two.key } }",
        ..Setup::of(&[provider.base_url()])
    };
    let folder = setup.folder();
    let key = |name: &str, byte: char| {
        let seed = format!("{}=\n", byte.to_string().repeat(43));
        fs::write(folder.path().join(name), seed).unwrap();
    };
    key("one.key", 'A');
    key("two.key", 'E');
    let gateway = Gateway::start_in(folder);
    ask_often(&gateway, 1).await;
    let first = public_key(gateway.folder.path());
    let second = said(gateway.folder.path(), &["ledger", "rotate-key", "--yes"]).trim().to_owned();
    assert_ne!(first, second);
    let (again, code) = refused(gateway.folder.path(), &["ledger", "rotate-key", "--yes"]);
    assert!(again.contains("that key signs the log already, or did"), "{again}");
    assert_eq!(code, 69);
    ask_often(&gateway, 1).await;

    let gateway = Gateway::start_in(gateway.stop().0);
    assert!(gateway.log().contains("make it the signing_key"), "{}", gateway.log());
    let folder = gateway.stop().0;
    let yaml = fs::read_to_string(folder.path().join("gateway.yaml")).unwrap();
    let changed =
        yaml.replace("one.key", "two.key").replace(", next_signing_key: { file: two.key }", "");
    fs::write(folder.path().join("gateway.yaml"), changed).unwrap();
    let gateway = Gateway::start_in(folder);
    assert!(!gateway.log().contains("make it the signing_key"));
    let (none, _) = refused(gateway.folder.path(), &["ledger", "rotate-key", "--yes"]);
    assert!(none.contains("next_signing_key"), "{none}");
    for key in [&first, &second] {
        said(gateway.folder.path(), &["ledger", "verify", "--key", key]);
    }
}

#[tokio::test]
async fn the_past_is_dropped_beside_a_running_gateway_and_without_one() {
    let gateway = gateway(SMALL).await;
    ask_often(&gateway, 12).await;
    let before = segments(&gateway.data());
    assert!(before.len() > 4, "{before:?}");
    let spent = said(gateway.folder.path(), &["spend"]);
    let nothing = said(gateway.folder.path(), &retain("1"));
    assert!(nothing.starts_with("nothing to drop: "), "{nothing}");
    assert_eq!(segments(&gateway.data()), before);

    let dropped = said(gateway.folder.path(), &retain("0"));
    assert!(dropped.contains("segments are dropped: record "), "{dropped}");
    let left = segments(&gateway.data());
    assert_eq!(left.len(), 2);
    ask_often(&gateway, 12).await;
    let gateway = Gateway::start_in(gateway.stop().0);
    assert_eq!(said(gateway.folder.path(), &["spend"]).lines().count(), spent.lines().count());
    ask_often(&gateway, 1).await;
    let folder = gateway.stop().0;
    let alone = said(folder.path(), &retain("0"));
    assert!(alone.contains("the log begins at record "), "{alone}");
    records::assert_verifies(folder.path());
    let said = records::of_kind(&folder.path().join("data"), Kind::Retention);
    assert_eq!(said.last().unwrap()["reason"], "kept long enough");
}

/// A clock in the year 2020.
struct LongAgo;

impl Clock for LongAgo {
    fn now_us(&self) -> u64 {
        1_600_000_000_000_000
    }
}

/// A provider, a folder whose log has 40 records of long ago, and its data folder.
async fn aged() -> (Provider, tempfile::TempDir, PathBuf) {
    let provider = Provider::start(Script::AsAsked).await;
    let extra = "ledger: { segment_bytes: 4000, retention_days: 365 }";
    let folder = Setup { extra, ..Setup::of(&[provider.base_url()]) }.folder();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let mut options = options_of(&data);
    options.clock = Arc::new(LongAgo);
    let (ledger, _) = Ledger::open(options, &mut |_, _| Ok(())).unwrap();
    for _ in 0..40 {
        let entry = Entry::system(Kind::Config, b"{}".to_vec());
        ledger.append(entry).unwrap().await.unwrap();
    }
    ledger.close().unwrap();
    assert!(segments(&data).len() > 4);
    (provider, folder, data)
}

fn options_of(data: &Path) -> Options {
    let keyring = Keyring::open(&data.join("keys")).unwrap();
    let origin = "inferlayer/audit".parse().unwrap();
    let mut options = Options::new(data, origin, keyring.signing().unwrap());
    options.segment_bytes = 4000;
    options
}

#[tokio::test]
async fn old_records_go_by_themselves_when_the_configuration_says_so() {
    let (_provider, folder, data) = aged().await;
    // A later run has records of today, so the others are old.
    let mut options = options_of(&data);
    options.clock_limits.pause = std::time::Duration::MAX;
    Ledger::open(options, &mut |_, _| Ok(())).unwrap().0.close().unwrap();
    let before = segments(&data).len();

    let gateway = Gateway::start_in(folder);
    support::eventually("a retention", || segments(&data).len() < before).await;
    ask_often(&gateway, 2).await;
    let said = records::of_kind(&data, Kind::Retention);
    assert_eq!((said.len(), &said[0]["reason"]), (1, &"retention_days".into()));
    records::assert_verifies(gateway.folder.path());
}

#[tokio::test]
async fn a_start_with_a_clock_far_ahead_drops_nothing_until_that_is_confirmed() {
    let (_provider, folder, data) = aged().await;
    let before = segments(&data).len();
    // As far as the log knows its last record is a moment old, and the clock years ahead.
    let gateway = Gateway::start_in(folder);
    ask_often(&gateway, 2).await;
    let stopped = gateway.stop().0;
    let gateway = Gateway::start_in(stopped);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert!(segments(&data).len() >= before, "dropped by the clock alone");
    assert!(gateway.log().contains("the clock is not what was expected"), "{}", gateway.log());
    let clocks = records::of_kind(&data, Kind::Clock);
    assert_eq!(clocks.first().unwrap()["cause"], "pause", "{clocks:?}");

    said(gateway.folder.path(), &retain("365"));
    assert!(segments(&data).len() < before);
    records::assert_verifies(gateway.folder.path());
}

#[tokio::test]
async fn what_is_not_meant_or_not_yet_is_not_dropped() {
    let gateway = gateway("").await;
    let folder = gateway.folder.path();
    let (unsure, code) =
        refused(folder, &["ledger", "retain", "--keep-days", "1", "--reason", "r"]);
    assert!(unsure.contains("say --yes if that is meant"), "{unsure}");
    assert_eq!(code, 64);
    let before = |day: &str| {
        refused(folder, &["ledger", "retain", "--yes", "--reason", "r", "--before", day])
    };
    let (future, code) = before("2999-01-01");
    assert!(future.contains("that lies in the future"), "{future}");
    assert_eq!(code, 69);
    assert!(before("2026-02-30").0.contains("neither 2026-11-22 nor "));
    let (silent, _) =
        refused(folder, &["ledger", "retain", "--yes", "--keep-days", "1", "--reason", " "]);
    assert!(silent.contains("a reason is one line of 1 to 1024 bytes"), "{silent}");
    said(folder, &["ledger", "retain", "--yes", "--reason", "r", "--before", "2020-01-01"]);
    assert!(records::of_kind(&gateway.data(), Kind::Retention).is_empty());
}

#[tokio::test]
async fn the_index_is_built_anew_while_no_gateway_runs() {
    let gateway = gateway(SMALL).await;
    ask_often(&gateway, 6).await;
    let (busy, code) = refused(gateway.folder.path(), &["ledger", "rebuild"]);
    assert!(busy.contains("ledger: ") && code == 65, "{busy}");
    said(gateway.folder.path(), &retain("0"));
    let folder = gateway.stop().0;
    let done = said(folder.path(), &["ledger", "rebuild"]);
    let exported = said(folder.path(), &["ledger", "export"]);
    let end: Value = serde_json::from_str(exported.lines().last().unwrap()).unwrap();
    let size = end["checkpoint"].as_str().unwrap().lines().nth(1).unwrap();
    assert_eq!(done, format!("the index follows the journal: {size} records\n"));
    assert!(folder.path().join("data/view.damaged").exists());
    fs::remove_dir_all(folder.path().join("data/view")).unwrap();
    said(folder.path(), &["ledger", "rebuild"]);
    let gateway = Gateway::start_in(folder);
    assert!(!gateway.log().contains("rebuilt"), "{}", gateway.log());
    let empty = tempfile::tempdir().unwrap();
    let (none, _) = refused(
        gateway.folder.path(),
        &["ledger", "rebuild", "--data-dir", empty.path().to_str().unwrap()],
    );
    assert!(none.contains("no journal"), "{none}");
}
