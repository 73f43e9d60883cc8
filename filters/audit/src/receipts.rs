//! Receipts for those whose requests they are: what was recorded, with the proof that it is in the
//! log. To another tenant a request is one that never was.

use inferlayer_filter::{Answer, Exchange, Refusal};
use inferlayer_ledger::{Ledger, ProofError, ReceiptError, RequestId};

use http::StatusCode;

use crate::refusal::NotRecorded;

/// The receipt of a request of the caller's, as JSON.
pub(crate) async fn answer(
    ledger: &Ledger,
    x: &Exchange,
    request: RequestId,
) -> Result<Answer, Refusal> {
    let (ledger, tag) = (ledger.clone(), x.tenant.need()?.seal().tag());
    // It reads the journal.
    let receipt = tokio::task::spawn_blocking(move || ledger.receipt_of(request, tag)).await;
    let receipt = receipt.map_err(|_| Refusal::internal("receipt"))?.map_err(blame)?;
    let json = serde_json::to_vec(&receipt).map_err(|_| Refusal::internal("receipt"))?;
    Ok(Answer::json(StatusCode::OK, json))
}

fn blame(error: ReceiptError) -> Refusal {
    match error {
        ReceiptError::NotFound
        | ReceiptError::Dropped
        | ReceiptError::Proof(ProofError::Dropped { .. }) => NotRecorded::NoReceipt.into(),
        ReceiptError::Proof(ProofError::NotYet) => NotRecorded::ReceiptPending.into(),
        _ => Refusal::internal("the ledger cannot prove its records"),
    }
}
