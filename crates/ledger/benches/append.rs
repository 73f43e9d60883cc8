//! Durable sealed appends of 1 KB beside the disk's own append and `fdatasync`.
//!
//! Besides criterion's times, prints CPU time per record of appender and view (Linux), and how long
//! verifying takes.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use inferlayer_ledger::verify::verify;
use inferlayer_ledger::{
    Content, Entry, Keyring, Kind, Ledger, Options, Pending, RequestId, TenantSeal, Trust,
};

const CONTENT_BYTES: usize = 1024;

fn entry(tenant: &TenantSeal, number: u64) -> Entry {
    let mut request = [1; 16];
    let mixed = (number / 2).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    request[..8].copy_from_slice(&mixed.to_be_bytes());
    Entry {
        kind: if number.is_multiple_of(2) { Kind::Intent } else { Kind::Outcome },
        tenant: Some(tenant.clone()),
        request: RequestId::new(request),
        metadata: format!(r#"{{"model":"m","cost_nano_usd":"{number}"}}"#).into_bytes(),
        content: Content::Sealed(vec![Bytes::from_static(&[b'x'; CONTENT_BYTES])]),
    }
}

fn open(data: &Path) -> (Ledger, TenantSeal) {
    let keyring = Keyring::open(&data.join("keys")).unwrap();
    let options = Options::new(data, "bench.example".parse().unwrap(), keyring.signing().unwrap());
    let (ledger, _) = Ledger::open(options, &mut |_, _| Ok(())).unwrap();
    (ledger, keyring.tenant("acme").unwrap())
}

/// Keeps `waiting` appends in flight until `count` are durable.
fn append(ledger: &Ledger, tenant: &TenantSeal, waiting: usize, count: u64) {
    let (sender, receiver): (Sender<Pending>, Receiver<Pending>) = channel();
    for number in 0..count {
        if number >= waiting as u64 {
            black_box(receiver.recv().unwrap().wait_blocking().unwrap());
        }
        sender.send(ledger.append(entry(tenant, number)).unwrap()).unwrap();
    }
    drop(sender);
    receiver.into_iter().for_each(|pending| drop(pending.wait_blocking().unwrap()));
}

/// CPU nanoseconds so far of the thread with this name.
fn cpu_ns(name: &str) -> u64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
    let named = tasks.filter(|task| {
        fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == name)
    });
    let used = named.filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
    used.filter_map(|line| line.split(' ').next()?.parse::<u64>().ok()).sum()
}

fn report_cpu(data: &Path, waiting: usize) {
    const RECORDS: u64 = 50_000;
    let (ledger, tenant) = open(data);
    append(&ledger, &tenant, waiting, 1000);
    let names = ["ledger-appender", "ledger-view"];
    let before = names.map(cpu_ns);
    append(&ledger, &tenant, waiting, RECORDS);
    while ledger.indexed() < ledger.head().size {
        thread::yield_now();
    }
    for (name, before) in names.into_iter().zip(before) {
        let each = (cpu_ns(name) - before) / RECORDS;
        println!("{waiting} waiting: {name} {each} ns of CPU per record");
    }
    report_proofs(&ledger);
    let begun = Instant::now();
    let report = verify(data, Trust::FirstUse).unwrap();
    let each = begun.elapsed().as_nanos() / u128::from(report.records);
    let commits = report.commits;
    println!("verify: {each} ns per record, {} records in {commits} commits", report.records);
}

/// Wall time of proofs of records all over the log.
fn report_proofs(ledger: &Ledger) {
    const PROOFS: u64 = 1000;
    let size = ledger.head().size;
    let begun = Instant::now();
    for number in 0..PROOFS {
        black_box(ledger.proof(number * size / PROOFS).unwrap());
    }
    let each = begun.elapsed().as_micros() / u128::from(PROOFS);
    println!("proof: {each} us each, of {size} records");
}

fn raw(file: &mut File) {
    file.write_all(&[b'x'; CONTENT_BYTES]).unwrap();
    file.sync_data().unwrap();
}

fn bench(criterion: &mut Criterion) {
    let data = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("append");
    group.sample_size(10);
    let path = data.path().join("raw");
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    group.throughput(Throughput::Elements(1));
    group
        .bench_function("raw 1 KB append and fdatasync", |bencher| bencher.iter(|| raw(&mut file)));
    for waiting in [1, 32, 256] {
        let folder = data.path().join(waiting.to_string());
        let (ledger, tenant) = open(&folder);
        let count = 4 * waiting as u64;
        group.throughput(Throughput::Elements(count));
        group.bench_function(format!("sealed 1 KB, {waiting} waiting"), |bencher| {
            bencher.iter(|| append(&ledger, &tenant, waiting, count));
        });
    }
    group.finish();
    for waiting in [32, 256] {
        report_cpu(&data.path().join(format!("cpu-{waiting}")), waiting);
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
