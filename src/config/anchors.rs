//! The list `ledger.anchors`: where checkpoints go, so that a log that was cut, rolled back or
//! forked on this machine is found out elsewhere.

mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use inferlayer_ledger::WitnessKey;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::config::limits::seconds;
use crate::config::secret::SecretReference;

pub(crate) use self::values::{AnchorName, AppName, Facility, HeaderKey, PostUrl, SyslogAddress};

/// One that keeps checkpoints.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnchorSettings {
    /// What metrics and log lines call it; for a witness also the name of a file.
    pub(crate) name: AnchorName,
    /// Where it is.
    pub(crate) to: SinkSettings,
    /// How often it is given the newest checkpoint; 10 s, a witness 30 s when absent.
    #[serde(default, rename = "every_seconds", deserialize_with = "some_seconds")]
    every: Option<Duration>,
    /// How long one hand-over may take.
    #[serde(default = "ten_seconds", rename = "timeout_seconds", deserialize_with = "seconds")]
    pub(crate) timeout: Duration,
    /// New work is refused while it is too far behind.
    #[serde(default)]
    required: bool,
    /// How far: the age of the oldest checkpoint that it has not accepted.
    #[serde(default, rename = "max_lag_seconds", deserialize_with = "some_seconds")]
    max_lag: Option<Duration>,
}

/// Where checkpoints go.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SinkSettings {
    /// A file, best on another volume.
    File(FileSettings),
    /// A collector that speaks RFC 5424.
    Syslog(SyslogSettings),
    /// A server that takes a POST.
    Http(HttpSettings),
    /// A witness of C2SP's tlog-witness.
    Witness(WitnessSettings),
}

/// A file that always holds the newest checkpoint.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileSettings {
    /// Replaced as a whole; its folder must be there.
    pub(crate) path: PathBuf,
}

/// A syslog collector.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyslogSettings {
    pub(crate) address: SyslogAddress,
    #[serde(default)]
    pub(crate) facility: Facility,
    #[serde(default)]
    pub(crate) app_name: AppName,
}

/// A server that answers 2xx when it has kept the note.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpSettings {
    pub(crate) url: PostUrl,
    /// Headers that go along, such as a token; each value is a secret.
    #[serde(default)]
    pub(crate) headers: BTreeMap<HeaderKey, SecretReference>,
    /// Trust these roots (PEM) in place of the system's.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
}

/// A witness and the key that its cosignatures must be of.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WitnessSettings {
    /// Its submission prefix.
    pub(crate) url: PostUrl,
    /// Its verifier key, of the type 0x04.
    #[serde(deserialize_with = "parsed")]
    pub(crate) key: WitnessKey,
    /// Trust these roots (PEM) in place of the system's.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
}

impl AnchorSettings {
    /// How often it is given the newest checkpoint.
    pub(crate) fn every(&self) -> Duration {
        let usual = match self.to {
            SinkSettings::Witness(_) => 30,
            SinkSettings::File(_) | SinkSettings::Syslog(_) | SinkSettings::Http(_) => 10,
        };
        self.every.unwrap_or(Duration::from_secs(usual))
    }

    /// How far behind it may be before new work is refused; nothing when it is not required. An
    /// error names the field and what is wrong with it.
    pub(crate) fn tolerated_lag(&self) -> Result<Option<Duration>, (&'static str, String)> {
        let at_least = self.every() + self.timeout;
        match (self.required, self.max_lag) {
            (false, None) => Ok(None),
            (false, Some(_)) => {
                Err(("max_lag_seconds", "has no effect unless `required` is true".to_owned()))
            }
            (true, None) => Err(("required", "needs `max_lag_seconds`".to_owned())),
            (true, Some(lag)) if lag < at_least => {
                let seconds = at_least.as_secs();
                let problem = format!("less than every_seconds and timeout_seconds, {seconds}");
                Err(("max_lag_seconds", problem))
            }
            (true, lag) => Ok(lag),
        }
    }

    /// Lets relative paths start at `base`.
    pub(crate) fn resolve(&mut self, base: &Path) {
        let path = match &mut self.to {
            SinkSettings::File(file) => Some(&mut file.path),
            SinkSettings::Syslog(_) => None,
            SinkSettings::Http(http) => http.ca_file.as_mut(),
            SinkSettings::Witness(witness) => witness.ca_file.as_mut(),
        };
        if let Some(path) = path {
            *path = base.join(&path);
        }
    }
}

impl SinkSettings {
    /// The key of its block.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            SinkSettings::File(_) => "file",
            SinkSettings::Syslog(_) => "syslog",
            SinkSettings::Http(_) => "http",
            SinkSettings::Witness(_) => "witness",
        }
    }

    /// The roots it trusts in place of the system's.
    pub(crate) fn ca_file(&self) -> Option<&Path> {
        match self {
            SinkSettings::File(_) | SinkSettings::Syslog(_) => None,
            SinkSettings::Http(http) => http.ca_file.as_deref(),
            SinkSettings::Witness(witness) => witness.ca_file.as_deref(),
        }
    }
}

fn ten_seconds() -> Duration {
    Duration::from_secs(10)
}

fn some_seconds<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
    seconds(d).map(Some)
}

fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(d: D) -> Result<T, D::Error> {
    String::deserialize(d)?.parse().map_err(D::Error::custom)
}
