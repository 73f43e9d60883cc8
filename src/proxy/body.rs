//! The request body: read once, bounded in size and in time, whole.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, EXPECT};
use inferlayer_filter::{Exchange, Refusal};
use inferlayer_share::{Full, Permit};
use inferlayer_wire::Invalid;
use pingora_proxy::Session;
use pingora_timeout::fast_timeout::fast_timeout;

use crate::config::Limits;
use crate::front::Conn;
use crate::proxy::client;
use crate::proxy::refusal::RequestError;

/// What an early answer reads of a body nobody needs, so that the connection can be kept.
const DISCARD_MAX_BYTES: u64 = 256 * 1024;
/// How long a client is listened to after an early answer; closing on it would lose the answer.
const LINGER: Duration = Duration::from_secs(2);

/// The whole body, in memory that its tenant holds until the request has ended. Nothing of it is
/// read when its length alone is too much.
pub(crate) async fn read(
    session: &mut Session,
    x: &mut Exchange,
    limits: &Limits,
) -> Result<Bytes, Refusal> {
    let limit_bytes = limits.body_bytes;
    let announced = announced_bytes(session);
    if announced.is_some_and(|length| length > limit_bytes) {
        return Err(RequestError::BodyTooLarge { limit_bytes }.into());
    }
    let mut room = x.tenant.need()?.room(announced.unwrap_or(0)).map_err(no_room)?;
    invite(session).await?;
    let body = collect(session, announced, &mut room, limits).await?;
    x.body_room.fill(room)?;
    Ok(body)
}

/// Nobody waits for room: two who wait for each other would do so for ever.
fn no_room(full: Full) -> Refusal {
    Refusal::full(full, "memory for request bodies")
}

async fn collect(
    session: &mut Session,
    announced: Option<u64>,
    room: &mut Permit,
    limits: &Limits,
) -> Result<Bytes, Refusal> {
    let limit_bytes = limits.body_bytes;
    let mut pace = Pace::default();
    let Some(first) = next(session, limits, &mut pace).await? else { return Ok(Bytes::new()) };
    if announced == Some(first.len() as u64) {
        return Ok(first);
    }
    // All of it at once: its tenant holds that much, memory that nothing was written to is only an
    // address, and growing would copy tens of megabytes on a thread that serves others.
    let expected = usize::try_from(announced.unwrap_or(0)).unwrap_or(0);
    let mut body = BytesMut::with_capacity(expected);
    let mut piece = Some(first);
    while let Some(bytes) = piece {
        let length = (body.len() + bytes.len()) as u64;
        if length > limit_bytes {
            return Err(RequestError::BodyTooLarge { limit_bytes }.into());
        }
        room.grow(length.saturating_sub(room.amount())).map_err(no_room)?;
        body.extend_from_slice(&bytes);
        piece = next(session, limits, &mut pace).await?;
    }
    Ok(body.freeze())
}

/// Tells a client that waits for a word before it sends its body to go on.
pub(crate) async fn invite(session: &mut Session) -> Result<(), Refusal> {
    if expects_continue(session) {
        // Pingora takes any head before the end of the body for the last of the connection.
        let keepalive = session.as_downstream().get_keepalive();
        session.write_continue_response().await.map_err(|_| RequestError::ClientGone)?;
        session.as_downstream_mut().set_keepalive(keepalive);
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
    if session.as_downstream_mut().is_body_done() {
        return;
    }
    match client::conn(session).filter(|conn| conn.bad_chunk().is_some()) {
        // What follows is no body, and nobody can read it as one.
        Some(conn) => drop(fast_timeout(LINGER, conn.swallow()).await),
        None => read_away(session, limits, u64::MAX).await,
    }
}

async fn read_away(session: &mut Session, limits: &Limits, max_bytes: u64) {
    let reading = async {
        let (mut room, mut pace) = (max_bytes, Pace::default());
        while let Ok(Some(bytes)) = next(session, limits, &mut pace).await {
            room = room.saturating_sub(bytes.len() as u64);
            if room == 0 {
                return;
            }
        }
    };
    let _ = fast_timeout(LINGER, reading).await;
}

/// What is read of a body before others get their turn.
const TURN_BYTES: usize = 64 * 1024;

/// How a body has come so far. Only the time in which the client was waited for counts.
#[derive(Default)]
pub(crate) struct Pace {
    bytes: u64,
    /// Of these, without letting others go first.
    turn_bytes: usize,
    waited: Duration,
    /// Since when the next piece is waited for; kept when the wait is given up and taken up again.
    since: Option<Instant>,
}

impl Pace {
    /// Whether others are to go first: a socket that always has more would keep its thread.
    fn has_had_its_turn(&mut self) -> bool {
        let had = self.turn_bytes >= TURN_BYTES;
        if had {
            self.turn_bytes = 0;
        }
        had
    }

    /// How long the next piece may take, and what its lateness would be told as.
    fn patience(&mut self, limits: &Limits) -> Duration {
        let since = *self.since.get_or_insert_with(Instant::now);
        let slow = match limits.body_bytes_per_second {
            0 => Duration::MAX,
            rate => Duration::from_secs(self.bytes / rate),
        };
        let whole = limits.body.min(limits.body_idle.saturating_add(slow));
        limits.body_idle.min(whole.saturating_sub(self.waited)).saturating_sub(since.elapsed())
    }

    fn came(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.turn_bytes += bytes;
        self.waited += self.since.take().map_or(Duration::ZERO, |since| since.elapsed());
    }
}

/// The next piece of a body that may neither stand still nor drip, nothing at its end.
pub(crate) async fn next(
    session: &mut Session,
    limits: &Limits,
    pace: &mut Pace,
) -> Result<Option<Bytes>, Refusal> {
    // Before the read: a piece that was read must not be lost where this wait is given up.
    if pace.has_had_its_turn() {
        tokio::task::yield_now().await;
    }
    let patience = pace.patience(limits);
    let read = session.as_downstream_mut().read_request_body();
    match fast_timeout(patience, read).await {
        Ok(Ok(bytes)) => {
            pace.came(bytes.as_ref().map_or(0, Bytes::len));
            Ok(bytes)
        }
        Ok(Err(_)) => Err(broken(session)),
        Err(_) => Err(RequestError::BodyTimeout.into()),
    }
}

/// Why a body has no next piece: its framing was wrong, or its client is gone.
fn broken(session: &Session) -> Refusal {
    match client::conn(session).and_then(Conn::bad_chunk) {
        Some(bad) => Invalid {
            message: format!("the body's chunked framing is wrong: {bad}"),
            param: None,
            code: Some("bad_chunk"),
        }
        .into(),
        None => RequestError::ClientGone.into(),
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
