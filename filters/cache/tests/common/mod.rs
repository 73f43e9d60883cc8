//! What the cache's tests share: a filter over a real ledger in a folder of its own, and requests
//! played through it by hand, with the records that `audit` would write.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::BytesMut;
use http::{HeaderMap, StatusCode};
use inferlayer_accounts::{
    Accounts, KeyId, MintedKey, NanoUsd, PresentedKey, PriceBook, TenantSettings, Totals, settings,
};
use inferlayer_cache::{CacheSettings, CacheStatus};
use inferlayer_filter::exchange::{Attempt, AttemptResult};
use inferlayer_filter::outline::Offers;
use inferlayer_filter::{
    Answer, Candidate, Exchange, Filter, Flow, Refusal, ResponseHead, Settings, Site, testkit,
};
use inferlayer_ledger::{
    Clock, Content, Entry, Kind, Ledger, Options, Receipt, RequestId, SigningKey, TenantSeal,
};
use inferlayer_records::{Ending, Fold, KeyEvent, Memory, SharedFold, record};
use inferlayer_wire::{Chunk, Completion};
use tempfile::TempDir;

/// A filter, its ledger, and tenants `a`, `b` and `c`; `b` and `c` have the same key by mistake.
/// Of a fourth one the ledger keeps no content.
pub struct Gateway {
    pub filter: Box<dyn Filter>,
    pub ledger: Ledger,
    pub clock: Arc<TestClock>,
    accounts: Arc<Accounts>,
    keys: Vec<String>,
}

pub const TENANTS: usize = 3;
/// The tenant whose content is not kept.
pub const WITHHELD: usize = TENANTS;
const SEALS: [u8; TENANTS + 1] = [1, 2, 2, 3];

/// A clock that a test moves.
#[derive(Default)]
pub struct TestClock {
    wall: AtomicU64,
    monotonic: AtomicU64,
}

impl Clock for TestClock {
    fn now_us(&self) -> u64 {
        self.wall.load(Ordering::SeqCst)
    }
    fn monotonic_us(&self) -> Option<u64> {
        Some(self.monotonic.load(Ordering::SeqCst))
    }
}

impl TestClock {
    pub fn pass_seconds(&self, seconds: u64) {
        self.monotonic.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
        self.jump(i64::try_from(seconds).unwrap());
    }

    /// The clock on the wall is set, and no time passes.
    pub fn jump(&self, seconds: i64) {
        let by = seconds.unsigned_abs() * 1_000_000;
        match seconds {
            0.. => self.wall.fetch_add(by, Ordering::SeqCst),
            _ => self.wall.fetch_sub(by, Ordering::SeqCst),
        };
    }
}

impl Gateway {
    /// With these settings, in a folder of its own.
    pub fn new(settings: &str) -> (Gateway, TempDir) {
        let data = tempfile::tempdir().unwrap();
        (Gateway::open(data.path(), settings, 0), data)
    }

    /// Over the ledger in `data`, as long after the epoch.
    pub fn open(data: &Path, settings: &str, seconds: u64) -> Gateway {
        let clock = Arc::<TestClock>::default();
        clock.pass_seconds(1_800_000_000 + seconds);
        let signing = SigningKey::from_seed(&[9; 32].into()).unwrap();
        let mut options = Options::new(data, "gw".parse().unwrap(), signing);
        (options.view, options.clock) = (None, clock.clone());
        let (folded, mut memory) = (SharedFold::default(), Memory::default());
        options.state = Box::new(folded.clone());
        let (ledger, _) = Ledger::open(options, &mut |place, record| {
            memory.record(place, record);
            Ok(())
        })
        .unwrap();
        let remembered = memory.fresh(ledger.times().steady_us).into();
        let (accounts, keys) = accounts(folded.now());
        let prices = Arc::new(PriceBook::parse("prices: []").unwrap());
        let site = Site {
            providers: Vec::new(),
            tenants: accounts.tenants(),
            accounts: accounts.clone(),
            offers: Offers::default(),
            // As if these settings were the whole of it.
            filters_sha256: settings.to_owned(),
            prices,
            ledger: ledger.clone(),
            remembered,
            kept: Arc::default(),
        };
        let settings: CacheSettings = serde_json::from_str(settings).unwrap();
        Gateway { filter: settings.build(&site).unwrap(), ledger, clock, accounts, keys }
    }

