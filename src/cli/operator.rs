//! What an operator wants done: by the gateway that runs, through its admin socket, or with the
//! ledger in one's own hands when none does.

use std::time::{Duration, Instant};

use inferlayer_ledger::OpenError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::admin::{Client, ClientError};
use crate::cli::owner::become_owner;
use crate::cli::{Failure, Place};
use crate::data_dir::DataDir;
use crate::state::{Books, BooksError, Insist, open_books};

/// A request to the admin socket.
pub(crate) struct Request<'a, B> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: Option<&'a B>,
    /// Whether a ledger may be begun where there is none.
    pub(crate) new_log: bool,
}

/// A gateway that starts holds the ledger before it answers.
const STARTING_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Asks the gateway that runs; does it `alone` when none does.
pub(crate) fn ask_or<T: DeserializeOwned>(
    place: &Place,
    request: Request<'_, impl Serialize>,
    alone: impl AsyncFnOnce(&Books) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let config = place.config()?;
    let data_dir = DataDir::at(&config.data_dir);
    let deadline = Instant::now() + STARTING_WITHIN;
    runtime()?.block_on(async {
        loop {
            match send(&data_dir, &request).await {
                Err(ClientError::NotRunning) => {}
                answer => return Ok(answer?),
            }
            check_place(&data_dir, request.new_log)?;
            become_owner(data_dir.path())?;
            match open_books(&config, &data_dir, place.base(), Insist::default()) {
                Ok(books) => {
                    let done = alone(&books).await;
                    books.ledger.close().map_err(|error| Failure::Data(error.to_string()))?;
                    return done;
                }
                Err(BooksError::Ledger(OpenError::Locked)) if Instant::now() < deadline => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                Err(error) => return Err(in_folder(&data_dir, error)),
            }
        }
    })
}

/// A ledger is not begun by accident, such as by a command that runs in another folder than the
/// gateway: its keys would be nobody's.
fn check_place(data_dir: &DataDir, new_log: bool) -> Result<(), Failure> {
    if new_log || data_dir.journal().exists() {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "neither a gateway nor a ledger is in {}: name the right folder by --data-dir or --config",
        data_dir.path().display()
    )))
}

fn in_folder(data_dir: &DataDir, error: BooksError) -> Failure {
    match error {
        BooksError::Ledger(error) => {
            Failure::Data(format!("ledger in {}: {error}", data_dir.path().display()))
        }
        error => Failure::Books(error),
    }
}

/// Asks the gateway that runs.
pub(crate) fn ask<T: DeserializeOwned>(
    data_dir: &DataDir,
    request: Request<'_, impl Serialize>,
) -> Result<T, Failure> {
    Ok(runtime()?.block_on(send(data_dir, &request))?)
}

async fn send<T: DeserializeOwned>(
    data_dir: &DataDir,
    request: &Request<'_, impl Serialize>,
) -> Result<T, ClientError> {
    let Request { method, path, body, .. } = *request;
    Client::new(&data_dir.admin_socket())?.call(method, path, body).await
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
