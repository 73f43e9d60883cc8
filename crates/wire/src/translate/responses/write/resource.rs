//! A response as its caller gets it: whole, or as far as it is.

use serde::Serialize;

use super::echo::Echo;
use super::output::{Item, Status};
use crate::{FinishReason, ResponsesRequest, Usage};

/// What is known of an answer beside its output.
pub(super) struct Head {
    pub(super) id: String,
    pub(super) model: String,
    pub(super) created: u64,
}

/// The `Response` object.
#[derive(Serialize)]
pub(super) struct Resource<'a> {
    id: &'a str,
    object: &'static str,
    created_at: u64,
    /// Unknown: the wire has no clock.
    completed_at: Option<()>,
    status: Status,
    error: Option<()>,
    incomplete_details: Option<Incomplete>,
    model: &'a str,
    output: &'a [Item<'a>],
    usage: Option<WrittenUsage>,
    #[serde(flatten)]
    echo: Echo<'a>,
}

#[derive(Serialize)]
struct Incomplete {
    reason: &'static str,
}

impl Head {
    /// An answer to `to` by a provider that says this of it.
    pub(super) fn new(
        id: Option<&str>,
        model: Option<&str>,
        to: &ResponsesRequest,
        created: u64,
    ) -> Head {
        let id = match id {
            Some(known) if known.starts_with("resp_") => known.to_owned(),
            Some(other) => format!("resp_{other}"),
            None => format!("resp_{created}"),
        };
        Head { id, model: model.unwrap_or(to.gist().model()).to_owned(), created }
    }

    /// The response at its end.
    pub(super) fn ended<'a>(
        &'a self,
        to: &'a ResponsesRequest,
        output: &'a [Item<'a>],
        finish: Option<FinishReason>,
        usage: Option<Usage>,
    ) -> Resource<'a> {
        Resource {
            status: status(finish),
            incomplete_details: incomplete(finish),
            output,
            usage: usage.map(WrittenUsage::from),
            ..self.begun(to)
        }
    }

    /// The response at its beginning.
    pub(super) fn begun<'a>(&'a self, to: &'a ResponsesRequest) -> Resource<'a> {
        Resource {
            id: &self.id,
            object: "response",
            created_at: self.created,
            completed_at: None,
            status: Status::InProgress,
            error: None,
            incomplete_details: None,
            model: &self.model,
            output: &[],
            usage: None,
            echo: Echo::of(to),
        }
    }
}

impl Resource<'_> {
    pub(super) fn status(&self) -> Status {
        self.status
    }
}

/// What an end for this reason makes of an answer, and of the item that it cut off.
pub(super) fn status(finish: Option<FinishReason>) -> Status {
    match incomplete(finish) {
        Some(_) => Status::Incomplete,
        None => Status::Completed,
    }
}

fn incomplete(finish: Option<FinishReason>) -> Option<Incomplete> {
    let reason = match finish? {
        FinishReason::Length => "max_output_tokens",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::Stop
        | FinishReason::ToolCalls
        | FinishReason::FunctionCall
        | FinishReason::Other => return None,
    };
    Some(Incomplete { reason })
}

/// `usage`
#[derive(Serialize)]
struct WrittenUsage {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Serialize)]
struct InputDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

impl From<Usage> for WrittenUsage {
    fn from(usage: Usage) -> WrittenUsage {
        WrittenUsage {
            input_tokens: usage.input_tokens,
            input_tokens_details: InputDetails {
                cached_tokens: usage.cached_input_tokens,
                cache_write_tokens: usage.cache_write_input_tokens,
            },
            output_tokens: usage.output_tokens,
            output_tokens_details: OutputDetails { reasoning_tokens: usage.reasoning_tokens },
            // Each is at most 2^53.
            total_tokens: usage.input_tokens + usage.output_tokens,
        }
    }
}
