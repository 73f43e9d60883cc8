//! What a provider's headers say of its limits and of its name for a request: passed on to the
//! caller under names of ours, because they are about the provider's account and not the caller's.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::upstream::Reply;

/// More than any provider sends.
const HEADERS_MAX: usize = 32;
const VALUE_MAX_BYTES: usize = 128;
const PREFIX: &str = "x-inferlayer-provider-";

/// The headers for the caller: `x-inferlayer-provider-ratelimit-…`, `-request-id`.
pub(crate) fn by(reply: &Reply) -> HeaderMap {
    let ours = reply.headers.iter().filter_map(|(name, value)| {
        Some((name_of_ours(name.as_str()).filter(|_| fits(value))?, value.clone()))
    });
    ours.take(HEADERS_MAX).collect()
}

fn name_of_ours(name: &str) -> Option<HeaderName> {
    let bare = name.strip_prefix("x-").or_else(|| name.strip_prefix("anthropic-")).unwrap_or(name);
    let told = bare == "request-id" || bare.starts_with("ratelimit-");
    HeaderName::try_from(format!("{PREFIX}{bare}")).ok().filter(|_| told)
}

fn fits(value: &HeaderValue) -> bool {
    value.len() <= VALUE_MAX_BYTES && value.to_str().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_ids_have_one_name_whoever_tells_them() {
        for (name, ours) in [
            ("x-ratelimit-remaining-tokens", Some("ratelimit-remaining-tokens")),
            ("anthropic-ratelimit-tokens-remaining", Some("ratelimit-tokens-remaining")),
            ("ratelimit-limit", Some("ratelimit-limit")),
            ("x-request-id", Some("request-id")),
            ("request-id", Some("request-id")),
            ("set-cookie", None),
            ("authorization", None),
            ("x-goog-api-key", None),
        ] {
            let ours = ours.map(|ours| format!("{PREFIX}{ours}"));
            assert_eq!(name_of_ours(name).map(|name| name.to_string()), ours, "{name}");
        }
    }
}
