//! The socket under a connection: TCP or a unix socket, one type for both.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pingora_core::protocols::SocketDigest;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

/// An accepted socket.
pub(super) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// The sockets that are accepted from.
pub(super) enum Accepting {
    Tcp(tokio::net::TcpListener),
    Unix(tokio::net::UnixListener),
}

/// A socket that has just been accepted.
pub(super) struct Accepted {
    pub(super) socket: Socket,
    /// Who connects; of a unix socket nobody is known.
    pub(super) peer: Option<IpAddr>,
    /// What Pingora's sessions tell of the connection.
    pub(super) digest: Arc<SocketDigest>,
}

impl Accepting {
    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Accepting::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                let digest = SocketDigest::from_raw_fd(stream.as_raw_fd());
                // A new cell is empty.
                let _ = digest.peer_addr.set(Some(peer.into()));
                let peer = Some(peer.ip());
                Ok(Accepted { socket: Socket::Tcp(stream), peer, digest: Arc::new(digest) })
            }
            Accepting::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                let digest = SocketDigest::from_raw_fd(stream.as_raw_fd());
                Ok(Accepted { socket: Socket::Unix(stream), peer: None, digest: Arc::new(digest) })
            }
        }
    }
}

impl Socket {
    pub(super) fn id(&self) -> i32 {
        match self {
            Socket::Tcp(stream) => stream.as_raw_fd(),
            Socket::Unix(stream) => stream.as_raw_fd(),
        }
    }

    /// Reads what is there and drops it, until the peer has ended its side or is gone.
    pub(super) async fn swallow(&self) {
        let mut nowhere = [0; 8192];
        loop {
            let read = match self {
                Socket::Tcp(stream) => match stream.readable().await {
                    Ok(()) => stream.try_read(&mut nowhere),
                    Err(error) => Err(error),
                },
                Socket::Unix(stream) => match stream.readable().await {
                    Ok(()) => stream.try_read(&mut nowhere),
                    Err(error) => Err(error),
                },
            };
            match read {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(0) | Err(_) => return,
            }
        }
    }

    /// Sends as much as there is room for, without a wait.
    pub(super) fn send_now(&self, bytes: &[u8]) {
        let sent = match self {
            Socket::Tcp(stream) => stream.try_write(bytes),
            Socket::Unix(stream) => stream.try_write(bytes),
        };
        // Nobody is left to be told.
        drop(sent);
    }

    /// Ends when the peer has reset the connection.
    pub(super) async fn reset(&self) {
        let ready = match self {
            Socket::Tcp(stream) => stream.ready(Interest::ERROR).await,
            Socket::Unix(stream) => stream.ready(Interest::ERROR).await,
        };
        // An error of the wait says the same.
        drop(ready);
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Socket::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Socket::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The kernel has what was written.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Socket::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
