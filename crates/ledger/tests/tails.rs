//! What a power cut leaves at the end of a journal, and what only looks like it: `FORMAT.md` §7.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::path::Path;

use common::*;
use inferlayer_ledger::verify::verify;
use inferlayer_ledger::{Damage, OpenError, ReadError, Trust};

/// A log of three acknowledged commits and one more, whose end is to be lost.
struct Log {
    data: tempfile::TempDir,
    whole: Vec<u8>,
    /// Where the last commit starts.
    acknowledged: usize,
}

impl Log {
    fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let whole = fs::read(finished_log(data.path(), 2)).unwrap();
        let starts = frame_starts(&whole);
        Self { data, acknowledged: starts[starts.len() - 3], whole }
    }

    /// The acknowledged commits, then `rest`.
    fn ending_in(&self, rest: &[u8]) -> tempfile::TempDir {
        copy_with(self.data.path(), &[&self.whole[..self.acknowledged], rest].concat())
    }

    fn last_commit(&self) -> &[u8] {
        &self.whole[self.acknowledged..]
    }

    /// A verifier tells the tail's length and a start cuts just that.
    fn assert_tail(&self, rest: &[u8], what: &str) {
        let copy = self.ending_in(rest);
        let report = verify(copy.path(), Trust::FirstUse).unwrap();
        let length = rest.len() as u64;
        assert_eq!((report.records, report.unacknowledged_bytes), (3, length), "{what}");
        let (ledger, opened) = open_in(copy.path());
        assert_eq!((opened.records, opened.truncated_bytes), (3, length), "{what}");
        drop(ledger);
        let report = verify(copy.path(), Trust::FirstUse).unwrap();
        assert_eq!((report.records, report.unacknowledged_bytes), (4, 0), "{what}");
    }

    /// A verifier names the place and a start refuses.
    fn assert_corrupt(&self, rest: &[u8], what: &str) -> Damage {
        let copy = self.ending_in(rest);
        assert!(matches!(open(options(copy.path())), Err(OpenError::Corrupt(_))), "{what}");
        let verdict = verify(copy.path(), Trust::FirstUse);
        assert_eq!(length_of(copy.path()), self.acknowledged + rest.len(), "{what}: was cut");
        match verdict {
            Err(ReadError::Fault(fault)) => fault.what,
            other => panic!("{what}: {other:?}"),
        }
    }
}

fn length_of(data: &Path) -> usize {
    fs::read(segment(data)).unwrap().len()
}

#[test]
fn zeros_in_place_of_any_length_of_the_last_commit_are_a_tail() {
    let log = Log::new();
    let commit = log.last_commit();
    for written in (0..commit.len()).step_by(7).chain([commit.len() - 1]) {
        let mut rest = commit[..written].to_vec();
        rest.resize(commit.len(), 0);
        log.assert_tail(&rest, &format!("{written} bytes written"));
    }
}

#[test]
fn a_rotation_cut_between_its_two_signatures_is_a_tail_like_any_other() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    let acknowledged = length_of(data.path());
    ledger.rotate(signing(2)).unwrap();
    drop(ledger);
    let whole = fs::read(segment(data.path())).unwrap();
    for written in acknowledged..whole.len() {
        let copy = copy_with(data.path(), &whole[..written]);
        let report = verify(copy.path(), Trust::FirstUse).unwrap();
        assert_eq!((report.records, report.keys.len()), (1, 1), "{written} bytes written");
        let (_, opened) = open_in(copy.path());
        assert_eq!(opened.truncated_bytes, (written - acknowledged) as u64);
    }
}

#[test]
fn space_behind_the_last_checkpoint_is_cut_and_told() {
    Log::new().assert_tail(&[0; 4096], "zeros alone");
}

#[test]
fn a_commit_that_was_whole_once_is_corrupt_however_it_is_damaged() {
    let log = Log::new();
    let commit = log.last_commit();
    let checkpoint = commit.windows(4).position(|bytes| bytes == CHECKPOINT).unwrap();
    let zeroed = [&vec![0; checkpoint][..], &commit[checkpoint..]].concat();
    log.assert_corrupt(&zeroed, "a record of zeros in front of its checkpoint");
    log.assert_corrupt(&[&zeroed[..], &[0; 512]].concat(), "the same before more zeros");
    let mut longer = commit.to_vec();
    longer[checkpoint + 6] = 0x0f;
    let damage = log.assert_corrupt(&longer, "a note that seems to go on behind the file's end");
    assert_eq!(damage, Damage::Unfinished);
    let mut unsigned = commit.to_vec();
    unsigned[commit.len() - 20] ^= 1;
    unsigned.extend_from_slice(&[0; 512]);
    let damage = log.assert_corrupt(&unsigned, "a whole checkpoint that does not hold, and zeros");
    assert_eq!(damage, Damage::Signature);
}

#[test]
fn what_no_power_cut_leaves_is_corrupt() {
    let log = Log::new();
    let commit = log.last_commit();
    let mut edited = commit[..commit.len() - 1].to_vec();
    edited[216] ^= 1;
    assert_eq!(log.assert_corrupt(&edited, "an edit before a cut"), Damage::Metadata);
    for junk in [&b"junk"[..], b"x", b"x\0\0\0\0\0", b"\0\0\0\0\0\0\0\0x"] {
        assert_eq!(log.assert_corrupt(junk, "junk"), Damage::Magic);
    }
    let mut later = commit[..300.min(commit.len())].to_vec();
    later[5] = 2;
    assert_eq!(log.assert_corrupt(&later, "a later version"), Damage::Version(2));
}

#[test]
fn an_older_note_behind_the_end_says_nothing() {
    let log = Log::new();
    let whole = &log.whole[..log.acknowledged];
    let note = whole.windows(4).rposition(|bytes| bytes == CHECKPOINT).unwrap() + 8;
    let rest = [b"ILCP\0\0\x0f\x00", &whole[note..]].concat();
    log.assert_tail(&rest, "a stale note in a cut frame");
}

#[test]
fn a_log_whose_first_commit_was_cut_is_empty_and_begins_anew() {
    let log = Log::new();
    let first = frame_starts(&log.whole)[2];
    let copy = copy_with(log.data.path(), &log.whole[..first - 1]);
    let said = verify(copy.path(), Trust::FirstUse).unwrap_err().to_string();
    assert!(said.contains("no acknowledged record"), "{said}");
    let (ledger, opened) = open_in(copy.path());
    assert_eq!((opened.records, opened.truncated_bytes), (0, first as u64 - 1));
    drop(ledger);
    assert_eq!(verify(copy.path(), Trust::FirstUse).unwrap().records, 1);
}
