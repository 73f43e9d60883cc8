//! What the cache tells the others of an answer it gave, or will keep.

use inferlayer_accounts::NanoUsd;
use inferlayer_ledger::Hash;

/// That this answer comes from the cache: a copy of one that the ledger holds.
#[derive(Clone, Debug)]
pub struct Hit {
    /// How the cache found it, such as `exact`.
    pub tier: &'static str,
    /// The record of the outcome it was made from.
    pub source_sequence: u64,
    /// The hash of that record.
    pub source_hash: Hash,
    /// How long ago that was.
    pub age_seconds: u64,
    /// What that answer cost, and this one did not.
    pub saved: NanoUsd,
    /// The source was made up by the simulated provider.
    pub simulated: bool,
}

/// What the cache did for a request; stands in the exchange's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheStatus {
    /// The answer was given to the same question before.
    HitExact,
    /// There was none to give.
    Miss,
    /// Not looked up, for this reason.
    Bypass(&'static str),
}

impl CacheStatus {
    /// The word in metrics and records.
    pub fn name(self) -> &'static str {
        match self {
            CacheStatus::HitExact => "hit-exact",
            CacheStatus::Miss => "miss",
            CacheStatus::Bypass(_) => "bypass",
        }
    }

    /// Why it was not looked up.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            CacheStatus::Bypass(reason) => Some(reason),
            CacheStatus::HitExact | CacheStatus::Miss => None,
        }
    }
}

/// That this answer will be kept. Stands in the record of its outcome, from which the index can be
/// built again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// What the same question will be found by: a MAC under a key of the tenant.
    pub key: CacheKey,
    /// How long it may be given, from the time of the record.
    pub ttl_seconds: u64,
}

/// What a question is found by: HMAC-SHA256 under a key of the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey(pub [u8; 32]);
