//! What stands in an outcome: how an inference ended, who was asked, what was used and what it
//! cost.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::charge::Charge;
use super::charged::Charged;
use super::course::{CacheLookup, LatencyUs};
use crate::key_id::KeyId;
use crate::money::NanoUsd;

/// Kind 2: how an inference ended.
#[derive(Serialize, Deserialize)]
pub struct Outcome<'a> {
    /// The request's id.
    pub request: Cow<'a, str>,
    /// Whose inference it was.
    pub tenant: Cow<'a, str>,
    /// Which key asked.
    pub key: KeyId,
    /// How it ended.
    pub ending: Ending,
    /// The HTTP status the client got; 499 when it had gone.
    pub status: u16,
    /// Every attempt, in order.
    pub attempts: Vec<Attempt<'a>>,
    /// Whose API the provider that answered has, in OpenTelemetry's words where there is one. In
    /// records of older writers, which have none of the next: the provider's configured name.
    #[serde(rename = "gen_ai.provider.name", skip_serializing_if = "Option::is_none", default)]
    pub vendor: Option<Cow<'a, str>>,
    /// The provider that answered, by its name in the configuration.
    #[serde(rename = "inferlayer.provider", skip_serializing_if = "Option::is_none", default)]
    pub provider: Option<Cow<'a, str>>,
    /// The model the provider says answered.
    #[serde(rename = "gen_ai.response.model", skip_serializing_if = "Option::is_none", default)]
    pub model: Option<Cow<'a, str>>,
    /// Input tokens.
    #[serde(rename = "gen_ai.usage.input_tokens")]
    pub input_tokens: u64,
    /// Of the input: read from the provider's prompt cache.
    #[serde(rename = "gen_ai.usage.cache_read.input_tokens")]
    pub cached_input_tokens: u64,
    /// Of the input: written to the provider's prompt cache.
    #[serde(rename = "gen_ai.usage.cache_creation.input_tokens", default)]
    pub cache_write_input_tokens: u64,
    /// Output tokens.
    #[serde(rename = "gen_ai.usage.output_tokens")]
    pub output_tokens: u64,
    /// What the call cost: the sum of `charges`.
    pub cost_nano_usd: NanoUsd,
    /// The budgets that the cost counts against. Absent in records of older writers: the tenant's
    /// own.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub charged: Vec<Charged<'a>>,
    /// What each attempt cost that costs something, and how that was computed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub charges: Vec<Charge<'a>>,
    /// The tokens are our own count, or a charge has another basis than the provider's count within
    /// the call's bounds, or a rule's price.
    pub estimated: bool,
    /// SHA-256 of the price book the cost was computed with.
    pub prices_sha256: Cow<'a, str>,
    /// The answer was made up by the simulated provider.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub simulated: bool,
    /// The recorded answer is cut at the recording limit.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub content_cut: bool,
    /// HMAC-SHA-256 of the answer, in hexadecimal, when that alone is kept of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub content_hmac_sha256: Option<Cow<'a, str>>,
    /// Bytes of the answer, when it is kept out of the ledger.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub content_bytes: Option<u64>,
    /// How often filters changed a text of the answer, when they did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub edited_texts: Option<u64>,
    /// The answer is kept in the cache.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cache: Option<Cached<'a>>,
    /// What the cache did before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cache_lookup: Option<CacheLookup<'a>>,
    /// How long it took.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub latency_us: Option<LatencyUs>,
    /// What passed through in both directions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub passed: Option<Passed<'a>>,
}

/// The bodies of a request that passed through, of which the ledger keeps no copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed<'a> {
    /// Bytes of the request's body, as far as they came.
    pub request_bytes: u64,
    /// HMAC-SHA-256 of the whole of it, in hexadecimal, unless the tenant's content is `none`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request_hmac_sha256: Option<Cow<'a, str>>,
    /// Bytes of the answer's body, as far as the client got them.
    pub answer_bytes: u64,
}

/// How an answer is found in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cached<'a> {
    /// HMAC-SHA256 of the question under a key of the tenant, in hexadecimal.
    pub key: Cow<'a, str>,
    /// How long it may be given, from the time of this record.
    pub ttl_seconds: u64,
}

/// How an inference ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The provider's answer reached its end.
    Complete,
    /// No provider answered; the client got an error.
    Failed,
    /// The provider broke off after its answer had begun.
    UpstreamCut,
    /// The client went away.
    ClientGone,
    /// The gateway stopped or failed before the answer ended.
    Abandoned,
}

/// One attempt at one provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt<'a> {
    /// The provider's name in the configuration.
    pub provider: Cow<'a, str>,
    /// The model asked of it.
    pub model: Cow<'a, str>,
    /// The configured name of the provider key used, never the key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub provider_key: Option<Cow<'a, str>>,
    /// How it went: `answered`, or what failed (`refused`, `connect_timeout`, `status`, …).
    pub result: Cow<'a, str>,
    /// The provider's status, when it gave one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<u16>,
}
