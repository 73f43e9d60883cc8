//! Backups of the ledger, and going on with one: through the built gateway, with what a crash
//! leaves.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;

use inferlayer_ledger::Kind;
use support::operator::*;
use support::{Gateway, records};

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
    let other = support::operator::gateway(SMALL).await;
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
async fn what_an_anchor_knows_to_be_lost_is_named() {
    let gateway = gateway(
        "ledger: { segment_bytes: 4000, anchors: [{ name: volume, every_seconds: 1, \
         to: { file: { path: kept.note } } }] }",
    )
    .await;
    ask_often(&gateway, 4).await;
    let copy = gateway.folder.path().join("backup");
    said(gateway.folder.path(), &["ledger", "backup", "--to", copy.to_str().unwrap()]);
    ask_often(&gateway, 4).await;
    let folder = gateway.stop().0;
    let note = fs::read_to_string(folder.path().join("kept.note")).unwrap();
    let anchored: u64 = note.lines().nth(1).unwrap().parse().unwrap();
    fs::remove_dir_all(folder.path().join("data/journal")).unwrap();
    let done = said(folder.path(), &restore(&copy));
    assert!(done.contains("acknowledged records are lost, "), "{done}");
    let gap = records::of_kind(&folder.path().join("data"), Kind::Restore).pop().unwrap();
    assert_eq!(gap["lost_until"], anchored);
    assert!(gap["lost_from"].as_u64().unwrap() < anchored);
    let gateway = Gateway::start_in(folder);
    ask_often(&gateway, 1).await;
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
