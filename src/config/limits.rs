//! Bounds, each with a default: nothing here grows with what a caller or a provider sends.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use inferlayer_accounts::Totals;
use inferlayer_wire::json::Bounds;
use ipnet::IpNet;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// The block `limits`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    /// The largest request body, in bytes.
    #[serde(deserialize_with = "at_least::<1, _, _>")]
    pub(crate) body_bytes: u64,
    /// The largest body of a request that passes through, in bytes. Nobody collects it.
    pub(crate) pass_through_bytes: u64,
    /// Members of all objects of a JSON body or answer.
    pub(crate) json_members: usize,
    /// Elements of all its arrays.
    pub(crate) json_elements: usize,
    /// Its strings, keys included.
    pub(crate) json_strings: usize,
    /// Its objects and arrays.
    pub(crate) json_containers: usize,
    /// Bytes of all request bodies that are read or held.
    pub(crate) bodies_bytes: u64,
    /// Requests at once, of all tenants.
    pub(crate) parallel_requests: u64,
    /// Client connections at once.
    #[serde(deserialize_with = "at_least::<1, _, _>")]
    pub(crate) connections: usize,
    /// The same of one client: an IPv4 address, or the /64 of an IPv6 address. A quarter of all
    /// when absent.
    pub(crate) connections_per_client: Option<NonZeroUsize>,
    /// Load balancers, whose connections are many clients': nobody counts them for one.
    pub(crate) balancers: Vec<Balancer>,
    /// How long the head of a request may take, from the connection on or from its first byte.
    #[serde(rename = "head_seconds", deserialize_with = "seconds")]
    pub(crate) head: Duration,
    /// The largest head of a request, in bytes.
    pub(crate) head_bytes: usize,
    /// The most headers of a request.
    pub(crate) head_fields: usize,
    /// How long a request body may stand still, in seconds.
    #[serde(rename = "body_idle_seconds", deserialize_with = "seconds")]
    pub(crate) body_idle: Duration,
    /// How long a whole request body may take, in seconds.
    #[serde(rename = "body_seconds", deserialize_with = "seconds")]
    pub(crate) body: Duration,
    /// How fast a request body must come in the long run, in bytes a second; 0 for any pace.
    pub(crate) body_bytes_per_second: u64,
    /// How long a client may take none of its answer, in seconds.
    #[serde(rename = "write_idle_seconds", deserialize_with = "seconds")]
    pub(crate) write_idle: Duration,
    /// How long a connection may wait for its next request, in seconds.
    #[serde(rename = "keep_alive_seconds", deserialize_with = "seconds")]
    pub(crate) keep_alive: Duration,
    /// An answer up to this size is collected, so that cost and receipt stand in its head.
    pub(crate) collected_answer_bytes: usize,
    /// What the ledger keeps of one answer, in bytes.
    pub(crate) recorded_answer_bytes: usize,
    /// The largest event of a stream, in bytes.
    #[serde(deserialize_with = "at_least::<1024, _, _>")]
    pub(crate) event_bytes: usize,
    /// Bytes of text that a token may have: a stream with more of them than its cap has room for,
    /// and 16 KiB beside, is cut.
    pub(crate) output_token_bytes: u64,
    /// A stream that says nothing for so long gets a comment, for connections that would be taken
    /// for dead; in seconds, none when null.
    #[serde(rename = "heartbeat_seconds", deserialize_with = "optional_seconds")]
    pub(crate) heartbeat: Option<Duration>,
}

/// An address, or a network of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Balancer(pub(crate) IpNet);

impl<'de> Deserialize<'de> for Balancer {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Balancer, D::Error> {
        let text = String::deserialize(d)?;
        let address = || text.parse::<IpAddr>().map(IpNet::from);
        let network = text.parse().or_else(|_| address());
        let wanted = "an address such as 10.0.0.5, or a network such as 10.0.0.0/24";
        let network = network.map_err(|_| Error::invalid_value(Unexpected::Str(&text), &wanted))?;
        Ok(Balancer(network))
    }
}

const MIB: usize = 1024 * 1024;

impl Default for Limits {
    fn default() -> Limits {
        let (json, totals) = (Bounds::default(), Totals::default());
        Limits {
            body_bytes: 64 * MIB as u64,
            pass_through_bytes: 512 * MIB as u64,
            json_members: json.members,
            json_elements: json.elements,
            json_strings: json.strings,
            json_containers: json.containers,
            bodies_bytes: totals.bodies_bytes,
            parallel_requests: totals.parallel_requests,
            connections: 16_384,
            connections_per_client: None,
            balancers: Vec::new(),
            head: Duration::from_secs(10),
            head_bytes: 64 * 1024,
            head_fields: 100,
            body_idle: Duration::from_secs(30),
            body: Duration::from_secs(1800),
            // As Apache's mod_reqtimeout has it.
            body_bytes_per_second: 500,
            write_idle: Duration::from_secs(60),
            keep_alive: Duration::from_secs(75),
            collected_answer_bytes: MIB,
            recorded_answer_bytes: 16 * MIB,
            event_bytes: 8 * MIB,
            output_token_bytes: 128,
            heartbeat: None,
        }
    }
}

/// A whole number, at least `MIN`.
pub(crate) fn at_least<'de, const MIN: u64, D, T>(d: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    let number = u64::deserialize(d)?;
    let fitting = T::try_from(number).ok().filter(|_| number >= MIN);
    let expected = format!("a whole number, at least {MIN}");
    fitting.ok_or_else(|| Error::invalid_value(Unexpected::Unsigned(number), &expected.as_str()))
}

/// A whole number, at most `MAX`.
pub(crate) fn at_most<'de, const MAX: u64, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(d)?;
    let expected = format!("a whole number, at most {MAX}");
    let fitting = Some(number).filter(|number| *number <= MAX);
    fitting.ok_or_else(|| Error::invalid_value(Unexpected::Unsigned(number), &expected.as_str()))
}

impl Limits {
    /// What there is for all tenants together.
    pub(crate) fn totals(&self, threads: usize) -> Totals {
        let Limits { parallel_requests, bodies_bytes, .. } = *self;
        Totals { parallel_requests, bodies_bytes, threads }
    }

    /// How much structure a JSON document may have.
    pub(crate) fn json(&self) -> Bounds {
        Bounds {
            members: self.json_members,
            elements: self.json_elements,
            strings: self.json_strings,
            containers: self.json_containers,
        }
    }
}

/// Seconds, or null for none.
fn optional_seconds<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
    #[derive(Deserialize)]
    struct Seconds(#[serde(deserialize_with = "seconds")] Duration);
    Ok(Option::<Seconds>::deserialize(d)?.map(|Seconds(duration)| duration))
}

/// A whole number of seconds, at least one; as many as fit 32 bits.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
    struct Seconds;
    impl Visitor<'_> for Seconds {
        type Value = Duration;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number of seconds, at least 1")
        }
        fn visit_u64<E: Error>(self, seconds: u64) -> Result<Duration, E> {
            if (1..=u64::from(u32::MAX)).contains(&seconds) {
                Ok(Duration::from_secs(seconds))
            } else {
                Err(E::invalid_value(Unexpected::Unsigned(seconds), &self))
            }
        }
    }
    d.deserialize_u32(Seconds)
}
