//! The list `providers`: who answers, where, and by which key. Hosts come from here alone; no
//! client can name one. Keys stand here by reference and are read when the gateway is built.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use inferlayer_balance::HealthSettings;
use inferlayer_filter::Provider;
use inferlayer_records::sha256_hex;
use inferlayer_wire::{ApiVersion, Vendor};
use ipnet::IpNet;
use serde::Deserialize;

use crate::config::limits::seconds;
use crate::config::provider_headers::ProviderHeaders;
use crate::config::roots::check_roots;
use crate::config::secret::SecretReference;
use crate::net::{AllowedAddresses, BaseUrl};

/// A provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderSettings {
    /// What routes, prices, metrics and records call it.
    pub(crate) name: ProviderName,
    /// Whose API it has.
    pub(crate) kind: Vendor,
    /// Where its API lies, such as `https://api.openai.com/v1`. Not for `simulated`.
    #[serde(default)]
    pub(crate) base_url: Option<String>,
    /// Where its key is; none for a server that wants none.
    #[serde(default)]
    pub(crate) key: Option<SecretReference>,
    /// What records call the key; the provider's name when absent.
    #[serde(default)]
    key_name: Option<String>,
    /// Sent with every request, such as for whom it is; no credentials.
    #[serde(default)]
    pub(crate) headers: ProviderHeaders,
    /// For Azure's dated API, which has the model in the path; its newer one needs none.
    #[serde(default)]
    api_version: Option<ApiVersion>,
    /// Trust these roots (PEM) in place of the system's.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
    /// It runs where the data may stay: requests of tenants that are `local_only` may go there.
    #[serde(default)]
    pub(crate) local: bool,
    /// Where one that is `local` may lie beside private networks, such as `203.0.113.0/24`.
    #[serde(default)]
    local_networks: Vec<IpNet>,
    /// Calls cost nothing: one's own machine. Needs no price.
    #[serde(default)]
    free: bool,
    /// Resolution, connection and TLS together.
    #[serde(
        default = "five_seconds",
        rename = "connect_timeout_seconds",
        deserialize_with = "seconds"
    )]
    pub(crate) connect_timeout: Duration,
    /// From the sent request to the first byte of the answer.
    #[serde(
        default = "ten_minutes",
        rename = "first_byte_timeout_seconds",
        deserialize_with = "seconds"
    )]
    pub(crate) first_byte_timeout: Duration,
    /// Silence in the middle of an answer. A stream that speaks may take as long as it likes.
    #[serde(
        default = "two_minutes",
        rename = "idle_timeout_seconds",
        deserialize_with = "seconds"
    )]
    pub(crate) idle_timeout: Duration,
    /// Idle connections kept.
    #[serde(default = "idle_connections")]
    pub(crate) idle_connections_max: usize,
    /// How long a connection may be idle and still be used again.
    #[serde(
        default = "half_a_minute",
        rename = "pool_idle_timeout_seconds",
        deserialize_with = "seconds"
    )]
    pub(crate) pool_idle_timeout: Duration,
    /// How long a connection may go without a sign of life from the other side's TCP.
    #[serde(default = "one_minute", rename = "tcp_timeout_seconds", deserialize_with = "seconds")]
    pub(crate) tcp_timeout: Duration,
    /// When it is left alone for a while.
    #[serde(default)]
    breaker: Breaker,
    /// For how long when it asks for that itself.
    #[serde(default)]
    cooldown: Cooldown,
}

/// When a provider that fails is left alone.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Breaker {
    /// Failures in a row.
    failures: NonZeroU32,
    /// How long it is left alone, in seconds; then one request tries it out.
    #[serde(rename = "open_seconds", deserialize_with = "seconds")]
    open: Duration,
    /// Twice as long after each try that fails, up to this.
    #[serde(rename = "open_max_seconds", deserialize_with = "seconds")]
    open_max: Duration,
}

/// How long a model is left alone that its provider answered 429 for.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Cooldown {
    /// When the answer does not say; 0: not at all.
    default_seconds: u32,
    /// At most, whatever it says; 0 turns cooling off.
    max_seconds: u32,
}

