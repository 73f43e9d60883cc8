//! A log that is handed on to another key, and one that was restored or rolled back.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::path::Path;

use common::*;
use inferlayer_ledger::verify::{Evidence, Examination, verify};
use inferlayer_ledger::{
    Anchored, Damage, EntryError, Keyring, Ledger, OpenError, ReadError, Receipt, SigningKey,
    Trust, Unavailable, VerifyingKey,
};

fn key_of(signing: &SigningKey) -> VerifyingKey {
    signing.verifying_key(&"gw-1.example".parse().unwrap()).unwrap()
}

fn append(ledger: &Ledger) -> Receipt {
    let pending = ledger.append(entry(inferlayer_ledger::Kind::Hit, 1, "x")).unwrap();
    pending.wait_blocking().unwrap()
}

#[test]
fn a_log_is_handed_on_and_both_keys_vouch_for_it() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    append(&ledger);
    ledger.rotate(signing(2)).unwrap();
    let after = append(&ledger);
    drop(ledger);
    for trusted in [signing(1), signing(2)] {
        let report = verify(data.path(), Trust::Key(key_of(&trusted))).unwrap();
        assert_eq!(report.keys, [key_of(&signing(2)).to_string(), key_of(&signing(1)).to_string()]);
        assert!(report.root == after.root().to_string());
    }
    assert!(verify(data.path(), Trust::Key(key_of(&signing(3)))).is_err());

    assert!(matches!(open(options(data.path())), Err(OpenError::OtherKey { .. })));
    let mut next = options(data.path());
    next.next_signing = Some(signing(2));
    let (ledger, opened) = open(next).unwrap();
    assert!(opened.rotated);
    append(&ledger);
    drop(ledger);
    let mut promoted = options(data.path());
    promoted.signing = signing(2);
    let (_, opened) = open(promoted).unwrap();
    assert!(!opened.rotated);
    verify(data.path(), Trust::FirstUse).unwrap();
}

#[test]
fn a_log_is_handed_to_no_key_that_signed_it_before() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    ledger.rotate(signing(2)).unwrap();
    for known in [signing(1), signing(2)] {
        let refused = ledger.rotate(known).err();
        assert_eq!(refused, Some(Unavailable::Invalid(EntryError::KnownKey)));
    }
    append(&ledger);
    ledger.rotate(signing(3)).unwrap();
    ledger.close().unwrap();
    verify(data.path(), Trust::Key(key_of(&signing(3)))).unwrap();
}

#[test]
fn a_staged_key_takes_the_place_of_the_old_one_which_is_gone() {
    let data = tempfile::tempdir().unwrap();
    let keys = data.path().join("keys");
    let keyring = Keyring::open(&keys).unwrap();
    let old = key_of(&keyring.signing().unwrap());
    assert!(keyring.next_signing().unwrap().is_none());
    let staged = key_of(&keyring.stage_signing().unwrap());
    assert_eq!(key_of(&keyring.stage_signing().unwrap()), staged, "made once");
    assert_eq!(key_of(&keyring.next_signing().unwrap().unwrap()), staged);
    assert_ne!(staged, old);
    // A name that somebody gave the old key leads to nothing any more.
    let kept = data.path().join("kept");
    fs::hard_link(keys.join("signing.key"), &kept).unwrap();
    keyring.promote_signing().unwrap();
    assert_eq!(key_of(&keyring.signing().unwrap()), staged);
    assert!(keyring.next_signing().unwrap().is_none());
    assert!(fs::read(&kept).unwrap().iter().all(|byte| *byte == 0));
}

#[test]
fn a_retired_key_signs_nothing_any_more() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    append(&ledger);
    drop(ledger);
    let before = fs::read(segment(data.path())).unwrap();
    let (ledger, _) = open_in(data.path());
    ledger.rotate(signing(2)).unwrap();
    drop(ledger);
    let rotated = fs::read(segment(data.path())).unwrap();
    // Who kept the old key goes on with it behind the rotation, as a writer that forgot it would.
    let mut forged = rotated.clone();
    forged.extend(commit_by_old_key(data.path(), &rotated));
    fs::write(segment(data.path()), &forged).unwrap();
    match verify(data.path(), Trust::FirstUse) {
        Err(ReadError::Fault(fault)) => assert_eq!(fault.what, Damage::RetiredKey),
        other => panic!("{other:?}"),
    }
    assert!(before.len() < rotated.len());
}

/// The last commit of a log that goes on behind `rotated`, its checkpoint signed by the old key.
fn commit_by_old_key(data: &Path, rotated: &[u8]) -> Vec<u8> {
    let copy = copy_with(data, rotated);
    let mut next = options(copy.path());
    next.signing = signing(2);
    let (ledger, _) = open(next).unwrap();
    let head = ledger.head();
    drop(ledger);
    let bytes = fs::read(segment(copy.path())).unwrap();
    let starts = frame_starts(&bytes);
    let record = &bytes[rotated.len()..starts[starts.len() - 2]];
    let text = {
        let note = &bytes[starts[starts.len() - 2] + 8..];
        let note = String::from_utf8(note.to_vec()).unwrap();
        assert!(note.contains(&format!("\n{}\n", head.size)));
        note.split_once("\n\n").unwrap().0.to_owned() + "\n"
    };
    let note = sign_note(&signing_pair(1), &text, &key_of(&signing(1)));
    let mut commit = record.to_vec();
    commit.extend(b"ILCP");
    commit.extend(u32::try_from(note.len()).unwrap().to_be_bytes());
    commit.extend(note.as_bytes());
    commit
}

