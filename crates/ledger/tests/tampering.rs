//! What was committed cannot be changed unseen: each change is named, and a start refuses it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::path::Path;

use common::*;
use inferlayer_ledger::verify::verify;
use inferlayer_ledger::{Damage, Fault, OpenError, ReadError, Trust};

fn fault(data: &Path) -> Fault {
    match verify(data, Trust::FirstUse) {
        Err(ReadError::Fault(fault)) => fault,
        other => panic!("not noticed: {other:?}"),
    }
}

/// Verifies and opens a journal whose first segment has other bytes.
fn fault_of(data: &Path, bytes: &[u8]) -> Fault {
    let copy = copy_with(data, bytes);
    let fault = fault(copy.path());
    assert!(matches!(open(options(copy.path())), Err(OpenError::Corrupt(_))), "{fault}");
    fault
}

#[test]
fn any_flipped_bit_is_named_in_its_commit_and_refused() {
    let data = tempfile::tempdir().unwrap();
    let whole = fs::read(finished_log(data.path(), 2)).unwrap();
    let key = signing(1).verifying_key(&"gw-1.example".parse().unwrap()).unwrap();
    let starts = frame_starts(&whole);
    let commits: Vec<usize> = starts.iter().step_by(2).copied().collect();
    for commit in commits.windows(2) {
        for index in commit[0]..commit[1] {
            let mut bytes = whole.clone();
            bytes[index] ^= 1 << (index % 8);
            let copy = copy_with(data.path(), &bytes);
            match verify(copy.path(), Trust::Key(key.clone())) {
                Err(ReadError::Fault(fault)) => {
                    let at = usize::try_from(fault.offset).unwrap();
                    assert!((commit[0]..commit[1]).contains(&at), "byte {index}: {fault}");
                }
                other => panic!("byte {index}: {other:?}"),
            }
            assert!(open(options(copy.path())).is_err(), "byte {index}: opened");
        }
    }
}

#[test]
fn deleted_reordered_and_inserted_records_are_named() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    let pending: Vec<_> = (0..4)
        .map(|n| ledger.append(entry(inferlayer_ledger::Kind::Hit, n, "x")).unwrap())
        .collect();
    for one in pending {
        one.wait_blocking().unwrap();
    }
    drop(ledger);
    let file = segment(data.path());
    append_more(data.path());
    let whole = fs::read(&file).unwrap();
    let starts = frame_starts(&whole);
    let frame = |index: usize| &whole[starts[index]..starts[index + 1]];
    let count = starts.len() - 1;
    // The first frame after the open record's commit, and its neighbour commit by commit.
    let (at, next) = (2, 3);
    let without = |skip: usize| -> Vec<u8> {
        (0..count).filter(|index| *index != skip).flat_map(frame).copied().collect()
    };
    let deleted = fault_of(data.path(), &without(at));
    assert_eq!(deleted.what, Damage::Deleted { found: 2 }, "{deleted}");

    let swapped: Vec<u8> = (0..count)
        .map(|index| match index {
            i if i == at => next,
            i if i == next => at,
            i => i,
        })
        .flat_map(frame)
        .copied()
        .collect();
    let reordered = fault_of(data.path(), &swapped);
    assert_eq!(reordered.what, Damage::Reordered { found: 2 }, "{reordered}");

    let twice: Vec<u8> = (0..count)
        .flat_map(|i| if i == at { vec![i, i] } else { vec![i] })
        .flat_map(frame)
        .copied()
        .collect();
    let inserted = fault_of(data.path(), &twice);
    assert_eq!(inserted.what, Damage::Inserted { found: 1 }, "{inserted}");
}

/// A second run behind what is there, so that nothing before is the last commit.
fn append_more(data: &Path) {
    let (ledger, _) = open_in(data);
    append_singly(&ledger, 2);
    ledger.close().unwrap();
}

#[test]
fn each_edit_has_its_name() {
    let data = tempfile::tempdir().unwrap();
    let whole = fs::read(finished_log(data.path(), 3)).unwrap();
    let starts = frame_starts(&whole);
    // Frame 2 is record 1, frame 3 its checkpoint, frame 4 record 2.
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fault_of(data.path(), &bytes)
    };
    let metadata = flipped(starts[2] + 216);
    assert_eq!((metadata.what, metadata.sequence), (Damage::Metadata, 1));
    let content = flipped(starts[3] - 1);
    assert_eq!((content.what, content.sequence), (Damage::Content, 1));
    assert_eq!(flipped(starts[2] + 80).what, Damage::OtherRun);
    assert_eq!(flipped(starts[2] + 90).what, Damage::Root, "the request id in a header");
    assert_eq!(flipped(starts[2] + 50).what, Damage::LogId);
    assert_eq!(flipped(starts[2] + 130).what, Damage::PreviousHash);
    assert_eq!(flipped(starts[2] + 32).what, Damage::Root, "a time far in the future");
    assert_eq!(flipped(starts[4] - 3).what, Damage::Signature, "the note's last characters");
    assert_eq!(flipped(starts[2]).what, Damage::Magic);
}

#[test]
fn a_log_rewritten_by_somebody_else_is_not_ours() {
    let data = tempfile::tempdir().unwrap();
    finished_log(data.path(), 1);
    let other = signing(2).verifying_key(&"gw-1.example".parse().unwrap()).unwrap();
    let said = verify(data.path(), Trust::Key(other)).unwrap_err();
    assert!(matches!(&said, ReadError::Fault(Fault { what: Damage::OtherKey { .. }, .. })));
    let mut wrong_key = options(data.path());
    wrong_key.signing = signing(2);
    assert!(matches!(open(wrong_key), Err(OpenError::OtherKey { .. })));
    let mut wrong_name = options(data.path());
    wrong_name.origin = "gw-2.example".parse().unwrap();
    assert!(matches!(open(wrong_name), Err(OpenError::OtherKey { .. })));
}

#[test]
fn bytes_behind_zeros_and_an_empty_journal_are_faults() {
    let data = tempfile::tempdir().unwrap();
    let mut bytes = fs::read(finished_log(data.path(), 1)).unwrap();
    bytes.extend_from_slice(&[0; 64]);
    bytes.push(1);
    let copy = copy_with(data.path(), &bytes);
    assert_eq!(fault(copy.path()).what, Damage::Magic);
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(fault(empty.path()).what, Damage::Empty);
}

#[test]
fn a_segment_that_ends_unfinished_may_not_have_a_successor() {
    let data = tempfile::tempdir().unwrap();
    let whole = fs::read(finished_log(data.path(), 1)).unwrap();
    let copy = copy_with(data.path(), &whole[..whole.len() - 1]);
    fs::write(copy.path().join("journal").join("00000000000000000002.ilj"), b"").unwrap();
    assert_eq!(fault(copy.path()).what, Damage::Unfinished);
}

#[test]
fn random_damage_never_passes_for_the_whole_log_and_never_panics() {
    let data = tempfile::tempdir().unwrap();
    let whole = fs::read(finished_log(data.path(), 4)).unwrap();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    for round in 0..500 {
        let mut bytes = whole.clone();
        for _ in 0..=random(8) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes.truncate(at + 1),
                1 => bytes.insert(at, u8::try_from(random(256)).unwrap()),
                2 if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => bytes[at] ^= u8::try_from(1 + random(255)).unwrap(),
            }
        }
        let copy = copy_with(data.path(), &bytes);
        if let Ok(report) = verify(copy.path(), Trust::FirstUse) {
            assert!(report.records < 6, "round {round}: {report:?}");
        }
        drop(open(options(copy.path())));
    }
}
