//! When another configuration is taken over: at a SIGHUP, and, where the configuration wants it,
//! when a file has changed. The admin socket asks by itself.

use std::sync::Arc;

use async_trait::async_trait;
use pingora_core::server::ShutdownWatch;
use pingora_core::services::background::BackgroundService;

use crate::generation::Reloader;
use crate::stop::{Signals, Stop};

/// Waits for a reason to reload.
pub(crate) struct Reloads {
    reloader: Arc<Reloader>,
    signals: Signals,
    stop: Arc<Stop>,
}

impl Reloads {
    pub(crate) fn new(reloader: Arc<Reloader>, signals: Signals, stop: &Arc<Stop>) -> Reloads {
        Reloads { reloader, signals, stop: Arc::clone(stop) }
    }
}

#[async_trait]
impl BackgroundService for Reloads {
    async fn start(&self, _pingora: ShutdownWatch) {
        let (mut stopping, mut signals) = (self.stop.closing(), self.signals.clone());
        loop {
            tokio::select! {
                _ = stopping.wait_for(|stop| *stop) => return,
                () = signals.reload() => {}
                () = self.reloader.changed() => {}
            }
            self.reloader.reload().await;
        }
    }
}
