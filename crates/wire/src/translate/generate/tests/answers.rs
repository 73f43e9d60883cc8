//! Whole answers and streams: read, written, and not told.

use bytes::Bytes;

use super::common::Chance;
use super::folded::folded;
use super::{request, said};
use crate::neutral::{Choice, Content, ReadSteps, Reply, Step, Untold, WriteSteps};
use crate::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder};
use crate::translate::generate::{Reader, Writer, read_reply, write_reply};
use crate::{FinishReason, GenerateRequest, Usage};

fn caller() -> GenerateRequest {
    request(r#"{"contents":[{"parts":[{"text":"hi"}]}]}"#)
}

#[test]
fn what_is_written_is_read_as_it_was_said() {
    let mut chance = Chance::new(11);
    for _ in 0..2000 {
        let reply = said::reply(&mut chance);
        let body = write_reply(&reply, &caller(), 0);
        assert_eq!(read_reply(&body).unwrap(), reply, "{}", String::from_utf8_lossy(&body));
    }
}

#[test]
fn a_stream_says_what_its_steps_say() {
    let mut chance = Chance::new(13);
    for _ in 0..2000 {
        let reply = said::reply(&mut chance);
        let steps = said::steps(&mut chance, &reply);
        let mut writer = Writer::new(&caller(), 0);
        let mut stream = Vec::new();
        steps.iter().for_each(|step| writer.write(step, &mut stream));
        writer.finish(&mut stream);
        let text = String::from_utf8(stream.clone()).unwrap();
        assert_eq!(folded(&read(&stream).unwrap()), folded(&steps), "{text}");
        let events = text.strip_suffix("\r\n\r\n").unwrap().split("\r\n\r\n");
        assert!(events.clone().all(|event| event.starts_with("data: {") && !event.contains('\n')));
        let ends = events.filter(|event| event.contains("finishReason")).count();
        assert_eq!(ends, 1, "{text}");
    }
}

/// The steps of a stream.
fn read(stream: &[u8]) -> Result<Vec<Step<'static>>, Untold> {
    let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
    decoder.push(Bytes::copy_from_slice(stream)).unwrap();
    let mut steps = Vec::new();
    let mut reader = Reader::default();
    while let Some(event) = decoder.next().or_else(|| decoder.finish()) {
        reader.read(&event, &mut |step| steps.push(said::owned(&step)))?;
    }
    Ok(steps)
}

fn reply_of(parts: &str) -> Option<Vec<Content<'static>>> {
    let body = format!(
        r#"{{"candidates":[{{"content":{{"parts":[{parts}]}},"finishReason":"STOP"}}],
            "responseId":"a/b"}}"#
    );
    let mut reply = read_reply(Box::leak(body.into_boxed_str()).as_bytes()).ok()?;
    Some(reply.choices.remove(0).contents)
}

#[test]
fn a_signature_belongs_to_the_thought_before_it_or_else_to_what_it_stands_on() {
    let call = r#"{"functionCall":{"name":"f"},"thoughtSignature":"AA=="}"#;
    let said = reply_of(&format!(r#"{{"text":"t","thought":true}},{call},{call}"#)).unwrap();
    let signature = || Some("AA==".into());
    assert_eq!(said[0], Content::Thought { text: "t".into(), signature: signature() });
    assert!(matches!(&said[1], Content::Call { id, .. } if id == "call_ab_0_0"));
    assert_eq!(said[2], Content::Thought { text: "".into(), signature: signature() });
    assert!(matches!(&said[3], Content::Call { id, .. } if id == "call_ab_0_1"));
}

#[test]
fn what_has_no_neutral_form_is_no_answer() {
    for part in [
        r#"{"inlineData":{"mimeType":"image/png","data":"AA=="}}"#,
        r#"{"executableCode":{"language":"PYTHON","code":"1"}}"#,
        r#"{"text":"a","somethingNew":{}}"#,
        r#"{"functionCall":{"name":"f","args":[]}}"#,
        r#"{"functionCall":{}}"#,
    ] {
        assert_eq!(reply_of(part), None, "{part}");
        let event =
            format!("data: {{\"candidates\":[{{\"content\":{{\"parts\":[{part}]}}}}]}}\n\n");
        assert_eq!(read(event.as_bytes()), Err(Untold), "{part}");
    }
    for body in ["{}", "[]", r#"{"candidates":[]}"#, r#"{"promptFeedback":{}}"#, "<html>"] {
        assert!(read_reply(body.as_bytes()).is_err(), "{body}");
    }
    let beside = r#"{"text":"a","partMetadata":{}}"#;
    assert_eq!(reply_of(beside), Some(vec![Content::Text("a".into())]));
}

#[test]
fn a_prompt_that_was_refused_is_content_withheld() {
    let body = r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},
        "usageMetadata":{"promptTokenCount":8,"totalTokenCount":8},"modelVersion":"m"}"#;
    let withheld = Choice { finish: Some(FinishReason::ContentFilter), ..Choice::default() };
    let expected = Reply {
        model: Some("m".into()),
        choices: vec![withheld],
        usage: Some(Usage { input_tokens: 8, ..Usage::default() }),
        ..Reply::default()
    };
    assert_eq!(read_reply(body.as_bytes()).unwrap(), expected);
    let steps = read(format!("data: {}\n\n", body.replace('\n', "")).as_bytes()).unwrap();
    assert_eq!(folded(&steps), expected);
}

/// What a writer makes of these steps.
fn stream(steps: &[Step<'_>]) -> String {
    let mut writer = Writer::new(&caller(), 0);
    let mut out = Vec::new();
    steps.iter().for_each(|step| writer.write(step, &mut out));
    writer.finish(&mut out);
    assert!(writer.end_mark().is_empty());
    String::from_utf8(out).unwrap()
}

#[test]
fn a_stream_that_says_nothing_has_an_end() {
    let expected = concat!(
        r#"data: {"candidates":[{"content":{"role":"model"},"finishReason":"OTHER","index":0}],"#,
        r#""modelVersion":"alias"}"#,
        "\r\n\r\n"
    );
    assert_eq!(stream(&[]), expected);
}

#[test]
fn a_call_that_is_none_is_malformed() {
    for json in ["{\"a\":", "[]", "7"] {
        let told = stream(&[
            Step::CallBegin { choice: 0, call: 0, id: "1".into(), name: "f".into() },
            Step::CallInput { choice: 0, call: 0, json: json.into() },
            Step::Finish { choice: 0, reason: FinishReason::ToolCalls, stop_sequence: None },
        ]);
        assert!(told.contains(r#""finishReason":"MALFORMED_FUNCTION_CALL""#), "{told}");
        assert!(!told.contains("functionCall"), "{told}");
    }
}

#[test]
fn each_candidate_ends_once_and_calls_are_why() {
    let event = concat!(
        r#"data: {"candidates":["#,
        r#"{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP"},"#,
        r#"{"index":1,"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}"#
    );
    let steps = read(format!("{event}\n\n{event}\n\n").as_bytes()).unwrap();
    let ends: Vec<_> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Finish { choice, reason, .. } => Some((*choice, *reason)),
            _ => None,
        })
        .collect();
    assert_eq!(ends, [(0, FinishReason::ToolCalls), (1, FinishReason::Stop)]);
    let begins = steps.iter().filter(|step| matches!(step, Step::Begin { .. })).count();
    assert_eq!(begins, 1);
}
