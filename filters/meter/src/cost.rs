//! What a call cost, attempt by attempt. An answer costs what was counted of it, at the price of
//! the model that gave it; where nothing was seen of an answer that a provider may bill, all that
//! was quoted for that attempt. So no caller lowers its bill by hanging up early, and no provider's
//! count is cut in silence.

use std::sync::Arc;

use inferlayer_accounts::price::{Bounds, Tokens};
use inferlayer_accounts::{NanoUsd, Price, PriceBook};
use inferlayer_filter::Exchange;
use inferlayer_filter::exchange::{Attempt, Charge, Cost, Operation, Priced, Quote};
use inferlayer_records::{Basis, Ending};

use crate::answered;
use crate::count::{self, Count};

/// The cost of all attempts of `x`.
pub(crate) fn of(x: &Exchange, prices: &PriceBook) -> Cost {
    let count = counted(x);
    let attempts = x.attempts.iter().enumerate();
    let charges = attempts.filter_map(|(index, attempt)| {
        let quote = attempt.quote.as_deref()?;
        if attempt.result.may_be_billed() {
            return worst_case(index, quote);
        }
        let is_last = index + 1 == x.attempts.len();
        if is_last && is_success(x) {
            answer(x, index, attempt, quote, count, prices)
        } else {
            None
        }
    });
    let charges: Vec<Charge> = charges.collect();
    Cost {
        amount: charges.iter().fold(NanoUsd::ZERO, |sum, c| sum.saturating_add(c.amount)),
        tokens: count.tokens,
        estimated: count.is_own || charges.iter().any(|charge| charge.basis.is_estimate()),
        charges,
    }
}

/// Tokens of the answer, if there is one that tokens are generated for.
fn counted(x: &Exchange) -> Count {
    let is_passage = matches!(x.operation, Operation::Passage(_));
    let only_counts = x.call.peek().is_some_and(|call| call.api().counts());
    if is_success(x) && !is_passage && !only_counts { Count::of(x) } else { Count::default() }
}

/// What an answer costs. What passes through costs its price even if its answer breaks off.
fn answer(
    x: &Exchange,
    index: usize,
    attempt: &Attempt,
    quote: &Quote,
    count: Count,
    prices: &PriceBook,
) -> Option<Charge> {
    if is_unseen(x) || quote.price.is_none() {
        let flat = matches!(x.operation, Operation::Passage(_));
        return if flat { flat_price(index, Basis::Flat, quote) } else { worst_case(index, quote) };
    }
    let priced = answered::price(x, attempt, quote, prices)?;
    let (tokens, basis) = charged(x, count, quote.bounds, &priced.price);
    let amount = priced.price.cost(tokens);
    let priced = Priced { tokens, ..priced };
    Some(Charge { attempt: index, basis, priced: Some(priced), amount })
}

/// The tokens that are paid for. A provider that counts more than the call's bounds is paid for
/// what its model can use at all; our own count stays within the bounds, unless more was seen.
fn charged(x: &Exchange, count: Count, bounds: Bounds, price: &Price) -> (Tokens, Basis) {
    let choices = x.call.peek().map_or(1, |call| call.choices());
    let limits = price.limits(bounds, choices);
    let Tokens { input, output, .. } = count.tokens;
    if !count.is_own {
        let basis = if input > bounds.input || output > bounds.output {
            Basis::Claimed
        } else {
            Basis::Usage
        };
        return (within(count.tokens, limits), basis);
    }
    let told = x.answer.usage.map_or(0, |usage| usage.output_tokens);
    let most = if count::beyond(x, bounds.output) || told > bounds.output {
        limits.output
    } else {
        bounds.output
    };
    (within(count.tokens, Bounds { output: most, ..limits }), Basis::OwnCount)
}

fn within(tokens: Tokens, limits: Bounds) -> Tokens {
    let input = tokens.input.min(limits.input);
    let cached_input = tokens.cached_input.min(input);
    let cache_write = tokens.cache_write.min(input - cached_input);
    Tokens { input, cached_input, cache_write, output: tokens.output.min(limits.output) }
}

/// What an attempt costs that may be billed and of which nothing was seen.
fn worst_case(index: usize, quote: &Quote) -> Option<Charge> {
    let Some(price) = &quote.price else { return flat_price(index, Basis::WorstCase, quote) };
    let Bounds { input, output } = quote.bounds;
    let tokens = Tokens { input, output, ..Tokens::default() };
    let price = Arc::clone(price);
    let service_tier = quote.service_tier.clone();
    let priced = Priced { tokens, price, model: None, service_tier, unpriced_answer: false };
    let (basis, amount) = (Basis::WorstCase, quote.worst_case);
    Some(Charge { attempt: index, basis, priced: Some(priced), amount })
}

/// What has a price for the whole of it; nothing where that is free.
fn flat_price(index: usize, basis: Basis, quote: &Quote) -> Option<Charge> {
    let amount = quote.worst_case;
    let charge = Charge { attempt: index, basis, priced: None, amount };
    (amount > NanoUsd::ZERO).then_some(charge)
}

/// An answer that was begun and not seen to its end, of which our own count would say too little:
/// none of its text was seen, or its input is more than its bytes.
fn is_unseen(x: &Exchange) -> bool {
    let complete = x.ending.peek() == Some(&Ending::Complete);
    let remote = x.call.peek().is_some_and(|call| call.has_remote_input());
    let unseen = x.answer.output_events == 0 || remote;
    unseen && !complete && x.answer.usage.is_none()
}

fn is_success(x: &Exchange) -> bool {
    let status = x.answered().and_then(|attempt| attempt.result.status());
    status.is_some_and(|status| (200..300).contains(&status))
}

#[cfg(test)]
mod tests;
