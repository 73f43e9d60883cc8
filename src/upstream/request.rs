//! A request as one candidate gets it: path, headers and body of that provider's dialect. Nothing
//! of the client's headers goes along, except those that say how Anthropic's own bytes are to be
//! read.

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use inferlayer_filter::{Candidate, Exchange, Refusal, UpstreamRequest};
use inferlayer_wire::{Call, Dialect};

use crate::proxy::Pipeline;

pub(super) const AGENT: &str = concat!("inferlayer/", env!("CARGO_PKG_VERSION"));
const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const ANTHROPIC_BETA: HeaderName = HeaderName::from_static("anthropic-beta");
/// What our own translation speaks.
const TRANSLATED_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

/// The request for `candidate`, the one at `index`.
pub(crate) fn build(
    pipeline: &Pipeline,
    x: &Exchange,
    candidate: &Candidate,
    index: usize,
) -> Result<UpstreamRequest, Refusal> {
    let call = x.call.need()?;
    let price = x.quotes.need()?.get(index).and_then(|quote| quote.price.as_deref());
    let output_tokens = price.map(|price| price.max_output_tokens);
    let target = candidate.target(call, output_tokens)?;
    let mut request = UpstreamRequest {
        path: target.path(call.stream()),
        headers: headers(call, target.api.dialect(), &x.head.headers),
        body: call.for_provider(&target)?,
    };
    pipeline.upstream_request(x, candidate, &mut request)?;
    Ok(request)
}

fn headers(call: &Call, dialect: Dialect, client: &HeaderMap) -> HeaderMap {
    let accept = if call.stream() { "text/event-stream" } else { "application/json" };
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    if dialect == Dialect::Anthropic {
        headers.insert(ANTHROPIC_VERSION, TRANSLATED_VERSION);
        if call.dialect() == dialect {
            pass_on(client, &mut headers);
        }
    }
    headers
}

/// The version and the betas that the caller's bytes were written for.
fn pass_on(client: &HeaderMap, headers: &mut HeaderMap) {
    if let Some(version) = client.get(ANTHROPIC_VERSION) {
        headers.insert(ANTHROPIC_VERSION, version.clone());
    }
    for beta in client.get_all(ANTHROPIC_BETA) {
        headers.append(ANTHROPIC_BETA, beta.clone());
    }
}
