//! stub
use crate::neutral::Reply;
use crate::{GenerateRequest, NotCompletion};
pub(in crate::translate) fn read_reply(_body: &[u8]) -> Result<Reply<'_>, NotCompletion> {
    Err(NotCompletion)
}
pub(in crate::translate) fn write_reply(
    _reply: &Reply<'_>,
    _to: &GenerateRequest,
    _created_unix_seconds: u64,
) -> Vec<u8> {
    Vec::new()
}
