//! A request is refused with a reason or becomes a good request of the provider's dialect, in which
//! the model is the provider's and the stream is the caller's.
#![no_main]

use bytes::Bytes;
use inferlayer_fuzz::{CONVERSATIONS, asked, targets};
use inferlayer_wire::Call;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, bool, &[u8])| {
    let (which, stream, body) = input;
    let api = CONVERSATIONS[usize::from(which) % CONVERSATIONS.len()];
    let Ok(call) = Call::parse(asked(api, stream), Bytes::copy_from_slice(body)) else { return };
    for target in targets() {
        match call.for_provider(&target) {
            Err(invalid) => {
                assert!(!invalid.message.is_empty());
                assert!(target.api == api || call.fits(&target).is_err());
            }
            Ok(sent) => {
                let again = Call::parse(asked(target.api, call.stream()), sent);
                let again = again.unwrap_or_else(|refused| {
                    panic!("{:?} to {:?}: {refused}", api, target.api)
                });
                assert_eq!(again.stream(), call.stream());
                assert_eq!(again.choices(), call.choices());
            }
        }
    }
});
