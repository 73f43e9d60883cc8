//! One event of a streamed response, read leniently.
//!
//! Events are named twice, by their SSE field and by `type`. Some servers send only the latter, so
//! that counts here, except that clients raise on an event *named* `error` whatever it holds.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{Item, Response, is_set, string, string_bytes};
use crate::{Chunk, sse};

/// The members of an event that matter here. Which ones there are depends on its type.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// What an event is to the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventType {
    /// The answer is on its way, whole or not: nothing follows.
    End,
    Error,
    /// An item begins.
    ItemAdded,
    /// More text of some kind.
    Delta,
    /// Says again what was said, or something that we do not know.
    Other,
}

impl<'a> Event<'a> {
    /// Reads the data of an event. None when it is not a JSON object of the known form.
    pub(super) fn parse(data: &'a [u8]) -> Option<Event<'a>> {
        serde_json::from_str(str::from_utf8(data).ok()?).ok()
    }

    pub(super) fn event_type(&self, event: &sse::Event) -> EventType {
        if event.name() == Some("error") {
            return EventType::Error;
        }
        match string(self.kind).as_str() {
            "response.completed" | "response.incomplete" => EventType::End,
            "response.failed" | "response.cancelled" | "error" => EventType::Error,
            "response.output_item.added" => EventType::ItemAdded,
            // Sound is no text.
            "response.audio.delta" => EventType::Other,
            name if name.ends_with(".delta") => EventType::Delta,
            "" if is_set(self.error) => EventType::Error,
            _ => EventType::Other,
        }
    }

    /// The facts of this event. Those that repeat what came before tell of no bytes.
    pub(super) fn facts(&self, event_type: EventType) -> Chunk {
        let whole = read(self.response).map(|whole: Response| whole.facts()).unwrap_or_default();
        let item: Option<Item> = read(self.item).filter(|_| event_type == EventType::ItemAdded);
        let ends = event_type == EventType::End;
        Chunk {
            usage: whole.usage,
            finished: ends,
            finish_reasons: if ends { whole.finish_reasons } else { Vec::new() },
            output_bytes: match event_type {
                EventType::Delta => string_bytes(self.delta),
                _ => item.as_ref().map_or(0, Item::output_bytes),
            },
            tool_calls: item.as_ref().is_some_and(Item::calls_tool),
            error: event_type == EventType::Error,
            model: whole.model,
            id: whole.id,
            service_tier: whole.service_tier,
            ..Chunk::default()
        }
    }
}

/// A member in the form that it should have.
fn read<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}
