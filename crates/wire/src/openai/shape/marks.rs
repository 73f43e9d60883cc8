//! Marks that text of a kind has in any language: no words, only a rare byte and its neighbours.
//!
//! | kind | marks |
//! |---|---|
//! | code | two backticks, `==`, `=>`, `->`, `/>`, `><`, `);` |
//! | | `;`, `{`, `}` or `>` at the end of a line |
//! | mathematics | `\(`, `\[`, `\` and a letter (LaTeX; not `\n` `\r` `\t`) |
//! | | `$$`, `$\`, `$` and a letter, `^` and an operand, `=` between spaces |
//! | list item | a line after the first that begins with `- `, `* `, `•`, `12.` or `12)` |
//!
//! Prose has hardly any of these bytes, and a search for three of them at once reads a kilobyte
//! in some twenty nanoseconds.

use memchr::{memchr_iter, memchr3_iter};

/// Bytes looked at from either end of a text; what lies between is counted by its length alone.
const WINDOW: usize = 8 << 10;

/// What the texts of a turn show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) code: u32,
    pub(super) math: u32,
    /// After the first line.
    pub(super) list_items: u32,
    /// How long a text begins before the end of its first line, a quotation mark or a colon.
    pub(super) instruction_bytes: u64,
}

/// The kinds that a rare byte begins.
enum Mark {
    Code,
    Math,
}

impl Marks {
    /// Looks at both ends of a further text of the turn. Counts cannot overflow: a body has fewer
    /// bytes.
    pub(super) fn add(&mut self, text: &[u8]) {
        let (head, rest) = text.split_at_checked(WINDOW).unwrap_or((text, &[]));
        let tail = rest.get(rest.len().saturating_sub(WINDOW)..).unwrap_or_default();
        self.scan(head);
        self.scan(tail);
        self.instruction_bytes = self.instruction_bytes.max(instruction_bytes(head));
    }

    fn scan(&mut self, text: &[u8]) {
        let items = memchr_iter(b'\n', text).filter(|&at| is_item(text, at + 1)).count();
        self.list_items += u32::try_from(items).unwrap_or_default();
        memchr3_iter(b'`', b'=', b';', text)
            .chain(memchr3_iter(b'{', b'}', b'>', text))
            .chain(memchr3_iter(b'\\', b'$', b'^', text))
            .filter_map(|at| mark(text, at))
            .for_each(|mark| match mark {
                Mark::Code => self.code += 1,
                Mark::Math => self.math += 1,
            });
    }
}

/// What the byte at this place is a mark of. Beyond its ends a text has line ends.
fn mark(text: &[u8], at: usize) -> Option<Mark> {
    let byte = |at: usize| text.get(at).copied().unwrap_or(b'\n');
    match (byte(at.wrapping_sub(1)), byte(at), byte(at + 1)) {
        (_, b'`', b'`') | (_, b'=', b'=') => Some(Mark::Code),
        (b')', b';', _) | (_, b';' | b'{' | b'}' | b'>', b'\n') => Some(Mark::Code),
        (b'-' | b'=' | b'/', b'>', _) | (_, b'>', b'<') => Some(Mark::Code),
        (b' ', b'=', b' ') => Some(Mark::Math),
        (_, b'\\', b'n' | b'r' | b't') => None,
        (_, b'\\', b'(' | b'[' | b'a'..=b'z') => Some(Mark::Math),
        (_, b'$', b'$' | b'\\' | b'a'..=b'z') => Some(Mark::Math),
        (_, b'^', b'(' | b'{' | b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') => Some(Mark::Math),
        _ => None,
    }
}

/// Whether a line that begins at this place is an item of a list.
fn is_item(text: &[u8], at: usize) -> bool {
    match text.get(at..).unwrap_or_default() {
        [b'-' | b'*', b' ', ..] => true,
        [b'0'..=b'9', b'.' | b')', ..] | [b'0'..=b'9', b'0'..=b'9', b'.' | b')', ..] => true,
        line => line.starts_with("•".as_bytes()),
    }
}

/// How long the beginning of a text is that no mark of material ends.
fn instruction_bytes(text: &[u8]) -> u64 {
    let text = text.trim_ascii_start();
    let ends = |&at: &usize| {
        // Not the colon of a time of day or of an address.
        text.get(at) != Some(&b':') || text.get(at + 1).is_none_or(u8::is_ascii_whitespace)
    };
    memchr3_iter(b'"', b'\n', b':', text).find(ends).unwrap_or(text.len()) as u64
}
