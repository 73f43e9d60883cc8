//! The provider's key, wherever a provider may put it: no caller and no record gets it. And what
//! else a provider may not say in our name. Numbers are of the catalogue of attacks, part A6.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::{Value, json};
use support::gateway::Setup;
use support::{Gateway, Provider, Script, Seen, client, events, message};

const KEY: &str = "sk-canary-provider-key";
/// An error that repeats the key, compressed.
const GZIPPED: &str = "H4sIAAAAAAACA6tWSi0qyi9SsqpWyk0tLk5MT1WyUkpKTFHITq20UnBKTSxKLVIoztZNTsxLLKrULSjKL8tMSS3SBUor1dYCADpYQf8+AAAA";

/// The word that the last message asks for.
fn word(seen: &Seen) -> String {
    let asked: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
    asked["messages"][0]["content"].as_str().unwrap_or_default().to_owned()
}

fn http(status: u16, content_type: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn completion(text: &str) -> Vec<u8> {
    let message = json!({"role": "assistant", "content": text});
    let choice = json!({"index": 0, "finish_reason": "stop", "message": message});
    let usage = json!({"prompt_tokens": 1, "completion_tokens": 1});
    json!({"id": "c", "model": text, "choices": [choice], "usage": usage}).to_string().into_bytes()
}

fn echo(seen: &Seen) -> Vec<u8> {
    let user = format!("user:{KEY}");
    let error = |text: &str| json!({"error": {"message": text}}).to_string().into_bytes();
    match word(seen).as_str() {
        "text" => http(200, "application/json", &completion(&format!("it is {KEY}."))),
        "type" => http(200, &format!("application/json; k={KEY}"), &completion("fine")),
        "type-400" => http(400, &format!("text/plain; k={KEY}"), b"no"),
        "base64" => http(400, "application/json", &error(&STANDARD.encode(KEY))),
        "basic" => http(422, "application/json", &error(&STANDARD.encode(&user))),
        "url-base64" => http(400, "application/json", &error(&URL_SAFE.encode(format!("x{user}")))),
        "page" => http(400, "text/html", format!("<p>{KEY}</p>").as_bytes()),
        "long" => {
            http(200, "application/json", &completion(&format!("{}{KEY}", "x".repeat(2 << 20))))
        }
        _ => http(200, "application/json", &completion("fine")),
    }
}

/// Whether the bytes hold the key, as it is or in base64.
fn leaks(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let tail = STANDARD.encode(format!("xx{KEY}"));
    text.contains(KEY)
        || [STANDARD.encode(KEY), STANDARD.encode(format!("user:{KEY}")), tail]
            .iter()
            .any(|form| text.contains(form.trim_end_matches('=')))
}

async fn ask(gateway: &Gateway, key: &str, word: &str, stream: bool) -> (u16, String, Vec<u8>) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let answer = request.body(message(word, stream).to_string()).send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), format!("{:?}", answer.headers()));
    // A broken end is one of the answers.
    let mut body = Vec::new();
    let mut answer = answer;
    while let Ok(Some(piece)) = answer.chunk().await {
        body.extend_from_slice(&piece);
    }
    (status, headers, body)
}

