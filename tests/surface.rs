//! Every operation of every dialect, asked in its own words of a provider that answers in them:
//! where it is asked, by which key, what comes back, what it costs and what is recorded.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use inferlayer_ledger::Kind;
use reqwest::Response;
use serde_json::Value;
use support::gateway::Setup;
use support::{Gateway, Provider, Script, Seen, client, records};

/// What a provider answers at each path.
fn answers(seen: &Seen) -> Vec<u8> {
    let path = seen.path.split('?').next().unwrap();
    let body = match path.rsplit(['/', ':']).next().unwrap() {
        "embeddings" => {
            r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1.0,-0.5]}],"model":"e","usage":{"prompt_tokens":7,"total_tokens":7}}"#
        }
        "completions" => {
            r#"{"id":"c","object":"text_completion","created":1,"model":"x","choices":[{"text":"Hi","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}"#
        }
        "moderations" => r#"{"id":"m","model":"omni","results":[{"flagged":false}]}"#,
        "input_tokens" => r#"{"object":"response.input_tokens","input_tokens":11}"#,
        "count_tokens" => r#"{"input_tokens":12}"#,
        "countTokens" => r#"{"totalTokens":13}"#,
        "embedContent" => r#"{"embedding":{"values":[0.25]}}"#,
        "batchEmbedContents" => r#"{"embeddings":[{"values":[0.25]}]}"#,
        _ => return b"HTTP/1.1 404 X\r\ncontent-length: 2\r\n\r\n{}".to_vec(),
    };
    let length = body.len();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ";
    format!("{head}{length}\r\n\r\n{body}").into_bytes()
}

async fn in_front_of(kind: &'static str) -> (Provider, Gateway) {
    let provider = Provider::start(Script::With(answers)).await;
    let kinds = Box::leak(Box::new([kind]));
    let gateway = Setup { kinds, ..Setup::of(&[provider.base_url()]) }.start();
    (provider, gateway)
}

async fn ask(gateway: &Gateway, path: &str, body: &str) -> Response {
    let request = client(false).post(gateway.url(path)).header("x-api-key", gateway.key());
    request.body(body.to_owned()).send().await.unwrap()
}

fn last(gateway: &Gateway, kind: Kind) -> Value {
    records::of_kind(&gateway.data(), kind).pop().unwrap()
}

/// Asks once; where it was asked, and what came of it.
async fn once(kind: &'static str, path: &str, body: &str) -> (Seen, Value, Gateway) {
    let (provider, gateway) = in_front_of(kind).await;
    let answer = ask(&gateway, path, body).await;
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert_eq!(status, 200, "{path} {text}");
    (provider.seen().pop().unwrap(), serde_json::from_str(&text).unwrap(), gateway)
}

/// OpenTelemetry's word for what was asked for, and the API.
fn operation_of(intent: &Value) -> [&str; 2] {
    let word = intent["gen_ai.operation.name"].as_str().unwrap_or_default();
    [word, intent["inferlayer.api"].as_str().unwrap()]
}

