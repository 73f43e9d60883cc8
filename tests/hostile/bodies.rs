//! 1 to 8: bodies that are no request, or that two readers could understand differently. Each
//! is refused by us, before any provider; what we merely do not know goes along as it came.

use inferlayer_ledger::Kind;
use serde_json::Value;

use crate::support::raw::{H2, ask, assert_refused, fields, rest};
use crate::support::{Gateway, Provider, call, client, eventually, gateway::Setup, records};
use crate::{assert_openai_shape, assert_unharmed, gateway};

/// Each body is a 400 in either version of HTTP and a refusal in the ledger, and nobody is asked.
async fn refused(path: &str, cases: &[(&str, Vec<u8>)]) {
    let (provider, gateway, key) = gateway().await;
    for (case, body) in cases {
        for h2 in [false, true] {
            let request = client(h2).post(gateway.url(path)).bearer_auth(&key);
            let answer = request.body(body.clone()).send().await.expect(case);
            assert_eq!(answer.status(), 400, "{case}");
            assert!(answer.headers().contains_key("x-request-id"), "{case}");
            let told = answer.bytes().await.unwrap();
            match path {
                CHAT => assert_openai_shape(&told, case),
                _ => assert!(String::from_utf8_lossy(&told).contains("\"message\""), "{case}"),
            }
        }
    }
    eventually("each is counted once", || refusals(&gateway) == 2 * cases.len() as u64).await;
    assert_nobody_asked(&provider, &gateway);
    assert_unharmed(&gateway, &key).await;
}

const CHAT: &str = "/v1/chat/completions";

fn refusals(gateway: &Gateway) -> u64 {
    let all = records::of_kind(&gateway.data(), Kind::Refusal);
    all.iter().map(|refusal| refusal["count"].as_u64().unwrap_or(1)).sum()
}

fn assert_nobody_asked(provider: &Provider, gateway: &Gateway) {
    assert!(provider.seen().is_empty());
    assert!(records::of_kind(&gateway.data(), Kind::Intent).is_empty());
}

/// A good request with these fields behind.
fn with(extra: &str) -> Vec<u8> {
    let good = r#"{"model":"m","messages":[{"role":"user","content":"hi"}]"#;
    format!("{good},{extra}}}").into_bytes()
}

