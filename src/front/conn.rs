//! The stream that Pingora's sessions read and write. It gives them one request and not a byte
//! more; what comes behind it waits here for its turn. So bytes after a request never end it, and
//! none of them can be taken for a part of it.

mod session;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use pingora_core::protocols::SocketDigest;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::front::frames::Frames;
use crate::front::framing::{BadChunk, Framing};
use crate::front::socket::{Accepted, Socket};

/// A client's connection.
pub(crate) struct Conn {
    socket: Socket,
    digest: Arc<SocketDigest>,
    /// Read and not yet given to anybody.
    ahead: BytesMut,
    /// Written and not yet sent.
    out: BytesMut,
    framing: Framing,
    bad_chunk: Option<BadChunk>,
    /// The client has ended its side.
    ended: bool,
    /// Of HTTP/2: how many frames that cost us and not the client.
    frames: Option<Frames>,
    /// How long the client may take nothing of what is written.
    write_idle: Duration,
    /// Since when it takes nothing. Pingora's own limit leaves heads and last chunks out.
    stalled: Option<Pin<Box<Sleep>>>,
}

/// Small writes are gathered up to here: a head and a short answer are one packet.
const WRITE_BYTES: usize = 4096;
/// What is read of a request while the one before it is served. Beyond that the client waits.
const AHEAD_MAX_BYTES: usize = 16 * 1024;
/// Room for a head, mostly.
const READ_BYTES: usize = 4096;

impl Conn {
    pub(super) fn new(accepted: Accepted, write_idle: Duration) -> Conn {
        Conn {
            socket: accepted.socket,
            digest: accepted.digest,
            ahead: BytesMut::new(),
            out: BytesMut::new(),
            framing: Framing::Raw,
            bad_chunk: None,
            ended: false,
            frames: None,
            write_idle,
            stalled: None,
        }
    }

    pub(super) fn digest(&self) -> &Arc<SocketDigest> {
        &self.digest
    }

    /// What has come and belongs to nobody yet.
    pub(super) fn ahead(&self) -> &[u8] {
        &self.ahead
    }

