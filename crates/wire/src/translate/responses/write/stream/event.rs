//! Single events, numbered.

use bytes::Bytes;
use serde::Serialize;

use super::super::logprob::Token;
use super::super::output::{Item, Part, Status};
use super::super::resource::Resource;
use crate::sse;

/// Numbers events from 0.
#[derive(Default)]
pub(super) struct Events {
    sequence_number: u64,
}

/// What happens to a part of an item.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Piece<'a> {
    pub(super) item_id: &'a str,
    pub(super) output_index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delta: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logprobs: Option<&'a [Token]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) part: Option<&'a Part<'a>>,
}

#[derive(Serialize)]
struct Event<B> {
    #[serde(rename = "type")]
    name: &'static str,
    sequence_number: u64,
    #[serde(flatten)]
    body: B,
}

#[derive(Serialize)]
struct OfResponse<'a> {
    response: &'a Resource<'a>,
}

#[derive(Serialize)]
struct OfItem<'a> {
    output_index: usize,
    item: &'a Item<'a>,
}

impl Events {
    /// Of the answer as a whole.
    pub(super) fn response(
        &mut self,
        name: &'static str,
        response: &Resource<'_>,
        out: &mut Vec<u8>,
    ) {
        self.write(name, OfResponse { response }, out);
    }

    /// An item begins or ends.
    pub(super) fn item(
        &mut self,
        name: &'static str,
        output_index: usize,
        item: &Item<'_>,
        out: &mut Vec<u8>,
    ) {
        self.write(name, OfItem { output_index, item }, out);
    }

    /// Something happens to a part of an item.
    pub(super) fn piece(&mut self, name: &'static str, piece: &Piece<'_>, out: &mut Vec<u8>) {
        self.write(name, piece, out);
    }

    /// The end mark.
    pub(super) fn last(&self, response: &Resource<'_>) -> Bytes {
        let name = match response.status() {
            Status::Incomplete => "response.incomplete",
            Status::InProgress | Status::Completed => "response.completed",
        };
        event(name, self.sequence_number, OfResponse { response })
    }

    fn write(&mut self, name: &'static str, body: impl Serialize, out: &mut Vec<u8>) {
        out.extend_from_slice(&event(name, self.sequence_number, body));
        self.sequence_number += 1;
    }
}

fn event(name: &'static str, sequence_number: u64, body: impl Serialize) -> Bytes {
    let event = Event { name, sequence_number, body };
    // Strings, numbers and raw JSON always serialise.
    sse::named(name, &serde_json::to_vec(&event).unwrap_or_default())
}
