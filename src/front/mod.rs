//! The front of a listener: connections come in here, are bounded, and are told for HTTP/1 or
//! HTTP/2; each request's head is read whole, in time, and looked at strictly before Pingora's
//! session has it. Pingora's own way waits without any limit for the first 24 bytes of a
//! connection, has no deadline for a head, and resolves in silence what two servers may read
//! differently.
//!
//! ```text
//! accept ─► clients: who makes room ─► http1: head ─► Pingora's session ─► Conn, one request of it
//!                                  └─► http2: h2, its frames counted ─► a session for each stream
//! ```

mod clients;
mod conn;
mod counts;
mod frames;
mod framing;
mod grammar;
mod head;
mod http1;
mod http2;
mod listener;
mod malformed;
mod refuse;
mod rules;
mod socket;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use pingora_core::apps::HttpServerApp;
use pingora_core::server::ShutdownWatch;
use pingora_core::services::background::BackgroundService;
use pingora_timeout::fast_timeout::fast_timeout;
use tokio::sync::watch;

use self::clients::{Admission, Clients, Place};
use self::counts::Closed;
use self::socket::{Accepted, Accepting};

pub(crate) use self::conn::Conn;
pub(crate) use self::counts::Counts;
pub(crate) use self::listener::{BindError, Listener};
pub(crate) use self::malformed::Malformed;
pub(crate) use self::rules::Rules;

/// An app behind a listener.
pub(crate) struct Front<A> {
    listener: Listener,
    app: Arc<A>,
    /// Those of the moment count for connections that come.
    rules: watch::Receiver<Arc<Rules>>,
    counts: Counts,
    refusals: Option<Arc<dyn Refusals>>,
    stop: watch::Receiver<bool>,
}

/// Who is told of requests that no filter sees.
pub(crate) trait Refusals: Send + Sync {
    /// One was refused for its form.
    fn refused(&self, why: Malformed);
}

/// A connection, as long as it is served.
struct Connection<A> {
    app: Arc<A>,
    rules: Arc<Rules>,
    counts: Counts,
    refusals: Option<Arc<dyn Refusals>>,
    stopping: watch::Receiver<bool>,
    place: Place,
}

/// After a failed accept (out of descriptors, mostly): spinning would make it worse.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long to wait for a connection to end before looking for one that has become idle.
const ROOM_LOOK: Duration = Duration::from_millis(20);
/// A condition that lasts is one line in so long.
const TOLD_EVERY: Duration = Duration::from_secs(30);

/// What a client of HTTP/2 says first (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

impl<A> Front<A> {
    /// Ends when `stop` turns true; connections then finish what they serve.
    pub(crate) fn new(
        listener: Listener,
        app: A,
        rules: watch::Receiver<Arc<Rules>>,
        counts: &Counts,
        stop: watch::Receiver<bool>,
    ) -> Front<A> {
        let (app, counts) = (Arc::new(app), counts.clone());
        Front { listener, app, rules, counts, refusals: None, stop }
    }

    /// Tells of what no filter sees.
    pub(crate) fn telling(self, refusals: Arc<dyn Refusals>) -> Front<A> {
        Front { refusals: Some(refusals), ..self }
    }

    fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.borrow())
    }

    fn connection(&self, place: Place, rules: Arc<Rules>) -> Connection<A> {
        self.counts.opened();
        Connection {
            app: Arc::clone(&self.app),
            rules,
            counts: self.counts.clone(),
            refusals: self.refusals.clone(),
            stopping: self.stop.clone(),
            place,
        }
    }
}

#[async_trait]
impl<A: HttpServerApp + Send + Sync + 'static> BackgroundService for Front<A> {
    async fn start(&self, _pingora: ShutdownWatch) {
        let listener = match self.listener.in_runtime() {
            Ok(listener) => listener,
            Err(error) => return tracing::error!(%error, "a bound socket cannot be used"),
        };
        let mut stopping = self.stop.clone();
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => {}
            () = self.accept(&listener) => {}
        }
    }
}

impl<A: HttpServerApp + Send + Sync + 'static> Front<A> {
    async fn accept(&self, listener: &Accepting) {
        let clients = Arc::<Clients>::default();
        let mut told = Told::default();
        loop {
            match listener.accept().await {
                Ok(accepted) => self.admit(&clients, accepted, &mut told).await,
                Err(error) => {
                    told.at_most_every(TOLD_EVERY, || {
                        tracing::warn!(%error, "a connection could not be accepted");
                    });
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn admit(&self, clients: &Arc<Clients>, accepted: Accepted, told: &mut Told) {
        let (place, rules) = loop {
            let rules = self.rules();
            match clients.admit(accepted.peer, &rules) {
                Admission::Admitted(place, made_room) => {
                    self.counts.made_room(made_room);
                    break (place, rules);
                }
                Admission::ClientFull => return self.counts.closed(Closed::ClientFull),
                Admission::Full => {
                    told.at_most_every(TOLD_EVERY, || {
                        let connections = rules.connections;
                        tracing::warn!(connections, "every connection is busy: others wait");
                    });
                    // One that turns idle tells nobody, so it is looked for.
                    let _ = fast_timeout(ROOM_LOOK, clients.room()).await;
                }
            }
        };
        let connection = Arc::new(self.connection(place, rules));
        let task = tokio::spawn(serve(accepted, Arc::clone(&connection)));
        connection.place.of(task.abort_handle());
    }
}

impl<A> Connection<A> {
    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    fn refused(&self, why: Malformed) {
        self.counts.malformed(why);
        if let Some(refusals) = &self.refusals {
            refusals.refused(why);
        }
    }
}

impl<A> Drop for Connection<A> {
    fn drop(&mut self) {
        self.counts.left();
    }
}

async fn serve<A>(accepted: Accepted, cx: Arc<Connection<A>>)
where
    A: HttpServerApp + Send + Sync + 'static,
{
    let (began, mut conn) = (Instant::now(), Box::new(Conn::new(accepted, cx.rules.write_idle)));
    if !cx.rules.h2 {
        return http1::serve(conn, &cx, began).await;
    }
    match fast_timeout(cx.rules.head, is_h2(&mut conn)).await {
        Ok(Ok(true)) => http2::serve(conn, &cx, began).await,
        Ok(Ok(false)) => http1::serve(conn, &cx, began).await,
        Ok(Err(_)) => {}
        Err(_) => cx.counts.closed(Closed::HeadTimeout),
    }
}

/// Told as soon as a byte says so.
async fn is_h2(conn: &mut Conn) -> io::Result<bool> {
    loop {
        let come = conn.ahead();
        if come.starts_with(PREFACE) {
            return Ok(true);
        }
        if !PREFACE.starts_with(come) || (conn.read_ahead().await? == 0) {
            return Ok(false);
        }
    }
}

/// When something was told last.
#[derive(Default)]
struct Told(Option<Instant>);

impl Told {
    fn at_most_every(&mut self, pause: Duration, tell: impl FnOnce()) {
        if self.0.is_none_or(|last| last.elapsed() >= pause) {
            self.0 = Some(Instant::now());
            tell();
        }
    }
}
