//! A record is read from its place, and nothing else is taken for it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;

use common::*;
use inferlayer_ledger::{Damage, Fault, Hash, Kind, Ledger, Place, ReadError, SealError};

fn fault(read: Result<inferlayer_ledger::StoredRecord, ReadError>) -> Fault {
    match read.err().unwrap() {
        ReadError::Fault(fault) => fault,
        error => panic!("{error}"),
    }
}

#[test]
fn a_receipt_leads_back_to_its_record() {
    let data = tempfile::tempdir().unwrap();
    let mut small = options(data.path());
    small.segment_bytes = 1500;
    let (ledger, _) = open(small).unwrap();
    let write = |number| {
        let entry = entry(Kind::Outcome, number, &format!("answer {number}"));
        ledger.append(entry).unwrap().wait_blocking().unwrap()
    };
    let receipts: Vec<_> = (0..20).map(write).collect();
    for (number, receipt) in receipts.iter().enumerate() {
        let stored = ledger.read(receipt.place(), receipt.record_hash()).unwrap();
        assert_eq!(stored.metadata(), format!(r#"{{"n":{number}}}"#).as_bytes());
        assert_eq!(
            stored.open(&tenant(1)).unwrap().as_slice(),
            format!("answer {number}").as_bytes()
        );
        assert_eq!(stored.open(&tenant(2)).unwrap_err(), SealError::Refused);
        let record = stored.record();
        assert_eq!((record.sequence(), record.time_us()), (receipt.sequence(), receipt.time_us()));
    }
}

#[test]
fn the_fold_gives_the_same_places() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    let receipt =
        ledger.append(entry(Kind::Outcome, 1, "answer")).unwrap().wait_blocking().unwrap();
    drop(ledger);
    let mut places: Vec<(Place, Hash)> = Vec::new();
    let (ledger, _) = Ledger::open(options(data.path()), &mut |place, record| {
        places.push((place, record.record_hash()));
        Ok(())
    })
    .unwrap();
    assert_eq!(places[1], (receipt.place(), receipt.record_hash()));
    for (place, hash) in places {
        assert_eq!(ledger.read(place, hash).unwrap().record().sequence(), place.sequence());
    }
}

#[test]
fn another_record_or_an_edited_one_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open_in(data.path());
    let write = |number| {
        ledger.append(entry(Kind::Outcome, number, "answer")).unwrap().wait_blocking().unwrap()
    };
    let (first, second) = (write(1), write(2));
    let swapped = fault(ledger.read(first.place(), second.record_hash()));
    assert_eq!((swapped.what, swapped.sequence), (Damage::Replaced, 1));

    let file = segment(data.path());
    let whole = fs::read(&file).unwrap();
    let starts = frame_starts(&whole);
    // Behind the open record and its checkpoint: the first outcome, up to its own checkpoint.
    for at in starts[2]..starts[3] {
        let mut edited = whole.clone();
        edited[at] ^= 1;
        fs::write(&file, &edited).unwrap();
        assert!(ledger.read(first.place(), first.record_hash()).is_err(), "byte {at}");
    }
    fs::write(&file, &whole[..starts[3] - 1]).unwrap();
    assert_eq!(fault(ledger.read(first.place(), first.record_hash())).what, Damage::Length);
    fs::remove_file(&file).unwrap();
    let gone = ledger.read(first.place(), first.record_hash());
    assert!(matches!(gone.err().unwrap(), ReadError::Io(_)));
}
