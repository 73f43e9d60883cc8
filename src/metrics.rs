//! What Prometheus sees. Label values come from the configuration alone, so a caller cannot make
//! new series. Names follow OpenTelemetry's `gen_ai_*` where it has one, `inferlayer_*` elsewhere.

mod money;

use inferlayer_cache::CacheStatus;
use inferlayer_filter::Exchange;
use inferlayer_filter::candidate::Excluded;
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

use self::money::Money;

/// Counters that requests move.
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    attempts: IntCounterVec,
    excluded: IntCounterVec,
    plans: IntCounterVec,
    cached: IntCounterVec,
    duration: HistogramVec,
    added: Histogram,
    money: Money,
    refusals: IntCounterVec,
}

/// A request that no key was accepted for.
const NO_TENANT: &str = "";
/// A disk's sync is in there: tenths of a millisecond on a good one.
const ADDED_SECONDS: [f64; 12] =
    [5e-5, 1e-4, 2e-4, 4e-4, 8e-4, 1.6e-3, 3.2e-3, 6.4e-3, 1.28e-2, 5.12e-2, 0.2, 1.0];
/// OpenTelemetry's buckets for `gen_ai.client.operation.duration`.
const SECONDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

impl Metrics {
    pub(crate) fn new() -> prometheus::Result<Metrics> {
        let registry = Registry::new();
        let counter = |name, help, labels: &[_]| counter(&registry, name, help, labels);
        let requests = counter(
            "inferlayer_requests_total",
            "requests by tenant and status; 499 when the client had gone",
            &["tenant", "status"],
        )?;
        let attempts = counter(
            "inferlayer_attempts_total",
            "attempts at providers by what came of them",
            &["gen_ai_provider_name", "result"],
        )?;
        let excluded = counter(
            "inferlayer_excluded_candidates_total",
            "candidates that a request could not use, by reason (not_local, unsupported, unpriced, \
             strict_order)",
            &["tenant", "gen_ai_provider_name", "reason"],
        )?;
        let plans = counter(
            "inferlayer_plans_total",
            "requests by the tier they were given and the layer that chose the model",
            &["tier", "by"],
        )?;
        let cached = counter(
            "inferlayer_cache_answers_total",
            "requests by tenant and what the cache did (hit-exact, miss, bypass)",
            &["tenant", "result"],
        )?;
        let refusals = counter(
            "inferlayer_refusals_total",
            "requests that were refused or failed, by tenant and error code",
            &["tenant", "code"],
        )?;
        let (duration, added) = (duration()?, added()?);
        registry.register(Box::new(duration.clone()))?;
        registry.register(Box::new(added.clone()))?;
        Ok(Metrics {
            money: Money::register(&registry)?,
            registry,
            requests,
            attempts,
            excluded,
            plans,
            cached,
            duration,
            added,
            refusals,
        })
    }

    /// Where others register what they count.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Counts a request that has ended.
    pub(crate) fn observe(&self, x: &Exchange) {
        let tenant = x.tenant.peek().map_or(NO_TENANT, |tenant| tenant.name().as_str());
        let mut digits = [0; 3];
        let status = three_digits(x.answer.status, &mut digits);
        self.requests.with_label_values(&[tenant, status]).inc();
        if let Some(refused) = x.refused {
            self.refusals.with_label_values(&[tenant, refused.code]).inc();
        }
        for attempt in &x.attempts {
            let labels = [&*attempt.provider.name, attempt.result.name()];
            self.attempts.with_label_values(&labels).inc();
        }
        for Excluded { candidate, reason } in x.candidates.peek().map_or(&[][..], |c| c.excluded())
        {
            let labels = [tenant, &*candidate.provider.name, reason.name()];
            self.excluded.with_label_values(&labels).inc();
        }
        if let Some(plan) = x.plan.peek() {
            self.plans.with_label_values(&[plan.tier.name(), plan.by.name()]).inc();
        }
        if let Some(status) = x.extensions.get::<CacheStatus>() {
            self.cached.with_label_values(&[tenant, status.name()]).inc();
        }
        if let Some(added) = x.added {
            self.added.observe(added.as_secs_f64());
        }
        if let Some(cost) = x.cost.peek() {
            self.money.observe(x, tenant, cost);
        }
        let Some(attempt) = x.answered() else { return };
        let seconds = x.arrived.elapsed().as_secs_f64();
        self.duration.with_label_values(&[&*attempt.provider.name]).observe(seconds);
    }
}

fn duration() -> prometheus::Result<HistogramVec> {
    let options = HistogramOpts::new(
        "gen_ai_client_operation_duration_seconds",
        "from the request's head to its end, by the provider that answered",
    );
    HistogramVec::new(options.buckets(SECONDS.to_vec()), &["gen_ai_provider_name"])
}

fn added() -> prometheus::Result<Histogram> {
    let options = HistogramOpts::new(
        "inferlayer_added_seconds",
        "from the request's head to the head of its answer, without the wait for providers",
    );
    Histogram::with_opts(options.buckets(ADDED_SECONDS.to_vec()))
}

fn counter(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> prometheus::Result<IntCounterVec> {
    let counter = IntCounterVec::new(Opts::new(name, help), labels)?;
    registry.register(Box::new(counter.clone()))?;
    Ok(counter)
}

/// Statuses are counted for every request; this spares their formatting.
fn three_digits(status: u16, digits: &mut [u8; 3]) -> &str {
    *digits = [status / 100 % 10, status / 10 % 10, status % 10].map(|d| b'0' + d as u8);
    std::str::from_utf8(digits).unwrap_or("000")
}
