//! How an answer came about besides money: how long it took, and what the cache had to do with it.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a request took, in microseconds from its arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencyUs {
    /// Until the head of the answer went to the client; none where this record stood before that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_byte: Option<u64>,
    /// Of that: spent waiting for providers, until the first of their answer.
    pub waited: u64,
    /// Until this record.
    pub total: u64,
}

/// What the cache did for a request that it did not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheLookup<'a> {
    /// `miss` or `bypass`.
    pub status: Cow<'a, str>,
    /// Why it was not looked up.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Cow<'a, str>>,
}

impl LatencyUs {
    /// From durations.
    pub fn new(first_byte: Option<Duration>, waited: Duration, total: Duration) -> LatencyUs {
        let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        LatencyUs { first_byte: first_byte.map(us), waited: us(waited), total: us(total) }
    }
}
