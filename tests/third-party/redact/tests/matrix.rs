//! No address in any byte that a client gets, and every other byte as it was: four dialects and the
//! twelve pairs of translation, whole and streamed, the address split at every byte.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod dialects;

use bytes::Bytes;
use dialects::{DIALECTS, Dialect, answer, request, stream};
use inferlayer_filter::{ChunkForm, Exchange, ResponseTexts, testkit};
use inferlayer_redact::{Addresses, HELD_BYTES_MAX, Redact};
use inferlayer_wire::texts::{Item, Texts};
use inferlayer_wire::{Api, Asked, Call, Meaning, StreamReader, sse};

const MASK: &str = "[email]";
const TEXT: &str = "Mail jo.doe@example.com (or é@x.io), bye";
const ARGUMENTS: &str = r#"{"to":"jo.doe@example.com","cc":"nobody"}"#;
const CREATED: u64 = 1_792_540_800;

fn masked(text: &str) -> String {
    let mut out = text.to_owned();
    for range in Addresses::find(text, true).ranges.into_iter().rev() {
        out.replace_range(range, MASK);
    }
    out
}

fn call(caller: &Dialect, streamed: bool) -> Call {
    let body = request(caller.api, streamed, "Hello");
    let model = (caller.api == Api::Generate).then(|| "m".to_owned());
    Call::parse(Asked { api: caller.api, model, stream: streamed }, body.into()).unwrap()
}

fn exchange() -> Exchange {
    testkit::chat(&request(Api::Chat, false, "Hello")).unwrap()
}

/// The events that a caller gets of a provider's stream without any filter, those at the end that
/// the gateway writes included.
fn events(caller: &Dialect, provider: &Dialect, stream: impl Into<Bytes>) -> Vec<Bytes> {
    let mut reader = StreamReader::new(&call(caller, true), provider.api, CREATED);
    let mut decoder = sse::Decoder::new(usize::MAX);
    decoder.push(stream.into()).unwrap();
    let mut out = Vec::new();
    while let Some(event) = decoder.next().or_else(|| decoder.finish()) {
        let piece = reader.read(&event);
        assert!(!matches!(piece.meaning, Meaning::Garbage | Meaning::Error), "{event:?}");
        out.extend(sse::split(piece.bytes));
    }
    assert!(reader.is_finished());
    out.extend(sse::split(reader.finish()));
    out.extend(sse::split(reader.end_mark()));
    out
}

/// What the client gets of them.
fn filtered(events: &[Bytes], form: ChunkForm) -> Vec<Bytes> {
    let redact = Redact { mask: MASK.to_owned() };
    let (mut x, mut out) = (exchange(), Vec::new());
    let mut texts = ResponseTexts::new(Box::new(redact));
    for (n, event) in events.iter().enumerate() {
        texts.push(&mut x, event.clone(), form, &mut out).unwrap();
        assert!(out.len() <= n + 1);
    }
    texts.finish(&mut x, &mut out).unwrap();
    assert!(x.answer.edited_texts > 0);
    out
}

/// The document without its texts: what no filter may change.
fn blank(event: &Bytes, form: ChunkForm) -> Bytes {
    let texts = view(event, form);
    let mut edits = Vec::new();
    texts.each(|text| edits.push(text.edit(0..text.text.len(), "")));
    texts.edited(&edits)
}

fn view(event: &Bytes, form: ChunkForm) -> Texts {
    match form {
        ChunkForm::Event => Texts::of_event(event),
        _ => Texts::of_response(event),
    }
}

/// The texts of a response by their channels, and those that stand for themselves.
fn joined(chunks: &[Bytes], form: ChunkForm) -> Vec<String> {
    let (mut channels, mut alone) = (Vec::new(), Vec::new());
    for (n, chunk) in chunks.iter().enumerate() {
        view(chunk, form).items(|item| {
            let Item::Text(text) = item else { return };
            let Some(channel) = text.channel else { return alone.push(text.text.into_owned()) };
            // What an event repeats is a text of this event.
            let key = (channel, channel.is_whole.then_some(n));
            match channels.iter_mut().find(|(known, _)| *known == key) {
                Some((_, all)) => *all += &*text.text,
                None => channels.push((key, text.text.into_owned())),
            }
        });
    }
    channels.into_iter().map(|(_, text)| text).chain(alone).collect()
}

