//! Whose count of an answer's tokens is believed. The provider's settles, unless it is missing, not
//! its last, or contradicts what was seen; then the gateway counts, and takes no less than the
//! provider says.

use inferlayer_accounts::price::Tokens;
use inferlayer_filter::Exchange;
use inferlayer_records::Ending;
use inferlayer_wire::Usage;

/// English and code have 3 to 5 bytes a token; the low end errs towards charging.
const ESTIMATED_BYTES_PER_TOKEN: u64 = 3;
/// The longest tokens of public vocabularies are runs of 128 blanks.
const MOST_BYTES_PER_TOKEN: u64 = 128;

/// Tokens of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) tokens: Tokens,
    /// They are not simply what the provider says.
    pub(crate) is_own: bool,
}

impl Count {
    /// Counts a successful answer; nothing is generated in others, nor by what only counts.
    pub(crate) fn of(x: &Exchange) -> Count {
        let Some(usage) = &x.answer.usage else {
            return Count { tokens: own(x), is_own: true };
        };
        let told = told(usage);
        // Some providers count as they go: of a stream that was cut, less than was seen of it.
        let is_last =
            x.ending.peek() == Some(&Ending::Complete) || !x.answer.finish_reasons.is_empty();
        if !is_credible(usage, x) {
            return Count { tokens: larger(told, own(x)), is_own: true };
        }
        if !is_last {
            let output = told.output.max(own(x).output);
            return Count { tokens: Tokens { output, ..told }, is_own: true };
        }
        Count { tokens: told, is_own: false }
    }
}

/// Whether more was seen than so many tokens can be.
pub(crate) fn beyond(x: &Exchange, tokens: u64) -> bool {
    x.answer.output_bytes > tokens.saturating_mul(MOST_BYTES_PER_TOKEN)
}

/// Whether so few tokens can be in what was asked and what was seen.
fn is_credible(usage: &Usage, x: &Exchange) -> bool {
    usage.input_tokens > 0 && !beyond(x, usage.output_tokens)
}

fn told(usage: &Usage) -> Tokens {
    Tokens {
        input: usage.input_tokens,
        cached_input: usage.cached_input_tokens,
        cache_write: usage.cache_write_input_tokens,
        output: usage.output_tokens,
    }
}

fn larger(told: Tokens, own: Tokens) -> Tokens {
    Tokens { input: told.input.max(own.input), output: told.output.max(own.output), ..told }
}

fn own(x: &Exchange) -> Tokens {
    let body = x.call.peek().map_or(0, |call| call.body().len() as u64);
    let written = x.answer.output_bytes.div_ceil(ESTIMATED_BYTES_PER_TOKEN);
    Tokens {
        input: body.div_ceil(ESTIMATED_BYTES_PER_TOKEN),
        output: written.max(x.answer.output_events),
        ..Tokens::default()
    }
}

#[cfg(test)]
mod tests {
    use inferlayer_filter::testkit;
    use inferlayer_wire::FinishReason;

    use super::*;

    /// A body of 32 bytes, 30 bytes seen in 4 events.
    fn seen(usage: Option<(u64, u64)>, ending: Ending) -> Exchange {
        let mut x = testkit::chat(r#"{"model":"m","messages":[{}] }  "#).unwrap();
        x.answer.usage = usage.map(|(input_tokens, output_tokens)| Usage {
            input_tokens,
            output_tokens,
            ..Usage::default()
        });
        (x.answer.output_bytes, x.answer.output_events) = (30, 4);
        x.ending.fill(ending).unwrap();
        x
    }

    fn count(x: &Exchange) -> (u64, u64, bool) {
        let Count { tokens, is_own } = Count::of(x);
        (tokens.input, tokens.output, is_own)
    }

    #[test]
    fn the_providers_count_settles() {
        assert_eq!(count(&seen(Some((3, 2)), Ending::Complete)), (3, 2, false));
    }

    #[test]
    fn a_count_of_a_stream_that_was_cut_is_not_the_last() {
        let mut x = seen(Some((3, 2)), Ending::ClientGone);
        assert_eq!(count(&x), (3, 10, true));
        x.answer.finish_reasons.push(FinishReason::Stop);
        assert_eq!(count(&x), (3, 2, false));
    }

    #[test]
    fn a_cut_stream_is_counted_by_us_and_an_event_is_at_least_a_token() {
        let mut x = seen(None, Ending::ClientGone);
        assert_eq!(count(&x), (11, 10, true));
        (x.answer.output_bytes, x.answer.output_events) = (9, 9);
        assert_eq!(count(&x), (11, 9, true));
    }

    #[test]
    fn a6_35_a_count_too_small_for_what_was_seen_is_not_believed() {
        for (told, counted) in [
            ((0, 0), (11, 10, true)),
            ((7, 0), (11, 10, true)),
            ((0, 3), (11, 10, true)),
            ((0, 2000), (11, 2000, true)),
            ((1, 1), (1, 1, false)),
        ] {
            assert_eq!(count(&seen(Some(told), Ending::Complete)), counted, "{told:?}");
        }
        let mut x = seen(Some((7, 3)), Ending::Complete);
        x.answer.output_bytes = 3 * 128;
        assert_eq!(count(&x), (7, 3, false));
        x.answer.output_bytes += 1;
        assert_eq!(count(&x), (11, 129, true));
    }

    #[test]
    fn nothing_seen_may_be_nothing_generated() {
        let mut x = seen(Some((7, 0)), Ending::Complete);
        (x.answer.output_bytes, x.answer.output_events) = (0, 0);
        assert_eq!(count(&x), (7, 0, false));
    }
}
