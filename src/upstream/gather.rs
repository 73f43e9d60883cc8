//! The stream under one request to a provider. Pingora's client sends the head of a request by
//! itself and then the body. Here the head waits for the body, so that a short request leaves in
//! one packet; whoever begins to read the answer sends what waits.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_trait::async_trait;
use bytes::{Buf, BytesMut};
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream,
    TimingDigest, UniqueID, UniqueIDType,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that gathers the beginning of one request.
pub(super) struct Gather {
    inner: Stream,
    /// Written and not yet sent.
    out: BytesMut,
    /// The first flush is the head's, and is put off.
    head_flushed: bool,
}

/// What is gathered at most. A longer body goes on from here without a copy.
const GATHER_BYTES: usize = 16 * 1024;
/// Room for a head and a short body.
const FIRST_BYTES: usize = 2 * 1024;

impl Gather {
    pub(super) fn new(inner: Stream) -> Gather {
        Gather { inner, out: BytesMut::with_capacity(FIRST_BYTES), head_flushed: false }
    }

    /// The stream for the next request; nothing if it is not one of these.
    pub(super) fn into_inner(stream: Stream) -> Option<Stream> {
        let gather = stream.into_any().downcast::<Gather>().ok()?;
        gather.out.is_empty().then_some(gather.inner)
    }

    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let count = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.out))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.advance(count);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }
}

impl AsyncWrite for Gather {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        if stream.out.len() >= GATHER_BYTES {
            ready!(stream.poll_out(cx))?;
        }
        if stream.out.is_empty() && bytes.len() >= GATHER_BYTES {
            return Pin::new(&mut stream.inner).poll_write(cx, bytes);
        }
        let count = bytes.len().min(GATHER_BYTES - stream.out.len());
        stream.out.extend_from_slice(bytes.get(..count).unwrap_or_default());
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        if !std::mem::replace(&mut stream.head_flushed, true) {
            return Poll::Ready(Ok(()));
        }
        stream.poll_sent(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        ready!(stream.poll_out(cx))?;
        Pin::new(&mut stream.inner).poll_shutdown(cx)
    }
}

impl AsyncRead for Gather {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        // A provider that takes no more may still have something to say.
        if !stream.out.is_empty()
            && let Poll::Ready(Err(error)) = stream.poll_sent(cx)
        {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut stream.inner).poll_read(cx, buf)
    }
}

#[async_trait]
impl Shutdown for Gather {
    async fn shutdown(&mut self) {
        self.inner.shutdown().await;
    }
}

impl UniqueID for Gather {
    fn id(&self) -> UniqueIDType {
        self.inner.id()
    }
}

impl Ssl for Gather {
    fn get_ssl(&self) -> Option<&pingora_core::protocols::tls::TlsRef> {
        self.inner.get_ssl()
    }
}

impl Peek for Gather {}

impl GetTimingDigest for Gather {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.inner.get_timing_digest()
    }
}

impl GetProxyDigest for Gather {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.inner.get_proxy_digest()
    }
}

impl GetSocketDigest for Gather {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.inner.get_socket_digest()
    }
}

impl fmt::Debug for Gather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What waits may hold a key.
        f.debug_struct("Gather").field("id", &self.inner.id()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Counts what is written at once, and answers `ok`.
    #[derive(Debug, Default)]
    struct Wire {
        sent: Arc<std::sync::Mutex<Vec<usize>>>,
    }

    impl AsyncWrite for Wire {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.sent.lock().unwrap().push(bytes.len());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncRead for Wire {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            buf.put_slice(b"ok");
            Poll::Ready(Ok(()))
        }
    }

    #[async_trait]
    impl Shutdown for Wire {
        async fn shutdown(&mut self) {}
    }
    impl UniqueID for Wire {
        fn id(&self) -> UniqueIDType {
            0
        }
    }
    impl Ssl for Wire {}
    impl Peek for Wire {}
    impl GetTimingDigest for Wire {
        fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
            Vec::new()
        }
    }
    impl GetProxyDigest for Wire {
        fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
            None
        }
    }
    impl GetSocketDigest for Wire {
        fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
            None
        }
    }

    /// Sends a head and a body as Pingora's client does, and tells the writes.
    async fn writes_of(head: &[u8], body: &[u8]) -> Vec<usize> {
        let wire = Wire::default();
        let sent = Arc::clone(&wire.sent);
        let mut stream = Gather::new(Box::new(wire));
        stream.write_all(head).await.unwrap();
        stream.flush().await.unwrap();
        stream.write_all(body).await.unwrap();
        stream.flush().await.unwrap();
        assert!(Gather::into_inner(Box::new(stream)).is_some());
        sent.lock().unwrap().clone()
    }

    #[tokio::test]
    async fn a_head_and_a_short_body_are_one_write() {
        assert_eq!(writes_of(&[b'h'; 300], &[b'b'; 4000]).await, [4300]);
        assert_eq!(writes_of(&[b'h'; 300], b"").await, [300]);
    }

    #[tokio::test]
    async fn a_long_body_is_not_copied_whole() {
        let writes = writes_of(&[b'h'; 300], &[b'b'; 100_000]).await;
        assert_eq!(writes, [GATHER_BYTES, 100_300 - GATHER_BYTES]);
    }

    #[tokio::test]
    async fn whoever_reads_sends_what_waits() {
        let wire = Wire::default();
        let sent = Arc::clone(&wire.sent);
        let mut stream = Gather::new(Box::new(wire));
        stream.write_all(b"head").await.unwrap();
        stream.flush().await.unwrap();
        assert!(sent.lock().unwrap().is_empty());
        stream.read_exact(&mut [0; 2]).await.unwrap();
        assert_eq!(*sent.lock().unwrap(), [4]);
    }

    #[tokio::test]
    async fn what_was_not_sent_is_not_kept() {
        let mut stream = Gather::new(Box::new(Wire::default()));
        stream.write_all(b"head").await.unwrap();
        assert!(Gather::into_inner(Box::new(stream)).is_none());
    }
}
