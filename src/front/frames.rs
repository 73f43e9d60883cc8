//! How many HTTP/2 frames a client sends that cost us work and itself nothing: SETTINGS, PING,
//! RST_STREAM, PRIORITY, WINDOW_UPDATE, CONTINUATION, empty DATA. The h2 crate bounds some of them;
//! none of the rest is ever needed by the thousand. Frames are counted on their nine bytes of
//! header as they pass (RFC 9113 §4.1).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Counts the frames of one connection.
pub(super) struct Frames {
    header: [u8; 9],
    /// How much of a header has come.
    have: usize,
    /// Bytes until the next header; the client's preface is the first.
    skip: usize,
    control: Bucket,
    windows: Bucket,
    flood: Arc<AtomicBool>,
}

/// Tells the one who drives the connection that it is to end.
#[derive(Clone)]
pub(super) struct Flood(Arc<AtomicBool>);

/// So many at once, and so many a second.
struct Bucket {
    left: u32,
    burst: u32,
    per_second: u32,
    filled: Instant,
}

const PREFACE_BYTES: usize = 24;
/// A browser's or SDK's whole life fits the burst.
const CONTROL: (u32, u32) = (1000, 100);
/// Two for each piece of an answer is what a naive client sends; with a hundred streams that adds
/// up.
const WINDOWS: (u32, u32) = (20_000, 10_000);

impl Frames {
    /// For a connection whose preface is still to be read through it.
    pub(super) fn new() -> (Frames, Flood) {
        let flood = Arc::new(AtomicBool::new(false));
        let frames = Frames {
            header: [0; 9],
            have: 0,
            skip: PREFACE_BYTES,
            control: Bucket::new(CONTROL),
            windows: Bucket::new(WINDOWS),
            flood: Arc::clone(&flood),
        };
        (frames, Flood(flood))
    }

    /// Bytes of the client, in order.
    pub(super) fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            for byte in bytes.iter().take(self.header.len() - self.have) {
                if let Some(place) = self.header.get_mut(self.have) {
                    *place = *byte;
                }
                self.have += 1;
                bytes = bytes.get(1..).unwrap_or_default();
            }
            if self.have == self.header.len() {
                self.have = 0;
                self.frame();
            }
        }
    }

    pub(super) fn is_flood(&self) -> bool {
        self.flood.load(Ordering::Relaxed)
    }

    fn frame(&mut self) {
        const END_STREAM: u8 = 1;
        let [a, b, c, kind, flags, ..] = self.header;
        let length = u32::from_be_bytes([0, a, b, c]);
        self.skip = length as usize;
        let room = match kind {
            // DATA, empty and not the end.
            0 if length == 0 && flags & END_STREAM == 0 => self.control.take(),
            // PRIORITY, RST_STREAM, SETTINGS, PING, CONTINUATION.
            2 | 3 | 4 | 6 | 9 => self.control.take(),
            // WINDOW_UPDATE.
            8 => self.windows.take(),
            _ => true,
        };
        if !room {
            self.flood.store(true, Ordering::Relaxed);
        }
    }
}

impl Flood {
    pub(super) fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Bucket {
    fn new((burst, per_second): (u32, u32)) -> Bucket {
        Bucket { left: burst, burst, per_second, filled: Instant::now() }
    }

    /// Whether there is room for one more. The clock is asked only when there seems to be none.
    fn take(&mut self) -> bool {
        if self.left == 0 {
            let seconds = self.filled.elapsed().as_secs_f64();
            let fresh = (seconds * f64::from(self.per_second)).min(f64::from(self.burst));
            if fresh < 1.0 {
                return false;
            }
            self.left = fresh as u32;
            self.filled = Instant::now();
        }
        self.left -= 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, 1], payload].concat()
    }

    #[test]
    fn a_thousand_pings_are_a_flood_however_they_are_cut_and_data_never_is() {
        for (bytes, step, flood) in [
            (frame(6, 0, &[0; 8]), 7, true),
            (frame(4, 0, &[]), 9, true),
            (frame(0, 0, &[]), 1, true),
            (frame(0, 1, &[]), 1, false),
            (frame(0, 0, b"x"), 3, false),
            (frame(1, 4, b"x"), 30, false),
            (frame(8, 0, &[0; 4]), 16, false),
        ] {
            let (mut frames, told) = Frames::new();
            frames.read(&[b'P'; PREFACE_BYTES]);
            let all = bytes.repeat(1500);
            all.chunks(step).for_each(|piece| frames.read(piece));
            assert_eq!((frames.is_flood(), told.is_on()), (flood, flood), "{bytes:?}");
        }
    }

    #[test]
    fn as_many_as_a_second_allows_go_on_for_ever() {
        let mut bucket = Bucket::new((2, 1000));
        assert!(bucket.take() && bucket.take());
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(bucket.take());
    }
}
