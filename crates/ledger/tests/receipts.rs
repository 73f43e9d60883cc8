//! Proofs and receipts of a running ledger, and what becomes of them when anything is changed.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::path::Path;

use common::*;
use inferlayer_ledger::{
    InclusionProof, Kind, Ledger, Pending, ProofError, ProofFault, ReceiptError, ReceiptFault,
    ReceiptFile, RecordFault, Reference, Trust, verify_consistency,
};

fn open_with_view(data: &Path) -> Ledger {
    let mut options = options(data);
    options.view = Some(data.join("view"));
    open(options).unwrap().0
}

/// A ledger with intent and outcome of request 9, a refusal of another tenant with that id, and others.
fn with_request_9(data: &Path) -> Ledger {
    let ledger = open_with_view(data);
    append_singly(&ledger, 5);
    let (pending, slot) = ledger.begin(entry(Kind::Intent, 9, "prompt")).unwrap();
    pending.wait_blocking().unwrap();
    append_singly(&ledger, 3);
    slot.commit(entry(Kind::Outcome, 9, "answer")).wait_blocking().unwrap();
    let foreign = inferlayer_ledger::Entry {
        tenant: Some(tenant(2)),
        ..entry(Kind::Refusal, 9, "of another tenant")
    };
    ledger.append(foreign).unwrap().wait_blocking().unwrap();
    ledger
}

#[test]
fn every_receipt_of_a_shared_commit_proves_its_record() {
    let data = tempfile::tempdir().unwrap();
    let storage = Switched::new(data.path());
    let mut options = options(data.path());
    options.storage = std::sync::Arc::new(storage.clone());
    let (ledger, _) = open(options).unwrap();
    for count in [1, 2, 3, 64, 100] {
        // While one commit stalls, the others gather for the next.
        let stall = storage.switches.stall.lock().unwrap();
        let append = |number| ledger.append(entry(Kind::Refusal, number, "x")).unwrap();
        let pending: Vec<Pending> = (0..count).map(append).collect();
        drop(stall);
        for pending in pending {
            let receipt = pending.wait_blocking().unwrap();
            let proof = receipt.inclusion_proof().unwrap();
            assert_eq!(proof.sequence(), receipt.sequence());
            assert_eq!(proof.checkpoint().head.root, receipt.root());
            let text = proof.to_text();
            let read = InclusionProof::parse(&text, Some(receipt.record_hash()), &ledger.key());
            assert_eq!(read, Ok(proof));
            let reference: Reference = receipt.reference().parse().unwrap();
            assert_eq!(reference.record_hash, receipt.record_hash());
            assert_eq!(reference.verify(&ledger.key()), Ok(()));
        }
    }
}

#[test]
fn proofs_of_old_and_new_records_hold_across_restarts() {
    let data = tempfile::tempdir().unwrap();
    let mut checkpoints = Vec::new();
    for _ in 0..3 {
        let ledger = open_with_view(data.path());
        append_singly(&ledger, 150);
        let newest = ledger.checkpoint();
        for sequence in 0..newest.head.size {
            let proof = ledger.proof(sequence).unwrap();
            assert_eq!(proof.checkpoint(), &newest);
            assert!(newest.is_signed_by(&ledger.key()));
        }
        checkpoints.push(newest.head);
        for from in &checkpoints {
            let hashes = ledger.consistency(from.size, newest.head.size).unwrap();
            assert_eq!(verify_consistency(*from, newest.head, &hashes), Ok(()));
        }
        let size = newest.head.size;
        assert_eq!(ledger.proof(size), Err(ProofError::Unknown { size }));
        ledger.close().unwrap();
    }
}

