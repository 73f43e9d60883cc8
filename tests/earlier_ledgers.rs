//! Ledgers that earlier builds wrote, kept in `crates/ledger/tests/vectors/gateway/`: each still
//! holds by every verifier, comes to the balances that it came to then, and lets a gateway of today
//! go on with it. Stored data is the one thing that no change of the code can take back.
//!
//! `cargo test --test earlier_ledgers -- --ignored` keeps one more, written by the gateway of the
//! day and named by it; none is ever made anew. Whoever changes the format keeps one first.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use futures_util::StreamExt;
use inferlayer_ledger::Trust;
use inferlayer_ledger::verify::Examination;
use inferlayer_verify::verify;
use serde_json::{Value, json};
use support::gateway::{Setup, command_in};
use support::{Gateway, Provider, Script, client, message};

/// The seed of the key that signs them: bytes of one.
const SIGNING_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";
/// What a kept ledger came to when it was written.
const STATED: &str = "stated.json";

const TENANTS: &str = "  - { name: b, budget_usd: 3, content: hash }
  - { name: poor, budget_usd: 0.000001 }
  - { name: shredded, budget_usd: 3 }
";
const PASSES: &str = "
      pass_through:
        - { path: /v1/files, provider: p1, price_usd: 0.05 }
";

fn store() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/ledger/tests/vectors/gateway")
}

fn setup(providers: &[Provider]) -> Setup {
    let urls: Vec<_> = providers.iter().map(Provider::base_url).collect();
    Setup {
        before_route: "  - cache: {}\n",
        in_route: PASSES,
        more_tenants: TENANTS,
        extra: "ledger: { segment_bytes: 12288 }",
        ..Setup::of(&urls)
    }
}

async fn providers() -> [Provider; 2] {
    [Provider::start(Script::AsAsked).await, Provider::start(Script::Chat).await]
}

/// Puts the signing key where a gateway looks for it.
fn give_key(data: &Path) {
    let keys = data.join("keys");
    fs::create_dir_all(&keys).unwrap();
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(keys.join("signing.key"), SIGNING_KEY).unwrap();
    fs::set_permissions(keys.join("signing.key"), fs::Permissions::from_mode(0o600)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().map(|file| file.unwrap().path()) {
        let name = file.file_name().unwrap();
        match name.to_str() == Some("lock") {
            true => {}
            false if file.is_dir() => copy(&file, &to.join(name)),
            false => drop(fs::copy(&file, to.join(name)).unwrap()),
        }
    }
}

/// What the log in `data` comes to, as far as it never changes.
fn comes_to(data: &Path, key: &str) -> Value {
    let trust = Trust::Key(key.trim().parse().unwrap());
    let verified = verify(Examination::new(data, trust)).unwrap();
    assert!(verified.holds(), "{verified}");
    let (chain, money) = (verified.chain, verified.money.unwrap());
    let money = serde_json::to_value(money).unwrap();
    json!({
        "key": chain.key, "log_id": chain.log_id, "records": chain.records, "root": chain.root,
        "kinds": chain.kinds, "intents_cut": chain.intents_cut, "snapshots": money["snapshots"],
        "amounts": money["amounts"], "sums": money["sums"],
        "unfinished_nano_usd": money["unfinished_nano_usd"],
    })
}

/// What the verifier in Python says; the log holds.
fn python(data: &Path, key: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), Into::into);
    let own = target.join("ci-venv/bin/python");
    let interpreter = if own.is_file() { own } else { "python3".into() };
    let mut command = Command::new(interpreter);
    command.arg(root.join("tests/verify.py")).arg(data).args(["--key", key.trim()]);
    let output = command.output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(!said.contains("ModuleNotFoundError"), "install Python's cryptography: {said}");
    assert!(output.status.success(), "{said}");
    said
}

/// What stands against each tenant's limit, as a running gateway counts it: settled and held.
fn spend(gateway: &Gateway) -> Vec<(String, u128)> {
    let said = gateway.command(&["spend", "--json"]);
    let list: Vec<Value> = serde_json::from_slice(&said.stdout).unwrap();
    let amount = |of: &Value, name: &str| of[name].as_str().unwrap().parse::<u128>().unwrap();
    let sum = |of: &Value| amount(of, "settled_nano_usd") + amount(of, "held_nano_usd");
    let mut sums: Vec<_> =
        list.iter().map(|of| (of["tenant"].as_str().unwrap().to_owned(), sum(of))).collect();
    sums.retain(|(_, sum)| *sum > 0);
    sums
}

