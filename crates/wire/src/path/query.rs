//! A caller's query that goes along to a provider.

use std::fmt;

/// The query of a URL, without its question mark: up to 2,048 visible ASCII characters and no `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainQuery(String);

const QUERY_MAX_BYTES: usize = 2048;

impl PlainQuery {
    /// From a request's line; nothing where it could be read in two ways.
    pub fn new(query: &str) -> Option<PlainQuery> {
        let plain = query.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
        (query.len() <= QUERY_MAX_BYTES && plain).then(|| PlainQuery(query.to_owned()))
    }

    /// Without the parameters of this name, however it is written; nothing when none is left.
    pub fn without(&self, name: &str) -> Option<PlainQuery> {
        let is_named = |parameter: &&str| {
            let written = parameter.split('=').next().unwrap_or_default();
            decoded(written).eq_ignore_ascii_case(name.as_bytes())
        };
        let kept: Vec<&str> = self.0.split('&').filter(|p| !is_named(p)).collect();
        Some(PlainQuery(kept.join("&"))).filter(|query| !query.0.is_empty())
    }
}

impl fmt::Display for PlainQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Without percent-encoding (RFC 3986 §2.1).
fn decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let byte = match after {
            [high, low, ..] if *first == b'%' => hex(*high).zip(hex(*low)).map(|(h, l)| h << 4 | l),
            _ => None,
        };
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}
