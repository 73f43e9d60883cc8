//! Why the ledger gives no proof, and why a proof that was given does not hold.

use thiserror::Error;

/// Why the ledger cannot prove something about a record, sorted by blame: caller, time, operator.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// No such record, or no such size, was ever committed.
    #[error("the log has only {size} records")]
    Unknown {
        /// Number of records in the log.
        size: u64,
    },
    /// The index lags behind the journal: ask again in a moment.
    #[error("the index has not come that far yet")]
    NotYet,
    /// Retention has dropped it.
    #[error("the records before {first} were dropped")]
    Dropped {
        /// The first record that the index has.
        first: u64,
    },
    /// The ledger runs without its view, and memory reaches only so far back.
    #[error("the ledger runs without an index")]
    NoView,
    /// What the index holds does not lead to the signed root; a rebuilt view does.
    #[error("the index does not agree with the journal: {0}")]
    View(ProofFault),
}

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofFault {
    /// Not the text of a C2SP tlog-proof as `FORMAT.md` §9 describes it.
    #[error("it is not a proof in the form of c2sp.org/tlog-proof@v1")]
    Form,
    /// Not a reference as `FORMAT.md` §9 describes it.
    #[error("it is not a receipt's reference")]
    Reference,
    /// The text names no record hash, and none was given.
    #[error("it does not say which record it is for")]
    NoRecord,
    /// The text is for another record than the one it was given for.
    #[error("it is for another record")]
    OtherRecord,
    /// The note is not in the form of a checkpoint, or another log's.
    #[error("the checkpoint is malformed or of another origin")]
    Checkpoint,
    /// Not signed by the given key.
    #[error("the checkpoint's signature does not verify")]
    Signature,
    /// The record, or the smaller size, is not within the larger size.
    #[error("it is about a record beyond the size of the log")]
    Size,
    /// Hashes are missing or left over.
    #[error("it has another number of hashes than a tree of this size asks for")]
    Length,
    /// The hashes lead elsewhere.
    #[error("the hashes do not lead to the root")]
    Root,
}
