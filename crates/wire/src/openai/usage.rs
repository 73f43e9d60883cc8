//! The `usage` object of OpenAI answers.

use serde::Deserialize;

use crate::Usage;

/// Reads a raw `usage` value. None when it is null, holds negative, fractional or absurd counts,
/// or contradicts itself: such usage is not believed, and the caller counts for itself.
pub(crate) fn parse(raw: &str) -> Option<Usage> {
    let tokens: Tokens = serde_json::from_str(raw).ok()?;
    let reasoning = tokens.completion_tokens_details.unwrap_or_default().reasoning_tokens;
    let cached = tokens.prompt_tokens_details.unwrap_or_default().cached_tokens;
    let mut usage = Usage {
        input_tokens: tokens.prompt_tokens,
        cached_input_tokens: cached.unwrap_or(0),
        cache_write_input_tokens: 0,
        output_tokens: tokens.completion_tokens,
        reasoning_tokens: reasoning.unwrap_or(0),
    };
    // Some providers (xAI) count reasoning beside the completion; their total says so.
    let beside = tokens.prompt_tokens.checked_add(tokens.completion_tokens)?;
    let beside = beside.checked_add(usage.reasoning_tokens)?;
    if usage.reasoning_tokens > 0 && tokens.total_tokens == Some(beside) {
        usage.output_tokens = usage.output_tokens.checked_add(usage.reasoning_tokens)?;
    }
    usage.is_consistent().then_some(usage)
}

#[derive(Deserialize)]
struct Tokens {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: Option<u64>,
    prompt_tokens_details: Option<InputDetails>,
    completion_tokens_details: Option<OutputDetails>,
}

#[derive(Default, Deserialize)]
struct InputDetails {
    cached_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
struct OutputDetails {
    reasoning_tokens: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input: u64, cached: u64, output: u64, reasoning: u64) -> Option<Usage> {
        Some(Usage {
            input_tokens: input,
            cached_input_tokens: cached,
            cache_write_input_tokens: 0,
            output_tokens: output,
            reasoning_tokens: reasoning,
        })
    }

    #[test]
    fn reads_the_parts_and_takes_them_as_parts() {
        let raw = r#"{"prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
            "prompt_tokens_details":{"cached_tokens":64,"audio_tokens":0},
            "completion_tokens_details":{"reasoning_tokens":30}}"#;
        assert_eq!(parse(raw), usage(100, 64, 50, 30));
    }

    #[test]
    fn adds_reasoning_that_the_total_counts_beside_the_completion() {
        let raw = r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":45,
            "completion_tokens_details":{"reasoning_tokens":30}}"#;
        assert_eq!(parse(raw), usage(10, 0, 35, 30));
    }

    #[test]
    fn takes_absent_and_null_details_for_none() {
        let raw = r#"{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":null,
            "completion_tokens_details":{"reasoning_tokens":null}}"#;
        assert_eq!(parse(raw), usage(1, 0, 2, 0));
    }

    #[test]
    fn does_not_believe_impossible_counts() {
        for raw in [
            "null",
            "{}",
            "[]",
            r#"{"prompt_tokens":1}"#,
            r#"{"prompt_tokens":-1,"completion_tokens":1}"#,
            r#"{"prompt_tokens":1.5,"completion_tokens":1}"#,
            r#"{"prompt_tokens":1,"completion_tokens":"2"}"#,
            r#"{"prompt_tokens":18446744073709551616,"completion_tokens":1}"#,
            r#"{"prompt_tokens":18446744073709551615,"completion_tokens":1}"#,
            r#"{"prompt_tokens":1,"completion_tokens":9007199254740993}"#,
            r#"{"prompt_tokens":1e400,"completion_tokens":1}"#,
            r#"{"prompt_tokens":1,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":2}}"#,
            r#"{"prompt_tokens":1,"completion_tokens":1,"completion_tokens_details":{"reasoning_tokens":2}}"#,
            r#"{"prompt_tokens":1,"completion_tokens":9007199254740992,"total_tokens":9007199254740994,
                "completion_tokens_details":{"reasoning_tokens":1}}"#,
        ] {
            assert_eq!(parse(raw), None, "{raw}");
        }
    }
}
