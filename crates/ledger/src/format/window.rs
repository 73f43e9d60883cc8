//! A sliding window over one segment: whole frames in memory, however large the file is.

use std::io::{self, Read};

const CHUNK_BYTES: usize = 1024 * 1024;

/// What zeros mean that reach to the end of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zeros {
    /// Space that was never written: no bytes at all.
    Unwritten,
    /// Bytes like any others.
    Bytes,
}

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

    /// Reads to the end of the file and keeps at most `limit` bytes of it; tells how many there are
    /// from the window's first on.
    pub(crate) fn ensure_all(&mut self, limit: usize, zeros: Zeros) -> io::Result<u64> {
        self.buffer.drain(..self.given_up);
        self.given_up = 0;
        let mut count = self.buffer.len() as u64;
        self.hold_back_zeros(zeros);
        let mut chunk = Vec::new();
        while !self.ended {
            chunk.clear();
            let read = self.reader.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut chunk)?;
            self.ended = read < CHUNK_BYTES;
            if zeros == Zeros::Bytes || chunk.iter().any(|byte| *byte != 0) {
                // Zeros between what was kept and this are bytes after all.
                let behind = usize::try_from(count).unwrap_or(usize::MAX).min(limit);
                self.buffer.resize(behind, 0);
                chunk.truncate(limit - behind);
                self.buffer.append(&mut chunk);
                // At the limit there are bytes behind, whatever they are.
                if self.buffer.len() < limit {
                    self.hold_back_zeros(zeros);
                }
            }
            count += read as u64;
        }
        Ok(count)
    }

    fn hold_back_zeros(&mut self, zeros: Zeros) {
        if zeros == Zeros::Unwritten {
            let end = self.buffer.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            self.buffer.truncate(end);
        }
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
    fn zeros_that_reach_to_the_end_are_counted_and_not_kept() {
        let rest = |bytes: Vec<u8>, zeros| {
            let mut window = Window::new(Box::new(io::Cursor::new(bytes)), 0);
            window.ensure(0, 3).unwrap();
            window.discard(2);
            let count = window.ensure_all(5 * CHUNK_BYTES, zeros).unwrap();
            (count, window.from(0).to_vec())
        };
        let few = || b"ab\0c\0\0".to_vec();
        assert_eq!(rest(few(), Zeros::Unwritten), (4, b"\0c".to_vec()));
        assert_eq!(rest(few(), Zeros::Bytes), (4, b"\0c\0\0".to_vec()));
        let mut many = few();
        many.resize(9 * CHUNK_BYTES, 0);
        assert_eq!(rest(many.clone(), Zeros::Unwritten), (many.len() as u64 - 2, b"\0c".to_vec()));
        assert_eq!(rest(many.clone(), Zeros::Bytes).1.len(), 5 * CHUNK_BYTES);
        many[3 * CHUNK_BYTES] = 1;
        assert_eq!(rest(many.clone(), Zeros::Unwritten).1, many[2..=3 * CHUNK_BYTES]);
        *many.last_mut().unwrap() = 1;
        assert_eq!(
            rest(many.clone(), Zeros::Unwritten).1.len(),
            5 * CHUNK_BYTES,
            "as a limit says"
        );
    }
}
