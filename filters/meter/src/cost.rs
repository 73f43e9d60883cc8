//! What a call cost. The provider's own count settles it; where that is missing (a cut stream, a
//! client gone) the gateway's count does, marked as an estimate; where nothing was seen of an
//! answer that a provider may bill, all that was held for that attempt. So no caller lowers its
//! bill by hanging up early.

use inferlayer_accounts::NanoUsd;
use inferlayer_accounts::price::Tokens;
use inferlayer_accounts::record::Ending;
use inferlayer_filter::Exchange;
use inferlayer_filter::exchange::{Cost, Operation, Quote};

/// English and code have 3 to 5 bytes a token; the low end errs towards charging.
const ESTIMATED_BYTES_PER_TOKEN: u64 = 3;

/// The cost of all attempts of `x`, never above what was `held`.
pub(crate) fn of(x: &Exchange, held: NanoUsd) -> Cost {
    if matches!(x.operation, Operation::Passage(_)) {
        return flat(x, held);
    }
    let (tokens, counted) = tokens(x);
    let unseen = unseen_worst_case(x);
    let answered = answered_quote(x).map_or(NanoUsd::ZERO, |quote| match &quote.price {
        Some(_) if is_unseen(x) => quote.worst_case,
        Some(price) => price.cost(tokens),
        None => NanoUsd::ZERO,
    });
    let sum = answered.saturating_add(unseen);
    Cost {
        // A count above the bound is a provider's mistake: the budget's promise holds.
        amount: sum.min(held),
        input_tokens: tokens.input,
        cached_input_tokens: tokens.cached_input,
        cache_write_input_tokens: tokens.cache_write,
        output_tokens: tokens.output,
        estimated: !counted || unseen > NanoUsd::ZERO || sum > held,
    }
}

/// What passes through costs its price once a provider has answered it with success, even if that
/// answer breaks off, or may have done so.
fn flat(x: &Exchange, held: NanoUsd) -> Cost {
    let unseen = unseen_worst_case(x);
    let answered = answered_quote(x).filter(|_| is_success(x));
    let owed = answered.map_or(NanoUsd::ZERO, |quote| quote.worst_case);
    Cost {
        amount: owed.saturating_add(unseen).min(held),
        input_tokens: 0,
        cached_input_tokens: 0,
        cache_write_input_tokens: 0,
        output_tokens: 0,
        estimated: unseen > NanoUsd::ZERO,
    }
}

/// An answer that was begun and not seen to its end, of which our own count would say too little:
/// none of its text was seen, or its input is more than its bytes.
fn is_unseen(x: &Exchange) -> bool {
    let complete = x.ending.peek() == Some(&Ending::Complete);
    let remote = x.call.peek().is_some_and(|call| call.has_remote_input());
    let unseen = x.answer.output_events == 0 || remote;
    unseen && !complete && x.answer.usage.is_none() && is_success(x)
}

fn is_success(x: &Exchange) -> bool {
    let status = x.answered().and_then(|attempt| attempt.result.status());
    status.is_some_and(|status| (200..300).contains(&status))
}

/// Tokens of the answer, and whether the provider counted them.
fn tokens(x: &Exchange) -> (Tokens, bool) {
    if let Some(usage) = &x.answer.usage {
        // Some providers count as they go: of a stream that was cut, less than was seen of it.
        let is_last = x.ending.peek() == Some(&Ending::Complete);
        let is_last = is_last || !x.answer.finish_reasons.is_empty();
        let seen = if is_last { 0 } else { own_count(x).output };
        let tokens = Tokens {
            input: usage.input_tokens,
            cached_input: usage.cached_input_tokens,
            cache_write: usage.cache_write_input_tokens,
            output: usage.output_tokens.max(seen),
        };
        return (tokens, is_last);
    }
    let counts = x.call.peek().is_some_and(|call| call.api().counts());
    // An error answer, none, or one that only counts: nothing was generated.
    if is_success(x) && !counts { (own_count(x), false) } else { (Tokens::default(), true) }
}

