//! Streams read event by event: what passes, what is withheld or told anew, and what it means.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use bytes::Bytes;
use inferlayer_wire::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder, Event};
use inferlayer_wire::{Api, Call, Meaning, Piece, StreamReader, Usage};

const CREATED: u64 = 1_792_540_800;

fn chat(members: &str) -> Call {
    let body = format!(r#"{{"model":"m","messages":[{{}}],"stream":true{members}}}"#);
    Call::parse(Api::Chat, body.into()).unwrap()
}

fn messages() -> Call {
    let body = r#"{"model":"m","max_tokens":9,"messages":[{}],"stream":true}"#;
    Call::parse(Api::Messages, body.into()).unwrap()
}

const ASKS_FOR_USAGE: &str = r#","stream_options":{"include_usage":true}"#;

/// The events of a stream that comes in these packets, an unterminated one last.
fn events<'a>(packets: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
    let mut events = Vec::new();
    for packet in packets {
        decoder.push(Bytes::copy_from_slice(packet)).unwrap();
        events.extend(std::iter::from_fn(|| decoder.next()));
    }
    events.extend(decoder.finish());
    events
}

/// What a caller gets of a stream, event by event and at its end; whether it is finished; and the
/// end mark.
fn read(call: &Call, provider: Api, events: &[Event]) -> (Vec<Piece>, bool, Bytes) {
    let mut reader = StreamReader::new(call, provider, CREATED);
    let mut pieces: Vec<Piece> = events.iter().map(|event| reader.read(event)).collect();
    if reader.is_finished() {
        let unsaid = reader.finish();
        pieces.push(Piece { bytes: unsaid, facts: None, meaning: Meaning::Aside });
    }
    (pieces, reader.is_finished(), reader.end_mark())
}

fn one(call: &Call, provider: Api, event: &str) -> Piece {
    read(call, provider, &events([event.as_bytes()])).0.remove(0)
}

fn golden(folder: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let paths = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let streams = paths.filter(|path| path.extension().is_some_and(|extension| extension == "sse"));
    streams.map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn the_cut_into_packets_makes_no_difference() {
    let ways = [
        (chat(ASKS_FOR_USAGE), Api::Chat, "openai/streams"),
        (chat(ASKS_FOR_USAGE), Api::Messages, "anthropic/streams"),
        (messages(), Api::Messages, "anthropic/streams"),
    ];
    for (call, provider, folder) in ways {
        for stream in golden(folder) {
            let whole = read(&call, provider, &events([&stream[..]]));
            for packet in [1, 2, 3, 7, 16, 61, 300] {
                assert_eq!(read(&call, provider, &events(stream.chunks(packet))), whole);
            }
        }
    }
}

#[test]
fn between_equals_the_caller_gets_the_provider_s_own_bytes() {
    for (call, provider, folder) in [
        (chat(ASKS_FOR_USAGE), Api::Chat, "openai/streams"),
        (messages(), Api::Messages, "anthropic/streams"),
    ] {
        for stream in golden(folder) {
            for event in events([&stream[..]]) {
                let piece = one(&call, provider, str::from_utf8(&event.raw).unwrap());
                let withheld = matches!(piece.meaning, Meaning::End | Meaning::Garbage);
                assert_eq!(piece.bytes, if withheld { Bytes::new() } else { event.raw });
            }
        }
    }
}

#[test]
fn an_event_that_passes_is_not_copied() {
    let packet = Bytes::from_static(b"data: {\"choices\":[]}\n\n");
    let mut decoder = Decoder::new(100);
    decoder.push(packet.clone()).unwrap();
    let piece = StreamReader::new(&chat(""), Api::Chat, CREATED).read(&decoder.next().unwrap());
    assert_eq!(piece.bytes.as_ptr(), packet.as_ptr());
}

#[test]
fn openai_s_events_mean_what_clients_make_of_them() {
    let meaning = |event: &str| {
        let piece = one(&chat(""), Api::Chat, event);
        (piece.meaning, piece.facts.is_some(), !piece.bytes.is_empty())
    };
    let chunk = r#"data: {"choices":[{"delta":{"content":"a"}}]}"#;
    assert_eq!(meaning(&format!("{chunk}\n\n")), (Meaning::Content, true, true));
    assert_eq!(meaning(": ping\n\n"), (Meaning::Aside, false, true));
    assert_eq!(meaning("data:\n\n"), (Meaning::Aside, false, true));
    assert_eq!(meaning("data: [DONE]\n\n"), (Meaning::End, false, false));
    assert_eq!(meaning("data: {\"timings\":1}\n\n"), (Meaning::Content, false, true));
    assert_eq!(meaning("data: {\"error\":{\"message\":\"m\"}}\n\n"), (Meaning::Error, true, true));
    for garbage in ["data: <html>\n\n", "data: {\"choices\":[{\"del", "data: [DONE\n\n"] {
        assert_eq!(meaning(garbage), (Meaning::Garbage, false, false), "{garbage}");
    }
}

#[test]
fn the_usage_frame_is_for_those_who_asked() {
    let frame =
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n";
    let usage = Some(Usage { input_tokens: 1, output_tokens: 2, ..Usage::default() });
    let withheld = one(&chat(""), Api::Chat, frame);
    assert_eq!((withheld.meaning, &withheld.bytes[..]), (Meaning::Aside, &b""[..]));
    assert_eq!(withheld.facts.unwrap().usage, usage);
    let passed = one(&chat(ASKS_FOR_USAGE), Api::Chat, frame);
    assert_eq!((passed.meaning, &passed.bytes[..]), (Meaning::Content, frame.as_bytes()));
    assert_eq!(passed.facts.unwrap().usage, usage);
}

#[test]
fn a_stream_of_messages_tells_usage_only_to_those_who_asked() {
    let stream = concat!(
        "data: {\"type\":\"message_start\",\"message\":{",
        "\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}\n\n",
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},",
        "\"usage\":{\"output_tokens\":2}}\n\n",
    );
    let told = |members| {
        let (pieces, ..) = read(&chat(members), Api::Messages, &events([stream.as_bytes()]));
        let text: Vec<u8> = pieces.iter().flat_map(|piece| piece.bytes.to_vec()).collect();
        let facts = pieces.iter().filter_map(|piece| piece.facts.as_ref());
        let usage = facts.filter_map(|facts| facts.usage).next_back();
        (String::from_utf8(text).unwrap().contains("prompt_tokens"), usage)
    };
    let usage = Some(Usage { input_tokens: 5, output_tokens: 2, ..Usage::default() });
    assert_eq!(told(""), (false, usage));
    assert_eq!(told(ASKS_FOR_USAGE), (true, usage));
}

