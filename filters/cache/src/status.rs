//! What the cache did for a request, as its answer's head tells it.

use http::HeaderValue;
use inferlayer_filter::cached::CacheStatus;

/// The value of `x-inferlayer-cache`, such as `bypass;tools`.
pub(crate) fn header(status: CacheStatus) -> HeaderValue {
    let plain = HeaderValue::from_static(status.name());
    match status.reason() {
        Some(reason) => HeaderValue::try_from(format!("bypass;{reason}")).unwrap_or(plain),
        None => plain,
    }
}
