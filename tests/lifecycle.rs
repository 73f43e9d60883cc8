//! Start, stop, crash.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use inferlayer_ledger::Kind;
use support::gateway::{command_in, signal};
use support::{Gateway, Provider, Script, chat, client, eventually, records};

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_under_load_loses_nothing_acknowledged_and_charges_the_unfinished() {
    let provider = Provider::start(Script::Chat).await;
    let silent = Provider::start(Script::Silence).await;
    let gateway = std::sync::Arc::new(Gateway::start(&[provider.base_url()]));
    let (key, client) = (gateway.key(), client(false));
    let acknowledged = std::sync::Arc::<std::sync::Mutex<Vec<String>>>::default();
    let callers: Vec<_> = (0..16)
        .map(|_| {
            let (url, client, key) = (gateway.chat_url(), client.clone(), key.clone());
            let acknowledged = acknowledged.clone();
            tokio::spawn(async move {
                while let Ok(answer) =
                    client.post(&url).bearer_auth(&key).body(chat("m", false, 500)).send().await
                {
                    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
                    if answer.status() == 200 && answer.text().await.is_ok() {
                        acknowledged.lock().unwrap().push(id);
                    }
                }
            })
        })
        .collect();
    eventually("a few hundred calls", || acknowledged.lock().unwrap().len() > 300).await;
    signal(gateway.pid(), "KILL");
    for caller in callers {
        caller.await.unwrap();
    }
    drop(silent);
    let folder = std::sync::Arc::into_inner(gateway).unwrap().kill();

    let verified = records::assert_verifies(folder.path());
    let data = folder.path().join("data");
    let outcomes = records::of_kind(&data, Kind::Outcome);
    let recorded: std::collections::HashSet<_> =
        outcomes.iter().map(|o| o["request"].as_str().unwrap().to_owned()).collect();
    for id in acknowledged.lock().unwrap().iter() {
        assert!(recorded.contains(id), "acknowledged and lost: {id}\n{verified}");
    }

    let (unfinished, held) = unfinished(&data);
    let settled: u64 = outcomes.iter().map(|o| records::nano(o, "cost_nano_usd")).sum();
    let gateway = Gateway::start_in(folder);
    assert!(unfinished == 0 || gateway.log().contains("charged at their hold"));
    let answer = client.post(gateway.chat_url()).bearer_auth(&key).body(chat("m", false, 50));
    assert_eq!(answer.send().await.unwrap().status(), 200);
    let folder = gateway.stop().0;
    let spent = (settled + held + 1000) as f64 / 1e9;
    let verified = records::assert_verifies(folder.path());
    let line = verified.lines().find(|line| line.starts_with("spent by a: ")).unwrap();
    let told: f64 = line.split(' ').nth(3).unwrap().parse().unwrap();
    assert!((told - spent).abs() < 1e-12, "{line}, expected {spent}");
}

/// Intents without an outcome, and the sum of their holds.
fn unfinished(data: &std::path::Path) -> (usize, u64) {
    let outcomes = records::of_kind(data, Kind::Outcome);
    let ended: std::collections::HashSet<_> =
        outcomes.iter().map(|o| o["request"].as_str().unwrap()).collect();
    let intents = records::of_kind(data, Kind::Intent);
    let open: Vec<_> =
        intents.iter().filter(|i| !ended.contains(i["request"].as_str().unwrap())).collect();
    (open.len(), open.iter().map(|i| records::nano(i, "hold_nano_usd")).sum())
}

#[tokio::test]
async fn an_intent_cut_by_a_kill_is_charged_at_its_hold() {
    let provider = Provider::start(Script::Silence).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let waiting = tokio::spawn(request.body(chat("m", false, 100)).send());
    eventually("the provider is asked", || !provider.seen().is_empty()).await;
    let folder = gateway.kill();
    waiting.abort();
    let (count, held) = unfinished(&folder.path().join("data"));
    assert_eq!(count, 1);
    let verified = records::assert_verifies(folder.path());
    let usd = format!("spent by a: 0.{}", format!("{held:09}").trim_end_matches('0'));
    assert!(verified.contains(&usd), "{verified}");
    let gateway = Gateway::start_in(folder);
    assert!(gateway.log().contains("charged at their hold"));
}

#[tokio::test]
async fn a_stop_waits_for_a_running_stream_and_not_when_idle() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let idle = Instant::now();
    let (folder, status) = gateway.stop();
    assert!(status.success());
    assert!(idle.elapsed() < Duration::from_secs(5), "an idle gateway stops at once");
    drop(folder);

    let endless = Provider::start(Script::Endless(Duration::from_millis(50))).await;
    let gateway = Gateway::start(&[endless.base_url()]);
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let answer = request.body(chat("m", true, 100)).send().await.unwrap();
    let mut stream = answer.bytes_stream();
    stream.next().await.unwrap().unwrap();
    signal(gateway.pid(), "TERM");
    eventually("new connections are refused", || {
        std::net::TcpStream::connect(gateway.address).is_err()
    })
    .await;
    for _ in 0..20 {
        stream.next().await.unwrap().unwrap();
    }
    // The second signal does not wait; the torn-down stream is still settled and recorded.
    let (folder, status) = gateway.stop();
    assert!(status.success());
    let outcomes = records::of_kind(&folder.path().join("data"), Kind::Outcome);
    assert_eq!(outcomes.len(), 1);
    assert!(records::nano(&outcomes[0], "cost_nano_usd") > 0);
    assert_eq!(records::of_kind(&folder.path().join("data"), Kind::Close).len(), 1);
    records::assert_verifies(folder.path());
}

#[tokio::test]
async fn a_port_in_use_ends_the_process_with_a_sentence() {
    let gateway = Gateway::start(&["http://127.0.0.1:9/v1".to_owned()]);
    let other = Gateway::start(&["http://127.0.0.1:9/v1".to_owned()]);
    let folder = other.stop().0;
    let path = folder.path().join("gateway.yaml");
    let yaml = std::fs::read_to_string(&path).unwrap();
    let yaml = yaml.replace("127.0.0.1:0", &gateway.address.to_string());
    std::fs::write(&path, yaml).unwrap();
    let failed = command_in(folder.path(), &["serve"]);
    assert_eq!(failed.status.code(), Some(69));
    let said = String::from_utf8(failed.stderr).unwrap();
    assert!(said.contains(&format!("cannot listen on {}", gateway.address)), "{said}");
}

#[tokio::test]
async fn one_data_folder_has_one_writer() {
    let gateway = Gateway::start(&["http://127.0.0.1:9/v1".to_owned()]);
    let second = command_in(gateway.folder.path(), &["serve"]);
    assert!(!second.status.success());
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("ledger"), "{said}");
    // The first is not disturbed, nor is its socket taken away.
    assert_eq!(client(false).get(gateway.url("/readyz")).send().await.unwrap().status(), 200);
    assert!(gateway.command(&["keys", "create", "--tenant", "a"]).status.success());
}
