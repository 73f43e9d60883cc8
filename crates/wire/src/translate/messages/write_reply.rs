//! x
use crate::MessagesRequest;
use crate::neutral::Reply;
pub(in crate::translate) fn write_reply(_r: &Reply<'_>, _to: &MessagesRequest, _c: u64) -> Vec<u8> {
    Vec::new()
}
