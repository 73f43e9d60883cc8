//! Why a candidate ended, in Google's words and in those shared by all dialects.

use crate::FinishReason;

/// Reads a `finishReason`. None while it has not ended.
pub(super) fn named(word: &str) -> Option<FinishReason> {
    Some(match word {
        "" | "FINISH_REASON_UNSPECIFIED" => return None,
        "STOP" => FinishReason::Stop,
        "MAX_TOKENS" => FinishReason::Length,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => FinishReason::ContentFilter,
        // MALFORMED_FUNCTION_CALL, UNEXPECTED_TOOL_CALL, LANGUAGE, OTHER, and words of tomorrow.
        _ => FinishReason::Other,
    })
}

/// Google says `STOP` for an answer that calls functions too.
pub(crate) fn of_calls(reason: FinishReason, calls: bool) -> FinishReason {
    if calls && reason == FinishReason::Stop { FinishReason::ToolCalls } else { reason }
}

/// Google's word for a reason.
pub(crate) fn finish_word(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop | FinishReason::ToolCalls | FinishReason::FunctionCall => "STOP",
        FinishReason::Length => "MAX_TOKENS",
        FinishReason::ContentFilter => "SAFETY",
        FinishReason::Other => "OTHER",
    }
}