    /// A request of a tenant.
    pub fn request(&self, tenant: usize, body: &str) -> Exchange {
        let mut x = testkit::chat(body).unwrap();
        let key = PresentedKey::parse(self.keys[tenant].as_bytes()).unwrap();
        x.tenant.fill(self.accounts.authenticate(&self.accounts.tenants(), &key).unwrap()).unwrap();
        x
    }

    /// Destroys a tenant's key, as far as the filter can tell.
    pub fn shred(&self, tenant: usize) {
        self.accounts.reseal(&settings_of(tenant).name, TenantSeal::new([99; 32].into()));
    }

    /// The filter's answer.
    pub async fn ask(&self, x: &mut Exchange) -> Result<Option<Answer>, Refusal> {
        match self.filter.request(x).await? {
            Flow::Answer(answer) => Ok(Some(answer)),
            Flow::Continue => Ok(None),
        }
    }

    /// Asks, has `provider` answer if the cache does not, and gives the body.
    pub async fn serve(&self, x: &mut Exchange, provider: &Provided<'_>) -> String {
        match self.ask(x).await.unwrap() {
            Some(answer) => {
                x.ending.fill(Ending::Complete).unwrap();
                self.filter.response_end(x).await.unwrap();
                self.filter.log(x);
                text(&answer)
            }
            None => {
                self.provide(x, provider).await;
                provider.content.to_owned()
            }
        }
    }

    /// The provider's answer, up to the end of the request.
    pub async fn provide(&self, x: &mut Exchange, provided: &Provided<'_>) -> Option<Receipt> {
        provided.observe(x);
        self.filter.response_end(x).await.unwrap();
        let receipt = if provided.recorded { Some(self.record(x).await) } else { None };
        if let Some(receipt) = &receipt {
            x.receipt.fill(receipt.clone()).unwrap();
            self.filter.recorded(x);
        }
        self.filter.log(x);
        receipt
    }

    /// The outcome as `audit` records it.
    async fn record(&self, x: &mut Exchange) -> Receipt {
        let tenant = x.tenant.peek().unwrap();
        let key = x.admission.peek().map(|admission| hex(&admission.key.0));
        let ttl_seconds = x.admission.peek().map_or(0, |admission| admission.ttl_seconds);
        let metadata = record::Outcome {
            request: x.id.to_string().into(),
            tenant: tenant.name().as_str().into(),
            key: tenant.key(),
            ending: Ending::Complete,
            status: x.answer.status,
            attempts: Vec::new(),
            vendor: None,
            provider: None,
            model: None,
            input_tokens: 11,
            cached_input_tokens: 0,
            cache_write_input_tokens: 0,
            output_tokens: 22,
            charged: Vec::new(),
            charges: Vec::new(),
            cost_nano_usd: NanoUsd::from_nano(77),
            estimated: false,
            prices_sha256: "".into(),
            simulated: true,
            content_cut: false,
            content_hmac_sha256: None,
            content_bytes: None,
            edited_texts: None,
            passed: None,
            cache_lookup: None,
            latency_us: None,
            cache: key.map(|key| record::Cached { key: key.into(), ttl_seconds }),
        };
        let entry = Entry {
            kind: Kind::Outcome,
            request: RequestId::new(x.id.bytes()),
            tenant: Some(tenant.seal().clone()),
            metadata: serde_json::to_vec(&metadata).unwrap(),
            content: Content::Sealed(vec![x.answer.content.split().freeze()]),
        };
        self.ledger.append(entry).unwrap().await.unwrap()
    }

