//! The file as it is written. Of `filters` only the entries' keys are read here: the blocks are
//! read by the filters' own types.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use inferlayer_accounts::{TenantLimits, TenantSettings};
use inferlayer_ledger::{ClockLimits, LogId};
use serde::Deserialize;

use crate::config::anchors::AnchorSettings;
use crate::config::filters::Entry;
use crate::config::limits::{Limits, at_least, at_most};
use crate::config::prices::PriceSettings;
use crate::config::providers::ProviderSettings;
use crate::config::secret::SecretReference;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    #[serde(default)]
    pub(crate) listen: ListenSettings,
    #[serde(default = "default_data_dir")]
    pub(crate) data_dir: PathBuf,
    /// Worker threads; as many as the machine runs at once when absent.
    #[serde(default)]
    pub(crate) threads: Option<NonZeroUsize>,
    #[serde(default)]
    pub(crate) reload: ReloadSettings,
    #[serde(default)]
    pub(crate) limits: Limits,
    #[serde(default)]
    pub(crate) ledger: LedgerSettings,
    pub(crate) providers: Vec<ProviderSettings>,
    /// What each tenant may use that says nothing else.
    #[serde(default)]
    pub(crate) tenant_limits: TenantLimits,
    pub(crate) tenants: Vec<TenantSettings>,
    #[serde(default)]
    pub(crate) prices: PriceSettings,
    pub(crate) filters: Vec<Entry>,
}

/// The block `listen`.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ListenSettings {
    /// Where clients connect: HTTP/1.1, and HTTP/2 without TLS.
    pub(crate) http: SocketAddr,
    /// Where Prometheus connects; `null` turns metrics off.
    pub(crate) metrics: Option<SocketAddr>,
    /// How long a stop still takes requests while `/readyz` says that it is on its way, in seconds.
    pub(crate) lame_duck_seconds: u64,
    /// How long a stop then waits for running requests, in seconds.
    pub(crate) grace_seconds: u64,
}

/// The block `reload`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ReloadSettings {
    /// Whether a change of the file, or of one that it names, is taken over without being told to.
    pub(crate) watch: bool,
}

/// The block `ledger`.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LedgerSettings {
    /// The name of this log in its checkpoints, such as `gw-1.example/audit`.
    pub(crate) origin: String,
    /// Records that may wait for the disk, outcomes of running requests included: two for each.
    #[serde(deserialize_with = "at_least::<16, _, _>")]
    pub(crate) queue_records: usize,
    /// How long a commit waits for more records where many come one after another; 0: never.
    #[serde(deserialize_with = "at_most::<100_000, _>")]
    pub(crate) commit_delay_microseconds: u64,
    /// A journal file is followed by the next at this size.
    pub(crate) segment_bytes: u64,
    /// With less room than this on the disk new requests are refused; 0 for no guard.
    pub(crate) min_free_bytes: u64,
    /// Older records are dropped, at start and daily; never, when absent.
    pub(crate) retention_days: Option<NonZeroU32>,
    /// The log that has to be in the data folder, when that is known.
    #[serde(deserialize_with = "log_id")]
    pub(crate) expect_log_id: Option<LogId>,
    /// A journal of at most this size is verified beside the work, after each start.
    pub(crate) verify_at_start_bytes: u64,
    /// A jump of the clock forward is followed at once up to so much.
    pub(crate) clock_jump_seconds: u64,
    /// And at a start, a pause since the last record.
    pub(crate) clock_pause_days: u64,
    /// A larger one is followed when the clock has gone evenly for so long.
    pub(crate) clock_settle_seconds: u64,
    /// Where the key that signs is; `<data>/keys/signing.key`, made at the first start, when
    /// absent.
    pub(crate) signing_key: Option<SecretReference>,
    /// Where the key is that a rotation hands the log on to, when `signing_key` is given.
    pub(crate) next_signing_key: Option<SecretReference>,
    /// Who keeps its checkpoints.
    pub(crate) anchors: Vec<AnchorSettings>,
}

impl Default for ListenSettings {
    fn default() -> ListenSettings {
        ListenSettings {
            http: SocketAddr::from(([127, 0, 0, 1], 8080)),
            // The port that OpenTelemetry's Prometheus exporter uses.
            metrics: Some(SocketAddr::from(([127, 0, 0, 1], 9464))),
            lame_duck_seconds: 0,
            grace_seconds: 300,
        }
    }
}

impl LedgerSettings {
    /// Where the keys that sign are, each with its field.
    pub(crate) fn signing_keys(&self) -> impl Iterator<Item = (&'static str, &SecretReference)> {
        let fields =
            [("signing_key", &self.signing_key), ("next_signing_key", &self.next_signing_key)];
        fields.into_iter().filter_map(|(field, key)| Some((field, key.as_ref()?)))
    }
}

impl Default for LedgerSettings {
    fn default() -> LedgerSettings {
        LedgerSettings {
            origin: "inferlayer/audit".to_owned(),
            queue_records: 16_384,
            commit_delay_microseconds: 500,
            segment_bytes: 256 * 1024 * 1024,
            min_free_bytes: 256 * 1024 * 1024,
            retention_days: None,
            expect_log_id: None,
            verify_at_start_bytes: 4 * 1024 * 1024 * 1024,
            clock_jump_seconds: 300,
            clock_pause_days: 31,
            clock_settle_seconds: 3600,
            signing_key: None,
            next_signing_key: None,
            anchors: Vec::new(),
        }
    }
}

fn log_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<LogId>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
    LogId::from_hex(&text).map(Some).ok_or_else(|| {
        serde::de::Error::custom("not a log's id: 64 hexadecimal digits, in lower case")
    })
}

impl LedgerSettings {
    /// How far the system's clock is believed.
    pub(crate) fn clock_limits(&self) -> ClockLimits {
        ClockLimits {
            jump: Duration::from_secs(self.clock_jump_seconds),
            pause: Duration::from_secs(self.clock_pause_days.saturating_mul(24 * 60 * 60)),
            settle: Duration::from_secs(self.clock_settle_seconds),
        }
    }
}

pub(crate) fn default_data_dir() -> PathBuf {
    PathBuf::from("inferlayer-data")
}
