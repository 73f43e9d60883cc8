//! Checkpoints leave the machine: files, collectors and servers get the newest one, late ones hold
//! nothing up, and required ones hold new work back.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inferlayer_ledger::Trust;
use inferlayer_ledger::verify::verify;
use support::gateway::{Setup, command_in};
use support::syslog::Message;
use support::tls::Tls;
use support::witness::Note;
use support::{Gateway, Provider, Script, anchored, call, client, eventually, records};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, UdpSocket, UnixDatagram};

const ACCEPTS: Script = Script::Status(204, "x-a: b", "");

fn note_in(path: &Path) -> Option<Note> {
    std::fs::read_to_string(path).ok().map(|note| Note::parse(&note))
}

/// The newest checkpoint that a server was given.
fn posted(sink: &Provider) -> Vec<Note> {
    let text = |body: Vec<u8>| Note::parse(&String::from_utf8(body).unwrap());
    sink.seen().into_iter().map(|seen| text(seen.body)).collect()
}

#[tokio::test]
async fn a_file_follows_the_ledger_to_its_last_record_and_is_read_back() {
    let provider = Provider::start(Script::Chat).await;
    let anchors = "{ name: volume, every_seconds: 1, to: { file: { path: kept.note } } }";
    let gateway = anchored(&provider, anchors).start();
    let path = gateway.folder.path().join("kept.note");
    let data = gateway.data();
    assert_eq!(call(&gateway, &gateway.key()).await.0, 200);
    let size = records::count(&data);
    eventually("the file follows", || note_in(&path).is_some_and(|n| n.head.size == size)).await;

    let (folder, status) = gateway.stop();
    assert!(status.success());
    let path = folder.path().join("kept.note");
    let (note, report) =
        (note_in(&path).unwrap(), verify(&folder.path().join("data"), Trust::FirstUse).unwrap());
    assert!(note.is_signed_by(&records::key(&folder.path().join("data"))));
    assert_eq!((note.head.size, note.head.root.to_string()), (report.records, report.root));

    let gateway = Gateway::start_in(folder);
    assert!(!gateway.log().contains("is gone"));
    let folder = gateway.stop().0;
    std::fs::remove_file(folder.path().join("kept.note")).unwrap();
    let gateway = Gateway::start_in(folder);
    eventually("the loss is told", || gateway.log().contains("its checkpoint is gone")).await;
    let folder = gateway.stop().0;
    std::fs::remove_file(folder.path().join("kept.note")).unwrap();
    std::fs::create_dir(folder.path().join("kept.note")).unwrap();
    let failed = command_in(folder.path(), &["serve"]);
    let said = String::from_utf8(failed.stderr).unwrap();
    assert!(!failed.status.success());
    assert!(said.contains("kept.note cannot be read"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_away_gets_the_newest_checkpoint_only() {
    let provider = Provider::start(Script::Chat).await;
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let anchors = format!(
        "{{ name: archive, every_seconds: 1, to: {{ http: {{ url: 'http://{address}/in/', \
         headers: {{ x-token: {{ file: provider.key }} }} }} }} }}"
    );
    let setup = Setup { metrics: "'127.0.0.1:0'", ..anchored(&provider, &anchors) };
    let gateway = setup.start();
    let key = gateway.key();
    for _ in 0..3 {
        assert_eq!(call(&gateway, &key).await.0, 200);
    }
    eventually("the failure is told", || gateway.log().contains("does not take checkpoints")).await;
    let size = records::count(&gateway.data());
    assert!(metric(&gateway, "failures_total").await >= 1.0);
    assert_eq!(metric(&gateway, "size").await, 0.0);
    assert_eq!(metric(&gateway, "lag_records").await, size as f64);
    assert!(metric(&gateway, "lag_seconds").await > 0.0);

    let sink = Provider::start_on(address, ACCEPTS).await;
    eventually("recovery is told", || gateway.log().contains("takes checkpoints again")).await;
    assert_eq!(metric(&gateway, "size").await, size as f64);
    assert_eq!(metric(&gateway, "lag_seconds").await, 0.0);
    let warnings = gateway.log().matches("does not take checkpoints").count();
    assert_eq!(warnings, 1, "{}", gateway.log());
    let log_key = records::key(&gateway.data());
    let (_folder, status) = gateway.stop();
    assert!(status.success());
    let sizes: Vec<_> = posted(&sink).iter().map(|note| note.head.size).collect();
    assert_eq!(sizes, [size, size + 1], "one for all that was missed, one for the close record");
    assert!(posted(&sink).iter().all(|note| note.is_signed_by(&log_key)));
    let seen = &sink.seen()[0];
    assert_eq!(seen.path, "/in/");
    assert_eq!(seen.headers["x-token"], "sk-canary-provider-key");
    assert!(seen.headers["content-type"].starts_with("text/plain"));
}

/// A metric of the one anchor.
async fn metric(gateway: &Gateway, name: &str) -> f64 {
    let url = format!("http://{}/metrics", gateway.metrics.unwrap());
    let text = client(false).get(url).send().await.unwrap().text().await.unwrap();
    let name = format!("inferlayer_anchor_{name}{{");
    let line = text.lines().find(|line| line.starts_with(&name)).expect("the metric");
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_a_refusal_and_never_followed() {
    let provider = Provider::start(Script::Chat).await;
    let elsewhere = Provider::start(ACCEPTS).await;
    let location = format!("location: {}", elsewhere.base_url());
    let sink = Provider::start(Script::Status(307, location.leak(), "")).await;
    let url = sink.base_url();
    let anchors = format!("{{ name: archive, to: {{ http: {{ url: '{url}' }} }} }}");
    let gateway = anchored(&provider, &anchors).start();
    eventually("a second try", || sink.seen().len() > 1).await;
    assert!(gateway.log().contains("it answered 307"), "{}", gateway.log());
    assert_eq!(elsewhere.accepted(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_behind_tls_must_be_vouched_for() {
    let provider = Provider::start(Script::Chat).await;
    let sink = Provider::start(ACCEPTS).await;
    let tls = Tls::before(sink.address).await;
    let to = |host: &str, more: &str| {
        let url = tls.base_url(host);
        format!("{{ name: archive, to: {{ http: {{ url: '{url}'{more} }} }} }}")
    };
    for (host, more) in [("localhost", ""), ("127.0.0.1", ", ca_file: ca.pem")] {
        let gateway = anchored(&provider, &to(host, more)).start_with(&tls.ca_pem);
        eventually("it is refused", || gateway.log().contains("does not take")).await;
        assert!(sink.seen().is_empty(), "{host}");
    }
    let setup = anchored(&provider, &to("localhost", ", ca_file: ca.pem"));
    let _gateway = setup.start_with(&tls.ca_pem);
    eventually("it is trusted", || !sink.seen().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_holds_up_neither_requests_nor_the_stop() {
    let provider = Provider::start(Script::Chat).await;
    let silent = Provider::start(Script::Silence).await;
    let url = silent.base_url();
    let anchors = format!(
        "{{ name: silent, every_seconds: 1, timeout_seconds: 600, \
         to: {{ http: {{ url: '{url}' }} }} }}, \
         {{ name: volume, every_seconds: 1, to: {{ file: {{ path: kept.note }} }} }}"
    );
    let gateway = anchored(&provider, &anchors).start();
    eventually("it is asked", || silent.seen().len() == 1).await;
    let key = gateway.key();
    for _ in 0..20 {
        assert_eq!(call(&gateway, &key).await.0, 200);
    }
    let (size, path) = (records::count(&gateway.data()), gateway.folder.path().join("kept.note"));
    eventually("others go on", || note_in(&path).is_some_and(|n| n.head.size == size)).await;
    assert_eq!(silent.seen().len(), 1, "nothing queues");
    let (_folder, status) = gateway.stop();
    assert!(status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_required_anchor_that_lags_holds_new_work_back_until_it_has_caught_up() {
    let provider = Provider::start(Script::Chat).await;
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let anchors = format!(
        "{{ name: archive, every_seconds: 1, timeout_seconds: 1, required: true, \
         max_lag_seconds: 2, to: {{ http: {{ url: 'http://{address}/' }} }} }}"
    );
    let gateway = anchored(&provider, &anchors).start();
    let key = gateway.key();
    eventually("work is held back", || gateway.log().contains("new work is refused")).await;
    let asked = provider.seen().len();
    let (status, body) = call(&gateway, &key).await;
    assert_eq!(status, 503);
    assert!(body.contains("audit_unavailable"), "{body}");
    assert_eq!(provider.seen().len(), asked, "no provider was called");
    let ready = client(false).get(gateway.url("/readyz")).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let another = gateway.key();

    let _sink = Provider::start_on(address, ACCEPTS).await;
    eventually("work is taken again", || gateway.log().contains("new work is taken again")).await;
    assert_eq!(call(&gateway, &another).await.0, 200);
}

/// What any collector must be able to read in a message, and that it proves what it says.
fn assert_proves(message: &[u8], gateway: &Gateway) {
    let message = Message::parse(std::str::from_utf8(message).unwrap());
    assert_eq!(message.priority, 16 * 8 + 5, "local0, notice");
    assert!(message.header[0].ends_with('Z'), "{message:?}");
    assert_eq!(message.header[2..], ["gw", &gateway.pid().to_string(), "CHECKPOINT"]);
    let note = STANDARD.decode(&message.parameters["note"]).unwrap();
    let note = Note::parse(&String::from_utf8(note).unwrap());
    assert!(note.is_signed_by(&records::key(&gateway.data())));
    assert_eq!(message.parameters["size"], note.head.size.to_string());
    assert_eq!(message.parameters["root"], STANDARD.encode(note.head.root.0));
    assert_eq!(message.parameters["origin"], "inferlayer/audit");
    let report = verify(&gateway.data(), Trust::FirstUse).unwrap();
    assert_eq!(message.parameters["log_id"], report.log_id);
}

async fn to_collector(address: &str) -> Gateway {
    let provider = Provider::start(Script::Chat).await;
    let anchors = format!(
        "{{ name: siem, every_seconds: 1, to: {{ syslog: {{ address: '{address}', \
         facility: local0, app_name: gw }} }} }}"
    );
    anchored(&provider, &anchors).start()
}

#[tokio::test]
async fn a_collector_gets_a_message_over_tcp_with_its_octets_counted() {
    let collector = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = to_collector(&format!("tcp://{}", collector.local_addr().unwrap())).await;
    let (mut stream, _) = collector.accept().await.unwrap();
    let mut frame = String::new();
    stream.read_to_string(&mut frame).await.unwrap();
    let (length, message) = frame.split_once(' ').unwrap();
    assert_eq!(length, message.len().to_string());
    assert_proves(message.as_bytes(), &gateway);
}

#[tokio::test]
async fn a_collector_gets_a_datagram_over_udp_and_over_a_local_socket() {
    let mut bytes = [0; 4096];
    let collector = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let gateway = to_collector(&format!("udp://{}", collector.local_addr().unwrap())).await;
    let length = collector.recv(&mut bytes).await.unwrap();
    assert_proves(&bytes[..length], &gateway);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let collector = UnixDatagram::bind(&path).unwrap();
    let gateway = to_collector(path.to_str().unwrap()).await;
    let length = collector.recv(&mut bytes).await.unwrap();
    assert_proves(&bytes[..length], &gateway);
}
