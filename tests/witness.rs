//! A witness cosigns what continues what it has signed; one that holds another history ends the
//! taking of work.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;

use inferlayer_ledger::WitnessKey;
use support::gateway::{Setup, command_in};
use support::witness::{NOW, Note, Witness};
use support::{Gateway, Provider, Script, anchored, call, client, eventually, records};

fn witnessed(provider: &Provider, url: &str) -> Setup {
    let key = Witness::key();
    let anchors = format!(
        "{{ name: w1, every_seconds: 1, to: {{ witness: {{ url: '{url}', key: '{key}' }} }} }}"
    );
    anchored(provider, &anchors)
}

fn signed_size(witness: &Witness) -> u64 {
    witness.signed().map_or(0, |head| head.size)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_cosigns_each_step_across_restarts() {
    let provider = Provider::start(Script::Chat).await;
    let witness = Witness::start().await;
    let gateway = witnessed(&provider, &format!("http://{}/w", witness.address)).start();
    eventually("it is not known yet", || gateway.log().contains("refuses this log")).await;
    let log_key = records::key(&gateway.data());
    witness.trust(log_key.clone());
    let key = gateway.key();
    for _ in 0..5 {
        assert_eq!(call(&gateway, &key).await.0, 200);
        let size = records::count(&gateway.data());
        eventually("it is cosigned", || signed_size(&witness) == size).await;
    }
    let path = gateway.data().join("anchors/w1.note");
    let kept = || std::fs::read_to_string(&path).unwrap();
    let signed = witness.signed().unwrap();
    eventually("it is kept", || Note::parse(&kept()).head == signed).await;
    let note = kept();
    assert!(Note::parse(&note).is_signed_by(&log_key));
    let witness_key: WitnessKey = Witness::key().parse().unwrap();
    assert_eq!(witness_key.find_cosignature(&note, &note).unwrap().time_seconds, NOW);

    // The next run learns from the witness how far it is.
    let (folder, status) = gateway.stop();
    assert!(status.success());
    let asked = witness.asked().len();
    let gateway = Gateway::start_in(folder);
    let size = records::count(&gateway.data());
    eventually("the restart is cosigned", || signed_size(&witness) == size).await;
    let asked = witness.asked().split_off(asked);
    assert_eq!(asked[0], (0, 409));
    assert_eq!(asked[1].1, 200);
    assert!(witness.asked().iter().all(|(_, status)| [404, 409, 200].contains(status)));
    assert_eq!(call(&gateway, &key).await.0, 200);
}

/// The journal as it was before, and everything else that could tell removed.
fn roll_back(data: &Path, segment: &Path, before: &[u8]) {
    std::fs::write(segment, before).unwrap();
    for folder in ["view", "anchors"] {
        std::fs::remove_dir_all(data.join(folder)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_and_a_fork_are_found_out_by_the_witness() {
    let provider = Provider::start(Script::Chat).await;
    let witness = Witness::start().await;
    let gateway = witnessed(&provider, &format!("http://{}/w", witness.address)).start();
    witness.trust(records::key(&gateway.data()));
    let key = gateway.key();
    let segment = gateway.data().join("journal/00000000000000000000.ilj");
    let before = std::fs::read(&segment).unwrap();
    for _ in 0..4 {
        assert_eq!(call(&gateway, &key).await.0, 200);
    }
    let size = records::count(&gateway.data());
    eventually("it is cosigned", || signed_size(&witness) >= size).await;
    let folder = gateway.kill();
    let data = folder.path().join("data");
    roll_back(&data, &segment, &before);
    let gateway = Gateway::start_in(folder);
    eventually("the rollback is told", || gateway.log().contains("the ledger has")).await;
    assert_eq!(call(&gateway, &key).await.0, 503);

    // Other records in the place of those that are gone: as many, and more.
    let folder = gateway.kill();
    roll_back(&data, &segment, &before);
    while records::count(&data) <= signed_size(&witness) {
        assert!(command_in(folder.path(), &["keys", "create", "--tenant", "a"]).status.success());
    }
    let gateway = Gateway::start_in(folder);
    eventually("the fork is told", || gateway.log().contains("are not the first")).await;
    assert_eq!(call(&gateway, &key).await.0, 503);
    assert_eq!(signed_size(&witness), size, "nothing of the other history was signed");
}

/// A gateway on a witness that always answers so, once it has been asked.
async fn answered(status: u16, body: &'static str, told: &str) -> (Gateway, String) {
    let provider = Provider::start(Script::Chat).await;
    let witness = Provider::start(Script::Status(status, "x-a: b", body)).await;
    let setup = witnessed(&provider, &witness.base_url());
    let gateway = Setup { metrics: "'127.0.0.1:0'", ..setup }.start();
    eventually("the answer is told", || gateway.log().contains(told)).await;
    let url = format!("http://{}/metrics", gateway.metrics.unwrap());
    let metrics = client(false).get(url).send().await.unwrap().text().await.unwrap();
    (gateway, metrics)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_of_another_history_ends_the_taking_of_work() {
    let conflicts = [
        (409, "4711\n", "the witness has signed 4711 records"),
        (422, "", "are not the first of the ledger's"),
    ];
    for (status, body, told) in conflicts {
        let (gateway, metrics) = answered(status, body, told).await;
        assert!(gateway.log().contains("no more work is taken"), "{}", gateway.log());
        assert!(metrics.contains("inferlayer_anchor_conflict{sink=\"w1\"} 1"), "{metrics}");
        // Keys can still be made and revoked; inferences are over.
        let (status, body) = call(&gateway, &gateway.key()).await;
        assert_eq!(status, 503);
        assert!(body.contains("audit_unavailable"), "{body}");
        assert!(gateway.stop().1.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_that_fails_otherwise_stops_nothing() {
    let failures = [
        (404, "", "does not know this origin"),
        (403, "", "another signing key"),
        (200, "\u{2014} witness.example/w1 AAAA\n", "of the configured key"),
        (503, "", "it answered 503"),
        (409, "0\n", "409 without another size"),
    ];
    for (status, body, told) in failures {
        let (gateway, metrics) = answered(status, body, told).await;
        assert!(metrics.contains("inferlayer_anchor_conflict{sink=\"w1\"} 0"), "{metrics}");
        assert_eq!(call(&gateway, &gateway.key()).await.0, 200);
        assert!(!gateway.data().join("anchors/w1.note").exists());
    }
}
