//! Sending a request whose body is there, and waiting for the first piece of its answer.

use std::time::Instant;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use inferlayer_filter::UpstreamRequest;
use inferlayer_filter::exchange::AttemptResult;
use pingora_core::Result;
use pingora_http::RequestHeader;
use pingora_timeout::fast_timeout::fast_timeout;

use crate::upstream::Warrant;
use crate::upstream::connection::{Connection, EARLY_ANSWER_TIMEOUT};
use crate::upstream::credential::Authorized;
use crate::upstream::reply::Reply;

impl Connection {
    /// Sends the request and waits for the first piece of its answer.
    pub(crate) async fn send(
        mut self: Box<Self>,
        request: Authorized,
        _warrant: Warrant<'_>,
    ) -> Result<Reply, AttemptResult> {
        let Authorized { request, exposed } = request;
        let UpstreamRequest { path, mut headers, body } = request;
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        let head = self.head(Method::POST, &path, headers);
        let head = head.map_err(|_| AttemptResult::Unsendable)?;
        self.is_silent().await?;
        let sent = self.write(head, body).await.ok().map(|()| Instant::now());
        let patience = match sent {
            Some(_) => self.upstream.settings.first_byte_timeout,
            None => EARLY_ANSWER_TIMEOUT,
        };
        match fast_timeout(patience, self.begin()).await {
            Ok(Ok(begun)) => Ok(Reply::new(begun, exposed, self)),
            Ok(Err(error)) => Err(self.failure(&error, sent)),
            Err(_) => Err(self.silence(sent)),
        }
    }

    async fn write(&mut self, head: Box<RequestHeader>, body: Bytes) -> Result<()> {
        self.session.write_request_header(head).await?;
        self.session.write_request_body(body, true).await?;
        self.session.finish_request_body().await
    }
}
