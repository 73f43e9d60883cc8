//! The worked example of `FORMAT.md` §9, rebuilt from the journal of §11.

use super::extract::Extract;
use super::{ReceiptFile, ReceiptRecord};
use crate::format::header::HEADER_BYTES;
use crate::log::log_id;
use crate::log::trust::Trust;
use crate::proof::InclusionProof;
use crate::vector::{FORMAT, commit};

const STORED: &str = include_str!("../../tests/vectors/v1/receipt.json");

/// The receipt of the request of records 1 and 2, and the proofs in it.
fn build() -> (ReceiptFile, Vec<InclusionProof>) {
    let (batch, checkpoint, key) = commit();
    let of_request = batch.rows().iter().skip(1);
    let shared = batch.commit(log_id(&key), &key, checkpoint);
    let made = of_request.map(|row| {
        let start = usize::try_from(row.offset).unwrap();
        let (header, rest) = batch.frames()[start..].split_first_chunk::<HEADER_BYTES>().unwrap();
        let length = u32::from_be_bytes(header[12..16].try_into().unwrap()) as usize;
        let metadata = String::from_utf8(rest[..length].to_vec()).unwrap();
        let proof = shared.proof(row.sequence, row.record_hash).unwrap();
        (ReceiptRecord::new(Extract::parse(*header, metadata).unwrap(), &proof), proof)
    });
    let (records, proofs) = made.unzip();
    let file = ReceiptFile {
        request: batch.rows()[1].request.unwrap().to_string(),
        log_id: log_id(&key).to_string(),
        public_key: key.to_string(),
        records,
    };
    (file, proofs)
}

/// `UPDATE_VECTORS=1` rewrites the vector first, after a deliberate change.
#[test]
fn the_stored_receipt_is_what_this_code_writes_and_holds() {
    let (file, _) = build();
    let written = serde_json::to_string_pretty(&file).unwrap() + "\n";
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/v1/receipt.json");
        std::fs::write(path, &written).unwrap();
    }
    assert_eq!(written, STORED);
    let stored: ReceiptFile = serde_json::from_str(STORED).unwrap();
    let shown = stored.verify(&Trust::FirstUse).unwrap();
    assert_eq!(shown.records.iter().map(|record| record.sequence).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn format_md_states_the_reference_and_the_proof() {
    let (file, proofs) = build();
    for value in [&file.records[0].reference, &proofs[0].to_text()] {
        assert!(FORMAT.contains(value.as_str()), "FORMAT.md lacks {value}");
    }
}
