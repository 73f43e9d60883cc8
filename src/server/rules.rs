//! What the fronts ask of clients, as the newest configuration has it.

use std::sync::Arc;

use async_trait::async_trait;
use pingora_core::server::ShutdownWatch;
use pingora_core::services::background::BackgroundService;
use tokio::sync::watch;

use crate::config::Limits;
use crate::front::Rules;
use crate::generation::Current;
use crate::server::descriptors;

/// Keeps the rules of all fronts at those of the newest configuration.
pub(crate) struct LiveRules {
    current: Arc<Current>,
    clients: watch::Sender<Arc<Rules>>,
    small: watch::Sender<Arc<Rules>>,
}

impl LiveRules {
    pub(crate) fn new(current: &Arc<Current>) -> LiveRules {
        let (clients, small) = rules(current.take().limits());
        let (clients, small) = (watch::Sender::new(clients), watch::Sender::new(small));
        LiveRules { current: Arc::clone(current), clients, small }
    }

    /// Of the listener for clients.
    pub(crate) fn clients(&self) -> watch::Receiver<Arc<Rules>> {
        self.clients.subscribe()
    }

    /// Of listeners that are ours alone.
    pub(crate) fn small(&self) -> watch::Receiver<Arc<Rules>> {
        self.small.subscribe()
    }
}

/// For clients, and for listeners that are ours alone.
fn rules(limits: &Limits) -> (Arc<Rules>, Arc<Rules>) {
    let connections = descriptors::connections(limits.connections);
    (Arc::new(Rules::for_clients(limits, connections)), Arc::new(Rules::small(limits)))
}

#[async_trait]
impl BackgroundService for LiveRules {
    async fn start(&self, _pingora: ShutdownWatch) {
        let mut changes = self.current.changes();
        while changes.changed().await.is_ok() {
            let (clients, small) = rules(self.current.take().limits());
            self.clients.send_replace(clients);
            self.small.send_replace(small);
        }
    }
}
