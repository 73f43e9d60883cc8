//! What a start refuses: a log that is not all there, or not the one that was here.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::*;
use inferlayer_ledger::verify::verify;
use inferlayer_ledger::{LogId, OpenError, Options, Trust};

/// With everything that a gateway has beside the journal.
fn whole(data: &Path) -> Options {
    let mut options = options(data);
    options.view = Some(data.join("view"));
    options.segment_bytes = 1500;
    options
}

fn lives(data: &Path, records: u64) -> LogId {
    let (ledger, _) = open(whole(data)).unwrap();
    append_singly(&ledger, records);
    ledger.close().unwrap();
    ledger.log_id()
}

fn refusal(options: Options) -> OpenError {
    open(options).err().unwrap()
}

fn segments(data: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(data.join("journal")).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.to_string_lossy().ends_with(".ilj")).collect();
    files.sort();
    files
}

#[test]
fn no_second_log_is_begun_where_there_was_one() {
    for (what, kept) in [("both", [true, true]), ("keys", [true, false]), ("view", [false, true])] {
        let data = tempfile::tempdir().unwrap();
        lives(data.path(), 3);
        let journal = data.path().join("journal");
        fs::remove_dir_all(&journal).unwrap();
        let [keys, view] = kept;
        if !keys {
            fs::remove_dir_all(data.path().join("keys")).unwrap();
        }
        if !view {
            fs::remove_dir_all(data.path().join("view")).unwrap();
        }
        let why = refusal(whole(data.path()));
        assert!(matches!(why, OpenError::NoJournal { .. }), "{what}: {why}");
        assert!(!journal.exists(), "{what}: nothing is made where a volume may be missing");
        // A folder alone, and one with nothing acknowledged in it.
        fs::create_dir(&journal).unwrap();
        assert!(matches!(refusal(whole(data.path())), OpenError::NoJournal { .. }), "{what}");
        fs::write(segment(data.path()), b"ILAR").unwrap();
        assert!(matches!(refusal(whole(data.path())), OpenError::NoJournal { .. }), "{what}");
    }
}

#[test]
fn a_start_that_was_cut_before_its_first_commit_is_no_log() {
    let data = tempfile::tempdir().unwrap();
    fs::create_dir_all(data.path().join("journal")).unwrap();
    fs::write(segment(data.path()), b"ILAR").unwrap();
    let (_, opened) = open(whole(data.path())).unwrap();
    assert_eq!((opened.records, opened.truncated_bytes), (0, 4));
}

#[test]
fn a_new_log_is_begun_on_demand_under_another_identity_and_beside_none() {
    let data = tempfile::tempdir().unwrap();
    let first = lives(data.path(), 3);
    let insisting = |signer| {
        let mut options = whole(data.path());
        options.new_log = true;
        options.signing = signing(signer);
        options
    };
    assert!(matches!(refusal(insisting(1)), OpenError::LogThere(_)));
    fs::remove_dir_all(data.path().join("journal")).unwrap();
    assert!(matches!(refusal(insisting(1)), OpenError::SameIdentity));
    let (ledger, opened) = open(insisting(2)).unwrap();
    assert_eq!(opened.records, 0);
    assert_ne!(ledger.log_id(), first);
    ledger.close().unwrap();
    drop(ledger);
    let mut goes_on = whole(data.path());
    goes_on.signing = signing(2);
    open(goes_on).unwrap();
}

#[test]
fn only_the_expected_log_is_opened() {
    let data = tempfile::tempdir().unwrap();
    let log_id = lives(data.path(), 3);
    let expecting = |data: &Path, log_id| {
        let mut options = whole(data);
        options.log_id = Some(log_id);
        options
    };
    let other = LogId([7; 32]);
    let why = refusal(expecting(data.path(), other));
    assert!(matches!(why, OpenError::OtherLog { .. }), "{why}");
    open(expecting(data.path(), log_id)).unwrap();
    let empty = tempfile::tempdir().unwrap();
    let why = refusal(expecting(empty.path(), log_id));
    assert!(matches!(why, OpenError::NoJournal { .. }), "{why}");
}

#[test]
fn a_public_key_of_another_log_beside_the_journal_stops_the_start() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    lives(data.path(), 3);
    let mut foreign = whole(other.path());
    foreign.signing = signing(2);
    drop(open(foreign).unwrap());
    let file = data.path().join("keys/ledger.pub");
    fs::copy(other.path().join("keys/ledger.pub"), &file).unwrap();
    let why = refusal(whole(data.path()));
    assert!(matches!(&why, OpenError::OtherHistory { file: named, .. } if *named == file), "{why}");
}

/// What happens to an older segment.
type Harm = fn(&[PathBuf]);

const HARMS: [(&str, Harm); 5] = [
    ("missing", |segments| fs::remove_file(&segments[1]).unwrap()),
    ("cut", |segments| {
        let bytes = fs::read(&segments[1]).unwrap();
        fs::write(&segments[1], &bytes[..bytes.len() - 1]).unwrap();
    }),
    ("cut at a commit", |segments| {
        let bytes = fs::read(&segments[1]).unwrap();
        let starts = frame_starts(&bytes);
        fs::write(&segments[1], &bytes[..starts[starts.len() - 3]]).unwrap();
    }),
    ("grown", |segments| {
        let mut bytes = fs::read(&segments[1]).unwrap();
        bytes.push(0);
        fs::write(&segments[1], bytes).unwrap();
    }),
    ("edited at its head", |segments| {
        let mut bytes = fs::read(&segments[1]).unwrap();
        bytes[250] ^= 1;
        fs::write(&segments[1], bytes).unwrap();
    }),
];

#[test]
fn an_older_segment_that_does_not_fit_stops_the_start_unless_that_is_accepted() {
    for (what, harm) in HARMS {
        let data = tempfile::tempdir().unwrap();
        lives(data.path(), 30);
        let all = segments(data.path());
        assert!(all.len() > 5, "{} segments", all.len());
        harm(&all);
        let last = fs::metadata(&all[all.len() - 1]).unwrap().len();
        let why = refusal(whole(data.path()));
        assert!(matches!(why, OpenError::Corrupt(_)), "{what}: {why}");
        assert_eq!(fs::metadata(&all[all.len() - 1]).unwrap().len(), last, "{what}");

        let mut accepting = whole(data.path());
        accepting.accept_damage = true;
        let (ledger, opened) = open(accepting).unwrap();
        assert_eq!(opened.damage.map(|fault| fault.to_string()), Some(stripped(&why)), "{what}");
        ledger.close().unwrap();
        let says = |file: &PathBuf| {
            let bytes = fs::read(file).unwrap();
            String::from_utf8_lossy(&bytes).contains("\"accepted_damage\":\"segment ")
        };
        assert!(segments(data.path()).iter().any(says), "{what}");
        assert!(verify(data.path(), Trust::FirstUse).is_err(), "{what}: no auditor accepts it");
    }
}

fn stripped(why: &OpenError) -> String {
    why.to_string().trim_start_matches("the journal is corrupt: ").to_owned()
}

#[test]
fn what_a_retention_has_dropped_is_not_missed() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open(whole(data.path())).unwrap();
    append_singly(&ledger, 40);
    ledger.retain(25, "a test").unwrap().unwrap();
    append_singly(&ledger, 10);
    ledger.close().unwrap();
    drop(ledger);
    assert!(open(whole(data.path())).unwrap().1.damage.is_none());
}
