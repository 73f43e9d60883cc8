//! Where one frame ends, and reading it whole: the only place that knows the two magics and how
//! lengths are read.
//!
//! Lengths come from bytes that may be damaged, so each is bounded before anything is read.

use std::io;

use thiserror::Error;

use crate::error::Damage;
use crate::header::{HEADER_BYTES, LENGTHS_BYTES, Lengths, MAGIC as RECORD_MAGIC};
use crate::window::Window;

pub(crate) const CHECKPOINT_MAGIC: [u8; 4] = *b"ILCP";
pub(crate) const CHECKPOINT_HEADER_BYTES: usize = 8;
const MAX_NOTE_BYTES: u32 = 4096;

/// What starts at the front of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// A record of so many bytes.
    Record(usize),
    /// A checkpoint of so many bytes, its 8-byte header included.
    Checkpoint(usize),
    /// Preallocated space to the end of the file.
    Zero,
    /// So many bytes are needed to tell.
    Needs(usize),
}

/// Why no frame could be read at a place.
#[derive(Debug, Error)]
pub(crate) enum Stop {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Damage(#[from] Damage),
}

/// Measures the frame at `at` and reads all of it into the window; `None` at the end of the file.
pub(crate) fn whole_frame(window: &mut Window, at: usize) -> Result<Option<Extent>, Stop> {
    let mut want = 1;
    loop {
        if window.ensure(at, want)? < want {
            return if want == 1 { Ok(None) } else { Err(Damage::Unfinished.into()) };
        }
        want = match measure(window.from(at))? {
            Extent::Needs(more) => more,
            Extent::Record(length) | Extent::Checkpoint(length)
                if window.from(at).len() < length =>
            {
                length
            }
            whole => return Ok(Some(whole)),
        };
    }
}

/// The bytes of a frame that [`whole_frame`] has measured.
pub(crate) fn frame(window: &Window, at: usize, length: usize) -> &[u8] {
    window.from(at).get(..length).unwrap_or_default()
}

/// Measures the frame at the front of `bytes`.
fn measure(bytes: &[u8]) -> Result<Extent, Damage> {
    let Some((magic, rest)) = bytes.split_first_chunk::<4>() else {
        return Ok(Extent::Needs(4));
    };
    match *magic {
        RECORD_MAGIC if bytes.len() < LENGTHS_BYTES => Ok(Extent::Needs(LENGTHS_BYTES)),
        RECORD_MAGIC => {
            let length = Lengths::decode(bytes)?.record_bytes();
            usize::try_from(length).map(Extent::Record).map_err(|_| Damage::Length)
        }
        CHECKPOINT_MAGIC => match rest.first_chunk() {
            None => Ok(Extent::Needs(CHECKPOINT_HEADER_BYTES)),
            Some(length) => match u32::from_be_bytes(*length) {
                note if note > MAX_NOTE_BYTES => Err(Damage::Length),
                note => Ok(Extent::Checkpoint(CHECKPOINT_HEADER_BYTES + note as usize)),
            },
        },
        [0, 0, 0, 0] => Ok(Extent::Zero),
        _ => Err(Damage::Magic),
    }
}

/// Whether zeros stand where the end of this frame should be: after a power cut a file may have
/// its new length before its new bytes. No whole checkpoint ends in zero.
pub(crate) fn ends_in_zero_fill(frame: &[u8]) -> bool {
    let written = frame.len() - frame.iter().rev().take_while(|byte| **byte == 0).count();
    let least = match measure(frame) {
        Ok(Extent::Record(length) | Extent::Checkpoint(length)) => length,
        Ok(Extent::Zero) => 0,
        Ok(Extent::Needs(_)) | Err(_) => HEADER_BYTES,
    };
    written < frame.len() && written < least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_asked_for_and_bounded() {
        assert_eq!(measure(b"IL"), Ok(Extent::Needs(4)));
        assert_eq!(measure(b"ILAR"), Ok(Extent::Needs(LENGTHS_BYTES)));
        assert_eq!(measure(b"ILCP\0\0"), Ok(Extent::Needs(8)));
        assert_eq!(measure(b"ILCP\0\0\0\x05"), Ok(Extent::Checkpoint(13)));
        assert_eq!(measure(b"ILCP\0\x01\0\0"), Err(Damage::Length));
        assert_eq!(measure(&[0; 4]), Ok(Extent::Zero));
        assert_eq!(measure(b"JUNK"), Err(Damage::Magic));
    }

    #[test]
    fn zeros_excuse_only_a_frame_that_they_cut() {
        assert!(ends_in_zero_fill(b"ILCP\0\0\0\x05hel\0\0\0\0"));
        assert!(ends_in_zero_fill(b"IL\0\0\0"));
        assert!(!ends_in_zero_fill(b"ILCP\0\0\0\x05hello\0\0"));
        assert!(!ends_in_zero_fill(b"ILCP\0\0\0\x05hel"));
        assert!(!ends_in_zero_fill(b"\0\0\0\0junk\0"));
    }
}
