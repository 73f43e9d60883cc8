//! What a provider and its models are at, and what of it has changed.

use std::sync::Arc;

use crate::caller::Scope;
use crate::ticket::Reason;

/// Something has changed that an operator wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The model, if it is not about the whole provider.
    pub model: Option<Arc<str>>,
    /// Whom it is shut for, or open again.
    pub scope: Scope,
    /// What has changed.
    pub change: Change,
}

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Left alone because of this.
    Shut(Reason),
    /// Asked again.
    Closed,
}

/// What a model, or the whole provider, is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelState {
    /// A circuit is open, for one caller at least.
    pub circuit_open: bool,
    /// A circuit is open for everybody.
    pub circuit_open_for_all: bool,
    /// It cools.
    pub cooling: bool,
    /// The key is refused.
    pub key_refused: bool,
}
