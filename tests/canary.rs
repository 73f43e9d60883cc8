//! No prompt, no answer and no key is anywhere it should not be: every byte that the gateway writes
//! or says is searched for canaries, in every form that a program may have given them.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::canary::{Canary, Place, files, percent};
use support::gateway::Setup;
use support::provider::ANSWER_CANARY;
use support::{Gateway, Provider, Script, client, message, records};

const PROMPT: &str = "canary of a prompt: 3/4 Kohlmeisen & ein Zaunkönig?";
const PROVIDER_KEY: &str = "sk-canary-provider-key";
const STRANGER_SECRET: &str = "c0ffee42c0ffee42c0ffee42c0ffee42c0ffee42c0ffee42c0ffee42c0ffee42";
const COOKIE: &str = "canary-of-a-cookie-0815";

/// Words that the provider understands, with what the caller gets for them.
const WORDS: [(&str, u16); 11] = [
    ("say", 200),
    ("answer", 200),
    ("cut", 200),
    ("echo-late", 200),
    ("fail", 502),
    ("reset", 502),
    ("echo-200", 502),
    ("echo-400", 400),
    ("echo-401", 502),
    ("echo-422", 422),
    ("echo-500", 502),
];

fn setup(base_url: String) -> Setup {
    Setup {
        before_route: "  - classify: { simple: { model: m }, complex: { model: m } }\n  \
                       - cache: {}\n",
        more_tenants: "  - { name: poor, budget_usd: 0.000000001 }\n  \
                       - { name: hashed, budget_usd: 1, content: hash }\n",
        metrics: "'127.0.0.1:0'",
        ..Setup::of(&[base_url])
    }
}

/// A gateway, its callers' keys, and all that it said so far.
struct Watched {
    gateway: Gateway,
    keys: Vec<(&'static str, String)>,
    /// What everyone may read: no canary at all.
    places: Vec<Place>,
    /// Answers to those who asked: no key, and nothing of theirs that they did not get before.
    answers: Vec<Place>,
}

impl Watched {
    fn start(base_url: String) -> Watched {
        let gateway = setup(base_url).start_logging("trace");
        let keys = ["a", "hashed", "poor"].map(|tenant| (tenant, gateway.key_of(tenant))).into();
        Watched { gateway, keys, places: Vec::new(), answers: Vec::new() }
    }

    /// One request as this key; what is refused is for everyone to read.
    async fn ask(&mut self, path: &str, key: &str, body: String) -> u16 {
        let query = format!("?api_key={STRANGER_SECRET}&prompt={}", percent(PROMPT));
        let url = self.gateway.url(path) + &query;
        let request = client(false).post(url).bearer_auth(key).header("cookie", COOKIE);
        let name = format!("the answer to {body:.60}");
        let answer = request.body(body).send().await.unwrap();
        let (status, head) = (answer.status(), format!("{:?}", answer.headers()));
        self.places.push(Place::new(format!("the head of {name}"), head));
        // A stream that breaks off is as good as its beginning.
        let mut bytes = Vec::new();
        let mut answer = answer;
        while let Ok(Some(chunk)) = answer.chunk().await {
            bytes.extend_from_slice(&chunk);
        }
        let to = if status.is_success() { &mut self.answers } else { &mut self.places };
        to.push(Place::new(name, bytes));
        status.as_u16()
    }

    async fn inferences(&mut self) {
        for (tenant, key) in self.keys.clone() {
            for (word, expected) in WORDS {
                for stream in [false, true] {
                    let body = message(&format!("{word} {PROMPT}"), stream).to_string();
                    let status = self.ask("/v1/chat/completions", &key, body).await;
                    let expected = if tenant == "poor" { 429 } else { expected };
                    // Its provider streams whatever is asked for.
                    let is_cut = matches!(word, "cut" | "echo-late") && !stream;
                    assert!(status == expected || is_cut, "{tenant}: {word}: {status}");
                }
            }
        }
    }

