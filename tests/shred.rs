//! `ledger shred`: content that nobody can read any more, in a ledger that still verifies.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use inferlayer_ledger::{Kind, TenantKeys, TenantTag};
use serde_json::Value;
use support::gateway::{Setup, command_in};
use support::{Gateway, Provider, Script, client, message, records};

const SHRED: [&str; 7] = ["ledger", "shred", "--tenant", "a", "--reason", "asked to", "--yes"];

async fn gateway() -> Gateway {
    let provider = Provider::start(Script::AsAsked).await;
    Setup {
        before_route: "  - cache: {}\n",
        more_tenants: "  - { name: b, budget_usd: 1 }\n",
        ..Setup::of(&[provider.base_url()])
    }
    .start()
}

/// Asks, and gives the request's id and what the cache did.
async fn ask(gateway: &Gateway, key: &str, text: &str) -> (String, String) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let answer = request.body(message(text, false).to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let told = (header("x-request-id"), header("x-inferlayer-cache"));
    assert!(answer.text().await.unwrap().contains("Hello wörld"));
    told
}

/// The content of a request's first and last record: its text, or why there is none.
fn contents(folder: &Path, id: &str) -> (String, String) {
    let shown = command_in(folder, &["ledger", "show", "--json", "--request", id]);
    let records: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let said = |record: &Value| {
        let content = &record["content"];
        content["text"].as_str().or(content["why"].as_str()).unwrap().to_owned()
    };
    let records = records["records"].as_array().unwrap();
    (said(&records[0]), said(records.last().unwrap()))
}

fn key_file(folder: &Path) -> PathBuf {
    folder.join("data/keys/tenants/a.key")
}

fn tag(folder: &Path) -> TenantTag {
    TenantKeys::at(&folder.join("data/keys")).find("a").unwrap().unwrap().tag()
}

#[tokio::test]
async fn beside_a_running_gateway_the_tenant_goes_on_with_a_new_key() {
    let gateway = gateway().await;
    let folder = gateway.folder.path();
    let (a, b) = (gateway.key_of("a"), gateway.key_of("b"));
    let (before, of_b) = (ask(&gateway, &a, "hi").await.0, ask(&gateway, &b, "hi").await.0);
    assert_eq!(ask(&gateway, &a, "hi").await.1, "hit-exact");
    assert!(contents(folder, &before).0.contains("hi"));
    let old_tag = tag(folder);

    let asked_first = gateway.command(&SHRED[..6]);
    assert_eq!(asked_first.status.code(), Some(64), "not without --yes");
    assert_eq!(tag(folder), old_tag);
    let done = gateway.command(&SHRED);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    assert_ne!(tag(folder), old_tag);
    let (prompt, answer) = contents(folder, &before);
    for why in [&prompt, &answer] {
        assert!(why.starts_with("shredded: its key was destroyed, as record "), "{why}");
    }
    assert!(contents(folder, &of_b).1.contains("Hello"), "another tenant's is still there");
    let (after, cached) = ask(&gateway, &a, "hi").await;
    assert_eq!(cached, "miss", "what was shredded is not given again");
    assert_eq!(ask(&gateway, &a, "hi").await.1, "hit-exact");
    assert_eq!(ask(&gateway, &b, "hi").await.1, "hit-exact");

    let shreds = records::of_kind(&gateway.data(), Kind::Shred);
    assert_eq!(shreds.len(), 1);
    assert_eq!((&shreds[0]["event"], &shreds[0]["tenant"]), (&"shred".into(), &"a".into()));
    assert_eq!(shreds[0]["reason"], "asked to");
    assert_eq!(shreds[0]["tenant_tag"], old_tag.to_string());
    let new_tag = tag(folder);
    let gateway = Gateway::start_in(gateway.stop().0);
    let folder = gateway.folder.path();
    assert_eq!(tag(folder), new_tag);
    assert_eq!(ask(&gateway, &a, "hi").await.1, "hit-exact", "the new answer, after a restart");
    assert!(contents(folder, &after).1.contains("Hello"));
    assert!(contents(folder, &before).1.starts_with("shredded"));
    records::assert_verifies(folder);
}

