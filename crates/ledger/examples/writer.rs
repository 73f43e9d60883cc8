//! Appends until it is ended, and says which records were acknowledged: what `tests/power-cut/run`
//! takes the disk away from.
//!
//! Prints `key <verifier key>`, then `ack <sequence> <record hash>` for each record whose receipt
//! has come. Callers do as a gateway does: an intent, then its outcome, both with sealed content.
//!
//! ```text
//! writer --data FOLDER [--content-bytes 1024] [--callers 32] [--segment-bytes N] [--seconds N]
//! ```

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use inferlayer_ledger::{
    Content, Entry, Keyring, Kind, Ledger, Options, Origin, Receipt, RequestId, TenantSeal,
};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// The tenant whose records they are; `stored` opens them with the same key.
const TENANT: &str = "acme";

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let data: PathBuf = option("--data")?.ok_or("--data is missing")?;
    let content = vec![b'x'; option("--content-bytes")?.unwrap_or(1024)];
    let callers = option("--callers")?.unwrap_or(32);
    let seconds = option("--seconds")?.map(Duration::from_secs);

    let keyring = Keyring::open(&data.join("keys"))?;
    let origin: Origin = "writer.example".parse()?;
    let key = keyring.signing()?.verifying_key(&origin).ok_or("the key does not sign")?;
    writeln!(io::stdout(), "key {key}")?;
    let mut options = Options::new(&data, origin, keyring.signing()?);
    options.segment_bytes = option("--segment-bytes")?.unwrap_or(options.segment_bytes);
    let (ledger, _) = Ledger::open(options, &mut |_, _| Ok(()))?;

    let caller = Caller {
        ledger: ledger.clone(),
        tenant: keyring.tenant(TENANT)?,
        content: content.into(),
        end: seconds.map(|seconds| Instant::now() + seconds),
    };
    Runtime::new()?.block_on(call_all(caller, callers))?;
    Ok(ledger.close()?)
}

/// Ends with the first caller that fails.
async fn call_all(caller: Caller, callers: u64) -> Result<(), Failure> {
    let mut running = JoinSet::new();
    for number in 0..callers {
        running.spawn(caller.clone().run(number));
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(())
}

#[derive(Clone)]
struct Caller {
    ledger: Ledger,
    tenant: TenantSeal,
    content: Bytes,
    end: Option<Instant>,
}

impl Caller {
    async fn run(self, number: u64) -> Result<(), Failure> {
        while self.end.is_none_or(|end| Instant::now() < end) {
            let request = request(number, self.ledger.now_us());
            let (intent, outcome) = self.ledger.begin(self.entry(Kind::Intent, request))?;
            acknowledge(&intent.await?)?;
            acknowledge(&outcome.commit(self.entry(Kind::Outcome, request)).await?)?;
        }
        Ok(())
    }

    fn entry(&self, kind: Kind, request: Option<RequestId>) -> Entry {
        Entry {
            kind,
            tenant: Some(self.tenant.clone()),
            request,
            metadata: br#"{"model":"m"}"#.to_vec(),
            content: Content::Sealed(vec![self.content.clone()]),
        }
    }
}

fn request(caller: u64, turn: u64) -> Option<RequestId> {
    RequestId::new(((u128::from(turn) << 64) | u128::from(caller)).to_be_bytes())
}

/// One write for the whole line, so that a cut tears at most the last one.
fn acknowledge(receipt: &Receipt) -> io::Result<()> {
    let line = format!("ack {} {}\n", receipt.sequence(), receipt.record_hash());
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    out.flush()
}

/// The value that follows `name` on the command line.
fn option<T: FromStr>(name: &str) -> Result<Option<T>, String> {
    let mut words = env::args().skip_while(|word| word != name).skip(1);
    let value = words.next().map(|word| word.parse().map_err(|_| format!("{name} {word}: wrong")));
    value.transpose()
}