fn each<'a>(extras: &[&'a str]) -> Vec<(&'a str, Vec<u8>)> {
    extras.iter().map(|extra| (*extra, with(extra))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_01_what_is_no_json_object_or_no_request_is_refused() {
    let mut cases: Vec<_> = [
        "",
        " ",
        "{",
        "}",
        "[]",
        "null",
        "\"m\"",
        "{'model':'m'}",
        "{\"model\":\"m\"",
        "{\"model\":\"m\",}",
        "{\"model\":\"m\" \"n\":1}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi",
        "{\"model\":m}",
        "{\"model\":\"m\",\"x\":01}",
        "{\"model\":\"m\",\"x\":tru}",
        "{\"model\":\"m\"}//",
        "{\"model\":\"m\"}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
        "{\"model\":1,\"messages\":[{}]}",
        "{\"model\":\"m\",\"messages\":\"hi\"}",
        "model=m&messages=hi",
    ]
    .map(|body| (body, body.as_bytes().to_vec()))
    .into();
    cases.push(("something behind", [with("\"n\":1"), b"{}".to_vec()].concat()));
    cases.push(("no stream", with(r#""stream":"yes""#)));
    cases.push(("no options", with(r#""stream_options":[]"#)));
    refused(CHAT, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_02_a_hundred_thousand_levels_are_refused_at_once() {
    let begun = std::time::Instant::now();
    let open = |what: &str| what.repeat(100_000);
    let cases = [
        ("arrays", open("[").into_bytes()),
        ("objects", open("{\"a\":").into_bytes()),
        ("both", open("[{\"a\":").into_bytes()),
        ("arrays in a field", with(&format!("\"x\":{}", open("[")))),
        ("closed arrays in a field", with(&format!("\"x\":{}{}", open("["), open("]")))),
        ("closed objects in a field", with(&format!("\"x\":{}1{}", open("{\"a\":"), open("}")))),
        ("a content", with(&format!("\"tools\":{}{}", open("["), open("]")))),
    ];
    refused(CHAT, &cases).await;
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
    for path in ["/v1/messages", "/v1/responses", "/v1beta/models/m:generateContent"] {
        refused(path, &cases[..3]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_03_a_name_that_is_there_twice_is_refused_however_it_is_spelled() {
    let cases = each(&[
        r#""model":"dear""#,
        r#""model":"m""#,
        r#""mod\u0065l":"dear""#,
        r#""\u006dodel":"dear""#,
        r#""Model":"dear""#,
        r#""MODEL":"dear""#,
        r#""messages":[]"#,
        r#""stream":false,"stream":true"#,
        r#""stream":false,"\u0073tream":true"#,
        r#""\u017ftream":true"#,
        r#""max_tokens":1,"max_tokens":1000"#,
        r#""max_tokens":1,"Max_Tokens":1000"#,
        r#""x":{"a":1,"a":2}"#,
        r#""x":[{"y":{"a":1,"b":3,"\u0061":2}}]"#,
        r#""":1,"":2"#,
    ]);
    refused(CHAT, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_04_what_is_not_plain_utf_8_is_refused() {
    let good = String::from_utf8(with("\"n\":1")).unwrap();
    let utf16 =
        |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { good.encode_utf16().flat_map(bytes).collect() };
    let mut cases = each(&[
        r#""x":"\ud800""#,
        r#""x":"\udc00\ud800""#,
        r#""x":"\ud800\u0041""#,
        r#""\udfff":1"#,
        r#""x":"\u12""#,
        r#""x":"\x41""#,
    ]);
    cases.extend([
        ("no UTF-8", [&b"{\"model\":\"\xff\xfe\",\"messages\":[{}]}"[..]].concat()),
        ("overlong", b"{\"model\":\"\xc0\xae\",\"messages\":[{}]}".to_vec()),
        ("a surrogate in UTF-8", b"{\"model\":\"\xed\xa0\x80\",\"messages\":[{}]}".to_vec()),
        ("beyond Unicode", b"{\"model\":\"\xf5\x80\x80\x80\",\"messages\":[{}]}".to_vec()),
        ("half a letter", [&with("\"n\":1")[..], b"\xc3"].concat()),
        ("a byte order mark", [b"\xef\xbb\xbf", good.as_bytes()].concat()),
        ("UTF-16LE", utf16(u16::to_le_bytes)),
        ("UTF-16BE", utf16(u16::to_be_bytes)),
        ("UTF-16 and its mark", [b"\xff\xfe".to_vec(), utf16(u16::to_le_bytes)].concat()),
    ]);
    refused(CHAT, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_05_a_nul_is_refused_in_a_model_a_header_and_a_key() {
    let mut cases = each(&["\"x\":\"\0\"", "\"x\"\0:1"]);
    cases.push(("raw", b"{\"model\":\"m\0\",\"messages\":[{}]}".to_vec()));
    cases.push(("escaped", br#"{"model":"m\u0000","messages":[{}]}"#.to_vec()));
    refused(CHAT, &cases).await;

    let (provider, gateway, key) = gateway().await;
    for header in ["x-request-id: a\0b", "authorization: Bearer \0", "x\0: y", "x-api-key: a\0"] {
        let request = format!(
            "POST {CHAT} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n{header}\r\n\
             content-length: 2\r\n\r\n{{}}"
        );
        assert_refused(&ask(gateway.address, request.as_bytes()), 400, header);
    }
    let bearer = format!("Bearer {key}\0");
    let mut h2 = H2::connect(gateway.address);
    let head = [(":method", "GET"), (":scheme", "http"), (":path", "/v1/models")];
    h2.send(1, 5, 1, &fields(&[&head[..], &[("authorization", &bearer)]].concat()));
    h2.send(7, 0, 0, &[0; 8]);
    let _ = h2.stream.shutdown(std::net::Shutdown::Write);
    assert!(!rest(&mut h2.stream).0.contains("\"object\""));
    assert_nobody_asked(&provider, &gateway);

    let setup = Setup {
        more_tenants: "  - { name: \"b\\0\", budget_usd: 1 }\n",
        ..Setup::of(&[provider.base_url()])
    };
    let folder = setup.folder();
    let checked = crate::support::gateway::command_in(folder.path(), &["check"]);
    assert_eq!(checked.status.code(), Some(78), "a tenant's name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_06_a_cap_that_is_no_whole_number_of_ours_is_refused() {
    const NUMBERS: &[&str] = &[
        "1e400",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "340282366920938463463374607431768211456",
        "-1",
        "-0.0",
        "1.5",
        "\"12\"",
        "NaN",
        "Infinity",
        "[1]",
        "true",
        "0x10",
    ];
    for (path, body) in [
        (CHAT, r#"{"model":"m","messages":[{"role":"user","content":"a"}],"max_tokens":@}"#),
        (
            CHAT,
            r#"{"model":"m","messages":[{"role":"user","content":"a"}],"max_completion_tokens":@}"#,
        ),
        ("/v1/completions", r#"{"model":"m","prompt":"a","max_tokens":@}"#),
        ("/v1/responses", r#"{"model":"m","input":"a","max_output_tokens":@}"#),
        (
            "/v1/messages",
            r#"{"model":"m","messages":[{"role":"user","content":"a"}],"max_tokens":@}"#,
        ),
        (
            "/v1beta/models/m:generateContent",
            r#"{"contents":[{"role":"user","parts":[{"text":"a"}]}],
                "generationConfig":{"maxOutputTokens":@}}"#,
        ),
    ] {
        let case = |number: &&'static str| (*number, body.replace('@', number).into_bytes());
        let cases: Vec<_> = NUMBERS.iter().map(case).collect();
        refused(path, &cases).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_07_a_number_of_answers_that_nobody_wants_is_refused() {
    let numbers = ["-1", "1000000000", "18446744073709551616", "1.5", "\"2\"", "1e400"];
    for name in ["n", "best_of", "top_logprobs"] {
        let fields = numbers.iter().map(|number| format!("\"{name}\":{number}"));
        let fields: Vec<String> = fields.collect();
        refused(CHAT, &each(&fields.iter().map(String::as_str).collect::<Vec<_>>())).await;
    }
    refused(CHAT, &each(&["\"n\":0"])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_08_what_we_do_not_know_goes_along_as_it_came_and_is_recorded() {
    let (provider, gateway, key) = gateway().await;
    let body = r#"{ "from_2031":{"b":1.50,"a":[1e2, -0 ,"\u00e9\/é"]},"model":"m",
        "messages":[{"role":"user","content":"hi","mood":null}],"max_tokens":10,"":[ ]}"#;
    let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
    let answer = request.body(body).send().await.unwrap();
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(answer.status(), 200);
    let sent = body.replace("\"m\"", "\"upstream-m\"");
    assert_eq!(String::from_utf8(provider.seen().pop().unwrap().body).unwrap(), sent);
    let shown = gateway.command(&["ledger", "show", "--json", "--request", &id]);
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["records"][0]["content"]["text"], body, "what its hash is taken over");
    assert_eq!(call(&gateway, &key).await.0, 200);
}
