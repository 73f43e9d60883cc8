//! An answer read back from the ledger and made ready to be given again. Whatever stands in its
//! way, a record gone, edited or sealed with another key, makes it a miss and never an error.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use inferlayer_accounts::NanoUsd;
use inferlayer_filter::Answer;
use inferlayer_ledger::{Ledger, TenantSeal};
use inferlayer_records::record;
use inferlayer_wire::Usage;
use inferlayer_wire::openai::{Fresh, Replay};

use crate::index::Entry;

/// Where an answer comes from, and who may open it.
pub(crate) struct Source {
    pub(crate) ledger: Ledger,
    pub(crate) seal: TenantSeal,
    pub(crate) entry: Entry,
}

/// How it is to be given.
pub(crate) struct Form {
    pub(crate) stream: bool,
    pub(crate) with_usage: bool,
    /// The new answer's id.
    pub(crate) id: String,
    /// Unix seconds.
    pub(crate) created: u64,
}

/// An answer ready to be given, and what its record says of it.
pub(crate) struct Given {
    pub(crate) answer: Answer,
    pub(crate) cost: NanoUsd,
    pub(crate) simulated: bool,
}

impl Source {
    /// Reads, opens and renders the answer. Blocks on the disk.
    pub(crate) fn give(&self, form: &Form) -> Option<Given> {
        let stored = self.ledger.read(self.entry.place, self.entry.record_hash).ok()?;
        let outcome: record::Outcome<'_> = serde_json::from_slice(stored.metadata()).ok()?;
        // The bytes are wiped with their last owner.
        let content = Bytes::from_owner(stored.open(&self.seal).ok()?);
        let replay = Replay::read(content).ok()?;
        Some(Given {
            answer: form.render(&replay, usage(&outcome)),
            cost: outcome.cost_nano_usd,
            simulated: outcome.simulated,
        })
    }
}

impl Form {
    fn render(&self, replay: &Replay, usage: Usage) -> Answer {
        let fresh = Fresh { id: &self.id, created: self.created, usage };
        if !self.stream {
            return Answer::json(StatusCode::OK, replay.completion(&fresh));
        }
        let mut events = replay.events(&fresh, self.with_usage);
        events.extend_from_slice(b"data: [DONE]\n\n");
        let mut answer = Answer::json(StatusCode::OK, events);
        let headers = &mut answer.head.headers;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        answer
    }
}

fn usage(outcome: &record::Outcome<'_>) -> Usage {
    Usage {
        input_tokens: outcome.input_tokens,
        cached_input_tokens: outcome.cached_input_tokens,
        cache_write_input_tokens: outcome.cache_write_input_tokens,
        output_tokens: outcome.output_tokens,
        reasoning_tokens: 0,
    }
}
