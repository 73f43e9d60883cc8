//! Leave to ask a provider, or why there is none, and what an attempt says of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::caller::Caller;

/// Leave to ask a provider once, and what its outcome is to be counted for.
#[derive(Clone, Debug)]
pub struct Ticket {
    pub(crate) id: u64,
    pub(crate) model: Arc<str>,
    pub(crate) credential: Arc<str>,
    pub(crate) caller: Caller,
    pub(crate) admitted: Instant,
}

impl Ticket {
    /// As if everybody were one: whoever asks, a connection is the same.
    pub(crate) fn of_anybody(&self) -> Ticket {
        Ticket { caller: Caller { tenant: "".into(), key: 0 }, ..self.clone() }
    }
}

/// Why a provider is not asked, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAsked {
    /// Why.
    pub reason: Reason,
    /// How long.
    pub left: Duration,
}

/// Why a provider is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It, or its model, failed again and again.
    CircuitOpen,
    /// It asked to be left alone.
    Cooling,
    /// It refuses its key.
    KeyRefused,
}

/// What speaks against a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No connection came about.
    Connection,
    /// 5xx, silence, an answer that broke off. Perhaps with when to come back.
    Capacity(Option<Duration>),
    /// 429. Perhaps with when to come back.
    Busy(Option<Duration>),
    /// 401: its key is not accepted.
    Key,
    /// 403: its key is not accepted for this model.
    KeyForModel,
}
