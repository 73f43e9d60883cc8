//! Liveness and readiness, under the names that people's probes already use. Live: the process
//! answers. Ready: it would take a request, so the ledger records and no stop is under way.

use http::{Method, StatusCode};
use inferlayer_filter::Answer;
use inferlayer_ledger::Ledger;
use pingora_proxy::Session;

use crate::in_flight::InFlight;

/// The answer to a probe; nothing when the request is not one.
pub(crate) fn answer(session: &Session, ledger: &Ledger, in_flight: &InFlight) -> Option<Answer> {
    let request = session.req_header();
    if request.method != Method::GET && request.method != Method::HEAD {
        return None;
    }
    match request.uri.path() {
        "/livez" | "/health" | "/healthz" | "/health/liveliness" => {
            Some(Answer::json(StatusCode::OK, r#"{"status":"live"}"#))
        }
        "/readyz" | "/health/readiness" => Some(readiness(ledger, in_flight)),
        _ => None,
    }
}

fn readiness(ledger: &Ledger, in_flight: &InFlight) -> Answer {
    let unavailable = StatusCode::SERVICE_UNAVAILABLE;
    if in_flight.is_stopping() {
        return Answer::json(unavailable, r#"{"status":"stopping"}"#);
    }
    if let Err(why) = ledger.standing() {
        // The words are ours and have no quotes in them.
        let body = format!(r#"{{"status":"ledger unavailable","reason":"{why}"}}"#);
        return Answer::json(unavailable, body);
    }
    Answer::json(StatusCode::OK, r#"{"status":"ready"}"#)
}
