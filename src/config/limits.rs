//! Bounds, each with a default: nothing here grows with what a caller or a provider sends.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// The block `limits`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    /// The largest request body, in bytes.
    #[serde(deserialize_with = "at_least::<1, _, _>")]
    pub(crate) body_bytes: u64,
    /// The largest body of a request that passes through, in bytes. Nobody collects it.
    pub(crate) pass_through_bytes: u64,
    /// Client connections at once.
    #[serde(deserialize_with = "at_least::<1, _, _>")]
    pub(crate) connections: usize,
    /// How long a request body may stand still, in seconds.
    #[serde(rename = "body_idle_seconds", deserialize_with = "seconds")]
    pub(crate) body_idle: Duration,
    /// How long a client may take none of its answer, in seconds.
    #[serde(rename = "write_idle_seconds", deserialize_with = "seconds")]
    pub(crate) write_idle: Duration,
    /// How long a connection may wait for its next request, in seconds.
    #[serde(rename = "keep_alive_seconds", deserialize_with = "seconds")]
    pub(crate) keep_alive: Duration,
    /// An answer up to this size is collected, so that cost and receipt stand in its head.
    pub(crate) collected_answer_bytes: usize,
    /// What the ledger keeps of one answer, in bytes.
    pub(crate) recorded_answer_bytes: usize,
    /// The largest event of a stream, in bytes.
    #[serde(deserialize_with = "at_least::<1024, _, _>")]
    pub(crate) event_bytes: usize,
    /// A stream that says nothing for so long gets a comment, for connections that would be taken
    /// for dead; in seconds, none when null.
    #[serde(rename = "heartbeat_seconds", deserialize_with = "optional_seconds")]
    pub(crate) heartbeat: Option<Duration>,
}

const MIB: usize = 1024 * 1024;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body_bytes: 64 * MIB as u64,
            pass_through_bytes: 512 * MIB as u64,
            connections: 16_384,
            body_idle: Duration::from_secs(30),
            write_idle: Duration::from_secs(60),
            keep_alive: Duration::from_secs(75),
            collected_answer_bytes: MIB,
            recorded_answer_bytes: 16 * MIB,
            event_bytes: 8 * MIB,
            heartbeat: None,
        }
    }
}

/// A whole number, at least `MIN`.
pub(crate) fn at_least<'de, const MIN: u64, D, T>(d: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    let number = u64::deserialize(d)?;
    let fitting = T::try_from(number).ok().filter(|_| number >= MIN);
    let expected = format!("a whole number, at least {MIN}");
    fitting.ok_or_else(|| Error::invalid_value(Unexpected::Unsigned(number), &expected.as_str()))
}

/// Seconds, or null for none.
fn optional_seconds<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
    #[derive(Deserialize)]
    struct Seconds(#[serde(deserialize_with = "seconds")] Duration);
    Ok(Option::<Seconds>::deserialize(d)?.map(|Seconds(duration)| duration))
}

/// A whole number of seconds, at least one; as many as fit 32 bits.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    struct Seconds;
    impl Visitor<'_> for Seconds {
        type Value = Duration;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number of seconds, at least 1")
        }
        fn visit_u64<E: Error>(self, seconds: u64) -> Result<Duration, E> {
            if (1..=u64::from(u32::MAX)).contains(&seconds) {
                Ok(Duration::from_secs(seconds))
            } else {
                Err(E::invalid_value(Unexpected::Unsigned(seconds), &self))
            }
        }
    }
    d.deserialize_u32(Seconds)
}
