//! The SSE decoder against streams as they come: cut anywhere, ended by any line ending, too long.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use bytes::Bytes;
use common::Chance;
use inferlayer_wire::sse::{self, Decoder, Event, EventKind};

/// What a client would make of an event, and its bytes.
type Told = (EventKind, Option<String>, Vec<u8>, Vec<u8>);

fn told(event: Event) -> Told {
    let name = event.name().map(str::to_owned);
    (event.kind, name, event.data().into_owned(), event.raw.to_vec())
}

/// Decodes pieces to the end, with what is left unterminated last.
fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Told> {
    let mut decoder = Decoder::new(sse::DEFAULT_MAX_EVENT_BYTES);
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(Bytes::copy_from_slice(piece)).unwrap();
        events.extend(std::iter::from_fn(|| decoder.next()).map(told));
    }
    events.extend(decoder.finish().map(told));
    events
}

fn data(stream: &[u8]) -> Vec<Vec<u8>> {
    let events = decode([stream]).into_iter();
    events.filter(|told| told.0 == EventKind::Data).map(|told| told.2).collect()
}

const STREAMS: [&str; 12] = [
    "data: {\"a\":1}\n\ndata: [DONE]\n\n",
    "data: a\r\n\r\ndata: b\r\n\r\n",
    "data: a\r\rdata: b\r\r",
    "data: a\r\n\ndata: b\n\r\ndata: c\r\r\ndata: d\n\r",
    "\u{feff}data: a\n\ndata: b\n\n",
    "\u{feff}\n\ndata: a\n\n",
    ": keepalive\n\n: again\n: and again\n\ndata:x\n\n",
    "event: error\ndata: {\"error\":1}\nid: 7\nretry: 10\n\n",
    "data: {\ndata:  \"k\": \"é😀\"\ndata\ndata: }\n\n\n\n\r\n",
    "data: cut off",
    "event: ping\n\ndata:\n\ndata\n\ndatum: no\n\n data: no\n\n",
    "",
];

#[test]
fn the_cut_into_packets_makes_no_difference() {
    for stream in STREAMS.map(str::as_bytes) {
        let whole = decode([stream]);
        assert_eq!(decode(stream.chunks(1)), whole);
        for at in 0..=stream.len() {
            let (head, tail) = stream.split_at(at);
            assert_eq!(decode([head, tail]), whole, "{at}");
        }
    }
}

#[test]
fn random_streams_in_random_packets_are_told_alike_and_whole() {
    let parts =
        ["data: x", "data:é", ": c", "event: e", "\n", "\n", "\r\n", "\r\n", "\r", "\u{feff}"];
    let mut chance = Chance::new(7);
    for round in 0..2_000 {
        let length = chance.below(30);
        let stream: String = (0..length).map(|_| chance.pick(&parts)).collect();
        let whole = decode([stream.as_bytes()]);
        let raw: Vec<u8> = whole.iter().flat_map(|told| told.3.clone()).collect();
        assert_eq!(raw, stream.as_bytes(), "round {round}");

        let mut rest = stream.as_bytes();
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(1 + chance.below(rest.len()));
            pieces.push(piece);
            rest = more;
        }
        assert_eq!(decode(pieces), whole, "round {round}: {stream:?}");
    }
}

#[test]
fn every_line_ending_ends_an_event() {
    for ending in ["\n", "\r\n", "\r"] {
        let stream = format!(
            "data: a{ending}data: b{ending}{ending}: c{ending}{ending}data: d{ending}{ending}"
        );
        assert_eq!(data(stream.as_bytes()), [&b"a\nb"[..], b"d"], "{ending:?}");
    }
}

#[test]
fn fields_are_read_as_the_standard_says() {
    let cases: [(&str, &[&str]); 8] = [
        ("data:a\n\n", &["a"]),
        ("data:  a \n\n", &[" a "]),
        ("data\n\n", &[""]),
        ("data: a:b\n\n", &["a:b"]),
        ("data: a\ndata:\ndata: b\n\n", &["a\n\nb"]),
        ("Data: a\n\n data: a\n\ndata : a\n\n", &[]),
        (": data: a\n\nevent: x\n\n", &[]),
        ("id: 1\ndata: a\nunknown: b\nretry: x\n\n", &["a"]),
    ];
    for (stream, expected) in cases {
        let expected: Vec<Vec<u8>> = expected.iter().map(|data| data.as_bytes().to_vec()).collect();
        assert_eq!(data(stream.as_bytes()), expected, "{stream:?}");
    }
}

