//! What an operator does with the ledger, through the built gateway: beside a running one, and with
//! none. Whatever is done, the log still verifies and the gateway goes on.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inferlayer_ledger::read::Reader;
use inferlayer_ledger::{Keyring, Kind, Trust};
use serde_json::Value;
use support::gateway::{Setup, command_in};
use support::{Gateway, Provider, Script, client, message, records};

/// A gateway with segments of a few records each.
async fn gateway(extra: &'static str) -> Gateway {
    let provider = Provider::start(Script::AsAsked).await;
    Setup { extra, ..Setup::of(&[provider.base_url()]) }.start()
}

const SMALL: &str = "ledger: { segment_bytes: 4000 }";

async fn ask(gateway: &Gateway, key: &str, text: &str) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let answer = request.body(message(text, false).to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap();
}

async fn ask_often(gateway: &Gateway, times: usize) {
    let key = gateway.key();
    for number in 0..times {
        ask(gateway, &key, &format!("question {number}")).await;
    }
}

/// What a command that succeeds says.
fn said(folder: &Path, arguments: &[&str]) -> String {
    let done = command_in(folder, arguments);
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// What a command that fails says, and its exit code.
fn refused(folder: &Path, arguments: &[&str]) -> (String, i32) {
    let done = command_in(folder, arguments);
    assert!(!done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stdout));
    (String::from_utf8(done.stderr).unwrap(), done.status.code().unwrap())
}

fn public_key(folder: &Path) -> String {
    fs::read_to_string(folder.join("data/keys/ledger.pub")).unwrap().trim().to_owned()
}

fn segments(data: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(data.join("journal")).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|e| e == "ilj")).collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_log_is_handed_on_beside_a_running_gateway_and_without_one() {
    let gateway = gateway(SMALL).await;
    ask_often(&gateway, 2).await;
    let first = public_key(gateway.folder.path());
    let second = said(gateway.folder.path(), &["ledger", "rotate-key"]).trim().to_owned();
    assert_ne!(second, first);
    assert_eq!(public_key(gateway.folder.path()), second);
    ask_often(&gateway, 2).await;
    let folder = gateway.stop().0;
    let third = said(folder.path(), &["ledger", "rotate-key"]).trim().to_owned();

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
    let second = said(gateway.folder.path(), &["ledger", "rotate-key"]).trim().to_owned();
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
    let third = said(gateway.folder.path(), &["ledger", "rotate-key"]);
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
    let second = said(gateway.folder.path(), &["ledger", "rotate-key"]).trim().to_owned();
    assert_ne!(first, second);
    let (again, code) = refused(gateway.folder.path(), &["ledger", "rotate-key"]);
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
    let (none, _) = refused(gateway.folder.path(), &["ledger", "rotate-key"]);
    assert!(none.contains("next_signing_key"), "{none}");
    for key in [&first, &second] {
        said(gateway.folder.path(), &["ledger", "verify", "--key", key]);
    }
}

const RETAIN: [&str; 6] =
    ["ledger", "retain", "--reason", "kept long enough", "--yes", "--keep-days"];

fn retain(days: &str) -> Vec<&str> {
    RETAIN.into_iter().chain([days]).collect()
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
    assert!(silent.contains("a reason has 1 to 1024 bytes"), "{silent}");
    said(folder, &["ledger", "retain", "--yes", "--reason", "r", "--before", "2020-01-01"]);
    assert!(records::of_kind(&gateway.data(), Kind::Retention).is_empty());
}

fn names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        names.extend(self::names(&path).into_iter().map(|inner| format!("{name}/{inner}")));
        names.extend((!path.is_dir()).then_some(name));
    }
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_is_made_beside_a_gateway_and_grows() {
    let gateway = gateway(SMALL).await;
    ask_often(&gateway, 6).await;
    let large = "lorem ipsum ".repeat(40_000);
    ask(&gateway, &gateway.key(), &large).await;
    let folder = gateway.folder.path();
    let copy = folder.join("backup");
    let to = copy.to_str().unwrap();
    let first = said(folder, &["ledger", "backup", "--to", to]);
    assert!(first.contains("1 files of content"), "{first}");
    let verified = |copy: &str| said(folder, &["ledger", "verify", "--data-dir", copy]);
    let text = verified(to);
    let again = said(folder, &["ledger", "backup", "--to", to]);
    assert!(again.contains("new: 0 bytes of journal, 0 files of content"), "{again}");
    ask_often(&gateway, 6).await;
    said(folder, &["ledger", "backup", "--to", to]);
    assert_ne!(verified(to), text);
    assert!(names(&copy).iter().all(|name| name == "keys/ledger.pub"
        || name.starts_with("journal/") && (name.ends_with(".ilj") || name.ends_with(".ilc"))));

    // What a crash in the middle of a backup leaves.
    let last = segments(&copy).pop().unwrap();
    let bytes = fs::read(&last).unwrap();
    fs::write(&last, &bytes[..bytes.len() / 2]).unwrap();
    said(folder, &["ledger", "backup", "--to", to]);
    assert!(fs::read(&last).unwrap().starts_with(&bytes));
    verified(to);
    fs::write(&last, b"something else").unwrap();
    let (other, _) = refused(folder, &["ledger", "backup", "--to", to]);
    assert!(other.contains("no earlier part of this log"), "{other}");
}

