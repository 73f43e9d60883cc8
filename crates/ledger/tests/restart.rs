//! A log outlives its process: what was acknowledged is there, what was not is cut, never more.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::sync::Arc;
use std::thread;

use common::*;
use inferlayer_ledger::verify::verify;
use inferlayer_ledger::{
    Clock, Entry, FoldError, Kind, Ledger, OpenError, Place, Record, Trust, Unavailable,
};

#[test]
fn records_come_back_in_order_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, opened) = open_in(data.path());
    assert_eq!((opened.records, opened.last_sequence), (0, None));
    append_singly(&ledger, 3);
    ledger.close().unwrap();

    let mut seen = Vec::new();
    let (again, opened) = Ledger::open(options(data.path()), &mut |_, record| {
        seen.push((record.sequence(), record.kind(), text(record)));
        Ok(())
    })
    .unwrap();
    assert_eq!((opened.records, opened.last_sequence), (5, Some(4)));
    assert_eq!(opened.dead_runs, []);
    assert_eq!(seen[1], (1, Kind::Refusal, r#"{"n":0}"#.to_owned()));
    assert_eq!(seen[4].1, Kind::Close);
    assert_ne!(again.run_id(), ledger.run_id());
    assert_eq!(again.log_id(), ledger.log_id());
    assert_eq!(again.head().size, 6);
}

#[test]
fn a_run_without_close_is_told_dead_and_its_intent_counted() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    let (pending, slot) = ledger.begin(entry(Kind::Intent, 1, "prompt")).unwrap();
    pending.wait_blocking().unwrap();
    let dead = ledger.run_id();
    drop((slot, ledger));

    let (ledger, opened) = open_in(data.path());
    assert_eq!(opened.dead_runs, [dead]);
    let (_, slot) = ledger.begin(entry(Kind::Intent, 2, "prompt")).unwrap();
    slot.commit(entry(Kind::Outcome, 2, "answer")).wait_blocking().unwrap();
    let (pending, _slot) = ledger.begin(entry(Kind::Intent, 3, "prompt")).unwrap();
    pending.wait_blocking().unwrap();
    let report = verify(data.path(), Trust::FirstUse).unwrap();
    assert_eq!((report.intents_cut, report.intents_open, report.runs), (1, 1, 2));
    assert_eq!(report.outcomes_unannounced, 0);
}

#[test]
fn callers_share_commits_and_each_gets_its_own_receipt() {
    let data = tempfile::tempdir().unwrap();
    let mut options = options(data.path());
    let storage = Switched::new(data.path());
    options.storage = Arc::new(storage.clone());
    let (ledger, _) = open(options).unwrap();
    let stalled = storage.switches.stall.lock().unwrap();
    let threads: Vec<_> = (0..64)
        .map(|number| {
            let pending = ledger.append(entry(Kind::Hit, number, "x")).unwrap();
            thread::spawn(move || pending.wait_blocking().unwrap())
        })
        .collect();
    drop(stalled);
    let mut places: Vec<u64> =
        threads.into_iter().map(|thread| thread.join().unwrap().sequence()).collect();
    places.sort_unstable();
    assert_eq!(places, (1..=64).collect::<Vec<u64>>());
    let report = verify(data.path(), Trust::FirstUse).unwrap();
    assert_eq!(report.records, 65);
    assert!(report.commits <= 4, "{} commits: callers did not share", report.commits);
}

#[test]
fn a_tail_torn_at_any_byte_loses_only_what_was_not_acknowledged() {
    let data = tempfile::tempdir().unwrap();
    let file = finished_log(data.path(), 3);
    let whole = fs::read(&file).unwrap();
    let starts = frame_starts(&whole);
    // The last commit is the close record and its checkpoint.
    let acknowledged = starts[starts.len() - 3];
    for end in acknowledged..whole.len() {
        for zeros in [0, 100] {
            let mut torn = whole[..end].to_vec();
            torn.resize(end + zeros, 0);
            fs::write(&file, &torn).unwrap();
            let (ledger, opened) = open_in(data.path());
            assert_eq!(opened.records, 4, "cut at {end}, {zeros} zeros");
            assert_eq!(opened.truncated_bytes, (end + zeros - acknowledged) as u64);
            drop(ledger);
            let report = verify(data.path(), Trust::FirstUse).unwrap();
            assert_eq!((report.records, report.unacknowledged_bytes), (5, 0));
            let stated = format!("\"truncated_bytes\":{}", opened.truncated_bytes);
            assert!(shown(data.path())[4].1.contains(&stated));
        }
    }
}

