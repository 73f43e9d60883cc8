//! A provider's whole answer.
use crate::NotCompletion;
use crate::neutral::Reply;
pub(in crate::translate) fn read_reply(_body: &[u8]) -> Result<Reply<'_>, NotCompletion> {
    Err(NotCompletion)
}
