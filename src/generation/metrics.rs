//! Whether the configuration that serves is the one that is there.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::{Gauge, IntCounterVec, Opts, Registry};

/// What an alert looks at.
pub(super) struct ReloadMetrics {
    failed: Gauge,
    succeeded_at: Gauge,
    reloads: IntCounterVec,
}

impl ReloadMetrics {
    /// A start is the first success.
    pub(super) fn register(registry: &Registry) -> prometheus::Result<ReloadMetrics> {
        let failed = Gauge::new(
            "inferlayer_config_reload_failed",
            "1 while the configuration that is there cannot be taken over and an older one serves",
        )?;
        let succeeded_at = Gauge::new(
            "inferlayer_config_last_success_timestamp_seconds",
            "when the configuration that serves was taken over",
        )?;
        let reloads = IntCounterVec::new(
            Opts::new(
                "inferlayer_config_reloads_total",
                "reloads by result (ok, unchanged, failed)",
            ),
            &["result"],
        )?;
        registry.register(Box::new(failed.clone()))?;
        registry.register(Box::new(succeeded_at.clone()))?;
        registry.register(Box::new(reloads.clone()))?;
        let metrics = ReloadMetrics { failed, succeeded_at, reloads };
        metrics.set_succeeded();
        Ok(metrics)
    }

    pub(super) fn succeeded(&self) {
        self.set_succeeded();
        self.reloads.with_label_values(&["ok"]).inc();
    }

    /// The one that is there is the one that serves.
    pub(super) fn unchanged(&self) {
        self.failed.set(0.0);
        self.reloads.with_label_values(&["unchanged"]).inc();
    }

    pub(super) fn failed(&self) {
        self.failed.set(1.0);
        self.reloads.with_label_values(&["failed"]).inc();
    }

    fn set_succeeded(&self) {
        self.failed.set(0.0);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.succeeded_at.set(now.as_secs_f64());
    }
}
