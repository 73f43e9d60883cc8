//! `inferlayer ledger receipt`: a request's records, each with its proof, as `inferlayer-verify
//! receipt` checks them offline. Of the gateway that runs, or from the journal when none does.

use std::io::{self, Write};

use clap::Args;
use inferlayer_ledger::{ReceiptFile, RequestId, Trust};
use uuid::Uuid;

use crate::admin::ClientError;
use crate::cli::journal::unreadable;
use crate::cli::operator::{Request, ask};
use crate::cli::{Failure, Place};
use crate::data_dir::DataDir;
use crate::operations::ReceiptsError;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The request's id, as in the header x-request-id of its answer.
    #[arg(long, value_name = "ID")]
    request: Uuid,
}

pub(crate) fn run(place: &Place, arguments: Arguments) -> Result<(), Failure> {
    let receipt = receipt_of(&DataDir::at(&place.config()?.data_dir), arguments.request)?;
    let json = serde_json::to_string_pretty(&receipt);
    let json = json.map_err(|error| Failure::Data(error.to_string()))?;
    Ok(writeln!(io::stdout(), "{json}")?)
}

/// The receipt of a request.
pub(super) fn receipt_of(data_dir: &DataDir, request: Uuid) -> Result<ReceiptFile, Failure> {
    let path = format!("/receipts/{request}");
    match ask(data_dir, Request { method: "GET", path: &path, body: None::<&()>, new_log: false }) {
        Err(Failure::Client(ClientError::NotRunning)) => {
            let request = RequestId::new(request.into_bytes());
            let request = request.ok_or_else(|| Failure::Usage("no request has this id".into()))?;
            let read = ReceiptFile::read(&data_dir.journal(), Trust::FirstUse, request);
            read.map_err(|error| unreadable(&data_dir.journal(), ReceiptsError::from(error)))
        }
        answered => answered,
    }
}
