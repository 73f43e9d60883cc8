//! The files that a configuration names and that are read again with it.

use std::path::{Path, PathBuf};

use crate::config::Config;

impl Config {
    /// Secrets and roots of providers, and the price book; relative paths start at `base`.
    pub(crate) fn files(&self, base: &Path) -> Vec<PathBuf> {
        let providers = self.providers.iter().flat_map(|provider| provider.files(base));
        providers.chain(self.price_file.as_ref().map(|file| base.join(file))).collect()
    }
}
