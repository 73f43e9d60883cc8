//! Callers as a gateway has them: tasks of a tokio runtime that wait for an intent's receipt, then
//! for that of its outcome.

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use inferlayer_ledger::{Content, Entry, Keyring, Kind, Ledger, Options, RequestId, TenantSeal};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::machine::Times;

/// Bytes of metadata that the gateway writes for a plain call.
const INTENT_BYTES: usize = 323;
const OUTCOME_BYTES: usize = 584;

/// A ledger under load.
pub struct Load {
    runtime: Runtime,
    caller: Caller,
}

impl Load {
    /// Opens the ledger in `data`; each record has `content_bytes` of sealed content.
    pub fn open(data: &Path, content_bytes: usize) -> Self {
        let keyring = Keyring::open(&data.join("keys")).unwrap();
        let ledger = open_ledger(data, &keyring);
        let content = Bytes::from(vec![b'x'; content_bytes]);
        let tenant = keyring.tenant("acme").unwrap();
        let caller = Caller { ledger, tenant, content };
        let runtime = Builder::new_multi_thread().enable_all().thread_name("callers").build();
        Self { runtime: runtime.unwrap(), caller }
    }

    pub fn ledger(&self) -> &Ledger {
        &self.caller.ledger
    }

    /// Each of `callers` appends for `time`; how long each waited for each record.
    pub fn run(&self, callers: usize, time: Duration) -> Times {
        let until = Instant::now() + time;
        self.runtime.block_on(async {
            let mut running = JoinSet::new();
            for number in 0..callers as u64 {
                running.spawn(self.caller.clone().append_until(until, number));
            }
            let mut waits = Times::default();
            while let Some(of_one) = running.join_next().await {
                waits.extend(of_one.unwrap());
            }
            waits
        })
    }

    /// One caller for `time`: how long each pair of an intent and its outcome took.
    pub fn turns(&self, time: Duration) -> Times {
        let until = Instant::now() + time;
        let caller = self.caller.clone();
        let turns = self.runtime.spawn(async move {
            let mut turns = Times::default();
            while Instant::now() < until {
                let begun = Instant::now();
                caller.turn(0, &mut Times::default()).await;
                turns.push(begun.elapsed());
            }
            turns
        });
        self.runtime.block_on(turns).unwrap()
    }

    pub fn close(self) {
        self.caller.ledger.close().unwrap();
    }
}

/// Opens the ledger in `data` with the usual options.
pub fn open_ledger(data: &Path, keyring: &Keyring) -> Ledger {
    let options = Options::new(data, "bench.example".parse().unwrap(), keyring.signing().unwrap());
    Ledger::open(options, &mut |_, _| Ok(())).unwrap().0
}

#[derive(Clone)]
struct Caller {
    ledger: Ledger,
    tenant: TenantSeal,
    content: Bytes,
}

impl Caller {
    async fn append_until(self, until: Instant, number: u64) -> Times {
        let mut waits = Times::default();
        while Instant::now() < until {
            self.turn(number, &mut waits).await;
        }
        waits
    }

    async fn turn(&self, number: u64, waits: &mut Times) {
        let turn = u128::from(self.ledger.now_us());
        let request = RequestId::new(((turn << 64) | u128::from(number)).to_be_bytes());
        let begun = Instant::now();
        let intent = self.entry(Kind::Intent, request, INTENT_BYTES);
        let (pending, outcome) = self.ledger.begin(intent).unwrap();
        pending.await.unwrap();
        waits.push(begun.elapsed());
        let begun = Instant::now();
        outcome.commit(self.entry(Kind::Outcome, request, OUTCOME_BYTES)).await.unwrap();
        waits.push(begun.elapsed());
    }

    fn entry(&self, kind: Kind, request: Option<RequestId>, metadata_bytes: usize) -> Entry {
        Entry {
            kind,
            tenant: Some(self.tenant.clone()),
            request,
            metadata: metadata(metadata_bytes),
            content: Content::Sealed(vec![self.content.clone()]),
        }
    }
}

/// A JSON object of so many bytes, of short members.
fn metadata(bytes: usize) -> Vec<u8> {
    let mut json = br#"{"gen_ai.request.model":"m""#.to_vec();
    while json.len() + 28 < bytes {
        json.extend_from_slice(br#","cost_nano_usd":"14250123""#);
    }
    json.push(b'}');
    json.resize(bytes, b' ');
    json
}
