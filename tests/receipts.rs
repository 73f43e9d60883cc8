//! Receipts as clients and operators get them: what was recorded of a request, and the proof that
//! it is in the log, checked with the log's key alone.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inferlayer_ledger::{
    Hash, InclusionProof, Kind, ReceiptFile, Reference, Trust, VerifyingKey, verify_inclusion,
};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use support::gateway::{Setup, command_in};
use support::{Gateway, Provider, Script, client, message, records};

async fn gateway(extra: &'static str) -> Gateway {
    let provider = Provider::start(Script::AsAsked).await;
    let more_tenants = "  - { name: b, budget_usd: 1 }\n";
    Setup { extra, more_tenants, ..Setup::of(&[provider.base_url()]) }.start()
}

async fn ask(gateway: &Gateway, key: &str, stream: bool) -> Response {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let request = request.header("x-inferlayer-proof", "true");
    let answer = request.body(message("hi", stream).to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer
}

fn id(answer: &Response) -> String {
    answer.headers()["x-request-id"].to_str().unwrap().to_owned()
}

async fn receipt(gateway: &Gateway, key: &str, id: &str) -> Response {
    let url = gateway.url(&format!("/v1/inferlayer/receipts/{id}"));
    client(false).get(url).bearer_auth(key).send().await.unwrap()
}

fn public_key(folder: &Path) -> VerifyingKey {
    let key = std::fs::read_to_string(folder.join("data/keys/ledger.pub")).unwrap();
    key.trim().parse().unwrap()
}

/// Kinds of the records that a receipt shows, once it has held.
fn shown(json: &str, folder: &Path) -> Vec<String> {
    let receipt: ReceiptFile = serde_json::from_str(json).unwrap();
    let shown = receipt.verify(&Trust::Key(public_key(folder))).unwrap();
    shown.records.into_iter().map(|record| record.kind).collect()
}

/// Checks `x-inferlayer-proof` against the receipt's reference.
fn assert_proven(reference: &str, proof: &str, key: &VerifyingKey) {
    let reference: Reference = reference.parse().unwrap();
    reference.verify(key).unwrap();
    let [sequence, size, hashes] = proof.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let head = reference.checkpoint.head;
    assert_eq!((sequence.parse(), size.parse()), (Ok(reference.sequence), Ok(head.size)));
    let hashes = hashes.split(',').map(|hash| {
        let hash: [u8; 32] = STANDARD.decode(hash).unwrap().try_into().unwrap();
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        hex.parse::<Hash>().unwrap()
    });
    let hashes: Vec<Hash> = hashes.collect();
    verify_inclusion(reference.record_hash, reference.sequence, &hashes, head).unwrap();
}

#[tokio::test]
async fn a_tenant_gets_the_receipt_of_its_own_request() {
    let gateway = gateway("").await;
    let (key, folder) = (gateway.key(), gateway.folder.path());
    let answer = ask(&gateway, &key, false).await;
    let id = id(&answer);
    answer.text().await.unwrap();
    for _ in 0..2 {
        let told = receipt(&gateway, &key, &id).await;
        assert_eq!(told.status(), 200);
        assert_eq!(told.headers()["content-type"], "application/json");
        assert!(!told.headers().contains_key("x-inferlayer-receipt"), "it is billed to nobody");
        assert_eq!(shown(&told.text().await.unwrap(), folder), ["intent", "outcome"]);
        // Then from the index.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    assert_eq!(records::of_kind(&gateway.data(), Kind::Outcome).len(), 1);
    records::assert_verifies(folder);
}

#[tokio::test]
async fn to_anyone_else_a_request_never_was() {
    let gateway = gateway("").await;
    let (a, b) = (gateway.key(), gateway.key_of("b"));
    let answer = ask(&gateway, &a, false).await;
    let there = id(&answer);
    answer.text().await.unwrap();
    let nowhere = "0192f0c1-2233-7455-8677-8899aabbccdd";
    let other = receipt(&gateway, &b, &there).await;
    let none = receipt(&gateway, &b, nowhere).await;
    assert_eq!((other.status(), none.status()), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    let names = |answer: &Response| {
        let mut names: Vec<_> = answer.headers().keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    assert_eq!(names(&other), names(&none));
    let (other, none) = (other.text().await.unwrap(), none.text().await.unwrap());
    assert_eq!(other, none);
    let error: Value = serde_json::from_str(&other).unwrap();
    assert_eq!(error["error"]["code"], "receipt_not_found");

    let url = gateway.url(&format!("/v1/inferlayer/receipts/{there}"));
    let claude = client(false).get(&url).header("x-api-key", &b);
    let claude = claude.header("anthropic-version", "2023-06-01").send().await.unwrap();
    assert_eq!(claude.status(), StatusCode::NOT_FOUND);
    let error: Value = claude.json().await.unwrap();
    assert_eq!(
        (&error["type"], &error["error"]["type"]),
        (&"error".into(), &"not_found_error".into())
    );
    assert_eq!(client(false).get(&url).send().await.unwrap().status(), 401);
    assert_eq!(client(false).post(&url).bearer_auth(&a).send().await.unwrap().status(), 405);
    assert_eq!(receipt(&gateway, &a, "1").await.status(), 404);
}

#[tokio::test]
async fn answers_prove_that_they_are_recorded() {
    let gateway = gateway("").await;
    let key = gateway.key();
    let public = public_key(gateway.folder.path());
    let answer = ask(&gateway, &key, false).await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap();
    assert_proven(header("x-inferlayer-receipt"), header("x-inferlayer-proof"), &public);

    let streamed = ask(&gateway, &key, true).await;
    assert!(!streamed.headers().contains_key("x-inferlayer-proof"));
    let stream = streamed.text().await.unwrap();
    let fact = |name: &str| {
        let start = format!(": {name}: ");
        stream.lines().find_map(|line| line.strip_prefix(&start)).unwrap().to_owned()
    };
    assert_proven(&fact("x-inferlayer-receipt"), &fact("x-inferlayer-proof"), &public);
    assert!(stream.ends_with("\n\ndata: [DONE]\n\n"));

    let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
    let answer = request.body(message("hi", false).to_string()).send().await.unwrap();
    assert!(!answer.headers().contains_key("x-inferlayer-proof"), "not asked for");
}

/// Standard output of a command that succeeds.
fn said(folder: &Path, arguments: &[&str]) -> String {
    let done = command_in(folder, arguments);
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[tokio::test]
async fn an_operator_proves_any_record_with_a_gateway_and_without() {
    let gateway = gateway("ledger: { segment_bytes: 4000 }").await;
    let key = gateway.key_of("b");
    let answer = ask(&gateway, &key, false).await;
    let first = id(&answer);
    answer.text().await.unwrap();
    for _ in 0..10 {
        ask(&gateway, &key, false).await.text().await.unwrap();
    }
    let folder = gateway.folder.path();
    let public = public_key(folder);
    let proven = |folder: &Path| {
        let receipt = said(folder, &["ledger", "receipt", "--request", &first]);
        assert_eq!(shown(&receipt, folder), ["intent", "outcome"]);
        let proof = said(folder, &["ledger", "proof", "--request", &first]);
        let proof = InclusionProof::parse(&proof, None, &public).unwrap();
        let same = said(folder, &["ledger", "proof", "--sequence", &proof.sequence().to_string()]);
        let same = InclusionProof::parse(&same, None, &public).unwrap();
        assert_eq!(same.record_hash(), proof.record_hash());
    };
    let missing = |folder: &Path| {
        for (arguments, why) in [
            (["receipt", "--request", "0192f0c1-2233-7455-8677-8899aabbccdd"], "no record of"),
            (["proof", "--sequence", "1000000"], "the log has only "),
        ] {
            let done = command_in(folder, &[&["ledger"][..], &arguments].concat());
            let said = String::from_utf8_lossy(&done.stderr);
            assert!(!done.status.success() && said.contains(why), "{said}");
        }
    };
    proven(folder);
    missing(folder);
    let folder = gateway.stop().0;
    proven(folder.path());
    missing(folder.path());

    let retain = ["ledger", "retain", "--keep-days", "0", "--reason", "r", "--yes"];
    said(folder.path(), &retain);
    let last = records::of_kind(&folder.path().join("data"), Kind::Outcome).pop().unwrap();
    let last = last["request"].as_str().unwrap();
    let receipt = said(folder.path(), &["ledger", "receipt", "--request", last]);
    assert!(shown(&receipt, folder.path()).contains(&"outcome".to_owned()), "of what is left");
    let dropped = command_in(folder.path(), &["ledger", "proof", "--sequence", "1"]);
    let said = String::from_utf8_lossy(&dropped.stderr);
    assert!(said.contains("were dropped"), "{said}");
}
