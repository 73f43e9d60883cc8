//! What the ledger is told of configurations: each is recorded before it is in force.

use inferlayer_ledger::{Content, Entry, Kind, Ledger, Unavailable};
use inferlayer_records::ConfigLoaded;

use crate::config::Config;

/// Why a configuration was not recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    #[error("ledger: {0}")]
    Ledger(#[from] Unavailable),
    #[error("the record of the configuration: {0}")]
    Metadata(#[from] serde_json::Error),
}

/// Records that a configuration is taken over, after the one with the digest `previous` if the
/// gateway runs. The price book goes along unless the log has it as its newest.
pub(crate) fn record(
    ledger: &Ledger,
    config: &Config,
    previous: Option<&str>,
    knows_prices: bool,
) -> Result<(), RecordError> {
    let prices = &config.outline.prices;
    let loaded = ConfigLoaded {
        source: config.source.as_str().into(),
        config_sha256: config.sha256.as_str().into(),
        prices_sha256: prices.digest().into(),
        price_book: (!knows_prices).then(|| (&**prices.canonical()).into()),
        previous_config_sha256: previous.map(Into::into),
    };
    let (kind, metadata) = (Kind::Config, serde_json::to_vec(&loaded)?);
    let (request, tenant, content) = (None, None, Content::None);
    ledger.append(Entry { kind, request, tenant, metadata, content })?.wait_blocking()?;
    Ok(())
}
