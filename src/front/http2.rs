//! One connection of HTTP/2 without TLS: the h2 crate has the protocol, this has its bounds. A
//! connection must open a stream in time, may be without one only so long, and ends when it sends
//! what only costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::Reason;
use h2::server::Connection as H2;
use pingora_core::apps::HttpServerApp;
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::http::v2::server::{
    H2Accept, HttpSession, default_h2_options, handshake,
};
use pingora_core::protocols::{Digest, Stream};
use pingora_timeout::fast_timeout::fast_timeout;
use tokio::sync::Notify;

use crate::front::conn::Conn;
use crate::front::counts::Closed;
use crate::front::frames::{Flood, Frames};
use crate::front::malformed::Malformed;
use crate::front::{Connection, head, refuse};

/// Streams that were refused for their form: more of them are no accident.
const REJECTED_MAX: usize = 32;
/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// The streams of one connection that are being served.
struct Streams<A> {
    cx: Arc<Connection<A>>,
    count: AtomicUsize,
    idle: Notify,
}

/// One of them.
struct Entered<A>(Arc<Streams<A>>);

/// What happened on a connection.
enum Event {
    Stream(Box<HttpSession>),
    Rejected,
    Flood,
    Stop,
    Idle,
    Ended,
}

/// Serves streams until one side has had enough. The connection began then.
pub(super) async fn serve<A>(mut conn: Box<Conn>, cx: &Arc<Connection<A>>, began: Instant)
where
    A: HttpServerApp + Send + Sync + 'static,
{
    let (frames, flood) = Frames::new();
    conn.begin_h2(frames);
    let digest =
        Arc::new(Digest { socket_digest: Some(Arc::clone(conn.digest())), ..Digest::default() });
    let mut options = default_h2_options();
    options.max_header_list_size(u32::try_from(cx.rules.head_bytes).unwrap_or(u32::MAX));
    let left = cx.rules.head.saturating_sub(began.elapsed());
    let shaken = fast_timeout(left, handshake(conn, Some(options))).await;
    let Ok(Ok(mut h2)) = shaken else { return cx.counts.closed(Closed::Handshake) };

    let streams =
        Arc::new(Streams { cx: Arc::clone(cx), count: AtomicUsize::new(0), idle: Notify::new() });
    let (mut patience, mut rejected, mut stopping) =
        (cx.rules.head.saturating_sub(began.elapsed()), 0, false);
    loop {
        match event(&mut h2, &digest, &flood, &streams, patience, stopping).await {
            Event::Stream(session) => {
                patience = cx.rules.idle;
                let Some(entered) = streams.enter() else { return };
                tokio::spawn(stream(session, entered));
            }
            Event::Rejected if rejected < REJECTED_MAX => {
                rejected += 1;
                cx.refused(Malformed::Host);
            }
            Event::Rejected | Event::Flood => {
                cx.counts.closed(Closed::Flood);
                return goodbye(&mut h2, &digest).await;
            }
            Event::Stop => {
                stopping = true;
                h2.graceful_shutdown();
            }
            Event::Idle if stopping => return,
            // GOAWAY first: what crosses it may be asked again.
            Event::Idle => {
                cx.counts.closed(Closed::Idle);
                (stopping, patience) = (true, GOODBYE);
                h2.graceful_shutdown();
            }
            Event::Ended => return,
        }
    }
}

async fn event<A>(
    h2: &mut H2<Stream, Bytes>,
    digest: &Arc<Digest>,
    flood: &Flood,
    streams: &Streams<A>,
    patience: Duration,
    stopping: bool,
) -> Event {
    let mut stop = streams.cx.stopping.clone();
    let mut accepting = std::pin::pin!(HttpSession::from_h2_conn(h2, Arc::clone(digest)));
    // Whoever polls the connection reads its frames, so this is where a flood shows.
    let accepted = std::future::poll_fn(|cx| match accepting.as_mut().poll(cx) {
        std::task::Poll::Pending if flood.is_on() => std::task::Poll::Ready(None),
        polled => polled.map(Some),
    });
    tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop), if !stopping => Event::Stop,
        accepted = accepted => match accepted {
            None => Event::Flood,
            Some(Ok(Some(H2Accept::Session(session)))) => Event::Stream(Box::new(session)),
            Some(Ok(Some(H2Accept::Rejected))) => Event::Rejected,
            Some(Ok(None) | Err(_)) => Event::Ended,
        },
        () = streams.idle_for(patience) => Event::Idle,
    }
}

async fn stream<A>(session: Box<HttpSession>, entered: Entered<A>)
where
    A: HttpServerApp + Send + Sync + 'static,
{
    let cx = &entered.0.cx;
    let checked = head::check_h2(session.req_header(), cx.rules.head_fields);
    let mut session = ServerSession::new_http2(*session);
    match checked {
        Ok(()) => drop(cx.app.process_new_http(session, &cx.stopping).await),
        Err(why) => {
            cx.refused(why);
            // Who does not listen is not told.
            let _ = refuse::answer_h2(&mut session, why).await;
        }
    }
}

/// GOAWAY, and what is needed to send it.
async fn goodbye(h2: &mut H2<Stream, Bytes>, digest: &Arc<Digest>) {
    h2.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
    let flush = async {
        while let Ok(Some(_)) = HttpSession::from_h2_conn(h2, Arc::clone(digest)).await {}
    };
    let _ = fast_timeout(GOODBYE, flush).await;
}

impl<A> Streams<A> {
    /// Nothing: the connection's place is needed for another.
    fn enter(self: &Arc<Self>) -> Option<Entered<A>> {
        self.count.fetch_add(1, Ordering::AcqRel);
        if !self.cx.place.busy() {
            return None;
        }
        Some(Entered(Arc::clone(self)))
    }

    /// Ends when there was no stream for so long.
    async fn idle_for(&self, patience: Duration) {
        loop {
            let left = self.idle.notified();
            if self.count.load(Ordering::Acquire) == 0 {
                break;
            }
            left.await;
        }
        pingora_timeout::sleep(patience).await;
    }
}

impl<A> Drop for Entered<A> {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.cx.place.waiting();
            // One that has come in between is not to be taken for none.
            if self.0.count.load(Ordering::Acquire) > 0 {
                self.0.cx.place.busy();
            }
            self.0.idle.notify_one();
        }
    }
}
