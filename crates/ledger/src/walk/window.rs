//! A sliding window over one segment: whole frames in memory, however large the file is.

use std::io::{self, Read};

const CHUNK_BYTES: usize = 1024 * 1024;

/// Bytes read but not yet given up, and where in the file they stand.
pub(crate) struct Window {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// Bytes at the front of the buffer that were given up.
    given_up: usize,
    /// Offset in the file of the window's first byte.
    offset: u64,
    ended: bool,
}

impl Window {
    /// `reader` stands at `offset` of its file.
    pub(crate) fn new(reader: Box<dyn Read + Send>, offset: u64) -> Self {
        Self { reader, buffer: Vec::new(), given_up: 0, offset, ended: false }
    }

    /// Offset in the file of the window's first byte.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Everything in the window from `at` on.
    pub(crate) fn from(&self, at: usize) -> &[u8] {
        let start = self.given_up.saturating_add(at);
        self.buffer.get(start..).unwrap_or_default()
    }

    /// Reads on until `want` bytes stand behind `at` or the file ends; tells how many do.
    pub(crate) fn ensure(&mut self, at: usize, want: usize) -> io::Result<usize> {
        while !self.ended && self.from(at).len() < want {
            let missing = want - self.from(at).len();
            self.read_chunk(missing.max(CHUNK_BYTES))?;
        }
        Ok(self.from(at).len())
    }

    /// Reads to the end of the file.
    pub(crate) fn ensure_all(&mut self) -> io::Result<()> {
        while !self.ended {
            self.read_chunk(CHUNK_BYTES)?;
        }
        Ok(())
    }

    /// Takes zeros that reach to the end of what was read for no bytes at all.
    pub(crate) fn drop_trailing_zeros(&mut self) {
        let end = self.buffer.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        self.buffer.truncate(end.max(self.given_up));
    }

    /// Gives up the first `count` bytes.
    pub(crate) fn discard(&mut self, count: usize) {
        let count = count.min(self.from(0).len());
        self.given_up += count;
        self.offset += count as u64;
    }

    fn read_chunk(&mut self, count: usize) -> io::Result<()> {
        // Moved only before a read, so that many small commits in a chunk cost nothing.
        self.buffer.drain(..self.given_up);
        self.given_up = 0;
        let read = self.reader.by_ref().take(count as u64).read_to_end(&mut self.buffer)?;
        self.ended = read < count;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides_over_the_file() {
        let bytes: Vec<u8> = (0..CHUNK_BYTES * 3).map(|n| (n % 251) as u8).collect();
        let mut window = Window::new(Box::new(io::Cursor::new(bytes.clone())), 0);
        assert_eq!(window.ensure(10, 1).unwrap(), CHUNK_BYTES - 10);
        window.discard(1000);
        assert_eq!(window.offset(), 1000);
        assert_eq!(window.ensure(0, CHUNK_BYTES * 9).unwrap(), bytes.len() - 1000);
        assert_eq!(window.from(5), &bytes[1005..]);
        assert_eq!(window.from(usize::MAX), b"");
    }
    #[test]
    fn trailing_zeros_go_and_what_was_given_up_stays_so() {
        let mut window = Window::new(Box::new(io::Cursor::new(b"ab\0c\0\0")), 0);
        window.ensure_all().unwrap();
        window.discard(2);
        window.drop_trailing_zeros();
        assert_eq!(window.from(0), b"\0c");
        window.discard(2);
        window.drop_trailing_zeros();
        assert_eq!((window.from(0), window.offset()), (&b""[..], 4));
    }
}
