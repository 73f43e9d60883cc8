//! An edit of a text as a change of the bytes in which it is written.

use std::ops::Range;

use super::{Form, Span};
use crate::splice;

/// Another text in place of a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    span: Span,
    range: Range<usize>,
    text: String,
}

impl Edit {
    pub(super) fn new(span: &Span, range: Range<usize>, text: String) -> Edit {
        Edit { span: span.clone(), range, text }
    }

    /// The change of the document's bytes; none where nothing can be changed.
    pub(super) fn raw(&self, document: &[u8]) -> Option<splice::Edit> {
        let Span { raw, form } = &self.span;
        let written = str::from_utf8(document.get(raw.clone())?).ok()?;
        let (range, text) = match form {
            Form::Fixed => return None,
            Form::Plain => (letters(written, &self.range), self.text.clone()),
            // A line stays one line.
            Form::Line => (letters(written, &self.range), self.text.replace(['\n', '\r'], " ")),
            Form::Json => (escaped(written, &self.range), json_inner(&self.text)),
        };
        Some(splice::Edit::text(raw.start + range.start..raw.start + range.end, text))
    }
}

/// The range, widened to whole letters.
fn letters(text: &str, range: &Range<usize>) -> Range<usize> {
    let mut start = range.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// Where a range of the unescaped text stands in the text as it is written, as whole letters.
fn escaped(written: &str, range: &Range<usize>) -> Range<usize> {
    if memchr::memchr(b'\\', written.as_bytes()).is_none() || is_half_written(written) {
        return letters(written, range);
    }
    let (mut start, mut end) = (written.len(), None);
    for (at, letter) in Letters::of(written) {
        // The letter that holds the first byte of the range, or begins behind it.
        if letter.text.end > range.start && start == written.len() {
            start = at;
        }
        if letter.text.start >= range.end && end.is_none() {
            end = Some(at);
        }
    }
    let end = end.unwrap_or(written.len());
    let start = start.min(end);
    start..end
}

/// Whether it is told as written, for it cannot be unescaped.
fn is_half_written(written: &str) -> bool {
    serde_json::from_str::<String>(&format!("\"{written}\"")).is_err()
}

/// The text as it stands inside of a JSON string.
fn json_inner(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

/// One letter of a JSON string.
struct Letter {
    /// Where it stands in the unescaped text.
    text: Range<usize>,
}

/// The letters of a JSON string, with the place where each is written.
struct Letters<'a> {
    rest: &'a str,
    written: usize,
    text: usize,
}

impl<'a> Letters<'a> {
    fn of(written: &'a str) -> Letters<'a> {
        Letters { rest: written, written: 0, text: 0 }
    }
}

impl Iterator for Letters<'_> {
    type Item = (usize, Letter);

    fn next(&mut self) -> Option<(usize, Letter)> {
        let (written, text) = length(self.rest)?;
        let at = self.written;
        let letter = Letter { text: self.text..self.text + text };
        self.rest = self.rest.get(written..)?;
        (self.written, self.text) = (at + written, self.text + text);
        Some((at, letter))
    }
}

/// How many bytes the first letter has as it is written, and as text.
fn length(rest: &str) -> Option<(usize, usize)> {
    let first = rest.chars().next()?;
    if first != '\\' {
        return Some((first.len_utf8(), first.len_utf8()));
    }
    if rest.as_bytes().get(1) != Some(&b'u') {
        return Some((2, 1));
    }
    let unit = u32::from_str_radix(rest.get(2..6)?, 16).ok()?;
    match char::from_u32(unit) {
        Some(letter) => Some((6, letter.len_utf8())),
        // Two of them are one letter, of four bytes.
        None => Some((12, 4)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = r#"a\n\u0040é\ud83d\ude00\"z"#;

    fn text() -> String {
        serde_json::from_str(&format!("\"{WRITTEN}\"")).unwrap()
    }

    #[test]
    fn every_range_of_letters_is_found_as_it_is_written() {
        let text = text();
        let bounds: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
        for (n, start) in bounds.iter().enumerate() {
            for end in &bounds[n..] {
                let range = escaped(WRITTEN, &(*start..*end));
                let written = &WRITTEN[range.clone()];
                let read: String = serde_json::from_str(&format!("\"{written}\"")).unwrap();
                assert_eq!(read, text[*start..*end], "{start}..{end}");
                let before: String =
                    serde_json::from_str(&format!("\"{}\"", &WRITTEN[..range.start])).unwrap();
                assert_eq!(before, text[..*start], "{start}..{end}");
            }
        }
    }

    #[test]
    fn a_range_that_cuts_a_letter_takes_all_of_it() {
        // The é is at 3..5, the face at 5..9.
        assert_eq!(&WRITTEN[escaped(WRITTEN, &(4..6))], r"é\ud83d\ude00");
        assert_eq!(letters("aé", &(2..2)), 1..3);
        assert_eq!(letters("aé", &(2..9)), 1..3);
        assert_eq!(letters("aé", &(7..9)), 3..3);
    }

    #[test]
    fn what_is_put_in_stays_in_its_string() {
        assert_eq!(json_inner("a\"\n\\"), r#"a\"\n\\"#);
    }
}
