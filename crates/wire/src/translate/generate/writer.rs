//! stub
use crate::neutral::{Prompt, ReadSteps, Reply, Step, Untold, WriteSteps};
use crate::{GenerateRequest, Invalid, NotCompletion, Target, sse};
use bytes::Bytes;
/// Writes a caller's stream.
pub(in crate::translate) struct Writer {}

impl Writer {
    /// A stream that answers `to`.
    pub(in crate::translate) fn new(_to: &GenerateRequest, _created_unix_seconds: u64) -> Writer {
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