#[tokio::test]
async fn a_backup_goes_nowhere_else() {
    let gateway = gateway(SMALL).await;
    ask_often(&gateway, 4).await;
    let folder = gateway.folder.path();
    let data = gateway.data();
    for taken in [folder, &data, &data.join("keys"), &data.join("journal")] {
        let before = names(taken);
        let (why, code) = refused(folder, &["ledger", "backup", "--to", taken.to_str().unwrap()]);
        assert!(why.contains("neither empty nor a backup"), "{why}");
        assert_eq!((code, names(taken)), (65, before));
    }
    let copy = folder.join("backup");
    let to = copy.to_str().unwrap();
    said(folder, &["ledger", "backup", "--to", to]);
    let other = self::gateway(SMALL).await;
    let (why, _) = refused(other.folder.path(), &["ledger", "backup", "--to", to]);
    assert!(why.contains("no earlier part of this log"), "{why}");
    ask_often(&gateway, 12).await;
    said(folder, &retain("0"));
    let (why, _) = refused(folder, &["ledger", "backup", "--to", to]);
    assert!(why.contains("begin a new backup"), "{why}");
    said(folder, &["ledger", "verify", "--data-dir", to]);
}

fn restore(from: &Path) -> [&str; 6] {
    ["ledger", "restore", "--reason", "the disk died", "--from", from.to_str().unwrap()]
}

#[tokio::test]
async fn a_backup_takes_the_place_of_a_lost_journal() {
    let gateway = gateway(SMALL).await;
    let key = gateway.key();
    ask_often(&gateway, 8).await;
    let copy = gateway.folder.path().join("backup");
    said(gateway.folder.path(), &["ledger", "backup", "--to", copy.to_str().unwrap()]);
    ask_often(&gateway, 3).await;
    let (there, _) = refused(gateway.folder.path(), &restore(&copy));
    assert!(there.contains("a gateway runs on this data folder"), "{there}");
    let folder = gateway.kill();
    let (there, _) = refused(folder.path(), &restore(&copy));
    assert!(there.contains("is there: move it away"), "{there}");

    fs::remove_dir_all(folder.path().join("data/journal")).unwrap();
    let done = said(folder.path(), &restore(&copy));
    assert!(done.contains("records are back, the last of 2"), "{done}");
    assert!(!folder.path().join("data/restoring").exists());
    records::assert_verifies(folder.path());
    let gateway = Gateway::start_in(folder);
    ask(&gateway, &key, "after").await;
    let gaps = records::of_kind(&gateway.data(), Kind::Restore);
    assert_eq!((gaps.len(), &gaps[0]["reason"]), (1, &"the disk died".into()));
    assert_eq!(gaps[0]["lost_from"], gaps[0]["lost_until"], "nobody knows of more");
    records::assert_verifies(gateway.folder.path());
}

#[tokio::test]
async fn what_cannot_go_on_is_not_restored() {
    let gateway = gateway(SMALL).await;
    ask_often(&gateway, 8).await;
    let copy = gateway.folder.path().join("backup");
    said(gateway.folder.path(), &["ledger", "backup", "--to", copy.to_str().unwrap()]);
    let folder = gateway.stop().0;
    let data = folder.path().join("data");
    fs::remove_dir_all(data.join("journal")).unwrap();
    let untouched = |why: &str, expected: &str| {
        assert!(why.contains(expected), "{why}");
        assert!(!data.join("journal").exists() && !data.join("restoring").exists());
    };

    let signing = data.join("keys/signing.key");
    fs::rename(&signing, folder.path().join("signing.key")).unwrap();
    untouched(&refused(folder.path(), &restore(&copy)).0, "no backup has the key that signs");
    assert!(!signing.exists(), "no key is made for a log that has one");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::write(&signing, format!("{}=\n", "A".repeat(43))).unwrap();
    fs::set_permissions(&signing, mode).unwrap();
    untouched(
        &refused(folder.path(), &restore(&copy)).0,
        "the log goes on under inferlayer/audit+",
    );
    fs::rename(folder.path().join("signing.key"), &signing).unwrap();

    let middle = &segments(&copy)[1];
    let mut bytes = fs::read(middle).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(middle, &bytes).unwrap();
    untouched(&refused(folder.path(), &restore(&copy)).0, "restore: ");
    bytes[at] ^= 1;
    fs::write(middle, &bytes).unwrap();
    untouched(&refused(folder.path(), &restore(&folder.path().join("nowhere"))).0, "restore: ");
    said(folder.path(), &restore(&copy));
    records::assert_verifies(folder.path());
}

