//! Where a request's body ends, told strictly. A connection gives Pingora the bytes of one request
//! and no more, so what follows can never be read as a part of it; and chunks that two readers
//! could understand differently are refused here (RFC 9112 §7.1).

use crate::front::grammar::is_name_byte;

/// What of the bytes that come belongs to the request under way.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// All of them: HTTP/2 has its own frames.
    Raw,
    /// So many more, at least one.
    Sized(u64),
    /// Chunks.
    Chunked(Chunks),
    /// None: it is complete.
    Ended,
}

/// What is wrong with a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadChunk {
    #[error("a chunk's size is not a hexadecimal number of at most 16 digits")]
    Size,
    #[error(
        "a chunk's extension is longer than {EXTENSION_MAX_BYTES} bytes or has control characters"
    )]
    Extension,
    #[error("a chunk does not end in CRLF")]
    LineEnd,
    #[error(
        "a trailer is not `name: value`, or the trailers are longer than {TRAILERS_MAX_BYTES} bytes"
    )]
    Trailer,
}

/// Nobody sends chunk extensions for a good reason; a few bytes are tolerated.
const EXTENSION_MAX_BYTES: usize = 256;
const TRAILERS_MAX_BYTES: usize = 8192;

/// Reads chunked bytes as they come.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Chunks {
    at: At,
    /// Of the size line: digits. Of an extension and of all trailers: bytes.
    count: usize,
    /// Bytes of the chunk that are to come.
    left: u64,
    /// Of the trailer line: whether its name has ended.
    named: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Size,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    LastLf,
    Done,
}

impl Framing {
    /// Of a body whose length was announced.
    pub(super) fn sized(bytes: u64) -> Framing {
        if bytes == 0 { Framing::Ended } else { Framing::Sized(bytes) }
    }

    /// How many of these bytes belong to the request, which moves on by as many.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<usize, BadChunk> {
        match self {
            Framing::Raw => Ok(bytes.len()),
            Framing::Ended => Ok(0),
            Framing::Sized(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *self = Framing::sized(*left - taken as u64);
                Ok(taken)
            }
            Framing::Chunked(chunks) => {
                let taken = chunks.take(bytes)?;
                if chunks.at == At::Done {
                    *self = Framing::Ended;
                }
                Ok(taken)
            }
        }
    }
}

