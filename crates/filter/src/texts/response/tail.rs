//! The end of a text that comes in pieces: what of it is in doubt, and in which chunks that stands.

use std::collections::VecDeque;
use std::ops::Range;

use inferlayer_wire::texts::{Channel, Edit, Role, Span, Text};

use super::HELD_BYTES_MAX;
use crate::texts::{TextFlow, Window};

/// The end of one text.
pub(super) struct Tail {
    role: Role,
    /// What was sent and is kept to be read with what comes, then what is in doubt.
    text: String,
    sent_bytes: usize,
    /// Where the text in doubt stands, in order.
    pieces: VecDeque<Piece>,
}

/// A part of a text in doubt.
struct Piece {
    /// The number of the chunk it stands in.
    chunk: usize,
    span: Span,
    /// Where it begins in the text at `span`.
    from: usize,
    bytes: usize,
}

/// What was decided of a text.
#[derive(Default)]
pub(super) struct Decided {
    /// By the numbers of the chunks they stand in.
    pub(super) edits: Vec<(usize, Edit)>,
    /// A chunk for each piece that is no longer in doubt.
    pub(super) pieces: Vec<usize>,
}

impl Tail {
    pub(super) fn new(role: Role) -> Tail {
        Tail { role, text: String::new(), sent_bytes: 0, pieces: VecDeque::new() }
    }

    /// Whether anything of it is in doubt.
    pub(super) fn is_open(&self) -> bool {
        !self.pieces.is_empty()
    }

    pub(super) fn add(&mut self, chunk: usize, text: &Text<'_>) {
        let (span, bytes) = (text.span.clone(), text.text.len());
        self.text.push_str(&text.text);
        self.pieces.push_back(Piece { chunk, span, from: 0, bytes });
    }

    pub(super) fn window(&self, channel: &Channel, is_end: bool) -> Window<'_> {
        let Channel { kind, choice, .. } = *channel;
        let (role, sent_bytes) = (self.role, self.sent_bytes);
        Window { role, kind, choice, text: &self.text, sent_bytes, is_end }
    }

    /// Takes what the filter says of the window.
    pub(super) fn decide(&mut self, flow: TextFlow, is_end: bool) -> Decided {
        let TextFlow { edits, hold_bytes } = flow;
        let edits = self.in_order(edits);
        let edited_to = edits.last().map_or(0, |(range, _)| range.end);
        let hold_bytes = hold_bytes.min(HELD_BYTES_MAX);
        let held = self.letter_at(self.text.len().saturating_sub(hold_bytes)).max(edited_to);
        let end = if is_end { self.text.len() } else { held.max(self.sent_bytes) };
        let mut decided = Decided::default();
        edits.into_iter().for_each(|(range, text)| self.edit(&range, text, &mut decided));
        self.pass(end - self.sent_bytes, &mut decided);
        self.text.drain(..held);
        self.sent_bytes = end - held;
        decided
    }

    /// The edits of what is in doubt, as whole letters, without those that overlap an earlier one.
    fn in_order(&self, mut edits: Vec<(Range<usize>, String)>) -> Vec<(Range<usize>, String)> {
        edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut behind = self.sent_bytes;
        edits.retain_mut(|(range, _)| {
            let end = self.letter_from(range.end.min(self.text.len()));
            let is_sent = end <= self.sent_bytes && range.start < end;
            // Of one that begins in what was sent, the rest is still changed.
            let start = self.letter_at(range.start.min(end)).max(self.sent_bytes);
            let fits = !is_sent && behind <= start && start <= end;
            if fits {
                (*range, behind) = (start..end, end);
            }
            fits
        });
        edits
    }

    /// An edit of a range of the window: the first piece gets the new text, the others lose theirs.
    fn edit(&self, range: &Range<usize>, text: String, decided: &mut Decided) {
        let mut text = Some(text);
        let mut start = self.sent_bytes;
        for piece in &self.pieces {
            let end = start + piece.bytes;
            let (from, to) = (range.start.max(start), range.end.min(end));
            let touches = from < to || (range.is_empty() && (start..=end).contains(&from));
            if touches && (text.is_some() || from < to) {
                let local = piece.from + from - start..piece.from + to.max(from) - start;
                let new = text.take().unwrap_or_default();
                decided.edits.push((piece.chunk, piece.span.edit(local, new)));
            }
            start = end;
        }
    }

    /// So many bytes are no longer in doubt.
    fn pass(&mut self, mut bytes: usize, decided: &mut Decided) {
        while let Some(piece) = self.pieces.front_mut() {
            if piece.bytes > bytes {
                piece.from += bytes;
                piece.bytes -= bytes;
                return;
            }
            bytes -= piece.bytes;
            decided.pieces.push(piece.chunk);
            self.pieces.pop_front();
        }
    }

    /// Where the letter begins that has this byte.
    fn letter_at(&self, mut at: usize) -> usize {
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    /// Where the next letter begins.
    fn letter_from(&self, mut at: usize) -> usize {
        while !self.text.is_char_boundary(at) {
            at += 1;
        }
        at
    }
}
