//! The trace that a request belongs to (W3C Trace Context): continued towards the provider with a
//! span of ours, so that whoever traces both sees the gateway in between.

use http::{HeaderMap, HeaderName, HeaderValue};
use inferlayer_records::hex;

use crate::exchange::RequestId;

/// `traceparent`
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// `tracestate`
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The caller's trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// 32 lower-case hexadecimal digits, not all zero.
    id: String,
    flags: String,
}

impl Trace {
    /// The trace that these headers name, if they name one, and in a form that can be continued.
    pub fn of(headers: &HeaderMap) -> Option<Trace> {
        let mut values = headers.get_all(TRACEPARENT).iter();
        let text = values.next()?.to_str().ok().filter(|_| values.next().is_none())?;
        let mut fields = text.split('-');
        let (version, id) = (fields.next()?, fields.next()?);
        let (parent, flags) = (fields.next()?, fields.next()?);
        // Later versions may append fields; this one may not.
        let well_formed = is_hex(version, 2)
            && is_hex(id, 32)
            && is_hex(parent, 16)
            && is_hex(flags, 2)
            && version != "ff"
            && (version != "00" || fields.next().is_none());
        let known = |text: &str| text.bytes().any(|digit| digit != b'0');
        let is_trace = well_formed && known(id) && known(parent);
        is_trace.then(|| Trace { id: id.to_owned(), flags: flags.to_owned() })
    }

    /// Its id, in hexadecimal.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What a provider is told: the same trace, in a span that is this request's.
    pub fn continued(&self, request: RequestId) -> Option<HeaderValue> {
        let bytes = request.bytes();
        let [_, span] = bytes.as_chunks::<8>().0 else { return None };
        HeaderValue::try_from(format!("00-{}-{}-{}", self.id, hex(span), self.flags)).ok()
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn of(values: &[&str]) -> Option<Trace> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRACEPARENT, value.parse().unwrap());
        }
        Trace::of(&headers)
    }

    #[test]
    fn a_trace_goes_on_in_a_span_of_ours() {
        let trace = of(&[&format!("00-{ID}-00f067aa0ba902b7-01")]).unwrap();
        assert_eq!(trace.id(), ID);
        let request = RequestId::mint();
        let continued = trace.continued(request).unwrap().to_str().unwrap().to_owned();
        let again = of(&[&continued]).unwrap();
        assert_eq!(again, trace);
        let span: String = request.to_string().replace('-', "").chars().skip(16).collect();
        assert_eq!(continued, format!("00-{ID}-{span}-01"));
        assert!(of(&[&format!("cc-{ID}-00f067aa0ba902b7-01-more")]).is_some());
    }

    #[test]
    fn what_cannot_be_continued_is_none() {
        let good = format!("00-{ID}-00f067aa0ba902b7-01");
        for wrong in [
            String::new(),
            "00".to_owned(),
            good.to_uppercase(),
            good.replace("00-", "ff-"),
            format!("{good}-more"),
            good.replace(ID, &"0".repeat(32)),
            good.replace("00f067aa0ba902b7", &"0".repeat(16)),
            good.replace("-01", "-1"),
        ] {
            assert_eq!(of(&[&wrong]), None, "{wrong}");
        }
        assert_eq!(of(&[&good, &good]), None);
    }
}