    async fn refusals(&mut self) {
        let key = self.keys[0].1.clone();
        let good = message(PROMPT, false);
        let mut bad = vec![
            format!("{{\"{PROMPT}"),
            format!("{{\"model\":\"m\",\"messages\":\"{PROMPT}\"}}"),
            format!("{{\"model\":[\"{PROMPT}\"],\"messages\":[{{}}]}}"),
            format!("{{\"{PROMPT}\":1,\"{PROMPT}\":2}}"),
            PROMPT.to_owned(),
        ];
        for (field, value) in [("model", json!("nothing")), ("max_tokens", json!(PROMPT))] {
            let mut body = good.clone();
            body[field] = value;
            bad.push(body.to_string());
        }
        for field in ["stream", "n", "messages", "tools", "temperature"] {
            let mut body = good.clone();
            body[field] = json!(PROMPT);
            bad.push(body.to_string());
        }
        for path in ["/v1/chat/completions", "/v1/messages"] {
            for body in &bad {
                self.ask(path, &key, body.clone()).await;
            }
        }
        self.ask("/v1/nowhere", &key, good.to_string()).await;
        for stranger in [
            format!("il-c0ffee42c0ff-{STRANGER_SECRET}"),
            format!("il-{STRANGER_SECRET}"),
            STRANGER_SECRET.to_owned(),
        ] {
            let status = self.ask("/v1/chat/completions", &stranger, good.to_string()).await;
            assert_eq!(status, 401);
        }
    }

