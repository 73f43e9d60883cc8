//! A request as one candidate gets it: path, headers and body of that provider's dialect. Of the
//! client's headers only those go along that say how its bytes are to be read, the trace, and where
//! the tenant's policy allows it, for whom the provider is asked.

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue};
use inferlayer_accounts::Tenant;
use inferlayer_filter::{
    Candidate, Exchange, LARGE_BYTES, Refusal, TRACEPARENT, Trace, UpstreamRequest, offload,
};
use inferlayer_wire::{Api, Call, Dialect, Invalid};

use crate::upstream::UpstreamSettings;
use crate::upstream::forwarded::{
    ANTHROPIC_BETA, ANTHROPIC_VERSION, OPENAI_BETA, ORGANIZATION, pass, pass_trace_state,
};

pub(super) const AGENT: &str = concat!("inferlayer/", env!("CARGO_PKG_VERSION"));
/// What our own translation speaks.
const TRANSLATED_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

/// The request for `candidate`, to the provider with these `settings`.
pub(crate) async fn build(
    x: &Exchange,
    candidate: &Candidate,
    settings: &UpstreamSettings,
) -> Result<UpstreamRequest, Refusal> {
    let call = x.call.need()?;
    let target = candidate.target(call)?;
    Ok(UpstreamRequest {
        path: target.path(call.stream()).map_err(Invalid::from)?,
        headers: headers(x, call, target.api, settings)?,
        body: body(x.tenant.need()?, call, candidate).await?,
    })
}

/// The body as the candidate gets it.
async fn body(tenant: &Tenant, call: &Call, candidate: &Candidate) -> Result<Bytes, Refusal> {
    if call.body().len() <= LARGE_BYTES || candidate.translated(call).is_some() {
        return Ok(candidate.body(call)?);
    }
    let (call, candidate) = (call.clone(), candidate.clone());
    Ok(offload(tenant, move || candidate.body(&call)).await??)
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

fn trace(x: &Exchange, headers: &mut HeaderMap) {
    let client = &x.head.headers;
    if let Some(parent) = Trace::of(client).and_then(|trace| trace.continued(x.id)) {
        headers.insert(TRACEPARENT, parent);
        pass_trace_state(client, headers);
    }
}
