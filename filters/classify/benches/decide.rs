//! What a decision costs: everything it needs stands in the shape.

#![allow(clippy::unwrap_used, reason = "a bench that fails has nothing to measure")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

use inferlayer_classify::{Asked, ClassifySettings, decide};
use inferlayer_wire::Shape;

criterion_group!(benches, decisions);
criterion_main!(benches);

fn decisions(bench: &mut Criterion) {
    let yaml = "{ simple: { model: small, fallbacks: [large] }, complex: { model: large } }";
    let settings: ClassifySettings = serde_yaml::from_str(yaml).unwrap();
    let mut group = bench.benchmark_group("decide");
    for model in ["auto", "auto:best", "gpt-test"] {
        let asked = Asked { model, shape: Shape::default(), local_only: false };
        group.bench_function(model, |bench| {
            bench.iter(|| decide(black_box(&asked), &settings, &|_| true));
        });
    }
    group.finish();
}
