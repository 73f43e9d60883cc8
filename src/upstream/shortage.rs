//! Whether a connection failed for want of something of our own: descriptors, local ports, memory.
//! That is no verdict on the provider.

use std::fs::File;
use std::io;

use pingora_core::{Error, ErrorType};

/// Linux' numbers; the standard library has no kinds for most of them.
const ENOMEM: i32 = 12;
const ENFILE: i32 = 23;
const EMFILE: i32 = 24;
const EADDRNOTAVAIL: i32 = 99;
const ENOBUFS: i32 = 105;

/// Whether it is why a connection did not come about.
pub(super) fn caused(error: &Error) -> bool {
    // Pingora tells so that a socket could not even be made.
    let made_none = |etype: &ErrorType| {
        matches!(etype, ErrorType::InternalError | ErrorType::SocketError | ErrorType::BindError)
    };
    let cause = error.root_cause().downcast_ref::<io::Error>();
    made_none(error.etype()) || cause.is_some_and(is_shortage)
}

/// Whether there is a shortage of descriptors now, for what does not tell why it failed, such as
/// the resolution of names.
pub(super) fn is_there() -> bool {
    File::open("/dev/null").is_err_and(|error| is_shortage(&error))
}

fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(ENOMEM | ENFILE | EMFILE | EADDRNOTAVAIL | ENOBUFS))
}
