//! Content opens with its tenant's key, at its place, and lies nowhere in the clear.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use bytes::Bytes;
use common::*;
use inferlayer_ledger::read::Reader;
use inferlayer_ledger::{
    Content, Entry, Flags, KeyError, Keyring, Kind, Options, SealError, Trust,
};

const CANARY: &str = "the-canary-sings-in-plaintext";

#[test]
fn content_opens_with_its_tenants_key_only() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    let mut parts = entry(Kind::Outcome, 1, "");
    parts.content = Content::Sealed(vec![Bytes::from("Hello, "), Bytes::from("world")]);
    ledger.append(parts).unwrap().wait_blocking().unwrap();
    let mut withheld = entry(Kind::Outcome, 2, "");
    withheld.content = Content::Withheld;
    ledger.append(withheld).unwrap().wait_blocking().unwrap();

    let mut reader = Reader::open(data.path(), Trust::FirstUse).unwrap();
    reader.next().unwrap();
    let record = reader.next().unwrap().unwrap();
    assert_eq!(record.tenant_tag(), Some(tenant(1).tag()));
    assert_eq!(record.request_id(), request(1));
    assert_eq!(record.open(&tenant(1)).unwrap().as_slice(), b"Hello, world");
    assert_eq!(record.open(&tenant(2)).unwrap_err(), SealError::Refused);
    let record = reader.next().unwrap().unwrap();
    assert!(record.flags().contains(Flags::WITHHELD));
    assert_eq!(record.open(&tenant(1)).unwrap_err(), SealError::NotSealed);
}

#[test]
fn no_plaintext_and_no_key_lies_in_the_data_folder() {
    let data = tempfile::tempdir().unwrap();
    let keyring = Keyring::open(&data.path().join("keys")).unwrap();
    let options =
        Options::new(data.path(), "gw-1.example".parse().unwrap(), keyring.signing().unwrap());
    let (ledger, _) = open(options).unwrap();
    for number in 0..50 {
        let sealed = Entry {
            tenant: Some(keyring.tenant("acme").unwrap()),
            ..entry(Kind::Outcome, number, CANARY)
        };
        ledger.append(sealed).unwrap().wait_blocking().unwrap();
    }
    ledger.close().unwrap();
    drop(ledger);
    let mut files = 0;
    each_file(data.path(), &mut |path, bytes| {
        files += 1;
        let found = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!found, "plaintext in {}", path.display());
    });
    assert!(files >= 6, "journal, view and keys were looked at");
}

fn each_file(folder: &Path, look: &mut dyn FnMut(&Path, &[u8])) {
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            each_file(&path, look);
        } else {
            look(&path, &fs::read(&path).unwrap());
        }
    }
}

#[test]
fn keys_are_made_once_and_found_again() {
    let data = tempfile::tempdir().unwrap();
    let keys = data.path().join("keys");
    let first = Keyring::open(&keys).unwrap();
    let again = Keyring::open(&keys).unwrap();
    let origin = "gw".parse().unwrap();
    assert_eq!(
        first.signing().unwrap().verifying_key(&origin).unwrap(),
        again.signing().unwrap().verifying_key(&origin).unwrap()
    );
    for name in ["acme", "Ünïcode / ../name", ""] {
        let tag = first.tenant(name).unwrap().tag();
        assert_eq!(again.tenant(name).unwrap().tag(), tag);
        assert_ne!(again.tenant("other").unwrap().tag(), tag);
    }
    for folder in [keys.clone(), keys.join("tenants")] {
        assert_eq!(mode(&folder), 0o700);
    }
    assert_eq!(mode(&keys.join("signing.key")), 0o600);
    assert_eq!(mode(&keys.join("tenants").join("acme.key")), 0o600);
    assert_eq!(fs::read_dir(&keys).unwrap().count(), 2, "nothing is left aside");
}

#[test]
fn keys_open_to_others_and_broken_keys_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let keys = data.path().join("keys");
    let keyring = Keyring::open(&keys).unwrap();
    keyring.tenant("acme").unwrap();
    let file = keys.join("tenants").join("acme.key");
    for wider in [0o640, 0o604, 0o620] {
        fs::set_permissions(&file, Permissions::from_mode(wider)).unwrap();
        assert!(matches!(keyring.tenant("acme"), Err(KeyError::Permissions { .. })), "{wider:o}");
    }
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let long = "A".repeat(1000);
    for broken in ["", "not base64!", "AAAA", &long] {
        fs::write(&file, broken).unwrap();
        assert!(matches!(keyring.tenant("acme"), Err(KeyError::Malformed { .. })), "{broken}");
    }
    fs::set_permissions(&keys, Permissions::from_mode(0o750)).unwrap();
    assert!(matches!(Keyring::open(&keys), Err(KeyError::Permissions { .. })));
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
