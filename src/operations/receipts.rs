//! Receipts and proofs for operators: of any tenant's request, from the ledger that runs.

use inferlayer_ledger::{Ledger, ProofError, ReceiptError, ReceiptFile, RequestId};
use serde::{Deserialize, Serialize};

/// Proves what was recorded.
#[derive(Clone)]
pub(crate) struct Receipts(Ledger);

/// That a record is in the log.
#[derive(Serialize, Deserialize)]
pub(crate) struct Proof {
    /// The text of a C2SP tlog-proof.
    pub(crate) proof: String,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiptsError {
    #[error("the ledger has no record of this request")]
    NotFound,
    #[error("{0}")]
    Proof(#[from] ProofError),
    #[error("{0}")]
    Receipt(ReceiptError),
    #[error("{0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Receipts {
    pub(crate) fn new(ledger: Ledger) -> Receipts {
        Receipts(ledger)
    }

    /// All records of a request, each with its proof.
    pub(crate) async fn of(&self, request: RequestId) -> Result<ReceiptFile, ReceiptsError> {
        let Receipts(ledger) = self.clone();
        let receipt = tokio::task::spawn_blocking(move || {
            let sequences = ledger.sequences_of(request)?;
            let mut tags = sequences.into_iter().filter_map(|at| ledger.locate(at)?.tenant_tag);
            let tag = tags.next().ok_or(ReceiptError::NotFound)?;
            ledger.receipt_of(request, tag)
        });
        Ok(receipt.await??)
    }

    /// That a record is under the newest checkpoint.
    pub(crate) async fn proof(&self, sequence: u64) -> Result<Proof, ReceiptsError> {
        let Receipts(ledger) = self.clone();
        let proof = tokio::task::spawn_blocking(move || ledger.proof(sequence)).await??;
        Ok(Proof { proof: proof.to_text() })
    }
}

impl From<ReceiptError> for ReceiptsError {
    fn from(error: ReceiptError) -> ReceiptsError {
        match error {
            ReceiptError::NotFound => ReceiptsError::NotFound,
            ReceiptError::Proof(error) => ReceiptsError::Proof(error),
            error => ReceiptsError::Receipt(error),
        }
    }
}
