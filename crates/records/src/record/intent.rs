//! What stands in an intent: what was asked for, by whom, where it may go and what it can cost.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::charge::Quote;
use super::charged::Charged;
use super::client::Client;
use crate::key_id::KeyId;
use crate::money::NanoUsd;

/// Kind 1: an inference is about to leave for a provider.
#[derive(Serialize, Deserialize)]
pub struct Intent<'a> {
    /// The request's id, as in `x-request-id` and in the header of the record.
    pub request: Cow<'a, str>,
    /// Whose inference it is.
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
    /// The model as the client named it; the family of paths for what passes through.
    #[serde(rename = "gen_ai.request.model")]
    pub model: Cow<'a, str>,
    /// Whether a stream was asked for.
    pub stream: bool,
    /// What the caller calls the request, when it says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client_request_id: Option<Cow<'a, str>>,
    /// Where it came from.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<Client<'a>>,
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
    /// The budgets that the hold counts against. Absent in records of older writers: the tenant's
    /// own.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub charged: Vec<Charged<'a>>,
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
