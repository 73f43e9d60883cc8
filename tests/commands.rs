//! Commands where an operator trips: the wrong folder, another user, a pipe that ends, a port in use,
//! and what lists and refusals say.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use inferlayer_ledger::Kind;
use serde_json::{Value, json};
use support::gateway::{Setup, command_in};
use support::{Gateway, Provider, Script, client, records};

const BINARY: &str = env!("CARGO_BIN_EXE_inferlayer");
const NOWHERE: &str = "http://127.0.0.1:9/v1";

fn setup() -> Setup {
    Setup::of(&[NOWHERE.to_owned()])
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_key_is_not_made_where_neither_a_gateway_nor_a_ledger_is() {
    let folder = setup().folder();
    let create = ["keys", "create", "--tenant", "a"];
    let refused = command_in(folder.path(), &create);
    assert_eq!(refused.status.code(), Some(64));
    let data = folder.path().join("data");
    assert!(said(&refused).contains(&data.display().to_string()), "{}", said(&refused));
    assert!(!data.exists());

    let made = command_in(folder.path(), &["keys", "create", "--tenant", "a", "--new-log"]);
    assert!(said(&made).contains(&format!("is recorded in {}", data.display())));
    assert!(out(&made).starts_with("il-"));
    out(&command_in(folder.path(), &create));
}

/// As root for the gateway's user; for anybody else the owner is the same anyway.
#[test]
fn what_a_command_makes_belongs_to_the_owner_of_the_data_folder() {
    let folder = setup().folder();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Fails for whoever may not give files away.
    let _ = std::os::unix::fs::chown(&data, Some(65534), Some(65534));
    let owner = fs::metadata(&data).unwrap().uid();
    out(&command_in(folder.path(), &["keys", "create", "--tenant", "a", "--new-log"]));
    let mut open = vec![data];
    let mut count = 0;
    while let Some(path) = open.pop() {
        let found = fs::symlink_metadata(&path).unwrap();
        assert_eq!(found.uid(), owner, "{}", path.display());
        count += 1;
        if found.is_dir() {
            // Nobody else's to look into.
            let (mode, shown) = (found.permissions().mode(), path.display().to_string());
            assert!(mode & 0o077 == 0 || shown.contains("view/"), "{mode:o} {shown}");
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    assert!(count > 6, "{count} files");
}

#[tokio::test]
async fn the_list_of_keys_cannot_be_forged_and_says_who_is_refused() {
    let gateway = setup().start();
    let create = |label: &str, more: &[&str]| {
        let words = ["keys", "create", "--tenant", "a", "--label", label];
        gateway.command(&[&words, more].concat())
    };
    for label in ["a\nil-forged  a  valid", "a\tb", "a\u{202e}b", "a\u{2028}b"] {
        let refused = create(label, &[]);
        assert!(said(&refused).contains("a label is one line"), "{}", said(&refused));
    }
    out(&create("app: München", &["--expires-in-days", "30"]));
    let list = out(&gateway.command(&["keys", "list"]));
    assert!(list.contains("  valid  ") && list.ends_with("app: München\n"), "{list}");
    let listed: Value =
        serde_json::from_str(&out(&gateway.command(&["keys", "list", "--json"]))).unwrap();
    assert_eq!(listed[0]["state"], "valid");
    let (created, expires) = (listed[0]["created_at"].as_u64(), listed[0]["expires_at"].as_u64());
    assert_eq!(expires.unwrap() - created.unwrap(), 30 * 24 * 60 * 60);

    let unknown = gateway.command(&["keys", "revoke", "nosuch"]);
    assert!(said(&unknown).contains("as `keys list` shows it"), "{}", said(&unknown));

    // The tenant is no longer configured.
    let folder = gateway.stop().0;
    rename_tenant(folder.path());
    let list = out(&command_in(folder.path(), &["keys", "list"]));
    assert!(list.contains("  no tenant  "), "{list}");
}

fn rename_tenant(folder: &Path) {
    let config = folder.join("gateway.yaml");
    let yaml = fs::read_to_string(&config).unwrap();
    fs::write(&config, yaml.replace("{ name: a, budget", "{ name: b, budget")).unwrap();
}

#[tokio::test]
async fn what_a_tenant_spent_is_told_when_it_is_configured_no_more_and_its_key_says_why() {
    let provider = Provider::start(Script::AsAsked).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let (kept, revoked) = (gateway.key(), gateway.key());
    let ask = async |gateway: &Gateway, key: &str| {
        let body = json!({"model": "m", "messages": [{"role": "user", "content": "x"}]});
        let request = client(false).post(gateway.chat_url()).bearer_auth(key).json(&body);
        let request = request.header("x-request-id", "order-66");
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    assert_eq!(ask(&gateway, &kept).await.0, 200);
    let shown = out(&gateway.command(&["ledger", "show", "--request", "order-66", "--json"]));
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["records"].as_array().unwrap().len(), 2, "{shown}");

    let id = revoked.split('-').nth(1).unwrap();
    out(&gateway.command(&["keys", "revoke", id]));
    let (status, body) = ask(&gateway, &revoked).await;
    assert_eq!((status, &body["error"]["code"]), (401, &json!("api_key_revoked")));
    // To whoever has only the id it is unknown.
    let guessed = format!("il-{id}-{}", "0".repeat(64));
    let (status, body) = ask(&gateway, &guessed).await;
    assert_eq!((status, &body["error"]["code"]), (401, &json!("invalid_api_key")));

    let folder = gateway.stop().0;
    assert!(!folder.path().join("data/admin.sock").exists(), "a clean stop takes its socket away");
    let refused = records::of_kind(&folder.path().join("data"), Kind::Refusal);
    let told = refused.iter().find(|refusal| refusal["code"] == "api_key_revoked").unwrap();
    assert_eq!((&told["key"], &told["tenant"]), (&json!(id), &json!("a")));
    let unknown = refused.iter().find(|refusal| refusal["code"] == "invalid_api_key").unwrap();
    assert_eq!(unknown.get("key"), None);

    rename_tenant(folder.path());
    let gateway = Gateway::start_in(folder);
    let (status, body) = ask(&gateway, &kept).await;
    assert_eq!((status, &body["error"]["code"]), (401, &json!("tenant_not_found")));
    let spend: Value = serde_json::from_str(&out(&gateway.command(&["spend", "--json"]))).unwrap();
    assert_eq!(spend[0]["tenant"], "a", "{spend}");
    assert_ne!(spend[0]["settled_nano_usd"], "0");
    assert_eq!(spend[0].get("limit_nano_usd"), None);
}

#[tokio::test]
async fn a_refused_budget_says_what_was_assumed() {
    let gateway = Setup { budget_usd: "0.00001", ..setup() }.start();
    let key = gateway.key();
    let ask = async |body: Value| {
        let request = client(false).post(gateway.chat_url()).bearer_auth(&key).json(&body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        answer["error"]["message"].as_str().unwrap().to_owned()
    };
    let messages = json!([{"role": "user", "content": "x"}]);
    let told = ask(json!({"model": "m", "messages": messages})).await;
    assert!(told.contains("names no max_tokens, so 1000 tokens of output were assumed"), "{told}");
    let told = ask(json!({"model": "m", "max_tokens": 900, "messages": messages})).await;
    assert!(told.contains("budget exceeded") && !told.contains("assumed"), "{told}");
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let folder = setup().folder();
    out(&command_in(folder.path(), &["keys", "create", "--tenant", "a", "--new-log"]));
    let mut list = Command::new(BINARY);
    list.args(["keys", "list", "--config"]).arg(folder.path().join("gateway.yaml"));
    let mut list = list.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(list.stdout.take());
    let output = list.wait_with_output().unwrap();
    assert_eq!(said(&output), "");
    assert_eq!(output.status.code(), Some(141));
}

#[tokio::test]
async fn a_port_in_use_names_its_key_and_a_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let serve = |listen: &str, metrics: &str| {
        let mut serve = Command::new(BINARY);
        serve.args(["serve", "--config", "", "--listen", listen, "--metrics", metrics]);
        serve.arg("--data-dir").arg(folder.path().join("data")).output().unwrap()
    };
    let failed = serve(&address, "none");
    assert_eq!(failed.status.code(), Some(69));
    let told = said(&failed);
    assert!(told.contains("listen.http") && told.contains("--listen 127.0.0.1:8081"), "{told}");
    let failed = serve("127.0.0.1:0", &address);
    let told = said(&failed);
    assert!(told.contains("listen.metrics") && told.contains("--metrics none"), "{told}");
    assert!(!folder.path().join("data").exists());
}

#[test]
fn the_embedded_default_can_be_printed_kept_and_named_by_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let printed = Command::new(BINARY).args(["check", "--print-default"]).output().unwrap();
    let file = folder.path().join("mine.yaml");
    fs::write(&file, out(&printed)).unwrap();
    let check = Command::new(BINARY).arg("check").env("INFERLAYER_CONFIG", &file).output().unwrap();
    assert_eq!(out(&check), format!("{}: ok\n", file.display()));
}

#[test]
fn a_start_that_lacks_a_secret_writes_nothing() {
    let folder = setup().folder();
    fs::remove_file(folder.path().join("provider.key")).unwrap();
    for _ in 0..2 {
        assert_eq!(command_in(folder.path(), &["serve"]).status.code(), Some(78));
    }
    assert!(!folder.path().join("data").exists());
}

#[tokio::test]
async fn intents_that_were_cut_are_warned_of_once() {
    let provider = Provider::start(Script::Silence).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let (key, url) = (gateway.key(), gateway.chat_url());
    let request = client(false).post(url).bearer_auth(key).body(support::chat("m", false, 10));
    let asked = tokio::spawn(request.send());
    support::eventually("the provider is asked", || !provider.seen().is_empty()).await;
    let folder = gateway.kill();
    asked.abort();
    let warning = "intents without outcome";
    let gateway = Gateway::start_in(folder);
    assert!(gateway.log().contains(warning), "{}", gateway.log());
    let gateway = Gateway::start_in(gateway.stop().0);
    assert!(!gateway.log().contains(warning), "{}", gateway.log());
}
