//! JSON strings, read without a copy where that can be.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// Longest id or model name kept, in bytes; longer ones are dropped, not cut.
const MAX_NAME_BYTES: usize = 256;

/// A JSON string, borrowed from the document when it holds no escapes.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Text<'a> {
    /// The text of a raw value; none when it is not a string.
    pub(crate) fn of(raw: &'a RawValue) -> Option<Cow<'a, str>> {
        serde_json::from_str::<Text>(raw.get()).ok().map(|text| text.0)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_cow(self) -> Cow<'a, str> {
        self.0
    }
}

/// A provider's name for something: a short string without control characters, fit for a record.
pub(crate) fn name(raw: Option<&RawValue>) -> Option<String> {
    let name: String = serde_json::from_str(raw?.get()).ok()?;
    let fits = (1..=MAX_NAME_BYTES).contains(&name.len()) && !name.contains(char::is_control);
    fits.then_some(name)
}
