//! The members of records that money depends on, read as strictly as the document has them: a
//! member that comes twice is an error.

use std::borrow::Cow;

use inferlayer_ledger::Record;
use inferlayer_records::{Charge, Charged, NanoUsd, Quote, TenantName, Used};
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Deserialize)]
pub(crate) struct Intent {
    #[serde(default)]
    pub(crate) request: Option<Box<str>>,
    pub(crate) tenant: TenantName,
    pub(crate) hold_nano_usd: NanoUsd,
    #[serde(default)]
    pub(crate) prices_sha256: Box<str>,
    #[serde(default)]
    pub(crate) key: Option<Box<str>>,
    #[serde(default)]
    pub(crate) candidates: Vec<Box<str>>,
    /// Of each candidate; none in records of older writers.
    #[serde(default)]
    pub(crate) quotes: Vec<Quote>,
    /// The budgets it counts against; none in records of older writers.
    #[serde(default)]
    pub(crate) charged: Vec<Charged<'static>>,
}

#[derive(Deserialize)]
pub(crate) struct Outcome {
    #[serde(default)]
    pub(crate) request: Option<Box<str>>,
    pub(crate) tenant: TenantName,
    #[serde(default)]
    pub(crate) key: Option<Box<str>>,
    pub(crate) cost_nano_usd: NanoUsd,
    #[serde(default)]
    pub(crate) estimated: bool,
    #[serde(default)]
    pub(crate) attempts: Vec<Attempt>,
    #[serde(default)]
    pub(crate) charges: Vec<Charge<'static>>,
    #[serde(default)]
    pub(crate) charged: Vec<Charged<'static>>,
    #[serde(default)]
    pub(crate) prices_sha256: Box<str>,
    #[serde(default, rename = "gen_ai.usage.input_tokens")]
    input_tokens: u64,
    #[serde(default, rename = "gen_ai.usage.cache_read.input_tokens")]
    cached_input_tokens: u64,
    #[serde(default, rename = "gen_ai.usage.cache_creation.input_tokens")]
    cache_write_input_tokens: u64,
    #[serde(default, rename = "gen_ai.usage.output_tokens")]
    output_tokens: u64,
}

#[derive(Deserialize)]
pub(crate) struct Attempt {
    pub(crate) provider: Box<str>,
    pub(crate) model: Box<str>,
    result: Box<str>,
    #[serde(default)]
    status: Option<u16>,
}

/// Of other records that may name a tenant.
#[derive(Deserialize)]
pub(crate) struct Named<'a> {
    #[serde(borrow, default)]
    pub(crate) request: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) tenant: Option<TenantName>,
    /// Of a shred.
    #[serde(borrow, default)]
    pub(crate) tenant_tag: Option<Cow<'a, str>>,
}

/// A configuration's prices.
#[derive(Deserialize)]
pub(crate) struct Priced<'a> {
    #[serde(borrow, default)]
    pub(crate) prices_sha256: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) price_book: Option<Cow<'a, str>>,
}

impl Outcome {
    /// The tokens told or counted of the answer.
    pub(crate) fn told(&self) -> Used {
        Used {
            input: self.input_tokens,
            cache_read: self.cached_input_tokens,
            cache_write: self.cache_write_input_tokens,
            output: self.output_tokens,
        }
    }
}

impl Attempt {
    /// Whether something is charged for it where its candidate has a price.
    pub(crate) fn is_charged(&self) -> bool {
        let is_success = self.status.is_none_or(|status| (200..300).contains(&status));
        match &*self.result {
            "answered" => is_success,
            "sent" | "broken" | "first_byte_timeout" | "bad_answer" | "unreadable_answer" => true,
            _ => false,
        }
    }
}

/// Reads a record's metadata.
pub(crate) fn read<'a, T: Deserialize<'a>>(record: &Record<'a>) -> serde_json::Result<T> {
    serde_json::from_slice(record.metadata())
}

/// Whether a record names a tenant at all; those of a ledger without a gateway do not.
pub(crate) fn names_a_tenant(json: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Any {
        tenant: Option<IgnoredAny>,
    }
    serde_json::from_slice::<Any>(json).map_or(true, |any| any.tenant.is_some())
}