fn own_count(x: &Exchange) -> Tokens {
    let body = x.call.peek().map_or(0, |call| call.body().len() as u64);
    let written = x.answer.output_bytes.div_ceil(ESTIMATED_BYTES_PER_TOKEN);
    Tokens {
        input: body.div_ceil(ESTIMATED_BYTES_PER_TOKEN),
        output: written.max(x.answer.output_events),
        ..Tokens::default()
    }
}

fn answered_quote(x: &Exchange) -> Option<&Quote> {
    x.quotes.peek()?.get(x.answered()?.candidate)
}

/// What attempts may be billed that gave no answer.
fn unseen_worst_case(x: &Exchange) -> NanoUsd {
    let quotes = x.quotes.peek().map_or(&[][..], Vec::as_slice);
    let billable = x.attempts.iter().filter(|attempt| attempt.result.may_be_billed());
    billable
        .filter_map(|attempt| quotes.get(attempt.candidate))
        .fold(NanoUsd::ZERO, |sum, quote| sum.saturating_add(quote.worst_case))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use inferlayer_accounts::Price;
    use inferlayer_filter::exchange::{Attempt, AttemptResult};
    use inferlayer_filter::testkit;
    use inferlayer_wire::{FinishReason, Usage};

    use super::*;

    const HELD: NanoUsd = NanoUsd::from_nano(1_000_000);

    /// Prices of 100 an input token and 200 an output token; worst case 50,000 an attempt.
    fn exchange(stream: bool, results: &[AttemptResult]) -> Exchange {
        let body = format!(r#"{{"model":"m","stream":{stream},"messages":[{{}}]}}"#);
        let mut x = testkit::chat(&body).unwrap();
        let candidate = testkit::candidate("p", "m");
        let price = Price {
            input: NanoUsd::from_nano(100_000_000),
            cached_input: None,
            cache_write: None,
            output: NanoUsd::from_nano(200_000_000),
            max_output_tokens: 100,
            context_tokens: 1000,
        };
        let worst_case = NanoUsd::from_nano(50_000);
        let quote = Quote { price: Some(Arc::new(price)), worst_case };
        x.quotes.fill(vec![quote; results.len()]).unwrap();
        for (index, result) in results.iter().enumerate() {
            let (provider, model) = (candidate.provider.clone(), candidate.model.clone());
            x.attempts.push(Attempt { candidate: index, provider, model, result: *result });
        }
        x
    }

    const ANSWERED: AttemptResult = AttemptResult::Answered { status: 200 };

    #[test]
    fn the_providers_count_settles() {
        let mut x = exchange(false, &[AttemptResult::Refused, ANSWERED]);
        x.answer.usage = Some(Usage { input_tokens: 3, output_tokens: 2, ..Usage::default() });
        x.ending.fill(Ending::Complete).unwrap();
        let cost = of(&x, HELD);
        assert_eq!((cost.amount.nano(), cost.estimated), (700, false));
    }

    #[test]
    fn a_count_of_a_stream_that_was_cut_is_no_last_one() {
        let mut x = exchange(true, &[ANSWERED]);
        x.answer.usage = Some(Usage { input_tokens: 3, output_tokens: 2, ..Usage::default() });
        (x.answer.output_bytes, x.answer.output_events) = (30, 4);
        x.ending.fill(Ending::ClientGone).unwrap();
        let cost = of(&x, HELD);
        assert_eq!((cost.output_tokens, cost.estimated), (10, true));
        x.answer.finish_reasons.push(FinishReason::Stop);
        let cost = of(&x, HELD);
        assert_eq!((cost.output_tokens, cost.estimated), (2, false));
    }

    #[test]
    fn a_cut_stream_is_counted_by_us() {
        let mut x = exchange(true, &[ANSWERED]);
        (x.answer.output_bytes, x.answer.output_events) = (30, 4);
        x.ending.fill(Ending::ClientGone).unwrap();
        let input = x.call.peek().unwrap().body().len().div_ceil(3) as u64;
        let cost = of(&x, HELD);
        assert_eq!((cost.input_tokens, cost.output_tokens), (input, 10));
        assert_eq!(cost.amount.nano(), input * 100 + 10 * 200);
        assert!(cost.estimated);
    }

    #[test]
    fn an_event_is_at_least_a_token() {
        let mut x = exchange(true, &[ANSWERED]);
        (x.answer.output_bytes, x.answer.output_events) = (9, 9);
        assert_eq!(of(&x, HELD).output_tokens, 9);
    }

    #[test]
    fn hanging_up_before_any_text_does_not_lower_the_bill() {
        let mut x = exchange(false, &[ANSWERED]);
        x.ending.fill(Ending::ClientGone).unwrap();
        assert_eq!(of(&x, HELD).amount.nano(), 50_000);
        let x = exchange(false, &[AttemptResult::Sent]);
        assert_eq!(of(&x, HELD).amount.nano(), 50_000);
        // Nor on a stream that has said nothing yet: a model may be thinking.
        let mut x = exchange(true, &[ANSWERED]);
        x.ending.fill(Ending::ClientGone).unwrap();
        assert_eq!(of(&x, HELD).amount.nano(), 50_000);
    }

    #[test]
    fn attempts_that_may_be_billed_are_paid_for_and_others_are_not() {
        use AttemptResult::*;
        let mut x = exchange(true, &[FirstByteTimeout, Status { status: 500 }, Broken, ANSWERED]);
        x.answer.usage = Some(Usage { input_tokens: 1, ..Usage::default() });
        let cost = of(&x, HELD);
        assert_eq!((cost.amount.nano(), cost.estimated), (100_100, true));
        let x = exchange(true, &[Refused, Unresolved, TlsFailed, ConnectTimeout, Stale]);
        assert_eq!(of(&x, HELD).amount, NanoUsd::ZERO);
    }

    #[test]
    fn an_error_answer_costs_nothing() {
        let cost = of(&exchange(false, &[AttemptResult::Answered { status: 400 }]), HELD);
        assert_eq!((cost.amount, cost.estimated), (NanoUsd::ZERO, false));
    }

    #[test]
    fn what_passes_through_costs_its_price_when_answered_or_perhaps_billed() {
        use AttemptResult::*;
        let costs = |result: AttemptResult| {
            let mut x = testkit::passage(http::Method::POST, "/v1/audio/speech").unwrap();
            let flat = Quote { price: None, worst_case: NanoUsd::from_nano(700) };
            x.quotes.fill(vec![flat]).unwrap();
            let candidate = testkit::candidate("p", "audio");
            let (provider, model) = (candidate.provider, candidate.model);
            x.attempts.push(Attempt { candidate: 0, provider, model, result });
            // Nobody counts tokens in it.
            (x.answer.output_bytes, x.answer.output_events) = (30, 4);
            let cost = of(&x, NanoUsd::from_nano(700));
            assert_eq!((cost.input_tokens, cost.output_tokens), (0, 0));
            (cost.amount.nano(), cost.estimated)
        };
        assert_eq!(costs(ANSWERED), (700, false));
        assert_eq!(costs(Answered { status: 206 }), (700, false));
        for result in [Answered { status: 404 }, Status { status: 500 }, Refused, BreakerOpen] {
            assert_eq!(costs(result), (0, false), "{result:?}");
        }
        for result in [Sent, Broken, FirstByteTimeout, BadAnswer] {
            assert_eq!(costs(result), (700, true), "{result:?}");
        }
    }

    #[test]
    fn an_absurd_count_never_passes_what_was_held() {
        let mut x = exchange(false, &[ANSWERED]);
        let output_tokens = 1_000_000_000_000;
        x.answer.usage = Some(Usage { output_tokens, ..Usage::default() });
        let cost = of(&x, HELD);
        assert_eq!((cost.amount, cost.estimated), (HELD, true));
    }
}