#[test]
fn segments_follow_each_other_and_a_missing_one_is_named() {
    let data = tempfile::tempdir().unwrap();
    let small = || {
        let mut options = options(data.path());
        options.segment_bytes = 1500;
        options
    };
    for _ in 0..2 {
        let (ledger, _) = open(small()).unwrap();
        append_singly(&ledger, 10);
        ledger.close().unwrap();
    }
    let report = verify(data.path(), Trust::FirstUse).unwrap();
    assert!(report.segments > 3);
    let snapshots = report.kinds.get("snapshot").copied();
    assert_eq!(snapshots, Some(report.segments - 1), "one at the head of each but the first");
    assert_eq!(report.records, 24 + report.segments - 1);
    let mut names: Vec<_> = fs::read_dir(data.path().join("journal"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    names.retain(|name| name.extension().is_some_and(|extension| extension == "ilj"));
    names.sort();
    // The last but one: a start looks no further back.
    fs::remove_file(&names[names.len() - 2]).unwrap();
    let said = verify(data.path(), Trust::FirstUse).unwrap_err().to_string();
    assert!(said.contains("a segment is missing"), "{said}");
    assert!(matches!(open(small()), Err(OpenError::Corrupt(_))));
}

#[test]
fn a_second_writer_is_refused_and_readers_are_not() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    append_singly(&ledger, 2);
    assert!(matches!(open(options(data.path())), Err(OpenError::Locked)));
    assert_eq!(shown(data.path()).len(), 3);
    ledger.close().unwrap();
    ledger.close().unwrap();
    assert!(matches!(ledger.append(entry(Kind::Hit, 1, "")), Err(Unavailable::Closed)));
    open_in(data.path());
}

#[test]
fn time_never_goes_back_even_when_the_clock_does() {
    struct Backwards;
    impl Clock for Backwards {
        fn now_us(&self) -> u64 {
            5
        }
    }
    let data = tempfile::tempdir().unwrap();
    finished_log(data.path(), 1);
    let mut options = options(data.path());
    options.clock = Arc::new(Backwards);
    let (ledger, _) = open(options).unwrap();
    append_singly(&ledger, 1);
    let report = verify(data.path(), Trust::FirstUse).unwrap();
    assert!(report.last_time_us >= report.first_time_us && report.first_time_us > 5);
}

#[test]
fn what_cannot_be_folded_stops_the_start_and_names_the_record() {
    let data = tempfile::tempdir().unwrap();
    finished_log(data.path(), 2);
    let refuse = &mut |_: Place, record: &Record<'_>| match record.sequence() {
        2 => Err(FoldError("unknown key".into())),
        _ => Ok(()),
    };
    let refused = Ledger::open(options(data.path()), refuse).err().unwrap();
    assert!(matches!(refused, OpenError::Fold { sequence: 2, .. }), "{refused}");
}

#[test]
fn open_metadata_is_kept_or_refused() {
    let data = tempfile::tempdir().unwrap();
    let mut broken = options(data.path());
    broken.open_metadata = b"{".to_vec();
    assert!(matches!(open(broken), Err(OpenError::OpenMetadata(_))));
    let mut extra = options(data.path());
    extra.open_metadata = br#"{"host":"gw"}"#.to_vec();
    let (ledger, _) = open(extra).unwrap();
    assert!(shown(data.path())[0].1.contains(r#""extra":{"host":"gw"}"#));
    let mut reserved = Entry::system(Kind::Config, b"{}".to_vec());
    reserved.kind = Kind::Open;
    assert!(matches!(ledger.append(reserved), Err(Unavailable::Invalid(_))));
}

#[test]
fn receipts_resolve_in_async_code_and_name_their_record() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    let pending = ledger.append(entry(Kind::Hit, 1, "x")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let receipt = runtime.block_on(pending).unwrap();
    assert_eq!((receipt.sequence(), receipt.tree_size()), (1, 2));
    assert_eq!(receipt.root(), ledger.head().root);
    let parts: Vec<String> = receipt.reference().split('.').map(str::to_owned).collect();
    assert_eq!((parts[0].as_str(), parts[2].as_str(), parts[4].as_str()), ("v1", "1", "2"));
    ledger.close().unwrap();
    let late = runtime.block_on(async { ledger.append(entry(Kind::Hit, 2, "x")).map(drop) });
    assert_eq!(late, Err(Unavailable::Closed));
}
