//! x
use crate::neutral::{ReadSteps, Step, Untold};
use crate::sse;
/// Reads a provider's stream.
#[derive(Default)]
pub(in crate::translate) struct Reader {}

impl ReadSteps for Reader {
    fn read(&mut self, _event: &sse::Event, _tell: &mut dyn FnMut(Step<'_>)) -> Result<(), Untold> {
        Err(Untold)
    }
}
