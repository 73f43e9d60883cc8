//! The filters alone, without HTTP: what a request pays for being authenticated, classified, looked up in
//! the cache, routed, metered and recorded. It waits for intent and outcome, two syncs of this disk, so 64 at once say more about
//! the code and one alone says more about the disk.
#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use inferlayer_filter::exchange::{Attempt, AttemptResult};
use inferlayer_filter::{Exchange, Filter, Provider, Registration, testkit};
use inferlayer_ledger::{Keyring, Ledger, Options};
use inferlayer_records::SharedFold;
use inferlayer_wire::{Usage, Vendor};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const PRICES: &str = "
prices:
  - provider: p
    model: m
    per_million_tokens:
      { input_usd: 0.1, output_usd: 0.1, max_output_tokens: 1000, context_tokens: 100000 }
";
const BLOCKS: &[(Registration, &str)] = &[
    (Registration::of::<inferlayer_authenticate::AuthenticateSettings>(), "{}"),
    (
        Registration::of::<inferlayer_classify::ClassifySettings>(),
        "{ simple: { model: m }, complex: { model: m } }",
    ),
    (Registration::of::<inferlayer_cache::CacheSettings>(), "{}"),
    (
        Registration::of::<inferlayer_route::RouteSettings>(),
        "{ models: [{ name: m, candidates: [{ provider: p }] }] }",
    ),
    (Registration::of::<inferlayer_meter::MeterSettings>(), "{}"),
    (Registration::of::<inferlayer_audit::AuditSettings>(), "{}"),
];

struct Bench {
    filters: Vec<Box<dyn Filter>>,
    key: String,
    body: String,
    _folder: TempDir,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let keyring = Keyring::open(&folder.path().join("keys")).unwrap();
        let origin = "bench/audit".parse().unwrap();
        let mut options = Options::new(folder.path(), origin, keyring.signing().unwrap());
        options.state = Box::new(SharedFold::default());
        let (ledger, _) = Ledger::open(options, &mut |_, _| Ok(())).unwrap();
        let (accounts, key) = testkit::accounts("{ name: a, budget_usd: 1000000 }").unwrap();
        let provider = Arc::new(Provider {
            api_version: None,
            name: "p".into(),
            identity: "p".into(),
            vendor: Vendor::OpenAi,
            local: false,
            free: false,
            key_name: None,
        });
        let providers = vec![provider];
        let site = testkit::site(accounts, ledger, providers, PRICES).unwrap();
        let build = |(registration, block): &(Registration, &str)| {
            let yaml = serde_yaml::Deserializer::from_str(block);
            let settings = (registration.read)(&mut <dyn erased_serde::Deserializer>::erase(yaml));
            settings.unwrap().build(&site).unwrap()
        };
        let filters = BLOCKS.iter().map(build).collect();
        let content = "lorem ipsum dolor sit amet ".repeat(34);
        let body =
            format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{content}"}}]}}"#);
        Bench { filters, key, body, _folder: folder }
    }

    async fn request(&self) -> Exchange {
        let mut x = testkit::chat(&self.body).unwrap();
        let bearer = format!("Bearer {}", self.key).parse().unwrap();
        x.head.headers.insert(http::header::AUTHORIZATION, bearer);
        // The same question 64 times: none waits for another, each is keyed all the same.
        let anew = http::HeaderValue::from_static("no-cache");
        x.head.headers.insert(http::header::CACHE_CONTROL, anew);
        for filter in &self.filters {
            filter.request_headers(&mut x).await.unwrap();
        }
        for filter in &self.filters {
            filter.request(&mut x).await.unwrap();
        }
        x
    }

    async fn respond(&self, mut x: Exchange) {
        x.intent.need_mut().unwrap().durable().await.unwrap();
        let result = AttemptResult::Answered { status: 200 };
        let candidate = x.candidates.need().unwrap().get(0).unwrap();
        let attempt = Attempt::new(candidate, result);
        x.attempts.push(attempt);
        x.answer.usage = Some(Usage { input_tokens: 250, output_tokens: 100, ..Usage::default() });
        x.answer.record(&[b'x'; 700], 1 << 20);
        for filter in &self.filters {
            filter.response_end(&mut x).await.unwrap();
        }
    }
}

fn pipeline(criterion: &mut Criterion) {
    let (bench, runtime) = (Bench::new(), Runtime::new().unwrap());
    let mut group = criterion.benchmark_group("pipeline, 1 KB");
    group.bench_function("parse the body", |b| b.iter(|| testkit::chat(&bench.body).unwrap()));
    let one = || async { bench.respond(bench.request().await).await };
    group.bench_function("one alone", |b| b.iter(|| runtime.block_on(one())));
    group.bench_function("64 at once", |b| {
        b.iter(|| runtime.block_on(futures_util::future::join_all((0..64).map(|_| one()))));
    });
    group.finish();
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
