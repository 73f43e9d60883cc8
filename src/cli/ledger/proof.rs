//! `inferlayer ledger proof`: that a record is in the log, as the text of a C2SP tlog-proof. Of the
//! gateway that runs, or from the journal when none does.

use std::io::{self, Write};

use clap::Args;
use inferlayer_ledger::{InclusionProof, Trust};
use uuid::Uuid;

use crate::admin::ClientError;
use crate::cli::journal::unreadable;
use crate::cli::ledger::receipt::receipt_of;
use crate::cli::operator::{Request, ask};
use crate::cli::{Failure, Place};
use crate::data_dir::DataDir;
use crate::operations::Proof;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: Which,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The record's place in the log, from 0.
    #[arg(long, value_name = "NUMBER")]
    sequence: Option<u64>,
    /// The id of a request, for its last record.
    #[arg(long, value_name = "ID")]
    request: Option<Uuid>,
}

pub(crate) fn run(place: &Place, arguments: Arguments) -> Result<(), Failure> {
    let data_dir = DataDir::at(&place.config()?.data_dir);
    let proof = match arguments.which {
        Which { request: Some(request), .. } => {
            let last = receipt_of(&data_dir, request)?.records.pop();
            last.map(|record| record.proof).unwrap_or_default()
        }
        Which { sequence, .. } => proof_of(&data_dir, sequence.unwrap_or_default())?,
    };
    Ok(write!(io::stdout(), "{proof}")?)
}

fn proof_of(data_dir: &DataDir, sequence: u64) -> Result<String, Failure> {
    let path = format!("/proofs/{sequence}");
    match ask(data_dir, Request { method: "GET", path: &path, body: None::<&()>, new_log: false }) {
        Err(Failure::Client(ClientError::NotRunning)) => {
            let proof = InclusionProof::read(&data_dir.journal(), Trust::FirstUse, sequence);
            let proof = proof.map_err(|error| unreadable(&data_dir.journal(), error))?;
            Ok(proof.to_text())
        }
        answered => answered.map(|Proof { proof }| proof),
    }
}
