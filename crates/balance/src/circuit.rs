//! One circuit: open for a while, then tried out by one request at a time.

use std::time::{Duration, Instant};

use crate::caller::Scope;
use crate::settings::HealthSettings;

/// A circuit that is open, or was a moment ago.
#[derive(Debug)]
pub(crate) struct Circuit {
    pub(crate) scope: Scope,
    /// Opened so many times without recovering.
    times: u32,
    state: State,
    /// Who tried it out in vain last, so that one party's failures do not prolong it for others.
    last_prober: Option<Scope>,
}

#[derive(Debug)]
enum State {
    Open {
        since: Instant,
        until: Instant,
        /// A request is trying it out; past this time another may.
        probe: Option<Probe>,
    },
    /// Something was answered; not yet to its end.
    OnTrial { since: Instant },
}

#[derive(Clone, Copy, Debug)]
struct Probe {
    ticket: u64,
    until: Instant,
}

impl Circuit {
    /// One that is open from now on.
    pub(crate) fn open(scope: Scope, settings: &HealthSettings, now: Instant) -> Circuit {
        let until = now + settings.open_for(1);
        let state = State::Open { since: now, until, probe: None };
        Circuit { scope, times: 1, state, last_prober: None }
    }

    /// Opens again, for longer.
    pub(crate) fn reopen(&mut self, settings: &HealthSettings, now: Instant) {
        self.times = self.times.saturating_add(1);
        self.open_until(settings, now);
    }

    /// The request that tried it out failed, which was of the party `prober`.
    pub(crate) fn probe_failed(
        &mut self,
        prober: Option<Scope>,
        settings: &HealthSettings,
        now: Instant,
    ) {
        if prober.is_none() || prober != self.last_prober {
            self.times = self.times.saturating_add(1);
        }
        self.last_prober = prober;
        self.open_until(settings, now);
    }

    fn open_until(&mut self, settings: &HealthSettings, now: Instant) {
        let until = now + settings.open_for(self.times);
        self.state = State::Open { since: now, until, probe: None };
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Since when it is open.
    pub(crate) fn open_since(&self) -> Option<Instant> {
        match self.state {
            State::Open { since, .. } => Some(since),
            State::OnTrial { .. } => None,
        }
    }

    /// How long nobody may be let through.
    pub(crate) fn left(&self, now: Instant) -> Option<Duration> {
        let State::Open { until, probe, .. } = self.state else { return None };
        let until = probe.map_or(until, |probe| probe.until.max(until));
        Some(until.saturating_duration_since(now)).filter(|left| !left.is_zero())
    }

    /// Lets a request through that tries it out, if it is open and its time is over.
    pub(crate) fn let_probe(&mut self, ticket: u64, settings: &HealthSettings, now: Instant) {
        if let State::Open { probe, .. } = &mut self.state {
            *probe = Some(Probe { ticket, until: now + settings.open });
        }
    }

    /// Whether this request is the one that tries it out.
    pub(crate) fn is_probed_by(&self, id: u64) -> bool {
        matches!(self.state, State::Open { probe: Some(Probe { ticket, .. }), .. } if ticket == id)
    }

    /// Nothing is known of the request that tried it out.
    pub(crate) fn release(&mut self, id: u64) {
        if let State::Open { probe, .. } = &mut self.state
            && probe.is_some_and(|probe| probe.ticket == id)
        {
            *probe = None;
        }
    }

    /// The request that tried it out is being answered.
    pub(crate) fn close_on_trial(&mut self, now: Instant) {
        self.state = State::OnTrial { since: now };
    }

    /// When it was closed, if it is on trial.
    pub(crate) fn on_trial_since(&self) -> Option<Instant> {
        match self.state {
            State::OnTrial { since } => Some(since),
            State::Open { .. } => None,
        }
    }
}