fn check(before: &[Bytes], after: &[Bytes], form: ChunkForm, name: &str) {
    assert_eq!(before.len(), after.len(), "{name}");
    let all = String::from_utf8(after.concat()).unwrap();
    for address in ["jo.doe", "example", "x.io", "@", "\\u0040"] {
        assert!(!all.contains(address), "{name}: {address} in {all}");
    }
    for (before, after) in before.iter().zip(after) {
        assert_eq!(blank(before, form), blank(after, form), "{name}");
    }
    let expected: Vec<String> = joined(before, form).iter().map(|text| masked(text)).collect();
    assert_eq!(joined(after, form), expected, "{name}");
}

#[test]
fn a_whole_answer_is_the_one_that_says_the_mask() {
    for caller in &DIALECTS {
        for provider in &DIALECTS {
            let read = |text: &str, arguments: &str| {
                let body = answer(provider.api, text, arguments);
                call(caller, false).read_answer(provider.api, CREATED, body.into()).unwrap().body
            };
            let name = format!("{} to {}", provider.name, caller.name);
            let before = read(TEXT, ARGUMENTS);
            let after = filtered(std::slice::from_ref(&before), ChunkForm::Whole).concat();
            let expected = read(&masked(TEXT), &masked(ARGUMENTS));
            assert_eq!(Bytes::from(after.clone()), expected, "{name}");
            check(&[before], &[after.into()], ChunkForm::Whole, &name);
        }
    }
}

#[test]
fn a_stream_that_says_it_at_once_or_split_at_every_byte() {
    for caller in &DIALECTS {
        for provider in &DIALECTS {
            let name = format!("{} to {}", provider.name, caller.name);
            let run = |pieces: &[&str], arguments: &[&str]| {
                let stream = stream(provider.api, pieces, arguments);
                let before = events(caller, provider, stream);
                let after = filtered(&before, ChunkForm::Event);
                check(&before, &after, ChunkForm::Event, &format!("{name}: {pieces:?}"));
            };
            run(&[TEXT], &[ARGUMENTS]);
            for at in (1..TEXT.len()).filter(|at| TEXT.is_char_boundary(*at)) {
                let (first, second) = TEXT.split_at(at);
                let (begin, end) = ARGUMENTS.split_at(at.min(ARGUMENTS.len()));
                run(&[first, second], &[begin, end]);
            }
            let letters = |text: &'static str| -> Vec<&str> {
                text.char_indices().map(|(at, l)| &text[at..at + l.len_utf8()]).collect()
            };
            run(&letters(TEXT), &letters(ARGUMENTS));
        }
    }
}

#[test]
fn packets_make_no_difference() {
    for provider in &DIALECTS {
        let bytes = Bytes::from(stream(provider.api, &[TEXT], &[ARGUMENTS]));
        let mut whole = sse::Decoder::new(usize::MAX);
        whole.push(bytes.clone()).unwrap();
        let raw = |decoder: &mut sse::Decoder| -> Vec<Bytes> {
            std::iter::from_fn(|| decoder.next()).map(|event| event.raw).collect()
        };
        let expected = raw(&mut whole);
        for at in 0..bytes.len() {
            let mut decoder = sse::Decoder::new(usize::MAX);
            decoder.push(bytes.slice(..at)).unwrap();
            let mut events = raw(&mut decoder);
            decoder.push(bytes.slice(at..)).unwrap();
            events.extend(raw(&mut decoder));
            assert_eq!(events, expected, "{} {at}", provider.name);
        }
    }
}

