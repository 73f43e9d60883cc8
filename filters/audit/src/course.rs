//! How an answer came about besides money, as an outcome or a hit says it.

use inferlayer_filter::Exchange;
use inferlayer_filter::cached::CacheStatus;
use inferlayer_records::record::{CacheLookup, LatencyUs};

/// How long it took so far. Of a whole answer the record stands before its first byte.
pub(crate) fn latency(x: &Exchange) -> LatencyUs {
    let first_byte = x.added.map(|added| added + x.waited);
    LatencyUs::new(first_byte, x.waited, x.arrived.elapsed())
}

/// What the cache did, where there is one and it did not answer.
pub(crate) fn cache_lookup(x: &Exchange) -> Option<CacheLookup<'static>> {
    let status = x.extensions.get::<CacheStatus>()?;
    Some(CacheLookup { status: status.name().into(), reason: status.reason().map(Into::into) })
}