#[test]
fn a_byte_order_mark_counts_at_the_start_only() {
    assert_eq!(data("\u{feff}data: a\ndata: b\n\n".as_bytes()), [b"a\nb"]);
    assert_eq!(data("data: a\n\n\u{feff}data: b\n\n".as_bytes()), [b"a"]);
}

#[test]
fn the_last_event_name_holds() {
    let names: Vec<Option<String>> =
        decode([&b"event: a\nevent: b\ndata: x\n\ndata: y\n\nevent:\ndata: z\n\n"[..]])
            .into_iter()
            .map(|told| told.1)
            .collect();
    assert_eq!(names, [Some("b".to_owned()), None, None]);
}

#[test]
fn an_event_is_ready_as_soon_as_its_blank_line_is() {
    let mut decoder = Decoder::new(100);
    decoder.push(Bytes::from_static(b"data: a\n\ndata: b\n")).unwrap();
    assert_eq!(&decoder.next().unwrap().data()[..], b"a");
    assert!(decoder.next().is_none());
    decoder.push(Bytes::from_static(b"\n")).unwrap();
    assert_eq!(&decoder.next().unwrap().raw[..], b"data: b\n\n");
    assert!(decoder.finish().is_none());
}

#[test]
fn events_within_one_packet_are_not_copied() {
    let packet = Bytes::from_static(b"data: a\n\ndata: b\n\n");
    let mut decoder = Decoder::new(100);
    decoder.push(packet.clone()).unwrap();
    assert_eq!(decoder.next().unwrap().raw.as_ptr(), packet.as_ptr());
    assert_eq!(decoder.next().unwrap().raw.as_ptr(), packet.slice(9..).as_ptr());
}

#[test]
fn only_done_is_done() {
    let done = |stream: &'static str| {
        let mut decoder = Decoder::new(100);
        decoder.push(Bytes::from_static(stream.as_bytes())).unwrap();
        decoder.next().unwrap().is_done()
    };
    assert!(done("data: [DONE]\n\n") && done("data:[DONE]\n\n") && done("data: [DONE] \r\n\n"));
    assert!(!done("data: \"[DONE]\"\n\n") && !done(": [DONE]\n\n"));
    assert!(!done("data: [DONE]\ndata: x\n\n") && !done("event: [DONE]\n\n"));
}

#[test]
fn an_event_at_the_limit_passes_and_one_byte_more_fails_however_cut() {
    let event = b"data: 12345\n\n";
    for packet in 1..=event.len() {
        let push_all = |limit| {
            let mut decoder = Decoder::new(limit);
            let mut packets = event.chunks(packet).map(Bytes::copy_from_slice);
            packets.try_for_each(|packet| decoder.push(packet))
        };
        assert!(push_all(event.len()).is_ok(), "{packet}");
        assert_eq!(push_all(event.len() - 1).unwrap_err().max_event_bytes, 12, "{packet}");
    }
}

#[test]
fn what_comes_before_an_event_too_long_is_still_told_and_nothing_after() {
    let mut decoder = Decoder::new(10);
    assert!(
        decoder.push(Bytes::from_static(b"data: a\n\ndata: 1234567890\n\ndata: b\n\n")).is_err()
    );
    assert_eq!(&decoder.next().unwrap().data()[..], b"a");
    assert!(decoder.push(Bytes::from_static(b"data: c\n\n")).is_err());
    assert!(decoder.next().is_none());
    assert!(decoder.finish().is_none());
}

#[test]
fn debug_output_holds_no_content() {
    let mut decoder = Decoder::new(100);
    decoder.push(Bytes::from_static(b"data: secret\n\n")).unwrap();
    assert!(!format!("{:?}", decoder.next()).contains("secret"));
}

#[test]
fn what_we_write_we_read() {
    let written = [sse::data(b"{\n\"a\":1}"), sse::comment("cost\ndata: 1"), sse::data(b"x")];
    assert_eq!(data(&written.concat()), [&b"{\n\"a\":1}"[..], b"x"]);
}