/// 1 to 64 of `a-z 0-9 . _ -`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ProviderName(Arc<str>);

impl ProviderName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ProviderName {
    type Error = String;

    fn try_from(text: String) -> Result<ProviderName, String> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(ProviderName(text.into()))
        } else {
            Err(format!("provider name `{text}` is not 1 to 64 of a-z 0-9 . _ -"))
        }
    }
}

impl ProviderSettings {
    /// What filters may know of it.
    pub(crate) fn provider(&self) -> Provider {
        let key_name = self.key_name.as_deref().unwrap_or(self.name.as_str());
        Provider {
            name: Arc::clone(&self.name.0),
            identity: self.identity().into(),
            vendor: self.kind,
            api_version: self.api_version.clone(),
            // What runs in the gateway itself is nowhere else.
            local: self.local || self.is_simulated(),
            free: self.free,
            key_name: self.key.as_ref().map(|_| Arc::from(key_name)),
        }
    }

    /// A digest of what its answers depend on.
    fn identity(&self) -> String {
        let Self { kind, base_url, api_version, headers: ProviderHeaders(headers), .. } = self;
        let text = format!("{kind:?} {base_url:?} {api_version:?} {headers:?}");
        sha256_hex(text.as_bytes())
    }

    /// It is the gateway's own stand-in.
    pub(crate) fn is_simulated(&self) -> bool {
        self.kind == Vendor::Simulated
    }

    /// It has Azure's dated API.
    pub(crate) fn has_api_version(&self) -> bool {
        self.api_version.is_some()
    }

    /// Where it may be found.
    pub(crate) fn addresses(&self) -> AllowedAddresses {
        match self.local {
            true => AllowedAddresses::local(self.local_networks.clone()),
            false => AllowedAddresses::default(),
        }
    }

    /// Where its API lies; nothing for the gateway's own stand-in. An error is about `base_url`.
    pub(crate) fn address(&self) -> Result<Option<BaseUrl>, String> {
        match (self.is_simulated(), &self.base_url) {
            (true, None) => Ok(None),
            (true, Some(_)) => Err("a simulated provider has none".to_owned()),
            (false, None) => Err("is missing".to_owned()),
            (false, Some(text)) => {
                text.parse::<BaseUrl>().map(Some).map_err(|error| error.to_string())
            }
        }
    }

    /// Whether the roots can be read, as they will be when the first connection is opened. An error
    /// is about `ca_file`.
    pub(crate) fn check_roots(&self, base: &Path) -> Result<(), String> {
        self.ca_file.as_ref().map_or(Ok(()), |file| check_roots(&base.join(file)))
    }

    /// The files that are read for it.
    pub(crate) fn files(&self, base: &Path) -> impl Iterator<Item = PathBuf> {
        let key = self.key.as_ref().and_then(|key| key.path(base));
        key.into_iter().chain(self.ca_file.as_ref().map(|file| base.join(file)))
    }

    /// When it is left alone.
    pub(crate) fn health(&self) -> HealthSettings {
        let Breaker { failures, open, open_max } = self.breaker;
        let Cooldown { default_seconds, max_seconds } = self.cooldown;
        let [cooldown, cooldown_max] =
            [default_seconds, max_seconds].map(|seconds| Duration::from_secs(seconds.into()));
        HealthSettings { failures: failures.get(), open, open_max, cooldown, cooldown_max }
    }
}

impl Default for Breaker {
    fn default() -> Breaker {
        const FIVE: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
        let [open, open_max] = [10, 60].map(Duration::from_secs);
        Breaker { failures: FIVE, open, open_max }
    }
}

impl Default for Cooldown {
    fn default() -> Cooldown {
        Cooldown { default_seconds: 5, max_seconds: 300 }
    }
}

fn five_seconds() -> Duration {
    Duration::from_secs(5)
}

fn half_a_minute() -> Duration {
    Duration::from_secs(30)
}

fn one_minute() -> Duration {
    Duration::from_secs(60)
}

fn two_minutes() -> Duration {
    Duration::from_secs(120)
}

/// OpenAI's SDKs wait as long.
fn ten_minutes() -> Duration {
    Duration::from_secs(600)
}

fn idle_connections() -> usize {
    256
}
