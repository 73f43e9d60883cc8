//! The attacks, each as its attacker would do it.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use inferlayer_ledger::{Kind, Ledger, Options, Receipt};
use serde_json::json;

use super::common::{Switched, append_singly, copy_with, entry, open, options, segment, signing};
use super::forge::{Journal, is_checkpoint, sign_again};
use super::unknown;

/// A journal, and what an auditor holds and has to say.
pub struct Case {
    pub name: &'static str,
    verdict: &'static str,
    pub journal: Journal,
    evidence: Vec<String>,
}

impl Case {
    pub fn new(name: &'static str, verdict: &'static str, journal: Journal) -> Self {
        Self { name, verdict, journal, evidence: Vec::new() }
    }

    fn held_against(self, evidence: &[String]) -> Self {
        Self { evidence: evidence.to_vec(), ..self }
    }

    /// Writes the folder of the case.
    pub fn write(&self, folder: &Path) {
        self.journal.write(folder);
        let (verdict, key, evidence) = (self.verdict, key(1), &self.evidence);
        let case = json!({ "verdict": verdict, "key": key, "evidence": evidence });
        let json = serde_json::to_string_pretty(&case).unwrap();
        fs::write(folder.join("case.json"), json + "\n").unwrap();
    }
}

/// All of them.
pub fn all() -> Vec<Case> {
    [clean(), inside_a_commit(), rehashed(), whole_segments(), ends(), keys_and_time(), receipts()]
        .into_iter()
        .flatten()
        .chain(corruption())
        .chain(unknown::cases())
        .collect()
}

/// Everything that a log may go through in good order.
fn clean() -> Vec<Case> {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open(small(data.path())).unwrap();
    let mut evidence = vec![append(&ledger).reference()];
    append_singly(&ledger, 6);
    let rotated = ledger.rotate(signing(2)).unwrap();
    append_singly(&ledger, 6);
    evidence.extend([rotated.reference(), note(&append(&ledger), 2)]);
    ledger.retain(6, "old enough").unwrap().unwrap();
    ledger.close().unwrap();
    vec![Case::new("clean", "holds", Journal::read(data.path())).held_against(&evidence)]
}

/// What is done with the bytes at hand. Frames: open, note, record 1, note, records 2 to 4, note, …
fn inside_a_commit() -> Vec<Case> {
    let log = grouped();
    let changed = |name, change: fn(&mut Vec<Vec<u8>>)| {
        let mut journal = log.clone();
        change(journal.first());
        Case::new(name, name, journal)
    };
    vec![
        changed("edit", |frames| edit(&mut frames[5])),
        changed("delete", |frames| drop(frames.remove(5))),
        changed("insert", |frames| frames.insert(5, frames[5].clone())),
        changed("reorder", |frames| frames.swap(4, 5)),
    ]
}

/// The same by somebody who computes all hashes anew, up to the checkpoint that takes a key.
fn rehashed() -> Vec<Case> {
    let log = grouped();
    let changed = |name, verdict, change: fn(&mut Vec<Vec<u8>>)| {
        let mut journal = log.clone();
        change(journal.first());
        journal.rehash();
        Case::new(name, verdict, journal)
    };
    let edited = changed("edit_rehashed", "edit", |frames| edit(&mut frames[5]));
    let mut signed = edited.journal.clone();
    signed.sign(3);
    vec![
        edited,
        Case::new("edit_signed_by_another", "edit", signed),
        changed("delete_rehashed", "delete", |frames| drop(frames.remove(5))),
        changed("insert_rehashed", "insert", |frames| {
            frames.insert(5, frames[5].clone());
            edit(&mut frames[5]);
        }),
    ]
}

fn whole_segments() -> Vec<Case> {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open(small(data.path())).unwrap();
    append_singly(&ledger, 10);
    ledger.close().unwrap();
    let log = Journal::read(data.path());
    let names: Vec<u64> = log.0.keys().copied().collect();
    let without = |name, verdict, segment| {
        let mut journal = log.clone();
        journal.0.remove(&segment);
        Case::new(name, verdict, journal)
    };
    vec![without("delete_segment", "delete", names[1]), without("cut_head", "cut_head", names[0])]
}

