//! Odd answers of providers, and what callers' SDKs want of a stream.

use serde_json::{Value, json};

use crate::ChatRequest;
use crate::neutral::{Content, ReadSteps, Step, WriteSteps};
use crate::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder};
use crate::translate::chat::{Reader, Writer, read_reply};

fn decoder(stream: impl Into<bytes::Bytes>) -> Decoder {
    let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
    decoder.push(stream.into()).unwrap();
    decoder
}

/// The steps of chunks whose first choice has these deltas; none when one of them is not told.
fn steps(deltas: &[&str]) -> Option<Vec<String>> {
    let mut reader = Reader::default();
    let mut steps = Vec::new();
    for delta in deltas {
        let chunk = format!("data: {{\"id\":\"a-1\",\"choices\":[{{\"delta\":{delta}}}]}}\n\n");
        let event = decoder(chunk).next().unwrap();
        let mut tell = |step: Step<'_>| {
            steps.push(match step {
                Step::CallBegin { call, id, name, .. } => format!("{call} {id} {name}"),
                Step::CallInput { call, json, .. } => format!("{call} {json}"),
                Step::Thought { text, .. } => format!("thinks {text}"),
                Step::Signature { signature, .. } => format!("signs {signature}"),
                Step::Text { text, .. } => format!("says {text}"),
                Step::Begin { .. } => return,
                other => format!("{other:?}"),
            });
        };
        reader.read(&event, &mut tell).ok()?;
    }
    Some(steps)
}

