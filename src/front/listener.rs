//! Bound sockets. They are bound before anything else starts, so a port in use ends the process
//! with a sentence.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::front::socket::Accepting;

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

/// Silence of a peer after which it is asked whether it is still there, and the pause between two
/// questions: a client that vanished without a word is known for gone after a minute or two.
const KEEPALIVE: std::time::Duration = std::time::Duration::from_secs(30);

impl Listener {
    /// Binds a TCP address.
    pub(crate) fn tcp(address: SocketAddr) -> Result<Listener, BindError> {
        let bind = || {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            // What is accepted inherits these. Without the first a small event waits for the
            // acknowledgement of the one before.
            rustix::net::sockopt::set_tcp_nodelay(&listener, true)?;
            rustix::net::sockopt::set_socket_keepalive(&listener, true)?;
            rustix::net::sockopt::set_tcp_keepidle(&listener, KEEPALIVE)?;
            rustix::net::sockopt::set_tcp_keepintvl(&listener, KEEPALIVE)?;
            rustix::net::sockopt::set_tcp_keepcnt(&listener, 3)?;
            // The standard library asks for 128, which a burst of connections overflows.
            rustix::net::listen(&listener, BACKLOG)?;
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

    pub(super) fn in_runtime(&self) -> io::Result<Accepting> {
        Ok(match self {
            Listener::Tcp(l) => Accepting::Tcp(tokio::net::TcpListener::from_std(l.try_clone()?)?),
            Listener::Unix(l) => {
                Accepting::Unix(tokio::net::UnixListener::from_std(l.try_clone()?)?)
            }
        })
    }
}

/// As many as the kernel allows (`net.core.somaxconn`).
const BACKLOG: i32 = 4096;
