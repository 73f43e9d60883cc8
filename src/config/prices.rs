//! The block `prices`: which price book counts.

use std::path::{Path, PathBuf};

use inferlayer_accounts::PriceBook;
use inferlayer_accounts::price_book::PriceBookError;
use serde::Deserialize;

use crate::config::document::Document;
use crate::config::yaml::{self, YamlError};

/// The prices that ship with the gateway.
const EMBEDDED: &str = include_str!("../../conf/prices.yaml");

/// The block `prices`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PriceSettings {
    /// A price book; the embedded one when absent.
    pub(crate) file: Option<PathBuf>,
}

impl PriceSettings {
    /// Reads the book; the embedded one in place of one that has a mistake.
    pub(crate) fn load(&self, document: &mut Document, base: &Path) -> Option<PriceBook> {
        let own = self.file.as_ref().and_then(|file| read(&base.join(file), document));
        own.or_else(|| parse(EMBEDDED, "embedded prices", document))
    }
}

fn read(path: &Path, document: &mut Document) -> Option<PriceBook> {
    let file = path.display().to_string();
    match yaml::read(path, &file) {
        Ok(text) => parse(&text, &file, document),
        Err(mistake) => {
            document.report("prices.file", mistake.to_string());
            None
        }
    }
}

fn parse(text: &str, file: &str, document: &mut Document) -> Option<PriceBook> {
    match PriceBook::parse(text) {
        Ok(book) => return Some(book),
        Err(PriceBookError::Yaml(error)) => {
            document.report_file("prices.file", YamlError(error).in_file(file, text));
        }
        Err(error) => document.report("prices.file", format!("{file}: {error}")),
    }
    None
}
