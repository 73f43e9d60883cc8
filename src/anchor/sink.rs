//! What a sink is: something that takes a checkpoint and says whether it has it.

use std::io;

use async_trait::async_trait;
use http::StatusCode;
use inferlayer_ledger::{Checkpoint, Head, Ledger, ProofError};

/// Takes checkpoints. At most one call at a time; a call that takes too long is dropped.
#[async_trait]
pub(crate) trait Sink: Send + Sync {
    /// Hands `note` over. When it returns well, the checkpoint is where the operator wants it, as
    /// far as the other side can say.
    async fn send(&self, note: &Note) -> Result<(), SendError>;

    /// Whether it asks the ledger for proofs, which a closed one does not give.
    fn needs_proofs(&self) -> bool {
        false
    }
}

/// A checkpoint as it is handed over.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) head: Head,
    /// The C2SP signed note, `FORMAT.md` §5.
    pub(crate) text: String,
}

/// Why a checkpoint was not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// Nobody answered in time.
    #[error("no answer in time")]
    Late,
    /// The name has no address.
    #[error("{0} cannot be resolved")]
    Unresolved(String),
    /// The file or the connection failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The HTTP connection failed, or said something else than HTTP.
    #[error("{0}")]
    Http(String),
    /// Some other status than 2xx; redirects are not followed.
    #[error("it answered {0}")]
    Status(StatusCode),
    /// An answer that the protocol does not know.
    #[error("{0}")]
    BadAnswer(&'static str),
    /// The proof that a witness asks for could not be made.
    #[error("{0}")]
    Unproven(#[from] ProofError),
    /// The witness does not know this log, or not its key: the operator has to act.
    #[error("{0}")]
    Unknown(&'static str),
    /// The witness holds another history of this log. For good.
    #[error("{0}")]
    Conflict(String),
}

impl Note {
    /// The newest checkpoint of a ledger.
    pub(crate) fn newest(ledger: &Ledger) -> Note {
        let checkpoint: Checkpoint = ledger.checkpoint();
        Note { head: checkpoint.head, text: checkpoint.note(&ledger.key()) }
    }
}
