//! The configuration: strict YAML, read by the types it configures. All its mistakes are told at
//! once, each as `file:line:column: path: what`, so that an editor can jump to it. Secrets stand
//! here only by reference.
//!
//! ```text
//! text ─ load ─► tree ─ reader ─► file, filters' blocks ─ check ─► Config
//!                  ▲                │ a mistake
//!                  └─── document ◄──┘ notes and mends it, then all is read again
//! ```

mod anchors;
mod base_url;
mod check;
mod data_dir;
mod document;
mod embedded;
mod error;
mod file;
mod filters;
mod limits;
mod load;
mod prices;
mod provider_headers;
mod providers;
mod reader;
mod roots;
mod secret;
mod source;
mod stand_in;
mod tree;
mod values;
mod warn;
mod watched;
mod yaml;

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inferlayer_accounts::TenantSettings;
use inferlayer_filter::{BuildError, Outline, Registration};

use self::document::Document;
use self::file::File;
use self::filters::Filters;

pub(crate) use self::anchors::{
    AnchorName, AnchorSettings, AppName, Facility, FileSettings, HttpSettings, SinkSettings,
    SyslogAddress, SyslogSettings, WitnessSettings,
};
pub(crate) use self::embedded::{Embedded, TENANT as EMBEDDED_TENANT};
pub use self::error::ConfigError;
pub(crate) use self::error::{Mistake, Warning};
pub(crate) use self::file::{LedgerSettings, ListenSettings, ReloadSettings};
pub(crate) use self::filters::Configured;
#[cfg(test)]
pub(crate) use self::limits::Balancer;
pub(crate) use self::limits::Limits;
pub(crate) use self::providers::ProviderSettings;
pub(crate) use self::roots::{CaFile, ca_file};
pub(crate) use self::secret::SecretReference;
pub(crate) use self::source::Source;
pub(crate) use self::values::{Change, Values, is_below};

/// A configuration that was read, and nothing built from it yet.
pub(crate) struct Config {
    /// The file, or `embedded default`.
    pub(crate) source: String,
    /// SHA-256 of its bytes.
    pub(crate) sha256: String,
    /// All that it says.
    pub(crate) values: Values,
    /// A digest of the blocks of filters that offer no model.
    pub(crate) filters_sha256: String,
    pub(crate) listen: ListenSettings,
    pub(crate) data_dir: PathBuf,
    pub(crate) threads: usize,
    pub(crate) reload: ReloadSettings,
    pub(crate) limits: Limits,
    pub(crate) ledger: LedgerSettings,
    pub(crate) providers: Vec<ProviderSettings>,
    pub(crate) tenants: Vec<TenantSettings>,
    /// The price book, unless it is the embedded one.
    price_file: Option<PathBuf>,
    /// In order.
    pub(crate) filters: Vec<Configured>,
    /// What the filters may know of all this; prices included.
    pub(crate) outline: Outline,
    /// What can work and is likely not meant.
    pub(crate) warnings: Vec<Warning>,
    document: Document,
}

/// What the command line or the environment says in place of the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) metrics: Option<Option<SocketAddr>>,
}

impl Overrides {
    fn apply(&self, file: &mut File) {
        if let Some(data_dir) = &self.data_dir {
            // Named from where the command runs, not from where the file is.
            file.data_dir = std::path::absolute(data_dir).unwrap_or_else(|_| data_dir.clone());
        }
        file.listen.http = self.listen.unwrap_or(file.listen.http);
        file.listen.metrics = self.metrics.unwrap_or(file.listen.metrics);
    }
}

impl Config {
    /// Reads a file, or the embedded default when there is none.
    pub(crate) fn load(
        path: Option<&Path>,
        overrides: &Overrides,
        known: &'static [Registration],
    ) -> Result<Config, ConfigError> {
        let Some(path) = path else {
            let text = Embedded::from_env().yaml();
            return Config::parse("embedded default".to_owned(), text, None, overrides, known);
        };
        let source = path.display().to_string();
        let text = yaml::read(path, &source)?;
        Config::parse(source, text, path.parent(), overrides, known)
    }

