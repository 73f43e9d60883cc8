//! A provider's key: it stands in one header of a request, and nothing that comes back repeats it.

use bytes::{Bytes, BytesMut};
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use inferlayer_wire::KeyHeader;
use zeroize::Zeroizing;

/// A provider's key. Has neither `Debug` nor `Display`, and is wiped.
pub(crate) struct Secret(Zeroizing<String>);

/// A key with bytes that no header can carry.
#[derive(Debug, thiserror::Error)]
#[error("the key has characters that cannot stand in a header")]
pub(crate) struct UnsendableKey;

/// What stands where the key stood.
const REDACTED: &[u8] = b"[provider key]";
/// Less is no secret but a word such as `none`, which an error may well say.
const SECRET_MIN_BYTES: usize = 8;

impl Secret {
    pub(crate) fn new(text: String) -> Secret {
        Secret(Zeroizing::new(text))
    }

    /// The text, to be used and not kept.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// The header that its provider reads it from.
    pub(crate) fn header(
        &self,
        place: KeyHeader,
    ) -> Result<(HeaderName, HeaderValue), UnsendableKey> {
        let (name, scheme) = match place {
            KeyHeader::Bearer => (AUTHORIZATION, "Bearer "),
            KeyHeader::XApiKey => (HeaderName::from_static("x-api-key"), ""),
            KeyHeader::ApiKey => (HeaderName::from_static("api-key"), ""),
            KeyHeader::XGoogApiKey => (HeaderName::from_static("x-goog-api-key"), ""),
        };
        Ok((name, self.header_value(scheme)?))
    }

    /// A header's value, marked sensitive; `scheme` stands before the secret.
    pub(crate) fn header_value(&self, scheme: &str) -> Result<HeaderValue, UnsendableKey> {
        let text = Zeroizing::new(format!("{scheme}{}", self.0.as_str()));
        let mut value = HeaderValue::from_str(&text).map_err(|_| UnsendableKey)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Whether it stands in these bytes.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        self.0.len() >= SECRET_MIN_BYTES && position(bytes, self.0.as_bytes()).is_some()
    }

    /// A provider's error without the key, which some repeat to whoever sent it.
    pub(crate) fn redacted(&self, error: Bytes) -> Bytes {
        if !self.is_in(&error) {
            return error;
        }
        let key = self.0.as_bytes();
        let (mut rest, mut clean) = (&error[..], BytesMut::new());
        while let Some((before, after)) =
            position(rest, key).and_then(|at| rest.split_at_checked(at))
        {
            clean.extend_from_slice(before);
            clean.extend_from_slice(REDACTED);
            rest = after.get(key.len()..).unwrap_or_default();
        }
        clean.extend_from_slice(rest);
        clean.freeze()
    }
}

fn position(bytes: &[u8], key: &[u8]) -> Option<usize> {
    bytes.windows(key.len()).position(|window| window == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_nothing_of_the_key() {
        let key = Secret::new("sk-12345678".to_owned());
        let redacted = |text: &'static str| key.redacted(text.into());
        assert_eq!(redacted("no sk-12345678, sk-12345678"), "no [provider key], [provider key]");
        assert_eq!(redacted("sk-12345678sk-1234567"), "[provider key]sk-1234567");
        for other in ["", "sk-1234567", "fine"] {
            assert_eq!(redacted(other), other);
        }
        let word = Secret::new("none".to_owned());
        assert_eq!(word.redacted("none of these".into()), "none of these");
    }
}