#[test]
fn calls_are_told_apart_however_they_are_numbered() {
    let begin = |index: &str, id: &str, name: &str, json: &str| {
        let function = format!(r#"{{"name":"{name}","arguments":"{json}"}}"#);
        format!(r#"{{"tool_calls":[{{{index}"id":"{id}","function":{function}}}]}}"#)
    };
    let zero = r#""index":0,"#;
    for (one, two, ids) in [
        (begin(zero, "x", "f", "{}"), begin(zero, "y", "g", "{}"), ["x", "y"]),
        (begin("", "x", "f", "{}"), begin("", "y", "g", "{}"), ["x", "y"]),
        (begin("", "", "f", "{}"), begin("", "", "g", "{}"), ["call_a-1_0_0", "call_a-1_0_1"]),
        (begin(zero, "", "f", "{}"), begin(r#""index":5,"#, "y", "g", "{}"), ["call_a-1_0_0", "y"]),
    ] {
        let expected = vec![
            format!("0 {} f", ids[0]),
            "0 {}".to_owned(),
            format!("1 {} g", ids[1]),
            "1 {}".to_owned(),
        ];
        assert_eq!(steps(&[&one, &two]), Some(expected), "{one} {two}");
    }
}

#[test]
fn pieces_of_a_call_find_it_whether_they_name_it_again_or_not() {
    let begin = r#"{"tool_calls":[{"index":0,"id":"x","function":{"name":"f","arguments":""}}]}"#;
    for piece in [
        r#"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"#,
        r#"{"tool_calls":[{"index":0,"id":"x","function":{"name":"f","arguments":"{}"}}]}"#,
        r#"{"tool_calls":[{"index":0,"id":"other","function":{"arguments":"{}"}}]}"#,
        r#"{"tool_calls":[{"index":0,"id":"","function":{"name":"","arguments":"{}"}}]}"#,
        r#"{"tool_calls":[{"function":{"arguments":{}}}]}"#,
    ] {
        let expected = vec!["0 x f".to_owned(), "0 {}".to_owned()];
        assert_eq!(steps(&[begin, piece]), Some(expected), "{piece}");
    }
}

#[test]
fn thoughts_that_come_twice_are_told_once() {
    let plain = r#"{"reasoning_content":"a","reasoning":"a"}"#;
    let both =
        r#"{"reasoning_content":"a","thinking_blocks":[{"type":"thinking","thinking":"a"}]}"#;
    let block = r#"{"thinking_blocks":[{"type":"thinking","thinking":"a","signature":null}]}"#;
    let signed = r#"{"thinking_blocks":[{"type":"thinking","thinking":"a","signature":"s"}]}"#;
    let told = |lines: &[&str]| Some(lines.iter().map(|line| (*line).to_owned()).collect());
    assert_eq!(steps(&[plain]), told(&["thinks a"]));
    assert_eq!(steps(&[both, signed]), told(&["thinks a", "signs s"]));
    assert_eq!(steps(&[block, signed]), told(&["thinks a", "thinks a", "signs s"]));
    assert_eq!(
        steps(&[plain, signed, signed]),
        told(&["thinks a", "signs s", "thinks a", "signs s"])
    );
}

#[test]
fn what_has_no_form_elsewhere_ends_the_stream() {
    for delta in [
        r#"{"audio":{"id":"a"}}"#,
        r#"{"images":[{"type":"image_url"}]}"#,
        r#"{"function_call":{"name":"f"}}"#,
        r#"{"content":7}"#,
        r#"{"content":[{"type":"odd"}]}"#,
        r#"{"tool_calls":[{"index":0,"type":"custom","custom":{"name":"f"}}]}"#,
        r#"{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{}"}}]}"#,
        r#"{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":7}}]}"#,
    ] {
        assert_eq!(steps(&[delta]), None, "{delta}");
        let message = format!(r#"{{"choices":[{{"message":{delta}}}]}}"#);
        assert!(read_reply(message.as_bytes()).is_err(), "{delta}");
    }
    assert_eq!(steps(&[r#"{"audio":null,"images":[],"annotations":[{}]}"#]), Some(vec![]));
}

#[test]
fn what_is_no_completion_is_not_read() {
    for body in [
        "",
        "<html>",
        "[]",
        "{}",
        r#"{"choices":[]}"#,
        r#"{"choices":[{}]}"#,
        r#"{"choices":[{"message":{"content":"\ud83d"}}]}"#,
        r#"{"choices":[{"message":{"tool_calls":[{"id":"a","function":{"name":"f",
            "arguments":"{\"a\":"}}]},"finish_reason":"length"}]}"#,
    ] {
        assert!(read_reply(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn choices_stand_in_their_order() {
    let choice = |index: u8| {
        format!(r#"{{"index":{index},"message":{{"content":"{index}"}},"finish_reason":"stop"}}"#)
    };
    let body = format!(r#"{{"choices":[{},{}]}}"#, choice(1), choice(0));
    let reply = read_reply(body.as_bytes()).unwrap();
    let said: Vec<_> = reply.choices.iter().flat_map(|choice| &choice.contents).collect();
    assert_eq!(said, [&Content::Text("0".into()), &Content::Text("1".into())]);
}

fn written(members: &str, steps: &[Step<'_>]) -> Vec<Value> {
    let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"a"}}]{members}}}"#);
    let mut writer = Writer::new(&ChatRequest::parse(body.into()).unwrap(), 9);
    let mut stream = Vec::new();
    for step in steps {
        writer.write(step, &mut stream);
    }
    writer.finish(&mut stream);
    assert_eq!(&writer.end_mark()[..], b"data: [DONE]\n\n");
    let mut decoder = decoder(stream);
    let events = std::iter::from_fn(|| decoder.next());
    events.map(|event| serde_json::from_slice(&event.data()).unwrap()).collect()
}

#[test]
fn a_stream_that_says_nothing_begins_and_ends() {
    let chunk = |delta: Value, finish: Value| {
        json!({"id": "", "object": "chat.completion.chunk", "created": 9, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    };
    let role = json!({"role": "assistant", "content": ""});
    assert_eq!(
        written("", &[Step::Usage(crate::Usage::default())]),
        [chunk(role, Value::Null), chunk(json!({}), "stop".into())]
    );
}

#[test]
fn usage_is_told_last_to_those_who_asked() {
    let usage = crate::Usage { input_tokens: 3, output_tokens: 2, ..crate::Usage::default() };
    let asks = r#","stream_options":{"include_usage":true}"#;
    let chunks = written(asks, &[Step::Usage(crate::Usage::default()), Step::Usage(usage)]);
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"]["total_tokens"], 5);
    assert_eq!(chunks.iter().filter(|chunk| chunk["usage"].is_object()).count(), 1);
}

#[test]
fn a_signed_thought_is_told_whole_in_a_numbered_block() {
    let choice = 0;
    let chunks = written(
        "",
        &[
            Step::Thought { choice, text: "a".into() },
            Step::Thought { choice, text: "b".into() },
            Step::Signature { choice, signature: "s".into() },
            Step::SealedThought { choice, data: "d".into() },
        ],
    );
    let blocks =
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"].get("thinking_blocks"));
    let block = json!([{"index": 0, "type": "thinking", "thinking": "ab", "signature": "s"}]);
    let sealed = json!([{"index": 1, "type": "redacted_thinking", "data": "d"}]);
    assert_eq!(blocks.collect::<Vec<_>>(), [&block, &sealed]);
}

#[test]
fn choices_that_nobody_asked_for_are_not_told() {
    let chunks = written("", &[Step::Text { choice: 1, text: "a".into() }]);
    assert!(chunks.iter().all(|chunk| chunk["choices"][0]["index"] == 0), "{chunks:?}");
}
