//! What goes wrong with an operation, as an answer of the admin socket.

use http::StatusCode;
use inferlayer_ledger::{ProofError, ReceiptError};
use serde::{Deserialize, Serialize};

use crate::operations::{KeyError, ReceiptsError, RetainError, RotateError, ShredError};
use crate::state::SigningKeyError;

/// What is said when something cannot be done.
#[derive(Serialize, Deserialize)]
pub(crate) struct Problem {
    #[serde(skip)]
    pub(crate) status: StatusCode,
    /// One sentence.
    pub(crate) error: String,
}

impl Problem {
    pub(crate) fn bad_request(error: &str) -> Problem {
        Problem { status: StatusCode::BAD_REQUEST, error: error.to_owned() }
    }

    pub(crate) fn unknown_path() -> Problem {
        Problem { status: StatusCode::NOT_FOUND, error: "unknown path".to_owned() }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Problem {
        let status = match &error {
            KeyError::NoTenant(_) | KeyError::NoKey(_) => StatusCode::NOT_FOUND,
            KeyError::BadLabel => StatusCode::BAD_REQUEST,
            KeyError::Ledger(_) => StatusCode::SERVICE_UNAVAILABLE,
            KeyError::NoRandomness(_) | KeyError::Metadata(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem { status, error: error.to_string() }
    }
}

impl From<ShredError> for Problem {
    fn from(error: ShredError) -> Problem {
        let status = match &error {
            ShredError::Reason => StatusCode::BAD_REQUEST,
            ShredError::NoKey(_) => StatusCode::NOT_FOUND,
            ShredError::Ledger(_) => StatusCode::SERVICE_UNAVAILABLE,
            ShredError::Key(_)
            | ShredError::Unfinished { .. }
            | ShredError::Metadata(_)
            | ShredError::Task(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem { status, error: error.to_string() }
    }
}

impl From<RotateError> for Problem {
    fn from(error: RotateError) -> Problem {
        let status = match &error {
            RotateError::Key(SigningKeyError::NoNext) | RotateError::Known => StatusCode::CONFLICT,
            RotateError::Ledger(_) => StatusCode::SERVICE_UNAVAILABLE,
            RotateError::Key(_) | RotateError::Unfinished { .. } | RotateError::Task(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        Problem { status, error: error.to_string() }
    }
}

impl From<RetainError> for Problem {
    fn from(error: RetainError) -> Problem {
        let status = match &error {
            RetainError::Future => StatusCode::BAD_REQUEST,
            RetainError::Ledger(inferlayer_ledger::RetainError::Unavailable(_)) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem { status, error: error.to_string() }
    }
}

impl From<ReceiptsError> for Problem {
    fn from(error: ReceiptsError) -> Problem {
        let status = match &error {
            ReceiptsError::NotFound
            | ReceiptsError::Receipt(ReceiptError::Dropped)
            | ReceiptsError::Proof(ProofError::Unknown { .. } | ProofError::Dropped { .. }) => {
                StatusCode::NOT_FOUND
            }
            ReceiptsError::Proof(ProofError::NotYet) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem { status, error: error.to_string() }
    }
}
