//! What the ledger keeps of prompts and answers, tenant by tenant, and what `ledger show` tells.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use inferlayer_ledger::TenantKeys;
use serde_json::Value;
use support::gateway::Setup;
use support::{Gateway, Provider, Script, client, message, records};

const TENANTS: &str = "  - { name: b, budget_usd: 1, content: hash }\n  \
                       - { name: c, budget_usd: 1, content: none }\n";

async fn gateway() -> Gateway {
    let provider = Provider::start(Script::Chat).await;
    Setup { more_tenants: TENANTS, ..Setup::of(&[provider.base_url()]) }.start()
}

/// Asks, and gives the request's id and the answer's bytes.
async fn ask(gateway: &Gateway, tenant: &str, body: &Value) -> (String, Vec<u8>) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key_of(tenant));
    let answer = request.body(body.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    (id, answer.bytes().await.unwrap().to_vec())
}

fn show(gateway: &Gateway, arguments: &[&str]) -> Value {
    let shown = gateway.command(&[&["ledger", "show", "--json"], arguments].concat());
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    serde_json::from_slice::<Value>(&shown.stdout).unwrap()["records"].clone()
}

#[tokio::test]
async fn all_is_kept_and_opened_for_who_holds_the_key() {
    let gateway = gateway().await;
    for stream in [false, true] {
        let body = message("tell me", stream);
        let (id, answer) = ask(&gateway, "a", &body).await;
        let records = show(&gateway, &["--request", &id]);
        assert_eq!(
            (&records[0]["kind"], &records[1]["kind"]),
            (&"intent".into(), &"outcome".into())
        );
        assert_eq!(records[0]["content"]["text"], body.to_string());
        let recorded = records[1]["content"]["text"].as_str().unwrap();
        assert!(recorded.contains(if stream { "wör" } else { "Hello wörld" }), "{recorded}");
        assert!(stream || recorded.as_bytes() == answer);
        assert_eq!(records[1]["metadata"]["request"], *id);
        assert!(records[1]["metadata"]["content_bytes"].is_null());

        let sequence = records[1]["sequence"].to_string();
        let alone = show(&gateway, &["--sequence", &sequence]);
        assert_eq!(alone[0], records[1]);
        let sealed = show(&gateway, &["--request", &id, "--no-content"]);
        assert_eq!(sealed[0]["content"]["state"], "sealed");
    }
}

#[tokio::test]
async fn of_a_hash_the_tenants_key_can_check_a_text_and_nothing_can_be_read() {
    let gateway = gateway().await;
    let body = message("yes", false);
    let (id, answer) = ask(&gateway, "b", &body).await;
    let keys = TenantKeys::at(&gateway.data().join("keys"));
    let seal = keys.find("b").unwrap().unwrap();
    let records = show(&gateway, &["--request", &id]);
    for (record, claimed) in [(&records[0], body.to_string().as_bytes()), (&records[1], &answer)] {
        let metadata = &record["metadata"];
        assert_eq!(record["content"]["state"], "withheld");
        assert_eq!(metadata["content_hmac_sha256"], seal.content_hmac(claimed).to_string());
        assert_eq!(metadata["content_bytes"], claimed.len());
    }
    let other = keys.find("a").unwrap().unwrap();
    let claimed = other.content_hmac(body.to_string().as_bytes()).to_string();
    assert_ne!(records[0]["metadata"]["content_hmac_sha256"], claimed);
    records::assert_verifies(gateway.folder.path());
}

#[tokio::test]
async fn of_none_only_the_length_is_kept() {
    let gateway = gateway().await;
    let body = message("no", true);
    let (id, _) = ask(&gateway, "c", &body).await;
    let records = show(&gateway, &["--request", &id]);
    for record in records.as_array().unwrap() {
        assert_eq!(record["content"]["state"], "withheld");
        assert!(record["metadata"]["content_hmac_sha256"].is_null());
        assert!(record["metadata"]["content_bytes"].as_u64().unwrap() > 10);
    }
    assert_eq!(records[0]["metadata"]["content_bytes"], body.to_string().len());
    assert_eq!(records[1]["metadata"]["gen_ai.usage.output_tokens"], 3, "what it cost is kept");
}

#[tokio::test]
async fn what_people_read() {
    let gateway = gateway().await;
    let (full, _) = ask(&gateway, "a", &message("tell me", false)).await;
    let (hash, _) = ask(&gateway, "b", &message("tell me", false)).await;
    let shown = |id: &str| {
        let shown = gateway.command(&["ledger", "show", "--request", id]);
        String::from_utf8(shown.stdout).unwrap()
    };
    let text = shown(&full);
    for line in ["bytes of text:\n{\"", "tell me", "Hello wörld", "record hash  ", "\"ending\""] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(text.contains("time         20"), "{text}");
    let text = shown(&hash);
    assert!(text.contains("content      withheld: ") && !text.contains("tell me"), "{text}");

    std::fs::remove_file(gateway.data().join("keys/tenants/a.key")).unwrap();
    let text = shown(&full);
    assert!(text.contains("content      cannot be opened: the tenant's key is not here"), "{text}");
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let gateway = gateway().await;
    let code = |arguments: &[&str]| {
        let shown = gateway.command(&[&["ledger", "show"], arguments].concat());
        assert!(shown.stdout.is_empty());
        shown.status.code().unwrap()
    };
    assert_eq!(code(&["--request", "019ab000-0000-7000-8000-000000000000"]), 65);
    // A caller's own id may be anything.
    assert_eq!(code(&["--request", "x"]), 65);
    assert_eq!(code(&["--sequence", "4000"]), 65);
    for wrong in [&[][..], &["--sequence", "-1"]] {
        assert_eq!(code(wrong), 64, "{wrong:?}");
    }
}
