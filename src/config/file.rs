//! The file as it is written. Read by hand at the top level only, because the blocks of `filters`
//! are read by the filters' own types; everything below is derived.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use inferlayer_accounts::{PriceBook, TenantSettings};
use inferlayer_filter::Registration;
use inferlayer_filter::registration::Unbuilt;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use crate::config::error::{ConfigError, YamlError};
use crate::config::filters::FiltersSeed;
use crate::config::limits::Limits;
use crate::config::providers::ProviderSettings;

/// The prices that ship with the gateway.
const EMBEDDED_PRICES: &str = include_str!("../../conf/prices.yaml");

/// The whole file.
pub(crate) struct File {
    pub(crate) listen: ListenSettings,
    pub(crate) data_dir: PathBuf,
    pub(crate) threads: Option<usize>,
    pub(crate) limits: Limits,
    pub(crate) ledger: LedgerSettings,
    pub(crate) providers: Vec<ProviderSettings>,
    pub(crate) tenants: Vec<TenantSettings>,
    pub(crate) prices: PriceSettings,
    pub(crate) filters: Vec<(&'static Registration, Box<dyn Unbuilt>)>,
}

/// The block `listen`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListenSettings {
    /// Where clients connect: HTTP/1.1, and HTTP/2 without TLS.
    #[serde(default = "default_http")]
    pub(crate) http: SocketAddr,
    /// Where Prometheus connects; `null` turns metrics off.
    #[serde(default = "default_metrics")]
    pub(crate) metrics: Option<SocketAddr>,
    /// How long a stop waits for running requests, in seconds.
    #[serde(default = "default_grace")]
    pub(crate) grace_seconds: u64,
}

/// The block `ledger`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LedgerSettings {
    /// The name of this log in its checkpoints, such as `gw-1.example/audit`.
    pub(crate) origin: String,
    /// Records that may wait for the disk, outcomes of running requests included.
    pub(crate) queue_records: usize,
    /// A journal file is followed by the next at this size.
    pub(crate) segment_bytes: u64,
}

/// The block `prices`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PriceSettings {
    /// A price book; the embedded one when absent.
    pub(crate) file: Option<PathBuf>,
}

impl File {
    pub(crate) fn parse(text: &str, filters: &'static [Registration]) -> Result<File, YamlError> {
        FileSeed(filters).deserialize(serde_yaml::Deserializer::from_str(text)).map_err(YamlError)
    }
}

impl PriceSettings {
    pub(crate) fn load(&self, base: &Path) -> Result<PriceBook, ConfigError> {
        let Some(path) = &self.file else {
            let file = "embedded prices".to_owned();
            return PriceBook::parse(EMBEDDED_PRICES)
                .map_err(|cause| ConfigError::Prices { file, cause });
        };
        let path = base.join(path);
        let file = path.display().to_string();
        let text = std::fs::read_to_string(&path)
            .map_err(|cause| ConfigError::Unreadable { file: file.clone(), cause })?;
        PriceBook::parse(&text).map_err(|cause| ConfigError::Prices { file, cause })
    }
}

struct FileSeed(&'static [Registration]);

const FIELDS: &[&str] = &[
    "listen",
    "data_dir",
    "threads",
    "limits",
    "ledger",
    "providers",
    "tenants",
    "prices",
    "filters",
];

impl<'de> DeserializeSeed<'de> for FileSeed {
    type Value = File;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<File, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FileSeed {
    type Value = File;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a configuration")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<File, A::Error> {
        let (mut listen, mut data_dir, mut threads, mut limits) = (None, None, None, None);
        let (mut ledger, mut providers, mut tenants) = (None, None, None);
        let (mut prices, mut filters) = (None, None);
        let mut seen = Vec::new();
        while let Some(key) = map.next_key_seed(KeySeed(&mut seen))? {
            match key {
                "listen" => listen = Some(map.next_value()?),
                "data_dir" => data_dir = Some(map.next_value()?),
                "threads" => threads = Some(map.next_value()?),
                "limits" => limits = Some(map.next_value()?),
                "ledger" => ledger = Some(map.next_value()?),
                "providers" => providers = Some(map.next_value()?),
                "tenants" => tenants = Some(map.next_value()?),
                "prices" => prices = Some(map.next_value()?),
                // The one that is left, since there are no others.
                _ => filters = Some(map.next_value_seed(FiltersSeed(self.0))?),
            }
        }
        let threads: Option<std::num::NonZeroUsize> = threads;
        Ok(File {
            listen: listen.unwrap_or_default(),
            data_dir: data_dir.unwrap_or_else(|| PathBuf::from("inferlayer-data")),
            threads: threads.map(usize::from),
            limits: limits.unwrap_or_default(),
            ledger: ledger.unwrap_or_default(),
            providers: providers.ok_or_else(|| Error::missing_field("providers"))?,
            tenants: tenants.ok_or_else(|| Error::missing_field("tenants"))?,
            prices: prices.unwrap_or_default(),
            filters: filters.ok_or_else(|| Error::missing_field("filters"))?,
        })
    }
}

/// A key of the file that was not there before. Judged while it is read, so that an error has its
/// place and not that of the whole file.
struct KeySeed<'a>(&'a mut Vec<&'static str>);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<&'static str, D::Error> {
        d.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<&'static str, E> {
        let known = FIELDS.iter().find(|field| **field == text);
        let key = *known.ok_or_else(|| E::unknown_field(text, FIELDS))?;
        if self.0.contains(&key) {
            return Err(E::duplicate_field(key));
        }
        self.0.push(key);
        Ok(key)
    }
}

impl Default for ListenSettings {
    fn default() -> ListenSettings {
        ListenSettings {
            http: default_http(),
            metrics: default_metrics(),
            grace_seconds: default_grace(),
        }
    }
}

impl Default for LedgerSettings {
    fn default() -> LedgerSettings {
        LedgerSettings {
            origin: "inferlayer/audit".to_owned(),
            queue_records: 8192,
            segment_bytes: 256 * 1024 * 1024,
        }
    }
}

fn default_http() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

/// The port that OpenTelemetry's Prometheus exporter uses.
fn default_metrics() -> Option<SocketAddr> {
    Some(SocketAddr::from(([127, 0, 0, 1], 9464)))
}

fn default_grace() -> u64 {
    300
}
