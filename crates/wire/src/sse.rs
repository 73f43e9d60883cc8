//! Server-sent events (WHATWG HTML, 9.2): cutting a stream into events, and writing some.
//!
//! A gateway relays what it reads, so an [`Event`] keeps its exact bytes; concatenated they are
//! the stream again. How the stream was cut into packets makes no difference to the events.

mod decoder;
mod event;
mod ours;

use bytes::Bytes;

pub use self::decoder::{Decoder, TooLong, split};
pub use self::event::{Event, EventKind};
pub use self::ours::OurComments;

/// Largest event accepted unless the caller says otherwise, in bytes: 8 MiB.
pub const DEFAULT_MAX_EVENT_BYTES: usize = 8 << 20;

/// A comment, which clients ignore: a heartbeat, or what is said beside the answer.
pub fn comment(text: &str) -> Bytes {
    block(b": ", text.as_bytes())
}

/// An event without a name. JSON may span lines: each becomes a data line, and clients join them.
pub fn data(json: &[u8]) -> Bytes {
    block(b"data: ", json)
}

/// An event with a name.
pub(crate) fn named(name: &'static str, json: &[u8]) -> Bytes {
    [b"event: ", name.as_bytes(), b"\n", &data(json)].concat().into()
}

/// The lines of a block without their endings, and where each begins. A byte order mark is no part
/// of the first.
pub(crate) fn lines(block: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = Some(block.strip_prefix('\u{feff}').unwrap_or(block));
    std::iter::from_fn(move || {
        let text = rest?;
        let start = block.len() - text.len();
        let (line, more) = event::split_line(text.as_bytes());
        rest = more.and_then(|more| text.get(text.len() - more.len()..));
        Some((start, text.get(..line.len())?))
    })
}

/// The value of a line of data; none of another line.
pub(crate) fn data_of(line: &str) -> Option<&str> {
    let value = line.strip_prefix("data")?;
    if value.is_empty() {
        return Some(value);
    }
    let value = value.strip_prefix(':')?;
    Some(value.strip_prefix(' ').unwrap_or(value))
}

/// One field a line, however the text breaks its lines, so that no text can end the event early
/// or forge a field.
fn block(field: &[u8], text: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(field.len() + text.len() + 2);
    let mut rest = Some(text);
    while let Some(text) = rest {
        let (line, more) = event::split_line(text);
        out.extend_from_slice(field);
        out.extend_from_slice(line);
        out.push(b'\n');
        rest = more;
    }
    out.push(b'\n');
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_one_line_each() {
        assert_eq!(&comment("ping")[..], b": ping\n\n");
        assert_eq!(&comment("")[..], b": \n\n");
        assert_eq!(&data(b"{}")[..], b"data: {}\n\n");
        assert_eq!(&named("ping", b"{}")[..], b"event: ping\ndata: {}\n\n");
    }

    #[test]
    fn events_that_came_together_are_cut_apart() {
        let cut = |bytes: &'static str| -> Vec<Bytes> { split(bytes.into()).collect() };
        assert_eq!(
            cut("data: a\n\n: b\n\nevent: c\r\ndata: d\r\n\r\n"),
            ["data: a\n\n", ": b\n\n", "event: c\r\ndata: d\r\n\r\n"]
        );
        assert_eq!(cut("data: a\n\ndata: b\n"), ["data: a\n\n", "data: b\n"]);
        assert_eq!(cut(""), [""; 0]);
    }

    #[test]
    fn lines_are_told_with_their_places() {
        let block = "\u{feff}event: a\r\ndata:b\n\n";
        let told: Vec<_> = lines(block).collect();
        assert_eq!(told, [(3, "event: a"), (13, "data:b"), (20, ""), (21, "")]);
        assert_eq!(data_of("data:b"), Some("b"));
        assert_eq!(data_of("data:  b"), Some(" b"));
        assert_eq!(
            (data_of("data"), data_of("dat"), data_of("database: x")),
            (Some(""), None, None)
        );
    }

    #[test]
    fn no_text_breaks_out_of_its_event() {
        assert_eq!(&comment("a\n\ndata: b\rc\r\nd")[..], b": a\n: \n: data: b\n: c\n: d\n\n");
        assert_eq!(&data(b"{\n}\n")[..], b"data: {\ndata: }\ndata: \n\n");
    }
}
