//! Chunks of a response on their way past the filters: a whole body at once, or one event after
//! another.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use inferlayer_filter::{ChunkForm, Refusal, ResponseHead};
use inferlayer_wire::sse;

use crate::pipeline::Run;

/// A whole body past what reads its texts; one that holds a stream goes event by event.
pub(super) fn whole(run: &mut Run<'_>, head: &ResponseHead, body: Bytes) -> Result<Bytes, Refusal> {
    let form = form_of(head);
    let mut out = Vec::new();
    if form == ChunkForm::Event {
        for event in sse::split(body) {
            run.chunk(event, form, &mut out)?;
        }
    } else {
        run.chunk(body, form, &mut out)?;
    }
    run.flush(&mut out)?;
    Ok(joined(out))
}

/// What a body of this type is to those who read texts.
fn form_of(head: &ResponseHead) -> ChunkForm {
    let content_type = head.headers.get(CONTENT_TYPE);
    match content_type.and_then(|value| value.to_str().ok()).unwrap_or_default() {
        media if media.starts_with("text/event-stream") => ChunkForm::Event,
        media if media.starts_with("text/") || media.contains("json") || media.is_empty() => {
            ChunkForm::Whole
        }
        _ => ChunkForm::Part,
    }
}

/// Events one by one; those that may go out now are appended to `ready`. How many there were.
pub(super) fn events(
    run: &mut Run<'_>,
    events: Bytes,
    ready: &mut Vec<Bytes>,
) -> Result<usize, Refusal> {
    let mut count = 0;
    for event in sse::split(events) {
        run.chunk(event, ChunkForm::Event, ready)?;
        count += 1;
    }
    Ok(count)
}

/// The chunks of a body as one; no copy of a single one.
pub(super) fn joined(mut chunks: Vec<Bytes>) -> Bytes {
    match chunks.len() {
        1 => chunks.swap_remove(0),
        _ => chunks.concat().into(),
    }
}
