//! Steps of the clock, as records say them (`FORMAT.md` §10), and the wall clock's time in any
//! other record that has to say it.

use serde::{Deserialize, Serialize};

use crate::format::record::Record;

/// A step smaller than this is the daily work of a time service.
pub(crate) const STEP_US: u64 = 1_000_000;

/// A step of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    event: &'static str,
    /// What the clock showed.
    wall_us: u64,
    /// What it should have shown.
    expected_us: u64,
    cause: Cause,
    /// Of the times from here on, what nobody has confirmed.
    #[serde(skip_serializing_if = "is_zero")]
    unconfirmed_us: u64,
}

/// What made it one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// The clock jumped forward.
    Forward,
    /// The clock went back.
    Back,
    /// It is long since the last record of the run before.
    Pause,
    /// The clock has gone evenly since a jump, for so long that it is followed.
    Settled,
    /// Somebody else's clock agrees.
    Confirmed,
    /// Nothing new: what an earlier segment said still holds.
    Carried,
}

impl Step {
    pub(crate) fn new(cause: Cause, wall_us: u64, expected_us: u64, unconfirmed_us: u64) -> Self {
        Self { event: "clock", wall_us, expected_us, cause, unconfirmed_us }
    }
}

/// What a clock record says is unconfirmed.
pub(crate) fn unconfirmed_us(record: &Record<'_>) -> u64 {
    #[derive(Deserialize)]
    struct Stated {
        #[serde(default)]
        unconfirmed_us: u64,
    }
    serde_json::from_slice::<Stated>(record.metadata()).map_or(0, |stated| stated.unconfirmed_us)
}

/// Puts the wall clock's time into metadata, which are a JSON object, as its first member.
pub(crate) fn put_wall_time(metadata: &mut Vec<u8>, wall_us: u64) {
    let Some(rest) = metadata.strip_prefix(b"{") else { return };
    let is_empty = rest.trim_ascii_start().first() == Some(&b'}');
    let member = format!("\"wall_time_us\":{wall_us}{}", if is_empty { "" } else { "," });
    metadata.splice(1..1, member.into_bytes());
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_time_becomes_a_member_of_any_object() {
        for (before, after) in [
            ("{}", r#"{"wall_time_us":7}"#),
            ("{ }", r#"{"wall_time_us":7 }"#),
            (r#"{"a":1}"#, r#"{"wall_time_us":7,"a":1}"#),
            ("none", "none"),
        ] {
            let mut metadata = before.as_bytes().to_vec();
            put_wall_time(&mut metadata, 7);
            assert_eq!(metadata, after.as_bytes());
        }
    }
}