/// Without an address nothing changes, and an event waits only while its end is in doubt.
#[test]
fn a_stream_without_addresses_keeps_every_byte() {
    let words = ["One", " two", " three.", " Four@", " five, a", "@", " b", "."];
    for caller in &DIALECTS {
        for provider in &DIALECTS {
            let before = events(caller, provider, stream(provider.api, &words, &["{}"]));
            let mut texts = ResponseTexts::new(Box::new(Redact { mask: MASK.to_owned() }));
            let (mut x, mut out) = (exchange(), Vec::new());
            for (n, event) in before.iter().enumerate() {
                texts.push(&mut x, event.clone(), ChunkForm::Event, &mut out).unwrap();
                assert!(out.len() + 3 > n, "{} to {}", provider.name, caller.name);
            }
            texts.finish(&mut x, &mut out).unwrap();
            assert_eq!(out, before, "{} to {}", provider.name, caller.name);
            assert_eq!(x.answer.edited_texts, 0);
        }
    }
}

/// Runs of letters that could become an address are held up to a bound.
#[test]
fn what_is_held_has_a_bound() {
    let redact = Redact { mask: MASK.to_owned() };
    let mut texts = ResponseTexts::new(Box::new(redact));
    let (mut x, mut out) = (exchange(), Vec::new());
    let run = "x".repeat(16);
    let piece = |text: &str| {
        format!(r#"data: {{"choices":[{{"index":0,"delta":{{"content":"{text}"}}}}]}}{}"#, "\n\n")
    };
    for n in 0..4000 {
        let text = if n == 2000 { "@" } else { &run };
        texts.push(&mut x, piece(text).into(), ChunkForm::Event, &mut out).unwrap();
        assert!(n - out.len() < HELD_BYTES_MAX / run.len() + 1, "{n}");
    }
    texts.finish(&mut x, &mut out).unwrap();
    assert_eq!(out.len(), 4000);
    assert_eq!(x.answer.edited_texts, 1);
}

/// A text that seemed to have ended and goes on is still read with its beginning.
#[test]
fn a_text_that_is_interrupted_gives_no_address_away() {
    let piece = |member: &str, text: &str| {
        let delta = format!(r#"{{"index":0,"delta":{{"{member}":"{text}"}}}}"#);
        Bytes::from(format!("data: {{\"choices\":[{delta}]}}\n\n"))
    };
    for at in 1.."jo.doe@example.com".len() {
        let (first, second) = "jo.doe@example.com".split_at(at);
        let before = [
            piece("content", first),
            piece("reasoning_content", "hm "),
            piece("content", second),
            piece("content", " bye"),
        ];
        let after = filtered(&before, ChunkForm::Event);
        let told = joined(&after, ChunkForm::Event);
        assert!(!told.iter().any(|text| text.contains('@')), "{at}: {told:?}");
    }
}

/// Two answers come side by side, each with its own half of an address.
#[test]
fn answers_that_come_together_are_read_apart() {
    let piece = |choice: u32, text: &str| {
        let delta = format!(r#"{{"index":{choice},"delta":{{"content":"{text}"}}}}"#);
        Bytes::from(format!("data: {{\"choices\":[{delta}]}}\n\n"))
    };
    let before = [
        piece(0, "a jo.d"),
        piece(1, "b é@x"),
        piece(0, "oe@exam"),
        piece(1, ".io c"),
        piece(0, "ple.com d"),
    ];
    let after = filtered(&before, ChunkForm::Event);
    check(&before, &after, ChunkForm::Event, "two choices");
}

#[test]
fn a_request_of_each_dialect_is_masked_and_nothing_else() {
    for dialect in &DIALECTS {
        let parse = |text: &str| {
            let model = (dialect.api == Api::Generate).then(|| "m".to_owned());
            let asked = Asked { api: dialect.api, model, stream: false };
            Call::parse(asked, request(dialect.api, false, text).into()).unwrap()
        };
        let edit = |text: &inferlayer_wire::texts::Text<'_>| {
            let found = Addresses::find(&text.text, true).ranges.into_iter();
            found.map(|range| text.edit(range, MASK)).collect()
        };
        let (edited, _) = parse(TEXT).edited(edit).unwrap().unwrap();
        assert_eq!(edited.body(), parse(&masked(TEXT)).body(), "{}", dialect.name);
    }
}
