//! Why a model stopped.

/// A choice's `finish_reason` (OpenTelemetry `gen_ai.response.finish_reasons`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FinishReason {
    /// The model was done, or met a stop sequence.
    Stop,
    /// The cap on output tokens or the context window was reached.
    Length,
    /// The model calls tools.
    ToolCalls,
    /// The model calls a function (the older form).
    FunctionCall,
    /// The provider's filter withheld content.
    ContentFilter,
    /// A word of the provider's own.
    Other,
}

impl FinishReason {
    /// Reads the wire name. Some servers send an empty one while they are not finished.
    pub(crate) fn named(name: &str) -> Option<FinishReason> {
        Some(match name {
            "" => return None,
            "stop" => FinishReason::Stop,
            "length" => FinishReason::Length,
            "tool_calls" => FinishReason::ToolCalls,
            "function_call" => FinishReason::FunctionCall,
            "content_filter" => FinishReason::ContentFilter,
            _ => FinishReason::Other,
        })
    }

    /// The wire name; `other` for a provider's own.
    pub fn as_str(self) -> &'static str {
        match self {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::FunctionCall => "function_call",
            FinishReason::ContentFilter => "content_filter",
            FinishReason::Other => "other",
        }
    }
}