#[test]
fn a_receipt_has_the_tenants_records_under_one_checkpoint() {
    let data = tempfile::tempdir().unwrap();
    let ledger = with_request_9(data.path());
    let file = ledger.receipt_of(request(9).unwrap(), tenant(1).tag()).unwrap();
    let kinds: Vec<&str> = file.records.iter().map(|record| record.kind.as_str()).collect();
    assert_eq!(kinds, ["intent", "outcome"]);
    let shown = file.verify(&Trust::Key(ledger.key())).unwrap();
    assert!(!shown.key_on_first_use);
    let size = ledger.head().size;
    assert!(shown.records.iter().all(|record| record.size == size));
    assert_eq!(shown.records[1].metadata.get(), r#"{"n":9}"#);
    let again: ReceiptFile = serde_json::from_str(&serde_json::to_string(&file).unwrap()).unwrap();
    assert_eq!(again, file);

    let other = ledger.receipt_of(request(9).unwrap(), tenant(2).tag()).unwrap();
    assert_eq!(other.records.len(), 1);
    for (number, key) in [(9, 3), (77, 1)] {
        let none = ledger.receipt_of(request(number).unwrap(), tenant(key).tag());
        assert!(matches!(none, Err(ReceiptError::NotFound)));
    }
}

#[test]
fn dropped_segments_give_no_receipt_and_say_so() {
    let data = tempfile::tempdir().unwrap();
    let ledger = with_request_9(data.path());
    fs::remove_file(segment(data.path())).unwrap();
    let gone = ledger.receipt_of(request(9).unwrap(), tenant(1).tag());
    assert!(matches!(gone, Err(ReceiptError::Dropped)), "{gone:?}");
}

/// What a change of the receipt of request 9 is answered with; `None` when it holds.
fn changed(ledger: &Ledger, change: impl Fn(&mut ReceiptFile)) -> Option<ReceiptFault> {
    let mut file = ledger.receipt_of(request(9).unwrap(), tenant(1).tag()).unwrap();
    change(&mut file);
    file.verify(&Trust::FirstUse).err()
}

#[test]
fn whatever_is_changed_in_a_receipt_is_named() {
    let data = tempfile::tempdir().unwrap();
    let ledger = with_request_9(data.path());
    assert_eq!(changed(&ledger, |_| {}), None);
    assert_eq!(changed(&ledger, |file| file.records.clear()), Some(ReceiptFault::Empty));
    let fault = |change: &dyn Fn(&mut ReceiptFile)| match changed(&ledger, change) {
        Some(ReceiptFault::Record { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    let stated = |change: &dyn Fn(&mut ReceiptFile)| match fault(change) {
        RecordFault::Stated(field) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(stated(&|file| file.request = "00".repeat(16)), "request");
    assert_eq!(stated(&|file| file.log_id = "00".repeat(32)), "log");
    assert_eq!(stated(&|file| file.records[1].kind = "refusal".to_owned()), "kind");
    assert_eq!(stated(&|file| file.records[1].sequence += 1), "sequence");
    assert_eq!(stated(&|file| file.records[1].record_hash = "00".repeat(32)), "record hash");
    assert_eq!(fault(&|file| file.records.swap(0, 1)), RecordFault::Order);
    assert_eq!(fault(&|file| file.records[1] = file.records[0].clone()), RecordFault::Order);
    assert_eq!(fault(&|file| file.records[0].header.insert(0, ' ')), RecordFault::Header);
    let edited = fault(&|file| file.records[1].metadata = r#"{"n":8}"#.to_owned());
    assert_eq!(edited.to_string(), "the metadata were edited");
    let swapped = fault(&|file| file.records[0].proof = file.records[1].proof.clone());
    assert_eq!(swapped, RecordFault::Proof(ProofFault::OtherRecord));
    let swapped = fault(&|file| file.records[0].reference = file.records[1].reference.clone());
    assert_eq!(swapped, RecordFault::Reference);
    let cut = fault(&|file| file.records[0].reference.truncate(40));
    assert_eq!(cut, RecordFault::Proof(ProofFault::Reference));
}

#[test]
fn a_header_that_was_edited_leads_to_another_root() {
    let data = tempfile::tempdir().unwrap();
    let ledger = with_request_9(data.path());
    let whole = ledger.receipt_of(request(9).unwrap(), tenant(1).tag()).unwrap();
    // Any character of the header, to another of the alphabet.
    for index in 0..whole.records[0].header.len() {
        let mut file = whole.clone();
        let old = &file.records[0].header[index..=index];
        let new = if old == "A" { "B" } else { "A" };
        file.records[0].header.replace_range(index..=index, new);
        assert!(file.verify(&Trust::FirstUse).is_err(), "character {index}");
    }
}

#[test]
fn a_receipt_of_another_key_is_refused_whoever_it_names() {
    let data = tempfile::tempdir().unwrap();
    let ledger = with_request_9(data.path());
    let mut file = ledger.receipt_of(request(9).unwrap(), tenant(1).tag()).unwrap();
    let other = signing(2).verifying_key(ledger.key().origin()).unwrap();
    let trust = Trust::Key(other.clone());
    let found = ledger.key().to_string();
    assert_eq!(file.verify(&trust).err(), Some(ReceiptFault::OtherKey { found }));
    file.public_key = other.to_string();
    let Some(ReceiptFault::Record { what, .. }) = file.verify(&trust).err() else { panic!() };
    assert_eq!(what, RecordFault::Proof(ProofFault::Signature));
    file.public_key.truncate(20);
    assert!(matches!(file.verify(&trust), Err(ReceiptFault::Key(_))));
}
