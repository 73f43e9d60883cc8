//! What the cache refuses.

use inferlayer_filter::{ErrorResponse, RefusalCause};

/// The caller takes only what is cached, and nothing is (RFC 9111 §5.2.1.7).
#[derive(Debug, thiserror::Error)]
#[error("not in the cache, and the request says only-if-cached")]
pub(crate) struct NotCached;

impl RefusalCause for NotCached {
    fn response(&self) -> ErrorResponse {
        ErrorResponse::caller(504, "not_cached").without_retry()
    }
}

#[cfg(test)]
mod tests {
    use inferlayer_filter::testkit::told;

    use super::*;

    #[test]
    fn what_callers_are_told() {
        let line = "504 invalid_request_error not_cached - - final: not in the cache, and the \
                    request says only-if-cached";
        assert_eq!(told(NotCached), line);
    }
}
