//! Times as operators write and read them: RFC 3339, in UTC.

use inferlayer_ledger::parse_rfc3339;
pub(crate) use inferlayer_ledger::rfc3339;

/// The microseconds since 1970-01-01 UTC of `2026-11-22`, its first moment, or of a time in UTC as
/// [`rfc3339`] writes it, with or without a fraction of a second.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    parse_rfc3339(text).ok_or_else(|| "neither 2026-11-22 nor 2026-11-22T01:10:00Z".to_owned())
}