    /// The headers that the filter gives an answer to `x`.
    pub fn headers(&self, x: &mut Exchange) -> HeaderMap {
        let mut head = ResponseHead { status: StatusCode::OK, headers: HeaderMap::new() };
        self.filter.response_headers(x, &mut head);
        head.headers
    }
}

/// What a provider answers, and how that went.
#[derive(Clone, Copy)]
pub struct Provided<'a> {
    pub content: &'a str,
    pub status: u16,
    pub ending: Ending,
    pub fallback: bool,
    pub cut: bool,
    /// The outcome becomes durable.
    pub recorded: bool,
}

impl<'a> Provided<'a> {
    pub fn whole(content: &'a str) -> Provided<'a> {
        Provided {
            content,
            status: 200,
            ending: Ending::Complete,
            fallback: false,
            cut: false,
            recorded: true,
        }
    }

    fn observe(&self, x: &mut Exchange) {
        let candidate = Candidate { fallback: self.fallback, ..testkit::candidate("p", "m") };
        let result = AttemptResult::Answered { status: self.status };
        x.attempts.push(Attempt::new(&candidate, result));
        if let Ok(facts) = Completion::parse(self.content.as_bytes()) {
            x.answer.take(facts);
        }
        for event in self.content.split("\n\n").filter_map(|event| event.strip_prefix("data: ")) {
            x.answer.observe(&Chunk::parse(event.as_bytes()).unwrap());
        }
        x.answer.content = BytesMut::from(self.content);
        (x.answer.status, x.answer.content_cut) = (self.status, self.cut);
        x.ending.fill(self.ending).unwrap();
    }
}

fn settings_of(tenant: usize) -> TenantSettings {
    let name = ["a", "b", "c", "d"][tenant];
    let content = if tenant == WITHHELD { "none" } else { "full" };
    settings::from_yaml(&format!("{{ name: {name}, budget_usd: 1, content: {content} }}")).unwrap()
}

fn accounts(fold: Fold) -> (Arc<Accounts>, Vec<String>) {
    let seal = |index: usize| TenantSeal::new([SEALS[index]; 32].into());
    let tenants = (0..=WITHHELD).map(|index| (settings_of(index), seal(index))).collect();
    let accounts = Accounts::new(tenants, Totals::default(), fold);
    let keys = (0..=WITHHELD).map(|index| {
        let minted = MintedKey::mint().unwrap();
        let id: KeyId = minted.id;
        accounts.apply(KeyEvent::KeyCreated {
            id,
            tenant: settings_of(index).name,
            label: String::new(),
            hash: minted.hash.clone(),
            created_at: 0,
            expires_at: None,
        });
        minted.reveal().as_str().to_owned()
    });
    let keys = keys.collect();
    (Arc::new(accounts), keys)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

pub fn status(x: &Exchange) -> CacheStatus {
    *x.extensions.get::<CacheStatus>().unwrap()
}

/// A question.
pub fn question(text: &str) -> String {
    format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{text}"}}]}}"#)
}

/// The same, to be answered by a stream.
pub fn streamed(text: &str) -> String {
    question(text).replace(r#""model":"m""#, r#""model":"m","stream":true"#)
}

/// A completion that says `text`.
pub fn completion(text: &str) -> String {
    format!(
        r#"{{"id":"old","object":"chat.completion","created":1,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}]}}"#
    )
}

/// A stream that says `text`, recorded as the client got it.
pub fn stream(text: &str) -> String {
    let chunk = |choice: &str| {
        format!(
            r#"data: {{"id":"old","created":1,"model":"m","choices":[{{"index":0,{choice}}}]}}"#
        ) + "\n\n"
    };
    chunk(r#""delta":{"role":"assistant","content":""}"#)
        + &chunk(&format!(r#""delta":{{"content":"{text}"}}"#))
        + &chunk(r#""delta":{},"finish_reason":"stop""#)
}
