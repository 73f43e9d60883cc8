//! Another configuration while requests run: all of it or nothing, and no request fails for it.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use inferlayer_ledger::Kind;
use serde_json::json;
use support::gateway::{Setup, signal};
use support::load::Load;
use support::operator::{refused, said};
use support::raw::metric;
use support::{Gateway, Provider, Script, Seen, call, chat, client, eventually, message, records};

const EX_CONFIG: i32 = 78;
const METRICS: &str = "'127.0.0.1:0'";

/// Changes the configuration, whose text has `from` once.
fn edit(folder: &Path, from: &str, to: &str) {
    let path = folder.join("gateway.yaml");
    let yaml = std::fs::read_to_string(&path).unwrap();
    assert_eq!(yaml.matches(from).count(), 1, "{from} in {yaml}");
    std::fs::write(&path, yaml.replace(from, to)).unwrap();
}

fn reload(gateway: &Gateway) -> String {
    said(gateway.folder.path(), &["reload"])
}

fn is_failed(gateway: &Gateway) -> bool {
    metric(gateway.metrics.unwrap(), "inferlayer_config_reload_failed ") > 0.0
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_come_and_go_and_keep_what_they_have_spent() {
    let provider = Provider::start(Script::Late(Duration::from_millis(700))).await;
    let gateway = Setup { metrics: METRICS, ..Setup::of(&[provider.base_url()]) }.start();
    let folder = gateway.folder.path();
    let a = gateway.key();
    let only_a = "tenants:\n  - { name: a, budget_usd: 1000 }\n";
    let with_b = format!("{only_a}  - {{ name: b, budget_usd: 5 }}\n");
    edit(folder, only_a, &with_b);
    let told = reload(&gateway);
    assert!(told.starts_with("tenants[b]: added\n"), "{told}");
    let b = gateway.key_of("b");
    assert_eq!(call(&gateway, &b).await.0, 200);

    // A request under way when its tenant goes is served to its end, and paid.
    let url = gateway.chat_url();
    let running = client(false).post(url).bearer_auth(&b).body(chat("m", false, 50)).send();
    let running = tokio::spawn(running);
    eventually("it runs", || provider.seen().len() == 2).await;
    edit(folder, &with_b, only_a);
    assert!(reload(&gateway).starts_with("tenants[b]: removed\n"));
    let (status, body) = call(&gateway, &b).await;
    assert_eq!(status, 401, "{body}");
    assert_eq!(running.await.unwrap().unwrap().status(), 200);
    let spend = said(folder, &["spend", "--json"]);
    let spent = |tenant: &str, spend: &str| {
        let list: serde_json::Value = serde_json::from_str(spend).unwrap();
        let of = list.as_array().unwrap().iter().find(|one| one["tenant"] == tenant).cloned();
        of.map(|one| (one["settled_nano_usd"].clone(), one["held_nano_usd"].clone()))
    };
    let former = spent("b", &spend).unwrap();
    assert_eq!(former.1, "0");

    // It comes back with a smaller budget and the same balance.
    let back = with_b.replace("budget_usd: 5", "budget_usd: 0.000002");
    edit(folder, only_a, &back);
    reload(&gateway);
    assert_eq!(spent("b", &said(folder, &["spend", "--json"])).unwrap().0, former.0);
    assert_eq!(call(&gateway, &b).await.0, 429);
    edit(folder, "budget_usd: 0.000002", "budget_usd: 1");
    let told = reload(&gateway);
    assert!(told.starts_with("tenants[b].budget_usd: 0.000002 → 1\n"), "{told}");
    assert_eq!(call(&gateway, &b).await.0, 200);
    assert_eq!(call(&gateway, &a).await.0, 200);
    let (folder, status) = gateway.stop();
    assert!(status.success());
    records::assert_verifies(folder.path());
    let recorded = said(folder.path(), &["spend", "--from-ledger", "--json"]);
    assert!(spent("b", &recorded).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_file_the_last_good_one_serves_on() {
    let provider = Provider::start(Script::Chat).await;
    let setup = Setup::of(&[provider.base_url()]);
    let folder = Setup { metrics: METRICS, ..setup }.folder();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("ca.pem"), "no certificate").unwrap();
    let good = std::fs::read_to_string(at("gateway.yaml")).unwrap();
    let prices = std::fs::read_to_string(at("prices.yaml")).unwrap();
    let gateway = Gateway::start_in(folder);
    let key = gateway.key();
    let at = |name: &str| gateway.folder.path().join(name);
    for (from, to, told) in [
        ("filters:", "filters: ]", "gateway.yaml:"),
        ("tenants:", "tenantz: 1\ntenants:", "gateway.yaml:5:1: unknown field `tenantz`"),
        ("provider.key }", "other.key }", "other.key: No such file"),
        ("idle_timeout_seconds: 3", "idle_timeout_seconds: 3, ca_file: ca.pem", "in PEM in it"),
        (
            "'127.0.0.1:0', m",
            "'127.0.0.1:9', m",
            "listen.http: cannot change while the gateway runs",
        ),
        ("data_dir: data", "data_dir: other", "data_dir: cannot change while the gateway runs"),
        ("data_dir: data", "data_dir: data\nledger: { origin: x }", "ledger.origin: cannot change"),
        ("  - meter: {}\n", "", "needs Hold; put `meter` before it"),
        ("kind: openai", "kind: simulated", "simulated"),
    ] {
        let logged = gateway.log().matches("is not taken over").count();
        std::fs::write(at("gateway.yaml"), good.replace(from, to)).unwrap();
        let (said, code) = refused(
            gateway.folder.path(),
            &["reload", "--data-dir", &at("data").display().to_string()],
        );
        assert!(said.contains(told), "{to}: {said}");
        assert_eq!(code, EX_CONFIG, "{said}");
        assert!(is_failed(&gateway), "{to}");
        assert_eq!(gateway.log().matches("is not taken over").count(), logged + 1, "{to}");
        assert_eq!(call(&gateway, &key).await.0, 200, "{to}");
    }
    std::fs::write(at("gateway.yaml"), &good).unwrap();
    for bad in ["prices: [", "prices: [{ provider: p0 }]"] {
        std::fs::write(at("prices.yaml"), bad).unwrap();
        let (said, code) = refused(gateway.folder.path(), &["reload"]);
        assert!(said.contains("prices.yaml") && code == EX_CONFIG, "{said}");
        assert!(is_failed(&gateway));
    }
    std::fs::write(at("prices.yaml"), prices).unwrap();
    assert_eq!(reload(&gateway), "the configuration has not changed\n");
    assert!(!is_failed(&gateway), "it is mended");
    assert_eq!(call(&gateway, &key).await.0, 200);
    let (folder, _) = gateway.stop();
    let configs = records::of_kind(&folder.path().join("data"), Kind::Config);
    assert_eq!(configs.len(), 1, "nothing was taken over: {configs:?}");
}

/// Answers both keys, and an error to any other.
fn two_keys(seen: &Seen) -> Vec<u8> {
    let key = seen.headers.get("authorization").map_or("", String::as_str);
    let message = json!({"role": "assistant", "content": "hi"});
    let choice = json!({"index": 0, "finish_reason": "stop", "message": message});
    let usage = json!({"prompt_tokens": 1, "completion_tokens": 1});
    let (status, body) = match key {
        "Bearer old" | "Bearer new" => {
            (200, json!({"id": "c", "model": "m", "choices": [choice], "usage": usage}))
        }
        _ => (401, json!({"error": {"message": "no"}})),
    };
    let (body, head) = (body.to_string(), "content-type: application/json\r\ncontent-length:");
    format!("HTTP/1.1 {status} X\r\n{head} {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// As Kubernetes mounts a secret: `provider.key` leads to `..data/provider.key`, and `..data` leads
/// to another folder at once.
fn mount(folder: &Path, version: &str, key: &str) {
    std::fs::create_dir(folder.join(version)).unwrap();
    std::fs::write(folder.join(version).join("provider.key"), key).unwrap();
    symlink(version, folder.join("..data_tmp")).unwrap();
    std::fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_file_is_taken_over_without_a_failed_request() {
    let provider = Provider::start(Script::With(two_keys)).await;
    let setup = Setup::of(&[provider.base_url()]);
    let folder = Setup { extra: "reload: { watch: true }", ..setup }.folder();
    std::fs::remove_file(folder.path().join("provider.key")).unwrap();
    mount(folder.path(), "..1", "old\n");
    symlink("..data/provider.key", folder.path().join("provider.key")).unwrap();
    let gateway = Gateway::start_in(folder);
    let load = Load::start(&gateway, &gateway.key(), 1, false);
    eventually("it serves", || provider.seen().len() > 5).await;
    mount(gateway.folder.path(), "..2", "new\n");
    let with_new = |seen: &Seen| seen.headers["authorization"] == "Bearer new";
    eventually("the new key is used", || provider.seen().iter().any(with_new)).await;
    let (failed, served) = load.stop().await;
    assert!(failed.is_empty(), "{failed:?}");
    assert!(served > 10);
    assert!(gateway.log().contains("providers[p0].key: holds something else"), "{}", gateway.log());
    assert!(!gateway.log().contains("Bearer") && !gateway.log().contains("old\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_ends_what_was_known_of_the_one_before() {
    let provider = Provider::start(Script::With(two_keys)).await;
    let setup = Setup::of(&[provider.base_url()]);
    let gateway = Setup {
        provider_settings: "breaker: { failures: 1, open_seconds: 600, open_max_seconds: 600 }",
        ..setup
    }
    .start();
    let key = gateway.key();
    for _ in 0..3 {
        assert_ne!(call(&gateway, &key).await.0, 200);
    }
    assert_eq!(provider.seen().len(), 1, "the key is shut");
    std::fs::write(gateway.folder.path().join("provider.key"), "new").unwrap();
    reload(&gateway);
    assert_eq!(call(&gateway, &key).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_end_with_the_configuration_they_began_with() {
    let slow = Provider::start(Script::LateUsage(Duration::from_millis(1500))).await;
    let other = Provider::start(Script::Chat).await;
    let gateway = Setup::of(&[slow.base_url(), other.base_url()]).start();
    let (folder, key) = (gateway.folder.path(), gateway.key());
    let body = message("hi", true).to_string();
    let answer = client(false).post(gateway.chat_url()).bearer_auth(&key).body(body).send().await;
    let mut stream = answer.unwrap().bytes_stream();
    let first = stream.next().await.unwrap().unwrap();
    let yaml = std::fs::read_to_string(folder.join("gateway.yaml")).unwrap();
    let without: Vec<&str> = yaml.lines().filter(|line| !line.contains("name: p0")).collect();
    let without = without.join("\n").replace("{ provider: p0, model: upstream-m }, ", "");
    std::fs::write(folder.join("gateway.yaml"), without).unwrap();
    let prices = std::fs::read_to_string(folder.join("prices.yaml")).unwrap();
    std::fs::write(folder.join("prices.yaml"), prices.replace("input_usd: 0.1", "input_usd: 7"))
        .unwrap();
    let told = reload(&gateway);
    assert!(told.contains("providers[p0]: removed\n") && told.contains("prices.file: "), "{told}");
    let rest: Vec<_> = stream.collect().await;
    let rest: Vec<u8> = rest.into_iter().flat_map(|piece| piece.unwrap()).collect();
    let text = String::from_utf8([first.as_ref(), &rest].concat()).unwrap();
    assert!(support::events(&text).1, "a whole stream: {text}");
    assert_eq!(call(&gateway, &key).await.0, 200);
    assert_eq!((slow.seen().len(), other.seen().len()), (1, 1));
    let (folder, _) = gateway.stop();
    let data = folder.path().join("data");
    let (outcomes, configs) =
        (records::of_kind(&data, Kind::Outcome), records::of_kind(&data, Kind::Config));
    for (outcome, config) in outcomes.iter().zip(&configs) {
        assert_eq!(outcome["prices_sha256"], config["prices_sha256"]);
    }
    assert_eq!(configs[1]["previous_config_sha256"], configs[0]["config_sha256"]);
    assert!(configs[0].get("previous_config_sha256").is_none());
    assert!(configs[1]["price_book"].is_string());
    records::assert_verifies(folder.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cache_stays_warm_unless_another_model_answers() {
    let provider = Provider::start(Script::Chat).await;
    let setup = Setup::of(&[provider.base_url()]);
    let gateway = Setup { before_route: "  - cache: {}\n", ..setup }.start();
    let (folder, key) = (gateway.folder.path(), gateway.key());
    let ask = async || {
        let mut body = message("hi", false);
        body["temperature"] = json!(0);
        let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
        let answer = request.body(body.to_string()).send().await.unwrap();
        answer.headers()["x-inferlayer-cache"].to_str().unwrap().to_owned()
    };
    assert_eq!((ask().await.as_str(), ask().await.as_str()), ("miss", "hit-exact"));
    edit(folder, "budget_usd: 1000 }", "budget_usd: 999 }\n  - { name: b, budget_usd: 1 }");
    edit(folder, "connect_timeout_seconds: 2", "connect_timeout_seconds: 3");
    reload(&gateway);
    assert_eq!(ask().await, "hit-exact");
    edit(folder, "model: upstream-m }, ]", "model: upstream-n }, ]");
    edit(folder, "budget_usd: 999", "budget_usd: 999, allow_unpriced: true");
    reload(&gateway);
    assert_eq!(ask().await, "miss");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_a_provider_stays_with_its_name() {
    let bad = Provider::start(Script::Status(500, "x-a: b", "{}")).await;
    let good = Provider::start(Script::Chat).await;
    let setup = Setup::of(&[bad.base_url(), good.base_url()]);
    let settings = "breaker: { failures: 1, open_seconds: 600, open_max_seconds: 600 }";
    let gateway = Setup { provider_settings: settings, ..setup }.start();
    let (folder, key) = (gateway.folder.path(), gateway.key());
    assert_eq!(call(&gateway, &key).await.0, 200);
    assert_eq!(bad.seen().len(), 1);
    // p1 stands before p0 from now on.
    let yaml = std::fs::read_to_string(folder.join("gateway.yaml")).unwrap();
    let mut lines: Vec<&str> = yaml.lines().collect();
    let at = lines.iter().position(|line| line.contains("name: p0")).unwrap();
    lines.swap(at, at + 1);
    std::fs::write(folder.join("gateway.yaml"), lines.join("\n")).unwrap();
    let told = reload(&gateway);
    assert!(told.starts_with("providers: in the order p1, p0\n"), "{told}");
    assert_eq!(call(&gateway, &key).await.0, 200);
    assert_eq!((bad.seen().len(), good.seen().len()), (1, 2), "p0 is still left alone");
    // What lies elsewhere under that name is another provider.
    let moved = Provider::start(Script::Chat).await;
    edit(folder, &bad.base_url(), &moved.base_url());
    reload(&gateway);
    assert_eq!(call(&gateway, &key).await.0, 200);
    assert_eq!(moved.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_reloads_under_load_fail_no_request_and_keep_no_memory() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Setup { metrics: METRICS, ..Setup::of(&[provider.base_url()]) }.start();
    let folder = gateway.folder.path();
    let load = Load::start(&gateway, &gateway.key(), 6, true);
    let [one, other] = ["budget_usd: 1000", "budget_usd: 999"];
    let timeouts = ["first_byte_timeout_seconds: 2", "first_byte_timeout_seconds: 20"];
    let mut warm = 0;
    for round in 0..50 {
        edit(folder, one, other);
        assert!(reload(&gateway).starts_with("tenants[a].budget_usd: "));
        edit(folder, other, one);
        let [from, to] = if round % 2 == 0 { timeouts } else { [timeouts[1], timeouts[0]] };
        edit(folder, &format!("{from},"), &format!("{to},"));
        reload(&gateway);
        if round == 15 {
            warm = resident_kib(gateway.pid());
        }
    }
    let grown = resident_kib(gateway.pid()).saturating_sub(warm);
    let (failed, served) = load.stop().await;
    assert!(failed.is_empty(), "{failed:?}");
    assert!(served > 100, "{served}");
    assert!(grown < 16 * 1024, "{grown} KiB more than after 32 reloads");
    assert!(
        metric(gateway.metrics.unwrap(), "inferlayer_config_reloads_total{result=\"ok\"}") == 100.0
    );
    let (folder, _) = gateway.stop();
    let configs = records::of_kind(&folder.path().join("data"), Kind::Config);
    assert_eq!(configs.len(), 101);
    for pair in configs.windows(2) {
        assert_eq!(pair[1]["previous_config_sha256"], pair[0]["config_sha256"]);
    }
    records::assert_verifies(folder.path());
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sighup_reloads_and_a_watch_tries_again_when_the_file_that_lacked_is_there() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Setup { metrics: METRICS, ..Setup::of(&[provider.base_url()]) }.start();
    let folder = gateway.folder.path();
    signal(gateway.pid(), "HUP");
    eventually("it is told", || gateway.log().contains("the configuration has not changed")).await;
    edit(folder, "data_dir: data", "data_dir: data\nreload: { watch: true }");
    signal(gateway.pid(), "HUP");
    eventually("it is taken over", || gateway.log().contains("reload.watch: default → true")).await;
    edit(folder, "provider.key }", "later.key }");
    eventually("it fails", || is_failed(&gateway)).await;
    std::fs::write(folder.join("later.key"), "sk-later").unwrap();
    eventually("it is mended", || !is_failed(&gateway)).await;
    assert_eq!(call(&gateway, &gateway.key()).await.0, 200);
    assert_eq!(provider.seen()[0].headers["authorization"], "Bearer sk-later");
}
