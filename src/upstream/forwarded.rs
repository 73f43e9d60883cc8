//! The headers of a caller that go along to a provider: an allow-list of names, and of each only
//! values that every server reads alike. They are looked at before anything else is done for the
//! request, so that one which cannot go along is its caller's error and no attempt's.

use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue};
use inferlayer_filter::TRACESTATE;
use inferlayer_filter::exchange::Operation;
use inferlayer_wire::Invalid;

pub(super) const ANTHROPIC_VERSION: HeaderName = HeaderName::from_static("anthropic-version");
pub(super) const ANTHROPIC_BETA: HeaderName = HeaderName::from_static("anthropic-beta");
pub(super) const OPENAI_BETA: HeaderName = HeaderName::from_static("openai-beta");
const OPENAI_ORGANIZATION: HeaderName = HeaderName::from_static("openai-organization");
const OPENAI_PROJECT: HeaderName = HeaderName::from_static("openai-project");
/// For whom a provider is asked; only where the tenant's policy allows it.
pub(super) const ORGANIZATION: [HeaderName; 2] = [OPENAI_ORGANIZATION, OPENAI_PROJECT];

/// What a client's headers say of its body, of the answer it wants and of the API it was written
/// for. An allow-list: no credential and no cookie of the client's goes to a provider.
pub(super) const OF_PASSAGES: [HeaderName; 8] = [
    CONTENT_TYPE,
    CONTENT_ENCODING,
    ACCEPT,
    RANGE,
    HeaderName::from_static("idempotency-key"),
    OPENAI_BETA,
    ANTHROPIC_VERSION,
    ANTHROPIC_BETA,
];

/// What goes along with an inference.
const OF_INFERENCES: [HeaderName; 5] =
    [OPENAI_BETA, ANTHROPIC_VERSION, ANTHROPIC_BETA, OPENAI_ORGANIZATION, OPENAI_PROJECT];

const VALUE_MAX_BYTES: usize = 1024;
const VALUES_MAX: usize = 16;

/// Whether all that could go along with the operation may. A trace that cannot is left out
/// instead, as W3C Trace Context wants it.
pub(crate) fn check(client: &HeaderMap, operation: &Operation) -> Result<(), Invalid> {
    match operation {
        Operation::Passage(_) => check_all(client, &OF_PASSAGES),
        Operation::Inference(_) => check_all(client, &OF_INFERENCES),
        _ => Ok(()),
    }
}

fn check_all(client: &HeaderMap, names: &[HeaderName]) -> Result<(), Invalid> {
    let misfit = names.iter().find(|name| {
        let values = client.get_all(*name);
        values.iter().count() > VALUES_MAX || !values.iter().all(fits)
    });
    misfit.map_or(Ok(()), |name| {
        let rule = "have at most 16 values of at most 1024 visible ASCII characters and spaces";
        Err(Invalid::value(name.as_str(), rule))
    })
}

/// All values of a header of the client that fit, in place of ours.
pub(super) fn pass(name: &HeaderName, client: &HeaderMap, headers: &mut HeaderMap) {
    let mut values = client.get_all(name).iter().filter(|value| fits(value)).take(VALUES_MAX);
    if let Some(first) = values.next() {
        headers.insert(name, first.clone());
    }
    for value in values {
        headers.append(name, value.clone());
    }
}

/// The caller's part of a trace: all of it or none.
pub(super) fn pass_trace_state(client: &HeaderMap, headers: &mut HeaderMap) {
    let values = client.get_all(&TRACESTATE);
    if values.iter().count() <= VALUES_MAX && values.iter().all(fits) {
        pass(&TRACESTATE, client, headers);
    }
}

fn fits(value: &HeaderValue) -> bool {
    value.len() <= VALUE_MAX_BYTES && value.as_bytes().iter().all(|b| matches!(b, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, values: &[&[u8]]) -> HeaderMap {
        let name = HeaderName::from_static(name);
        let values = values.iter().map(|value| HeaderValue::from_bytes(value).unwrap());
        values.map(|value| (name.clone(), value)).collect()
    }

    #[test]
    fn a_value_that_servers_could_read_differently_is_refused_by_name() {
        let long = vec![b'a'; VALUE_MAX_BYTES + 1];
        for name in ["openai-beta", "anthropic-version", "openai-project", "content-type", "range"]
        {
            let check =
                |values: &[&[u8]]| check_all(&with(name, values), &[HeaderName::from_static(name)]);
            assert_eq!(check(&[b"a b;c=\"d\"", b"e"]), Ok(()), "{name}");
            for value in ["f\u{fc}r".as_bytes(), b"\xff", b"a\tb", &long] {
                let refused = check(&[b"a", value]).unwrap_err();
                assert_eq!(refused.param.as_deref(), Some(name));
            }
            assert!(check(&[&b"a"[..]; VALUES_MAX + 1]).is_err(), "{name}");
        }
        let cookie = with("cookie", &[b"\xff"]);
        assert_eq!(check_all(&cookie, &OF_PASSAGES), Ok(()), "it does not go along");
    }

    #[test]
    fn a_trace_state_goes_along_whole_or_not_at_all() {
        let passed = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            pass_trace_state(&with("tracestate", values), &mut headers);
            headers.get_all(TRACESTATE).iter().count()
        };
        assert_eq!(passed(&[b"a=1", b"b=2"]), 2);
        assert_eq!(passed(&[b"a=1", b"\xff"]), 0);
    }
}
