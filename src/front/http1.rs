//! One connection of HTTP/1: request after request, each head whole and looked at before Pingora
//! has it.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use pingora_core::apps::HttpServerApp;
use pingora_core::protocols::Stream;
use pingora_core::protocols::http::ServerSession;
use pingora_timeout::fast_timeout::fast_timeout;

use crate::front::conn::Conn;
use crate::front::counts::Closed;
use crate::front::head::{Head, Lines};
use crate::front::malformed::Malformed;
use crate::front::{Connection, refuse};

/// Why no request came.
enum Nothing {
    /// The client has ended, or broken off.
    Left,
    /// It was too slow or too quiet.
    Late(Closed),
    Malformed(Malformed),
}

struct Request {
    begun: BytesMut,
    upgrade: bool,
}

/// Serves requests until one side has had enough. The connection began then.
pub(super) async fn serve<A>(mut conn: Box<Conn>, cx: &Connection<A>, began: Instant)
where
    A: HttpServerApp + Send + Sync + 'static,
{
    let mut first = Some(began);
    loop {
        let request = match request(&mut conn, cx, first.take()).await {
            Ok(request) => request,
            Err(nothing) => return end(conn, cx, nothing).await,
        };
        if !cx.place.busy() {
            return;
        }
        let mut session = ServerSession::new_http1(conn);
        session.set_keepalive((!cx.is_stopping()).then_some(cx.rules.idle.as_secs()));
        session.set_pipelined_prefix(request.begun);
        let reused = cx.app.process_new_http(session, &cx.stopping).await;
        let Some(reused) = reused.and_then(|reused| own(reused.consume().0)) else { return };
        conn = reused;
        // What is left of a body must never be read as a request.
        if !conn.is_between_requests() {
            return;
        }
        // What follows a request to change the protocol belongs to no protocol for sure.
        if cx.is_stopping() || (request.upgrade && !conn.ahead().is_empty()) {
            return;
        }
        cx.place.waiting();
    }
}

/// What Pingora gives back is what it was given.
fn own(stream: Stream) -> Option<Box<Conn>> {
    stream.into_any().downcast().ok()
}

async fn end<A>(conn: Box<Conn>, cx: &Connection<A>, nothing: Nothing) {
    match nothing {
        Nothing::Left => {}
        Nothing::Late(closed) => cx.counts.closed(closed),
        Nothing::Malformed(why) => {
            cx.refused(why);
            refuse::answer(conn, why).await;
        }
    }
}

/// The next request. The first has its time from the connection on, a later one from its first
/// byte; until then the connection may be idle.
async fn request<A>(
    conn: &mut Conn,
    cx: &Connection<A>,
    began: Option<Instant>,
) -> Result<Request, Nothing> {
    let began = match began {
        Some(began) => began,
        None => {
            first_byte(conn, cx).await?;
            Instant::now()
        }
    };
    let mut lines = Lines::default();
    loop {
        skip_empty_lines(conn);
        let come = conn.ahead();
        if let Some(length) = lines.end(come, cx.rules.head_fields).map_err(Nothing::Malformed)? {
            return begin(conn, length, cx.rules.head_bytes).map_err(Nothing::Malformed);
        }
        if come.len() > cx.rules.head_bytes {
            return Err(Nothing::Malformed(Malformed::HeadTooLarge));
        }
        more(conn, cx.rules.head.saturating_sub(began.elapsed())).await?;
    }
}

/// RFC 9112 §2.2: empty lines before a request mean nothing. Only whole ones are dropped, and only
/// while nothing of the request has come.
fn skip_empty_lines(conn: &mut Conn) {
    while conn.ahead().starts_with(b"\r\n") {
        conn.skip(2);
    }
}

fn begin(conn: &mut Conn, length: usize, max_bytes: usize) -> Result<Request, Malformed> {
    if length > max_bytes {
        return Err(Malformed::HeadTooLarge);
    }
    let Head { framing, upgrade } = Head::read(conn.ahead().get(..length).unwrap_or_default())?;
    let begun = conn.begin(length, framing);
    if upgrade && !conn.ahead().is_empty() {
        return Err(Malformed::Upgrade);
    }
    Ok(Request { begun, upgrade })
}

async fn more(conn: &mut Conn, within: Duration) -> Result<(), Nothing> {
    match fast_timeout(within, conn.read_ahead()).await {
        Ok(Ok(1..)) => Ok(()),
        Ok(Ok(0) | Err(_)) => Err(Nothing::Left),
        Err(_) if conn.ahead().is_empty() => Err(Nothing::Late(Closed::HeadTimeout)),
        Err(_) => Err(Nothing::Malformed(Malformed::HeadTimeout)),
    }
}

/// Waits for a next request to begin, or for a stop.
async fn first_byte<A>(conn: &mut Conn, cx: &Connection<A>) -> Result<(), Nothing> {
    let (since, mut stopping) = (Instant::now(), cx.stopping.clone());
    loop {
        skip_empty_lines(conn);
        if !matches!(conn.ahead(), [] | [b'\r']) {
            return Ok(());
        }
        let left = cx.rules.idle.saturating_sub(since.elapsed());
        let read = tokio::select! {
            biased;
            read = fast_timeout(left, conn.read_ahead()) => read,
            _ = stopping.wait_for(|stopping| *stopping) => return Err(Nothing::Left),
        };
        match read {
            Ok(Ok(1..)) => {}
            Ok(Ok(0) | Err(_)) => return Err(Nothing::Left),
            Err(_) => return Err(Nothing::Late(Closed::Idle)),
        }
    }
}
