//! Receipts and proofs from journal files alone: of a copy, or while no gateway runs. What a
//! running ledger looks up is found here by one walk that verifies the whole log.

use std::path::Path;
use std::sync::Arc;

use super::extract::Extract;
use super::file::{ReceiptError, ReceiptFile, ReceiptRecord};
use crate::format::checkpoint::Checkpoint;
use crate::format::entry::RequestId;
use crate::format::record::Record;
use crate::log::Log;
use crate::log::trust::Trust;
use crate::proof::{InclusionProof, Leaves, ProofError, inclusion};
use crate::read::journal_in;
use crate::storage::{FileStorage, Storage};
use crate::walk::Walker;
use crate::walk::scope::{Depth, Scope};

/// A request has an intent and an outcome; of a journal that has more, these are enough.
const MAX_RECORDS: usize = 64;

impl ReceiptFile {
    /// All records of a request, proven under the newest checkpoint. `directory` is the journal's
    /// folder or the data folder around it.
    pub fn read(directory: &Path, trust: Trust, request: RequestId) -> Result<Self, ReceiptError> {
        let walked = walk(directory, trust, |record| record.request_id() == Some(request))?;
        let prove = |extract: &Extract| {
            let proof = walked.proof(extract)?;
            Ok(ReceiptRecord::new(extract.clone(), &proof))
        };
        let records: Vec<_> = walked.found.iter().map(prove).collect::<Result<_, ProofError>>()?;
        if records.is_empty() {
            return Err(ReceiptError::NotFound);
        }
        Ok(Self {
            request: request.to_string(),
            log_id: walked.log.chain.log_id().to_string(),
            public_key: walked.log.key().to_string(),
            records,
        })
    }
}

impl InclusionProof {
    /// That the record `sequence` is under the newest checkpoint. `directory` is the journal's
    /// folder or the data folder around it.
    pub fn read(directory: &Path, trust: Trust, sequence: u64) -> Result<Self, ReceiptError> {
        let walked = walk(directory, trust, |record| record.sequence() == sequence)?;
        let Some(extract) = walked.found.first() else {
            return Err(walked.missing(sequence).into());
        };
        Ok(walked.proof(extract)?)
    }
}

/// A log that was walked to its end.
struct Walked {
    log: Log,
    checkpoint: Checkpoint,
    leaves: Leaves,
    /// The records that were wanted.
    found: Vec<Extract>,
}

fn walk(
    directory: &Path,
    trust: Trust,
    wanted: impl Fn(&Record<'_>) -> bool,
) -> Result<Walked, ReceiptError> {
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(&journal_in(directory)));
    let mut scope = Scope::whole(&*storage).map_err(|error| ReceiptError::Read(error.into()))?;
    scope.depth = Depth::Segments;
    let mut walker = Walker::over(storage, trust, scope);
    let (mut leaves, mut found, mut checkpoint) = (None, Vec::new(), None);
    while walker.advance().map_err(ReceiptError::Read)? {
        let base = || walker.began().map(|log| log.chain.tree().clone()).unwrap_or_default();
        let leaves = leaves.get_or_insert_with(|| Leaves::new(base()));
        for (_, _, record) in walker.records() {
            let is_wanted = found.len() < MAX_RECORDS && wanted(&record);
            leaves.push(record.record_hash(), is_wanted);
            found.extend(is_wanted.then(|| Extract::of(&record)).and_then(Result::ok));
        }
        checkpoint = walker.checkpoint().cloned();
    }
    match (walker.log().cloned(), checkpoint, leaves) {
        (Some(log), Some(checkpoint), Some(leaves)) => {
            Ok(Walked { log, checkpoint, leaves, found })
        }
        _ => Err(ReceiptError::NotFound),
    }
}

impl Walked {
    fn proof(&self, extract: &Extract) -> Result<InclusionProof, ProofError> {
        let (sequence, head) = (extract.header.sequence, self.checkpoint.head);
        let hashes = inclusion(&self.leaves, sequence, head.size);
        let hashes = hashes.ok_or_else(|| self.missing(sequence))?;
        let (checkpoint, key) = (self.checkpoint.clone(), self.log.key().clone());
        InclusionProof::new(sequence, extract.hash, hashes, checkpoint, key)
            .map_err(ProofError::View)
    }

    fn missing(&self, sequence: u64) -> ProofError {
        match self.checkpoint.head.size {
            size if sequence >= size => ProofError::Unknown { size },
            _ => ProofError::Dropped { first: self.leaves.first() },
        }
    }
}
