//! What stands in a config record: by which configuration and prices the records after it came
//! about.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Kind 5: a configuration was loaded.
#[derive(Serialize, Deserialize)]
pub struct ConfigLoaded<'a> {
    /// The file, or `embedded default`.
    pub source: Cow<'a, str>,
    /// SHA-256 of the configuration's bytes.
    pub config_sha256: Cow<'a, str>,
    /// SHA-256 of the price book.
    pub prices_sha256: Cow<'a, str>,
    /// The price book in its canonical form, unless the log has it already.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub price_book: Option<Cow<'a, str>>,
    /// SHA-256 of the configuration that this one followed while the gateway ran.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub previous_config_sha256: Option<Cow<'a, str>>,
}