#[tokio::test]
async fn operations_of_openai() {
    for (path, body, operation, nano) in [
        ("/v1/embeddings", r#"{"model":"m","input":"a"}"#, ["embeddings", "embeddings"], 700),
        (
            "/v1/completions",
            r#"{"model":"m","prompt":"a","max_tokens":9}"#,
            ["text_completion", "completions"],
            1000,
        ),
        ("/v1/responses/input_tokens", r#"{"model":"m","input":"a"}"#, ["", "input_tokens"], 0),
    ] {
        let (seen, _, gateway) = once("openai", path, body).await;
        assert_eq!(seen.path, path);
        assert_eq!(seen.headers["authorization"], "Bearer sk-canary-provider-key");
        assert_eq!(seen.json()["model"], "upstream-m");
        let (intent, outcome) = (last(&gateway, Kind::Intent), last(&gateway, Kind::Outcome));
        assert_eq!(operation_of(&intent), operation);
        assert_eq!(records::nano(&outcome, "cost_nano_usd"), nano, "{path}");
        assert_eq!(outcome["ending"], "complete");
        records::assert_verifies(gateway.stop().0.path());
    }
}

#[tokio::test]
async fn embeddings_come_as_they_were_asked_for() {
    let floats = r#"{"model":"m","input":"a","encoding_format":"float"}"#;
    let (_, answer, _) = once("openai", "/v1/embeddings", floats).await;
    assert_eq!(answer["data"][0]["embedding"], serde_json::json!([1.0, -0.5]));
    let base64 = floats.replace("float", "base64");
    let (seen, answer, _) = once("openai", "/v1/embeddings", &base64).await;
    assert_eq!(seen.json()["encoding_format"], "base64");
    assert_eq!(answer["data"][0]["embedding"], "AACAPwAAAL8=");
}

#[tokio::test]
async fn several_prompts_are_held_for_each() {
    let (_provider, gateway) = in_front_of("openai").await;
    for (prompt, answers) in [(r#""ab""#, 1), (r#"["a","b"]"#, 2), ("[1,2]", 1), ("[[1],[2]]", 2)] {
        let body = format!(r#"{{"model":"m","max_tokens":9,"n":1,"prompt":{prompt}}}"#);
        assert_eq!(ask(&gateway, "/v1/completions", &body).await.status(), 200);
        let hold = records::nano(&last(&gateway, Kind::Intent), "hold_nano_usd");
        assert_eq!(hold, 100 * (body.len() as u64 + 9 * answers), "{prompt}");
    }
}

#[tokio::test]
async fn a_moderation_without_a_model_has_openai_s() {
    let (provider, gateway) = in_front_of("openai").await;
    let answer = ask(&gateway, "/v1/moderations", r#"{"input":"a"}"#).await;
    assert_eq!(answer.status(), 404);
    assert!(answer.text().await.unwrap().contains("omni-moderation-latest"));
    assert_eq!(
        ask(&gateway, "/v1/moderations", r#"{"input":"a","model":"m"}"#).await.status(),
        200
    );
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn operations_of_anthropic() {
    let body = r#"{"model":"m","messages":[{"role":"user","content":"Hi"}]}"#;
    let (seen, answer, gateway) = once("anthropic", "/v1/messages/count_tokens", body).await;
    assert_eq!(seen.path, "/v1/messages/count_tokens");
    assert_eq!(seen.headers["x-api-key"], "sk-canary-provider-key");
    assert_eq!(
        (&answer["input_tokens"], seen.json()["model"].as_str()),
        (&12.into(), Some("upstream-m"))
    );
    let outcome = last(&gateway, Kind::Outcome);
    assert_eq!(records::nano(&outcome, "cost_nano_usd"), 0);
    assert_eq!(outcome["estimated"], false);
}

#[tokio::test]
async fn operations_of_gemini() {
    for (method, body, operation) in [
        ("countTokens", r#"{"contents":[{"parts":[{"text":"Hi"}]}]}"#, ["", "count_tokens"]),
        (
            "embedContent",
            r#"{"content":{"parts":[{"text":"Hi"}]}}"#,
            ["embeddings", "embed_content"],
        ),
        ("batchEmbedContents", r#"{"requests":[]}"#, ["embeddings", "batch_embed_contents"]),
    ] {
        let (seen, _, gateway) = once("gemini", &format!("/v1beta/models/m:{method}"), body).await;
        assert_eq!(seen.path, format!("/v1/models/upstream-m:{method}"));
        assert_eq!(seen.headers["x-goog-api-key"], "sk-canary-provider-key");
        assert_eq!(seen.body, body.as_bytes());
        assert_eq!(operation_of(&last(&gateway, Kind::Intent)), operation);
    }
}

#[tokio::test]
async fn what_the_provider_has_no_operation_for_is_refused_before_it_is_asked() {
    let (provider, gateway) = in_front_of("anthropic").await;
    let answer = ask(&gateway, "/v1/embeddings", r#"{"model":"m","input":"a"}"#).await;
    assert_eq!(answer.status(), 400);
    let error: Value = answer.json().await.unwrap();
    assert_eq!(error["error"]["param"], "model");
    assert!(error["error"]["message"].as_str().unwrap().contains("embeddings"), "{error}");
    assert_eq!(provider.accepted(), 0);
}

#[tokio::test]
async fn models_are_listed_in_each_dialect() {
    let (_provider, gateway) = in_front_of("openai").await;
    let key = gateway.key();
    let ask = async |path: &str, header: &'static str, value: &str| {
        let request = client(false).get(gateway.url(path)).bearer_auth(&key);
        request.header(header, value).send().await.unwrap().json::<Value>().await.unwrap()
    };
    assert_eq!(ask("/v1/models", "x-a", "b").await["object"], "list");
    let anthropic = ask("/v1/models", "anthropic-version", "2023-06-01").await;
    assert_eq!((&anthropic["has_more"], &anthropic["first_id"]), (&false.into(), &"m".into()));
    let gemini = ask("/v1beta/models", "x-goog-api-key", &key).await;
    assert_eq!(gemini["models"][0]["name"], "models/m");
    let one = ask("/v1beta/models/m", "x-goog-api-key", &key).await;
    assert_eq!(one["supportedGenerationMethods"][0], "generateContent");
}

#[tokio::test]
async fn gemini_s_callers_are_refused_in_their_words() {
    let (_provider, gateway) = in_front_of("gemini").await;
    let path = "/v1beta/models/m:generateContent";
    let request = client(false).post(gateway.url(&format!("{path}?key=il-nobody")));
    let answer = request.body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["status"], "UNAUTHENTICATED");
    let answer = ask(&gateway, path, "{").await;
    assert_eq!(answer.status(), 400);
    let error: Value = answer.json().await.unwrap();
    assert_eq!(
        (&error["error"]["code"], &error["error"]["status"]),
        (&400.into(), &"INVALID_ARGUMENT".into())
    );
    let array = ask(&gateway, "/v1beta/models/m:streamGenerateContent", "{}").await;
    assert_eq!(array.status(), 400);
    let keyed = client(false).post(gateway.url(&format!("{path}?key={}", gateway.key())));
    assert_eq!(keyed.body("{").send().await.unwrap().status(), 400);
}
