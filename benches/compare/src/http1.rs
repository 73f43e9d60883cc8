//! Just enough HTTP/1.1 (RFC 9112) for both ends of a benchmark on loopback: heads are scanned and
//! not parsed, bodies have a length or are chunked, and nothing ends by closing the connection.

use std::io;
use std::time::Instant;

use memchr::memmem;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// One end of a connection, which reads and writes messages. Its buffers are used again.
pub struct Connection<S> {
    stream: S,
    received: Vec<u8>,
    /// How much of `received` was used.
    taken: usize,
    head: Vec<u8>,
    body: Vec<u8>,
    body_began: Option<Instant>,
}

/// A whole message.
#[derive(Debug)]
pub struct Message<'a> {
    /// Start line and fields, up to and including the empty line.
    pub head: &'a [u8],
    /// The body, without its transfer coding.
    pub body: &'a [u8],
    /// When the first byte of the body was there; `None` when there is no body.
    pub body_began: Option<Instant>,
}

/// Why a message could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Http1Error {
    /// The peer sent what is not HTTP/1.1 as read here.
    #[error("malformed message: {0}")]
    Malformed(&'static str),
    /// The peer sent more than [`HEAD_BYTES_MAX`] or [`BODY_BYTES_MAX`].
    #[error("message is too long")]
    TooLong,
    /// The peer closed the connection within a message.
    #[error("connection closed within a message")]
    Cut,
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The longest head, chunk-size line or trailer field, in bytes.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// The longest body, in bytes.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

const READ_BYTES: usize = 16 * 1024;

enum Framing {
    Length(usize),
    Chunked,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Takes a connected stream.
    pub fn new(stream: S) -> Connection<S> {
        let (received, head, body) = (Vec::with_capacity(READ_BYTES), Vec::new(), Vec::new());
        Connection { stream, received, taken: 0, head, body, body_began: None }
    }

    /// Writes bytes as they are, at once.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Http1Error> {
        Ok(self.stream.write_all(bytes).await?)
    }

    /// Reads the next message; `None` when the peer closed the connection before one began.
    pub async fn read_message(&mut self) -> Result<Option<Message<'_>>, Http1Error> {
        if self.unread().is_empty() && !self.receive().await? {
            return Ok(None);
        }
        let head_bytes = self.received_until(b"\r\n\r\n").await?;
        let head_end = self.taken + head_bytes;
        self.head.clear();
        self.head.extend_from_slice(self.received.get(self.taken..head_end).unwrap_or_default());
        self.taken = head_end;
        self.read_body().await?;
        Ok(Some(Message { head: &self.head, body: &self.body, body_began: self.body_began }))
    }

    async fn read_body(&mut self) -> Result<(), Http1Error> {
        self.body.clear();
        self.body_began = None;
        match Framing::of(&self.head)? {
            Framing::Length(bytes) => self.append_to_body(bytes).await,
            Framing::Chunked => self.read_chunks().await,
        }
    }

    async fn read_chunks(&mut self) -> Result<(), Http1Error> {
        loop {
            let line_bytes = self.received_until(b"\r\n").await?;
            let chunk_bytes = chunk_size(self.unread())?;
            self.taken += line_bytes;
            if chunk_bytes == 0 {
                return self.skip_trailers().await;
            }
            self.append_to_body(chunk_bytes).await?;
            if self.received_until(b"\r\n").await? != 2 {
                return Err(Http1Error::Malformed("chunk is longer than its size"));
            }
            self.taken += 2;
        }
    }

    async fn skip_trailers(&mut self) -> Result<(), Http1Error> {
        loop {
            let line_bytes = self.received_until(b"\r\n").await?;
            self.taken += line_bytes;
            if line_bytes == 2 {
                return Ok(());
            }
        }
    }

    async fn append_to_body(&mut self, mut bytes: usize) -> Result<(), Http1Error> {
        if bytes > BODY_BYTES_MAX - self.body.len() {
            return Err(Http1Error::TooLong);
        }
        while bytes > 0 {
            if self.unread().is_empty() && !self.receive().await? {
                return Err(Http1Error::Cut);
            }
            self.body_began.get_or_insert_with(Instant::now);
            let unread = self.received.get(self.taken..).unwrap_or_default();
            let part = unread.get(..bytes).unwrap_or(unread);
            self.body.extend_from_slice(part);
            self.taken += part.len();
            bytes -= part.len();
        }
        Ok(())
    }

    /// Receives until `mark` is there; the length up to its end.
    async fn received_until(&mut self, mark: &[u8]) -> Result<usize, Http1Error> {
        loop {
            if let Some(at) = memmem::find(self.unread(), mark) {
                return Ok(at + mark.len());
            }
            if self.unread().len() > HEAD_BYTES_MAX {
                return Err(Http1Error::TooLong);
            }
            if !self.receive().await? {
                return Err(Http1Error::Cut);
            }
        }
    }

    /// Whether anything came before the peer closed the connection.
    async fn receive(&mut self) -> Result<bool, Http1Error> {
        self.received.drain(..self.taken);
        self.taken = 0;
        self.received.reserve(READ_BYTES);
        Ok(self.stream.read_buf(&mut self.received).await? > 0)
    }

    fn unread(&self) -> &[u8] {
        self.received.get(self.taken..).unwrap_or_default()
    }
}

impl Framing {
    fn of(head: &[u8]) -> Result<Framing, Http1Error> {
        match (field(head, "content-length"), field(head, "transfer-encoding")) {
            (None, None) => Ok(Framing::Length(0)),
            (None, Some(b"chunked")) => Ok(Framing::Chunked),
            (Some(digits), None) => number(digits, 10).map(Framing::Length),
            _ => Err(Http1Error::Malformed("body without one clear framing")),
        }
    }
}

/// The value of a field in a head, by its name in lower case.
pub fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a [u8]> {
    head.split(|&byte| byte == b'\n').skip(1).find_map(|line| {
        let (its_name, rest) = line.split_at_checked(name.len())?;
        let value = rest.strip_prefix(b":")?;
        its_name.eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii())
    })
}

/// The size that a chunk's first line states, before extensions.
fn chunk_size(line: &[u8]) -> Result<usize, Http1Error> {
    let end = memchr::memchr3(b';', b'\r', b' ', line).unwrap_or(line.len());
    number(line.get(..end).unwrap_or_default(), 16)
}

fn number(digits: &[u8], radix: u32) -> Result<usize, Http1Error> {
    let malformed = Http1Error::Malformed("length is not a number");
    // `from_str_radix` takes a sign, HTTP does not.
    match str::from_utf8(digits) {
        Ok(text) if text.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            usize::from_str_radix(text, radix).map_err(|_| malformed)
        }
        _ => Err(malformed),
    }
}
