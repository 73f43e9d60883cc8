//! `inferlayer demo`: what the gateway does, seen in half a minute. A gateway of its own on a free
//! port, real requests to that port, a line for each answer, and the ledger they left, verified.
//! The provider is the simulated one, so it needs no key and asks nobody.

mod client;
mod gateway;
mod steps;
mod table;

use std::io::{self, Write};
use std::path::PathBuf;

use inferlayer_ledger::Trust;
use inferlayer_ledger::verify::verify;

use crate::cli::demo::client::Client;
use crate::cli::demo::gateway::Gateway;
use crate::cli::{Failure, Place};

/// Runs the demo; an error when something was not as told.
pub(crate) fn run(place: &Place) -> Result<(), Failure> {
    let folder = Folder::choose(place.overrides.data_dir.clone())?;
    let gateway = Gateway::start(&folder.path, place.filters)?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "A gateway on http://{}, its data in {}.",
        gateway.address,
        folder.path.display()
    )?;
    writeln!(out, "Its provider is simulated: no model is asked, nothing is paid.\n")?;

    let surprises = drive(&gateway, &mut out)?;
    let public_key = gateway.stop()?;
    let report = verify(&folder.path.join("journal"), Trust::Key(public_key));
    let report = report.map_err(|error| Failure::Data(format!("ledger: {error}")))?;
    writeln!(out, "\nThe ledger that this left, recomputed:\n{report}")?;
    if surprises > 0 {
        return Err(Failure::Demo(surprises));
    }
    writeln!(out, "Every answer was as told, and the ledger holds.")?;
    folder.tell(&mut out)
}

/// Asks one question after the other; how many answers were not as told.
fn drive(gateway: &Gateway, out: &mut impl Write) -> Result<usize, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = Client::new(gateway.address);
    let mut surprises = 0;
    table::heading(out)?;
    for step in steps::all() {
        let key = gateway.key(step.tenant);
        let answer = runtime.block_on(client.ask(key, &step.body))?;
        table::line(out, &step, &answer)?;
        if let Some(surprise) = step.expected.surprise(&answer) {
            writeln!(out, "  not as told: {surprise}")?;
            surprises += 1;
        }
    }
    Ok(surprises)
}

/// Where the demo's data lies.
struct Folder {
    path: PathBuf,
    /// Made for this run, and taken away after it.
    temporary: bool,
}

impl Folder {
    fn choose(given: Option<PathBuf>) -> io::Result<Folder> {
        if let Some(path) = given {
            return Ok(Folder { path, temporary: false });
        }
        let path = std::env::temp_dir().join(format!("inferlayer-demo-{}", std::process::id()));
        std::fs::create_dir(&path)?;
        Ok(Folder { path, temporary: true })
    }

    fn tell(&self, out: &mut impl Write) -> Result<(), Failure> {
        if !self.temporary {
            let path = self.path.display();
            writeln!(out, "\nAsk a second verifier: python3 tests/verify.py {path}")?;
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
