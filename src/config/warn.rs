//! What is well formed, can work, and is likely not meant. `check` tells it and still says ok,
//! `serve` logs it; `check --strict` refuses it.

use std::path::Path;

use inferlayer_filter::contract::Level;

use crate::config::document::Document;
use crate::config::file::File;
use crate::config::{base_url, data_dir};

/// All but what the filters know.
pub(crate) fn warn(file: &File, base: &Path, document: &mut Document) {
    for (index, provider) in file.providers.iter().enumerate() {
        let path = format!("providers[{index}]");
        for problem in base_url::warnings(provider) {
            document.warn(&format!("{path}.base_url"), Level::Warning, problem);
        }
        if let Some(problem) = provider.key.as_ref().and_then(|key| key.warning(base)) {
            document.warn(&format!("{path}.key"), Level::Warning, problem);
        }
    }
    for (field, key) in file.ledger.signing_keys() {
        if let Some(problem) = key.warning(base) {
            document.warn(&format!("ledger.{field}"), Level::Warning, problem);
        }
    }
    if let Some(problem) = data_dir::warning(&base.join(&file.data_dir)) {
        document.warn("data_dir", Level::Warning, problem);
    }
}
