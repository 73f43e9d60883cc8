//! A closed loop: each connection sends its next request when it has the whole answer to the last.
//! Prints one line of JSON. Its key comes from the environment, where `ps` does not show it.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use inferlayer_compare::chat;
use inferlayer_compare::http1::{Connection, Http1Error, Message};
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// Loads one target for some seconds.
#[derive(Parser)]
struct Arguments {
    /// Where to connect.
    #[arg(long)]
    target: SocketAddr,
    /// Connections, each with one request at a time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    connections: u16,
    /// For how long new requests are sent, up to 60.
    #[arg(long = "seconds", default_value = "2", value_parser = parse_seconds)]
    duration: Duration,
    /// Ask for streams.
    #[arg(long)]
    stream: bool,
}

/// What every connection does.
struct Plan {
    target: SocketAddr,
    request: Vec<u8>,
    is_whole: fn(&[u8]) -> bool,
    ends_at: Instant,
}

/// What one connection, or all together, saw. Times in nanoseconds.
#[derive(Default)]
struct Tally {
    latencies: Vec<u64>,
    first_bytes: Vec<u64>,
    errors: u64,
    first_error: Option<String>,
}

/// Latencies are from the request's first byte sent to the answer's last byte received.
#[derive(Serialize)]
struct Report {
    requests: usize,
    seconds: f64,
    errors: u64,
    first_error: Option<String>,
    p50_us: f64,
    p99_us: f64,
    /// Until the first byte of the answer's body.
    ttft_p50_us: f64,
}

/// Why an answer does not count.
#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error("{0}")]
    Http(#[from] Http1Error),
    #[error("cannot connect: {0}")]
    Connect(io::Error),
    #[error("connection closed in place of an answer")]
    Closed,
    #[error("answered `{0}`")]
    Status(String),
    #[error("answer is not whole: {0} bytes")]
    NotWhole(usize),
}

/// Every answer's latency is kept until the end, so there must be one.
const DURATION_MAX: Duration = Duration::from_secs(60);
/// A connection that fails this often gives up, so that a broken target is not hammered.
const ERRORS_MAX: u64 = 10;
/// An answer may take this long after the end.
const LAST_ANSWER: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let began = Instant::now();
    let plan = Arc::new(Plan::new(&arguments, began + arguments.duration));
    let mut connections = JoinSet::new();
    for _ in 0..arguments.connections {
        connections.spawn(load(Arc::clone(&plan)));
    }
    let tallies =
        tokio::time::timeout(arguments.duration + LAST_ANSWER, connections.join_all()).await?;
    let report = Tally::sum(tallies).report(began.elapsed());
    writeln!(io::stdout(), "{}", serde_json::to_string(&report)?)
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
    seconds.filter(|&s| s <= DURATION_MAX).ok_or_else(|| "not seconds from 0 to 60".to_owned())
}

/// One connection, opened again after an error.
async fn load(plan: Arc<Plan>) -> Tally {
    let mut tally = Tally::default();
    while tally.errors < ERRORS_MAX && Instant::now() < plan.ends_at {
        if let Err(error) = closed_loop(&plan, &mut tally).await {
            tally.errors += 1;
            tally.first_error.get_or_insert_with(|| error.to_string());
        }
    }
    tally
}

async fn closed_loop(plan: &Plan, tally: &mut Tally) -> Result<(), LoadError> {
    let stream = TcpStream::connect(plan.target).await.map_err(LoadError::Connect)?;
    stream.set_nodelay(true).map_err(LoadError::Connect)?;
    let mut connection = Connection::new(stream);
    let mut sent_at = Instant::now();
    while sent_at < plan.ends_at {
        connection.write(&plan.request).await?;
        let answer = connection.read_message().await?.ok_or(LoadError::Closed)?;
        let ended_at = Instant::now();
        plan.check(&answer)?;
        let began_at = answer.body_began.unwrap_or(ended_at);
        tally.latencies.push(nanoseconds(ended_at - sent_at));
        tally.first_bytes.push(nanoseconds(began_at - sent_at));
        sent_at = Instant::now();
    }
    Ok(())
}

impl Plan {
    fn new(arguments: &Arguments, ends_at: Instant) -> Plan {
        let Arguments { target, stream, .. } = *arguments;
        let key = std::env::var("COMPARE_KEY").unwrap_or_default();
        let body = chat::request_body(stream);
        let length = body.len();
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {target}\r\n\
             authorization: Bearer {key}\r\ncontent-type: application/json\r\n\
             accept: application/json\r\nuser-agent: inferlayer-compare\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        let is_whole = if stream { chat::is_whole_stream } else { chat::is_whole_json };
        Plan { target, request: request.into_bytes(), is_whole, ends_at }
    }

    fn check(&self, answer: &Message<'_>) -> Result<(), LoadError> {
        if !answer.head.starts_with(b"HTTP/1.1 200 ") {
            let line = answer.head.split(|&byte| byte == b'\r').next().unwrap_or_default();
            return Err(LoadError::Status(String::from_utf8_lossy(line).into_owned()));
        }
        if !(self.is_whole)(answer.body) {
            return Err(LoadError::NotWhole(answer.body.len()));
        }
        Ok(())
    }
}

impl Tally {
    fn sum(tallies: Vec<Tally>) -> Tally {
        tallies.into_iter().fold(Tally::default(), |mut sum, tally| {
            sum.latencies.extend(tally.latencies);
            sum.first_bytes.extend(tally.first_bytes);
            sum.errors += tally.errors;
            sum.first_error = sum.first_error.or(tally.first_error);
            sum
        })
    }

    fn report(mut self, took: Duration) -> Report {
        self.latencies.sort_unstable();
        self.first_bytes.sort_unstable();
        Report {
            requests: self.latencies.len(),
            seconds: took.as_secs_f64(),
            errors: self.errors,
            first_error: self.first_error,
            p50_us: percentile_us(&self.latencies, 50),
            p99_us: percentile_us(&self.latencies, 99),
            ttft_p50_us: percentile_us(&self.first_bytes, 50),
        }
    }
}

/// By nearest rank; 0 of nothing.
fn percentile_us(sorted_nanoseconds: &[u64], percent: usize) -> f64 {
    let rank = (sorted_nanoseconds.len() * percent).div_ceil(100);
    let value = sorted_nanoseconds.get(rank.saturating_sub(1)).copied().unwrap_or_default();
    value as f64 / 1000.0
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_bounded() {
        assert_eq!(parse_seconds("0.5"), Ok(Duration::from_millis(500)));
        for bad in ["61", "-1", "NaN", "inf", "two", ""] {
            assert!(parse_seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).map(|n| n * 1000).collect();
        assert_eq!(percentile_us(&hundred, 50), 50.0);
        assert_eq!(percentile_us(&hundred, 99), 99.0);
        assert_eq!(percentile_us(&[7000], 99), 7.0);
        assert_eq!(percentile_us(&[], 50), 0.0);
    }
}
