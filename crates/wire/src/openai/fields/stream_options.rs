//! `stream_options`: what the client set, and the edit that makes a provider report usage.

use std::ops::Range;

use serde::de::MapAccess;
use serde_json::value::RawValue;

use crate::Invalid;
use crate::field::{boolean, lookalike, optional};
use crate::json::{self, Kind, Reader, skip};
use crate::splice::{Edit, span};

/// The object as the client wrote it. Positions are those of the request body.
pub(crate) enum StreamOptions {
    /// There is no such member.
    Absent,
    /// The member is null, here.
    Null(Range<usize>),
    /// An object without `include_usage`: just behind its brace, and whether anything follows.
    Silent { inside: usize, is_empty: bool },
    /// An object with `include_usage`, whose value stands here.
    Set { include_usage: bool, value: Range<usize> },
}

impl StreamOptions {
    pub(crate) fn parse(raw: Option<&str>, body: &[u8]) -> Result<StreamOptions, Invalid> {
        let Some(whole) = raw else {
            return Ok(StreamOptions::Absent);
        };
        if optional(raw).is_none() {
            return Ok(StreamOptions::Null(span(body, whole)));
        }
        let mut members = Members::default();
        let read = json::read_text(whole, &mut members);
        if members.lookalike {
            let param = "stream_options.include_usage";
            return Err(Invalid::value(param, "be written in lower case"));
        }
        let Ok(Kind::Object) = read else {
            return Err(Invalid::value("stream_options", "be a strict json object or null"));
        };
        Ok(match members.include_usage {
            None => StreamOptions::Silent {
                inside: span(body, whole).start + 1,
                is_empty: members.is_empty,
            },
            Some(value) => StreamOptions::Set {
                include_usage: boolean("stream_options.include_usage", Some(value))?,
                value: span(body, value),
            },
        })
    }

    /// Whether the client asked for the usage frame.
    pub(crate) fn include_usage(&self) -> bool {
        matches!(self, StreamOptions::Set { include_usage: true, .. })
    }

    /// The change that sets `include_usage`; a whole new member goes to `free`, behind a value of
    /// the request's object.
    pub(crate) fn edit(self, free: usize) -> Option<Edit> {
        let (range, text) = match self {
            StreamOptions::Absent => (free..free, r#","stream_options":{"include_usage":true}"#),
            StreamOptions::Null(range) => (range, r#"{"include_usage":true}"#),
            StreamOptions::Silent { inside, is_empty: true } => {
                (inside..inside, r#""include_usage":true"#)
            }
            StreamOptions::Silent { inside, is_empty: false } => {
                (inside..inside, r#""include_usage":true,"#)
            }
            StreamOptions::Set { include_usage: false, value } => (value, "true"),
            StreamOptions::Set { include_usage: true, .. } => return None,
        };
        Some(Edit::fixed(range, text))
    }
}

struct Members<'a> {
    include_usage: Option<&'a str>,
    is_empty: bool,
    /// A name that some servers would take for ours.
    lookalike: bool,
}

impl Default for Members<'_> {
    fn default() -> Self {
        Members { include_usage: None, is_empty: true, lookalike: false }
    }
}

impl<'a> Reader<'a> for Members<'a> {
    fn member<A: MapAccess<'a>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        self.is_empty = false;
        if key != "include_usage" {
            self.lookalike |= lookalike(key, &["include_usage"]).is_some();
            return skip(object);
        }
        self.include_usage = Some(object.next_value::<&RawValue>()?.get());
        Ok(())
    }
}
