//! The list `providers`: who answers, where, and by which key. Hosts come from here alone; no
//! client can name one. Keys stand here by reference and are read when the gateway is built.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use inferlayer_filter::{Provider, ProviderKind};
use serde::Deserialize;

use crate::config::limits::seconds;
use crate::config::secret::SecretReference;
use crate::upstream::{BaseUrl, UpstreamSettings};

/// A provider.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderSettings {
    /// What routes, prices, metrics and records call it.
    pub(crate) name: ProviderName,
    /// What it speaks.
    pub(crate) kind: Kind,
    /// Where its API lies, such as `https://api.openai.com/v1`. Not for `simulated`.
    #[serde(default)]
    pub(crate) base_url: Option<String>,
    /// Where its key is; none for a server that wants none.
    #[serde(default)]
    pub(crate) key: Option<SecretReference>,
    /// What records call the key; the provider's name when absent.
    #[serde(default)]
    key_name: Option<String>,
    /// Trust these roots (PEM) in place of the system's.
    #[serde(default)]
    ca_file: Option<PathBuf>,
    /// Calls cost nothing: one's own machine. Needs no price.
    #[serde(default)]
    free: bool,
    /// Resolution, connection and TLS together.
    #[serde(
        default = "five_seconds",
        rename = "connect_timeout_seconds",
        deserialize_with = "seconds"
    )]
    connect_timeout: Duration,
    /// From the sent request to the first byte of the answer.
    #[serde(
        default = "ten_minutes",
        rename = "first_byte_timeout_seconds",
        deserialize_with = "seconds"
    )]
    first_byte_timeout: Duration,
    /// Silence in the middle of an answer. A stream that speaks may take as long as it likes.
    #[serde(
        default = "two_minutes",
        rename = "idle_timeout_seconds",
        deserialize_with = "seconds"
    )]
    idle_timeout: Duration,
    /// Idle connections kept.
    #[serde(default = "idle_connections")]
    idle_connections_max: usize,
}

/// 1 to 64 of `a-z 0-9 . _ -`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ProviderName(Arc<str>);

/// What a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// OpenAI's API, or a server compatible with it.
    Openai,
    /// The gateway's own stand-in, whose answers are made up.
    Simulated,
}

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
            Err(format!("name: provider name `{text}` is not 1 to 64 of a-z 0-9 . _ -"))
        }
    }
}

impl ProviderSettings {
    /// What filters may know of it.
    pub(crate) fn provider(&self, index: usize) -> Provider {
        let key_name = self.key_name.as_deref().unwrap_or(self.name.as_str());
        Provider {
            index,
            name: Arc::clone(&self.name.0),
            kind: match self.kind {
                Kind::Openai => ProviderKind::OpenAi,
                Kind::Simulated => ProviderKind::Simulated,
            },
            free: self.free,
            key_name: self.key.as_ref().map(|_| Arc::from(key_name)),
        }
    }

    /// What it takes to reach it. An error names the field and what is wrong with it.
    pub(crate) fn upstream(
        &self,
        provider: Arc<Provider>,
        simulated: Option<&BaseUrl>,
        base: &Path,
    ) -> Result<UpstreamSettings, (&'static str, String)> {
        let base_url = match (self.kind, &self.base_url, simulated) {
            (Kind::Openai, Some(text), _) => {
                text.parse().map_err(|error| ("base_url", format!("{error}")))?
            }
            (Kind::Openai, None, _) => return Err(("base_url", "is missing".to_owned())),
            (Kind::Simulated, Some(_), _) => {
                return Err(("base_url", "a simulated provider has none".to_owned()));
            }
            (Kind::Simulated, None, url) => {
                url.cloned().ok_or(("kind", "the simulated provider does not run".to_owned()))?
            }
        };
        let key = self.key.as_ref().map(|key| key.read(base).map_err(|error| ("key", error)));
        Ok(UpstreamSettings {
            provider,
            base_url,
            key: key.transpose()?,
            ca_file: self.ca_file.as_ref().map(|path| base.join(path)),
            connect_timeout: self.connect_timeout,
            first_byte_timeout: self.first_byte_timeout,
            idle_timeout: self.idle_timeout,
            idle_connections_max: self.idle_connections_max,
        })
    }
}

fn five_seconds() -> Duration {
    Duration::from_secs(5)
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
