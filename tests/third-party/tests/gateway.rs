//! A filter of a third party in a running gateway: it refuses, in the caller's dialect and with a
//! record; its block is read like any other,
//! and a mistake in the block is told with its place.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use inferlayer_ledger::read::Reader;
use inferlayer_ledger::{Kind, Trust};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_inferlayer-maintenance");

fn configuration(filters: &str) -> String {
    format!(
        "listen: {{ http: '127.0.0.1:0', metrics: null }}\n\
         data_dir: data\n\
         tenants: [{{ name: a, budget_usd: 1 }}]\n\
         providers: [{{ name: simulated, kind: simulated }}]\n\
         filters:\n{filters}\
         \x20 - route:\n\
         \x20     models:\n\
         \x20       - {{ name: simulated-small, candidates: [{{ provider: simulated }}] }}\n\
         \x20       - {{ name: simulated-large, candidates: [{{ provider: simulated }}] }}\n\
         \x20 - meter: {{}}\n\
         \x20 - audit: {{}}\n"
    )
}

const MAINTAINED: &str =
    "  - authenticate: {}\n  - maintenance:\n      models: [simulated-large]\n";

struct Gateway(Child);

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(folder: &Path, words: &[&str]) -> Output {
    let config = folder.join("gateway.yaml");
    Command::new(BINARY).args(words).arg("--config").arg(config).output().unwrap()
}

/// The refusals of the ledger.
fn refusals(folder: &Path) -> Vec<Value> {
    let mut reader = Reader::open(&folder.join("data/journal"), Trust::FirstUse).unwrap();
    let mut found = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        if record.kind() == Kind::Refusal {
            found.push(serde_json::from_slice(record.metadata()).unwrap());
        }
    }
    found
}

/// Path and body that ask for a model, in each dialect.
fn asking(model: &str) -> [(String, Value); 4] {
    let messages = json!([{"role": "user", "content": "Hello"}]);
    let chat = json!({"model": model, "max_tokens": 5, "messages": messages});
    let responses = json!({"model": model, "max_output_tokens": 16, "input": "Hello"});
    let contents = json!({"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]});
    [
        ("/v1/chat/completions".to_owned(), chat.clone()),
        ("/v1/responses".to_owned(), responses),
        ("/v1/messages".to_owned(), chat),
        (format!("/v1beta/models/{model}:generateContent"), contents),
    ]
}

#[tokio::test]
async fn it_refuses_its_models_in_every_dialect_and_lets_others_pass() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("gateway.yaml"), configuration(MAINTAINED)).unwrap();
    let mut serve = Command::new(BINARY);
    serve.args(["serve", "--config"]).arg(folder.path().join("gateway.yaml"));
    let mut gateway = Gateway(serve.stdout(Stdio::piped()).spawn().unwrap());
    let mut said = String::new();
    let mut stdout = BufReader::new(gateway.0.stdout.take().unwrap());
    stdout.read_line(&mut said).unwrap();
    let (_, address) = said.trim().split_once("http://").unwrap();
    let created = command(folder.path(), &["keys", "create", "--tenant", "a"]);
    let key = String::from_utf8(created.stdout).unwrap();

    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |(path, body): (String, Value)| {
        let request = client.post(format!("http://{address}{path}"));
        request.bearer_auth(key.trim()).json(&body).send().await.unwrap()
    };
    for asked in asking("simulated-small") {
        let path = asked.0.clone();
        assert_eq!(ask(asked).await.status(), 200, "{path}");
    }
    let message = "this model is under maintenance";
    let code = "model_under_maintenance";
    let openai = json!({"message": message, "type": "api_error", "param": null, "code": code});
    let anthropic = json!({"type": "overloaded_error", "message": message});
    let gemini = json!({"code": 503, "message": message, "status": "UNAVAILABLE"});
    let told = [
        json!({"error": openai.clone()}),
        json!({"error": openai}),
        json!({"type": "error", "error": anthropic}),
        json!({"error": gemini}),
    ];
    for (asked, told) in asking("simulated-large").into_iter().zip(told) {
        let path = asked.0.clone();
        let maintained = ask(asked).await;
        assert_eq!(maintained.status(), 503, "{path}");
        assert_eq!(maintained.headers()["retry-after"], "60", "{path}");
        assert_eq!(maintained.json::<Value>().await.unwrap(), told, "{path}");
    }
    // None is waited for.
    let mut recorded = refusals(folder.path());
    for _ in 0..100 {
        if recorded.len() == 4 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        recorded = refusals(folder.path());
    }
    assert_eq!(recorded.len(), 4, "{recorded:?}");
    for refusal in recorded {
        let told = [&refusal["tenant"], &refusal["status"], &refusal["code"], &refusal["by"]];
        assert_eq!(told, [&json!("a"), &json!(503), &json!(code), &json!("maintenance")]);
        assert!(refusal["request"].is_string());
    }
}

#[test]
fn a_mistake_in_its_block_is_told_with_its_place() {
    let said = |filters: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("gateway.yaml"), configuration(filters)).unwrap();
        let output = command(folder.path(), &["check"]);
        assert_eq!(output.status.code(), Some(78));
        String::from_utf8(output.stderr).unwrap()
    };
    let wrong_type = MAINTAINED.replace("[simulated-large]", "3");
    let told = said(&wrong_type);
    assert!(told.contains("gateway.yaml:8:15: filters[1].maintenance.models"), "{told}");
    let unknown = format!("{MAINTAINED}      until: noon\n");
    let told = said(&unknown);
    assert!(told.contains("gateway.yaml:9:") && told.contains("`until`"), "{told}");
    // It needs to know the tenant, so it cannot stand first.
    let (first, second) = MAINTAINED.split_at("  - authenticate: {}\n".len());
    let told = said(&format!("{second}{first}"));
    assert!(told.contains("`maintenance` needs Tenant; put `authenticate` before it"), "{told}");
}

#[test]
fn the_recipe_in_the_readme_is_this_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("../../filters/README.md")).unwrap();
    let source = std::fs::read_to_string(root.join("src/lib.rs")).unwrap();
    assert!(readme.contains(&source), "filters/README.md shows another source than src/lib.rs");
}
