//! One block of an event stream.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;
use memchr::memchr2;

/// One block, from its first byte to the end of its blank line.
#[derive(Clone)]
pub struct Event {
    /// The exact bytes, to be relayed.
    pub raw: Bytes,
    /// Whether a client would see it.
    pub kind: EventKind,
    data: Data,
    name: Option<Range<usize>>,
}

/// What a block is to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// Comments, blank lines, fields without data: nothing that a client would see.
    Comment,
    /// An event with data.
    Data,
}

/// Where the data stands in the raw bytes.
#[derive(Clone)]
enum Data {
    None,
    Line(Range<usize>),
    /// Several lines, to be joined when asked for; the first field stands at `from`.
    Lines {
        from: usize,
    },
}

impl Event {
    /// Reads a block whose first field stands behind `mark` bytes.
    pub(super) fn new(raw: Bytes, mark: usize) -> Event {
        let mut data = Data::None;
        let mut name = None;
        for (field, value) in Fields::of(&raw, mark) {
            match field {
                b"data" => {
                    data = match data {
                        Data::None => Data::Line(value),
                        Data::Line(_) | Data::Lines { .. } => Data::Lines { from: mark },
                    }
                }
                b"event" => name = Some(value),
                _ => {}
            }
        }
        let kind = match data {
            Data::None => EventKind::Comment,
            Data::Line(_) | Data::Lines { .. } => EventKind::Data,
        };
        Event { raw, kind, data, name }
    }

    /// The data: its lines joined by LF, borrowed when there is but one.
    pub fn data(&self) -> Cow<'_, [u8]> {
        match &self.data {
            Data::None => Cow::Borrowed(&[]),
            Data::Line(line) => Cow::Borrowed(self.slice(line)),
            Data::Lines { from } => {
                let lines = Fields::of(&self.raw, *from).filter(|(field, _)| field == b"data");
                let lines: Vec<&[u8]> = lines.map(|(_, value)| self.slice(&value)).collect();
                Cow::Owned(lines.join(&b'\n'))
            }
        }
    }

    /// Whether this is OpenAI's end of a stream, `data: [DONE]`.
    pub fn is_done(&self) -> bool {
        matches!(&self.data, Data::Line(line) if self.slice(line).trim_ascii() == b"[DONE]")
    }

    /// Whether it has its blank line, which the end of a stream can take away.
    pub fn is_terminated(&self) -> bool {
        [&b"\n\n"[..], b"\r\n\r\n", b"\r\r"].iter().any(|end| self.raw.ends_with(end))
    }

    /// The event's name, from its last `event` field.
    pub fn name(&self) -> Option<&str> {
        let name = str::from_utf8(self.slice(self.name.as_ref()?)).ok()?;
        (!name.is_empty()).then_some(name)
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.raw.get(range.clone()).unwrap_or_default()
    }
}

/// Without the bytes: they hold the answer.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Event")
            .field("kind", &self.kind)
            .field("bytes", &self.raw.len())
            .finish_non_exhaustive()
    }
}

/// The fields of a block in order: name, and where the value stands. Comments have no name.
struct Fields<'a> {
    raw: &'a [u8],
    rest: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    fn of(raw: &'a [u8], from: usize) -> Fields<'a> {
        Fields { raw, rest: raw.get(from..) }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (&'a [u8], Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest?;
        let start = self.raw.len() - rest.len();
        let (line, more) = split_line(rest);
        self.rest = more;
        let colon = memchr::memchr(b':', line);
        let (name, value) = match colon {
            Some(at) => (line.get(..at)?, line.get(at + 1..)?),
            None => (line, &[][..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let end = start + line.len();
        Some((name, end - value.len()..end))
    }
}

/// The first line without its ending, and what follows that ending if there is one.
pub(super) fn split_line(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let Some(end) = memchr2(b'\n', b'\r', text) else {
        return (text, None);
    };
    let (line, ending) = text.split_at(end);
    let more = ending.strip_prefix(b"\r\n").or_else(|| ending.get(1..));
    (line, more)
}
