//! The view follows the journal, and whatever happens to it is repaired from there.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use common::*;
use inferlayer_ledger::{FileStorage, Kind, Ledger, Opened, ViewStart};

fn open_with_view(data: &Path) -> (Ledger, Opened) {
    let mut options = options(data);
    options.view = Some(data.join("view"));
    open(options).unwrap()
}

/// Waits until the view has everything.
fn follow(ledger: &Ledger) {
    let begun = Instant::now();
    while ledger.indexed() < ledger.head().size {
        assert!(begun.elapsed() < Duration::from_secs(60), "the view does not follow");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Every record is found by its sequence, with the hash that the journal has.
fn agrees(ledger: &Ledger) {
    follow(ledger);
    for sequence in 0..ledger.head().size {
        assert_eq!(ledger.locate(sequence).unwrap().sequence, sequence);
    }
    assert_eq!(ledger.locate(ledger.head().size), None);
}

#[test]
fn records_are_found_by_sequence_and_request() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, opened) = open_with_view(data.path());
    assert_eq!(opened.view, ViewStart::New);
    let (pending, slot) = ledger.begin(entry(Kind::Intent, 9, "x")).unwrap();
    let intent = pending.wait_blocking().unwrap();
    let outcome = slot.commit(entry(Kind::Outcome, 9, "y")).wait_blocking().unwrap();
    agrees(&ledger);
    let row = ledger.locate(outcome.sequence()).unwrap();
    assert_eq!((row.kind, row.record_hash), (Kind::Outcome, outcome.record_hash()));
    assert_eq!(row.tenant_tag, Some(tenant(1).tag()));
    let found = ledger.sequences_of(request(9).unwrap()).unwrap();
    assert_eq!(found, [intent.sequence(), outcome.sequence()]);
    assert!(ledger.sequences_of(request(8).unwrap()).unwrap().is_empty());
}

#[test]
fn what_memory_cannot_hold_is_read_back_from_the_journal() {
    for recent_rows in [0, 1, 7] {
        let data = tempfile::tempdir().unwrap();
        let mut options = options(data.path());
        options.view = Some(data.path().join("view"));
        options.recent_rows = recent_rows;
        let (ledger, _) = open(options).unwrap();
        for round in 0..3u64 {
            let append = |number| ledger.append(entry(Kind::Refusal, round * 50 + number, "x"));
            let pending: Vec<_> = (0..50).map(|number| append(number).unwrap()).collect();
            pending.into_iter().for_each(|pending| drop(pending.wait_blocking().unwrap()));
            agrees(&ledger);
        }
        let rows = ledger.records_of(tenant(1).tag(), 0..u64::MAX, 1000).unwrap();
        let sequences: Vec<u64> = rows.iter().map(|row| row.sequence).collect();
        assert_eq!(sequences, (1..=150).collect::<Vec<_>>());
        assert!((0..151).all(|sequence| ledger.proof(sequence).is_ok()));
    }
}

#[test]
fn the_newest_records_are_found_before_the_view_has_them() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_with_view(data.path());
    for number in 0..50 {
        let (pending, slot) = ledger.begin(entry(Kind::Intent, number, "x")).unwrap();
        let intent = pending.wait_blocking().unwrap().sequence();
        let of_request = || ledger.sequences_of(request(number).unwrap()).unwrap();
        assert_eq!(of_request(), [intent]);
        let outcome = slot.commit(entry(Kind::Outcome, number, "y")).wait_blocking().unwrap();
        assert_eq!(of_request(), [intent, outcome.sequence()]);
        assert_eq!(ledger.locate(outcome.sequence()).unwrap().place(), outcome.place());
        assert!(ledger.proof(outcome.sequence()).is_ok());
    }
}

#[test]
fn the_view_is_kept_deleted_and_caught_up() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_with_view(data.path());
    append_singly(&ledger, 20);
    ledger.close().unwrap();
    drop(ledger);

    // Without the view for a while: it has to catch up.
    drop(open_in(data.path()));
    let (ledger, opened) = open_with_view(data.path());
    assert_eq!(opened.view, ViewStart::Kept);
    agrees(&ledger);
    ledger.close().unwrap();

    fs::remove_dir_all(data.path().join("view")).unwrap();
    let (ledger, opened) = open_with_view(data.path());
    assert_eq!(opened.view, ViewStart::New);
    agrees(&ledger);
}

#[test]
fn a_view_of_garbage_is_moved_aside_and_rebuilt() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_with_view(data.path());
    append_singly(&ledger, 5);
    ledger.close().unwrap();
    drop(ledger);

    let view = data.path().join("view");
    for file in ["db", "conf"] {
        fs::write(view.join(file), vec![0xa5; 5000]).unwrap();
        let (ledger, opened) = open_with_view(data.path());
        assert!(matches!(opened.view, ViewStart::Rebuilt { .. }), "{file}: {:?}", opened.view);
        agrees(&ledger);
        drop(ledger);
        assert!(data.path().join("view.damaged").exists());
    }
}

#[test]
fn a_view_that_knows_more_than_the_journal_stops_the_start() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_with_view(data.path());
    append_singly(&ledger, 5);
    follow(&ledger);
    ledger.close().unwrap();
    drop(ledger);
    // An older copy of the journal is put back.
    let file = segment(data.path());
    let whole = fs::read(&file).unwrap();
    let starts = frame_starts(&whole);
    fs::write(&file, &whole[..starts[4]]).unwrap();
    let mut refused = options(data.path());
    refused.view = Some(data.path().join("view"));
    let said = open(refused).err().unwrap().to_string();
    assert!(said.contains("it knows 7 records, the journal 2: acknowledged"), "{said}");
    assert_eq!(fs::read(&file).unwrap().len(), starts[4], "nothing is written");
    // The journal comes back.
    fs::write(&file, &whole).unwrap();
    let (ledger, opened) = open_with_view(data.path());
    assert_eq!(opened.view, ViewStart::Kept);
    agrees(&ledger);
}

#[test]
fn a_view_of_another_history_or_log_stops_the_start() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_with_view(data.path());
    append_singly(&ledger, 5);
    follow(&ledger);
    ledger.close().unwrap();
    drop(ledger);
    // The same key and origin, and other records.
    let other = tempfile::tempdir().unwrap();
    finished_log(other.path(), 8);
    fs::copy(segment(other.path()), segment(data.path())).unwrap();
    let refused = |signer: u8| {
        let mut options = options(data.path());
        options.view = Some(data.path().join("view"));
        options.public_key_file = None;
        options.signing = signing(signer);
        open(options).err().unwrap().to_string()
    };
    assert!(refused(1).contains("it knows another record"), "{}", refused(1));
    let mut foreign = options(other.path());
    foreign.journal = data.path().join("foreign");
    foreign.storage = Arc::new(FileStorage::new(&foreign.journal));
    foreign.signing = signing(2);
    foreign.signs.clear();
    foreign.public_key_file = None;
    let (ledger, _) = open(foreign).unwrap();
    ledger.close().unwrap();
    drop(ledger);
    fs::copy(
        segment(data.path()).with_file_name("../foreign/00000000000000000000.ilj"),
        segment(data.path()),
    )
    .unwrap();
    assert!(refused(2).contains("it belongs to another log"), "{}", refused(2));
}
