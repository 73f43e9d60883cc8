//! A checkpoint as one syslog message, RFC 5424. Its structured data hold the whole signed note, so
//! that the message alone proves what it says, whatever the collector does with its text.

use std::fmt::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inferlayer_ledger::LogId;

use crate::anchor::sink::Note;
use crate::config::{AppName, Facility};

/// Who speaks: what is the same in every message.
pub(crate) struct Sender {
    pub(crate) facility: Facility,
    /// Printable ASCII, or `-`.
    pub(crate) host: String,
    pub(crate) app_name: AppName,
    pub(crate) process_id: u32,
    pub(crate) origin: String,
    pub(crate) log_id: LogId,
}

/// Normal, and of note.
const NOTICE: u8 = 5;
const VERSION: u8 = 1;
const MESSAGE_ID: &str = "CHECKPOINT";
/// 32473 is the enterprise number of examples (RFC 5612); none is registered for this program.
const ELEMENT_ID: &str = "checkpoint@32473";

/// `note` as a message of one line, stamped `time_us` (microseconds since 1970-01-01 UTC).
pub(crate) fn message(sender: &Sender, note: &Note, time_us: u64) -> String {
    let Sender { facility, host, app_name, process_id, origin, log_id } = sender;
    let priority = *facility as u8 * 8 + NOTICE;
    let (time, size) = (Timestamp(time_us), note.head.size);
    let mut message = format!(
        "<{priority}>{VERSION} {time} {host} {app_name} {process_id} {MESSAGE_ID} [{ELEMENT_ID}"
    );
    let root = STANDARD.encode(note.head.root.0);
    parameter(&mut message, "origin", origin);
    parameter(&mut message, "log_id", &log_id.to_string());
    parameter(&mut message, "size", &size.to_string());
    parameter(&mut message, "root", &root);
    parameter(&mut message, "note", &STANDARD.encode(&note.text));
    let _ = write!(message, "] checkpoint of {origin} over {size} records");
    message
}

/// Appends ` name="value"`; §6.3.3 wants three characters escaped.
fn parameter(message: &mut String, name: &str, value: &str) {
    let _ = write!(message, " {name}=\"");
    for character in value.chars() {
        if matches!(character, '"' | '\\' | ']') {
            message.push('\\');
        }
        message.push(character);
    }
    message.push('"');
}

/// A time as RFC 3339 has it, in UTC.
struct Timestamp(u64);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let (year, month, day) = date(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
fn date(mut days: u64) -> (u64, u64, u64) {
    let divides = |number: u64, year: u64| year.is_multiple_of(number);
    let leap = |year| divides(4, year) && (!divides(100, year) || divides(400, year));
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use inferlayer_ledger::{Hash, Head};

    use super::*;

    #[test]
    fn a_message_is_header_element_and_words() {
        let sender = Sender {
            facility: Facility::Audit,
            host: "gw-1".to_owned(),
            app_name: AppName::default(),
            process_id: 77,
            origin: r#"a"b\c]d"#.to_owned(),
            log_id: LogId([0xab; 32]),
        };
        let note = Note { head: Head { size: 12, root: Hash([0; 32]) }, text: "note\n".to_owned() };
        let expected = format!(
            r#"<109>1 2026-09-21T14:13:20.000007Z gw-1 inferlayer 77 CHECKPOINT [checkpoint@32473 origin="a\"b\\c\]d" log_id="{}" size="12" root="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" note="bm90ZQo="] checkpoint of a"b\c]d over 12 records"#,
            "ab".repeat(32)
        );
        assert_eq!(message(&sender, &note, 1_790_000_000_000_007), expected);
    }

    #[test]
    fn days_become_dates() {
        for (days, expected) in [
            (0, (1970, 1, 1)),
            (58, (1970, 2, 28)),
            (59, (1970, 3, 1)),
            (364, (1970, 12, 31)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_513, (2026, 3, 1)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(date(days), expected, "{days}");
        }
    }
}
