//! What one configuration makes: filters, providers with their credentials, limits, prices. The
//! newest hangs in one atomic pointer. A request takes it once and ends with it, its stream and its
//! `log` included; the last one to end drops it.

mod build;

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::config::{Config, Limits};
use crate::pipeline::Pipeline;
use crate::upstream::Upstreams;

pub(crate) use self::build::Prepared;

/// What one configuration has made.
pub(crate) struct Generation {
    /// Without its filters, which are in the pipeline.
    pub(crate) config: Config,
    pub(crate) pipeline: Pipeline,
    pub(crate) upstreams: Upstreams,
}

/// The newest generation. `arc_swap`, because a request would otherwise take a lock that all
/// threads share, or a reload wait for readers.
pub(crate) struct Current(ArcSwap<Generation>);

impl Generation {
    pub(crate) fn limits(&self) -> &Limits {
        &self.config.limits
    }
}

impl Current {
    pub(crate) fn new(first: Generation) -> Current {
        Current(ArcSwap::from_pointee(first))
    }

    /// The generation that whoever begins now ends with.
    pub(crate) fn take(&self) -> Arc<Generation> {
        self.0.load_full()
    }
}
