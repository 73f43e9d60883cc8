//! Whatever a provider answers, its caller gets JSON or nothing, and the count stays believable.
#![no_main]

use bytes::Bytes;
use inferlayer_fuzz::{call, way};
use inferlayer_wire::Usage;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: (u8, &[u8])| {
    let (ways, body) = input;
    let (caller, provider) = way(ways);
    let (call, body) = (call(caller, false), Bytes::copy_from_slice(body));
    let told = call.read_error(provider, 400, body.clone());
    assert!(caller.dialect() == provider.dialect() || is_json(&told));
    let Ok(answer) = call.read_answer(provider, 7, body) else { return };
    // In one dialect a provider's own oddities pass.
    assert!(caller == provider || is_json(&answer.body), "{caller:?} of {provider:?}");
    if let Some(usage) = answer.facts.usage {
        assert!(usage.input_tokens <= Usage::MAX_TOKENS);
        assert!(usage.output_tokens <= Usage::MAX_TOKENS);
    }
});

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok()
}
