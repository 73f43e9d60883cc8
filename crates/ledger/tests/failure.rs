//! A ledger that cannot write says so at once and takes nothing more.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use common::*;
use inferlayer_ledger::verify::verify;
use inferlayer_ledger::{Kind, Ledger, Options, Trust, Unavailable};

fn switched(data: &std::path::Path) -> (Switched, Options) {
    let storage = Switched::new(data);
    let mut options = options(data);
    options.storage = Arc::new(storage.clone());
    (storage, options)
}

fn fails_closed(ledger: &Ledger) {
    let (pending, slot) = ledger.begin(entry(Kind::Intent, 1, "x")).unwrap();
    assert_eq!(pending.wait_blocking().unwrap_err(), Unavailable::Failed);
    assert!(!ledger.is_available());
    assert!(matches!(ledger.append(entry(Kind::Hit, 2, "x")), Err(Unavailable::Failed)));
    let outcome = slot.commit(entry(Kind::Outcome, 1, "x"));
    assert_eq!(outcome.wait_blocking().unwrap_err(), Unavailable::Failed);
    assert!(ledger.close().is_err());
}

#[test]
fn a_failed_sync_is_final_and_never_tried_again() {
    let data = tempfile::tempdir().unwrap();
    let (storage, options) = switched(data.path());
    let (ledger, _) = open(options).unwrap();
    append_singly(&ledger, 2);
    let head = ledger.head();
    storage.switches.fail_sync.store(true, Ordering::SeqCst);
    fails_closed(&ledger);
    assert_eq!(ledger.head(), head, "the head moved without a sync");
}

#[test]
fn a_full_disk_refuses_what_it_cannot_hold_and_takes_work_again_when_there_is_room() {
    let data = tempfile::tempdir().unwrap();
    let (storage, options) = switched(data.path());
    let (ledger, _) = open(options).unwrap();
    append_singly(&ledger, 2);
    let head = ledger.head();
    let (intent, slot) = ledger.begin(entry(Kind::Intent, 1, "x")).unwrap();
    intent.wait_blocking().unwrap();

    storage.switches.fail_append.store(true, Ordering::SeqCst);
    *storage.switches.free_bytes.lock().unwrap() = Some(0);
    let refused = ledger.append(entry(Kind::Hit, 2, "x")).unwrap().wait_blocking();
    assert_eq!(refused.unwrap_err(), Unavailable::DiskFull);
    assert!(!ledger.is_available());
    assert_eq!(ledger.begin(entry(Kind::Intent, 3, "x")).err(), Some(Unavailable::DiskFull));
    let report = verify(data.path(), Trust::FirstUse).unwrap();
    assert_eq!((report.records, report.unacknowledged_bytes), (head.size + 1, 0), "no half record");

    storage.switches.fail_append.store(false, Ordering::SeqCst);
    // Still short of room for new work, but what was begun ends.
    let outcome = slot.commit(entry(Kind::Outcome, 1, "x")).wait_blocking().unwrap();
    assert_eq!(outcome.sequence(), head.size + 1);
    *storage.switches.free_bytes.lock().unwrap() = None;
    while !ledger.is_available() {
        thread::yield_now();
    }
    append_singly(&ledger, 1);
    ledger.close().unwrap();
    let report = verify(data.path(), Trust::FirstUse).unwrap();
    assert_eq!((report.records, report.intents_cut), (head.size + 4, 0));
}

#[test]
fn a_process_out_of_descriptors_refuses_and_goes_on_when_it_has_one_again() {
    // A new segment for each commit, and content that is a file of its own.
    for large in [false, true] {
        let data = tempfile::tempdir().unwrap();
        let (storage, mut options) = switched(data.path());
        options.segment_bytes = if large { options.segment_bytes } else { 1 };
        let (ledger, _) = open(options).unwrap();
        append_singly(&ledger, 2);
        storage.switches.fail_create.store(true, Ordering::SeqCst);
        let text = if large { "x".repeat(1 << 20) } else { "x".to_owned() };
        let refused = ledger.append(entry(Kind::Hit, 2, &text)).unwrap().wait_blocking();
        assert_eq!(refused.unwrap_err(), Unavailable::NoDescriptors, "large {large}");
        storage.switches.fail_create.store(false, Ordering::SeqCst);
        while !ledger.is_available() {
            thread::yield_now();
        }
        append_singly(&ledger, 1);
        ledger.close().unwrap();
        assert!(verify(data.path(), Trust::FirstUse).is_ok());
    }
}

