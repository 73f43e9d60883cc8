//! The other end of the admin socket, for the command line.

use std::path::Path;

use bytes::Bytes;
use pingora_core::ErrorType;
use pingora_core::connectors::http::Connector;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_http::RequestHeader;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::admin::problem::Problem;

/// A gateway that runs beside us.
pub(crate) struct Client {
    peer: HttpPeer,
    connector: Connector,
}

/// Why the gateway did not do it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// No gateway runs on this data folder.
    #[error("no gateway runs on this data folder")]
    NotRunning,
    /// It said why not.
    #[error("{0}")]
    Refused(String),
    /// It could not be talked to.
    #[error("admin socket: {0}")]
    Broken(String),
}

impl Client {
    /// The gateway behind a socket.
    pub(crate) fn new(socket: &Path) -> Result<Client, ClientError> {
        if !socket.exists() {
            return Err(ClientError::NotRunning);
        }
        let peer = HttpPeer::new_uds(&socket.to_string_lossy(), false, String::new());
        let peer = peer.map_err(|error| ClientError::Broken(error.to_string()))?;
        Ok(Client { peer, connector: Connector::new(None) })
    }

    /// One request; what is answered must be of type `T`.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, ClientError> {
        let body = body.map(serde_json::to_vec).transpose();
        let body = body.map_err(|error| ClientError::Broken(error.to_string()))?;
        let (good, answer) = self.exchange(method, path, body.unwrap_or_default().into()).await?;
        let broken = |error: serde_json::Error| ClientError::Broken(error.to_string());
        if good {
            return serde_json::from_slice(&answer).map_err(broken);
        }
        let problem: Problem = serde_json::from_slice(&answer).map_err(broken)?;
        Err(ClientError::Refused(problem.error))
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        body: Bytes,
    ) -> Result<(bool, Vec<u8>), ClientError> {
        let (mut session, _) = self.connector.get_http_session(&self.peer).await?;
        let mut head = RequestHeader::build(method, path.as_bytes(), Some(2))?;
        head.insert_header(http::header::HOST, "admin")?;
        head.insert_header(http::header::CONTENT_LENGTH, body.len())?;
        session.write_request_header(Box::new(head)).await?;
        session.write_request_body(body, true).await?;
        session.finish_request_body().await?;
        session.read_response_header().await?;
        let good = session.response_header().is_some_and(|head| head.status.is_success());
        let mut answer = Vec::new();
        while let Some(bytes) = session.read_response_body().await? {
            answer.extend_from_slice(&bytes);
        }
        Ok((good, answer))
    }
}

impl From<Box<pingora_core::Error>> for ClientError {
    fn from(error: Box<pingora_core::Error>) -> ClientError {
        match error.etype() {
            ErrorType::ConnectRefused | ErrorType::ConnectError => ClientError::NotRunning,
            _ => ClientError::Broken(error.to_string()),
        }
    }
}
