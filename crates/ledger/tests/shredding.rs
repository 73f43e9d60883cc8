//! A tenant's key that was destroyed: its bytes are nowhere, what it sealed stays sealed, and a
//! crash in the middle is put right.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use common::*;
use inferlayer_ledger::read::Reader;
use inferlayer_ledger::verify::verify;
use inferlayer_ledger::{
    Entry, KeyError, Keyring, Kind, Options, SealError, TenantKeys, TenantTag, Trust,
};
use tempfile::TempDir;

struct Folder {
    keys: TenantKeys,
    file: PathBuf,
    tag: TenantTag,
    data: TempDir,
}

fn folder() -> Folder {
    let data = tempfile::tempdir().unwrap();
    let directory = data.path().join("keys");
    let tag = Keyring::open(&directory).unwrap().tenant("acme").unwrap().tag();
    let (keys, file) = (TenantKeys::at(&directory), directory.join("tenants/acme.key"));
    Folder { keys, file, tag, data }
}

#[test]
fn a_destroyed_key_opens_nothing_and_the_log_still_holds() {
    let Folder { keys, file, data, .. } = folder();
    let keyring = Keyring::open(&data.path().join("keys")).unwrap();
    let options =
        Options::new(data.path(), "gw-1.example".parse().unwrap(), keyring.signing().unwrap());
    let (ledger, _) = open(options).unwrap();
    let sealed = Entry {
        tenant: Some(keyring.tenant("acme").unwrap()),
        ..entry(Kind::Outcome, 1, "not to be read again")
    };
    ledger.append(sealed).unwrap().wait_blocking().unwrap();
    // Another name of the file, as a crash while it was made leaves one.
    let other_name = file.with_extension("new-1");
    fs::hard_link(&file, &other_name).unwrap();
    keys.destroy("acme").unwrap();
    assert!(!file.exists());
    assert!(fs::read(&other_name).unwrap().iter().all(|byte| *byte == 0));
    assert!(keys.find("acme").unwrap().is_none());

    let new = keyring.tenant("acme").unwrap();
    let mut reader = Reader::open(data.path(), Trust::FirstUse).unwrap();
    reader.next().unwrap();
    let refused = reader.next().unwrap().unwrap().open(&new).unwrap_err();
    assert_eq!(refused, SealError::Refused);
    verify(&data.path().join("journal"), Trust::FirstUse).unwrap();
}

#[test]
fn what_a_crash_left_is_finished() {
    let Folder { keys, file, tag, data: _data } = folder();
    let other = TenantTag([9; 16]);
    assert!(!keys.finish("acme", &[]).unwrap());
    assert!(!keys.finish("acme", &[other]).unwrap());
    assert!(keys.find("acme").unwrap().is_some(), "a key that was not shredded stays");
    assert!(keys.finish("acme", &[other, tag]).unwrap());
    assert!(!file.exists());
    assert!(!keys.finish("acme", &[tag]).unwrap(), "nothing is left to do");

    keys.load_or_create("acme").unwrap();
    fs::write(&file, [0; 45]).unwrap();
    assert!(keys.find("acme").is_err());
    assert!(!keys.finish("acme", &[]).unwrap(), "nobody asked for that");
    assert!(keys.finish("acme", &[tag]).unwrap());
    assert!(!file.exists());
}

#[test]
fn a_broken_or_open_file_is_left_for_its_owner_to_see() {
    let Folder { keys, file, tag, data: _data } = folder();
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(keys.finish("acme", &[tag]), Err(KeyError::Permissions { .. })));
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    for broken in ["", "\0\0x", "not a key"] {
        fs::write(&file, broken).unwrap();
        assert!(!keys.finish("acme", &[tag]).unwrap(), "{broken}");
        assert!(file.exists());
    }
    assert!(matches!(keys.destroy("nobody"), Err(KeyError::Io { .. })));
}
