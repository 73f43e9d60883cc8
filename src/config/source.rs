//! Where a configuration comes from, so that it can be read again.

use std::path::{Path, PathBuf};

use inferlayer_filter::Registration;

use crate::config::{Config, ConfigError, Overrides};

/// A file, or the embedded default, and what the command line says in its place.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) file: Option<PathBuf>,
    pub(crate) overrides: Overrides,
    pub(crate) filters: &'static [Registration],
}

impl Source {
    /// Reads it as it is now.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        let mut config = Config::load(self.file.as_deref(), &self.overrides, self.filters)?;
        config.data_dir = self.base().join(&config.data_dir);
        Ok(config)
    }

    /// The data folder alone, of a configuration that may have mistakes elsewhere.
    pub(crate) fn data_dir(&self) -> Result<PathBuf, ConfigError> {
        if let Some(named) = &self.overrides.data_dir {
            return Ok(std::path::absolute(named).unwrap_or_else(|_| named.clone()));
        }
        match &self.file {
            Some(file) => Ok(self.base().join(Config::data_dir_in(file)?)),
            None => Ok(self.config()?.data_dir),
        }
    }

    /// Where relative paths of the configuration start.
    pub(crate) fn base(&self) -> &Path {
        self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""))
    }
}
