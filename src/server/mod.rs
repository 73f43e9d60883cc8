//! The running gateway: Pingora's server, our listeners in it, and a stop that waits for running
//! requests. `run` returns; nothing in here exits the process, so the guards of torn-down requests
//! reach the ledger and the ledger is closed last.

mod build;
mod descriptors;
mod exporter;
mod reload;
mod rules;
mod verification;

use std::sync::Arc;
use std::time::{Duration, Instant};

use pingora_core::server::configuration::ServerConf;
use pingora_core::server::{RunArgs, Server};
use pingora_core::services::background::background_service;
use pingora_proxy::HttpProxy;

use crate::admin::Admin;
use crate::config::Config;
use crate::front::{Counts, Front};
use crate::operations::retention;
use crate::proxy::Gateway;
use crate::server::exporter::Exporter;
use crate::server::rules::LiveRules;
use crate::server::verification::Verification;
use crate::simulated::Simulated;
use crate::stop::{Signals, Stop, WhenStopped};

pub(crate) use build::{Built, StartError, build};

/// How long requests that were cut may take to hand over their outcomes.
const TORN_DOWN_WITHIN: Duration = Duration::from_secs(5);

/// Serves until told to stop, then closes the ledger.
pub(crate) fn run(built: Built, signals: Signals) -> Result<(), StartError> {
    let Built { state, current, reloader, listeners, anchors, simulated, data_dir } = built;
    let (ledger, in_flight) = (state.books.ledger.clone(), Arc::clone(&state.in_flight));
    // Not the generation: whoever holds it keeps it.
    let (threads, retention_days, verified_bytes) = {
        let Config { threads, ledger, .. } = &current.take().config;
        (*threads, ledger.retention_days, ledger.verify_at_start_bytes)
    };
    let stop = Arc::new(Stop::new(signals.clone(), Arc::clone(&in_flight), Arc::clone(&current)));

    let conf = || ServerConf { threads, ..ServerConf::default() };
    let mut server = Server::new_with_opt_and_conf(None, conf());
    server.bootstrap();

    let rules = LiveRules::new(&current);
    let registry = state.metrics.registry();
    let counts = Counts::register(registry)?;
    let exporter = Exporter::new(&state, &current, &anchors)?;
    let gateway = Gateway { state: Arc::clone(&state), current: Arc::clone(&current) };
    let refusals = Arc::new(gateway.refusals());
    let mut proxy = HttpProxy::new(gateway, Arc::new(conf()));
    proxy.handle_init_modules();

    let http = Front::new(listeners.http, proxy, rules.clients(), &counts, stop.closing());
    let mut http = background_service("http", http.telling(refusals));
    http.threads = Some(threads);
    server.add_service(http);
    let admin = Admin::new(&state.books, &reloader);
    let front = Front::new(listeners.admin, admin, rules.small(), &counts, stop.over());
    server.add_service(background_service("admin", front));
    if let Some(listener) = listeners.metrics {
        let front = Front::new(listener, exporter, rules.small(), &counts, stop.over());
        server.add_service(background_service("metrics", front));
    }
    if let Some(days) = retention_days {
        let daily = retention::Daily::new(ledger.clone(), days, &stop);
        server.add_service(background_service("retention", daily));
    }
    let reloads = reload::Reloads::new(reloader, signals, &stop);
    server.add_service(background_service("reload", reloads));
    let verification = Verification::new(data_dir.journal(), verified_bytes, registry)?;
    server.add_service(background_service("verification", verification));
    if !anchors.is_empty() {
        server.add_service(background_service("anchors", anchors.clone()));
    }
    if let Some(listener) = simulated {
        let front = Front::new(listener, Simulated, rules.small(), &counts, stop.over());
        server.add_service(background_service("simulated", front));
    }
    server.add_service(background_service("rules", rules));
    server.run(RunArgs { shutdown_signal: Box::new(WhenStopped(stop)) });
    // Requests that were cut hand their outcomes over as their tasks are dropped.
    let deadline = Instant::now() + TORN_DOWN_WITHIN;
    while in_flight.count() > 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    current.take().pipeline.close();
    // While the lock says that no other gateway made it.
    let _ = std::fs::remove_file(data_dir.admin_socket());
    anchors.close_ledger().map_err(StartError::Close)
}
