//! Answers and streams of responses for callers of responses: bytes as they came, and their facts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use inferlayer_wire::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder};
use inferlayer_wire::{
    Api, Call, Completion, FinishReason, Meaning, NotAnswer, Piece, StreamReader, Usage,
};

fn call() -> Call {
    Call::parse(Api::Responses, r#"{"model":"m","input":"hi","stream":true}"#.into()).unwrap()
}

fn facts(body: &str) -> Completion {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let answer = call().read_answer(Api::Responses, 0, body.clone()).unwrap();
    assert_eq!(answer.body, body);
    answer.facts
}

/// What comes of a stream, and its end mark.
fn pieces(stream: &str) -> (Vec<Piece>, Bytes, bool) {
    let mut reader = StreamReader::new(&call(), Api::Responses, 0);
    let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
    decoder.push(Bytes::copy_from_slice(stream.as_bytes())).unwrap();
    let mut pieces = Vec::new();
    while let Some(event) = decoder.next().or_else(|| decoder.finish()) {
        pieces.push(reader.read(&event));
    }
    (pieces, reader.end_mark(), reader.is_finished())
}

const USAGE: &str = r#""usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":4},
    "output_tokens":5,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":14}"#;

fn usage() -> Usage {
    Usage {
        input_tokens: 9,
        cached_input_tokens: 4,
        cache_write_input_tokens: 0,
        output_tokens: 5,
        reasoning_tokens: 2,
    }
}

#[test]
fn tells_the_facts_of_an_answer() {
    let told = facts(&format!(
        r#"{{"id":"resp_1","object":"response","model":"gpt","status":"completed","error":null,
        "service_tier":"priority","incomplete_details":null,"output":[
        {{"type":"reasoning","id":"rs_1","summary":[{{"type":"summary_text","text":"ab"}}]}},
        {{"type":"message","id":"msg_1","content":[
            {{"type":"output_text","text":"cdé","annotations":[{{"title":"x"}}]}},
            {{"type":"refusal","refusal":"no"}}]}},
        {{"type":"function_call","call_id":"c","name":"f","arguments":"{{}}"}}],{USAGE}}}"#
    ));
    let expected = Completion {
        usage: Some(usage()),
        model: Some("gpt".to_owned()),
        id: Some("resp_1".to_owned()),
        finish_reasons: vec![FinishReason::ToolCalls],
        output_bytes: 2 + 4 + 2 + 3,
        tool_calls: true,
        is_error: false,
        service_tier: Some("priority".to_owned()),
    };
    assert_eq!(told, expected);
}

