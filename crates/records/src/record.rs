//! The metadata of ledger records: what the JSON of each kind holds. Written by the audit filter
//! and the admin socket, read by [`crate::Fold`] and by auditors; `crates/ledger/FORMAT.md` lists
//! the same fields. Names of inference facts follow OpenTelemetry's `gen_ai.*`; money is a decimal
//! string of nano-dollars. A field is added, never changed in meaning.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::key_id::KeyId;
use crate::money::NanoUsd;

mod charge;
mod keys;

pub use self::charge::{Basis, Charge, Quote, Row, Used};
pub use self::keys::{KeyEvent, Shred};

/// Kind 1: an inference is about to leave for a provider.
#[derive(Serialize, Deserialize)]
pub struct Intent<'a> {
    /// The request's id, as in `x-request-id` and in the header of the record.
    pub request: Cow<'a, str>,
    /// Whose inference it is.
    pub tenant: Cow<'a, str>,
    /// Which key asked.
    pub key: KeyId,
    /// What was asked for, such as `chat`, `messages` or `embeddings`; `pass_through` for what is
    /// no inference in JSON.
    #[serde(rename = "gen_ai.operation.name")]
    pub operation: Cow<'a, str>,
    /// The model as the client named it; the family of paths for what passes through.
    #[serde(rename = "gen_ai.request.model")]
    pub model: Cow<'a, str>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// What the caller calls the request, when it says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client_request_id: Option<Cow<'a, str>>,
    /// The trace that the caller counts it to (W3C Trace Context), in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trace_id: Option<Cow<'a, str>>,
    /// The method of what passes through.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub method: Option<Cow<'a, str>>,
    /// The path of what passes through, without the query.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub path: Option<Cow<'a, str>>,
    /// What was decided of it, when a filter decides.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub plan: Option<Plan<'a>>,
    /// `provider/model` in the order of preference.
    pub candidates: Vec<String>,
    /// Who was led to as well and cannot be used.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub excluded: Vec<Excluded<'a>>,
    /// The worst case that stands against the budget until the outcome: the largest of `quotes`.
    pub hold_nano_usd: NanoUsd,
    /// What each candidate costs at worst, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub quotes: Vec<Quote>,
    /// SHA-256 of the price book the hold was computed with.
    pub prices_sha256: Cow<'a, str>,
    /// HMAC-SHA-256 of the body, in hexadecimal, when that alone is kept of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub content_hmac_sha256: Option<Cow<'a, str>>,
    /// Bytes of the body, when it is kept out of the ledger.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub content_bytes: Option<u64>,
    /// How often filters changed a text of the request, when they did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub edited_texts: Option<u64>,
}

/// A candidate that a request cannot use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excluded<'a> {
    /// `provider/model`.
    pub candidate: String,
    /// `not_local`, `unsupported`, `unpriced` or `strict_order`.
    pub reason: Cow<'a, str>,
}

/// What was decided of a request before its provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan<'a> {
    /// `simple` or `complex`.
    pub tier: Cow<'a, str>,
    /// The effective model.
    pub model: Cow<'a, str>,
    /// Which layer decided about the model: `pin`, `alias`, `rules` or `policy`.
    pub by: Cow<'a, str>,
    /// The rule that decided about the tier.
    pub reason: Cow<'a, str>,
}

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
    /// The provider that answered.
    #[serde(rename = "gen_ai.provider.name", skip_serializing_if = "Option::is_none", default)]
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

/// Kind 4: a request was answered from the cache.
#[derive(Serialize, Deserialize)]
pub struct Hit<'a> {
    /// The request's id.
    pub request: Cow<'a, str>,
    /// Whose request it was.
    pub tenant: Cow<'a, str>,
    /// Which key asked.
    pub key: KeyId,
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
    /// The source was made up by the simulated provider.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub simulated: bool,
    /// How often filters changed a text of the answer that was given again, when they did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub edited_texts: Option<u64>,
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

/// Kind 3: requests that ended before any provider was asked, refused or answered by a filter; one
/// or several of the same cause.
#[derive(Serialize, Deserialize)]
pub struct Refused<'a> {
    /// The request's id, when the record is about one request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<Cow<'a, str>>,
    /// Whose request it was, when that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tenant: Option<Cow<'a, str>>,
    /// Which key asked, when one was accepted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<KeyId>,
    /// The HTTP status given.
    pub status: u16,
    /// The error code given; `answered` for an answer of a filter.
    pub code: Cow<'a, str>,
    /// The filter that refused or answered, if it was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<Cow<'a, str>>,
    /// How many requests this record stands for.
    pub count: u64,
}

/// Kind 5: a configuration was loaded.
#[derive(Serialize, Deserialize)]
pub struct ConfigLoaded<'a> {
    /// The file, or `embedded default`.
    pub source: Cow<'a, str>,
    /// SHA-256 of the configuration's bytes.
    pub config_sha256: Cow<'a, str>,
    /// SHA-256 of the price book.
    pub prices_sha256: Cow<'a, str>,
    /// The price book in its canonical form, unless the log has it already.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub price_book: Option<Cow<'a, str>>,
    /// SHA-256 of the configuration that this one followed while the gateway ran.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous_config_sha256: Option<Cow<'a, str>>,
}