/// What a log alone cannot show.
fn ends() -> Vec<Case> {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open(options(data.path())).unwrap();
    append_singly(&ledger, 2);
    let early = copy_with(data.path(), &fs::read(segment(data.path())).unwrap());
    let held = append(&ledger);
    append_singly(&ledger, 1);
    ledger.close().unwrap();
    let mut cut = Journal::read(data.path());
    cut.first().truncate(6);
    let rolled_back = Journal::read(early.path());
    let (ledger, _) = open(options(early.path())).unwrap();
    append_singly(&ledger, 2);
    drop(ledger);
    let forked = Journal::read(early.path());
    let (receipt, note) = (held.reference(), note(&held, 1));
    vec![
        Case::new("cut_tail", "cut_tail", cut).held_against(&[receipt]),
        Case::new("rollback", "rollback", rolled_back).held_against(std::slice::from_ref(&note)),
        Case::new("fork", "fork", forked).held_against(&[note]),
    ]
}

/// Attackers who hold a key: one that was replaced, and the operator's own.
fn keys_and_time() -> Vec<Case> {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open(options(data.path())).unwrap();
    append_singly(&ledger, 1);
    let mut dated_back = Journal::read(data.path());
    ledger.rotate(signing(2)).unwrap();
    append_singly(&ledger, 1);
    drop(ledger);
    let mut retired = Journal::read(data.path());
    let last = retired.last().last_mut().unwrap();
    *last = sign_again(last, 1);

    dated_back.first()[2][32..40].copy_from_slice(&1_000_000_000_000_000_u64.to_be_bytes());
    dated_back.rehash();
    dated_back.sign(1);
    vec![Case::new("retired_key", "retired_key", retired), Case::new("clock", "clock", dated_back)]
}

fn receipts() -> Vec<Case> {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open(options(data.path())).unwrap();
    let (_, second) = (append(&ledger), append(&ledger));
    ledger.close().unwrap();
    let log = Journal::read(data.path());
    let of_another_record = second.reference().replacen(".2.", ".1.", 1);
    let other = tempfile::tempdir().unwrap();
    let mut strange = options(other.path());
    strange.signing = signing(2);
    let of_another_log = append(&open(strange).unwrap().0).reference();
    let replayed =
        |name, evidence| Case::new(name, "replayed_receipt", log.clone()).held_against(&[evidence]);
    vec![
        replayed("replayed_receipt", of_another_record),
        replayed("replayed_receipt_of_another_log", of_another_log),
    ]
}

/// What disks do.
fn corruption() -> Vec<Case> {
    let mut zeroed = grouped();
    zeroed.first()[5][..64].fill(0);
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open(small(data.path())).unwrap();
    append_singly(&ledger, 6);
    ledger.close().unwrap();
    let mut torn = Journal::read(data.path());
    torn.first().last_mut().unwrap().truncate(100);
    vec![
        Case::new("corruption", "corruption", zeroed),
        Case::new("corruption_torn_segment", "corruption", torn),
    ]
}

/// One segment: an open record, record 1, records 2 to 4 in one commit, record 5, a close record.
fn grouped() -> Journal {
    let data = tempfile::tempdir().unwrap();
    let storage = Switched::new(data.path());
    let mut options = options(data.path());
    options.storage = Arc::new(storage.clone());
    let (ledger, _) = open(options).unwrap();
    let written = || fs::metadata(segment(data.path())).unwrap().len();
    let before = written();
    let stalled = storage.switches.stall.lock().unwrap();
    let first = ledger.append(entry(Kind::Refusal, 1, "x")).unwrap();
    // Once the first is written and waits for its sync, others wait for a commit of their own.
    while written() == before {
        thread::yield_now();
    }
    let group = [2, 3, 4].map(|n| ledger.append(entry(Kind::Refusal, n, "x")).unwrap());
    drop(stalled);
    first.wait_blocking().unwrap();
    group.into_iter().for_each(|pending| drop(pending.wait_blocking().unwrap()));
    append_singly(&ledger, 1);
    ledger.close().unwrap();
    let mut journal = Journal::read(data.path());
    let notes: Vec<bool> = journal.first().iter().map(|frame| is_checkpoint(frame)).collect();
    assert_eq!(notes[..8], [false, true, false, true, false, false, false, true]);
    journal
}

/// Says another number in a record's metadata.
fn edit(record: &mut [u8]) {
    record[216 + 5] = b'9';
}

/// Segments of a few records.
fn small(data: &Path) -> Options {
    let mut options = options(data);
    options.segment_bytes = 1500;
    options
}

fn append(ledger: &Ledger) -> Receipt {
    ledger.append(entry(Kind::Hit, 7, "x")).unwrap().wait_blocking().unwrap()
}

fn key(seed: u8) -> String {
    signing(seed).verifying_key(&"gw-1.example".parse().unwrap()).unwrap().to_string()
}

fn note(receipt: &Receipt, seed: u8) -> String {
    receipt.checkpoint().note(&key(seed).parse().unwrap())
}