#[test]
fn a_stream_is_finished_when_every_choice_is() {
    let end = "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n";
    let finished = |members: &str, stream: &str| {
        read(&chat(members), Api::Chat, &events([stream.as_bytes()])).1
    };
    assert!(finished("", end) && !finished("", "data: {\"choices\":[{}]}\n\n"));
    assert!(!finished(r#","n":2"#, end) && finished(r#","n":2"#, &end.repeat(2)));
}

#[test]
fn the_end_mark_is_the_caller_s() {
    let mark = |call: &Call, provider, stream: &str| {
        String::from_utf8(read(call, provider, &events([stream.as_bytes()])).2.to_vec()).unwrap()
    };
    let stop = "event: message_stop\r\ndata: {\"type\": \"message_stop\", \"x\":1}\r\n\r\n";
    let made = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    assert_eq!(mark(&chat(""), Api::Chat, "data: [DONE]\r\n\r\n"), "data: [DONE]\n\n");
    assert_eq!(mark(&chat(""), Api::Messages, stop), "data: [DONE]\n\n");
    assert_eq!(mark(&messages(), Api::Messages, stop), stop);
    assert_eq!(mark(&messages(), Api::Messages, stop.trim_end()), made);
    assert_eq!(mark(&messages(), Api::Messages, ""), made);
}

#[test]
fn chunks_tell_our_own_reader_what_the_events_told() {
    for stream in golden("anthropic/streams") {
        let call = chat(ASKS_FOR_USAGE);
        let (told, finished, _) = read(&call, Api::Messages, &events([&stream[..]]));
        let chunks: Vec<u8> = told.iter().flat_map(|piece| piece.bytes.to_vec()).collect();
        let (again, again_finished, _) = read(&call, Api::Chat, &events([&chunks[..]]));
        let sum = |pieces: &[Piece]| {
            let facts = || pieces.iter().filter_map(|piece| piece.facts.as_ref());
            let usage = facts().filter_map(|facts| facts.usage).next_back();
            // Not OpenAI's to tell.
            let usage = usage.map(|usage| Usage { cache_write_input_tokens: 0, ..usage });
            (usage, facts().any(|facts| facts.error), facts().any(|facts| facts.finished))
        };
        assert_eq!(sum(&again), sum(&told), "{}", String::from_utf8_lossy(&stream));
        assert_eq!(again_finished, finished);
        assert!(again.iter().all(|piece| piece.meaning != Meaning::Garbage));
    }
}

#[test]
fn whole_answers_that_are_none_are_refused() {
    for body in ["", "<html>", "[]", "null", "{}", "{\"content\":[{\"type\""] {
        for call in [chat(""), messages()] {
            assert!(call.read_answer(Api::Messages, CREATED, body.into()).is_err(), "{body}");
        }
    }
    let openai = chat("").read_answer(Api::Chat, CREATED, "{\"choices\":[]}".into()).unwrap();
    assert_eq!(&openai.body[..], b"{\"choices\":[]}");
}

#[test]
fn errors_for_callers_of_messages_are_told_in_their_words() {
    let told = |status, body: &'static str| {
        let body = messages().read_error(Api::Chat, status, body.into());
        String::from_utf8(body.to_vec()).unwrap()
    };
    assert_eq!(
        told(404, r#"{"error":{"message":"no \"m\"","type":"x","code":404}}"#),
        r#"{"type":"error","error":{"type":"not_found_error","message":"no \"m\""}}"#,
    );
    let page = told(400, "<html>");
    assert!(page.contains("invalid_request_error") && page.contains("with status 400"), "{page}");
}
