//! A closed loop: each connection sends its next request when it has the whole answer to the last.
//! Prints one line of JSON. Its key comes from the environment, where `ps` does not show it.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use inferlayer_compare::chat;
use inferlayer_compare::http1::{Connection, Http1Error, Message, field};
use inferlayer_compare::question::{NumberedRequest, Numbers};
use inferlayer_compare::tally::Tally;

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
    /// The model to ask for.
    #[arg(long, default_value = "bench-small", value_parser = parse_model)]
    model: String,
    /// Ask always the same, and once more before the clock starts, so that a cache has the answer.
    #[arg(long)]
    same_question: bool,
    /// The status that answers must have.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(100..=599))]
    status: u16,
    /// What answers must say in x-inferlayer-cache.
    #[arg(long)]
    cache_status: Option<String>,
}

/// What every connection asks, and what it takes for an answer.
struct Plan {
    target: SocketAddr,
    request: NumberedRequest,
    numbers: Numbers,
    status_line: String,
    is_whole: fn(&[u8]) -> bool,
    cache_status: Option<String>,
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
    #[error("cache status is `{0}`")]
    CacheStatus(String),
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
    let plan = Arc::new(Plan::new(&arguments)?);
    if arguments.same_question {
        let asked = tokio::time::timeout(LAST_ANSWER, ask_first(&plan)).await?;
        asked.map_err(io::Error::other)?;
    }
    let began = Instant::now();
    let mut connections = JoinSet::new();
    for _ in 0..arguments.connections {
        connections.spawn(load(Arc::clone(&plan), began + arguments.duration));
    }
    let tallies =
        tokio::time::timeout(arguments.duration + LAST_ANSWER, connections.join_all()).await?;
    let report = Tally::sum(tallies).report(began.elapsed());
    writeln!(io::stdout(), "{}", serde_json::to_string(&report)?)
}

/// One connection, opened again after an error.
async fn load(plan: Arc<Plan>, ends_at: Instant) -> Tally {
    let mut tally = Tally::default();
    while tally.errors() < ERRORS_MAX && Instant::now() < ends_at {
        if let Err(error) = closed_loop(&plan, ends_at, &mut tally).await {
            tally.error(&error);
        }
    }
    tally
}

async fn closed_loop(plan: &Plan, ends_at: Instant, tally: &mut Tally) -> Result<(), LoadError> {
    let mut request = plan.request.clone();
    let mut connection = plan.connect().await?;
    let mut sent_at = Instant::now();
    while sent_at < ends_at {
        connection.write(request.numbered(plan.numbers.next())).await?;
        let answer = connection.read_message().await?.ok_or(LoadError::Closed)?;
        let ended_at = Instant::now();
        plan.check(&answer)?;
        plan.check_cache_status(&answer)?;
        let began_at = answer.body_began.unwrap_or(ended_at);
        tally.answer(began_at - sent_at, ended_at - sent_at);
        sent_at = Instant::now();
    }
    Ok(())
}

/// The one question that no cache has an answer to yet. Not counted.
async fn ask_first(plan: &Plan) -> Result<(), LoadError> {
    let mut request = plan.request.clone();
    let mut connection = plan.connect().await?;
    connection.write(request.numbered(plan.numbers.next())).await?;
    plan.check(&connection.read_message().await?.ok_or(LoadError::Closed)?)
}

impl Plan {
    fn new(arguments: &Arguments) -> io::Result<Plan> {
        let Arguments { target, stream, ref model, same_question, status, .. } = *arguments;
        let key = std::env::var("COMPARE_KEY").unwrap_or_default();
        let body = chat::request_body(model, stream);
        let length = body.len();
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {target}\r\n\
             authorization: Bearer {key}\r\ncontent-type: application/json\r\n\
             accept: application/json\r\nuser-agent: inferlayer-compare\r\n\
             content-length: {length}\r\n\r\n{body}"
        );
        Ok(Plan {
            target,
            request: NumberedRequest::new(request).map_err(io::Error::other)?,
            numbers: Numbers::new(same_question),
            status_line: format!("HTTP/1.1 {status} "),
            is_whole: match (status, stream) {
                (200, true) => chat::is_whole_stream,
                (200, false) => chat::is_whole_json,
                _ => chat::is_json,
            },
            cache_status: arguments.cache_status.clone(),
        })
    }

    async fn connect(&self) -> Result<Connection<TcpStream>, LoadError> {
        let stream = TcpStream::connect(self.target).await.map_err(LoadError::Connect)?;
        stream.set_nodelay(true).map_err(LoadError::Connect)?;
        Ok(Connection::new(stream))
    }

    fn check(&self, answer: &Message<'_>) -> Result<(), LoadError> {
        if !answer.head.starts_with(self.status_line.as_bytes()) {
            let line = answer.head.split(|&byte| byte == b'\r').next().unwrap_or_default();
            return Err(LoadError::Status(String::from_utf8_lossy(line).into_owned()));
        }
        if !(self.is_whole)(answer.body) {
            return Err(LoadError::NotWhole(answer.body.len()));
        }
        Ok(())
    }

    fn check_cache_status(&self, answer: &Message<'_>) -> Result<(), LoadError> {
        let Some(expected) = &self.cache_status else { return Ok(()) };
        let said = field(answer.head, "x-inferlayer-cache").unwrap_or_default();
        match said == expected.as_bytes() {
            true => Ok(()),
            false => Err(LoadError::CacheStatus(String::from_utf8_lossy(said).into_owned())),
        }
    }
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|s| Duration::try_from_secs_f64(s).ok());
    seconds.filter(|&s| s <= DURATION_MAX).ok_or_else(|| "not seconds from 0 to 60".to_owned())
}

/// It is written into JSON as it stands.
fn parse_model(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:/".contains(&b);
    match (1..=64).contains(&text.len()) && text.bytes().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("not 1 to 64 letters, digits or -._:/".to_owned()),
    }
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
    fn models_need_no_escape() {
        assert_eq!(parse_model("auto:best").as_deref(), Ok("auto:best"));
        for bad in ["", "a\"b", "a\nb", &"m".repeat(65)] {
            assert!(parse_model(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_answer_counts_only_with_the_status_and_cache_status_asked_for() {
        let plan = |words: &[&str]| {
            let all = [&["load", "--target", "127.0.0.1:1"], words].concat();
            Plan::new(&Arguments::parse_from(all)).unwrap()
        };
        let refused = Message {
            head: b"HTTP/1.1 429 Too Many Requests\r\nx-inferlayer-cache: miss\r\n\r\n",
            body: br#"{"error":{}}"#,
            body_began: None,
        };
        assert!(plan(&["--status", "429"]).check(&refused).is_ok());
        assert!(matches!(plan(&[]).check(&refused), Err(LoadError::Status(_))));
        assert!(plan(&["--cache-status", "miss"]).check_cache_status(&refused).is_ok());
        let hits = plan(&["--cache-status", "hit-exact"]).check_cache_status(&refused);
        assert!(matches!(hits, Err(LoadError::CacheStatus(said)) if said == "miss"));
    }
}
