//! What Prometheus sees of the anchors. The label is the configured name.

use prometheus::{GaugeVec, IntCounter, IntCounterVec, Opts, Registry};

use crate::anchor::progress::Standing;

/// The series of all anchors. A cheap clone.
#[derive(Clone)]
pub(crate) struct AnchorMetrics {
    size: GaugeVec,
    lag_records: GaugeVec,
    lag_seconds: GaugeVec,
    conflict: GaugeVec,
    failures: IntCounterVec,
}

const LABEL: &[&str] = &["sink"];

impl AnchorMetrics {
    pub(crate) fn register(registry: &Registry) -> prometheus::Result<AnchorMetrics> {
        let gauge = |name: &str, help: &str| {
            let gauge = GaugeVec::new(Opts::new(name, help), LABEL)?;
            registry.register(Box::new(gauge.clone()))?;
            prometheus::Result::Ok(gauge)
        };
        let failures = Opts::new("inferlayer_anchor_failures_total", "hand-overs that failed");
        let failures = IntCounterVec::new(failures, LABEL)?;
        registry.register(Box::new(failures.clone()))?;
        Ok(AnchorMetrics {
            size: gauge("inferlayer_anchor_size", "records under the last accepted checkpoint")?,
            lag_records: gauge("inferlayer_anchor_lag_records", "records behind the ledger")?,
            lag_seconds: gauge(
                "inferlayer_anchor_lag_seconds",
                "age of the oldest checkpoint that was not accepted",
            )?,
            conflict: gauge(
                "inferlayer_anchor_conflict",
                "1 once a witness was found to hold another history",
            )?,
            failures,
        })
    }

    /// The counter of one anchor's failures, there from the start.
    pub(crate) fn failures(&self, anchor: &str) -> IntCounter {
        self.failures.with_label_values(&[anchor])
    }

    /// Sets the gauges of one anchor.
    pub(crate) fn export(&self, anchor: &str, standing: &Standing) {
        let set = |gauge: &GaugeVec, value: f64| gauge.with_label_values(&[anchor]).set(value);
        set(&self.size, standing.size as f64);
        set(&self.lag_records, standing.lag_records as f64);
        set(&self.lag_seconds, standing.lag.as_secs_f64());
        set(&self.conflict, f64::from(u8::from(standing.conflict)));
    }
}
