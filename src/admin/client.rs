//! The other end of the admin socket, for the command line.

use std::path::Path;

use bytes::Bytes;
use pingora_core::ErrorType;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_http::RequestHeader;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::admin::problem::Problem;
use crate::net::{HttpAnswer, HttpClient, HttpError};

/// A list of very many keys; the gateway is trusted, its answers have an end all the same.
const ANSWER_MAX_BYTES: usize = 256 * 1024 * 1024;

/// A gateway that runs beside us.
pub(crate) struct Client {
    peer: HttpPeer,
    client: HttpClient,
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
        Ok(Client { peer, client: HttpClient::new(None, ANSWER_MAX_BYTES) })
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
        let answer = self.exchange(method, path, body.unwrap_or_default().into()).await?;
        let broken = |error: serde_json::Error| ClientError::Broken(error.to_string());
        if answer.status.is_success() {
            return serde_json::from_slice(&answer.body).map_err(broken);
        }
        let problem: Problem = serde_json::from_slice(&answer.body).map_err(broken)?;
        Err(ClientError::Refused(problem.error))
    }

    async fn exchange(
        &self,
        method: &str,
        path: &str,
        body: Bytes,
    ) -> Result<HttpAnswer, ClientError> {
        let mut head = RequestHeader::build(method, path.as_bytes(), Some(2))?;
        head.insert_header(http::header::HOST, "admin")?;
        head.insert_header(http::header::CONTENT_LENGTH, body.len())?;
        let connection = self.client.connect(&self.peer).await?;
        Ok(self.client.exchange(connection, head, body).await?)
    }
}

impl From<HttpError> for ClientError {
    fn from(error: HttpError) -> ClientError {
        match error {
            HttpError::Failed(error) => error.into(),
            error => ClientError::Broken(error.to_string()),
        }
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
