//! Records on standard output, for people or for programs. What is printed came from strangers, so
//! no control character of theirs reaches a terminal.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use crate::cli::Failure;
use crate::cli::show::found::{Content, Found};

/// For people.
pub(crate) fn text(found: &[Found]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for record in found {
        writeln!(out, "record {}: {}", record.sequence, record.kind)?;
        writeln!(out, "time         {}", record.time)?;
        writeln!(out, "record hash  {}", record.record_hash)?;
        if let Some(tag) = record.tenant_tag {
            writeln!(out, "tenant tag   {tag}")?;
        }
        writeln!(out, "metadata     {}", pretty(&record.metadata)?)?;
        content(&mut out, &record.content)?;
        writeln!(out)?;
    }
    Ok(())
}

fn content(out: &mut impl Write, content: &Content) -> io::Result<()> {
    match content {
        Content::None => writeln!(out, "content      none"),
        Content::Sealed => writeln!(out, "content      sealed"),
        Content::Withheld => {
            writeln!(out, "content      withheld: the tenant's policy keeps it out of the ledger")
        }
        Content::Closed(why) => writeln!(out, "content      cannot be opened: {why}"),
        Content::Opened(bytes) => match plain_text(bytes) {
            Some(text) => writeln!(out, "content      {} bytes of text:\n{text}", bytes.len()),
            None => {
                let base64 = STANDARD.encode(bytes);
                writeln!(out, "content      {} bytes, in base64:\n{base64}", bytes.len())
            }
        },
    }
}

/// UTF-8 without anything that a terminal would obey.
fn plain_text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    text.chars().all(is_plain).then_some(text)
}

fn pretty(metadata: &Value) -> Result<String, Failure> {
    let json = serde_json::to_string_pretty(metadata).map_err(unwritable)?;
    // Line ends are the printer's own; JSON has an escape for what else it let through.
    let escaped = |c: char| match c {
        c if c.is_control() && c != '\n' => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    Ok(json.chars().map(escaped).collect())
}

/// For programs: one object with a list `records`.
pub(crate) fn json(found: &[Found]) -> Result<(), Failure> {
    let records: Vec<_> = found.iter().map(RecordJson::of).collect();
    let json = serde_json::to_string(&Json { records }).map_err(unwritable)?;
    Ok(writeln!(io::stdout(), "{json}")?)
}

#[derive(Serialize)]
struct Json<'a> {
    records: Vec<RecordJson<'a>>,
}

#[derive(Serialize)]
struct RecordJson<'a> {
    kind: &'a str,
    sequence: u64,
    time: &'a str,
    record_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_tag: Option<String>,
    metadata: &'a Value,
    content: ContentJson<'a>,
}

#[derive(Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum ContentJson<'a> {
    None,
    Sealed,
    Withheld,
    Closed { why: &'a str },
    Text { text: &'a str },
    Bytes { base64: String },
}

impl<'a> RecordJson<'a> {
    fn of(found: &'a Found) -> RecordJson<'a> {
        RecordJson {
            kind: &found.kind,
            sequence: found.sequence,
            time: &found.time,
            record_hash: found.record_hash.to_string(),
            tenant_tag: found.tenant_tag.map(|tag| tag.to_string()),
            metadata: &found.metadata,
            content: ContentJson::of(&found.content),
        }
    }
}

impl<'a> ContentJson<'a> {
    fn of(content: &'a Content) -> ContentJson<'a> {
        match content {
            Content::None => ContentJson::None,
            Content::Sealed => ContentJson::Sealed,
            Content::Withheld => ContentJson::Withheld,
            Content::Closed(why) => ContentJson::Closed { why },
            Content::Opened(bytes) => match plain_text(bytes) {
                Some(text) => ContentJson::Text { text },
                None => ContentJson::Bytes { base64: STANDARD.encode(bytes) },
            },
        }
    }
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::Data(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_printed_as_it_is() {
        assert_eq!(plain_text("Grüße,\r\n\tdu".as_bytes()), Some("Grüße,\r\n\tdu"));
        for hidden in ["\u{1b}[2J", "\u{9b}2J", "\0", "\u{7f}"] {
            assert_eq!(plain_text(hidden.as_bytes()), None);
            let value = Value::String(hidden.to_owned());
            let printed = pretty(&value).unwrap();
            assert!(printed.bytes().all(|byte| (b' '..0x7f).contains(&byte)), "{printed}");
            assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), value);
        }
        assert_eq!(plain_text(b"\xff"), None);
    }
}
