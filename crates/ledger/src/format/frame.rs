//! Where one frame ends, and reading it whole: the only place that knows the two magics and how
//! lengths are read.
//!
//! Lengths come from bytes that may be damaged, so each is bounded before anything is read.

use std::{io, iter};

use thiserror::Error;

use crate::format::damage::Damage;
use crate::format::header::{
    HEADER_BYTES, Lengths, MAGIC as RECORD_MAGIC, MAX_METADATA_BYTES, MAX_PLAIN_CONTENT_BYTES,
};
use crate::format::seal::OVERHEAD_BYTES;
use crate::format::window::Window;

pub(crate) const CHECKPOINT_MAGIC: [u8; 4] = *b"ILCP";
pub(crate) const CHECKPOINT_HEADER_BYTES: usize = 8;
pub(crate) const MAX_NOTE_BYTES: u32 = 4096;
/// No frame is longer: a header, metadata and content.
pub(crate) const MAX_FRAME_BYTES: usize =
    HEADER_BYTES + MAX_METADATA_BYTES + MAX_PLAIN_CONTENT_BYTES + OVERHEAD_BYTES;

/// What starts at the front of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// A record of so many bytes.
    Record(usize),
    /// A checkpoint of so many bytes, its 8-byte header included.
    Checkpoint(usize),
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

/// Whole frames that follow each other at the front of `bytes`.
pub(crate) fn frames(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    iter::from_fn(move || {
        let (Extent::Record(length) | Extent::Checkpoint(length)) = measure(rest).ok()? else {
            return None;
        };
        let (frame, behind) = rest.split_at_checked(length)?;
        rest = behind;
        Some(frame)
    })
}

/// Measures the frame at the front of `bytes`.
fn measure(bytes: &[u8]) -> Result<Extent, Damage> {
    let Some((magic, rest)) = bytes.split_first_chunk::<4>() else {
        let begun = [RECORD_MAGIC, CHECKPOINT_MAGIC].iter().any(|magic| magic.starts_with(bytes));
        return if begun { Ok(Extent::Needs(4)) } else { Err(Damage::Magic) };
    };
    match *magic {
        RECORD_MAGIC if bytes.len() < HEADER_BYTES => Ok(Extent::Needs(HEADER_BYTES)),
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
        _ => Err(Damage::Magic),
    }
}

/// Whether the end of `bytes` cuts the frame that starts at their front (`FORMAT.md` §7).
pub(crate) fn is_cut(bytes: &[u8]) -> bool {
    match measure(bytes) {
        Ok(Extent::Needs(_)) => true,
        Ok(Extent::Record(length) | Extent::Checkpoint(length)) => length > bytes.len(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_asked_for_and_bounded() {
        assert_eq!(measure(b"IL"), Ok(Extent::Needs(4)));
        assert_eq!(measure(b"ILAR"), Ok(Extent::Needs(HEADER_BYTES)));
        assert_eq!(measure(b"ILCP\0\0"), Ok(Extent::Needs(8)));
        assert_eq!(measure(b"ILCP\0\0\0\x05"), Ok(Extent::Checkpoint(13)));
        assert_eq!(measure(b"ILCP\0\x01\0\0"), Err(Damage::Length));
        assert_eq!(measure(&[0; 4]), Err(Damage::Magic));
        assert_eq!(measure(b"JUNK"), Err(Damage::Magic));
    }

    #[test]
    fn only_a_frame_that_goes_on_is_cut() {
        for cut in [&b""[..], b"I", b"ILC", b"ILAR\x09", b"ILCP\0\0\0\x05hell"] {
            assert!(is_cut(cut), "{cut:?}");
        }
        for whole in [&b"x"[..], b"ILX", b"JUNK", b"ILCP\0\0\0\x05hello", b"ILCP\0\x01\0\0"] {
            assert!(!is_cut(whole), "{whole:?}");
        }
    }
}