#[test]
fn an_answer_s_status_says_how_it_ended() {
    for (members, reasons, is_error) in [
        (r#""status":"completed""#, vec![FinishReason::Stop], false),
        (
            r#""status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}"#,
            vec![FinishReason::Length],
            false,
        ),
        (
            r#""status":"incomplete","incomplete_details":{"reason":"content_filter"}"#,
            vec![FinishReason::ContentFilter],
            false,
        ),
        (r#""status":"incomplete","incomplete_details":7"#, vec![FinishReason::Other], false),
        (r#""status":"failed","error":{"code":"server_error"}"#, vec![], true),
        (r#""status":"failed""#, vec![], true),
        (r#""status":7"#, vec![], false),
    ] {
        let told = facts(&format!(r#"{{{members},"output":[]}}"#));
        assert_eq!((told.finish_reasons, told.is_error), (reasons, is_error), "{members}");
    }
    assert!(facts(r#"{"error":{"message":"no"}}"#).is_error);
}

#[test]
fn odd_members_cost_just_their_facts() {
    let told = facts(
        r#"{"id":7,"model":["m"],"usage":{"input_tokens":-1},"status":"completed",
        "output":[{"type":"tool_search_call","arguments":{"x":1},"content":null},{"content":"ab"},
        {"type":"message","content":[{"type":"output_text","text":"abc"},{"text":7}]}]}"#,
    );
    assert_eq!((told.id, told.model, told.usage), (None, None, None));
    assert_eq!(told.output_bytes, 3);
    for none in ["", "{}", "<html>", "[]", r#"{"detail":"no"}"#, r#"{"output":["#] {
        let read = call().read_answer(Api::Responses, 0, none.into());
        assert_eq!(read, Err(NotAnswer::Other), "{none}");
    }
    let odd = call().read_answer(Api::Responses, 0, r#"{"output":"x"}"#.into()).unwrap();
    assert_eq!(odd.facts.output_bytes, 14);
}

#[test]
fn a_stream_passes_and_its_last_event_is_the_end_mark() {
    let first = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":\
        {\"id\":\"resp_1\",\"model\":\"gpt\",\"usage\":null},\"sequence_number\":0}\n\n";
    let call = "data: {\"type\":\"response.output_item.added\",\"item\":\
        {\"type\":\"function_call\",\"name\":\"fn\",\"arguments\":\"\"}}\n\n";
    let text = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"h\u{e9}\"}\n\n";
    let more = "data: {\"type\":\"response.function_call_arguments.delta\",\"delta\":\"{}\"}\n\n";
    let done = "data: {\"type\":\"response.output_item.done\",\"item\":\
        {\"type\":\"function_call\",\"name\":\"fn\",\"arguments\":\"{}\"}}\n\n";
    let end = format!(
        "event: response.completed\ndata: {{\"type\":\"response.completed\",\"response\":\
         {{\"status\":\"completed\",\"output\":[{{\"type\":\"function_call\"}}],{}}}}}\n\n",
        USAGE.replace('\n', "")
    );
    let body = [first, ": ping\n\n", call, text, more, done].concat();
    let (pieces, end_mark, finished) = pieces(&format!("{body}{end}data: [DONE]\n\n"));
    let passed: Vec<u8> = pieces.iter().flat_map(|piece| piece.bytes.to_vec()).collect();
    assert_eq!(String::from_utf8(passed).unwrap(), body);
    assert_eq!((end_mark, finished), (Bytes::from(end), true));
    let facts: Vec<_> = pieces.iter().filter_map(|piece| piece.facts.as_ref()).collect();
    assert_eq!(facts[0].id.as_deref(), Some("resp_1"));
    assert_eq!(facts.iter().map(|facts| facts.output_bytes).sum::<u64>(), 2 + 3 + 2);
    assert!(facts[1].tool_calls && !facts[0].tool_calls);
    let last = facts.last().unwrap();
    assert_eq!((last.usage, last.finished), (Some(usage()), true));
    assert_eq!(last.finish_reasons, [FinishReason::ToolCalls]);
    assert_eq!(pieces[6].meaning, Meaning::End);
    assert!(facts[..5].iter().all(|facts| !facts.finished));
}

#[test]
fn a_cut_end_gets_its_blank_line_and_a_cut_answer_none() {
    let end =
        r#"data: {"type":"response.incomplete","response":{"status":"incomplete","output":7}}"#;
    let (pieces_, end_mark, finished) = pieces(end);
    assert_eq!((end_mark, finished), (Bytes::from(format!("{end}\n\n")), true));
    assert_eq!(pieces_[0].meaning, Meaning::End);
    let (_, end_mark, finished) =
        pieces("data: {\"type\":\"response.output_item.done\"}\n\ndata: [DONE]\n\n");
    assert_eq!((end_mark, finished), (Bytes::new(), false));
}

#[test]
fn errors_and_nonsense_are_told_apart() {
    for (event, meaning) in [
        (r#"{"type":"response.failed","response":{"status":"failed"}}"#, Meaning::Error),
        (r#"{"type":"error","code":null,"message":"no","param":null}"#, Meaning::Error),
        (r#"{"error":{"message":"no"}}"#, Meaning::Error),
        (r#"{"type":"response.of_tomorrow","x":[]}"#, Meaning::Content),
        (r#"{"type":"response.output_item.added","item":7}"#, Meaning::Content),
        ("[]", Meaning::Content),
        ("<html>", Meaning::Garbage),
        (" ", Meaning::Aside),
    ] {
        let (pieces, ..) = pieces(&format!("data: {event}\n\n"));
        assert_eq!(pieces[0].meaning, meaning, "{event}");
        let told = pieces[0].facts.as_ref().is_some_and(|facts| facts.error);
        assert_eq!(told, meaning == Meaning::Error, "{event}");
    }
    let (pieces, ..) = pieces("event: error\ndata: <html>\n\n");
    assert_eq!(pieces[0].meaning, Meaning::Error);
}
