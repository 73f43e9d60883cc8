//! Sending a body that is not there yet. Pieces go to the provider as the client brings them;
//! between two of them a provider that answers early, such as 413, is heard.

use std::time::Instant;

use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use inferlayer_filter::exchange::AttemptResult;
use inferlayer_filter::{Passage, Refusal, UpstreamRequest};
use pingora_core::Result;
use pingora_http::RequestHeader;
use pingora_timeout::fast_timeout::fast_timeout;

use crate::upstream::Warrant;
use crate::upstream::connection::{Connection, EARLY_ANSWER_TIMEOUT};
use crate::upstream::credential::Authorized;
use crate::upstream::forwarded::{OF_PASSAGES, pass};
use crate::upstream::reply::Reply;
use crate::upstream::request::AGENT;
use crate::upstream::request_body::{Length, RequestBody};

/// The request as filters see it: without body, framing and host.
pub(crate) fn request(passage: &Passage, client: &HeaderMap) -> UpstreamRequest {
    let mut headers = HeaderMap::with_capacity(16);
    OF_PASSAGES.iter().for_each(|name| pass(name, client, &mut headers));
    // What is recorded is recorded to be read.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    UpstreamRequest { path: passage.target(), headers, body: bytes::Bytes::new() }
}

/// How the sending ended.
enum Sent {
    /// All of the body.
    All,
    /// The provider has begun to answer before its end.
    Answered,
    /// It takes no more; what it has to say may still be there.
    Broken,
}

impl Connection {
    /// Sends the request, its body as it comes, and waits for the first piece of the answer. Never
    /// on a connection that was used before: what was sent cannot be sent again. An error is the
    /// client's: it is gone, too slow, or sends too much.
    pub(crate) async fn send_streamed(
        mut self: Box<Self>,
        method: Method,
        request: Authorized,
        upload: &mut dyn RequestBody,
        _warrant: Warrant<'_>,
    ) -> Result<Result<Reply, AttemptResult>, Refusal> {
        let Authorized { request, exposed } = request;
        let UpstreamRequest { path, mut headers, .. } = request;
        frame(&method, upload.length(), &mut headers);
        let Ok(head) = self.head(method, &path, headers) else {
            return Ok(Err(AttemptResult::Unsendable));
        };
        if let Err(early) = self.is_silent().await {
            return Ok(Err(early));
        }
        upload.invite().await?;
        let idle = self.upstream.settings.idle_timeout;
        let sent = self.send_pieces(head, upload).await?;
        let sent_at = matches!(sent, Sent::All).then(Instant::now);
        let patience = match sent {
            Sent::All => self.upstream.settings.first_byte_timeout,
            Sent::Answered => idle,
            Sent::Broken => EARLY_ANSWER_TIMEOUT,
        };
        let answer = tokio::select! {
            biased;
            answer = fast_timeout(patience, self.begin()) => answer,
            ended = upload.interrupted() => return Err(ended),
        };
        Ok(match answer {
            Ok(Ok(begun)) => Ok(Reply::new(begun, exposed, self)),
            Ok(Err(error)) => Err(self.failure(&error, sent_at)),
            Err(_) => Err(self.silence(sent_at)),
        })
    }

    async fn send_pieces(
        &mut self,
        head: Box<RequestHeader>,
        upload: &mut dyn RequestBody,
    ) -> Result<Sent, Refusal> {
        if self.session.write_request_header(head).await.is_err() {
            return Ok(Sent::Broken);
        }
        loop {
            // Neither loses anything when the other is first.
            let piece = tokio::select! {
                biased;
                answered = self.read_final_head() => {
                    return Ok(answered.map_or(Sent::Broken, |()| Sent::Answered));
                }
                piece = upload.next() => piece?,
            };
            let written = match piece {
                Some(piece) if piece.is_empty() => Ok(()),
                Some(piece) => self.session.write_request_body(piece, false).await,
                None => {
                    let finished = self.session.finish_request_body().await;
                    return Ok(finished.map_or(Sent::Broken, |()| Sent::All));
                }
            };
            if written.is_err() {
                return Ok(Sent::Broken);
            }
        }
    }
}

/// The framing of a body (RFC 9112 §6). A method that is meant to have one says so if it has none.
fn frame(method: &Method, length: Length, headers: &mut HeaderMap) {
    let bytes = match length {
        Length::Bytes(bytes) => bytes,
        Length::NoBody if matches!(*method, Method::GET | Method::HEAD | Method::DELETE) => return,
        Length::NoBody => 0,
        Length::Unknown => {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            return;
        }
    };
    headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes));
}
