//! The configuration: strict YAML, read by the types it configures. Every mistake is told as
//! `file:line:column: path: what`, so that an editor can jump to it. Secrets stand here only by
//! reference.

mod embedded;
mod error;
mod file;
mod filters;
mod limits;
mod locate;
mod providers;
mod secret;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use inferlayer_accounts::{PriceBook, TenantSettings};
use inferlayer_filter::Registration;
use inferlayer_filter::registration::Unbuilt;

pub(crate) use self::embedded::{Embedded, TENANT as EMBEDDED_TENANT};
pub use self::error::ConfigError;
pub(crate) use self::file::{LedgerSettings, ListenSettings};
pub(crate) use self::limits::Limits;
pub(crate) use self::providers::{Kind as ProviderKind, ProviderSettings};

/// A configuration that was read, and nothing built from it yet.
pub(crate) struct Config {
    /// The file, or `embedded default`.
    pub(crate) source: String,
    /// SHA-256 of its bytes.
    pub(crate) sha256: String,
    pub(crate) listen: ListenSettings,
    pub(crate) data_dir: PathBuf,
    pub(crate) threads: usize,
    pub(crate) limits: Limits,
    pub(crate) ledger: LedgerSettings,
    pub(crate) providers: Vec<ProviderSettings>,
    pub(crate) tenants: Vec<TenantSettings>,
    pub(crate) prices: Arc<PriceBook>,
    /// Name and settings of each filter, in order.
    pub(crate) filters: Vec<(&'static Registration, Box<dyn Unbuilt>)>,
    text: String,
}

impl Config {
    /// Reads a file, or the embedded default when there is none.
    pub(crate) fn load(
        path: Option<&Path>,
        filters: &'static [Registration],
    ) -> Result<Config, ConfigError> {
        match path {
            Some(path) => {
                let source = path.display().to_string();
                let text = std::fs::read_to_string(path)
                    .map_err(|cause| ConfigError::Unreadable { file: source.clone(), cause })?;
                Config::parse(source, text, path.parent(), filters)
            }
            None => {
                let text = Embedded::from_env().yaml();
                Config::parse("embedded default".to_owned(), text, None, filters)
            }
        }
    }

    /// Reads a configuration from text. Relative paths in it start at `base`.
    pub(crate) fn parse(
        source: String,
        text: String,
        base: Option<&Path>,
        filters: &'static [Registration],
    ) -> Result<Config, ConfigError> {
        let file = file::File::parse(&text, filters).map_err(|error| error.in_file(&source))?;
        let base = base.unwrap_or(Path::new(""));
        let prices = file.prices.load(base)?;
        let sha256 = inferlayer_accounts::price::sha256_hex(text.as_bytes());
        let config = Config {
            sha256,
            listen: file.listen,
            data_dir: file.data_dir,
            threads: file.threads.unwrap_or_else(available_threads),
            limits: file.limits,
            ledger: file.ledger,
            providers: file.providers,
            tenants: file.tenants,
            prices: Arc::new(prices),
            filters: file.filters,
            source,
            text,
        };
        config.check(filters)?;
        Ok(config)
    }

    /// The error of a field that is well formed and cannot work, with its line.
    pub(crate) fn error_at(&self, field: &str, problem: impl Into<String>) -> ConfigError {
        let place = locate::line_and_column(&self.text, field);
        ConfigError::at(&self.source, place, field, problem.into())
    }

    fn check(&self, known: &[Registration]) -> Result<(), ConfigError> {
        self.check_recordable("body_bytes", self.limits.body_bytes)?;
        self.check_recordable("recorded_answer_bytes", self.limits.recorded_answer_bytes as u64)?;
        self.check_unique("providers", self.providers.iter().map(|p| p.name.as_str()))?;
        self.check_unique("tenants", self.tenants.iter().map(|t| t.name.as_str()))?;
        filters::check_order(&self.filters, known)
            .map_err(|(index, problem)| self.error_at(&format!("filters[{index}]"), problem))
    }

    /// What is admitted must fit a record, or its inference could not be recorded.
    fn check_recordable(&self, limit: &str, bytes: u64) -> Result<(), ConfigError> {
        let max = inferlayer_ledger::MAX_PLAIN_CONTENT_BYTES as u64;
        if bytes <= max {
            return Ok(());
        }
        let problem = format!("{bytes} is more than a record can hold, {max} bytes");
        Err(self.error_at(&format!("limits.{limit}"), problem))
    }

    fn check_unique<'a>(
        &self,
        list: &str,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<(), ConfigError> {
        let mut seen = std::collections::HashSet::new();
        for (index, name) in names.enumerate() {
            if !seen.insert(name) {
                let field = format!("{list}[{index}].name");
                return Err(self.error_at(&field, format!("`{name}` is there twice")));
            }
        }
        Ok(())
    }
}

fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
