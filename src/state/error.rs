//! Why the ledger, and what is folded from it, cannot be had.

use std::path::PathBuf;

use inferlayer_ledger::{Damage, KeyError, OpenError};

use crate::config::ConfigError;
use crate::data_dir::CutShort;
use crate::state::read_back::ReadBackError;
use crate::state::signing::SigningKeyError;

/// Why the ledger does not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BooksError {
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("data folder {folder}: {cause}")]
    DataDir { folder: String, cause: std::io::Error },
    #[error("{0}")]
    Key(#[from] KeyError),
    #[error("{0}")]
    SigningKey(SigningKeyError),
    #[error(
        "the log in the data folder cannot go on without the key that signs it: bring {0} back"
    )]
    NoSigningKey(PathBuf),
    #[error("{0}")]
    ReadBack(#[from] ReadBackError),
    #[error("{0}")]
    CutShort(#[from] CutShort),
    #[error("ledger: {0}{hint}", hint = what_to_do(.0))]
    Ledger(#[from] OpenError),
}

/// The next step of an operator whose ledger does not open.
fn what_to_do(error: &OpenError) -> &'static str {
    match error {
        OpenError::NoJournal { .. } => {
            ". Is its volume mounted? Bring the journal back, or restore a backup with `inferlayer \
             ledger restore`; `inferlayer serve --new-log` begins without it"
        }
        OpenError::OtherHistory { .. } => {
            ". Bring the right journal back. To go on with this one, move the folder `journal` \
             away and restore from there with `inferlayer ledger restore --from`: a record then \
             says what is lost"
        }
        OpenError::SameIdentity => ": give another `ledger.signing_key` or `ledger.origin`",
        OpenError::Corrupt(fault) if !matches!(fault.what, Damage::Empty) => {
            ". Bring the journal's files back from a backup. What is wrong before its last two \
             files can be accepted with `inferlayer serve --accept-damage`"
        }
        _ => "",
    }
}