#[tokio::test]
async fn a6_40_a_key_in_an_answer_reaches_no_caller() {
    let provider = Provider::start(Script::With(echo)).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    for (word, status) in [
        ("text", 200),
        ("type", 200),
        ("type-400", 400),
        ("base64", 400),
        ("basic", 422),
        ("url-base64", 400),
        ("page", 400),
        ("long", 200),
    ] {
        let (told, headers, body) = ask(&gateway, &key, word, false).await;
        assert_eq!(told, status, "{word}");
        assert!(!leaks(headers.as_bytes()), "{word}: {headers}");
        assert!(!leaks(&body), "{word}: {}", String::from_utf8_lossy(&body));
        if status == 200 {
            assert!(serde_json::from_slice::<Value>(&body).is_ok(), "{word}");
            assert!(headers.contains("application/json"), "{word}: {headers}");
        }
    }
    let told = gateway.log().matches("repeats the key").count();
    assert_eq!(told, 1, "the operator is told once: {}", gateway.log());
    let (folder, _) = gateway.stop();
    for file in walk(folder.path()).into_iter().filter(|path| path.is_file()) {
        let own = file.ends_with("provider.key");
        assert!(own || !leaks(&std::fs::read(&file).unwrap()), "{}", file.display());
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

fn delta(text: &str) -> String {
    let delta = json!({"choices": [{"index": 0, "delta": {"content": text}}]});
    format!("data: {delta}\n\n")
}

fn streamed(seen: &Seen) -> Vec<Vec<u8>> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n".to_owned();
    let (first, rest) = KEY.split_at(9);
    let end = "data: [DONE]\n\n".to_owned();
    let pieces = match word(seen).as_str() {
        "event" => vec![head, delta(&format!("it is {KEY}, well")), end],
        "packets" => {
            let whole = delta(&format!("it is {KEY}, well"));
            let (a, b) = whole.split_at(whole.find("nary").unwrap());
            vec![head, a.to_owned(), b.to_owned(), end]
        }
        "events" => {
            let said = [delta("it is "), delta(&format!("well, {first}")), delta(rest)];
            [vec![head], said.to_vec(), vec![delta("never seen"), end]].concat()
        }
        "letters" => {
            let said = KEY.chars().map(|letter| delta(&letter.to_string())).collect();
            [vec![head], said, vec![end]].concat()
        }
        "comment" => vec![
            head,
            format!(": {KEY}\n\n{}", delta("word")),
            ": x-inferlayer-cost: 0\n: x-infer".to_owned(),
            "layer-receipt: forged\n\n".to_owned(),
            end,
        ],
        _ => vec![head, delta("wo"), delta("rd"), end],
    };
    pieces.into_iter().map(String::into_bytes).collect()
}

#[tokio::test]
async fn a6_40_a_key_in_a_stream_reaches_no_caller() {
    let provider = Provider::start(Script::Pieces(streamed)).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    for word in ["event", "packets", "comment"] {
        let (status, _, body) = ask(&gateway, &key, word, true).await;
        let text = String::from_utf8(body).unwrap();
        assert_eq!(status, 200, "{word}");
        assert!(!leaks(text.as_bytes()), "{word}: {text}");
        assert!(events(&text).1, "{word}: {text}");
    }
    for word in ["events", "letters"] {
        let (_, _, body) = ask(&gateway, &key, word, true).await;
        let text = String::from_utf8(body).unwrap();
        let (json, done) = events(&text);
        let said = support::text(&json);
        assert!(!said.contains(&KEY[..12]) && !said.contains("never"), "{word}: {said}");
        assert!(!done && text.contains("upstream_error"), "{word} ends in an error: {text}");
    }
    let (_, _, body) = ask(&gateway, &key, "fine", true).await;
    let (json, done) = events(&String::from_utf8(body).unwrap());
    assert!(done && support::text(&json) == "word");
}

#[tokio::test]
async fn a_provider_cannot_write_comments_in_the_gateway_s_name() {
    let provider = Provider::start(Script::Pieces(streamed)).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let (_, _, body) = ask(&gateway, &gateway.key(), "comment", true).await;
    let text = String::from_utf8(body).unwrap();
    assert!(!text.contains("forged"), "{text}");
    assert_eq!(text.matches("x-inferlayer-cost").count(), 1, "{text}");
    assert_eq!(text.matches("x-inferlayer-receipt").count(), 1, "{text}");
}

fn compressed(seen: &Seen) -> Vec<u8> {
    let status = word(seen).parse().unwrap_or(200);
    let body = STANDARD.decode(GZIPPED).unwrap();
    let head = http(status, "application/json\r\ncontent-encoding: gzip", b"");
    let head =
        String::from_utf8(head).unwrap().replace("length: 0", &format!("length: {}", body.len()));
    [head.as_bytes(), &body].concat()
}

#[tokio::test]
async fn a6_37_a_body_that_is_compressed_unasked_is_no_answer() {
    let provider = Provider::start(Script::With(compressed)).await;
    let setup = Setup::of(&[provider.base_url()]);
    let in_route = "      pass_through: [{ path: /v1/files, provider: p0, price_usd: 0.05 }]\n";
    let gateway = Setup { in_route, ..setup }.start();
    let key = gateway.key();
    for status in ["200", "400", "422"] {
        let (told, headers, body) = ask(&gateway, &key, status, false).await;
        assert_eq!(told, 502, "{status}");
        assert!(!headers.contains("gzip") && !body.starts_with(&[0x1f, 0x8b]), "{status}");
    }
    let request = client(false).get(gateway.url("/v1/files")).bearer_auth(&key);
    assert_eq!(request.send().await.unwrap().status(), 502);
}

fn passing(seen: &Seen) -> Vec<Vec<u8>> {
    let (first, rest) = KEY.split_at(9);
    let body = format!("RIFF\u{0}\u{1}{KEY}|{KEY}");
    let (a, b) = body.split_at(body.len() - rest.len());
    let head = |content_type: &str, length: usize| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\
             content-disposition: attachment; filename={KEY}\r\n\r\n"
        )
    };
    let pieces = match seen.path.rsplit('/').next().unwrap() {
        "binary" => vec![head("audio/mpeg", body.len()), a.to_owned(), b.to_owned()],
        "text" => vec![head("text/plain", body.len()), body],
        "events" => {
            let event = format!("data: {first}{rest}\n\n: x-inferlayer-cost: 0\n\n");
            vec![head("text/event-stream", event.len()), event]
        }
        _ => vec![head("application/json", 2), "{}".to_owned()],
    };
    pieces.into_iter().map(String::into_bytes).collect()
}

#[tokio::test]
async fn a6_40_a_key_in_what_passes_through_reaches_no_caller() {
    let provider = Provider::start(Script::Pieces(passing)).await;
    let setup = Setup::of(&[provider.base_url()]);
    let in_route = "      pass_through: [{ path: /v1/files, provider: p0, price_usd: 0.05 }]\n";
    let gateway = Setup { in_route, ..setup }.start();
    let key = gateway.key();
    for what in ["binary", "text", "events"] {
        let request = client(false).get(gateway.url(&format!("/v1/files/{what}")));
        let answer = request.bearer_auth(&key).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{what}");
        assert!(!leaks(format!("{:?}", answer.headers()).as_bytes()), "{what}");
        let body = answer.bytes().await.unwrap();
        assert!(!leaks(&body), "{what}: {body:?}");
        assert!(!body.windows(12).any(|part| part == b"x-inferlayer"), "{what}: {body:?}");
        assert!(what == "events" || body.len() == format!("RIFF..{KEY}|{KEY}").len(), "{what}");
    }
}
