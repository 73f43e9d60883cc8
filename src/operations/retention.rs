//! Old records go by themselves where the configuration says after how many days. Their age is
//! counted to the last record of the run before, and on from there; a clock that is ahead of it
//! counts once an anchor has confirmed it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use inferlayer_ledger::Ledger;
use pingora_core::server::ShutdownWatch;
use pingora_core::services::background::BackgroundService;

use crate::operations::reason::Reason;
use crate::operations::retain::{Retain, Retainer};
use crate::stop::Stop;

/// Microseconds.
pub(crate) const DAY_US: u64 = 24 * 60 * 60 * 1_000_000;

/// Drops what is older than so many days: at start, and daily.
pub(crate) struct Daily {
    ledger: Ledger,
    days: NonZeroU32,
    stop: Arc<Stop>,
}

impl Daily {
    pub(crate) fn new(ledger: Ledger, days: NonZeroU32, stop: &Arc<Stop>) -> Daily {
        Daily { ledger, days, stop: Arc::clone(stop) }
    }

    async fn retain(&self) {
        let Ok(reason) = Reason::try_from("retention_days".to_owned()) else { return };
        let kept_us = u64::from(self.days.get()) * DAY_US;
        // A clock that is wrong for a moment drops nothing: age is counted to what is surely past.
        let before_us = self.ledger.times().trusted_us.saturating_sub(kept_us);
        let retainer = Retainer::new(self.ledger.clone());
        match retainer.retain(Retain { before_us, reason }).await {
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "old records could not be dropped"),
        }
    }
}

#[async_trait]
impl BackgroundService for Daily {
    async fn start(&self, _pingora: ShutdownWatch) {
        let mut stopping = self.stop.closing();
        loop {
            self.retain().await;
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(Duration::from_micros(DAY_US)) => {}
            }
        }
    }
}
