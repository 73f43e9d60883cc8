//! Events are the same however the stream was cut, and together they are the stream.
#![no_main]

use inferlayer_fuzz::events;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (piece, stream) = input;
    let whole = events(stream, stream.len());
    let cut = events(stream, usize::from(piece));
    let bytes = |events: &[inferlayer_wire::sse::Event]| -> Vec<u8> {
        events.iter().flat_map(|event| event.raw.to_vec()).collect()
    };
    assert_eq!(bytes(&whole), stream);
    assert_eq!(whole.len(), cut.len());
    for (one, other) in whole.iter().zip(&cut) {
        assert_eq!((&one.raw, one.kind, one.data()), (&other.raw, other.kind, other.data()));
        assert_eq!((one.name(), one.is_done()), (other.name(), other.is_done()));
    }
});
