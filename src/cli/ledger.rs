//! `inferlayer ledger`: what reads it reads journal files alone, so it works beside a running
//! gateway and on a copy; what writes to it asks the gateway that runs. What `verify` finds is what
//! `inferlayer-verify` finds, which auditors build without the proxy.

mod backup;
mod export;
mod proof;
mod rebuild;
mod receipt;
mod restore;
mod retain;
mod rotate_key;

use std::io::{self, Write};

use clap::{Args, Subcommand};
use inferlayer_ledger::verify::{Evidence, Examination};
use inferlayer_verify::{Told, verify};

use crate::cli::journal::{trust, unreadable};
use crate::cli::{Failure, Place, show, shred};
use crate::data_dir::DataDir;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Recompute every hash, signature, root, balance and cost, and say what holds.
    Verify(Verification),
    /// Show the records of a request, with what its tenant's key opens.
    Show(show::Arguments),
    /// Destroy a tenant's key, so that its content is unreadable for ever.
    Shred(shred::Arguments),
    /// Print the proof that a record is in the log.
    Proof(proof::Arguments),
    /// Print the receipt of a request: its records without content, and their proofs.
    Receipt(receipt::Arguments),
    /// Write records as JSON lines, the newest checkpoint last.
    Export(export::Arguments),
    /// Copy the log to another folder, without any key; again: only what is new.
    Backup(backup::Arguments),
    /// Go on with a backup where the journal is lost; a signed record names what it lacks.
    Restore(restore::Arguments),
    /// Drop old records, whole segments at a time, with a signed record that says so.
    Retain(retain::Arguments),
    /// Hand the log on to a new signing key and destroy the old one.
    RotateKey(rotate_key::Arguments),
    /// Build the index anew from the journal.
    Rebuild,
}

#[derive(Args)]
pub(crate) struct Verification {
    /// The public key to hold the ledger against: the key itself, or a file with it.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A receipt, a proof or a checkpoint that was kept elsewhere, or a file with one; may be given
    /// again.
    #[arg(long, value_name = "EVIDENCE")]
    evidence: Vec<String>,
    /// As one line of JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(place: &Place, command: Command) -> Result<(), Failure> {
    match command {
        Command::Verify(arguments) => check(place, &arguments),
        Command::Show(arguments) => show::run(place, arguments),
        Command::Shred(arguments) => shred::run(place, arguments),
        Command::Proof(arguments) => proof::run(place, arguments),
        Command::Receipt(arguments) => receipt::run(place, arguments),
        Command::Export(arguments) => export::run(place, arguments),
        Command::Backup(arguments) => backup::run(place, arguments),
        Command::Restore(arguments) => restore::run(place, arguments),
        Command::Retain(arguments) => retain::run(place, arguments),
        Command::RotateKey(arguments) => rotate_key::run(place, &arguments),
        Command::Rebuild => rebuild::run(place),
    }
}

fn check(place: &Place, arguments: &Verification) -> Result<(), Failure> {
    let journal = DataDir::at(&place.config()?.data_dir).journal();
    let trust = trust(arguments.key.as_deref())?;
    let evidence = arguments.evidence.iter().map(|word| {
        Evidence::given(word).map_err(|error| Failure::Usage(format!("--evidence {word}: {error}")))
    });
    let examination =
        Examination::new(&journal, trust).evidence(evidence.collect::<Result<_, _>>()?);
    let told = Told::of(verify(examination), arguments.json)
        .map_err(|error| unreadable(&journal, error))?;
    write!(io::stdout(), "{}", told.text)?;
    match told.code {
        0 => Ok(()),
        1 => Err(Failure::Verdict),
        _ => Err(Failure::Unconfirmed),
    }
}
