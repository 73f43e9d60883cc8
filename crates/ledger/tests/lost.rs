//! A journal that vanishes under a working ledger: nothing is acknowledged any more that nobody will
//! find again.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use common::*;
use inferlayer_ledger::{Kind, Ledger, Unavailable};

/// What happens to the data folder `data`.
type Loss = fn(&Path);

const LOSSES: [(&str, Loss); 6] = [
    ("the journal is removed", |data| fs::remove_dir_all(data.join("journal")).unwrap()),
    ("the open segment is unlinked", |data| fs::remove_file(segment(data)).unwrap()),
    ("the folder is moved away", |data| {
        fs::rename(data.join("journal"), data.join("elsewhere")).unwrap();
    }),
    ("a copy stands in its place", |data| {
        let (journal, aside) = (data.join("journal"), data.join("aside"));
        fs::rename(&journal, &aside).unwrap();
        fs::create_dir_all(journal.join("content")).unwrap();
        fs::copy(aside.join("00000000000000000000.ilj"), segment(data)).unwrap();
    }),
    ("the open segment is cut", |data| {
        fs::OpenOptions::new().write(true).open(segment(data)).unwrap().set_len(300).unwrap();
    }),
    ("the folder of content is made anew", |data| {
        fs::remove_dir(data.join("journal/content")).unwrap();
        fs::create_dir(data.join("journal/content")).unwrap();
    }),
];

fn wait_until_lost(ledger: &Ledger, what: &str) {
    let begun = Instant::now();
    while ledger.standing() != Err(Unavailable::Lost) {
        assert!(begun.elapsed() < Duration::from_secs(60), "unnoticed: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_lost_journal_is_noticed_by_an_idle_ledger() {
    for (what, lose) in LOSSES {
        let data = tempfile::tempdir().unwrap();
        let (ledger, _) = open_in(data.path());
        append_singly(&ledger, 2);
        let (intent, slot) = ledger.begin(entry(Kind::Intent, 1, "x")).unwrap();
        intent.wait_blocking().unwrap();
        lose(data.path());
        wait_until_lost(&ledger, what);
        assert_eq!(ledger.begin(entry(Kind::Intent, 2, "x")).err(), Some(Unavailable::Lost));
        let outcome = slot.commit(entry(Kind::Outcome, 1, "x")).wait_blocking();
        assert_eq!(outcome.err(), Some(Unavailable::Lost), "{what}");
        assert!(ledger.close().is_err(), "{what}");
    }
}

#[test]
fn nothing_is_acknowledged_that_went_into_a_file_without_a_name() {
    for (what, lose) in &LOSSES[..5] {
        let data = tempfile::tempdir().unwrap();
        let (ledger, _) = open_in(data.path());
        append_singly(&ledger, 2);
        let size = ledger.head().size;
        lose(data.path());
        // At once, before anybody has looked.
        let refused = ledger.append(entry(Kind::Refusal, 3, "x")).and_then(|p| p.wait_blocking());
        assert_eq!(refused.err(), Some(Unavailable::Lost), "{what}");
        assert_eq!(ledger.head().size, size, "{what}");
    }
}

#[test]
fn large_content_does_not_make_a_lost_folder_again() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    fs::remove_dir(data.path().join("journal/content")).unwrap();
    let refused = ledger.append(entry(Kind::Refusal, 1, &"x".repeat(300_000)));
    assert_eq!(refused.and_then(|p| p.wait_blocking()).err(), Some(Unavailable::Lost));
    assert!(!data.path().join("journal/content").exists());
}
