//! `inferlayer serve`: the gateway. Without a configuration it also mints a key and prints a
//! command that works when pasted.

use std::io::{self, Write};

use inferlayer_accounts::TenantName;
use inferlayer_filter::contract::Level;

use crate::cli::{Failure, Place, log};
use crate::operations::{CreateKey, Keys};
use crate::server::{self, Built};
use crate::state::Insist;
use crate::stop::Signals;

/// A key that was printed on a terminal does not live for ever.
const EMBEDDED_KEY_DAYS: u32 = 30;

pub(crate) fn run(place: &Place, insist: Insist) -> Result<(), Failure> {
    log::start();
    let signals = Signals::listen()?;
    let config = place.config()?;
    for warning in config.warnings.iter().filter(|warning| warning.level == Level::Warning) {
        tracing::warn!("{warning}");
    }
    let built = server::build(config, place.clone(), insist)?;
    match welcome(place, &built) {
        // Nobody reads: no reason not to serve.
        Err(Failure::Output(error)) => tracing::warn!(%error, "cannot write to standard output"),
        told => told?,
    }
    server::run(built, signals)?;
    Ok(())
}

fn welcome(place: &Place, built: &Built) -> Result<(), Failure> {
    let address = built.listeners.http.address().map(|a| a.to_string()).unwrap_or_default();
    let metrics = built.listeners.metrics.as_ref().and_then(|listener| listener.address());
    let mut out = io::stdout().lock();
    writeln!(out, "InferLayer {} listens on http://{address}", env!("CARGO_PKG_VERSION"))?;
    if let Some(metrics) = metrics {
        writeln!(out, "metrics on http://{metrics}/metrics")?;
    }
    writeln!(out, "data in {}", built.data_dir.path().display())?;
    writeln!(out, "configured by {}", built.current.take().config.source)?;
    if place.file.is_none() {
        let key = embedded_key(built)?;
        writeln!(
            out,
            "\nTry it (tenant `{}`, budget 10 USD, key valid for {EMBEDDED_KEY_DAYS} days):\n\n\
             curl http://{address}/v1/chat/completions -H 'authorization: Bearer {key}' \
             -H 'content-type: application/json' -d '{{\"model\":\"auto\",\
             \"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'\n",
            crate::config::EMBEDDED_TENANT,
        )?;
    }
    out.flush()?;
    Ok(())
}

fn embedded_key(built: &Built) -> Result<String, Failure> {
    let tenant = TenantName::try_from(crate::config::EMBEDDED_TENANT.to_owned())
        .map_err(|error| Failure::Data(error.to_string()))?;
    let books = &built.state.books;
    let keys = Keys::new(std::sync::Arc::clone(&books.accounts), books.ledger.clone());
    let (label, expires_in_days) = ("embedded default".to_owned(), Some(EMBEDDED_KEY_DAYS));
    let asked = CreateKey { tenant, label, expires_in_days };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    Ok(runtime.block_on(keys.create(asked))?.key)
}
