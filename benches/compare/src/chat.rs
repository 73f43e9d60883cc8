//! What the benchmark's ends say: a chat request of 1 KiB, its answer as JSON of about 700 bytes and
//! as a stream of 64 deltas. Who asks and who answers agree here on what is whole.

use std::sync::LazyLock;

use memchr::memmem;

/// Content deltas in a streamed answer.
pub const STREAM_DELTAS: usize = 64;
/// Events in a streamed answer: the deltas, the finish, the usage and `[DONE]`.
pub const STREAM_EVENTS: usize = STREAM_DELTAS + 3;
/// Where a question's number will stand: as many digits as the largest `u64` has.
pub const NO_NUMBER: &str = "00000000000000000000";

const DONE: &[u8] = b"data: [DONE]\n\n";
const REQUEST_BYTES: usize = 1024;

/// The body of a chat request, 1 KiB long whatever it asks for. The user's message begins with a
/// question's number, [`NO_NUMBER`] for now.
pub fn request_body(model: &str, stream: bool) -> String {
    let options = match stream {
        true => r#""stream":true,"stream_options":{"include_usage":true},"#,
        false => "",
    };
    let system = r#"{"role":"system","content":"You are a terse assistant."}"#;
    let open = format!(
        "{{\"model\":\"{model}\",\"max_tokens\":256,{options}\
         \"messages\":[{system},{{\"role\":\"user\",\"content\":\"{NO_NUMBER}. "
    );
    let close = r#""}]}"#;
    let prompt = "Tell me about the history of the measurement of small costs. ";
    let room = REQUEST_BYTES.saturating_sub(open.len() + close.len());
    let prompt: String = prompt.chars().cycle().take(room).collect();
    format!("{open}{prompt}{close}")
}

