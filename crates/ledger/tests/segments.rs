//! What segments are for: a start that reads the last ones only, a past that can be dropped, and
//! content too large for them.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use common::*;
use inferlayer_ledger::verify::verify;
use inferlayer_ledger::{
    Content, Damage, FoldError, Kind, Ledger, OpenError, Opened, Options, ReadError, Record,
    SnapshotItems, State, Trust,
};
use serde_json::value::RawValue;

/// Counts refusals, and can be read from outside.
#[derive(Clone, Default)]
struct Counted(Arc<Mutex<u64>>);

impl State for Counted {
    fn record(&mut self, record: &Record<'_>) -> Result<(), FoldError> {
        let mut count = self.0.lock().unwrap();
        match record.kind() {
            Kind::Refusal => *count += 1,
            Kind::Snapshot => {
                let items: SnapshotItems<'_> = serde_json::from_slice(record.metadata()).unwrap();
                if items.part == 0 {
                    *count = 0;
                }
                *count += items.state.iter().map(|item| item.get().len() as u64 - 2).sum::<u64>();
            }
            _ => {}
        }
        Ok(())
    }

    /// Strings whose lengths add up to the count, 50,000 at a time.
    fn items(&self) -> Vec<Box<RawValue>> {
        let mut left = usize::try_from(*self.0.lock().unwrap()).unwrap();
        let mut items = Vec::new();
        while left > 0 {
            let length = left.min(50_000);
            left -= length;
            items.push(RawValue::from_string(format!("{:?}", "x".repeat(length))).unwrap());
        }
        items
    }
}

fn small(data: &Path, state: &Counted) -> Options {
    let mut options = options(data);
    options.segment_bytes = 3000;
    options.state = Box::new(state.clone());
    options
}

fn open_small(data: &Path) -> (Ledger, Opened, Counted) {
    let state = Counted::default();
    let (ledger, opened) = open(small(data, &state)).unwrap();
    (ledger, opened, state)
}

fn segments(data: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(data.join("journal")).unwrap().map(|file| file.unwrap().path());
    let mut names: Vec<_> =
        files.filter(|name| name.extension().is_some_and(|extension| extension == "ilj")).collect();
    names.sort();
    names
}

fn sequence_of(segment: &Path) -> u64 {
    segment.file_stem().unwrap().to_str().unwrap().parse().unwrap()
}

#[test]
fn a_start_reads_the_last_segments_and_knows_what_all_of_them_said() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _, _) = open_small(data.path());
    append_singly(&ledger, 40);
    ledger.close().unwrap();
    let size = ledger.head().size;
    assert!(segments(data.path()).len() > 4);

    let mut seen = 0;
    let state = Counted::default();
    let (again, opened) = Ledger::open(small(data.path(), &state), &mut |_, _| {
        seen += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!((*state.0.lock().unwrap(), opened.records), (40, size));
    assert!(seen < 20, "{seen} records were read");
    assert_eq!(again.log_id(), ledger.log_id());
    append_singly(&again, 10);
    again.close().unwrap();
    assert_eq!(*state.0.lock().unwrap(), 50, "the state follows new records");
    verify(data.path(), Trust::FirstUse).unwrap();
}

#[test]
fn a_state_of_many_parts_comes_back_whole() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _, state) = open_small(data.path());
    *state.0.lock().unwrap() = 3_000_000;
    append_singly(&ledger, 40);
    drop(ledger);
    let (_, _, again) = open_small(data.path());
    assert_eq!(*again.0.lock().unwrap(), 3_000_040);
    assert!(verify(data.path(), Trust::FirstUse).unwrap().kinds["snapshot"] > 20);
}

