//! stub
use crate::neutral::{Prompt, ReadSteps, Reply, Step, Untold, WriteSteps};
use crate::{GenerateRequest, Invalid, NotCompletion, Target, sse};
use bytes::Bytes;
/// Reads a provider's stream.
#[derive(Default)]
pub(in crate::translate) struct Reader {}

impl ReadSteps for Reader {
    fn read(&mut self, _event: &sse::Event, _tell: &mut dyn FnMut(Step<'_>)) -> Result<(), Untold> {
        Err(Untold)
    }
}
