//! Handing the log on to another signing key. The key lies where a start finds it before the ledger
//! hears of it, so a crash at any step is finished by the next start. Used by the admin socket, and
//! by the command line when no gateway runs.

use std::sync::{Arc, Mutex, PoisonError};

use inferlayer_ledger::{EntryError, KeyError, Ledger, Unavailable};
use serde::{Deserialize, Serialize};

use crate::state::{SigningKeyError, SigningKeys, Successor};

/// Changes the signing key, once at a time.
#[derive(Clone)]
pub(crate) struct Rotator(Arc<Shared>);

struct Shared {
    ledger: Ledger,
    keys: Arc<SigningKeys>,
    turn: Mutex<()>,
}

/// A log that was handed on.
#[derive(Serialize, Deserialize)]
pub(crate) struct Rotated {
    /// Where the ledger says so.
    pub(crate) sequence: u64,
    /// The key that signs from there on, as a C2SP verifier key.
    pub(crate) public_key: String,
    /// The configuration names the keys: the operator has to change it.
    pub(crate) named: bool,
}

/// Why the log was not handed on, or not wholly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RotateError {
    #[error("{0}; nothing was changed")]
    Key(#[from] SigningKeyError),
    #[error("that key signs the log already, or did: restart the gateway if it is the newest")]
    Known,
    #[error("the ledger cannot record it, so nothing was changed: {0}")]
    Ledger(Unavailable),
    #[error("record {sequence} says so, but it is not done: {cause}; the next start does it")]
    Unfinished { sequence: u64, cause: KeyError },
    #[error("{0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Rotator {
    pub(crate) fn new(ledger: Ledger, keys: Arc<SigningKeys>) -> Rotator {
        Rotator(Arc::new(Shared { ledger, keys, turn: Mutex::default() }))
    }

    /// Makes or reads the next key, records that it signs from here on, destroys the old one.
    pub(crate) async fn rotate(&self) -> Result<Rotated, RotateError> {
        let shared = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || shared.rotate()).await?
    }
}

impl Shared {
    fn rotate(&self) -> Result<Rotated, RotateError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let Successor { signing, public } = self.keys.successor()?;
        let sequence = self.ledger.rotate(signing)?.sequence();
        let promoted = self.keys.promote();
        promoted.map_err(|cause| RotateError::Unfinished { sequence, cause })?;
        tracing::warn!(sequence, key = %public, "another key signs the log");
        Ok(Rotated { sequence, public_key: public.to_string(), named: self.keys.are_named() })
    }
}

impl From<Unavailable> for RotateError {
    fn from(why: Unavailable) -> RotateError {
        match why {
            Unavailable::Invalid(EntryError::KnownKey) => RotateError::Known,
            why => RotateError::Ledger(why),
        }
    }
}
