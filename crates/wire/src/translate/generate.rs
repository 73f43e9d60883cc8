//! To and from `generate`.

use bytes::Bytes;

use crate::neutral::{Prompt, ReadSteps, Reply, Step, Untold, WriteSteps};
use crate::{GenerateRequest, Invalid, NotCompletion, Target, sse};

/// What a request of a caller asks.
pub(super) fn read_prompt(_request: &GenerateRequest) -> Result<Prompt<'_>, Invalid> {
    Err(Invalid::unsupported("model"))
}

/// The request to a provider that asks the same.
pub(super) fn write_prompt(_prompt: &Prompt<'_>, _to: &Target<'_>) -> Result<Vec<u8>, Invalid> {
    Err(Invalid::unsupported("model"))
}

/// What a provider's answer says.
pub(super) fn read_reply(_body: &[u8]) -> Result<Reply<'_>, NotCompletion> {
    Err(NotCompletion)
}

/// The answer to a caller that says the same.
pub(super) fn write_reply(
    _reply: &Reply<'_>,
    _to: &GenerateRequest,
    _created_unix_seconds: u64,
) -> Vec<u8> {
    Vec::new()
}

/// Reads a provider's stream.
#[derive(Default)]
pub(super) struct Reader {}

impl ReadSteps for Reader {
    fn read(&mut self, _event: &sse::Event, _tell: &mut dyn FnMut(Step<'_>)) -> Result<(), Untold> {
        Err(Untold)
    }
}

/// Writes a caller's stream.
pub(super) struct Writer {}

impl Writer {
    /// A stream that answers `to`.
    pub(super) fn new(_to: &GenerateRequest, _created_unix_seconds: u64) -> Writer {
        Writer {}
    }
}

impl WriteSteps for Writer {
    fn write(&mut self, _step: &Step<'_>, _out: &mut Vec<u8>) {}

    fn finish(&mut self, _out: &mut Vec<u8>) {}

    fn end_mark(&self) -> Bytes {
        Bytes::new()
    }
}