fn export(folder: &Path, further: &[&str]) -> Vec<Value> {
    let lines = said(folder, &[&["ledger", "export"], further].concat());
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sequences(lines: &[Value]) -> Vec<u64> {
    lines.iter().filter_map(|line| line["sequence"].as_u64()).collect()
}

#[tokio::test]
async fn an_export_has_every_record_and_its_proof_of_the_end() {
    let gateway = gateway(SMALL).await;
    ask_often(&gateway, 3).await;
    let large = "lorem ipsum ".repeat(40_000);
    ask(&gateway, &gateway.key(), &large).await;
    let folder = gateway.stop().0;
    let lines = export(folder.path(), &[]);
    assert_eq!(
        said(folder.path(), &["ledger", "export"]),
        said(folder.path(), &["ledger", "export"])
    );
    let (end, records) = lines.split_last().unwrap();
    let count = records.len() as u64;
    assert_eq!(sequences(records), (0..count).collect::<Vec<_>>());
    assert_eq!(end["public_key"], public_key(folder.path()));
    let note = end["checkpoint"].as_str().unwrap();
    assert!(note.starts_with(&format!("inferlayer/audit\n{count}\n")), "{note}");

    let mut reader = Reader::open(&folder.path().join("data"), Trust::FirstUse).unwrap();
    for line in records {
        let record = reader.next().unwrap().unwrap();
        assert_eq!(line["record_hash"], record.record_hash().to_string());
        assert_eq!(STANDARD.decode(line["header"].as_str().unwrap()).unwrap(), record.header());
        let metadata: Value = serde_json::from_slice(record.metadata()).unwrap();
        assert_eq!((&line["metadata"], &line["kind"]), (&metadata, &record.kind().name().into()));
        assert_eq!(line["content"]["bytes"].as_u64().unwrap_or(0), record.content_bytes());
        assert!(line["content"]["text"].is_null());
    }
    let opened = export(folder.path(), &["--content"]);
    let text = |line: &Value| line["content"]["text"].as_str().map(str::to_owned);
    let intents = opened.iter().filter(|line| line["kind"] == "intent").filter_map(text);
    let intents: Vec<_> = intents.collect();
    assert!(intents.len() == 4 && intents[0].contains("question 0") && intents[3].contains(&large));
    fs::remove_file(folder.path().join("data/keys/tenants/a.key")).unwrap();
    let closed = export(folder.path(), &["--content"]);
    assert!(closed.iter().any(|line| line["content"]["closed"] == "the tenant's key is not here"));
}

#[tokio::test]
async fn an_export_may_be_of_some_records_alone() {
    let provider = Provider::start(Script::AsAsked).await;
    let tenants = "  - { name: b, budget_usd: 1, content: none }\n";
    let gateway = Setup { more_tenants: tenants, ..Setup::of(&[provider.base_url()]) }.start();
    ask_often(&gateway, 2).await;
    ask(&gateway, &gateway.key_of("b"), "hi").await;
    let folder = gateway.folder.path();
    let all = export(folder, &[]);
    let part = export(folder, &["--from", "2", "--to", "4"]);
    assert_eq!(sequences(&part), [2, 3, 4]);
    assert!(part.last().unwrap()["checkpoint"].is_string(), "the end of the log, also of a part");
    let of_b = export(folder, &["--tenant", "b", "--content"]);
    assert!(sequences(&of_b).len() == 3, "{of_b:?}");
    assert!(of_b[..3].iter().all(|line| line["metadata"]["tenant"] == "b"));
    assert_eq!(of_b[1]["content"], serde_json::json!({"withheld": true}));

    let at = all[3]["time"].as_str().unwrap();
    let (since, until) = (export(folder, &["--since", at]), export(folder, &["--until", at]));
    assert_eq!(sequences(&[until, since].concat()), sequences(&all));
    let out = folder.join("export.jsonl");
    let to = out.to_str().unwrap();
    assert_eq!(said(folder, &["ledger", "export", "--out", to]), "");
    assert_eq!(fs::read_to_string(&out).unwrap(), said(folder, &["ledger", "export"]));
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&out).unwrap()) & 0o777, 0o600);
    let (there, code) = refused(folder, &["ledger", "export", "--out", to]);
    assert!(there.contains("--out") && code == 64, "{there}");
}

#[tokio::test]
async fn the_index_is_built_anew_while_no_gateway_runs() {
    let gateway = gateway(SMALL).await;
    ask_often(&gateway, 6).await;
    let (busy, code) = refused(gateway.folder.path(), &["ledger", "rebuild"]);
    assert!(busy.contains("ledger: ") && code == 65, "{busy}");
    said(gateway.folder.path(), &retain("0"));
    let folder = gateway.stop().0;
    let records = export(folder.path(), &[]);
    let last = sequences(&records).pop().unwrap();
    let done = said(folder.path(), &["ledger", "rebuild"]);
    assert_eq!(done, format!("the index has {} records, as the journal\n", last + 1));
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
