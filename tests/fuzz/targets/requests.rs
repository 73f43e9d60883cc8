//! A request that passes reaches a provider of its dialect as good JSON, with nothing changed but
//! the model and the wish for usage.
#![no_main]

use bytes::Bytes;
use inferlayer_fuzz::{APIS, asked};
use inferlayer_wire::{Call, Target, Vendor};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: (u8, bool, &[u8])| {
    let (which, stream, body) = input;
    let api = APIS[usize::from(which) % APIS.len()];
    let Ok(call) = Call::parse(asked(api, stream), Bytes::copy_from_slice(body)) else { return };
    let target = Target { api, ..Target::main(Vendor::OpenAi, "another \"model\"") };
    let sent = call.for_provider(&target).expect("the same dialect can always be asked");
    let read = |body: &[u8]| serde_json::from_slice::<Value>(body).expect("an object");
    let (mut before, mut after) = (read(body), read(&sent));
    for value in [&mut before, &mut after] {
        let members = value.as_object_mut().expect("an object");
        members.remove("model");
        members.remove("stream_options");
    }
    assert_eq!(before, after);
    let again = Call::parse(asked(api, stream), sent).expect("it is a good request still");
    assert_eq!((again.stream(), again.choices()), (call.stream(), call.choices()));
    assert_eq!(again.max_output_tokens(), call.max_output_tokens());
});
