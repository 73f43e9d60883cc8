//! Values that requests of every dialect hold, judged one by one so that a refusal names its field.

use std::ops::Range;

use crate::splice::span;
use crate::{Invalid, Usage};

/// Most answers a request may ask for.
const MAX_CHOICES: u32 = 128;
/// Longest model name accepted, in bytes.
const MAX_MODEL_BYTES: usize = 256;

/// `model`: its name unescaped, and where its value stands in `body`.
pub(crate) fn model(raw: Option<&str>, body: &[u8]) -> Result<(String, Range<usize>), Invalid> {
    let raw = raw.ok_or_else(|| Invalid::missing("model"))?;
    match serde_json::from_str::<String>(raw) {
        Ok(name)
            if (1..=MAX_MODEL_BYTES).contains(&name.len()) && !name.contains(char::is_control) =>
        {
            Ok((name, span(body, raw)))
        }
        _ => {
            Err(Invalid::value("model", "be a string of 1 to 256 bytes without control characters"))
        }
    }
}

/// A cap on generated tokens. Zero is refused: some servers read it as "no cap".
pub(crate) fn token_cap(param: &str, raw: Option<&str>) -> Result<Option<u64>, Invalid> {
    match optional(raw).map(serde_json::from_str) {
        None => Ok(None),
        Some(Ok(cap @ 1..=Usage::MAX_TOKENS)) => Ok(Some(cap)),
        Some(_) => Err(Invalid::value(param, "be a whole number from 1 to 2^53")),
    }
}

/// How many answers to generate, one unless said.
pub(crate) fn choices(param: &str, raw: Option<&str>) -> Result<u32, Invalid> {
    match optional(raw).map(serde_json::from_str) {
        None => Ok(1),
        Some(Ok(n @ 1..=MAX_CHOICES)) => Ok(n),
        Some(_) => Err(Invalid::value(param, "be a whole number from 1 to 128")),
    }
}

/// A flag, false when absent or null.
pub(crate) fn boolean(param: &str, raw: Option<&str>) -> Result<bool, Invalid> {
    match optional(raw) {
        Some("true") => Ok(true),
        None | Some("false") => Ok(false),
        Some(_) => Err(Invalid::value(param, "be true, false or null")),
    }
}

/// Null is as good as absent.
pub(crate) fn optional(raw: Option<&str>) -> Option<&str> {
    raw.filter(|text| *text != "null")
}

/// The field among `ours` that `key` would be to a server which ignores case when it reads JSON, as
/// those written in Go do: to them `"Max_Tokens"` overrides `"max_tokens"`. Their folding also
/// takes the long s and the Kelvin sign for ASCII letters.
pub(crate) fn lookalike(key: &str, ours: &[&'static str]) -> Option<&'static str> {
    let folded = |letter: char| match letter {
        'ſ' => 's',
        '\u{212A}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    ours.iter().copied().find(|ours| key.chars().map(folded).eq(ours.chars().map(folded)))
}
