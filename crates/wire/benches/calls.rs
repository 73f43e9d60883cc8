//! What one dialect costs, and two: a request told anew, and streams of 64 events read for a caller
//! of the same dialect and of the other. `parse` is the least that reading a chunk can cost.

#![allow(clippy::unwrap_used, reason = "a bench that fails has nothing to measure")]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use inferlayer_wire::{Api, Call, Chunk, StreamReader, Target, Vendor, sse};

criterion_group!(benches, translation, readers);
criterion_main!(benches);

fn translation(bench: &mut Criterion) {
    let target = Target::main(Vendor::Anthropic, "claude");
    for size in [1 << 10, 32 << 10] {
        let call = chat(size);
        bench.bench_function(&format!("request/chat_to_messages/{size}"), |bench| {
            bench.iter(|| call.for_provider(black_box(&target)).unwrap());
        });
    }
}

fn readers(bench: &mut Criterion) {
    let chat = chat(1 << 10);
    let body = r#"{"model":"m","max_tokens":9,"messages":[{}]}"#;
    let messages = Call::parse(Api::Messages, body.into()).unwrap();
    let mut group = bench.benchmark_group("reader/64_events");
    group.throughput(Throughput::Elements(64));
    let stream = Bytes::from(chunk().repeat(64));
    group.bench_function("parse", |bench| bench.iter(|| parse(black_box(&stream))));
    for (name, call, provider, event) in [
        ("chat", &chat, Api::Chat, chunk()),
        ("messages", &messages, Api::Messages, delta()),
        ("messages_to_chat", &chat, Api::Messages, delta()),
    ] {
        let stream = Bytes::from(event.repeat(64));
        group.bench_function(name, |bench| bench.iter(|| read(black_box(&stream), call, provider)));
    }
    group.finish();
}

/// Reads `stream` and returns the bytes for the caller.
fn read(stream: &Bytes, call: &Call, provider: Api) -> usize {
    let mut reader = StreamReader::new(call, provider, 0);
    events(stream).map(|event| reader.read(&event).bytes.len()).sum()
}

/// Reads the chunks of `stream` without more and returns the bytes of its events.
fn parse(stream: &Bytes) -> usize {
    let chunk = |event: &sse::Event| Chunk::parse(&event.data()).unwrap().output_bytes;
    events(stream).map(|event| black_box(chunk(&event)) as usize + event.raw.len()).sum()
}

fn events(stream: &Bytes) -> impl Iterator<Item = sse::Event> {
    let mut decoder = sse::Decoder::new(sse::DEFAULT_MAX_EVENT_BYTES);
    decoder.push(stream.clone()).unwrap();
    std::iter::from_fn(move || decoder.next())
}

/// A conversation of about `size` bytes, with a tool.
fn chat(size: usize) -> Call {
    let words = "and then \\\"the\\\" quick brown fox jumped over – the lazy dog\\n".repeat(8);
    let turn = format!(r#"{{"role":"user","content":"{words}"}}"#);
    let turns = vec![turn.as_str(); (size / turn.len()).max(1)].join(",");
    let body = format!(
        r#"{{"model":"m","temperature":0.7,"stream":true,"messages":[{turns}],"max_tokens":512,
            "tools":[{{"type":"function","function":{{"name":"look_up","parameters":
            {{"type":"object","properties":{{"q":{{"type":"string"}}}}}}}}}}]}}"#
    );
    Call::parse(Api::Chat, body.into()).unwrap()
}

fn chunk() -> String {
    let json = concat!(
        r#"{"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","#,
        r#""created":1741569952,"model":"gpt-test","service_tier":"default","choices":[{"index":0,"#,
        r#""delta":{"content":" word"},"logprobs":null,"finish_reason":null}],"usage":null}"#,
    );
    format!("data: {json}\n\n")
}

fn delta() -> String {
    let json = concat!(
        r#"{"type":"content_block_delta","index":0,"#,
        r#""delta":{"type":"text_delta","text":" word"}}"#,
    );
    format!("event: content_block_delta\ndata: {json}\n\n")
}
