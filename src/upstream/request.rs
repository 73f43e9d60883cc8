//! A request as one candidate gets it: path, headers and body of that provider's dialect. Of the
//! client's headers only those go along that say how its bytes are to be read, the trace, and where
//! the tenant's policy allows it, for whom the provider is asked.

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use inferlayer_filter::{
    Candidate, Exchange, Refusal, TRACEPARENT, TRACESTATE, Trace, UpstreamRequest,
};
use inferlayer_wire::{Api, Call, Dialect, Target};

use crate::proxy::Pipeline;
use crate::upstream::UpstreamSettings;

pub(super) const AGENT: &str = concat!("inferlayer/", env!("CARGO_PKG_VERSION"));
const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const ANTHROPIC_BETA: HeaderName = HeaderName::from_static("anthropic-beta");
const OPENAI_BETA: HeaderName = HeaderName::from_static("openai-beta");
const ORGANIZATION: [HeaderName; 2] =
    [HeaderName::from_static("openai-organization"), HeaderName::from_static("openai-project")];
/// What our own translation speaks.
const TRANSLATED_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

/// The request for `candidate`, the one at `index`, to the provider with these `settings`.
pub(crate) fn build(
    pipeline: &Pipeline,
    x: &Exchange,
    candidate: &Candidate,
    index: usize,
    settings: &UpstreamSettings,
) -> Result<UpstreamRequest, Refusal> {
    let call = x.call.need()?;
    let price = x.quotes.need()?.get(index).and_then(|quote| quote.price.as_deref());
    let output_tokens = price.map(|price| price.max_output_tokens);
    let target = candidate.target(call, output_tokens)?;
    let mut request = UpstreamRequest {
        path: path(&target, call.stream(), settings),
        headers: headers(x, call, target.api, settings)?,
        body: call.for_provider(&target)?,
    };
    pipeline.upstream_request(x, candidate, &mut request)?;
    Ok(request)
}

/// Where the candidate is asked. The dated API of Azure has the model in the path.
fn path(target: &Target<'_>, stream: bool, settings: &UpstreamSettings) -> String {
    let path = target.path(stream);
    match &settings.api_version {
        Some(version) => format!("/deployments/{}{path}?api-version={version}", target.model),
        None => path,
    }
}

fn headers(
    x: &Exchange,
    call: &Call,
    api: Api,
    settings: &UpstreamSettings,
) -> Result<HeaderMap, Refusal> {
    let accept = if call.stream() { "text/event-stream" } else { "application/json" };
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    if api.dialect() == Dialect::Anthropic {
        headers.insert(ANTHROPIC_VERSION, TRANSLATED_VERSION);
    }
    for (name, value) in &settings.headers {
        headers.insert(name, value.clone());
    }
    let client = &x.head.headers;
    if call.api() == api {
        pass_on(client, api.dialect(), &mut headers);
    }
    if api.dialect() == Dialect::OpenAi && x.tenant.need()?.allows_organization_headers() {
        ORGANIZATION.iter().for_each(|name| pass(name, client, &mut headers));
    }
    trace(x, &mut headers);
    Ok(headers)
}

/// The version and the betas that the caller's bytes were written for.
fn pass_on(client: &HeaderMap, dialect: Dialect, headers: &mut HeaderMap) {
    match dialect {
        Dialect::OpenAi => pass(&OPENAI_BETA, client, headers),
        Dialect::Anthropic => {
            pass(&ANTHROPIC_VERSION, client, headers);
            pass(&ANTHROPIC_BETA, client, headers);
        }
        Dialect::Gemini => {}
    }
}

/// All values of a header of the client, in place of ours.
fn pass(name: &HeaderName, client: &HeaderMap, headers: &mut HeaderMap) {
    let mut values = client.get_all(name).iter();
    if let Some(first) = values.next() {
        headers.insert(name, first.clone());
    }
    for value in values {
        headers.append(name, value.clone());
    }
}

fn trace(x: &Exchange, headers: &mut HeaderMap) {
    let client = &x.head.headers;
    if let Some(parent) = Trace::of(client).and_then(|trace| trace.continued(x.id)) {
        headers.insert(TRACEPARENT, parent);
        pass(&TRACESTATE, client, headers);
    }
}
