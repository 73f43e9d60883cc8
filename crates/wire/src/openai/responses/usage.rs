//! The `usage` object of responses.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Usage;

/// Reads a raw `usage` value. None when it is null, holds negative, fractional or absurd counts, or
/// contradicts itself: such usage is not believed, and the caller counts for itself.
pub(crate) fn usage(raw: &RawValue) -> Option<Usage> {
    let tokens: Tokens = serde_json::from_str(raw.get()).ok()?;
    let input = tokens.input_tokens_details.unwrap_or_default();
    let output = tokens.output_tokens_details.unwrap_or_default();
    let usage = Usage {
        input_tokens: tokens.input_tokens,
        cached_input_tokens: input.cached_tokens.unwrap_or(0),
        cache_write_input_tokens: input.cache_write_tokens.unwrap_or(0),
        output_tokens: tokens.output_tokens,
        reasoning_tokens: output.reasoning_tokens.unwrap_or(0),
    };
    usage.is_consistent().then_some(usage)
}

#[derive(Deserialize)]
struct Tokens {
    input_tokens: u64,
    output_tokens: u64,
    input_tokens_details: Option<InputDetails>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Default, Deserialize)]
struct InputDetails {
    cached_tokens: Option<u64>,
    cache_write_tokens: Option<u64>,
}

#[derive(Default, Deserialize)]
struct OutputDetails {
    reasoning_tokens: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Usage> {
        usage(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn reads_the_parts() {
        let json = r#"{"input_tokens":328,"output_tokens":52,"total_tokens":380,
            "input_tokens_details":{"cached_tokens":64,"cache_write_tokens":128},
            "output_tokens_details":{"reasoning_tokens":30}}"#;
        let expected = Usage {
            input_tokens: 328,
            cached_input_tokens: 64,
            cache_write_input_tokens: 128,
            output_tokens: 52,
            reasoning_tokens: 30,
        };
        assert_eq!(read(json), Some(expected));
        let bare = r#"{"input_tokens":1,"output_tokens":2,"input_tokens_details":null}"#;
        let expected = Usage { input_tokens: 1, output_tokens: 2, ..Usage::default() };
        assert_eq!(read(bare), Some(expected));
    }

    #[test]
    fn does_not_believe_impossible_counts() {
        for json in [
            "null",
            "{}",
            "[]",
            r#"{"input_tokens":1}"#,
            r#"{"input_tokens":-1,"output_tokens":1}"#,
            r#"{"input_tokens":1.5,"output_tokens":1}"#,
            r#"{"input_tokens":1,"output_tokens":9007199254740993}"#,
            r#"{"input_tokens":1,"output_tokens":1,"input_tokens_details":{"cached_tokens":2}}"#,
            r#"{"input_tokens":1,"output_tokens":1,
                "output_tokens_details":{"reasoning_tokens":2}}"#,
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
