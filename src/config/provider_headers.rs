//! What of a provider's settings goes into every request's head, checked where it is read.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

/// Headers for a provider, such as `openai-organization`. At most 16, and none that the gateway or
/// a credential needs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>")]
pub(crate) struct ProviderHeaders(pub(crate) HeaderMap);

const HEADERS_MAX: usize = 16;

/// They stand under `key`.
const CREDENTIALS: [&str; 6] =
    ["authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"];
/// The gateway's own.
const FRAMING: [&str; 8] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "accept-encoding",
];

impl TryFrom<BTreeMap<String, String>> for ProviderHeaders {
    type Error = String;

    fn try_from(pairs: BTreeMap<String, String>) -> Result<ProviderHeaders, String> {
        if pairs.len() > HEADERS_MAX {
            return Err(format!("there are more than {HEADERS_MAX} headers"));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let parsed = HeaderName::try_from(name.as_str());
            let parsed = parsed.map_err(|_| format!("`{name}` is no name of a header"))?;
            if CREDENTIALS.contains(&parsed.as_str()) {
                return Err(format!(
                    "`{name}` carries a credential; name where the key is under `key`"
                ));
            }
            if FRAMING.contains(&parsed.as_str()) {
                return Err(format!("`{name}` is set by the gateway; leave it out"));
            }
            let value = HeaderValue::try_from(value);
            let value = value.map_err(|_| format!("`{name}` has no value that can be sent"))?;
            headers.insert(parsed, value);
        }
        Ok(ProviderHeaders(headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_headers_that_are_neither_framing_nor_credentials() {
        let read = |yaml: &str| serde_yaml::from_str::<ProviderHeaders>(yaml);
        assert_eq!(read("{ OpenAI-Project: p, x-title: t }").unwrap().0.len(), 2);
        for wrong in ["{ Authorization: x }", "{ 'a b': x }", "{ a: \"x\\ny\" }", "{ Host: x }"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
