//! A thousand requests and answers of random but true shape, with members that nobody knows, odd
//! spacing, odd numbers and odd line ends. Where caller and provider speak one dialect they come
//! out byte for byte as they went in, except for what is documented: the model's name, the wish for
//! usage in a stream of chat completions, and the gateway's one comment before the end mark (none
//! for Gemini's callers, whose SDKs do not know comments).
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use futures_util::stream::{self, StreamExt};
use support::gateway::Setup;
use support::{Gateway, Provider, Script, Seen, client, records};

const CASES: usize = 1000;
const AT_ONCE: usize = 16;

/// A dialect: its provider's kind, where it is asked, and what asks, answers and streams hold.
struct Shape {
    kind: &'static str,
    path: &'static str,
    /// Members of a request, `@` for the model where it stands in the body.
    request: &'static [&'static str],
    answer: &'static [&'static str],
    /// Data of the events of a stream, each with its name; `+` for members that nobody knows.
    events: &'static [(&'static str, &'static str)],
    /// Usage is asked for on behalf of the gateway.
    forces_usage: bool,
}

const SHAPES: &[Shape] = &[
    Shape {
        kind: "openai",
        path: "/v1/chat/completions",
        request: &[
            r#""model":@"#,
            r#""messages":[{"role":"user","content":"Grüße 😀 \u0041","name":"x"}]"#,
            r#""max_tokens": 9"#,
        ],
        answer: &[
            r#""id":"c""#,
            r#""choices":[{"index":0,"message":{"role":"assistant","content":"wörd"},"finish_reason":"stop"}]"#,
            r#""usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}"#,
        ],
        events: &[
            (
                "",
                r#"{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]+}"#,
            ),
            ("", r#"{"id":"c","choices":[{"index":0,"delta":{"content":"w\u00f6rd 😀"}+}]}"#),
            ("", r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]+}"#),
            ("", "[DONE]"),
        ],
        forces_usage: true,
    },
    Shape {
        kind: "openai",
        path: "/v1/completions",
        request: &[r#""model":@"#, r#""prompt":["a","b"]"#],
        answer: &[r#""choices":[{"text":"x","index":0,"finish_reason":"length"}]"#],
        events: &[
            ("", r#"{"choices":[{"text":"x","index":0,"finish_reason":null}]+}"#),
            ("", r#"{"choices":[{"text":"","index":0,"finish_reason":"stop"}]+}"#),
            ("", r#"{"choices":[{"text":"","index":1,"finish_reason":"stop"}]+}"#),
            ("", "[DONE]"),
        ],
        forces_usage: true,
    },
    Shape {
        kind: "openai",
        path: "/v1/responses",
        request: &[r#""model":@"#, r#""input":[{"role":"user","content":"Hi","x":1.50}]"#],
        answer: &[
            r#""id":"resp_1","object":"response","status":"completed""#,
            r#""output":[{"type":"message","content":[{"type":"output_text","text":"x"}]}]"#,
        ],
        events: &[
            ("response.created", r#"{"type":"response.created","response":{"id":"r"}+}"#),
            ("response.output_text.delta", r#"{"type":"response.output_text.delta","delta":"x"+}"#),
            ("response.future", r#"{"type":"response.future"+}"#),
            (
                "response.completed",
                r#"{"type":"response.completed","response":{"id":"r","status":"completed","output":[]+}}"#,
            ),
        ],
        forces_usage: false,
    },
    Shape {
        kind: "anthropic",
        path: "/v1/messages",
        request: &[
            r#""model":@"#,
            r#""max_tokens":9"#,
            r#""messages":[{"role":"user","content":[{"type":"text","text":"Hi","cache_control":{"type":"ephemeral"}}]}]"#,
        ],
        answer: &[
            r#""type":"message","content":[{"type":"text","text":"x","new":null}]"#,
            r#""stop_reason":"end_turn""#,
        ],
        events: &[
            ("message_start", r#"{"type":"message_start","message":{"id":"m","content":[]+}}"#),
            ("ping", r#"{"type":"ping"+}"#),
            (
                "content_block_delta",
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"+}}"#,
            ),
            ("message_delta", r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}+}"#),
            ("message_stop", r#"{"type":"message_stop"+}"#),
        ],
        forces_usage: false,
    },
    Shape {
        kind: "gemini",
        path: "/v1beta/models/m",
        request: &[r#""contents":[{"role":"user","parts":[{"text":"Hi"}]}]"#],
        answer: &[
            r#""candidates":[{"content":{"parts":[{"text":"x"}],"role":"model"},"finishReason":"STOP"}]"#,
        ],
        events: &[
            ("", r#"{"candidates":[{"content":{"parts":[{"text":"x"+}],"role":"model"}}]}"#),
            ("", r#"{"candidates":[{"content":{"parts":[{"text":"y"}]},"finishReason":"STOP"+}]}"#),
        ],
        forces_usage: false,
    },
];

/// What the providers answer, by the number in the request.
static ANSWERS: LazyLock<Mutex<HashMap<String, Vec<u8>>>> = LazyLock::new(Default::default);

fn answer(seen: &Seen) -> Vec<u8> {
    let body = String::from_utf8(seen.body.clone()).unwrap();
    let (_, rest) = body.split_once("\"case-number\":").unwrap();
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    ANSWERS.lock().unwrap().remove(&number).unwrap()
}

#[tokio::test]
async fn a_thousand_of_each_come_out_as_they_went_in() {
    let mut started = HashMap::new();
    for kind in ["openai", "anthropic", "gemini"] {
        let provider = Provider::start(Script::With(answer)).await;
        let kinds: &'static [&'static str] = Box::leak(Box::new([kind]));
        let gateway = Setup { kinds, ..Setup::of(&[provider.base_url()]) }.start();
        let key = gateway.key();
        started.insert(kind, (provider, gateway, key));
    }
    let cases = (0..CASES).map(|number| Case::new(number, &SHAPES[number % SHAPES.len()]));
    let asked = stream::iter(cases).map(|case| {
        let (provider, gateway, key) = &started[case.shape.kind];
        case.check(provider, gateway, key)
    });
    assert_eq!(asked.buffer_unordered(AT_ONCE).count().await, CASES);
    for (_, (provider, gateway, _)) in started {
        let asked = provider.seen().len();
        let outcomes = records::of_kind(&gateway.data(), inferlayer_ledger::Kind::Outcome);
        assert_eq!(outcomes.len(), asked);
        assert!(outcomes.iter().all(|outcome| outcome["ending"] == "complete"));
        records::assert_verifies(gateway.stop().0.path());
    }
}

struct Case {
    number: String,
    shape: &'static Shape,
    streamed: bool,
    /// What is sent, and what the provider should get.
    request: String,
    expected: String,
    /// What the provider sends.
    answer: Vec<u8>,
}

impl Case {
    fn new(number: usize, shape: &'static Shape) -> Case {
        let mut chance = Chance(number as u64 * 2 + 1);
        let streamed = chance.below(2) == 0;
        let number = number.to_string();
        let (request, expected) = request(&mut chance, shape, streamed, &number);
        let answer = if streamed {
            events(&mut chance, shape)
        } else {
            object(&mut chance, shape.answer.iter().map(|member| (*member).to_owned()).collect())
        };
        Case { number, shape, streamed, request, expected, answer: answer.into_bytes() }
    }

    async fn check(self, provider: &Provider, gateway: &Gateway, key: &str) {
        let kind = if self.streamed { "text/event-stream" } else { "application/json" };
        let length = self.answer.len();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
        let wire = [head.as_bytes(), &self.answer].concat();
        ANSWERS.lock().unwrap().insert(self.number.clone(), wire);
        let url = gateway.url(&self.path());
        let asked = client(false).post(url).header("x-api-key", key).body(self.request.clone());
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", self.request);
        let got = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
        let mark = format!("\"case-number\":{}", self.number);
        let seen = provider.seen();
        let body = |seen: &Seen| String::from_utf8(seen.body.clone()).unwrap();
        let seen = seen.iter().map(body).find(|body| has_number(body, &mark)).unwrap();
        assert_eq!(seen, self.expected);
        let sent = String::from_utf8(self.answer.clone()).unwrap();
        let has_comment = self.streamed && self.shape.kind != "gemini";
        assert_eq!(if has_comment { without_comment(&got) } else { got.clone() }, sent, "{got}");
    }

    fn path(&self) -> String {
        match (self.shape.kind, self.streamed) {
            ("gemini", true) => format!("{}:streamGenerateContent?alt=sse", self.shape.path),
            ("gemini", false) => format!("{}:generateContent", self.shape.path),
            _ => self.shape.path.to_owned(),
        }
    }
}

fn has_number(body: &str, mark: &str) -> bool {
    let behind = body.split_once(mark).map(|(_, rest)| rest);
    behind.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// A request, and what its provider should get of it.
fn request(chance: &mut Chance, shape: &Shape, streamed: bool, number: &str) -> (String, String) {
    let mut members: Vec<String> = shape.request.iter().map(|m| (*m).to_owned()).collect();
    members.push(format!("\"case-number\":{number}"));
    let in_body = shape.kind != "gemini";
    if streamed && in_body {
        members.push(r#""stream":true"#.to_owned());
    }
    let text = object(chance, members);
    let wish = r#","stream_options":{"include_usage":true}"#;
    let wish = if streamed && shape.forces_usage { wish } else { "" };
    let sent = text.replace('@', r#""\u006d""#);
    (sent, text.replace('@', &format!("\"upstream-m\"{wish}")))
}

/// An object of these members and some that nobody knows, in any order.
fn object(chance: &mut Chance, mut members: Vec<String>) -> String {
    for index in 0..chance.below(4) {
        let value = value(chance, 3);
        members.push(format!("\"x_{index}\"{}:{value}", chance.blank()));
    }
    for index in (1..members.len()).rev() {
        members.swap(index, chance.below(index + 1));
    }
    let blank = chance.blank();
    format!("{{{blank}{}{blank}}}{}", members.join(&format!("{blank},")), chance.blank())
}

/// A stream, its lines ended in one of the three ways, with comments, ids and pauses in between.
fn events(chance: &mut Chance, shape: &Shape) -> String {
    let end = ["\n", "\r\n", "\r"][chance.below(3)];
    let mut stream = String::new();
    for (index, (name, data)) in shape.events.iter().enumerate() {
        let last = index + 1 == shape.events.len();
        // Before the end mark stands the gateway's own comment, so none of the provider's.
        if !last && chance.below(4) == 0 {
            stream += &format!(": keep alive {}{end}{end}", chance.below(100));
        }
        if !name.is_empty() {
            stream += &format!("event: {name}{end}");
        }
        if chance.below(3) == 0 && *data != "[DONE]" {
            stream += &format!("id: {}{end}", chance.below(100));
        }
        let space = if *data == "[DONE]" || chance.below(3) > 0 { " " } else { "" };
        let unknown = format!(",\"x\"{}:{}", chance.blank_in_line(), one_line(&value(chance, 2)));
        stream += &format!("data:{space}{}{end}{end}", data.replace('+', &unknown));
    }
    if shape.path.ends_with("chat/completions") || shape.path.ends_with("/completions") {
        // The end mark is the gateway's.
        let cut = stream.len() - end.len() * 2 - "data: [DONE]".len();
        stream.truncate(cut);
        stream += "data: [DONE]\n\n";
    }
    stream
}

/// Some JSON, oddly written.
fn value(chance: &mut Chance, depth: usize) -> String {
    const PLAIN: [&str; 12] = [
        "null",
        "true",
        "-0",
        "1.50",
        "2E+3",
        "0.1e-7",
        "18446744073709551615",
        "\"\"",
        r#""\u00e9é\/\\\"""#,
        r#""😀\ud83d\ude00""#,
        "[ ]",
        "{ }",
    ];
    let blank = chance.blank();
    match chance.below(if depth == 0 { 1 } else { 3 }) {
        0 => format!("{blank}{}{blank}", PLAIN[chance.below(PLAIN.len())]),
        1 => {
            let items: Vec<_> = (0..chance.below(3)).map(|_| value(chance, depth - 1)).collect();
            format!("[{}]", items.join(","))
        }
        _ => {
            let members =
                (0..chance.below(3)).map(|n| format!("\"k{n}\":{}", value(chance, depth - 1)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
    }
}

fn one_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}

/// The stream without the gateway's comment.
fn without_comment(stream: &str) -> String {
    let start = stream.find(": x-inferlayer-cost").expect(stream);
    let end = start + stream[start..].find("\n\n").unwrap() + 2;
    assert!(stream[start..end].lines().all(|line| line.is_empty() || line.starts_with(": x-inf")));
    format!("{}{}", &stream[..start], &stream[end..])
}

/// Xorshift64*: the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end
    }

    fn blank(&mut self) -> &'static str {
        ["", " ", "\n", "\t ", "\r\n"][self.below(5)]
    }

    fn blank_in_line(&mut self) -> &'static str {
        ["", " ", "\t "][self.below(3)]
    }
}
