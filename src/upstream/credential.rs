//! What shows a provider whose request it is. A credential is put on last, when all else of a
//! request is known, because some are signatures over it; and it may take a while, because some
//! are tokens that have to be fetched anew. A key in a header is the simplest.
//!
//! What goes out as a secret must never come back to a client: a credential names what it has put
//! on, and the answer is searched for that.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use inferlayer_filter::UpstreamRequest;
use inferlayer_filter::exchange::AttemptResult;
use inferlayer_wire::{KeyHeader, UpstreamPath};

use crate::net::BaseUrl;
use crate::secret::{Secret, UnsendableKey};
use crate::upstream::mask::Forms;

/// A way to show whose request it is.
#[async_trait]
pub(crate) trait Credential: Send + Sync {
    /// Puts it on a request, and says what of it must not come back.
    async fn put_on(&self, request: &mut Unsigned<'_>) -> Result<Arc<Exposed>, CredentialError>;
}

/// A request that is complete but for its credential. Of the headers `host` and those of framing
/// are still to come; `host` will be the authority of the URL.
#[cfg_attr(not(test), expect(dead_code, reason = "a header needs none of it; signatures do"))]
pub(crate) struct Unsigned<'a> {
    pub(crate) method: &'a Method,
    pub(crate) base_url: &'a BaseUrl,
    /// Below the base URL.
    pub(crate) path: &'a UpstreamPath,
    pub(crate) headers: &'a mut HeaderMap,
    /// None when it comes piece by piece while it is sent, so that nobody can know its hash.
    pub(crate) body: Option<&'a Bytes>,
}

/// The secrets that a request carries. Has no `Debug`.
#[derive(Default)]
pub(crate) struct Exposed {
    /// The longest of them, which a stream might tell in pieces.
    pub(crate) secret: Option<Secret>,
    /// How they may be written in what comes back.
    pub(crate) forms: Arc<Forms>,
}

/// Why a request has no credential. It is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(not(test), expect(dead_code, reason = "a header is always there"))]
pub(crate) enum CredentialError {
    /// Who gives it out could not be reached.
    #[error("the credential cannot be had now")]
    Unavailable,
    /// Who gives it out refuses to.
    #[error("the credential is refused")]
    Refused,
    /// It cannot be put on this request, such as a signature over a body that is still to come.
    #[error("the credential does not fit this request")]
    Unfit,
}

impl CredentialError {
    /// What came of the attempt.
    pub(crate) fn result(self) -> AttemptResult {
        match self {
            CredentialError::Unavailable => AttemptResult::CredentialUnavailable,
            CredentialError::Refused => AttemptResult::KeyRefused,
            CredentialError::Unfit => AttemptResult::Unsendable,
        }
    }
}

/// A request with its credential on.
pub(crate) struct Authorized {
    pub(super) request: UpstreamRequest,
    pub(super) exposed: Arc<Exposed>,
}

/// A key in a header.
pub(crate) struct HeaderKey {
    name: HeaderName,
    /// Marked sensitive.
    value: HeaderValue,
    exposed: Arc<Exposed>,
}

/// For a provider that asks for none.
pub(crate) struct NoCredential(Arc<Exposed>);

/// That of a provider with this key, which it reads from `place`.
pub(crate) fn of(
    key: Option<&Secret>,
    place: KeyHeader,
    provider: &str,
) -> Result<Box<dyn Credential>, UnsendableKey> {
    let Some(key) = key else { return Ok(Box::new(NoCredential(Arc::default()))) };
    let (name, value) = key.header(place)?;
    let forms = Arc::new(Forms::of(provider, key.expose().as_bytes()));
    let secret = Some(Secret::new(key.expose().to_owned()));
    let exposed = Arc::new(Exposed { secret, forms });
    Ok(Box::new(HeaderKey { name, value, exposed }))
}

#[async_trait]
impl Credential for HeaderKey {
    async fn put_on(&self, request: &mut Unsigned<'_>) -> Result<Arc<Exposed>, CredentialError> {
        request.headers.insert(&self.name, self.value.clone());
        Ok(Arc::clone(&self.exposed))
    }
}

#[async_trait]
impl Credential for NoCredential {
    async fn put_on(&self, _request: &mut Unsigned<'_>) -> Result<Arc<Exposed>, CredentialError> {
        Ok(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests;
