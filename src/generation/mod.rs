//! What one configuration makes: filters, providers with their credentials, limits, prices. The
//! newest hangs in one atomic pointer. A request takes it once and ends with it, its stream and its
//! `log` included; the last one to end drops it.
//!
//! ```text
//! file ─► config ─► fixed? ─► secrets, roots ─► filters ─► record ─► swap
//!          └──────────┴─────────────┴──────────────┴── an error: the last good one serves on
//! ```

mod build;
mod fixed;
mod look;
mod metrics;
mod record;
mod reload;

use std::sync::Arc;

use arc_swap::ArcSwap;
use inferlayer_accounts::Tenants;
use tokio::sync::watch;

use crate::config::{Config, Limits};
use crate::pipeline::Pipeline;
use crate::state::State;
use crate::upstream::Upstreams;

pub(crate) use self::build::{Means, Prepared};
pub(crate) use self::record::{RecordError, record};
pub(crate) use self::reload::{Reloaded, Reloader};

/// What one configuration has made.
pub(crate) struct Generation {
    /// Without its filters, which are in the pipeline.
    pub(crate) config: Config,
    pub(crate) pipeline: Pipeline,
    pub(crate) upstreams: Upstreams,
    tenants: Arc<Tenants>,
}

/// The newest generation. `arc_swap`, because a request would otherwise take a lock that all
/// threads share, and a reload would wait for readers.
pub(crate) struct Current {
    newest: ArcSwap<Generation>,
    changed: watch::Sender<()>,
}

impl Generation {
    pub(crate) fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// Gives what lives longer the settings of this generation.
    fn adopt(&self, before: Option<&Generation>, state: &State) {
        let totals = self.limits().totals(self.config.threads);
        state.books.accounts.adopt(Arc::clone(&self.tenants), totals);
        state.books.ledger.share_queue(self.config.tenants.len() > 1);
        self.upstreams.adopt(before.map(|before| &before.upstreams), &state.health);
        self.pipeline.adopted();
    }
}

impl Current {
    /// With the generation of a start.
    pub(crate) fn new(first: Generation, state: &State) -> Current {
        first.adopt(None, state);
        Current { newest: ArcSwap::from_pointee(first), changed: watch::Sender::default() }
    }

    /// The generation that whoever begins now ends with.
    pub(crate) fn take(&self) -> Arc<Generation> {
        self.newest.load_full()
    }

    /// Is told of every other one.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Whoever begins from now on gets this one.
    fn replace(&self, next: Generation, state: &State) {
        next.adopt(Some(&self.take()), state);
        self.newest.store(Arc::new(next));
        self.changed.send_replace(());
    }
}
