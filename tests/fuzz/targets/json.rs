//! Strict JSON: what passes is read the same by a lenient parser, and by itself again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|body: &[u8]| {
    if inferlayer_wire::json::check(body).is_err() {
        return;
    }
    let value: Value = serde_json::from_slice(body).expect("what is strict is JSON");
    assert!(value.is_object());
    let again = serde_json::to_vec(&value).expect("a value can be written");
    inferlayer_wire::json::check(&again).expect("what was read strictly is written strictly");
});
