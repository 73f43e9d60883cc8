//! The `usageMetadata` of Google's answers, which counts thoughts beside the candidates.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Usage;

/// Reads a raw `usageMetadata`. None when it is not an object, counts no output yet, holds
/// negative, fractional or absurd counts, or contradicts itself: such usage is not believed, and
/// the caller counts for itself. `ended` says that an absent count of output is none.
pub(crate) fn usage(raw: &RawValue, ended: bool) -> Option<Usage> {
    let told: Counts = serde_json::from_str(raw.get()).ok()?;
    if !ended && told.candidates_token_count.is_none() && told.thoughts_token_count.is_none() {
        return None;
    }
    let thoughts = told.thoughts_token_count.unwrap_or(0);
    let shown = told.candidates_token_count.unwrap_or(0);
    let given_by_tools = told.tool_use_prompt_token_count.unwrap_or(0);
    let input = told.prompt_token_count?.checked_add(given_by_tools)?;
    // Some versions count thoughts in the total only.
    let rest = told.total_token_count.and_then(|total| total.checked_sub(input)).unwrap_or(0);
    let usage = Usage {
        input_tokens: input,
        cached_input_tokens: told.cached_content_token_count.unwrap_or(0),
        cache_write_input_tokens: 0,
        output_tokens: shown.checked_add(thoughts)?.max(rest),
        reasoning_tokens: thoughts,
    };
    usage.is_consistent().then_some(usage)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    prompt_token_count: Option<u64>,
    /// What tools of the provider's gave the model to read.
    tool_use_prompt_token_count: Option<u64>,
    /// A part of the prompt.
    cached_content_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    total_token_count: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, ended: bool) -> Option<Usage> {
        usage(serde_json::from_str(json).unwrap(), ended)
    }

    #[test]
    fn thoughts_are_output_and_what_tools_gave_is_input() {
        let json = r#"{"promptTokenCount":100,"cachedContentTokenCount":64,
            "candidatesTokenCount":20,"thoughtsTokenCount":30,"toolUsePromptTokenCount":7,
            "totalTokenCount":157,"promptTokensDetails":[{"modality":"TEXT","tokenCount":100}]}"#;
        let expected = Usage {
            input_tokens: 107,
            cached_input_tokens: 64,
            cache_write_input_tokens: 0,
            output_tokens: 50,
            reasoning_tokens: 30,
        };
        assert_eq!(read(json, false), Some(expected));
    }

    #[test]
    fn output_that_only_the_total_counts_is_output() {
        let json = r#"{"promptTokenCount":10,"candidatesTokenCount":5,"totalTokenCount":45}"#;
        assert_eq!(read(json, true).map(|usage| usage.output_tokens), Some(35));
    }

    #[test]
    fn no_output_is_believed_at_the_end_only() {
        let json = r#"{"promptTokenCount":8,"totalTokenCount":8}"#;
        assert_eq!(read(json, false), None);
        let expected = Usage { input_tokens: 8, ..Usage::default() };
        assert_eq!(read(json, true), Some(expected));
    }

    #[test]
    fn does_not_believe_impossible_counts() {
        for json in [
            "null",
            "[]",
            "{}",
            r#"{"candidatesTokenCount":1}"#,
            r#"{"promptTokenCount":-1,"candidatesTokenCount":1}"#,
            r#"{"promptTokenCount":"1","candidatesTokenCount":1}"#,
            r#"{"promptTokenCount":1.5,"candidatesTokenCount":1}"#,
            r#"{"promptTokenCount":18446744073709551615,"candidatesTokenCount":1,
                "toolUsePromptTokenCount":1}"#,
            r#"{"promptTokenCount":1,"candidatesTokenCount":9007199254740993}"#,
            r#"{"promptTokenCount":1,"candidatesTokenCount":1,"cachedContentTokenCount":2}"#,
        ] {
            assert_eq!(read(json, true), None, "{json}");
        }
    }
}
