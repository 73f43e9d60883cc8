//! The admin socket: what operators do beside a running gateway. HTTP on a unix socket, mode 0600,
//! so its permissions are those of the file. What it does is in `operations`.

mod client;
mod problem;

use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, Response, StatusCode};
use inferlayer_accounts::{Accounts, KeyId};
use inferlayer_ledger::RequestId;
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::admin::problem::Problem;
use crate::generation::Reloader;
use crate::operations::{Keys, Receipts, Retainer, Rotator, Shredder, Spend};
use crate::state::Books;

pub(crate) use client::{Client, ClientError};

/// Answers on the admin socket.
pub(crate) struct Admin {
    accounts: Arc<Accounts>,
    keys: Keys,
    shredder: Shredder,
    rotator: Rotator,
    retainer: Retainer,
    receipts: Receipts,
    reloader: Arc<Reloader>,
}

const BODY_MAX_BYTES: usize = 64 * 1024;

impl Admin {
    pub(crate) fn new(books: &Books, reloader: &Arc<Reloader>) -> Admin {
        let (accounts, ledger) = (|| Arc::clone(&books.accounts), || books.ledger.clone());
        Admin {
            accounts: accounts(),
            keys: Keys::new(accounts(), ledger()),
            shredder: Shredder::new(accounts(), ledger(), books.tenant_keys.clone()),
            rotator: Rotator::new(ledger(), Arc::clone(&books.signing_keys)),
            retainer: Retainer::new(ledger()),
            receipts: Receipts::new(ledger()),
            reloader: Arc::clone(reloader),
        }
    }

    async fn answer(&self, session: &mut ServerSession) -> Result<Response<Vec<u8>>, Problem> {
        let request = session.req_header();
        let (method, path) = (request.method.clone(), request.uri.path().to_owned());
        let (ok, created) = (StatusCode::OK, StatusCode::CREATED);
        Ok(match (method, path.as_str()) {
            (Method::GET, "/keys") => json(ok, &self.keys.list()),
            (Method::POST, "/keys") => {
                json(created, &self.keys.create(body(session).await?).await?)
            }
            (Method::DELETE, path) => json(ok, &self.keys.revoke(key_id(path)?).await?),
            (Method::GET, "/spend") => json(ok, &Spend::live(&self.accounts)),
            (Method::GET, path) if path.starts_with("/receipts/") => {
                json(ok, &self.receipts.of(request_id(path)?).await?)
            }
            (Method::GET, path) if path.starts_with("/proofs/") => {
                json(ok, &self.receipts.proof(sequence(path)?).await?)
            }
            (Method::POST, "/shred") => json(ok, &self.shredder.shred(body(session).await?).await?),
            (Method::POST, "/reload") => json(ok, &self.reloader.reload().await),
            (Method::POST, "/rotate-key") => json(ok, &self.rotator.rotate().await?),
            (Method::POST, "/retain") => {
                json(ok, &self.retainer.retain_confirmed(body(session).await?).await?)
            }
            _ => return Err(Problem::unknown_path()),
        })
    }
}

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        self.answer(session).await.unwrap_or_else(|problem| json(problem.status, &problem))
    }
}

/// The key in `/keys/<id>`.
fn key_id(path: &str) -> Result<KeyId, Problem> {
    let id = path.strip_prefix("/keys/").ok_or_else(Problem::unknown_path)?;
    id.parse().map_err(|_| Problem::bad_request("not the id of a key"))
}

/// The request in `/receipts/<id>`.
fn request_id(path: &str) -> Result<RequestId, Problem> {
    let id = path.strip_prefix("/receipts/").and_then(|id| Uuid::try_parse(id).ok());
    let id = id.and_then(|id| RequestId::new(id.into_bytes()));
    id.ok_or_else(|| Problem::bad_request("not the id of a request"))
}

/// The record in `/proofs/<sequence>`.
fn sequence(path: &str) -> Result<u64, Problem> {
    let sequence = path.strip_prefix("/proofs/").and_then(|sequence| sequence.parse().ok());
    sequence.ok_or_else(|| Problem::bad_request("not the number of a record"))
}

async fn body<T: DeserializeOwned>(session: &mut ServerSession) -> Result<T, Problem> {
    let unread = || Problem::bad_request("the body cannot be read, or is too long");
    let mut body = Vec::new();
    while let Some(bytes) = session.read_request_body().await.map_err(|_| unread())? {
        body.extend_from_slice(&bytes);
        if body.len() > BODY_MAX_BYTES {
            return Err(unread());
        }
    }
    serde_json::from_slice(&body).map_err(|_| Problem::bad_request("not what this path asks for"))
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
