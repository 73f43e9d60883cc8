//! The running gateway: Pingora's server, our listeners in it, and a stop that waits for running
//! requests. `run` returns; nothing in here exits the process, so the guards of torn-down requests
//! reach the ledger and the ledger is closed last.

mod accept;
mod books;
mod build;
mod data_dir;
mod restore;
mod retention;
mod signing;
mod simulated;
mod stop;

use std::sync::Arc;
use std::time::{Duration, Instant};

use pingora_core::apps::HttpServerOptions;
use pingora_core::server::configuration::ServerConf;
use pingora_core::server::{RunArgs, Server};
use pingora_core::services::background::{GenBackgroundService, background_service};
use pingora_proxy::HttpProxy;

use crate::admin::Admin;
use crate::metrics::Exporter;
use crate::server::accept::{Listener, Service};
use crate::server::stop::{Stop, WhenStopped};

pub(crate) use books::{Books, open_books};
pub(crate) use build::{Built, StartError, build};
pub(crate) use data_dir::DataDir;
pub(crate) use restore::{Restored, restore};
pub(crate) use retention::DAY_US;
pub(crate) use signing::{SigningKeyError, SigningKeys, Successor};
pub(crate) use stop::{Signals, StopHandle};

/// How long requests that were cut may take to hand over their outcomes.
const TORN_DOWN_WITHIN: Duration = Duration::from_secs(5);

/// Serves until told to stop, then closes the ledger.
pub(crate) fn run(built: Built, signals: Signals) -> Result<(), StartError> {
    let Built { gateway, config, listeners, books, anchors, simulated, .. } = built;
    let (pipeline, ledger) = (Arc::clone(&gateway.pipeline), gateway.ledger.clone());
    let in_flight = Arc::clone(&gateway.in_flight);
    let stop = Arc::new(Stop::new(signals, Arc::clone(&in_flight), config.listen.grace_seconds));

    let conf = || ServerConf { threads: config.threads, ..ServerConf::default() };
    let mut server = Server::new_with_opt_and_conf(None, conf());
    server.bootstrap();

    let connections = config.limits.connections;
    let exporter =
        Exporter::new(&gateway, &books.accounts, &anchors, config.outline.asked.clone())?;
    let mut proxy = HttpProxy::new(gateway, Arc::new(conf()));
    let mut options = HttpServerOptions::default();
    options.h2c = true;
    proxy.server_options = Some(options);
    proxy.handle_init_modules();

    let http = Service::new(listeners.http, Arc::new(proxy), connections, &stop);
    let mut http = background_service("http", http);
    http.threads = Some(config.threads);
    server.add_service(http);
    server.add_service(small("admin", listeners.admin, Admin::new(&books), &stop));
    if let Some(listener) = listeners.metrics {
        server.add_service(small("metrics", listener, exporter, &stop));
    }
    if let Some(days) = config.ledger.retention_days {
        let daily = retention::Daily::new(ledger.clone(), days, &stop);
        server.add_service(background_service("retention", daily));
    }
    if !anchors.is_empty() {
        server.add_service(background_service("anchors", anchors.clone()));
    }
    if let Some(listener) = simulated {
        server.add_service(small("simulated", listener, simulated::Simulated, &stop));
    }

    server.run(RunArgs { shutdown_signal: Box::new(WhenStopped(stop)) });
    // Requests that were cut hand their outcomes over as their tasks are dropped.
    let deadline = Instant::now() + TORN_DOWN_WITHIN;
    while in_flight.count() > 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    pipeline.close();
    anchors.close_ledger().map_err(StartError::Close)
}

/// A service that needs one thread and few connections.
fn small<A>(
    name: &str,
    listener: Listener,
    app: A,
    stop: &Arc<Stop>,
) -> GenBackgroundService<Service<A>>
where
    A: pingora_core::apps::HttpServerApp + Send + Sync + 'static,
{
    const CONNECTIONS: usize = 64;
    background_service(name, Service::new(listener, Arc::new(app), CONNECTIONS, stop))
}
