//! What an operator wants done: by the gateway that runs, through its admin socket, or with the
//! ledger in one's own hands when none does.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::admin::{Client, ClientError};
use crate::cli::{Failure, Place};
use crate::server::{Books, DataDir, open_books};

/// A request to the admin socket.
pub(crate) struct Request<'a, B> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: Option<&'a B>,
}

/// Asks the gateway that runs; does it `alone` when none does.
pub(crate) fn ask_or<T: DeserializeOwned>(
    place: &Place,
    request: Request<'_, impl Serialize>,
    alone: impl AsyncFnOnce(&Books) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let config = place.config()?;
    let data_dir = DataDir::at(&config.data_dir);
    runtime()?.block_on(async {
        match send(&data_dir, request).await {
            Err(ClientError::NotRunning) => {
                let books = open_books(&config, &data_dir, place.base())?;
                let done = alone(&books).await;
                books.ledger.close().map_err(|error| Failure::Data(error.to_string()))?;
                done
            }
            answer => Ok(answer?),
        }
    })
}

/// Asks the gateway that runs.
pub(crate) fn ask<T: DeserializeOwned>(
    data_dir: &DataDir,
    request: Request<'_, impl Serialize>,
) -> Result<T, Failure> {
    Ok(runtime()?.block_on(send(data_dir, request))?)
}

async fn send<T: DeserializeOwned>(
    data_dir: &DataDir,
    request: Request<'_, impl Serialize>,
) -> Result<T, ClientError> {
    let Request { method, path, body } = request;
    Client::new(&data_dir.admin_socket())?.call(method, path, body).await
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
