//! Signals: none of them kills in silence, and a stop tells those whom it ends.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::{Duration, Instant};

use inferlayer_ledger::Kind;
use support::gateway::signal;
use support::raw::metric;
use support::{Gateway, Provider, Script, call, chat, client, eventually, gateway::Setup, records};

#[tokio::test(flavor = "multi_thread")]
async fn signals_that_mean_nothing_yet_are_logged_and_change_nothing() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    for name in ["USR1", "USR2"] {
        signal(gateway.pid(), name);
        eventually("it is logged", || gateway.log().contains(&format!("SIG{name}"))).await;
        assert_eq!(call(&gateway, &key).await.0, 200, "after {name}");
    }
    let (folder, status) = gateway.stop();
    assert!(status.success());
    records::assert_verifies(folder.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn quit_drains_as_term_does_while_metrics_and_admin_answer() {
    let provider = Provider::start(Script::Late(Duration::from_millis(1500))).await;
    let setup = Setup::of(&[provider.base_url()]);
    let gateway = Setup { metrics: "'127.0.0.1:0'", ..setup }.start();
    let (key, url) = (gateway.key(), gateway.chat_url());
    let running =
        tokio::spawn(client(false).post(url).bearer_auth(&key).body(chat("m", false, 100)).send());
    eventually("it runs", || provider.seen().len() == 1).await;
    signal(gateway.pid(), "QUIT");
    eventually("no new connection", || std::net::TcpStream::connect(gateway.address).is_err())
        .await;
    assert!(metric(gateway.metrics.unwrap(), "inferlayer_requests_in_flight ") >= 1.0);
    let spend = gateway.command(&["spend"]);
    assert!(spend.status.success(), "{}", String::from_utf8_lossy(&spend.stderr));
    assert_eq!(running.await.unwrap().unwrap().status(), 200);
    assert!(gateway.ended().1.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lame_duck_serves_and_says_that_it_is_not_ready() {
    let provider = Provider::start(Script::Chat).await;
    let folder = Setup::of(&[provider.base_url()]).folder();
    let path = folder.path().join("gateway.yaml");
    let yaml = std::fs::read_to_string(&path).unwrap();
    let yaml = yaml.replace("grace_seconds: 20", "grace_seconds: 20, lame_duck_seconds: 3");
    std::fs::write(&path, yaml).unwrap();
    let gateway = Gateway::start_in(folder);
    let key = gateway.key();
    signal(gateway.pid(), "TERM");
    eventually("it says so", || gateway.log().contains("not ready any more")).await;
    let ready = client(false).get(gateway.url("/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    assert_eq!(ready.headers()["connection"], "close");
    assert_eq!(call(&gateway, &key).await.0, 200);
    assert!(gateway.ended().1.success());
}

/// A gateway with a model that streams for ever and one that never answers.
fn gateway(grace: &str, endless: &Provider, silent: &Provider) -> Gateway {
    let folder = Setup {
        provider_settings: "first_byte_timeout_seconds: 60",
        ..Setup::of(&[endless.base_url(), silent.base_url()])
    }
    .folder();
    let path = folder.path().join("gateway.yaml");
    let yaml = std::fs::read_to_string(&path).unwrap().replace("grace_seconds: 20", grace);
    let silent = "- { name: silent, candidates: [{ provider: p1, model: upstream-m }] }";
    let yaml = yaml.replace("- { name: m,", &format!("{silent}\n        - {{ name: m,"));
    std::fs::write(&path, yaml).unwrap();
    Gateway::start_in(folder)
}

/// A stream and a whole answer that run when the gateway is stopped; what the client of each was
/// told at the end.
async fn ended_by(
    stop: impl AsyncFnOnce(&Gateway),
    grace: &str,
    path: &str,
) -> (String, u16, String) {
    let endless = Provider::start(Script::Endless(Duration::from_millis(50))).await;
    let silent = Provider::start(Script::Silence).await;
    let gateway = gateway(grace, &endless, &silent);
    let key = gateway.key();
    let request = client(false).post(gateway.url(path)).bearer_auth(&key);
    let answer = request.body(support::message("hi", true).to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
    let whole = tokio::spawn(request.body(chat("silent", false, 100)).send());
    eventually("both run", || silent.seen().len() == 1).await;
    stop(&gateway).await;
    let told = answer.text().await.expect("a clean end");
    let whole = whole.await.unwrap().unwrap();
    let (status, body) = (whole.status().as_u16(), whole.text().await.unwrap());
    assert_recorded(gateway);
    (told, status, body)
}

/// It ends well, and both are settled and recorded.
fn assert_recorded(gateway: Gateway) {
    let (folder, ended) = gateway.ended();
    assert!(ended.success());
    let outcomes = records::of_kind(&folder.path().join("data"), Kind::Outcome);
    assert_eq!(outcomes.len(), 2, "{outcomes:?}");
    assert!(outcomes.iter().any(|o| o["ending"] == "abandoned"), "{outcomes:?}");
    assert!(outcomes.iter().all(|o| records::nano(o, "cost_nano_usd") > 0));
    records::assert_verifies(folder.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_ends_what_runs_and_says_so() {
    let since = Instant::now();
    let twice = async |gateway: &Gateway| {
        signal(gateway.pid(), "TERM");
        eventually("it drains", || gateway.log().contains("waiting for running")).await;
        signal(gateway.pid(), "TERM");
    };
    let (stream, status, body) =
        ended_by(twice, "grace_seconds: 300", "/v1/chat/completions").await;
    let (events, done) = support::events(&stream);
    assert!(!done, "{stream}");
    assert_eq!(events.last().unwrap()["error"]["code"], "stopping", "{stream}");
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("\"code\":\"stopping\""), "{body}");
    assert!(since.elapsed() < Duration::from_secs(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_grace_is_told_in_the_words_of_the_caller() {
    let once = async |gateway: &Gateway| signal(gateway.pid(), "TERM");
    let (stream, status, _) = ended_by(once, "grace_seconds: 1", "/v1/messages").await;
    let last = stream.rsplit("event: ").next().unwrap();
    assert!(last.starts_with("error\n") && last.contains("\"type\":\"error\""), "{stream}");
    assert_eq!(status, 503);
}
