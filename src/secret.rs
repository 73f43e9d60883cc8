//! A secret that is sent: it stands in one header of a request, and is never shown. A provider's
//! key is taken out of what comes back by `upstream::mask`.

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use inferlayer_wire::KeyHeader;
use zeroize::Zeroizing;

/// A provider's key. Has neither `Debug` nor `Display`, and is wiped.
#[derive(PartialEq, Eq)]
pub(crate) struct Secret(Zeroizing<String>);

/// A key with bytes that no header can carry.
#[derive(Debug, thiserror::Error)]
#[error("the key has characters that cannot stand in a header")]
pub(crate) struct UnsendableKey;

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
}
