//! Changing single values of a JSON text while every other byte stays.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use serde_json::Value;

/// New text for a range of the body; an empty range inserts.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    range: Range<usize>,
    text: Cow<'static, str>,
}

impl Edit {
    /// Puts a fixed text in place of `range`.
    pub(crate) fn fixed(range: Range<usize>, text: &'static str) -> Edit {
        Edit { range, text: Cow::Borrowed(text) }
    }

    /// Puts `text` in place of `range`.
    pub(crate) fn text(range: Range<usize>, text: String) -> Edit {
        Edit { range, text: Cow::Owned(text) }
    }

    /// Puts `name` as a JSON string in place of `range`.
    pub(crate) fn name(range: Range<usize>, name: &str) -> Edit {
        Edit { range, text: Cow::Owned(Value::from(name).to_string()) }
    }

    /// Where it begins.
    pub(crate) fn start(&self) -> usize {
        self.range.start
    }

    /// Where what it takes away ends.
    pub(crate) fn end(&self) -> usize {
        self.range.end
    }
}

/// Where `part`, a slice of `body`, stands in it.
pub(crate) fn span(body: &[u8], part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - body.as_ptr().addr();
    start..start + part.len()
}

/// Applies `edits`, which stand in order and do not overlap.
pub(crate) fn splice(body: &[u8], edits: &[&Edit]) -> Bytes {
    let added: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut out = Vec::with_capacity(body.len() + added);
    let mut kept_from = 0;
    for edit in edits {
        out.extend_from_slice(body.get(kept_from..edit.range.start).unwrap_or_default());
        out.extend_from_slice(edit.text.as_bytes());
        kept_from = edit.range.end;
    }
    out.extend_from_slice(body.get(kept_from..).unwrap_or_default());
    out.into()
}
