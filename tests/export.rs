//! `inferlayer ledger export` through the built gateway: each line against what a reader shows.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inferlayer_ledger::Trust;
use inferlayer_ledger::read::Reader;
use serde_json::Value;
use support::gateway::Setup;
use support::operator::*;
use support::{Provider, Script};

fn export(folder: &Path, further: &[&str]) -> Vec<Value> {
    let lines = said(folder, &[&["ledger", "export"], further].concat());
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sequences(lines: &[Value]) -> Vec<u64> {
    lines.iter().filter_map(|line| line["sequence"].as_u64()).collect()
}

#[tokio::test]
async fn an_export_has_every_record_and_its_proof_of_the_end() {
    let gateway = gateway(SMALL).await;
    ask_often(&gateway, 3).await;
    let large = "lorem ipsum ".repeat(40_000);
    ask(&gateway, &gateway.key(), &large).await;
    let folder = gateway.stop().0;
    let lines = export(folder.path(), &[]);
    assert_eq!(
        said(folder.path(), &["ledger", "export"]),
        said(folder.path(), &["ledger", "export"])
    );
    let (end, records) = lines.split_last().unwrap();
    let count = records.len() as u64;
    assert_eq!(sequences(records), (0..count).collect::<Vec<_>>());
    assert_eq!(end["public_key"], public_key(folder.path()));
    let note = end["checkpoint"].as_str().unwrap();
    assert!(note.starts_with(&format!("inferlayer/audit\n{count}\n")), "{note}");

    let mut reader = Reader::open(&folder.path().join("data"), Trust::FirstUse).unwrap();
    for line in records {
        let record = reader.next().unwrap().unwrap();
        assert_eq!(line["record_hash"], record.record_hash().to_string());
        assert_eq!(STANDARD.decode(line["header"].as_str().unwrap()).unwrap(), record.header());
        let metadata: Value = serde_json::from_slice(record.metadata()).unwrap();
        assert_eq!((&line["metadata"], &line["kind"]), (&metadata, &record.kind().name().into()));
        assert_eq!(line["content"]["bytes"].as_u64().unwrap_or(0), record.content_bytes());
        assert!(line["content"]["text"].is_null());
    }
    let opened = export(folder.path(), &["--content"]);
    let text = |line: &Value| line["content"]["text"].as_str().map(str::to_owned);
    let intents = opened.iter().filter(|line| line["kind"] == "intent").filter_map(text);
    let intents: Vec<_> = intents.collect();
    assert!(intents.len() == 4 && intents[0].contains("question 0") && intents[3].contains(&large));
    fs::remove_file(folder.path().join("data/keys/tenants/a.key")).unwrap();
    let closed = export(folder.path(), &["--content"]);
    assert!(closed.iter().any(|line| line["content"]["closed"] == "the tenant's key is not here"));
}

#[tokio::test]
async fn an_export_may_be_of_some_records_alone() {
    let provider = Provider::start(Script::AsAsked).await;
    let tenants = "  - { name: b, budget_usd: 1, content: none }\n";
    let gateway = Setup { more_tenants: tenants, ..Setup::of(&[provider.base_url()]) }.start();
    ask_often(&gateway, 2).await;
    ask(&gateway, &gateway.key_of("b"), "hi").await;
    let folder = gateway.folder.path();
    let all = export(folder, &[]);
    let part = export(folder, &["--from", "2", "--to", "4"]);
    assert_eq!(sequences(&part), [2, 3, 4]);
    assert!(part.last().unwrap()["checkpoint"].is_string(), "the end of the log, also of a part");
    let of_b = export(folder, &["--tenant", "b", "--content"]);
    assert!(sequences(&of_b).len() == 3, "{of_b:?}");
    assert!(of_b[..3].iter().all(|line| line["metadata"]["tenant"] == "b"));
    assert_eq!(of_b[1]["content"], serde_json::json!({"withheld": true}));

    let at = all[3]["time"].as_str().unwrap();
    let (since, until) = (export(folder, &["--since", at]), export(folder, &["--until", at]));
    assert_eq!(sequences(&[until, since].concat()), sequences(&all));
    let out = folder.join("export.jsonl");
    let to = out.to_str().unwrap();
    assert_eq!(said(folder, &["ledger", "export", "--out", to]), "");
    assert_eq!(fs::read_to_string(&out).unwrap(), said(folder, &["ledger", "export"]));
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&out).unwrap()) & 0o777, 0o600);
    let (there, code) = refused(folder, &["ledger", "export", "--out", to]);
    assert!(there.contains("--out") && code == 64, "{there}");
}
