//! What a call cost. The provider's own count settles it; where that is missing (a cut stream, a
//! client gone) the gateway's count does, marked as an estimate; where nothing was seen of an
//! answer that a provider may bill, all that was held for that attempt.

use inferlayer_accounts::NanoUsd;
use inferlayer_accounts::price::Tokens;
use inferlayer_filter::Exchange;
use inferlayer_filter::exchange::{AttemptResult, Cost, Quote};

/// English and code have 3 to 5 bytes a token; the low end errs towards charging.
const ESTIMATED_BYTES_PER_TOKEN: u64 = 3;

/// The cost of all attempts of `x`, never above what was `held`.
pub(crate) fn of(x: &Exchange, held: NanoUsd) -> Cost {
    let (tokens, counted) = tokens(x);
    let unanswered = unanswered_worst_case(x);
    let answered = answered_quote(x).map_or(NanoUsd::ZERO, |quote| {
        quote.price.as_ref().map_or(NanoUsd::ZERO, |price| price.cost(tokens))
    });
    let sum = answered.saturating_add(unanswered);
    Cost {
        // A count above the bound is a provider's mistake: the budget's promise holds.
        amount: sum.min(held),
        input_tokens: tokens.input,
        cached_input_tokens: tokens.cached_input,
        output_tokens: tokens.output,
        estimated: !counted || unanswered > NanoUsd::ZERO || sum > held,
    }
}

/// Tokens of the answer, and whether the provider counted them.
fn tokens(x: &Exchange) -> (Tokens, bool) {
    if let Some(usage) = &x.answer.usage {
        let tokens = Tokens {
            input: usage.input_tokens,
            cached_input: usage.cached_input_tokens,
            output: usage.output_tokens,
        };
        return (tokens, true);
    }
    match x.answered().map(|attempt| attempt.result) {
        Some(AttemptResult::Answered { status }) if (200..300).contains(&status) => {
            (own_count(x), false)
        }
        // An error answer, or none: nothing was generated.
        _ => (Tokens::default(), true),
    }
}

fn own_count(x: &Exchange) -> Tokens {
    let body = x.call.peek().map_or(0, |call| call.body().len() as u64);
    let written = x.answer.output_bytes.div_ceil(ESTIMATED_BYTES_PER_TOKEN);
    Tokens {
        input: body.div_ceil(ESTIMATED_BYTES_PER_TOKEN),
        cached_input: 0,
        output: written.max(x.answer.output_events),
    }
}

fn answered_quote(x: &Exchange) -> Option<&Quote> {
    x.quotes.peek()?.get(x.answered()?.candidate)
}

/// What attempts may be billed that gave no answer.
fn unanswered_worst_case(x: &Exchange) -> NanoUsd {
    let quotes = x.quotes.peek().map_or(&[][..], Vec::as_slice);
    let billable = x.attempts.iter().filter(|attempt| attempt.result.may_be_billed());
    billable
        .filter_map(|attempt| quotes.get(attempt.candidate))
        .fold(NanoUsd::ZERO, |sum, quote| sum.saturating_add(quote.worst_case))
}
