//! Why a model stopped, in Anthropic's words and in those shared by all dialects.

use crate::FinishReason;

/// Reads a `stop_reason`. None when it is empty.
///
/// A paused turn and a full context window are answers cut short, as `length` says: there would
/// have been more.
pub(crate) fn finish_reason(stop_reason: &str) -> Option<FinishReason> {
    Some(match stop_reason {
        "" => return None,
        "end_turn" | "stop_sequence" => FinishReason::Stop,
        "max_tokens" | "model_context_window_exceeded" | "pause_turn" => FinishReason::Length,
        "tool_use" => FinishReason::ToolCalls,
        "refusal" => FinishReason::ContentFilter,
        _ => FinishReason::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_reason_has_a_meaning() {
        for (stop_reason, expected) in [
            ("end_turn", FinishReason::Stop),
            ("stop_sequence", FinishReason::Stop),
            ("max_tokens", FinishReason::Length),
            ("model_context_window_exceeded", FinishReason::Length),
            ("pause_turn", FinishReason::Length),
            ("tool_use", FinishReason::ToolCalls),
            ("refusal", FinishReason::ContentFilter),
            ("compaction", FinishReason::Other),
        ] {
            assert_eq!(finish_reason(stop_reason), Some(expected), "{stop_reason}");
        }
        assert_eq!(finish_reason(""), None);
    }
}
