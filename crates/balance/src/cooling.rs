//! A model that its provider asked to leave alone for a while. What the provider says is true for
//! everybody; a 429 that says nothing may be about one request, such as one that is too large for
//! a limit, so it cools the model for its tenant alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::caller::Caller;

/// Until when a model cools.
#[derive(Debug, Default)]
pub(crate) struct Cooling {
    all: Option<Instant>,
    tenants: Vec<(Arc<str>, Instant)>,
}

const TENANTS_MAX: usize = 64;

impl Cooling {
    pub(crate) fn left(&self, caller: &Caller, now: Instant) -> Option<Duration> {
        let own = self.tenants.iter().filter(|(tenant, _)| *tenant == caller.tenant);
        let until = own.map(|(_, until)| *until).chain(self.all).max()?;
        Some(until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }

    pub(crate) fn for_all(&mut self, until: Instant) {
        self.all = self.all.max(Some(until));
    }

    pub(crate) fn for_tenant(&mut self, tenant: &Arc<str>, until: Instant, now: Instant) {
        self.tenants.retain(|(known, until)| known != tenant && *until > now);
        if self.tenants.len() < TENANTS_MAX {
            self.tenants.push((Arc::clone(tenant), until));
        }
    }

    /// Whether it cools for anybody.
    pub(crate) fn is_cooling(&self, now: Instant) -> bool {
        let tenants = self.tenants.iter().map(|(_, until)| *until);
        tenants.chain(self.all).any(|until| until > now)
    }
}
