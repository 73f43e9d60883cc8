//! The circuits over one thing, such as a model: for a key, for a tenant, for everybody.

use std::time::{Duration, Instant};

use crate::caller::{Caller, Scope};
use crate::circuit::Circuit;
use crate::settings::HealthSettings;
use crate::tally::Tally;
use crate::ticket::Ticket;

/// The failures of one thing, and whom it is shut for.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    tally: Tally,
    circuits: Vec<Circuit>,
}

/// Circuits of single keys and tenants; the oldest makes room.
const CIRCUITS_MAX: usize = 64;

impl Breaker {
    /// How long this caller is not let through.
    pub(crate) fn left(&self, caller: &Caller, now: Instant) -> Option<Duration> {
        self.over(caller).filter_map(|circuit| circuit.left(now)).max()
    }

    /// Lets a request through; past an open circuit's time it tries that out.
    pub(crate) fn admit(&mut self, ticket: &Ticket, settings: &HealthSettings) {
        for circuit in self.circuits.iter_mut().filter(|c| c.scope.covers(&ticket.caller)) {
            circuit.let_probe(ticket.id, settings, ticket.admitted);
        }
    }

    /// The request is being answered: what it tried out is closed. Whom for.
    pub(crate) fn began(&mut self, ticket: &Ticket, now: Instant) -> Vec<Scope> {
        let probed = self.circuits.iter_mut().filter(|circuit| circuit.is_probed_by(ticket.id));
        let close = |circuit: &mut Circuit| {
            circuit.close_on_trial(now);
            circuit.scope.clone()
        };
        probed.map(close).collect()
    }

    /// The request was answered to its end. An old request's success opens no circuit again.
    pub(crate) fn succeeded(&mut self, ticket: &Ticket) {
        self.tally.succeeded(&ticket.caller, ticket.admitted);
        let recovered = |circuit: &Circuit| {
            circuit.on_trial_since().is_some_and(|since| since <= ticket.admitted)
        };
        self.circuits.retain(|c| !(c.scope.covers(&ticket.caller) && recovered(c)));
    }

    /// The request failed. Whom a circuit is opened for by that.
    pub(crate) fn failed(
        &mut self,
        ticket: &Ticket,
        settings: &HealthSettings,
        now: Instant,
    ) -> Vec<Scope> {
        let opened = self.retried(ticket, settings, now);
        let open = |circuit: &Circuit| circuit.is_open();
        let closed_after = |circuit: &Circuit| {
            circuit.on_trial_since().is_some_and(|since| since > ticket.admitted)
        };
        let is_old_news = self.over(&ticket.caller).any(|c| open(c) || closed_after(c));
        if !opened.is_empty() || is_old_news {
            return opened;
        }
        self.tally.failed(&ticket.caller, now);
        let proven = self.tally.proves(&ticket.caller, settings);
        proven.into_iter().inspect(|scope| self.open(scope, settings, now)).collect()
    }

    /// Nothing is known of the request.
    pub(crate) fn released(&mut self, ticket: &Ticket) {
        self.circuits.iter_mut().for_each(|circuit| circuit.release(ticket.id));
    }

    /// Opens a circuit, whatever was counted; for longer if it was open a moment ago.
    pub(crate) fn open(&mut self, scope: &Scope, settings: &HealthSettings, now: Instant) {
        self.tally.settle(scope);
        match self.circuits.iter_mut().find(|circuit| circuit.scope == *scope) {
            Some(circuit) if circuit.is_open() => {}
            Some(circuit) => circuit.reopen(settings, now),
            None => {
                if self.circuits.len() >= CIRCUITS_MAX {
                    let oldest = self.circuits.iter().position(|c| c.scope != Scope::All);
                    self.circuits.remove(oldest.unwrap_or(0));
                }
                self.circuits.push(Circuit::open(scope.clone(), settings, now));
            }
        }
    }

    /// Since when it is open for everyone in this scope.
    pub(crate) fn open_since(&self, scope: &Scope) -> Option<Instant> {
        let over = self.circuits.iter().filter(|circuit| circuit.scope.contains(scope));
        over.filter_map(Circuit::open_since).min()
    }

    /// Whether it is open for anybody, and whether for everybody.
    pub(crate) fn is_open(&self) -> (bool, bool) {
        let mut open = self.circuits.iter().filter(|circuit| circuit.is_open());
        let all = open.clone().any(|circuit| circuit.scope == Scope::All);
        (open.next().is_some(), all)
    }

    /// Whether nothing is known of it that would be lost.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.circuits.iter().any(Circuit::is_open)
    }

    /// The request tried an open circuit out and failed; counts for nothing else. A failed try
    /// prolongs the circuit, and most of all for who tried: others try next.
    pub(crate) fn retried(
        &mut self,
        ticket: &Ticket,
        settings: &HealthSettings,
        now: Instant,
    ) -> Vec<Scope> {
        let (mut opened, mut narrower) = (Vec::new(), Vec::new());
        for circuit in self.circuits.iter_mut().filter(|c| c.is_probed_by(ticket.id)) {
            let prober = circuit.scope.narrower(&ticket.caller);
            circuit.probe_failed(prober.clone(), settings, now);
            opened.push(circuit.scope.clone());
            narrower.extend(prober);
        }
        narrower.retain(|scope| !opened.contains(scope));
        for scope in narrower {
            self.open(&scope, settings, now);
            self.prolong(&scope, settings, now);
        }
        opened
    }

    /// Longer than the circuit of all, so that somebody else is next.
    fn prolong(&mut self, scope: &Scope, settings: &HealthSettings, now: Instant) {
        let own = self.circuits.iter_mut().find(|circuit| circuit.scope == *scope);
        own.into_iter().for_each(|circuit| circuit.reopen(settings, now));
    }

    fn over(&self, caller: &Caller) -> impl Iterator<Item = &Circuit> {
        self.circuits.iter().filter(|circuit| circuit.scope.covers(caller))
    }
}