    /// What operators see, beside the running gateway.
    async fn operators(&mut self) {
        let socket = self.gateway.data().join("admin.sock");
        for (what, body) in [
            ("GET /keys", ""),
            ("GET /spend", ""),
            ("GET /nowhere", ""),
            ("POST /keys", PROMPT),
            ("POST /shred", PROMPT),
            ("DELETE /keys/c0ffee42c0ffee42c0ffee42c0ffee42", ""),
            ("POST /shred", r#"{"tenant":"a","reason":"a test"}"#),
        ] {
            self.places.push(Place::new(what, admin(&socket, what, body)));
        }
        for arguments in [&["keys", "list"][..], &["spend"], &["ledger", "verify"]] {
            let told = self.gateway.command(arguments);
            assert!(told.status.success());
            self.places.push(Place::new(arguments.join(" "), [told.stdout, told.stderr].concat()));
        }
        let url = format!("http://{}/metrics", self.gateway.metrics.unwrap());
        let metrics = client(false).get(url).send().await.unwrap().text().await.unwrap();
        assert!(metrics.contains("inferlayer_requests_total"));
        self.places.push(Place::new("metrics", metrics));
    }

    /// Stops it, and looks at every byte.
    fn end(mut self, mut secrets: Vec<Canary>) -> Vec<String> {
        let (log, said) = (self.gateway.log(), self.gateway.said());
        assert!(log.contains("ledger opened"), "the log is there: {log}");
        let folder = self.gateway.stop().0;
        records::assert_verifies(folder.path());
        self.places.push(Place::new("standard error", log));
        self.places.push(Place::new("standard output", said));
        let files = files(&folder.path().join("data"));
        assert!(files.len() > 12, "journal, view and keys are there");
        self.places.extend(files);
        secrets.extend(self.keys.iter().map(|(tenant, key)| {
            Canary::new(&format!("the key of {tenant}"), key.rsplit('-').next().unwrap())
        }));
        let mut found = search(&secrets, self.places.iter().chain(&self.answers));
        let texts = [Canary::new("the prompt", PROMPT), Canary::new("the answer", ANSWER_CANARY)];
        found.extend(search(&texts, self.places.iter()));
        found
    }
}

fn search<'a>(canaries: &[Canary], places: impl Iterator<Item = &'a Place>) -> Vec<String> {
    places.flat_map(|place| canaries.iter().flat_map(|canary| canary.found_in(place))).collect()
}

/// Head and body of what the admin socket answers.
fn admin(socket: &Path, what: &str, body: &str) -> Vec<u8> {
    let mut stream = UnixStream::connect(socket).unwrap();
    let length = body.len();
    let request = format!(
        "{what} HTTP/1.1\r\nhost: admin\r\ncookie: {COOKIE}\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}

fn given_secrets() -> Vec<Canary> {
    vec![
        Canary::new("the provider's key", PROVIDER_KEY),
        Canary::new("a stranger's key", STRANGER_SECRET),
        Canary::new("a cookie", COOKIE),
    ]
}

/// Signing key and tenants' keys: as bytes, which their own files do not have.
fn own_keys(data: &Path) -> Vec<Canary> {
    let files = files(&data.join("keys"));
    let files = files.iter().filter(|file| file.name.ends_with(".key") && !file.name.contains(' '));
    let decode = |file: &Place| {
        let line = std::str::from_utf8(&file.bytes).unwrap().trim();
        Canary::new(&file.name, STANDARD.decode(line).unwrap())
    };
    files.map(decode).collect()
}

/// Key files hold their own bytes in base64; that is what they are for.
fn is_own_file(found: &str) -> bool {
    found.split_once(" (base64) in ").is_some_and(|(key, place)| key == place)
        || found.split_once(" (URL-safe base64) in ").is_some_and(|(key, place)| key == place)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_anywhere() {
    let provider = Provider::start(Script::AsAsked).await;
    let mut watched = Watched::start(provider.base_url());
    let mut secrets = given_secrets();
    let mut before = own_keys(&watched.gateway.data());
    for key in before.iter_mut().filter(|key| key.name.ends_with("/a.key")) {
        key.name = "the key that will be shredded".to_owned();
    }
    secrets.extend(before);
    watched.inferences().await;
    // Once more: hits.
    watched.inferences().await;
    watched.refusals().await;
    watched.operators().await;
    watched.inferences().await;
    secrets.extend(own_keys(&watched.gateway.data()));
    assert!(secrets.len() >= 3 + 2 * 4, "signing key and tenants, before and after a shred");
    let hits = records::of_kind(&watched.gateway.data(), inferlayer_ledger::Kind::Hit);
    assert!(!hits.is_empty());
    let answers = watched.answers.iter().map(|place| String::from_utf8_lossy(&place.bytes));
    let canaries = answers.filter(|answer| answer.contains(ANSWER_CANARY)).count();
    assert!(canaries > 5, "the answer's canary flew");
    let echoes = provider
        .seen()
        .iter()
        .filter(|seen| seen.headers["authorization"].contains(PROVIDER_KEY))
        .count();
    assert!(echoes > 20, "the provider's key flew");
    let found: Vec<_> = watched.end(secrets).into_iter().filter(|f| !is_own_file(f)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_found_when_no_provider_answers() {
    let mut watched = Watched::start(format!("http://{}/v1", Provider::refused().await));
    let (_, key) = watched.keys[0].clone();
    for stream in [false, true] {
        let body = message(PROMPT, stream).to_string();
        assert_eq!(watched.ask("/v1/chat/completions", &key, body).await, 502);
    }
    let found = watched.end(given_secrets());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The search finds what is planted: in a file, in its name, in whatever form.
#[test]
fn a_planted_canary_is_found() {
    let secret = "tell no one: 1/2 Spatzen & ein Würger?";
    let canary = Canary::new("it", secret);
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let listed = format!("{:?}", secret.as_bytes());
    let mut planted = vec![
        secret.to_owned(),
        hex.to_uppercase(),
        hex,
        listed,
        format!("{secret:?}"),
        Value::from(secret).to_string(),
        "tell%20no%20one%3A%201%2F2%20Spatzen%20%26%20ein%20W%C3%BCrger%3F".to_owned(),
        "tell+no+one%3A+1%2F2+Spatzen+%26+ein+W%C3%BCrger%3F".to_owned(),
        "tell no one: 1/2 Spatzen & ein W\\u00fcrger?".to_owned(),
    ];
    for before in ["", "x", "xy", "xyz"] {
        for after in ["", "x", "xy"] {
            planted.push(STANDARD.encode(format!("{before}{secret}{after}")));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("deep");
    std::fs::create_dir(&deep).unwrap();
    std::fs::write(deep.join("innocent"), "tell no one: 1/2 Spatzen & kein Würger?").unwrap();
    let found = || search(std::slice::from_ref(&canary), files(folder.path()).iter()).len();
    assert_eq!(found(), 0);
    for (number, text) in planted.iter().enumerate() {
        let file = deep.join(number.to_string());
        std::fs::write(&file, format!("\0before {text} behind\n")).unwrap();
        assert!(found() >= 1, "{text}");
        std::fs::remove_file(file).unwrap();
    }
    std::fs::write(
        deep.join("tell%20no%20one%3A%201%2F2%20Spatzen%20%26%20ein%20W%C3%BCrger%3F"),
        "",
    )
    .unwrap();
    assert!(found() >= 1, "in a name");
}
