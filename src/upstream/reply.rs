//! The beginning of an answer, and the rest as it comes. What leaves here is clean: our key stands
//! in no header and in no body, whoever reads them and whatever for, and an event stream has no
//! comments that say they are ours.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode};
use inferlayer_filter::exchange::AttemptResult;
use inferlayer_wire::sse::OurComments;
use pingora_timeout::fast_timeout::fast_timeout;

use crate::secret::Secret;
use crate::upstream::connection::{Begun, Connection};
use crate::upstream::credential::Exposed;
use crate::upstream::health::Pass;
use crate::upstream::mask::{Forms, Window};

/// The beginning of an answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    /// Without those that hold our key.
    pub(crate) headers: HeaderMap,
    first: Option<Bytes>,
    window: Window,
    comments: Option<OurComments>,
    ended: bool,
    /// What its end is to be told to.
    pass: Option<Pass>,
    /// What was sent along and must not come back.
    exposed: Arc<Exposed>,
    connection: Box<Connection>,
}

/// The answer broke off.
#[derive(Debug)]
pub(crate) struct Cut;

/// What is read of an answer nobody wants, to keep its connection.
const DRAIN_MAX: usize = 64 * 1024;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

impl Reply {
    pub(super) fn new(
        (status, headers, first): Begun,
        exposed: Arc<Exposed>,
        connection: Box<Connection>,
    ) -> Reply {
        let forms = Arc::clone(&exposed.forms);
        let headers = without_key(headers, &forms);
        let comments = is_event_stream(&headers).then(OurComments::default);
        let window = Window::new(forms);
        Reply {
            status,
            headers,
            first,
            window,
            comments,
            ended: false,
            pass: None,
            exposed,
            connection,
        }
    }

    /// Takes the pass of its attempt along: an answer has begun that is about the request alone.
    pub(super) fn carry(&mut self, pass: Option<Pass>) {
        pass.iter().for_each(Pass::began);
        self.pass = pass;
    }

    /// All was said. An error of the caller's says nothing of how the model fares.
    pub(crate) fn answered(&mut self) {
        if self.status.is_success() {
            self.pass.take().into_iter().for_each(Pass::completed);
        }
    }

    /// It says, in its vendor's own way, that our key is not accepted.
    pub(super) fn refuses_key(&mut self) {
        self.pass.take().into_iter().for_each(Pass::key_refused);
    }

    /// Whether its body is a stream of events.
    pub(crate) fn is_event_stream(&self) -> bool {
        self.comments.is_some()
    }

    /// Whether its body is written in a way that nobody asked for, so that it cannot be read here.
    pub(crate) fn is_encoded(&self) -> bool {
        let said = |name| self.headers.get_all(name).iter();
        let plain = |value: &str| matches!(value, "identity" | "");
        let mut content = said(CONTENT_ENCODING);
        let mut transfer = said(TRANSFER_ENCODING);
        let has_body = self.first.is_some();
        has_body
            && (!content.all(|value| value.to_str().is_ok_and(|v| plain(&lower(v))))
                || !transfer.all(|value| value.to_str().is_ok_and(|v| lower(v) == "chunked")))
    }

    /// What a body is that cannot be read, and so not be searched for our key either.
    pub(crate) fn unreadable(&self) -> AttemptResult {
        match self.status.is_success() {
            true => AttemptResult::BadAnswer,
            false => AttemptResult::Status { status: self.status.as_u16() },
        }
    }

    /// The answer ended before its end.
    pub(super) fn broke(&mut self) {
        self.pass.take().into_iter().for_each(Pass::broke);
    }

    /// The key that was sent along.
    pub(super) fn key(&self) -> Option<&Secret> {
        self.exposed.secret.as_ref()
    }

    /// The next piece, nothing at the end. No total limit: only silence is cut.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Cut> {
        while !self.ended {
            let read = self.read().await;
            if read.is_err() {
                self.broke();
            }
            let clean = match read? {
                Some(bytes) => self.clean(bytes),
                None => self.rest(),
            };
            if !clean.is_empty() {
                return Ok(Some(clean));
            }
        }
        Ok(None)
    }

    async fn read(&mut self) -> Result<Option<Bytes>, Cut> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let idle = self.connection.upstream.settings.idle_timeout;
        let read = self.connection.session.read_response_body();
        fast_timeout(idle, read).await.map_err(|_| Cut)?.map_err(|_| Cut)
    }

    fn clean(&mut self, bytes: Bytes) -> Bytes {
        let masked = self.window.pass(bytes);
        match &mut self.comments {
            Some(comments) => comments.strip(masked),
            None => masked,
        }
    }

    /// What was held back until the end.
    fn rest(&mut self) -> Bytes {
        self.ended = true;
        let held = self.window.finish();
        match &mut self.comments {
            Some(comments) => [comments.strip(held), comments.finish()].concat().into(),
            None => held,
        }
    }

    /// Gives the connection back once the answer was read to its end.
    pub(crate) async fn release(mut self) {
        if self.connection.session.response_done() {
            self.connection.release().await;
        }
    }

    /// Reads what is left of an answer nobody wants, beside the request that goes on.
    pub(crate) fn discard(mut self) {
        if !self.connection.is_shared() {
            return;
        }
        tokio::spawn(async move {
            let drained = async {
                let mut room = DRAIN_MAX;
                while let Ok(Some(bytes)) = self.next().await {
                    match room.checked_sub(bytes.len()) {
                        Some(left) => room = left,
                        None => return,
                    }
                }
                self.release().await;
            };
            // Past the time the connection is dropped, which closes it.
            let _ = fast_timeout(DRAIN_TIMEOUT, drained).await;
        });
    }
}

fn without_key(headers: HeaderMap, forms: &Forms) -> HeaderMap {
    if !headers.values().any(|value| forms.are_in(value.as_bytes())) {
        return headers;
    }
    let mut clean = HeaderMap::with_capacity(headers.len());
    for (name, value) in &headers {
        if !forms.are_in(value.as_bytes()) {
            clean.append(name, value.clone());
        }
    }
    clean
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    lower(content_type.unwrap_or_default()).starts_with("text/event-stream")
}

fn lower(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}