#[tokio::test]
async fn a_request_under_way_ends_and_its_outcome_can_be_read_by_nobody() {
    let gateway = gateway().await;
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let body = message("endless", true).to_string();
    let answer = request.body(body).send().await.unwrap();
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let mut stream = answer.bytes_stream();
    stream.next().await.unwrap().unwrap();
    assert!(gateway.command(&SHRED).status.success());
    stream.next().await.unwrap().unwrap();
    drop(stream);
    let data = gateway.data();
    support::eventually("the outcome", || !records::of_kind(&data, Kind::Outcome).is_empty()).await;
    let (prompt, answer) = contents(gateway.folder.path(), &id);
    assert!(prompt.starts_with("shredded") && answer.starts_with("shredded"), "{prompt}; {answer}");
    records::assert_verifies(gateway.folder.path());
}

#[tokio::test]
async fn without_a_gateway_and_for_a_tenant_that_was_taken_off_the_configuration() {
    let gateway = gateway().await;
    let key = gateway.key();
    let (before, _) = ask(&gateway, &key, "hi").await;
    let folder = gateway.stop().0;
    let yaml = folder.path().join("gateway.yaml");
    let with_a = std::fs::read_to_string(&yaml).unwrap();
    std::fs::write(&yaml, with_a.replace("name: a,", "name: other,")).unwrap();
    assert!(command_in(folder.path(), &SHRED).status.success());
    assert!(!key_file(folder.path()).exists());
    let again = command_in(folder.path(), &SHRED);
    assert_eq!(again.status.code(), Some(64));
    let said = String::from_utf8(again.stderr).unwrap();
    assert!(said.contains("the tenant `a` has no key here"), "{said}");

    std::fs::write(&yaml, with_a).unwrap();
    let gateway = Gateway::start_in(folder);
    assert_eq!(ask(&gateway, &key, "hi").await.1, "miss");
    assert!(contents(gateway.folder.path(), &before).0.starts_with("shredded"));
    records::assert_verifies(gateway.folder.path());
}

#[tokio::test]
async fn a_start_destroys_what_a_crash_or_a_backup_left() {
    let gateway = gateway().await;
    let key = gateway.key();
    let (before, _) = ask(&gateway, &key, "hi").await;
    let file = std::fs::read(key_file(gateway.folder.path())).unwrap();
    assert!(gateway.command(&SHRED).status.success());
    let mut folder = gateway.kill();
    // As if the crash had come right after the record; then as if in the middle of the deed.
    for left in [file.clone(), vec![0; file.len()]] {
        std::fs::write(key_file(folder.path()), &left).unwrap();
        let gateway = Gateway::start_in(folder);
        assert!(gateway.log().contains("was to be destroyed, and is now"), "{}", gateway.log());
        assert_ne!(std::fs::read(key_file(gateway.folder.path())).unwrap(), left);
        assert_eq!(ask(&gateway, &key, "hi").await.1, "miss");
        assert!(contents(gateway.folder.path(), &before).1.starts_with("shredded"));
        folder = gateway.kill();
    }
    let tag = tag(folder.path());
    let gateway = Gateway::start_in(folder);
    assert!(!gateway.log().contains("was to be destroyed"), "once is enough");
    assert_eq!(self::tag(gateway.folder.path()), tag);
}

#[tokio::test]
async fn what_cannot_be_done_is_not_begun() {
    let gateway = gateway().await;
    let said = |tenant: &str, reason: &str| {
        let arguments = ["ledger", "shred", "--yes", "--tenant", tenant, "--reason", reason];
        let done = gateway.command(&arguments);
        assert!(!done.status.success());
        String::from_utf8(done.stderr).unwrap()
    };
    assert!(said("nobody", "r").contains("the tenant `nobody` has no key here"));
    assert!(said("a", "a\nb").contains("a reason is one line"));
    assert!(said("a", " ").contains("a reason is one line of 1 to 1024 bytes"));
    assert!(said("a", &"r".repeat(1025)).contains("a reason is one line of 1 to 1024 bytes"));
    let file = key_file(gateway.folder.path());
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o640);
    std::fs::set_permissions(&file, mode).unwrap();
    assert!(said("a", "r").contains("nothing was recorded or destroyed"));
    assert!(file.exists());
    assert!(records::of_kind(&gateway.data(), Kind::Shred).is_empty());
}
