//! The request body: read once, bounded, whole. Also the watch on a client that goes away, since
//! after the body that is all its connection can still tell.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, EXPECT};
use inferlayer_filter::Refusal;
use pingora_proxy::Session;
use pingora_timeout::fast_timeout::fast_timeout;

use crate::config::Limits;

/// Room made for a body before it has come.
const ROOM_MAX_BYTES: usize = 1024 * 1024;
/// What an early answer reads of a body nobody needs, so that the connection can be kept.
const DISCARD_MAX_BYTES: u64 = 256 * 1024;
/// How long a client is listened to after an early answer; closing on it would lose the answer.
const LINGER: Duration = Duration::from_secs(2);

/// The whole body. Nothing of it is read when its length alone is too much.
pub(crate) async fn read(session: &mut Session, limits: &Limits) -> Result<Bytes, Refusal> {
    let limit_bytes = limits.body_bytes;
    let too_large = Refusal::BodyTooLarge { limit_bytes };
    let announced = announced_bytes(session);
    if announced.is_some_and(|length| length > limit_bytes) {
        return Err(too_large);
    }
    invite(session).await?;
    let Some(first) = next(session, limits).await? else { return Ok(Bytes::new()) };
    if announced == Some(first.len() as u64) {
        return Ok(first);
    }
    if first.len() as u64 > limit_bytes {
        return Err(too_large);
    }
    // What is announced need not come: room is made for it as it does.
    let announced = usize::try_from(announced.unwrap_or(0)).unwrap_or(usize::MAX);
    let mut body = BytesMut::with_capacity(announced.min(ROOM_MAX_BYTES));
    body.extend_from_slice(&first);
    while let Some(bytes) = next(session, limits).await? {
        if (body.len() + bytes.len()) as u64 > limit_bytes {
            return Err(too_large);
        }
        body.extend_from_slice(&bytes);
    }
    Ok(body.freeze())
}

/// Tells a client that waits for a word before it sends its body to go on.
pub(crate) async fn invite(session: &mut Session) -> Result<(), Refusal> {
    if expects_continue(session) {
        session.write_continue_response().await.map_err(|_| Refusal::ClientGone)?;
    }
    Ok(())
}

/// Before an early answer: takes a small body off the connection, so that it can be used again and
/// so that the body can never be read as the next request (CVE-2025-4366).
pub(crate) async fn discard(session: &mut Session, limits: &Limits) {
    let small = announced_bytes(session).is_none_or(|length| length <= DISCARD_MAX_BYTES);
    if small && !expects_continue(session) {
        read_away(session, limits, DISCARD_MAX_BYTES).await;
    }
}

/// After an early answer on a connection that will be closed: listens a little longer, because a
/// reset would overtake the answer.
pub(crate) async fn linger(session: &mut Session, limits: &Limits) {
    if !session.as_downstream_mut().is_body_done() {
        read_away(session, limits, u64::MAX).await;
    }
}

/// Ends when the client hangs up, or sends what it may not send now. What is left of a body that
/// was answered early is dropped.
pub(crate) async fn client_gone(session: &mut Session) {
    let downstream = session.as_downstream_mut();
    loop {
        match downstream.read_body_or_idle(false).await {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(_) => return,
        }
    }
    let _ = downstream.read_body_or_idle(true).await;
}

async fn read_away(session: &mut Session, limits: &Limits, max_bytes: u64) {
    let reading = async {
        let mut room = max_bytes;
        while let Ok(Some(bytes)) = next(session, limits).await {
            room = room.saturating_sub(bytes.len() as u64);
            if room == 0 {
                return;
            }
        }
    };
    let _ = fast_timeout(LINGER, reading).await;
}

/// The next piece of a body that may not stand still, nothing at its end.
pub(crate) async fn next(session: &mut Session, limits: &Limits) -> Result<Option<Bytes>, Refusal> {
    let read = session.as_downstream_mut().read_request_body();
    match fast_timeout(limits.body_idle, read).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(Refusal::ClientGone),
        Err(_) => Err(Refusal::BodyTimeout),
    }
}

/// What the head says of the length of the body.
pub(crate) fn announced_bytes(session: &Session) -> Option<u64> {
    session.get_header(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// RFC 9110 §10.1.1: the client waits for a word before it sends the body.
fn expects_continue(session: &Session) -> bool {
    session.get_header(EXPECT).is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}
