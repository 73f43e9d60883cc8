//! The admin socket: what operators do beside a running gateway. HTTP on a unix socket, mode 0600,
//! so its permissions are those of the file. Each change is a ledger record first and takes effect
//! only when that is durable.

mod client;
mod keys;

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, Response, StatusCode};
use inferlayer_accounts::Accounts;
use inferlayer_ledger::Ledger;
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use serde::Serialize;

pub(crate) use client::{Client, ClientError};
pub(crate) use keys::{CreateKey, CreatedKey, KeyError, Keys};

/// Answers on the admin socket.
pub(crate) struct Admin {
    keys: Keys,
}

/// What is said when something cannot be done.
#[derive(Serialize, serde::Deserialize)]
pub(crate) struct Problem {
    /// One sentence.
    pub(crate) error: String,
}

const BODY_MAX_BYTES: usize = 64 * 1024;

impl Admin {
    pub(crate) fn new(accounts: Arc<Accounts>, ledger: Ledger) -> Admin {
        Admin { keys: Keys::new(accounts, ledger) }
    }

    async fn answer(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let request = session.req_header();
        let (method, path) = (request.method.clone(), request.uri.path().to_owned());
        match (method, path.as_str()) {
            (Method::GET, "/keys") => json(StatusCode::OK, &self.keys.list()),
            (Method::POST, "/keys") => {
                let Some(asked) = body(session).await else {
                    return problem(StatusCode::BAD_REQUEST, "not a request for a key");
                };
                result(StatusCode::CREATED, self.keys.create(asked).await)
            }
            (Method::DELETE, path) => match path.strip_prefix("/keys/").map(str::parse) {
                Some(Ok(id)) => result(StatusCode::OK, self.keys.revoke(id).await),
                Some(Err(_)) => problem(StatusCode::BAD_REQUEST, "not the id of a key"),
                None => problem(StatusCode::NOT_FOUND, "unknown path"),
            },
            _ => problem(StatusCode::NOT_FOUND, "unknown path"),
        }
    }
}

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        self.answer(session).await
    }
}

async fn body(session: &mut ServerSession) -> Option<CreateKey> {
    let mut body = Vec::new();
    while let Some(bytes) = session.read_request_body().await.ok()? {
        body.extend_from_slice(&bytes);
        if body.len() > BODY_MAX_BYTES {
            return None;
        }
    }
    serde_json::from_slice(&body).ok()
}

fn result<T: Serialize>(good: StatusCode, result: Result<T, KeyError>) -> Response<Vec<u8>> {
    match result {
        Ok(value) => json(good, &value),
        Err(error) => problem(error.status(), &error.to_string()),
    }
}

fn problem(status: StatusCode, error: &str) -> Response<Vec<u8>> {
    json(status, &Problem { error: error.to_owned() })
}

fn json(status: StatusCode, value: &impl Serialize) -> Response<Vec<u8>> {
    let mut response = Response::new(serde_json::to_vec(value).unwrap_or_default());
    *response.status_mut() = status;
    let length = response.body().len();
    let headers = response.headers_mut();
    let json = http::HeaderValue::from_static("application/json");
    headers.insert(http::header::CONTENT_TYPE, json);
    headers.insert(http::header::CONTENT_LENGTH, http::HeaderValue::from(length));
    response
}
