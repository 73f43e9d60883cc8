//! What happens to the journal's files under a gateway that serves.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::net::TcpStream;
use std::time::Duration;

use inferlayer_ledger::Kind;
use support::gateway::Setup;
use support::{Gateway, Provider, Script, call, chat, client, eventually, records};

async fn readyz(gateway: &Gateway) -> (u16, String) {
    let answer = client(false).get(gateway.url("/readyz")).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Waits until the gateway's readiness is `status`; gives what it says.
async fn until_ready_is(gateway: &Gateway, status: u16) -> String {
    for _ in 0..1000 {
        let (found, said) = readyz(gateway).await;
        if found == status {
            return said;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("readyz never became {status}: {}", gateway.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_removed_stops_new_work_and_running_streams_are_told() {
    let provider = Provider::start(Script::Endless(Duration::from_millis(20))).await;
    let gateway = Setup { metrics: "'127.0.0.1:0'", ..Setup::of(&[provider.base_url()]) }.start();
    let key = gateway.key();
    let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
    let stream = request.body(chat("m", true, 100)).send().await.unwrap();
    assert_eq!(stream.status(), 200);
    fs::remove_dir_all(gateway.data().join("journal")).unwrap();

    let said = until_ready_is(&gateway, 503).await;
    assert!(said.contains("removed, replaced or unmounted"), "{said}");
    let asked = provider.seen().len();
    let (status, said) = call(&gateway, &key).await;
    assert_eq!(status, 503, "{said}");
    assert!(said.contains("audit_unavailable"), "{said}");
    assert_eq!(provider.seen().len(), asked, "no provider is asked");
    let log = gateway.log();
    assert!(log.contains("is not what the ledger writes to any more"), "{log}");
    let url = format!("http://{}/metrics", gateway.metrics.unwrap());
    let metrics = client(false).get(url).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("inferlayer_ledger_refuses{reason=\"journal_lost\"} 1"), "{metrics}");
    drop(stream);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_given_in_full_whose_record_is_in_no_file() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    assert_eq!(call(&gateway, &key).await.0, 200);
    let segment = gateway.data().join("journal/00000000000000000000.ilj");
    let kept = fs::read(&segment).unwrap();
    fs::remove_file(&segment).unwrap();
    for _ in 0..20 {
        let (status, said) = call(&gateway, &key).await;
        assert_eq!(status, 503, "{said}");
    }
    assert!(!segment.exists());
    // The file with its records comes back: a restart goes on where it ended.
    let folder = gateway.kill();
    fs::write(segment_in(folder.path()), kept).unwrap();
    let gateway = Gateway::start_in(folder);
    assert_eq!(call(&gateway, &key).await.0, 200);
    records::assert_verifies(gateway.stop().0.path());
}

fn segment_in(folder: &std::path::Path) -> std::path::PathBuf {
    folder.join("data/journal/00000000000000000000.ilj")
}

#[tokio::test(flavor = "multi_thread")]
async fn running_out_of_descriptors_is_a_503_that_passes() {
    let provider = Provider::start(Script::Chat).await;
    let folder = Setup::of(&[provider.base_url()]).folder();
    let gateway = Gateway::start_with_descriptors(folder, 200, 200);
    let key = gateway.key();
    let asking = client(false);
    let ask = async |bytes: usize| {
        let request = asking.post(gateway.chat_url()).bearer_auth(&key);
        let answer = request.body(chat("m", false, bytes)).send().await;
        answer.map_or(0, |answer| answer.status().as_u16())
    };
    assert_eq!(ask(50).await, 200);

    let address = gateway.address;
    let idle: Vec<_> = tokio::task::spawn_blocking(move || {
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok();
        (0..300).filter_map(connect).collect()
    })
    .await
    .unwrap();
    assert!(idle.len() > 100, "only {} connections", idle.len());
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let answered = tokio::time::timeout(Duration::from_secs(3), ask(300_000)).await;
        statuses.push(answered.unwrap_or(0));
    }
    drop(idle);

    until_ready_is(&gateway, 200).await;
    eventually_served(&gateway, &key).await;
    assert_eq!(ask(300_000).await, 200, "{statuses:?}");
    let log = gateway.log();
    assert!(!log.contains("the ledger's store failed"), "{statuses:?}\n{log}");
    let folder = gateway.stop().0;
    records::assert_verifies(folder.path());
    let intents = records::of_kind(&folder.path().join("data"), Kind::Intent);
    let served = statuses.iter().filter(|status| **status == 200).count();
    assert!(intents.len() >= served + 2, "{statuses:?}");
}

async fn eventually_served(gateway: &Gateway, key: &str) {
    for _ in 0..500 {
        if call(gateway, key).await.0 == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    eventually(&gateway.log(), || false).await;
}
