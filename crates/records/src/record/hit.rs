//! What stands in a hit: an answer from the cache, and the outcome that it was made from.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::course::LatencyUs;
use crate::key_id::KeyId;
use crate::money::NanoUsd;

/// Kind 4: a request was answered from the cache.
#[derive(Serialize, Deserialize)]
pub struct Hit<'a> {
    /// The request's id.
    pub request: Cow<'a, str>,
    /// Whose request it was.
    pub tenant: Cow<'a, str>,
    /// Which key asked.
    pub key: KeyId,
    /// What was asked for, in OpenTelemetry's words; none where the convention has no word for it.
    #[serde(rename = "gen_ai.operation.name", skip_serializing_if = "Option::is_none", default)]
    pub operation: Option<Cow<'a, str>>,
    /// The API that was called, such as `responses`, `messages` or `embed_content`; `pass_through`
    /// for what is no inference in JSON. Absent in records of older writers, which have it above.
    #[serde(rename = "inferlayer.api", skip_serializing_if = "Option::is_none", default)]
    pub api: Option<Cow<'a, str>>,
    /// The model as the client named it.
    #[serde(rename = "gen_ai.request.model")]
    pub model: Cow<'a, str>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// The HTTP status the client got.
    pub status: u16,
    /// Which tier of the cache answered: `exact`.
    pub tier: Cow<'a, str>,
    /// The outcome that the answer was made from.
    pub source_sequence: u64,
    /// The hash of that record, in hexadecimal.
    pub source_record_hash: Cow<'a, str>,
    /// How long ago that was.
    pub age_seconds: u64,
    /// What the source cost and this answer did not.
    pub saved_nano_usd: NanoUsd,
    /// Where it came from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<Client<'a>>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub latency_us: Option<LatencyUs>,
    /// The source was made up by the simulated provider.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub simulated: bool,
    /// How often filters changed a text of the answer that was given again, when they did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub edited_texts: Option<u64>,
}