    /// Drops bytes that mean nothing, such as an empty line between requests.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.ahead.advance(bytes.min(self.ahead.len()));
    }

    /// Reads more of what is to come; nothing at the client's end.
    pub(super) async fn read_ahead(&mut self) -> io::Result<usize> {
        if self.ended {
            return Ok(0);
        }
        self.ahead.reserve(READ_BYTES);
        let count = self.socket.read_buf(&mut self.ahead).await?;
        self.ended = count == 0;
        Ok(count)
    }

    /// A request begins: its head, and what of its body came along. The rest of it is read through
    /// this stream, and then nothing until the next one begins.
    pub(super) fn begin(&mut self, head_bytes: usize, framing: Framing) -> BytesMut {
        self.framing = framing;
        let behind = self.ahead.get(head_bytes..).unwrap_or_default();
        let body = match self.framing.take(behind) {
            Ok(taken) => taken,
            Err(bad) => {
                self.bad_chunk = Some(bad);
                0
            }
        };
        let begun = self.ahead.split_to((head_bytes + body).min(self.ahead.len()));
        if self.ahead.is_empty() {
            // What was split off has the memory.
            self.ahead = BytesMut::new();
        }
        begun
    }

    /// Everything from here on is HTTP/2, whose frames are counted.
    pub(super) fn begin_h2(&mut self, frames: Frames) {
        self.framing = Framing::Raw;
        self.frames = Some(frames);
    }

    /// Whether the request is complete, so that what comes next is another one.
    pub(super) fn is_between_requests(&self) -> bool {
        self.framing == Framing::Ended && self.bad_chunk.is_none()
    }

    /// What was wrong with the body, if its chunks were.
    pub(crate) fn bad_chunk(&self) -> Option<BadChunk> {
        self.bad_chunk
    }

    /// Ends when the client has reset the connection. One that has only ended its side still
    /// listens; one that is gone answers with a reset to the next that is sent.
    pub(crate) async fn reset(&self) {
        self.socket.reset().await;
    }

    /// Reads what still comes and drops it, to the client's end.
    pub(crate) async fn swallow(&self) {
        self.socket.swallow().await;
    }

    /// Looks at what comes while a request is served. Ready only at the end of the connection.
    fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.ended {
            if self.ahead.len() >= AHEAD_MAX_BYTES {
                return Poll::Pending;
            }
            self.ahead.reserve(READ_BYTES);
            let read = std::pin::pin!(self.socket.read_buf(&mut self.ahead));
            let count = ready!(Future::poll(read, cx))?;
            self.ended = count == 0;
        }
        // Requests that are waiting here are served first.
        if self.ahead.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }

    /// Bytes that came ahead go first, then those of the socket.
    fn poll_request(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if self.ahead.is_empty() {
            ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        } else {
            let count = self.ahead.len().min(buf.remaining());
            buf.put_slice(self.ahead.get(..count).unwrap_or_default());
            self.ahead.advance(count);
        }
        Poll::Ready(self.keep_surplus(buf, before))
    }

    /// What was read behind the request's end waits for the next one.
    fn keep_surplus(&mut self, buf: &mut ReadBuf<'_>, before: usize) -> io::Result<()> {
        let come = buf.filled().get(before..).unwrap_or_default();
        self.ended |= come.is_empty() && buf.remaining() > 0;
        let taken = match self.framing.take(come) {
            Ok(taken) => taken,
            Err(bad) => {
                self.bad_chunk = Some(bad);
                return Err(io::Error::new(io::ErrorKind::InvalidData, bad));
            }
        };
        if let Some(surplus) = come.get(taken..).filter(|surplus| !surplus.is_empty()) {
            // In front of what may be there already.
            let behind = std::mem::take(&mut self.ahead);
            self.ahead.extend_from_slice(surplus);
            self.ahead.extend_from_slice(&behind);
            buf.set_filled(before + taken);
        }
        Ok(())
    }

    fn poll_frames(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if self.frames.as_ref().is_some_and(Frames::is_flood) {
            // The one who drives the connection sees it too, and says goodbye.
            return Poll::Pending;
        }
        ready!(self.poll_request(cx, buf))?;
        if let Some(frames) = &mut self.frames {
            frames.read(buf.filled().get(before..).unwrap_or_default());
        }
        Poll::Ready(Ok(()))
    }

    /// What became of a write, or an error once nothing was taken for too long.
    fn in_time<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let limit = self.write_idle;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let written = Pin::new(&mut self.socket).poll_write(cx, &self.out);
            let count = ready!(self.in_time(cx, written))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.advance(count);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Conn {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let conn = self.get_mut();
        if let Some(bad) = conn.bad_chunk {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, bad)));
        }
        match conn.framing {
            Framing::Raw => conn.poll_frames(cx, buf),
            Framing::Sized(_) | Framing::Chunked(_) => conn.poll_request(cx, buf),
            Framing::Ended => conn.poll_ahead(cx),
        }
    }
}

impl AsyncWrite for Conn {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let conn = self.get_mut();
        if conn.out.len() + bytes.len() > WRITE_BYTES {
            ready!(conn.poll_out(cx))?;
        }
        if bytes.len() >= WRITE_BYTES {
            let written = Pin::new(&mut conn.socket).poll_write(cx, bytes);
            return conn.in_time(cx, written);
        }
        conn.out.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_out(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let conn = self.get_mut();
        ready!(conn.poll_out(cx))?;
        Pin::new(&mut conn.socket).poll_shutdown(cx)
    }
}

impl Drop for Conn {
    /// What was written and not yet sent, such as the head of an answer that broke off, still goes
    /// as far as the kernel takes it.
    fn drop(&mut self) {
        if !self.out.is_empty() {
            self.socket.send_now(&self.out);
        }
    }
}

impl fmt::Debug for Conn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was read may hold a key.
        f.debug_struct("Conn").field("id", &self.socket.id()).finish_non_exhaustive()
    }
}