    /// The data folder that a file names, whatever else is in it.
    fn data_dir_in(file: &Path) -> Result<PathBuf, ConfigError> {
        let source = file.display().to_string();
        let text = yaml::read(file, &source)?;
        let mut document = Document::parse(source, text)?;
        let named = document.is_there("data_dir").then(|| document.read("data_dir", PhantomData));
        Ok(named.flatten().unwrap_or_else(file::default_data_dir))
    }

    /// Reads a configuration from text. Relative paths in it start at `base`.
    pub(crate) fn parse(
        source: String,
        text: String,
        base: Option<&Path>,
        overrides: &Overrides,
        known: &'static [Registration],
    ) -> Result<Config, ConfigError> {
        let sha256 = inferlayer_records::sha256_hex(text.as_bytes());
        let mut document = Document::parse(source.clone(), text)?;
        let base = base.unwrap_or(Path::new(""));
        let parts = Parts::read(base, overrides, known, &mut document);
        let mistakes = document.mistakes();
        match parts {
            Some(parts) if mistakes.is_empty() => {
                parts.warn(base, &mut document);
                Ok(parts.config(source, sha256, base, document))
            }
            _ => Err(ConfigError { file: source, mistakes }),
        }
    }

    /// The error of a field that is well formed and cannot work, with its line.
    pub(crate) fn error_at(&self, field: &str, problem: impl Into<String>) -> ConfigError {
        self.document.mistake_at(field, problem).into()
    }

    /// The error of a filter whose block is at `path`.
    pub(crate) fn error_in(&self, path: &str, error: BuildError) -> ConfigError {
        self.error_at(&filters::path_of(path, &error), error.problem)
    }
}

/// The file and what is derived from it; whole only if the document has no mistakes.
struct Parts {
    file: File,
    filters: Filters,
    outline: Outline,
}

impl Parts {
    /// Reads and checks everything; the document notes what is wrong.
    fn read(
        base: &Path,
        overrides: &Overrides,
        known: &'static [Registration],
        document: &mut Document,
    ) -> Option<Parts> {
        let mut file: File = document.read("", PhantomData)?;
        overrides.apply(&mut file);
        let filters = Filters::read(&file.filters, known, document);
        let prices = file.prices.load(document, base)?;
        check::check(&file, base, document);
        filters.check_unique(document);
        filters.check_order(known, document);
        let providers: Vec<_> =
            file.providers.iter().map(|provider| Arc::new(provider.provider())).collect();
        let offers = filters.offers(&providers);
        let outline = Outline {
            providers,
            providers_complete: check::all_named("providers", file.providers.len(), document),
            offers,
            asked: filters.asks(),
            offers_complete: filters.are_sound(document),
            prices: Arc::new(prices),
            tenants: file.tenants.clone(),
        };
        filters.check(&outline, document);
        Some(Parts { file, filters, outline })
    }

    /// Notes what can work and is likely not meant.
    fn warn(&self, base: &Path, document: &mut Document) {
        warn::warn(&self.file, base, document);
        self.filters.warn(&self.outline, document);
    }

    fn config(self, source: String, sha256: String, base: &Path, mut document: Document) -> Config {
        let Parts { mut file, filters, outline } = self;
        for tenant in &mut file.tenants {
            tenant.limits = tenant.limits.or(file.tenant_limits);
        }
        let values = document.values();
        file.ledger.anchors.iter_mut().for_each(|anchor| anchor.resolve(base));
        Config {
            source,
            sha256,
            filters_sha256: filters.digest(&values),
            values,
            listen: file.listen,
            data_dir: file.data_dir,
            threads: file.threads.map_or_else(available_threads, usize::from),
            reload: file.reload,
            limits: file.limits,
            ledger: file.ledger,
            providers: file.providers,
            tenants: file.tenants,
            price_file: file.prices.file,
            filters: filters.configured,
            outline,
            warnings: document.warnings(),
            document,
        }
    }
}

fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