fn stated_sums(stated: &Value) -> Vec<(String, u128)> {
    let sums = stated["sums"].as_object().unwrap().iter();
    let amount = |of: &Value, name: &str| of[name].as_str().unwrap().parse::<u128>().unwrap();
    sums.map(|(tenant, of)| {
        (tenant.clone(), amount(of, "spent_nano_usd") + amount(of, "held_nano_usd"))
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kept_ledger_holds_and_comes_to_what_it_came_to() {
    let kept: Vec<_> = fs::read_dir(store()).unwrap().map(|of| of.unwrap().path()).collect();
    assert!(!kept.is_empty());
    for kept in kept {
        let stated = fs::read(kept.join(STATED)).unwrap();
        let stated: Value = serde_json::from_slice(&stated).unwrap();
        let key = stated["key"].as_str().unwrap();
        assert_eq!(comes_to(&kept, key), stated, "{}", kept.display());
        let said = python(&kept, key);
        for (tenant, sum) in stated_sums(&stated) {
            let line = format!("spent by {tenant}: {sum} nano-USD");
            assert!(said.contains(&line), "{line}: {said}");
        }
        goes_on(&kept, &stated).await;
    }
}

/// A gateway of today starts on a copy, counts the same balances, and writes on.
async fn goes_on(kept: &Path, stated: &Value) {
    let providers = providers().await;
    let folder = setup(&providers).folder();
    let data = folder.path().join("data");
    copy(kept, &data);
    give_key(&data);
    let gateway = Gateway::start_in(folder);
    assert_eq!(spend(&gateway), stated_sums(stated), "{}", kept.display());
    let key = gateway.key();
    for number in 0..8 {
        ask(&gateway, &key, &format!("say {number}"), true).await;
    }
    let folder = gateway.stop().0;
    let (data, key) = (folder.path().join("data"), stated["key"].as_str().unwrap());
    let now = comes_to(&data, key);
    python(&data, key);
    let more = |name: &str| now[name].as_u64() > stated[name].as_u64();
    assert!(more("records") && more("snapshots"), "{now}");
    assert_eq!(now["sums"]["b"], stated["sums"]["b"], "who asks nothing more spends nothing more");
    let from_ledger = command_in(folder.path(), &["spend", "--from-ledger", "--json"]);
    assert!(from_ledger.status.success());
}

/// Read to its end; an endless one is left after a few events.
async fn ask(gateway: &Gateway, key: &str, word: &str, stream: bool) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let Ok(answer) = request.body(message(word, stream).to_string()).send().await else { return };
    let most = if word == "endless" { 3 } else { usize::MAX };
    answer.bytes_stream().take(most).for_each(|_| async {}).await;
}

/// Every ending of a call, a hit, refusals with and without a tenant, and what passes through.
async fn all_kinds(gateway: &Gateway, key: &str) {
    for (word, stream) in [
        ("answer", false),
        ("answer", false),
        ("answer", true),
        ("fail", false),
        ("reset", true),
        ("cut", true),
        ("endless", true),
        ("refuse", false),
    ] {
        ask(gateway, key, word, stream).await;
    }
    let passing = client(false).post(gateway.url("/v1/files")).bearer_auth(key);
    passing.body("some bytes").send().await.unwrap();
    let other = json!({ "model": "no-such-model", "messages": [] }).to_string();
    for key in [key, "il-0123456789ab-nobody's"] {
        let request = client(false).post(gateway.chat_url()).bearer_auth(key);
        request.body(other.clone()).send().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "keeps a ledger that this build writes, for good"]
async fn keep_a_ledger_of_today() {
    let day = Command::new("date").args(["-u", "+%Y-%m-%d"]).output().unwrap().stdout;
    let kept = store().join(String::from_utf8(day).unwrap().trim());
    assert!(!kept.exists(), "{} is kept already", kept.display());
    let providers = providers().await;
    let folder = setup(&providers).folder();
    give_key(&folder.path().join("data"));

    let gateway = Gateway::start_in(folder);
    let [a, b, poor, gone] = ["a", "b", "poor", "shredded"].map(|name| gateway.key_of(name));
    // Held over snapshots, and cut by the end of the gateway.
    let request = client(false).post(gateway.chat_url()).bearer_auth(&b);
    let held = request.body(message("endless", true).to_string()).send().await.unwrap();
    all_kinds(&gateway, &a).await;
    ask(&gateway, &poor, "answer", false).await;
    ask(&gateway, &gone, "answer", false).await;
    all_kinds(&gateway, &b).await;
    let revoked = gone.split('-').nth(1).unwrap();
    assert!(gateway.command(&["keys", "revoke", revoked]).status.success());
    let folder = gateway.kill();
    drop(held);

    let gateway = Gateway::start_in(folder);
    let shred = ["ledger", "shred", "--tenant", "shredded", "--reason", "asked to", "--yes"];
    assert!(gateway.command(&shred).status.success());
    ask(&gateway, &a, "say it", false).await;
    let data = gateway.stop().0;
    let data = data.path().join("data");
    copy(&data.join("journal"), &kept.join("journal"));
    let key = fs::read_to_string(data.join("keys/ledger.pub")).unwrap();
    let stated = serde_json::to_string_pretty(&comes_to(&kept, &key)).unwrap();
    fs::write(kept.join(STATED), stated + "\n").unwrap();
}