impl Chunks {
    fn take(&mut self, bytes: &[u8]) -> Result<usize, BadChunk> {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            match self.at {
                At::Done => break,
                At::Data => taken += self.data(rest.len()),
                _ => {
                    self.step(rest.first().copied().unwrap_or_default())?;
                    taken += 1;
                }
            }
        }
        Ok(taken)
    }

    fn data(&mut self, there: usize) -> usize {
        let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(there);
        self.left -= taken as u64;
        if self.left == 0 {
            self.at = At::DataCr;
        }
        taken
    }

    fn step(&mut self, byte: u8) -> Result<(), BadChunk> {
        self.at = match (self.at, byte) {
            (At::Size, _) => self.size(byte)?,
            (At::Extension, b'\r') => At::SizeLf,
            (At::Extension, _) => {
                self.count += 1;
                let plain = byte == b'\t' || (byte >= 0x20 && byte != 0x7f);
                if !plain || self.count > EXTENSION_MAX_BYTES {
                    return Err(BadChunk::Extension);
                }
                At::Extension
            }
            (At::SizeLf, b'\n') => {
                self.count = 0;
                if self.left == 0 { At::TrailerStart } else { At::Data }
            }
            (At::DataCr, b'\r') => At::DataLf,
            (At::DataLf, b'\n') => At::Size,
            (At::TrailerStart, b'\r') => At::LastLf,
            (At::TrailerStart | At::Trailer, _) => self.trailer(byte)?,
            (At::TrailerLf, b'\n') => At::TrailerStart,
            (At::LastLf, b'\n') => At::Done,
            _ => return Err(BadChunk::LineEnd),
        };
        Ok(())
    }

    fn size(&mut self, byte: u8) -> Result<At, BadChunk> {
        if let Some(digit) = char::from(byte).to_digit(16) {
            self.count += 1;
            // Sixteen digits overflow the sums of the reader behind.
            if self.count > 15 {
                return Err(BadChunk::Size);
            }
            self.left = (self.left << 4) | u64::from(digit);
            return Ok(At::Size);
        }
        if self.count == 0 {
            return Err(BadChunk::Size);
        }
        self.count = 0;
        match byte {
            b'\r' => Ok(At::SizeLf),
            b';' => Ok(At::Extension),
            b'\n' => Err(BadChunk::LineEnd),
            _ => Err(BadChunk::Size),
        }
    }

    fn trailer(&mut self, byte: u8) -> Result<At, BadChunk> {
        let begins = self.at == At::TrailerStart;
        self.named &= !begins;
        self.count += 1;
        if self.count > TRAILERS_MAX_BYTES {
            return Err(BadChunk::Trailer);
        }
        match byte {
            b'\r' if self.named => Ok(At::TrailerLf),
            b':' if !self.named && !begins => {
                self.named = true;
                Ok(At::Trailer)
            }
            _ if self.named && (byte == b'\t' || (byte >= 0x20 && byte != 0x7f)) => Ok(At::Trailer),
            _ if !self.named && is_name_byte(byte) => Ok(At::Trailer),
            _ => Err(BadChunk::Trailer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8], step: usize) -> Result<(usize, bool), BadChunk> {
        let mut framing = Framing::Chunked(Chunks::default());
        let mut taken = 0;
        for piece in body.chunks(step) {
            let of_it = framing.take(piece)?;
            taken += of_it;
            if of_it < piece.len() {
                break;
            }
        }
        Ok((taken, framing == Framing::Ended))
    }

    #[test]
    fn good_bodies_end_where_they_end_however_they_are_cut() {
        for body in [
            "0\r\n\r\n",
            "3\r\nabc\r\n0\r\n\r\n",
            "00A\r\n0123456789\r\n1;x=\"y\"\r\n!\r\n000\r\nt: v\r\nu:\r\n\r\n",
        ] {
            let followed = [body.as_bytes(), b"GET / HTTP/1.1\r\n\r\n"].concat();
            for step in 1..=followed.len() {
                assert_eq!(read(&followed, step), Ok((body.len(), true)), "{body:?} by {step}");
            }
            assert_eq!(
                read(&body.as_bytes()[..body.len() - 1], 7).map(|(_, ended)| ended),
                Ok(false)
            );
        }
    }

    #[test]
    fn bodies_that_two_readers_could_read_differently_are_refused() {
        let long = format!("3;{}\r\nabc\r\n0\r\n\r\n", "x".repeat(EXTENSION_MAX_BYTES + 1));
        let trailers = format!("0\r\n{}\r\n", "a: b\r\n".repeat(TRAILERS_MAX_BYTES / 4 + 1));
        for (body, bad) in [
            ("\r\n", BadChunk::Size),
            ("-1\r\n", BadChunk::Size),
            ("+3\r\nabc\r\n", BadChunk::Size),
            ("0x3\r\nabc\r\n", BadChunk::Size),
            ("3 \r\nabc\r\n", BadChunk::Size),
            (" 3\r\nabc\r\n", BadChunk::Size),
            ("3_\r\nabc\r\n", BadChunk::Size),
            ("10000000000000003\r\nabc\r\n", BadChunk::Size),
            ("FFFFFFFFFFFFFFFF\r\nabc\r\n", BadChunk::Size),
            (";x\r\n", BadChunk::Size),
            ("3\nabc\r\n0\r\n\r\n", BadChunk::LineEnd),
            ("3\rXabc\r\n", BadChunk::LineEnd),
            ("3\r\nabc\n0\r\n\r\n", BadChunk::LineEnd),
            ("3\r\nabcd\r\n0\r\n\r\n", BadChunk::LineEnd),
            ("3\r\nabc0\r\n\r\n", BadChunk::LineEnd),
            ("3;a\nb\r\nabc\r\n", BadChunk::Extension),
            ("3;\0\r\nabc\r\n", BadChunk::Extension),
            ("0\r\n\n", BadChunk::Trailer),
            ("0\r\nno colon\r\n\r\n", BadChunk::Trailer),
            ("0\r\nnocolon\r\n\r\n", BadChunk::Trailer),
            ("0\r\n: v\r\n\r\n", BadChunk::Trailer),
            ("0\r\na: b\n\r\n", BadChunk::Trailer),
            ("0\r\n\rX", BadChunk::LineEnd),
            (&long, BadChunk::Extension),
            (&trailers, BadChunk::Trailer),
        ] {
            for step in [1, 2, body.len()] {
                let shown = body.get(..40).unwrap_or(body);
                assert_eq!(read(body.as_bytes(), step), Err(bad), "{shown:?} by {step}");
            }
        }
    }

    #[test]
    fn an_announced_length_is_taken_to_the_byte() {
        let mut framing = Framing::sized(5);
        assert_eq!((framing.take(b"abc"), framing.take(b"defg")), (Ok(3), Ok(2)));
        assert_eq!((framing.take(b"h"), &framing), (Ok(0), &Framing::Ended));
        assert_eq!(Framing::sized(0), Framing::Ended);
    }
}
