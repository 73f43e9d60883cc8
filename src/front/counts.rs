//! What the fronts count, for Prometheus: connections, those that were not served, and why.

use prometheus::{Gauge, IntCounterVec, Opts, Registry};

use crate::front::malformed::Malformed;

/// Counters that all listeners share.
#[derive(Clone)]
pub(crate) struct Counts {
    open: Gauge,
    closed: IntCounterVec,
    malformed: IntCounterVec,
}

/// Why a connection was closed without its client having asked for it.
#[derive(Clone, Copy)]
pub(super) enum Closed {
    /// Its client has as many as it may, all of them busy.
    ClientFull,
    /// No whole request came in time.
    HeadTimeout,
    /// It was silent between requests.
    Idle,
    /// It sent frames that only cost.
    Flood,
    /// It was no HTTP/2 after its preface.
    Handshake,
}

impl Counts {
    pub(crate) fn register(registry: &Registry) -> prometheus::Result<Counts> {
        let open = Gauge::new("inferlayer_connections_open", "client connections")?;
        let closed = IntCounterVec::new(
            Opts::new(
                "inferlayer_connections_closed_total",
                "client connections that the gateway closed of itself, by cause (client_full, \
                 made_room, head_timeout, idle, flood, handshake)",
            ),
            &["cause"],
        )?;
        let malformed = IntCounterVec::new(
            Opts::new(
                "inferlayer_malformed_requests_total",
                "requests refused for their form before anybody knew who asks, by cause",
            ),
            &["cause"],
        )?;
        registry.register(Box::new(open.clone()))?;
        registry.register(Box::new(closed.clone()))?;
        registry.register(Box::new(malformed.clone()))?;
        Ok(Counts { open, closed, malformed })
    }

    pub(super) fn opened(&self) {
        self.open.inc();
    }

    pub(super) fn left(&self) {
        self.open.dec();
    }

    pub(super) fn closed(&self, cause: Closed) {
        self.closed.with_label_values(&[cause.name()]).inc();
    }

    pub(super) fn made_room(&self, connections: u64) {
        if connections > 0 {
            self.closed.with_label_values(&["made_room"]).inc_by(connections);
        }
    }

    pub(super) fn malformed(&self, cause: Malformed) {
        self.malformed.with_label_values(&[cause.code()]).inc();
    }
}

impl Closed {
    fn name(self) -> &'static str {
        match self {
            Closed::ClientFull => "client_full",
            Closed::HeadTimeout => "head_timeout",
            Closed::Idle => "idle",
            Closed::Flood => "flood",
            Closed::Handshake => "handshake",
        }
    }
}
