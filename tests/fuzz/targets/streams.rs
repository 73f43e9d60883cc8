//! Whatever a provider streams, its caller gets whole events of JSON, the same ones however the
//! stream was cut.
#![no_main]

use inferlayer_fuzz::{call, events, way};
use inferlayer_wire::sse::EventKind;
use inferlayer_wire::{Api, Meaning, StreamReader};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (ways, piece, stream) = input;
    let (caller, provider) = way(ways);
    let whole = told(caller, provider, stream, stream.len());
    assert_eq!(whole, told(caller, provider, stream, usize::from(piece)));
    if caller == provider {
        return;
    }
    for event in events(&whole, whole.len()) {
        let good = event.kind == EventKind::Comment
            || event.is_done()
            || serde_json::from_slice::<Value>(&event.data()).is_ok();
        assert!(good, "{caller:?} of {provider:?}");
    }
});

/// What the caller gets.
fn told(caller: Api, provider: Api, stream: &[u8], piece: usize) -> Vec<u8> {
    let mut reader = StreamReader::new(&call(caller, true), provider, 7);
    let mut bytes = Vec::new();
    for event in events(stream, piece) {
        let piece = reader.read(&event);
        bytes.extend_from_slice(&piece.bytes);
        match piece.meaning {
            Meaning::End => {
                bytes.extend_from_slice(&reader.end_mark());
                return bytes;
            }
            Meaning::Error | Meaning::Garbage => return bytes,
            Meaning::Aside | Meaning::Content => {}
        }
    }
    if reader.is_finished() {
        bytes.extend_from_slice(&reader.finish());
        bytes.extend_from_slice(&reader.end_mark());
    }
    bytes
}
