//! A model that its provider asked to leave alone for a while. What the provider says is true for
//! everybody; a 429 that says nothing may be about one request, such as one that is too large for
//! a limit, so it cools the model for its tenant alone.
//!
//! When the time is over one request asks first, so that all who waited do not ask at once and are
//! sent away again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::caller::{Caller, Scope};
use crate::ticket::Ticket;

/// Until when a model cools.
#[derive(Debug, Default)]
pub(crate) struct Cooling {
    all: Option<Pause>,
    tenants: Vec<(Arc<str>, Pause)>,
}

/// A time in which nobody asks, and the request that asks first after it.
#[derive(Clone, Copy, Debug)]
struct Pause {
    until: Instant,
    first: Option<First>,
}

#[derive(Clone, Copy, Debug)]
struct First {
    ticket: u64,
    /// Past this others ask too: an answer may be long in coming.
    until: Instant,
}

const TENANTS_MAX: usize = 64;
/// How long others wait for the first to be answered.
const FIRST_MAX: Duration = Duration::from_secs(1);

impl Pause {
    fn new(until: Instant) -> Pause {
        Pause { until, first: None }
    }

    fn left(&self, now: Instant) -> Option<Duration> {
        let until = self.first.map_or(self.until, |first| first.until.max(self.until));
        Some(until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }

    fn is_first(&self, ticket: &Ticket) -> bool {
        self.first.is_some_and(|first| first.ticket == ticket.id)
    }
}

impl Cooling {
    pub(crate) fn left(&self, caller: &Caller, now: Instant) -> Option<Duration> {
        let own = self.tenants.iter().filter(|(tenant, _)| *tenant == caller.tenant);
        own.map(|(_, pause)| pause).chain(&self.all).filter_map(|pause| pause.left(now)).max()
    }

    /// Lets a request through; it asks first where a pause is over.
    pub(crate) fn admit(&mut self, ticket: &Ticket) {
        let first = Some(First { ticket: ticket.id, until: ticket.admitted + FIRST_MAX });
        let own = self.tenants.iter_mut().filter(|(tenant, _)| *tenant == ticket.caller.tenant);
        own.map(|(_, pause)| pause).chain(&mut self.all).for_each(|pause| pause.first = first);
    }

    /// The request was answered: the pauses that it came first after are over. Whom for.
    pub(crate) fn answered(&mut self, ticket: &Ticket) -> Vec<Scope> {
        let mut over = Vec::new();
        if self.all.take_if(|pause| pause.is_first(ticket)).is_some() {
            over.push(Scope::All);
        }
        self.tenants.retain(|(tenant, pause)| {
            let ended = pause.is_first(ticket);
            if ended {
                over.push(Scope::Tenant(Arc::clone(tenant)));
            }
            !ended
        });
        over
    }

    /// Nothing more will be known of the request: another may ask first.
    pub(crate) fn released(&mut self, ticket: &Ticket) {
        let pauses = self.tenants.iter_mut().map(|(_, pause)| pause).chain(&mut self.all);
        pauses.filter(|pause| pause.is_first(ticket)).for_each(|pause| pause.first = None);
    }

    pub(crate) fn for_all(&mut self, until: Instant) {
        let known = self.all.map_or(until, |pause| pause.until);
        self.all = Some(Pause::new(until.max(known)));
    }

    pub(crate) fn for_tenant(&mut self, tenant: &Arc<str>, until: Instant, now: Instant) {
        self.tenants.retain(|(known, pause)| known != tenant && pause.left(now).is_some());
        if self.tenants.len() < TENANTS_MAX {
            self.tenants.push((Arc::clone(tenant), Pause::new(until)));
        }
    }

    /// Whether it cools for anybody.
    pub(crate) fn is_cooling(&self, now: Instant) -> bool {
        let tenants = self.tenants.iter().map(|(_, pause)| pause);
        tenants.chain(&self.all).any(|pause| pause.until > now)
    }
}