/// Whether a request's body asks for a stream.
pub fn asks_for_stream(body: &[u8]) -> bool {
    [&br#""stream":true"#[..], br#""stream": true"#].iter().any(|mark| contains(body, mark))
}

/// The whole HTTP response to a request that asked for no stream.
pub fn json_response() -> Vec<u8> {
    let length = JSON_BODY.len();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
    format!("{head}: {length}\r\n\r\n{}", *JSON_BODY).into_bytes()
}

/// The head of the response to a request that asked for a stream.
pub const STREAM_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
    cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";

/// The end of a chunked body.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// The events of a stream in order, each as a chunk of its own.
pub fn stream_chunks() -> Vec<Vec<u8>> {
    let deltas = (0..STREAM_DELTAS).map(|index| {
        let delta = format!(r#"{{"content":" word{index:02}"}}"#);
        stream_event(&choice(&delta, "null"), "null")
    });
    let finish = stream_event(&choice("{}", r#""stop""#), "null");
    let usage = stream_event("", USAGE);
    deltas
        .chain([finish, usage, String::from_utf8_lossy(DONE).into_owned()])
        .map(|event| format!("{:x}\r\n{event}\r\n", event.len()).into_bytes())
        .collect()
}

/// Whether a JSON answer says all it should. Its id and time may be others: a copy has its own.
pub fn is_whole_json(body: &[u8]) -> bool {
    is_json(body) && contains(body, CONTENT.as_bytes())
}

/// Whether this looks like one whole JSON object, as errors are: it closes what it opens. Braces in
/// its texts, of which the benchmark has none, would mislead.
pub fn is_json(body: &[u8]) -> bool {
    let count = |brace| memchr::memchr_iter(brace, body).count();
    body.starts_with(b"{") && body.ends_with(b"}") && count(b'{') == count(b'}')
}

/// Whether a stream has all its events and its end. Comments between them are a proxy's right.
pub fn is_whole_stream(body: &[u8]) -> bool {
    let first = usize::from(body.starts_with(b"data: "));
    let events = first + memmem::find_iter(body, b"\ndata: ").count();
    events == STREAM_EVENTS && body.ends_with(DONE)
}

const USAGE: &str = "{\"prompt_tokens\":180,\"completion_tokens\":64,\"total_tokens\":244,\
    \"prompt_tokens_details\":{\"cached_tokens\":0},\
    \"completion_tokens_details\":{\"reasoning_tokens\":0}}";

static CONTENT: LazyLock<String> = LazyLock::new(|| "One short sentence of an answer. ".repeat(8));

static JSON_BODY: LazyLock<String> = LazyLock::new(|| {
    let content = &*CONTENT;
    let message = format!(r#"{{"role":"assistant","content":"{content}","refusal":null}}"#);
    let choice =
        format!(r#"{{"index":0,"message":{message},"logprobs":null,"finish_reason":"stop"}}"#);
    format!(
        "{{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1700000000,\
         \"model\":\"bench-small\",\"choices\":[{choice}],\"usage\":{USAGE}}}"
    )
});

fn choice(delta: &str, finish_reason: &str) -> String {
    format!(r#"{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish_reason}}}"#)
}

fn stream_event(choices: &str, usage: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\
         \"created\":1700000000,\"model\":\"bench-small\",\"choices\":[{choices}],\
         \"usage\":{usage}}}\n\n"
    )
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memmem::find(text, part).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_one_kibibyte_and_tell_what_they_want() {
        for (model, stream) in [("auto", false), ("bench-small", true)] {
            let body = request_body(model, stream);
            assert_eq!(body.len(), REQUEST_BYTES);
            assert_eq!(asks_for_stream(body.as_bytes()), stream);
            let parsed: serde_json::Value = serde_json::from_str(&body).unwrap();
            assert_eq!(parsed["model"], model);
            assert!(parsed["messages"][1]["content"].as_str().unwrap().starts_with(NO_NUMBER));
        }
        assert!(asks_for_stream(br#"{"stream": true}"#));
        assert!(!asks_for_stream(br#"{"stream":false}"#));
    }

    #[test]
    fn json_answers_have_usage_and_the_expected_size() {
        let parsed: serde_json::Value = serde_json::from_str(&JSON_BODY).unwrap();
        assert_eq!(parsed["usage"]["completion_tokens"], 64);
        assert!((600..800).contains(&JSON_BODY.len()), "{}", JSON_BODY.len());
    }

    #[test]
    fn a_copied_answer_is_whole_and_a_cut_or_other_one_is_not() {
        assert!(is_whole_json(JSON_BODY.as_bytes()));
        assert!(is_whole_json(JSON_BODY.replace("chatcmpl-bench", "chatcmpl-0123").as_bytes()));
        assert!(!is_whole_json(&JSON_BODY.as_bytes()[1..]));
        assert!(!is_whole_json(&JSON_BODY.as_bytes()[..JSON_BODY.len() - 1]));
        assert!(!is_whole_json(JSON_BODY.replacen("short", "", 1).as_bytes()));
        assert!(is_json(br#"{"error":{}}"#) && !is_whole_json(br#"{"error":{}}"#));
    }

    #[test]
    fn every_event_of_a_stream_counts() {
        let events: Vec<Vec<u8>> = stream_chunks().iter().map(|c| without_coding(c)).collect();
        assert_eq!(events.len(), STREAM_EVENTS);
        for event in &events[..STREAM_EVENTS - 1] {
            let text = str::from_utf8(event).unwrap().trim().strip_prefix("data: ").unwrap();
            assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text}");
        }
        assert!(is_whole_stream(&events.concat()));
        assert!(!is_whole_stream(&events[1..].concat()));
        assert!(!is_whole_stream(&events[..STREAM_EVENTS - 1].concat()));
    }

    #[test]
    fn comments_in_a_stream_do_not_count() {
        let mut events: Vec<Vec<u8>> = stream_chunks().iter().map(|c| without_coding(c)).collect();
        events.insert(STREAM_EVENTS - 1, b": inferlayer cost=1\n\n".to_vec());
        assert!(is_whole_stream(&events.concat()));
    }

    fn without_coding(chunk: &[u8]) -> Vec<u8> {
        let (size, rest) = chunk.split_at(memmem::find(chunk, b"\r\n").unwrap());
        let size = usize::from_str_radix(str::from_utf8(size).unwrap(), 16).unwrap();
        let event = rest[2..].strip_suffix(b"\r\n").unwrap();
        assert_eq!(event.len(), size);
        event.to_vec()
    }
}
