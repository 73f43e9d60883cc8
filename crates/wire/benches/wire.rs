//! What the wire costs per request and per event: reading requests of 1 KB, 32 KB and 1 MB,
//! rewriting one for a provider, telling its identity, giving an answer again, and decoding a stream
//! of 64 events.

#![allow(clippy::unwrap_used, reason = "a bench that fails has nothing to measure")]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use inferlayer_wire::openai::{Fresh, Replay};
use inferlayer_wire::{ChatRequest, Chunk, Completion, Usage, sse};

criterion_group!(benches, requests, rewriting, identities, answers, replays, streams);
criterion_main!(benches);

fn requests(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("request/parse");
    for size in [1 << 10, 32 << 10, 1 << 20] {
        let body = request(size);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(size), &body, |bench, body| {
            bench.iter(|| ChatRequest::parse(black_box(body.clone())).unwrap());
        });
    }
    group.finish();
}

fn rewriting(bench: &mut Criterion) {
    let request = ChatRequest::parse(request(1 << 10)).unwrap();
    bench.bench_function("request/for_provider/1024", |bench| {
        bench.iter(|| request.for_provider(black_box("a-provider-s-name"), true));
    });
}

fn identities(bench: &mut Criterion) {
    let request = ChatRequest::parse(request(1 << 10)).unwrap();
    bench.bench_function("request/identity/1024", |bench| {
        bench.iter(|| black_box(&request).identity());
    });
}

fn replays(bench: &mut Criterion) {
    let body = Bytes::from(completion(1 << 10));
    let fresh = Fresh { id: "chatcmpl-1", created: 1, usage: Usage::default() };
    bench.bench_function("replay/completion/1024", |bench| {
        bench.iter(|| Replay::read(black_box(body.clone())).ok().unwrap().completion(&fresh));
    });
    bench.bench_function("replay/events/1024", |bench| {
        bench.iter(|| Replay::read(black_box(body.clone())).ok().unwrap().events(&fresh, false));
    });
}

fn answers(bench: &mut Criterion) {
    let body = completion(1 << 10);
    bench.bench_function("completion/parse/1024", |bench| {
        bench.iter(|| Completion::parse(black_box(&body)).unwrap());
    });
}

fn streams(bench: &mut Criterion) {
    let stream = Bytes::from(chunk().repeat(64));
    let mut group = bench.benchmark_group("stream");
    group.throughput(Throughput::Elements(64));
    for packet in [64, 1 << 10, stream.len()] {
        group.bench_with_input(BenchmarkId::new("64_events", packet), &packet, |bench, packet| {
            bench.iter(|| decode(black_box(&stream), *packet));
        });
    }
    group.finish();
}

/// Decodes `stream` in packets and returns the bytes generated.
fn decode(stream: &Bytes, packet: usize) -> u64 {
    let mut decoder = sse::Decoder::new(sse::DEFAULT_MAX_EVENT_BYTES);
    let mut output_bytes = 0;
    for start in (0..stream.len()).step_by(packet) {
        let end = stream.len().min(start + packet);
        decoder.push(stream.slice(start..end)).unwrap();
        while let Some(event) = decoder.next() {
            output_bytes += Chunk::parse(&event.data()).unwrap().output_bytes;
        }
    }
    output_bytes
}

/// A conversation of about `size` bytes, its turns about 500 bytes with an escape here and there.
fn request(size: usize) -> Bytes {
    let words = "and then \\\"the\\\" quick brown fox jumped over – the lazy dog\\n".repeat(8);
    let turn = format!(r#"{{"role":"user","content":"{words}"}}"#);
    let turns = vec![turn.as_str(); (size / turn.len()).max(1)].join(",");
    let body = format!(
        r#"{{"model":"gpt-test","temperature":0.7,"stream":true,"messages":[{turns}],
            "max_tokens":512,"tools":[{{"type":"function","function":{{"name":"look_up",
            "parameters":{{"type":"object","properties":{{"q":{{"type":"string"}}}}}}}}}}]}}"#
    );
    Bytes::from(body)
}

fn completion(size: usize) -> Vec<u8> {
    let text = "word ".repeat(size / 5);
    format!(
        r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-test","choices":[
            {{"index":0,"message":{{"role":"assistant","content":"{text}"}},"finish_reason":"stop"}}],
            "usage":{{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}}}}"#
    )
    .into_bytes()
}

fn chunk() -> String {
    let json = concat!(
        r#"{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","#,
        r#""created":1741569952,"model":"gpt-test","service_tier":"default","choices":[{"index":0,"#,
        r#""delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":null}"#,
    );
    format!("data: {json}\n\n")
}