#[test]
fn segments_are_verified_side_by_side_and_joined_in_order() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _, _) = open_small(data.path());
    append_singly(&ledger, 60);
    ledger.close().unwrap();
    let names = segments(data.path());
    let verified = |threads| {
        let examination = inferlayer_ledger::verify::Examination::new(data.path(), Trust::FirstUse);
        examination.threads(threads).run()
    };
    assert_eq!(verified(1).unwrap(), verified(7).unwrap());
    // Two segments of another log of the same key in place of ours: each holds, none follows.
    let other = tempfile::tempdir().unwrap();
    let (ledger, _, _) = open_small(other.path());
    append_singly(&ledger, 60);
    ledger.close().unwrap();
    let (ours, theirs) = (&names[2], &segments(other.path())[2]);
    assert_eq!(ours.file_name(), theirs.file_name());
    fs::copy(theirs, ours).unwrap();
    for threads in [1, 7] {
        match verified(threads) {
            Err(ReadError::Fault(fault)) => {
                assert_eq!((fault.what, fault.sequence), (Damage::PreviousHash, sequence_of(ours)));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_past_is_dropped_with_a_record_that_says_so() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _, _) = open_small(data.path());
    append_singly(&ledger, 40);
    let names = segments(data.path());
    let cut = sequence_of(&names[3]);
    assert!(ledger.retain(sequence_of(&names[1]) - 1, "too early").unwrap().is_none());
    let receipt = ledger.retain(cut + 1, "older than a year").unwrap().unwrap();
    assert_eq!(segments(data.path())[0], names[3]);
    append_singly(&ledger, 20);
    ledger.close().unwrap();

    let report = verify(data.path(), Trust::FirstUse).unwrap();
    assert_eq!((report.first_sequence, report.records), (cut, ledger.head().size));
    let said = shown(data.path()).into_iter().find(|(kind, _)| *kind == Kind::Retention).unwrap();
    assert!(said.1.contains("older than a year") && said.1.contains(&format!(":{cut},")));
    assert!(receipt.sequence() > cut);
    let (_, opened, state) = open_small(data.path());
    assert_eq!((opened.records, *state.0.lock().unwrap()), (ledger.head().size, 60));
}

#[test]
fn a_retention_that_left_a_file_is_ended_by_the_next_and_recorded_once() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _, _) = open_small(data.path());
    append_singly(&ledger, 40);
    let names = segments(data.path());
    let first = fs::read(&names[0]).unwrap();
    let cut = sequence_of(&names[2]);
    ledger.retain(cut, "old").unwrap().unwrap();
    fs::write(&names[0], &first).unwrap();
    assert!(ledger.retain(cut, "again").unwrap().is_none());
    assert!(!names[0].exists());
    append_singly(&ledger, 1);
    ledger.close().unwrap();
    let said = shown(data.path()).into_iter().filter(|(kind, _)| *kind == Kind::Retention);
    assert_eq!(said.count(), 1);
    verify(data.path(), Trust::FirstUse).unwrap();
}

#[test]
fn a_head_that_was_cut_off_is_named_and_a_retention_that_a_crash_broke_off_is_finished() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _, _) = open_small(data.path());
    append_singly(&ledger, 40);
    let names = segments(data.path());
    let first = fs::read(&names[0]).unwrap();
    fs::remove_file(&names[0]).unwrap();
    match verify(data.path(), Trust::FirstUse) {
        Err(ReadError::Fault(fault)) => assert!(matches!(fault.what, Damage::CutHead { .. })),
        other => panic!("{other:?}"),
    }
    drop(ledger);
    assert!(matches!(open(options(data.path())), Err(OpenError::Corrupt(_))));

    fs::write(&names[0], &first).unwrap();
    let (ledger, _, _) = open_small(data.path());
    ledger.retain(sequence_of(&names[1]), "old").unwrap().unwrap();
    drop(ledger);
    // As if the file had outlived the record.
    fs::write(&names[0], &first).unwrap();
    verify(data.path(), Trust::FirstUse).unwrap();
    drop(open_small(data.path()));
    assert!(!names[0].exists());
}

