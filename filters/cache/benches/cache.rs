//! What the cache costs: the key of a question of 1 KB, a look-up that finds nothing, and one that
//! finds an answer, reads it from the ledger and makes it ready.

#![allow(clippy::unwrap_used, reason = "a bench that fails has nothing to measure")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use inferlayer_cache::key::{KeyMaker, Scope};
use inferlayer_ledger::TenantSeal;
use inferlayer_wire::ChatRequest;
use tokio::runtime::{Builder, Runtime};

use common::{Gateway, Provided, completion, question, streamed};

criterion_group!(benches, keys, look_ups);
criterion_main!(benches);

/// A question of about a kilobyte.
fn words() -> String {
    "and then the quick brown fox jumped over the lazy dog; ".repeat(18)
}

fn keys(bench: &mut Criterion) {
    let keys = KeyMaker::new(&TenantSeal::new([1; 32].into()));
    let request = ChatRequest::parse(question(&words()).into()).unwrap();
    let scope = Scope {
        dialect: "openai",
        model: "m",
        local_only: false,
        answered_by: "p",
        filters_sha256: "c",
    };
    let identity = request.identity();
    bench.bench_function("key/hmac/1024", |bench| {
        bench.iter(|| keys.key(scope, black_box(&identity)));
    });
    bench.bench_function("key/identity_and_hmac/1024", |bench| {
        bench.iter(|| keys.key(scope, &black_box(&request).identity()));
    });
}

fn look_ups(bench: &mut Criterion) {
    let runtime: Runtime = Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (gateway, _data) = Gateway::new("{}");
    let mut x = gateway.request(0, &question("known"));
    let provided = completion(&words());
    runtime.block_on(gateway.serve(&mut x, &Provided::whole(&provided)));
    // The request is made anew each time: parsing it is part of what is measured.
    bench.bench_function("look_up/parse_only/1024", |bench| {
        let body = question(&words());
        bench.iter(|| gateway.request(0, black_box(&body)));
    });
    bench.bench_function("look_up/parse_and_miss/1024", |bench| {
        let body = question(&words());
        bench.iter(|| {
            let mut x = gateway.request(0, black_box(&body));
            runtime.block_on(gateway.ask(&mut x)).unwrap().is_none()
        });
    });
    for (name, body) in [("completion", question("known")), ("stream", streamed("known"))] {
        bench.bench_function(&format!("look_up/hit/{name}"), |bench| {
            bench.iter(|| {
                let mut x = gateway.request(0, black_box(&body));
                runtime.block_on(gateway.ask(&mut x)).unwrap().unwrap().body.len()
            });
        });
    }
}
