//! What lives as long as the process, each thing found by its name: the ledger, the accounts folded
//! from it, keys, health of providers, metrics, requests in flight. What one configuration makes is
//! in `generation`, which uses this and is never known here.

mod books;
mod error;
mod read_back;
mod signing;

use std::sync::Arc;

use inferlayer_filter::Kept;

use crate::in_flight::InFlight;
use crate::metrics::Metrics;
use crate::upstream::HealthBook;

pub(crate) use self::books::{Books, Insist, finish_rotation, open_books, options, signing_keys};
pub(crate) use self::error::BooksError;
pub(crate) use self::signing::{SigningKeyError, SigningKeys, Successor};

/// All of it.
pub(crate) struct State {
    pub(crate) books: Books,
    pub(crate) health: HealthBook,
    pub(crate) metrics: Metrics,
    pub(crate) in_flight: Arc<InFlight>,
    /// What filters keep.
    pub(crate) kept: Arc<Kept>,
}

impl State {
    pub(crate) fn new(books: Books, health: HealthBook) -> prometheus::Result<State> {
        let metrics = Metrics::new()?;
        Ok(State { books, health, metrics, in_flight: Arc::default(), kept: Arc::default() })
    }
}
