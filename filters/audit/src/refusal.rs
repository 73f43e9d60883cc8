//! What the audit refuses: receipts that are not there, and answers that it could not record.

use inferlayer_filter::{ErrorResponse, RefusalCause};

/// What the audit refuses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRecorded {
    /// The caller has no request of this id.
    #[error("there is no receipt of this request")]
    NoReceipt,
    /// The request was recorded, and the index that proves it has yet to take it in.
    #[error("the receipt of this request is not ready yet")]
    ReceiptPending,
    /// The outcome of an inference could not be recorded, so its answer is withheld.
    #[error("the answer could not be recorded, so it is withheld; the provider was called")]
    OutcomeLost,
}

impl RefusalCause for NotRecorded {
    fn response(&self) -> ErrorResponse {
        match self {
            NotRecorded::NoReceipt => ErrorResponse::caller(404, "receipt_not_found"),
            NotRecorded::ReceiptPending => {
                ErrorResponse::gateway(503, "receipt_pending").with_retry_after(1)
            }
            NotRecorded::OutcomeLost => {
                ErrorResponse::gateway(503, "audit_unavailable").without_retry()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use inferlayer_filter::testkit::told;

    use super::*;

    #[test]
    fn what_callers_are_told() {
        for (cause, line) in [
            (
                NotRecorded::NoReceipt,
                "404 invalid_request_error receipt_not_found - - -: there is no receipt of this \
                 request",
            ),
            (
                NotRecorded::ReceiptPending,
                "503 api_error receipt_pending - 1 -: the receipt of this request is not ready yet",
            ),
            (
                NotRecorded::OutcomeLost,
                "503 api_error audit_unavailable - - final: the answer could not be recorded, so \
                 it is withheld; the provider was called",
            ),
        ] {
            assert_eq!(told(cause), line);
        }
    }
}
