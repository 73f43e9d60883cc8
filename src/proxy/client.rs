//! What a client does while its request is served: it waits, ends its side, or goes.
//!
//! The end of its side (a FIN) may mean either of two things, and only sending tells which: RFC
//! 9112 §9.6 lets a client that has said all listen on, and one that is gone answers with a reset.
//! So the end alone is no reason to drop an answer; an interim response is sent, which every client
//! skips (RFC 9110 §15.2) and a client that is gone resets.

use std::time::Duration;

use http::Version;
use inferlayer_filter::Refusal;
use pingora_proxy::Session;

use crate::front::Conn;
use crate::in_flight::InFlight;
use crate::proxy::refusal::RequestError;

/// How long after the end of its side a client is asked whether it still listens.
const ASKED_AFTER: Duration = Duration::from_secs(1);

/// What a client did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// It sends no more, and may still listen.
    HalfClosed,
    /// It is gone.
    Gone,
}

/// Ends when nothing more is to be done for a request whose answer has not begun: its client is
/// gone, or the gateway ends what still runs.
pub(crate) async fn interrupted(session: &mut Session, in_flight: &InFlight) -> Refusal {
    tokio::select! {
        () = gone(session) => RequestError::ClientGone.into(),
        () = in_flight.until_cut() => RequestError::Stopping.into(),
    }
}

/// Ends when the client is gone. What is left of a body that was answered early is dropped.
pub(crate) async fn gone(session: &mut Session) {
    if left(session).await == Left::Gone {
        return;
    }
    tokio::select! {
        () = reset(session) => return,
        () = pingora_timeout::sleep(ASKED_AFTER) => {}
    }
    let understood = session.req_header().version == Version::HTTP_11;
    let begun = session.response_written().is_some();
    if understood && !begun && session.write_continue_response().await.is_err() {
        return;
    }
    reset(session).await;
}

/// Ends when the client ends its side, and asked again, when it is gone.
pub(crate) async fn left(session: &mut Session) -> Left {
    if is_half_closed(session) {
        reset(session).await;
        return Left::Gone;
    }
    let downstream = session.as_downstream_mut();
    let ended = loop {
        match downstream.read_body_or_idle(false).await {
            Ok(Some(_)) => {}
            Ok(None) => break downstream.read_body_or_idle(true).await.is_err(),
            Err(_) => break true,
        }
    };
    if ended && is_half_closed(session) { Left::HalfClosed } else { Left::Gone }
}

/// Whether the client has ended its side. Of HTTP/2 it is never known.
pub(crate) fn is_half_closed(session: &Session) -> bool {
    session.as_downstream().as_http1().is_some_and(|session| session.is_half_closed())
}

/// The connection under a request of HTTP/1.
pub(crate) fn conn(session: &Session) -> Option<&Conn> {
    let stream = session.as_downstream().stream()?;
    (**stream).as_any().downcast_ref()
}

async fn reset(session: &Session) {
    match conn(session) {
        Some(conn) => conn.reset().await,
        None => std::future::pending().await,
    }
}
