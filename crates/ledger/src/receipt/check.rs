//! Checking a receipt file offline: every word of it has to follow from the header's bytes and the
//! signed root.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;
use thiserror::Error;

use super::extract::Extract;
use super::file::{ReceiptFile, ReceiptRecord};
use super::reference::Reference;
use crate::format::damage::Damage;
use crate::format::entry::RequestId;
use crate::format::hash::LogId;
use crate::format::note_key::{KeyFormatError, VerifyingKey};
use crate::log::trust::Trust;
use crate::proof::{InclusionProof, ProofFault};

/// What a receipt file has shown. Hashes are in hexadecimal.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// The verifier key whose signatures were checked.
    pub key: String,
    /// The key was taken from the receipt itself: consistent, but not shown to be anybody's.
    pub key_on_first_use: bool,
    /// Identity of the log.
    pub log_id: String,
    /// The request.
    pub request: String,
    /// Its records, ascending.
    pub records: Vec<ShownRecord>,
}

/// A record that is in the log.
#[derive(Debug, Serialize)]
pub struct ShownRecord {
    /// Place in the log, from 0.
    pub sequence: u64,
    /// The kind's name.
    pub kind: String,
    /// When it was recorded: microseconds since 1970-01-01 UTC.
    pub time_us: u64,
    /// Its hash.
    pub record_hash: String,
    /// Number of records under the checkpoint.
    pub size: u64,
    /// Root of the tree of that size.
    pub root: String,
    /// The metadata as stored.
    pub metadata: Box<RawValue>,
}

/// Why a receipt file does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReceiptFault {
    /// It proves nothing.
    #[error("it has no record")]
    Empty,
    /// The key it names is not in the form of one.
    #[error("its public key cannot be read: {0}")]
    Key(#[from] KeyFormatError),
    /// It was signed by another key than the one given.
    #[error("it names the key {found}, not the given one")]
    OtherKey {
        /// The verifier key in the receipt.
        found: String,
    },
    /// A record does not hold.
    #[error("record {sequence}: {what}")]
    Record {
        /// The sequence number that the receipt states.
        sequence: u64,
        /// What does not hold.
        what: RecordFault,
    },
}

/// What is wrong with a record of a receipt file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RecordFault {
    /// Not the base64 of a header's length.
    #[error("the header is not 216 bytes in base64")]
    Header,
    /// The header cannot be read, or the metadata are not those it was made for.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The receipt states something that the header does not say.
    #[error("the {0} stated is not the one in the header")]
    Stated(&'static str),
    /// The record stands before or at the one before it in the receipt.
    #[error("the records are not in the order of the log")]
    Order,
    /// Its reference does not speak of this record and its checkpoint.
    #[error("the reference is for another record, checkpoint or log")]
    Reference,
    /// It is not shown to be in the log.
    #[error("the proof does not hold: {0}")]
    Proof(#[from] ProofFault),
}

impl ReceiptFile {
    /// Checks everything in the file with the trusted key, or with the one it names.
    pub fn verify(&self, trust: &Trust) -> Result<Shown, ReceiptFault> {
        let named: VerifyingKey = self.public_key.parse()?;
        if trust.key().is_some_and(|key| *key != named) {
            return Err(ReceiptFault::OtherKey { found: named.to_string() });
        }
        let mut records: Vec<ShownRecord> = Vec::with_capacity(self.records.len());
        for record in &self.records {
            let after = records.last().map(|last| last.sequence);
            let sequence = record.sequence;
            let shown = self.check(record, after, &named);
            records.push(shown.map_err(|what| ReceiptFault::Record { sequence, what })?);
        }
        if records.is_empty() {
            return Err(ReceiptFault::Empty);
        }
        Ok(Shown {
            key: named.to_string(),
            key_on_first_use: trust.key().is_none(),
            log_id: self.log_id.clone(),
            request: self.request.clone(),
            records,
        })
    }

    fn check(
        &self,
        record: &ReceiptRecord,
        after: Option<u64>,
        key: &VerifyingKey,
    ) -> Result<ShownRecord, RecordFault> {
        let header = STANDARD.decode(&record.header).ok().and_then(|bytes| bytes.try_into().ok());
        let header = header.ok_or(RecordFault::Header)?;
        let extract = Extract::parse(header, record.metadata.clone())?;
        self.compare(record, &extract)?;
        if after.is_some_and(|after| record.sequence <= after) {
            return Err(RecordFault::Order);
        }
        let proof = InclusionProof::parse(&record.proof, Some(extract.hash), key)?;
        if proof.sequence() != record.sequence {
            return Err(ProofFault::OtherRecord.into());
        }
        check_reference(&record.reference, extract.header.log_id, &proof)?;
        let metadata = RawValue::from_string(extract.metadata).map_err(|_| Damage::NotJson)?;
        let head = proof.checkpoint().head;
        Ok(ShownRecord {
            sequence: record.sequence,
            kind: extract.header.lengths.kind.to_string(),
            time_us: extract.header.time_us,
            record_hash: extract.hash.to_string(),
            size: head.size,
            root: head.root.to_string(),
            metadata,
        })
    }

    /// What the file says in words of its own has to be what the header says.
    fn compare(&self, record: &ReceiptRecord, extract: &Extract) -> Result<(), RecordFault> {
        let Extract { header, hash, .. } = extract;
        let request = RequestId::new(header.request_id).map(|request| request.to_string());
        let stated = [
            ("sequence", record.sequence == header.sequence),
            ("kind", record.kind == header.lengths.kind.to_string()),
            ("record hash", record.record_hash == hash.to_string()),
            ("log", self.log_id == header.log_id.to_string()),
            ("request", request.as_ref() == Some(&self.request)),
        ];
        match stated.iter().find(|(_, agrees)| !agrees) {
            Some((field, _)) => Err(RecordFault::Stated(field)),
            None => Ok(()),
        }
    }
}

fn check_reference(word: &str, log_id: LogId, proof: &InclusionProof) -> Result<(), RecordFault> {
    let checkpoint = proof.checkpoint().clone();
    let own = Reference::new(log_id, proof.sequence(), proof.record_hash(), checkpoint);
    let same = word.parse::<Reference>()? == own;
    if same { Ok(()) } else { Err(RecordFault::Reference) }
}
