//! What the ledger says of itself: how far it is, whether it takes work and why not, and its clock.

use inferlayer_ledger::{Ledger, Unavailable};
use prometheus::{Gauge, GaugeVec, Opts, Registry};

/// Gauges that are read when they are asked for.
pub(super) struct LedgerGauges {
    records: Gauge,
    available: Gauge,
    refuses: GaugeVec,
    clock_ahead: Gauge,
}

impl LedgerGauges {
    pub(super) fn register(registry: &Registry) -> prometheus::Result<LedgerGauges> {
        let gauge = |name: &str, help: &str| {
            let gauge = Gauge::new(name, help)?;
            registry.register(Box::new(gauge.clone()))?;
            prometheus::Result::Ok(gauge)
        };
        let help = "1 while the ledger takes no new work, by reason";
        let refuses = GaugeVec::new(Opts::new("inferlayer_ledger_refuses", help), &["reason"])?;
        registry.register(Box::new(refuses.clone()))?;
        Ok(LedgerGauges {
            records: gauge("inferlayer_ledger_records", "records in the ledger")?,
            available: gauge("inferlayer_ledger_available", "1 while the ledger records")?,
            refuses,
            clock_ahead: gauge(
                "inferlayer_clock_ahead_seconds",
                "how far the system's clock is ahead of the times that records carry",
            )?,
        })
    }

    pub(super) fn read(&self, ledger: &Ledger) {
        self.records.set(ledger.head().size as f64);
        let standing = ledger.standing();
        self.available.set(f64::from(u8::from(standing.is_ok())));
        for why in Unavailable::LASTING {
            let holds = f64::from(u8::from(standing == Err(why)));
            self.refuses.with_label_values(&[why.name()]).set(holds);
        }
        let times = ledger.times();
        self.clock_ahead.set((times.wall_us as f64 - times.ordered_us as f64) / 1e6);
    }
}
