//! The block `cache` of the configuration. Every bound has a type that cannot hold a bad value.

use std::time::Duration;

use serde::Deserialize;

/// The block `cache`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheSettings {
    /// How long an answer may be given again, from the time it was recorded.
    pub ttl_seconds: TtlSeconds,
    /// Memory of one tenant's index. The answers themselves stand in the ledger only.
    pub tenant_bytes: TenantBytes,
    /// Longer answers are not kept.
    pub answer_bytes: AnswerBytes,
    /// Requests that ask for more variety than this are neither looked up nor kept.
    pub temperature_max: Temperature,
    /// How long a request waits for an equal one that is under way.
    pub wait_seconds: WaitSeconds,
    /// How many requests wait for one that is under way; more go on alone.
    pub followers_max: Followers,
}

/// 1 second to a day.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
pub struct TtlSeconds(u64);

/// 64 KiB to 16 GiB.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
pub struct TenantBytes(u64);

/// 1 byte to 64 MiB, which is the most that the ledger records of an answer.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
pub struct AnswerBytes(u64);

/// 0 to 2.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "f64")]
pub struct Temperature(f64);

/// 0 (nobody waits) to 10 minutes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
pub struct WaitSeconds(u64);

/// 0 (nobody waits) to 65,536.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u64")]
pub struct Followers(u64);

/// Gives a whole number its default and its bounds.
macro_rules! bounded {
    ($($name:ident: $default:expr, $least:expr, $most:expr;)*) => {$(
        impl Default for $name {
            fn default() -> $name {
                $name($default)
            }
        }

        impl TryFrom<u64> for $name {
            type Error = String;

            fn try_from(value: u64) -> Result<$name, String> {
                let (least, most): (u64, u64) = ($least, $most);
                match (least..=most).contains(&value) {
                    true => Ok($name(value)),
                    false => Err(format!("must be from {least} to {most}")),
                }
            }
        }
    )*};
}

bounded! {
    TtlSeconds: 3600, 1, 86_400;
    TenantBytes: 16 << 20, 0x1_0000, 0x4_0000_0000;
    AnswerBytes: 1 << 20, 1, 0x400_0000;
    WaitSeconds: 30, 0, 600;
    Followers: 1024, 0, 65_536;
}

impl Default for Temperature {
    fn default() -> Temperature {
        Temperature(0.2)
    }
}

impl TryFrom<f64> for Temperature {
    type Error = String;

    fn try_from(value: f64) -> Result<Temperature, String> {
        match (0.0..=2.0).contains(&value) {
            true => Ok(Temperature(value)),
            false => Err("must be from 0 to 2".to_owned()),
        }
    }
}

impl TtlSeconds {
    /// The number.
    pub fn seconds(self) -> u64 {
        self.0
    }
}

impl TenantBytes {
    pub(crate) fn bytes(self) -> u64 {
        self.0
    }
}

impl AnswerBytes {
    pub(crate) fn bytes(self) -> u64 {
        self.0
    }
}

impl Temperature {
    pub(crate) fn max(self) -> f64 {
        self.0
    }
}

impl WaitSeconds {
    pub(crate) fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl Followers {
    pub(crate) fn count(self) -> u64 {
        self.0
    }
}
