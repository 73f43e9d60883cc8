//! A filter of a third party in a running gateway: it answers, its block is read like any other,
//! and a mistake in the block is told with its place.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

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

#[tokio::test]
async fn it_answers_for_its_models_and_lets_others_pass() {
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

    let ask = async |model: &str| {
        let messages = json!([{"role": "user", "content": "Hello"}]);
        let body = json!({"model": model, "max_tokens": 5, "messages": messages});
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(format!("http://{address}/v1/chat/completions"));
        request.bearer_auth(key.trim()).json(&body).send().await.unwrap()
    };
    let passed = ask("simulated-small").await;
    assert_eq!(passed.status(), 200);
    let maintained = ask("simulated-large").await;
    assert_eq!(maintained.status(), 503);
    assert_eq!(maintained.headers()["retry-after"], "60");
    let body: Value = maintained.json().await.unwrap();
    assert_eq!(body["error"]["message"], "under maintenance");
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
