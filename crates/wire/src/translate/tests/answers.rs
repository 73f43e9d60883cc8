//! Answers and streams of one dialect, told in another, say the same.

use bytes::Bytes;

use super::{caller, pairs};
use crate::neutral::arbitrary::{self, Chance, Reach, folded};
use crate::neutral::{Choice, Content, Reply, Step};
use crate::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder, Event};
use crate::translate::{chat, generate, messages, reader, responses, write_reply, writer};
use crate::{Api, Meaning, StreamReader, Usage};

#[test]
fn an_answer_says_the_same_in_any_two_dialects() {
    for (from, to) in pairs() {
        let mut chance = Chance::new(12);
        for _ in 0..300 {
            let reply = arbitrary::reply(&mut chance, &Reach::default());
            let body = write_reply(&caller(from.api, false), &reply, 0).unwrap();
            let answer = caller(to.api, false).read_answer(from.api, 0, body.into()).unwrap();
            let told = said(read(to.api, &answer.body));
            assert_eq!(told, said(reply), "{:?} {:?}: {:?}", from.api, to.api, answer.body);
        }
    }
}

#[test]
fn a_stream_says_the_same_in_any_two_dialects() {
    for (from, to) in pairs() {
        let mut chance = Chance::new(13);
        for _ in 0..300 {
            let reply = arbitrary::reply(&mut chance, &Reach::default());
            let stream = written(from.api, &steps(&reply, &mut chance));
            let told = told(from.api, to.api, &stream);
            let again = said(folded(&read_steps(to.api, &told)));
            let text = String::from_utf8_lossy(&told);
            assert_eq!(again, said(reply), "{:?} {:?}: {text}", from.api, to.api);
        }
    }
}

fn read(api: Api, body: &[u8]) -> Reply<'_> {
    let read = match api {
        Api::Chat => chat::read_reply(body),
        Api::Responses => responses::read_reply(body),
        Api::Messages => messages::read_reply(body),
        _ => generate::read_reply(body),
    };
    read.unwrap()
}

/// What an answer says, without the names it goes by; unknown counts are none.
fn said(reply: Reply<'_>) -> (Vec<Choice<'_>>, Usage) {
    (reply.choices, reply.usage.unwrap_or_default())
}

/// The answer in pieces, counts before or behind its end.
fn steps(reply: &Reply<'static>, chance: &mut Chance) -> Vec<Step<'static>> {
    let Reply { id, model, choices, usage, .. } = reply.clone();
    let mut steps = vec![Step::Begin { id, model, usage: None }];
    let mut calls = 0;
    let Some(Choice { contents, finish, .. }) = choices.into_iter().next() else { return steps };
    for content in contents {
        match content {
            Content::Text(text) => pieces(&text, chance, |text| {
                steps.push(Step::Text { choice: 0, text: text.into() });
            }),
            Content::Call { id, name, input } => {
                let call = calls;
                calls += 1;
                steps.push(Step::CallBegin { choice: 0, call, id, name });
                pieces(input.get(), chance, |json| {
                    steps.push(Step::CallInput { choice: 0, call, json: json.into() });
                });
            }
            other => panic!("{other:?}"),
        }
    }
    let reason = finish.unwrap();
    let end = Some(Step::Finish { choice: 0, reason, stop_sequence: None });
    let usage = usage.map(Step::Usage);
    let last = if chance.coin() { [usage, end] } else { [end, usage] };
    steps.extend(last.into_iter().flatten());
    steps
}

/// Cuts a text in two, none of them empty, or not.
fn pieces(text: &str, chance: &mut Chance, mut each: impl FnMut(String)) {
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).skip(1).collect();
    match ends.len() {
        0 => each(text.to_owned()),
        count => {
            let (first, last) = text.split_at(ends[chance.below(count)]);
            [first, last].into_iter().for_each(|piece| each(piece.to_owned()));
        }
    }
}

fn written(api: Api, steps: &[Step<'_>]) -> Vec<u8> {
    let mut writer = writer(&caller(api, true), 0).unwrap();
    let mut out = Vec::new();
    steps.iter().for_each(|step| writer.write(step, &mut out));
    writer.finish(&mut out);
    out.extend_from_slice(&writer.end_mark());
    out
}

fn events(stream: &[u8]) -> Vec<Event> {
    let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
    decoder.push(Bytes::copy_from_slice(stream)).unwrap();
    std::iter::from_fn(|| decoder.next()).collect()
}

/// What a caller of one dialect gets of a provider's stream in another.
fn told(from: Api, to: Api, stream: &[u8]) -> Vec<u8> {
    let mut reader = StreamReader::new(&caller(to, true), from, 0);
    let mut told = Vec::new();
    for event in events(stream) {
        let piece = reader.read(&event);
        assert_ne!(piece.meaning, Meaning::Garbage, "{}", String::from_utf8_lossy(&event.raw));
        told.extend_from_slice(&piece.bytes);
    }
    assert!(reader.is_finished());
    told.extend_from_slice(&reader.finish());
    told.extend_from_slice(&reader.end_mark());
    told
}

fn read_steps(api: Api, stream: &[u8]) -> Vec<Step<'static>> {
    let mut reader = reader(api).unwrap();
    let mut steps = Vec::new();
    for event in events(stream).into_iter().filter(|event| !event.is_done()) {
        reader.read(&event, &mut |step| steps.push(step.kept())).unwrap();
    }
    steps
}
