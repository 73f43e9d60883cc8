//! `/metrics` on a listener of its own: the counters, and gauges that are read at that moment.

mod health;
mod ledger;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use async_trait::async_trait;
use http::{Response, StatusCode};
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use prometheus::{Encoder, Gauge, GaugeVec, Opts, Registry, TextEncoder};

use self::health::HealthGauges;
use self::ledger::LedgerGauges;
use crate::anchor::Anchors;
use crate::generation::{Current, Generation};
use crate::state::State;

/// Serves `/metrics`, with gauges read at that moment.
pub(crate) struct Exporter {
    state: Arc<State>,
    current: Arc<Current>,
    anchors: Anchors,
    gauges: Gauges,
    /// The generation whose names the gauges have.
    named_by: Mutex<Weak<Generation>>,
}

struct Gauges {
    in_flight: Gauge,
    ledger: LedgerGauges,
    budget: GaugeVec,
    usage: GaugeVec,
    health: HealthGauges,
}

impl Exporter {
    pub(crate) fn new(
        state: &Arc<State>,
        current: &Arc<Current>,
        anchors: &Anchors,
    ) -> prometheus::Result<Exporter> {
        Ok(Exporter {
            gauges: Gauges::register(state.metrics.registry())?,
            state: Arc::clone(state),
            current: Arc::clone(current),
            anchors: anchors.clone(),
            named_by: Mutex::default(),
        })
    }

    /// Drops the series of what another configuration named. For one scrape at a time.
    fn forget_others(&self, generation: &Arc<Generation>) -> MutexGuard<'_, Weak<Generation>> {
        let mut named_by = self.named_by.lock().unwrap_or_else(PoisonError::into_inner);
        if !Weak::ptr_eq(&named_by, &Arc::downgrade(generation)) {
            self.gauges.budget.reset();
            self.gauges.usage.reset();
            self.gauges.health.reset();
            *named_by = Arc::downgrade(generation);
        }
        named_by
    }

    fn text(&self) -> prometheus::Result<Vec<u8>> {
        let (books, generation) = (&self.state.books, self.current.take());
        let _turn = self.forget_others(&generation);
        self.gauges.in_flight.set(self.state.in_flight.count() as f64);
        self.gauges.ledger.read(&books.ledger);
        let tenants = books.accounts.tenants();
        for (tenant, budget) in tenants.budgets() {
            let account = budget.account();
            let set = |kind, amount: inferlayer_accounts::NanoUsd| {
                let labels = [tenant.as_str(), kind];
                self.gauges.budget.with_label_values(&labels).set(amount.as_usd_lossy());
            };
            set("limit", budget.limit());
            set("spent", account.spent);
            set("held", account.held);
        }
        for (tenant, usage) in tenants.usage() {
            for (what, amount) in usage {
                let labels = [tenant.as_str(), what];
                self.gauges.usage.with_label_values(&labels).set(amount as f64);
            }
        }
        self.gauges.health.read(&generation);
        self.anchors.export();
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.state.metrics.registry().gather(), &mut text)?;
        Ok(text)
    }
}

impl Gauges {
    fn register(registry: &Registry) -> prometheus::Result<Gauges> {
        let health = HealthGauges::register(registry)?;
        let gauge = |name: &str, help: &str| {
            let gauge = Gauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            prometheus::Result::Ok(gauge)
        };
        let budget = GaugeVec::new(
            Opts::new("inferlayer_budget_usd", "limit, spent and held by tenant"),
            &["tenant", "kind"],
        )?;
        let usage = GaugeVec::new(
            Opts::new("inferlayer_tenant_usage", "what a tenant uses now of what all share"),
            &["tenant", "what"],
        )?;
        registry.register(Box::new(budget.clone()))?;
        registry.register(Box::new(usage.clone()))?;
        Ok(Gauges {
            in_flight: gauge("inferlayer_requests_in_flight", "requests being served")?,
            ledger: LedgerGauges::register(registry)?,
            budget,
            usage,
            health,
        })
    }
}

#[async_trait]
impl ServeHttp for Exporter {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let (status, body) = match session.req_header().uri.path() {
            "/metrics" => match self.text() {
                Ok(text) => (StatusCode::OK, text),
                Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string().into_bytes()),
            },
            _ => (StatusCode::NOT_FOUND, b"see /metrics\n".to_vec()),
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let length = response.body().len();
        let headers = response.headers_mut();
        let text = http::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        headers.insert(http::header::CONTENT_TYPE, text);
        headers.insert(http::header::CONTENT_LENGTH, http::HeaderValue::from(length));
        response
    }
}
