//! The lines of an export: one object for each record, and one for the end of the log.

use std::borrow::Cow;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inferlayer_ledger::{Checkpoint, Flags, Record, VerifyingKey};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::cli::Failure;
use crate::cli::opener::Opener;
use crate::cli::utc::rfc3339;

/// One record.
#[derive(Serialize)]
pub(super) struct Line<'a> {
    sequence: u64,
    kind: String,
    /// RFC 3339.
    time: String,
    record_hash: String,
    /// Base64 of the 216 bytes that the record hash is over.
    header: String,
    /// As stored, to the byte.
    metadata: Cow<'a, RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
}

/// What is said of a record's content.
#[derive(Serialize)]
#[serde(untagged)]
enum Content {
    /// The tenant's policy keeps it out of the ledger.
    Withheld { withheld: bool },
    Sealed {
        /// `H("inferlayer/content/v1\0", stored content)`, in hexadecimal.
        hash: String,
        /// Length of what is stored, which is sealed.
        bytes: u64,
        /// When it was asked for.
        #[serde(flatten)]
        plain: Option<Plain>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Plain {
    /// It is UTF-8.
    Text(Secret),
    /// It is not.
    Base64(Secret),
    /// It does not open, for this reason.
    Closed(String),
}

/// Plaintext, whose memory is wiped.
struct Secret(Zeroizing<String>);

/// The end of the log.
#[derive(Serialize)]
pub(super) struct End {
    /// The newest checkpoint, a C2SP signed note.
    checkpoint: String,
    /// The key that signed it, a C2SP verifier key.
    public_key: String,
}

impl<'a> Line<'a> {
    /// The line of a record; its content is opened if there is an opener.
    pub(super) fn of(record: &Record<'a>, opener: Option<&Opener>) -> Result<Line<'a>, Failure> {
        Ok(Line {
            sequence: record.sequence(),
            kind: record.kind().to_string(),
            time: rfc3339(record.time_us()),
            record_hash: record.record_hash().to_string(),
            header: STANDARD.encode(record.header()),
            metadata: on_one_line(record.metadata()).map_err(odd)?,
            content: Content::of(record, opener),
        })
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        write_line(self, out)
    }
}

impl Content {
    fn of(record: &Record<'_>, opener: Option<&Opener>) -> Option<Content> {
        if record.flags().contains(Flags::WITHHELD) {
            return Some(Content::Withheld { withheld: true });
        }
        (record.content_bytes() > 0).then(|| Content::Sealed {
            hash: record.content_hash().to_string(),
            bytes: record.content_bytes(),
            plain: opener.map(|opener| opener.open(record).map_or_else(Plain::Closed, Plain::of)),
        })
    }
}

impl Plain {
    fn of(mut bytes: Zeroizing<Vec<u8>>) -> Plain {
        match String::from_utf8(std::mem::take(&mut *bytes)) {
            Ok(text) => Plain::Text(Secret(text.into())),
            Err(error) => {
                let bytes = Zeroizing::new(error.into_bytes());
                Plain::Base64(Secret(STANDARD.encode(&*bytes).into()))
            }
        }
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

impl End {
    pub(super) fn of(checkpoint: &Checkpoint, key: &VerifyingKey) -> End {
        End { checkpoint: checkpoint.note(key), public_key: key.to_string() }
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        write_line(self, out)
    }
}

/// Metadata of our writers have no line ends; JSON allows them between its words, where space says
/// the same.
fn on_one_line(stored: &[u8]) -> serde_json::Result<Cow<'_, RawValue>> {
    if !stored.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        return serde_json::from_slice(stored).map(Cow::Borrowed);
    }
    let space = |byte: &u8| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte };
    let line: Vec<u8> = stored.iter().map(space).collect();
    serde_json::from_slice::<Box<RawValue>>(&line).map(Cow::Owned)
}

fn write_line(line: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

fn odd(error: serde_json::Error) -> Failure {
    Failure::Data(format!("ledger: metadata that are no JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_stay_as_they_are_but_for_line_ends() {
        let line = |stored: &str| on_one_line(stored.as_bytes()).unwrap().get().to_owned();
        assert_eq!(line(r#"{"b": 1.50,"a":"\n"}"#), r#"{"b": 1.50,"a":"\n"}"#);
        assert_eq!(line("{\"a\":\r\n1}"), "{\"a\":  1}");
    }
}
