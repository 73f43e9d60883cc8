//! Our own accept loop. Sockets are bound before anything else starts, so a port in use ends the
//! process with a sentence; a cap on connections is back-pressure on `accept`, not a refusal; a
//! stop closes the listener at once and lets connections finish.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::apps::{HttpServerApp, ServerApp};
use pingora_core::protocols::Stream;
use pingora_core::protocols::l4::listener::Listener as L4Listener;
use pingora_core::server::ShutdownWatch;
use pingora_core::services::background::BackgroundService;
use tokio::sync::Semaphore;

use crate::server::stop::Stop;

/// A bound socket that nobody accepts from yet.
pub(crate) enum Listener {
    /// TCP.
    Tcp(std::net::TcpListener),
    /// A unix socket, mode 0600.
    Unix(std::os::unix::net::UnixListener),
}

/// A socket that cannot be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {cause}")]
pub(crate) struct BindError {
    address: String,
    cause: io::Error,
}

/// An app behind a listener.
pub(crate) struct Service<A> {
    listener: Listener,
    app: Arc<A>,
    connections: Arc<Semaphore>,
    stop: Arc<Stop>,
}

/// After a failed accept (out of descriptors, mostly): spinning would make it worse.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

impl Listener {
    /// Binds a TCP address.
    pub(crate) fn tcp(address: SocketAddr) -> Result<Listener, BindError> {
        let bind = || {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok(Listener::Tcp(listener))
        };
        bind().map_err(|cause| BindError { address: address.to_string(), cause })
    }

    /// Binds a unix socket for its owner alone. The lock on the data folder says that nobody else
    /// serves there, so a socket that is there is a dead one.
    pub(crate) fn unix(path: &Path) -> Result<Listener, BindError> {
        let bind = || {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let listener = std::os::unix::net::UnixListener::bind(path)?;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
            listener.set_nonblocking(true)?;
            Ok(Listener::Unix(listener))
        };
        bind().map_err(|cause| BindError { address: path.display().to_string(), cause })
    }

    /// The TCP address; of a unix socket none.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().ok(),
            Listener::Unix(_) => None,
        }
    }

    fn in_runtime(&self) -> io::Result<L4Listener> {
        Ok(match self {
            Listener::Tcp(l) => tokio::net::TcpListener::from_std(l.try_clone()?)?.into(),
            Listener::Unix(l) => tokio::net::UnixListener::from_std(l.try_clone()?)?.into(),
        })
    }
}

impl<A> Service<A> {
    pub(crate) fn new(
        listener: Listener,
        app: Arc<A>,
        connections: usize,
        stop: &Arc<Stop>,
    ) -> Service<A> {
        let connections = Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS)));
        Service { listener, app, connections, stop: Arc::clone(stop) }
    }
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> BackgroundService for Service<A> {
    async fn start(&self, _pingora: ShutdownWatch) {
        let mut stopping = self.stop.watch();
        let listener = match self.listener.in_runtime() {
            Ok(listener) => listener,
            Err(error) => return tracing::error!(%error, "a bound socket cannot be used"),
        };
        loop {
            let accepted = tokio::select! {
                biased;
                _ = stopping.wait_for(|stop| *stop) => break,
                accepted = self.accept(&listener) => accepted,
            };
            match accepted {
                Ok((stream, permit)) => {
                    let (app, stopping) = (Arc::clone(&self.app), stopping.clone());
                    tokio::spawn(async move {
                        app.process_new(stream, &stopping).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(listener);
        self.app.http_cleanup().await;
    }
}

impl<A> Service<A> {
    async fn accept(
        &self,
        listener: &L4Listener,
    ) -> io::Result<(Stream, tokio::sync::OwnedSemaphorePermit)> {
        let permit = Arc::clone(&self.connections).acquire_owned().await;
        let permit = permit.map_err(io::Error::other)?;
        let mut stream = listener.accept().await?;
        // Without it a small event waits for the acknowledgement of the one before.
        stream.set_nodelay().map_err(|error| io::Error::other(error.to_string()))?;
        Ok((Box::new(stream), permit))
    }
}