#[test]
fn what_is_written_counts_before_the_disk_is_asked_again() {
    let data = tempfile::tempdir().unwrap();
    let (storage, mut options) = switched(data.path());
    options.min_free_bytes = 1_000_000;
    *storage.switches.free_bytes.lock().unwrap() = Some(1_010_000);
    let (ledger, _) = open(options).unwrap();
    append_singly(&ledger, 1);
    // Asked a moment ago, and as long as nothing was written, not asked again.
    *storage.switches.free_bytes.lock().unwrap() = Some(0);
    ledger.append(entry(Kind::Refusal, 2, &"x".repeat(20_000))).unwrap().wait_blocking().unwrap();
    while ledger.is_available() {
        thread::yield_now();
    }
}

#[test]
fn new_work_stops_before_the_disk_is_full() {
    let data = tempfile::tempdir().unwrap();
    let (storage, mut options) = switched(data.path());
    options.min_free_bytes = 1000;
    *storage.switches.free_bytes.lock().unwrap() = Some(999);
    let (ledger, _) = open(options).unwrap();
    while ledger.is_available() {
        thread::yield_now();
    }
    *storage.switches.free_bytes.lock().unwrap() = Some(1000);
    while !ledger.is_available() {
        thread::yield_now();
    }
    append_singly(&ledger, 1);
}

#[test]
fn a_full_queue_refuses_new_entries_but_takes_reserved_outcomes() {
    let data = tempfile::tempdir().unwrap();
    let (storage, mut options) = switched(data.path());
    options.queue_records = 4;
    let (ledger, _) = open(options).unwrap();
    let stalled = storage.switches.stall.lock().unwrap();
    let (first, slot) = ledger.begin(entry(Kind::Intent, 1, "x")).unwrap();
    let (second, unused) = ledger.begin(entry(Kind::Intent, 2, "x")).unwrap();
    assert!(matches!(ledger.append(entry(Kind::Hit, 3, "x")), Err(Unavailable::QueueFull)));
    assert!(matches!(ledger.begin(entry(Kind::Intent, 3, "x")), Err(Unavailable::QueueFull)));
    let outcome = slot.commit(entry(Kind::Outcome, 1, "x"));
    drop(unused);
    let third = ledger.append(entry(Kind::Hit, 4, "x")).unwrap();
    drop(stalled);
    for pending in [first, second, outcome, third] {
        pending.wait_blocking().unwrap();
    }
    // Every place is free again.
    let all: Vec<_> =
        (0..4).map(|number| ledger.append(entry(Kind::Hit, number, "x")).unwrap()).collect();
    for pending in all {
        pending.wait_blocking().unwrap();
    }
}

#[test]
fn bytes_that_wait_are_bounded_too() {
    let data = tempfile::tempdir().unwrap();
    let (storage, mut options) = switched(data.path());
    options.queue_bytes = 1000;
    let (ledger, _) = open(options).unwrap();
    let stalled = storage.switches.stall.lock().unwrap();
    let taken = ledger.append(entry(Kind::Hit, 1, &"x".repeat(900))).unwrap();
    let refused = ledger.append(entry(Kind::Hit, 2, &"x".repeat(900)));
    assert!(matches!(refused, Err(Unavailable::QueueFull)));
    drop(stalled);
    taken.wait_blocking().unwrap();
    ledger.append(entry(Kind::Hit, 2, &"x".repeat(900))).unwrap().wait_blocking().unwrap();
}

#[test]
fn close_commits_what_waits_before_it() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    for number in 0..100 {
        drop(ledger.append(entry(Kind::Hit, number, "x")).unwrap());
    }
    ledger.close().unwrap();
    let kinds: Vec<Kind> = shown(data.path()).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds.len(), 102);
    assert_eq!(kinds.last(), Some(&Kind::Close));
}

#[test]
fn work_that_is_held_back_leaves_running_and_other_records_alone() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    let (intent, slot) = ledger.begin(entry(Kind::Intent, 1, "x")).unwrap();
    intent.wait_blocking().unwrap();
    ledger.hold_back(true);
    assert!(!ledger.is_available());
    assert!(matches!(ledger.begin(entry(Kind::Intent, 2, "x")), Err(Unavailable::AnchorLag)));
    assert!(matches!(ledger.append(entry(Kind::Hit, 2, "")), Err(Unavailable::AnchorLag)));
    slot.commit(entry(Kind::Outcome, 1, "x")).wait_blocking().unwrap();
    ledger.append(entry(Kind::Refusal, 2, "")).unwrap().wait_blocking().unwrap();
    ledger.hold_back(false);
    ledger.append(entry(Kind::Hit, 3, "")).unwrap().wait_blocking().unwrap();
    ledger.hold_back_for_good();
    ledger.hold_back(false);
    assert!(matches!(ledger.begin(entry(Kind::Intent, 4, "x")), Err(Unavailable::AnchorConflict)));
    ledger.close().unwrap();
}
