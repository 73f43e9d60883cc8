//! The receipt of a request as a file: its records without their content, each with its proof.
//!
//! `GET /v1/inferlayer/receipts/{request}` answers it, and `inferlayer-verify receipt` checks it
//! offline. `FORMAT.md` §9.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::extract::Extract;
use super::reference::Reference;
use crate::format::damage::ReadError;
use crate::proof::{InclusionProof, ProofError};

/// As written and read; nothing in it is checked before [`ReceiptFile::verify`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptFile {
    /// The 16 bytes of the request's id, in hexadecimal.
    pub request: String,
    /// The log's identity, in hexadecimal.
    pub log_id: String,
    /// Who signed the checkpoint: a C2SP verifier key.
    pub public_key: String,
    /// The request's records, ascending.
    pub records: Vec<ReceiptRecord>,
}

/// One record of a [`ReceiptFile`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptRecord {
    /// The kind's name, for example `outcome`.
    pub kind: String,
    /// Place in the log, from 0.
    pub sequence: u64,
    /// The record's hash, in hexadecimal.
    pub record_hash: String,
    /// The 216 bytes that the hash is over, in base64.
    pub header: String,
    /// The metadata, byte for byte as stored.
    pub metadata: String,
    /// The record and the checkpoint in one word: a [`Reference`].
    pub reference: String,
    /// The text of an [`InclusionProof`].
    pub proof: String,
}

/// Why the ledger gives no receipt of a request.
#[derive(Debug, Error)]
pub enum ReceiptError {
    /// No record of the request is this tenant's.
    #[error("the tenant has no record of this request")]
    NotFound,
    /// The request's records were dropped by retention.
    #[error("the records of this request were dropped")]
    Dropped,
    /// A record cannot be proven, or not yet.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A record cannot be read.
    #[error(transparent)]
    Read(ReadError),
}

impl ReceiptRecord {
    /// A record and its proof.
    pub(crate) fn new(extract: Extract, proof: &InclusionProof) -> Self {
        let Extract { header, header_bytes, hash, metadata } = extract;
        let checkpoint = proof.checkpoint().clone();
        Self {
            kind: header.lengths.kind.to_string(),
            sequence: header.sequence,
            record_hash: hash.to_string(),
            header: STANDARD.encode(header_bytes),
            metadata,
            reference: Reference::new(header.log_id, header.sequence, hash, checkpoint).to_string(),
            proof: proof.to_text(),
        }
    }
}

impl From<ReadError> for ReceiptError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) if error.kind() == io::ErrorKind::NotFound => Self::Dropped,
            error => Self::Read(error),
        }
    }
}