fn signing_pair(seed: u8) -> ring::signature::Ed25519KeyPair {
    ring::signature::Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn sign_note(pair: &ring::signature::Ed25519KeyPair, text: &str, key: &VerifyingKey) -> String {
    use base64::Engine;
    let line = key.to_string();
    let id = u32::from_str_radix(line.split('+').nth(1).unwrap(), 16).unwrap();
    let mut signed = id.to_be_bytes().to_vec();
    signed.extend_from_slice(pair.sign(text.as_bytes()).as_ref());
    let signed = base64::engine::general_purpose::STANDARD.encode(signed);
    format!("{text}\n\u{2014} gw-1.example {signed}\n")
}

/// Three commits, and copies of the journal after each of the first two.
struct History {
    data: tempfile::TempDir,
    early: tempfile::TempDir,
    receipts: Vec<Receipt>,
}

fn history() -> History {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    let mut receipts = vec![append(&ledger)];
    let early = copy_with(data.path(), &fs::read(segment(data.path())).unwrap());
    receipts.extend([append(&ledger), append(&ledger)]);
    ledger.close().unwrap();
    History { data, early, receipts }
}

/// How far the evidence shows the log to be complete, or what it shows instead.
fn held_against(data: &Path, evidence: &str) -> Result<u64, &'static str> {
    let evidence = vec![Evidence::read("held elsewhere", evidence).unwrap()];
    let report = Examination::new(data, Trust::FirstUse).evidence(evidence).run().unwrap();
    report.verdict().map_or(Ok(report.complete_to), Err)
}

fn note(receipt: &Receipt) -> String {
    receipt.checkpoint().note(&key_of(&signing(1)))
}

#[test]
fn receipts_and_checkpoints_tell_what_a_log_alone_cannot() {
    let History { data, early, receipts } = history();
    let last = receipts.last().unwrap();
    assert_eq!(held_against(data.path(), &last.reference()), Ok(4));
    assert_eq!(held_against(data.path(), &note(last)), Ok(4));
    let cut = held_against(early.path(), &last.reference());
    assert_eq!(cut, Err("cut_tail"));
    let rolled_back = held_against(early.path(), &note(last));
    assert_eq!(rolled_back, Err("rollback"));

    let (ledger, _) = open_in(early.path());
    append(&ledger);
    append(&ledger);
    drop(ledger);
    assert_eq!(held_against(early.path(), &note(last)), Err("fork"));

    // Another record's place, another log, another signature.
    let twin = history().receipts[0].reference();
    assert_eq!(held_against(data.path(), &twin), Err("fork"));
    let other = tempfile::tempdir().unwrap();
    let mut strange = options(other.path());
    strange.signing = signing(2);
    let strange = append(&open(strange).unwrap().0).reference();
    assert_eq!(held_against(data.path(), &strange), Err("replayed_receipt"));
    let moved = last.reference().replacen(".3.", ".2.", 1);
    assert_eq!(held_against(data.path(), &moved), Err("replayed_receipt"));
    assert!(Evidence::read("", "v1.abc").is_err());
}

fn anchored(receipt: &Receipt) -> Vec<Anchored> {
    vec![Anchored { source: "the other disk".into(), note: note(receipt).into_bytes() }]
}

#[test]
fn a_journal_that_lacks_what_an_anchor_has_is_not_written_on() {
    let History { data, early, receipts } = history();
    let with_anchor = |data: &Path, receipt: &Receipt| {
        let mut options = options(data);
        options.anchored = anchored(receipt);
        open(options).map(drop)
    };
    for receipt in &receipts {
        with_anchor(data.path(), receipt).unwrap();
    }
    let last = receipts.last().unwrap();
    let refused = with_anchor(early.path(), last);
    assert!(matches!(refused, Err(OpenError::RolledBack { anchored: 4, records: 2, .. })));
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(with_anchor(empty.path(), last), Err(OpenError::RolledBack { .. })));
    let (ledger, _) = open_in(early.path());
    append(&ledger);
    append(&ledger);
    drop(ledger);
    assert!(matches!(with_anchor(early.path(), last), Err(OpenError::Forked { .. })));
    let mut garbled = options(data.path());
    garbled.anchored = vec![Anchored { source: "x".into(), note: b"no note".to_vec() }];
    assert!(matches!(open(garbled), Err(OpenError::Anchor { .. })));
}

#[test]
fn a_restored_backup_names_its_gap_and_goes_on() {
    let History { early, receipts, .. } = history();
    let last = receipts.last().unwrap();
    let mut restore = options(early.path());
    restore.anchored = anchored(last);
    restore.restored = Some("the disk died".into());
    let (ledger, _) = open(restore).unwrap();
    append(&ledger);
    append(&ledger);
    drop(ledger);
    let said = shown(early.path()).into_iter().map(|(_, text)| text);
    let gap = r#"{"event":"restore","lost_from":2,"lost_until":4,"reason":"the disk died"}"#;
    assert!(said.into_iter().any(|text| text == gap));
    let held = held_against(early.path(), &note(last));
    assert_eq!(held, Err("fork"), "what a restore explains it does not excuse");
    let mut again = options(early.path());
    again.anchored = anchored(last);
    open(again).unwrap();
}
