//! The body of a request as a provider of another API gets it. Whether it can be written is known
//! only when it is; so what was written then is kept, and is what is sent.

use std::fmt;

use bytes::Bytes;
use inferlayer_wire::Call;

/// The body of a request, written for another API.
#[derive(Clone)]
pub struct Translated {
    /// What it was written from. Kept, so that its address belongs to no other body.
    from: Bytes,
    body: Bytes,
}

impl Translated {
    pub(crate) fn new(call: &Call, body: Bytes) -> Translated {
        Translated { from: call.body().clone(), body }
    }

    /// The body, if the call is still the one that it was written from: a filter may have put
    /// another in its place.
    pub(crate) fn of(&self, call: &Call) -> Option<&Bytes> {
        let (from, now) = (&self.from, call.body());
        (from.as_ptr() == now.as_ptr() && from.len() == now.len()).then_some(&self.body)
    }

    /// How long the body is.
    #[expect(clippy::len_without_is_empty, reason = "no request is empty")]
    pub fn len(&self) -> usize {
        self.body.len()
    }
}

/// It holds a prompt.
impl fmt::Debug for Translated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Translated({} bytes)", self.body.len())
    }
}
