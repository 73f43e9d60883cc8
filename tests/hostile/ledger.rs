//! 47, 53, 55 and 56: nothing is done that cannot be recorded, and what was recorded is found
//! again, whole, or what is wrong with it is named.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use inferlayer_ledger::Kind;

use crate::support::gateway::{Setup, signal};
use crate::support::operator::{ask_often, refused, said};
use crate::support::{Gateway, Provider, Script, call, chat, client, eventually, records};
use crate::{assert_openai_shape, gateway};

fn segment(folder: &Path) -> PathBuf {
    folder.join("data/journal/00000000000000000000.ilj")
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_47_without_its_ledger_a_gateway_asks_nobody_and_what_it_asked_is_paid_for() {
    let provider = Provider::start(Script::Late(Duration::from_secs(1))).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
    let running = tokio::spawn(request.body(chat("m", false, 50)).send());
    eventually("the provider is asked", || !provider.seen().is_empty()).await;
    let kept = fs::read(segment(gateway.folder.path())).unwrap();
    fs::remove_file(segment(gateway.folder.path())).unwrap();
    // On settlement: no answer in full without its record.
    let answer = running.await.unwrap().unwrap();
    let status = answer.status();
    let whole = answer.bytes().await;
    assert!(status != 200 || whole.is_err(), "{status}: {whole:?}");
    // On reservation: refused, whoever asks.
    for _ in 0..20 {
        let (status, told) = call(&gateway, &key).await;
        assert_eq!(status, 503, "{told}");
        assert_openai_shape(told.as_bytes(), "refused");
    }
    assert_eq!(provider.seen().len(), 1);
    let folder = gateway.kill();
    fs::write(segment(folder.path()), kept).unwrap();
    let intents = records::of_kind(&folder.path().join("data"), Kind::Intent);
    assert_eq!(intents.len(), 1);
    let gateway = Gateway::start_in(folder);
    assert!(gateway.log().contains("charged at their hold"), "{}", gateway.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_53_killed_again_and_again_the_log_holds_and_has_all_that_was_acknowledged() {
    let provider = Provider::start(Script::AsAsked).await;
    let mut gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    let acknowledged = Arc::<Mutex<Vec<String>>>::default();
    for round in 0..6_usize {
        let before = acknowledged.lock().unwrap().len();
        let callers: Vec<_> = (0..8)
            .map(|caller| {
                let url = gateway.chat_url();
                tokio::spawn(ask_on(url, key.clone(), caller % 2 == 0, acknowledged.clone()))
            })
            .collect();
        let enough = before + 5 + 15 * round;
        eventually("some calls", || acknowledged.lock().unwrap().len() >= enough).await;
        signal(gateway.pid(), "KILL");
        for caller in callers {
            caller.await.unwrap();
        }
        let folder = gateway.kill();
        records::assert_verifies(folder.path());
        let outcomes = records::of_kind(&folder.path().join("data"), Kind::Outcome);
        let recorded: HashSet<_> = outcomes.iter().filter_map(|o| o["request"].as_str()).collect();
        for id in acknowledged.lock().unwrap().iter() {
            assert!(recorded.contains(id.as_str()), "round {round}: {id} is lost");
        }
        assert_eq!(recorded.len(), outcomes.len(), "one outcome for each");
        gateway = Gateway::start_in(folder);
    }
    records::assert_verifies(gateway.stop().0.path());
}

/// Asks until nobody answers; keeps the names of what was answered in full.
async fn ask_on(url: String, key: String, streams: bool, acknowledged: Arc<Mutex<Vec<String>>>) {
    let client = client(false);
    loop {
        let request = client.post(&url).bearer_auth(&key).body(chat("m", streams, 300));
        let Ok(answer) = request.send().await else { return };
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        let is_good = answer.status() == 200;
        let Ok(body) = answer.text().await else { return };
        if is_good && (!streams || body.contains("[DONE]")) {
            acknowledged.lock().unwrap().push(id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_55_a_damaged_shortened_or_older_log_is_named_and_not_written_on() {
    let provider = Provider::start(Script::Chat).await;
    let extra = "ledger: { anchors: [{ name: kept, every_seconds: 1, \
                 to: { file: { path: kept.note } } }] }";
    let gateway = Setup { extra, ..Setup::of(&[provider.base_url()]) }.start();
    ask_often(&gateway, 2).await;
    let older = fs::read(segment(gateway.folder.path())).unwrap();
    ask_often(&gateway, 3).await;
    let (folder, _) = gateway.stop();
    let file = segment(folder.path());
    let whole = fs::read(&file).unwrap();
    assert!(older.len() < whole.len());
    let note = folder.path().join("kept.note").to_str().unwrap().to_owned();
    said(folder.path(), &["ledger", "verify", "--evidence", &note]);

    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    let third = whole.len() / 3;
    let swapped = [&whole[..third], &whole[2 * third..], &whole[third..2 * third]].concat();
    let without = [&whole[..third], &whole[third + 100..]].concat();
    for (case, bytes) in [("flipped", flipped), ("swapped", swapped), ("deleted", without)] {
        fs::write(&file, bytes).unwrap();
        let (told, code) = refused(folder.path(), &["ledger", "verify"]);
        assert!(code != 0 && !told.is_empty(), "{case}");
        let (told, _) = refused(folder.path(), &["serve"]);
        assert!(told.contains("ledger"), "{case}: {told}");
    }
    // A log that was cut, or is an older copy, is whole in itself: the anchor knows better.
    for (case, bytes) in [("older", older), ("cut", whole[..whole.len() - 200].to_vec())] {
        fs::write(&file, bytes).unwrap();
        refused(folder.path(), &["ledger", "verify", "--evidence", &note]);
        let (told, _) = refused(folder.path(), &["serve"]);
        assert!(!told.contains("panicked"), "{case}: {told}");
    }
    fs::write(&file, whole).unwrap();
    said(folder.path(), &["ledger", "verify", "--evidence", &note]);
    ask_often(&Gateway::start_in(folder), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_56_a_signing_key_that_is_gone_open_to_others_or_another_stops_the_start() {
    let (_provider, gateway, key) = gateway().await;
    assert_eq!(call(&gateway, &key).await.0, 200);
    let first = said(gateway.folder.path(), &["ledger", "rotate-key", "--yes"]);
    assert_eq!(records::of_kind(&gateway.data(), Kind::SigningKeyRotation).len(), 1, "{first}");
    let (folder, _) = gateway.stop();
    let file = folder.path().join("data/keys/signing.key");
    let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    for open in [0o644, 0o640, 0o606] {
        mode(open);
        let (told, _) = refused(folder.path(), &["serve"]);
        assert!(told.contains("signing.key"), "{open:o}: {told}");
    }
    mode(0o600);
    let kept = fs::read(&file).unwrap();
    fs::write(&file, format!("{}=\n", "A".repeat(43))).unwrap();
    let (told, _) = refused(folder.path(), &["serve"]);
    assert!(!told.contains("panicked") && !told.contains("AAAA"), "{told}");
    fs::write(&file, "short\n").unwrap();
    refused(folder.path(), &["serve"]);
    fs::remove_file(&file).unwrap();
    let (told, _) = refused(folder.path(), &["serve"]);
    assert!(told.contains("signing.key back"), "{told}");
    assert!(!file.exists(), "no key is made for a log that has one");
    fs::write(&file, kept).unwrap();
    mode(0o600);
    let gateway = Gateway::start_in(folder);
    assert_eq!(call(&gateway, &key).await.0, 200);
    records::assert_verifies(gateway.stop().0.path());
}
