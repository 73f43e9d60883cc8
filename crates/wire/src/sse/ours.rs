//! Comments that say they are the gateway's. Cost, receipt and proof of a stream stand in comments
//! at its end, so a provider must not be able to write any: its own of that name are taken out,
//! everything else keeps its bytes.

use std::mem;

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

/// Takes comments out of an event stream that begin with the gateway's name.
#[derive(Default)]
pub struct OurComments {
    position: Position,
    /// The beginning of a line that may become such a comment.
    held: Bytes,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Position {
    #[default]
    StreamStart,
    LineStart,
    InLine,
    /// In a line that is taken out.
    Dropping,
    /// Behind the CR of one: an LF may belong to it.
    DroppedCr,
}

/// What a line is, told from its beginning.
enum Line {
    Ours,
    Other,
    Undecided,
}

const NAME: &[u8] = b"x-inferlayer";
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// No writer of comments needs more spaces before its first word.
const SPACES_MAX: usize = 64;

impl OurComments {
    /// What may go on of all that came so far; perhaps nothing yet.
    pub fn strip(&mut self, bytes: Bytes) -> Bytes {
        let bytes = match self.held.is_empty() {
            true => bytes,
            false => [&*mem::take(&mut self.held), &*bytes].concat().into(),
        };
        let (mut rest, mut kept) = (bytes.clone(), None::<BytesMut>);
        let mut clean = 0;
        while !rest.is_empty() {
            let (length, keeps) = self.step(&rest);
            if length == 0 {
                self.held = rest;
                break;
            }
            let piece = rest.split_to(length);
            match (&mut kept, keeps) {
                (None, true) => clean += length,
                (Some(kept), true) => kept.extend_from_slice(&piece),
                (kept @ None, false) => *kept = Some(bytes.slice(..clean).into()),
                (Some(_), false) => {}
            }
        }
        match kept {
            Some(kept) => kept.freeze(),
            None => bytes.slice(..clean),
        }
    }

    /// What was held back, at the end of a stream: it was no comment of that name.
    pub fn finish(&mut self) -> Bytes {
        mem::take(&mut self.held)
    }

    /// The length of the next piece, and whether it stays. A length of nothing: the line's
    /// beginning does not tell yet.
    fn step(&mut self, bytes: &[u8]) -> (usize, bool) {
        match self.position {
            Position::DroppedCr => {
                self.position = Position::LineStart;
                if bytes.starts_with(b"\n") { (1, false) } else { self.step(bytes) }
            }
            Position::StreamStart | Position::LineStart => {
                match line(bytes, self.position == Position::StreamStart) {
                    Line::Undecided => return (0, false),
                    Line::Ours => self.position = Position::Dropping,
                    Line::Other => self.position = Position::InLine,
                }
                self.step(bytes)
            }
            Position::InLine | Position::Dropping => self.pass_line(bytes),
        }
    }

    fn pass_line(&mut self, bytes: &[u8]) -> (usize, bool) {
        let keeps = self.position == Position::InLine;
        let Some(end) = memchr2(b'\n', b'\r', bytes) else { return (bytes.len(), keeps) };
        let is_cr = bytes.get(end) == Some(&b'\r');
        self.position = if is_cr && !keeps { Position::DroppedCr } else { Position::LineStart };
        (end + 1, keeps)
    }
}

fn line(bytes: &[u8], at_start: bool) -> Line {
    let bytes = match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(behind) if at_start => behind,
        None if at_start && BYTE_ORDER_MARK.starts_with(bytes) => return Line::Undecided,
        _ => bytes,
    };
    let Some((first, rest)) = bytes.split_first() else { return Line::Undecided };
    if *first != b':' {
        return Line::Other;
    }
    let spaces = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let word = rest.get(spaces..).unwrap_or_default();
    let length = word.len().min(NAME.len());
    let (told, name) = (word.get(..length), NAME.get(..length));
    if spaces > SPACES_MAX {
        Line::Ours
    } else if told.zip(name).is_none_or(|(told, name)| !told.eq_ignore_ascii_case(name)) {
        Line::Other
    } else if length < NAME.len() {
        Line::Undecided
    } else {
        Line::Ours
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(pieces: &[&[u8]]) -> String {
        let mut comments = OurComments::default();
        let mut out = Vec::new();
        for piece in pieces {
            out.extend_from_slice(&comments.strip(Bytes::copy_from_slice(piece)));
        }
        out.extend_from_slice(&comments.finish());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_comment_of_our_name_is_taken_out_however_it_is_cut() {
        for (stream, expected) in [
            (": x-inferlayer-cost: 0\ndata: {}\n\n", "data: {}\n\n"),
            ("data: {}\n\n:x-inferlayer-receipt: 1\n\n", "data: {}\n\n\n"),
            ("\u{feff}: x-inferlayer-cost: 0\r\ndata: a\r\n\r\n", "data: a\r\n\r\n"),
            ("data: a\r:\t X-InferLayer-Proof\rdata: b\r\r", "data: a\rdata: b\r\r"),
            (": x-inferlayer-cost: 0", ""),
            (&format!(":{}x\ndata: a\n\n", " ".repeat(65)), "data: a\n\n"),
        ] {
            let bytes = stream.as_bytes();
            assert_eq!(stripped(&[bytes]), expected, "{stream:?}");
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(stripped(&single), expected, "{stream:?} by bytes");
            for cut in 0..bytes.len() {
                let (a, b) = bytes.split_at(cut);
                assert_eq!(stripped(&[a, b]), expected, "{stream:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn everything_else_keeps_its_bytes() {
        for stream in [
            "data: x\n\n",
            ": ping\n\ndata: : x-inferlayer-cost: 0\n\n",
            "data: a\r\n: x-infer\r\n\r\n",
            " : x-inferlayer-cost\n\n",
            "event: x-inferlayer\ndata\n\n",
            ": x-infer",
            ":",
            "\u{feff}",
            "\n\r\n\r",
            "",
        ] {
            assert_eq!(stripped(&[stream.as_bytes()]), stream);
            let single: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
            assert_eq!(stripped(&single), stream, "by bytes");
        }
        let bytes = Bytes::from_static(b"data: nothing of it\n\n");
        assert_eq!(OurComments::default().strip(bytes.clone()).as_ptr(), bytes.as_ptr());
    }
}