#[test]
fn a_key_that_only_a_snapshot_claims_is_not_believed() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _, _) = open_small(data.path());
    append_singly(&ledger, 10);
    ledger.rotate(signing(2)).unwrap();
    append_singly(&ledger, 40);
    let trusted = |seed: u8| {
        let key = signing(seed).verifying_key(&"gw-1.example".parse().unwrap()).unwrap();
        verify(data.path(), Trust::Key(key)).map(|report| report.keys.len())
    };
    assert_eq!((trusted(1).unwrap(), trusted(2).unwrap()), (2, 2));
    // With the record of the rotation goes what the first key had to say about the second.
    ledger.retain(u64::MAX, "all but the last").unwrap().unwrap();
    drop(ledger);
    assert_eq!(trusted(2).unwrap(), 2);
    match trusted(1) {
        Err(ReadError::Fault(fault)) => assert!(matches!(fault.what, Damage::OtherKey { .. })),
        other => panic!("{other:?}"),
    }
}

fn large() -> inferlayer_ledger::Entry {
    let content = vec![b'x'; 400_000];
    inferlayer_ledger::Entry {
        content: Content::Sealed(vec![Bytes::from(content)]),
        ..entry(Kind::Intent, 9, "")
    }
}

fn contents(data: &Path) -> Vec<PathBuf> {
    let folder = fs::read_dir(data.join("journal/content"));
    folder.into_iter().flatten().map(|file| file.unwrap().path()).collect()
}

#[test]
fn large_content_has_a_file_of_its_own_that_cannot_be_changed_unseen() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    let (pending, slot) = ledger.begin(large()).unwrap();
    // Sent at once, and yet behind its intent.
    let outcome = slot.commit(entry(Kind::Outcome, 9, "answer"));
    let (intent, outcome) = (pending.wait_blocking().unwrap(), outcome.wait_blocking().unwrap());
    assert!(outcome.sequence() > intent.sequence());
    let files = contents(data.path());
    assert_eq!(files.len(), 1);
    assert!(fs::metadata(segment(data.path())).unwrap().len() < 4000);
    let read = || ledger.read(intent.place(), intent.record_hash());
    let stored = read().unwrap();
    assert_eq!(stored.open(&tenant(1)).unwrap().len(), 400_000);
    assert!(stored.open(&tenant(2)).is_err());

    let report = verify(data.path(), Trust::FirstUse).unwrap();
    assert_eq!((report.intents_open, report.outcomes_unannounced), (0, 0));
    let whole = fs::read(&files[0]).unwrap();
    let changed = |bytes: Option<&[u8]>, damage: &Damage| {
        match bytes {
            Some(bytes) => fs::write(&files[0], bytes).unwrap(),
            None => fs::remove_file(&files[0]).unwrap(),
        }
        let faults = [read().err(), verify(data.path(), Trust::FirstUse).err()];
        for fault in faults {
            assert!(matches!(fault, Some(ReadError::Fault(fault)) if fault.what == *damage));
        }
    };
    changed(Some(&whole[1..]), &Damage::Content);
    changed(Some(&[&whole[..], b"x"].concat()), &Damage::Content);
    let mut flipped = whole.clone();
    flipped[200_000] ^= 1;
    changed(Some(&flipped), &Damage::Content);
    changed(None, &Damage::ContentMissing);
}

#[test]
fn dropped_segments_take_their_content_with_them() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _, _) = open_small(data.path());
    ledger.append(large()).unwrap().wait_blocking().unwrap();
    append_singly(&ledger, 40);
    ledger.append(large()).unwrap().wait_blocking().unwrap();
    assert_eq!(contents(data.path()).len(), 2);
    ledger.retain(u64::MAX, "all but the last").unwrap().unwrap();
    assert_eq!(contents(data.path()).len(), 1);
    ledger.close().unwrap();
    verify(data.path(), Trust::FirstUse).unwrap();
}
