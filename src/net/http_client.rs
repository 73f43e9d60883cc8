//! The gateway's own HTTP client, for all that is no provider: one request and its whole answer, by
//! Pingora's connector, over HTTP/1.1. Whoever calls brings the address and the time limit.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use pingora_core::connectors::ConnectorOptions;
use pingora_core::connectors::http::v1::Connector;
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_http::RequestHeader;

/// Sends requests, and keeps connections open as its options say.
pub(crate) struct HttpClient {
    connector: Connector,
    answer_max_bytes: usize,
}

/// A connection that one request may be sent on.
pub(crate) struct HttpConnection(HttpSession);

/// A whole answer.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("{0}")]
    Failed(#[from] Box<pingora_core::Error>),
    #[error("it answered without a status")]
    NoStatus,
    #[error("its answer is too long")]
    TooLong,
}

impl HttpClient {
    /// Answers longer than `answer_max_bytes` are refused.
    pub(crate) fn new(options: Option<ConnectorOptions>, answer_max_bytes: usize) -> HttpClient {
        HttpClient { connector: Connector::new(options), answer_max_bytes }
    }

    pub(crate) async fn connect(&self, peer: &HttpPeer) -> Result<HttpConnection, HttpError> {
        let (session, _) = self.connector.get_http_session(peer).await?;
        Ok(HttpConnection(HttpSession::H1(session)))
    }

    /// Sends `head`, which has to state the length of `body`, and reads the answer to its end.
    pub(crate) async fn exchange(
        &self,
        HttpConnection(mut session): HttpConnection,
        head: RequestHeader,
        body: Bytes,
    ) -> Result<HttpAnswer, HttpError> {
        session.write_request_header(Box::new(head)).await?;
        session.write_request_body(body, true).await?;
        session.finish_request_body().await?;
        let (status, headers) = read_head(&mut session).await?;
        let mut body = BytesMut::new();
        while let Some(piece) = session.read_response_body().await? {
            body.extend_from_slice(&piece);
            if body.len() > self.answer_max_bytes {
                return Err(HttpError::TooLong);
            }
        }
        Ok(HttpAnswer { status, headers, body: body.freeze() })
    }
}

/// The head that is none of 1xx.
async fn read_head(session: &mut HttpSession) -> Result<(StatusCode, HeaderMap), HttpError> {
    loop {
        session.read_response_header().await?;
        let head = session.response_header().ok_or(HttpError::NoStatus)?;
        if !head.status.is_informational() {
            return Ok((head.status, head.headers.clone()));
        }
    }
}
