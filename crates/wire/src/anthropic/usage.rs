//! The `usage` object of Anthropic's answers, which counts what it read in three disjoint parts.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Usage, text};

/// What a provider has counted so far. In a stream the counts of `message_start` and of each
/// `message_delta` are cumulative and may leave parts out, so the largest of each part holds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    input: u64,
    cache_read: u64,
    cache_write: u64,
    output: Option<u64>,
    thinking: u64,
}

impl Tally {
    /// Takes a raw `usage` and tells the counts up to now. None when this one is not an object,
    /// holds negative, fractional or absurd counts, or contradicts itself: such usage is not
    /// believed, and the caller counts for itself.
    pub(crate) fn take(&mut self, raw: &RawValue) -> Option<Usage> {
        let told: Counts = serde_json::from_str(raw.get()).ok()?;
        let thinking = told.output_tokens_details.and_then(|details| details.thinking_tokens);
        self.input = self.input.max(told.input_tokens.unwrap_or(0));
        self.cache_read = self.cache_read.max(told.cache_read_input_tokens.unwrap_or(0));
        self.cache_write = self.cache_write.max(told.cache_creation_input_tokens.unwrap_or(0));
        self.output = self.output.max(told.output_tokens);
        self.thinking = self.thinking.max(thinking.unwrap_or(0));
        self.usage()
    }

    /// The counts up to now, if they can be believed.
    pub(crate) fn usage(&self) -> Option<Usage> {
        let cache = self.cache_read.checked_add(self.cache_write)?;
        let usage = Usage {
            input_tokens: self.input.checked_add(cache)?,
            cached_input_tokens: self.cache_read,
            cache_write_input_tokens: self.cache_write,
            output_tokens: self.output?,
            reasoning_tokens: self.thinking,
        };
        usage.is_consistent().then_some(usage)
    }
}

/// The service tier that was answered in, which stands beside the counts.
pub(crate) fn service_tier(raw: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Told<'a> {
        #[serde(borrow)]
        service_tier: Option<&'a RawValue>,
    }
    text::name(serde_json::from_str::<Told>(raw.get()).ok()?.service_tier)
}

#[derive(Deserialize)]
struct Counts {
    input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Deserialize)]
struct OutputDetails {
    thinking_tokens: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(tally: &mut Tally, json: &str) -> Option<Usage> {
        tally.take(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn what_was_read_is_the_sum_of_three_parts() {
        let json = r#"{"input_tokens":3,"cache_read_input_tokens":64,"output_tokens":9,
            "cache_creation_input_tokens":20,"output_tokens_details":{"thinking_tokens":4}}"#;
        let expected = Usage {
            input_tokens: 87,
            cached_input_tokens: 64,
            cache_write_input_tokens: 20,
            output_tokens: 9,
            reasoning_tokens: 4,
        };
        assert_eq!(take(&mut Tally::default(), json), Some(expected));
    }

    #[test]
    fn counts_are_cumulative_and_parts_may_be_left_out() {
        let mut tally = Tally::default();
        take(&mut tally, r#"{"input_tokens":3,"cache_read_input_tokens":5,"output_tokens":1}"#);
        let end = take(&mut tally, r#"{"output_tokens":12,"input_tokens":0}"#);
        let expected = Usage {
            input_tokens: 8,
            cached_input_tokens: 5,
            output_tokens: 12,
            ..Usage::default()
        };
        assert_eq!(end, Some(expected));
    }

    #[test]
    fn does_not_believe_impossible_counts() {
        for json in [
            "null",
            "{}",
            "[]",
            r#"{"input_tokens":1}"#,
            r#"{"input_tokens":-1,"output_tokens":1}"#,
            r#"{"input_tokens":1,"output_tokens":"2"}"#,
            r#"{"input_tokens":1.5,"output_tokens":1}"#,
            r#"{"input_tokens":18446744073709551615,"cache_read_input_tokens":1,
                "output_tokens":1}"#,
            r#"{"input_tokens":9007199254740992,"cache_creation_input_tokens":1,
                "output_tokens":1}"#,
            r#"{"input_tokens":1,"output_tokens":1,"output_tokens_details":{"thinking_tokens":2}}"#,
        ] {
            assert_eq!(take(&mut Tally::default(), json), None, "{json}");
        }
    }
}
