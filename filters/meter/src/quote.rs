//! What a call can cost at worst, before it is made.

use inferlayer_accounts::price::WorstCase;
use inferlayer_accounts::{NanoUsd, PriceBook};
use inferlayer_filter::candidate::Exclusion;
use inferlayer_filter::exchange::{Operation, Quote};
use inferlayer_filter::{Candidate, Exchange, Passage, Refusal};
use inferlayer_wire::Call;

/// Quotes for the candidates; those without a price are struck off, unless the tenant allows them.
pub(crate) fn affordable(x: &mut Exchange, prices: &PriceBook) -> Result<Vec<Quote>, Refusal> {
    if let Operation::Passage(passage) = &x.operation {
        return flat(x, passage);
    }
    let allows_unpriced = x.tenant.need()?.allows_unpriced();
    let call = x.call.need()?;
    let worst_case = worst_case_of(call);
    let unpriced = || Refusal::Unpriced { model: call.model().to_owned() };

    let mut quotes = Vec::new();
    let priced = x.candidates.need_mut()?.exclude(|candidate| {
        let quote = match call.api().counts() {
            true => Some(Quote::FREE),
            false => quote(candidate, prices, worst_case, allows_unpriced),
        };
        let unpriced = quote.is_none().then_some(Exclusion::Unpriced);
        quotes.extend(quote);
        unpriced
    });
    priced.map(|()| quotes).map_err(|none| none.refusal(call.model(), unpriced))
}

/// What passes through has the price of its rule, whatever is in it.
fn flat(x: &Exchange, passage: &Passage) -> Result<Vec<Quote>, Refusal> {
    let candidates = x.candidates.need()?.iter();
    let unpriced = x.tenant.need()?.allows_unpriced().then_some(NanoUsd::ZERO);
    let price = x.flat_price.peek().copied().or(unpriced);
    let quotes = candidates.map(|candidate| {
        let worst_case = if candidate.provider.free { NanoUsd::ZERO } else { price? };
        Some(Quote::flat(worst_case))
    });
    let quotes: Option<_> = quotes.collect();
    quotes.ok_or_else(|| Refusal::Unpriced { model: passage.path().to_string() })
}

fn quote(
    candidate: &Candidate,
    prices: &PriceBook,
    worst_case: WorstCase,
    allows_unpriced: bool,
) -> Option<Quote> {
    if candidate.provider.free {
        return Some(Quote::FREE);
    }
    match prices.price(&candidate.provider.name, &candidate.model) {
        Some(price) => Some(Quote::within(price.bounds(worst_case), price)),
        None => allows_unpriced.then_some(Quote::FREE),
    }
}

/// What the dearest candidate may write to a request that names no cap.
pub(crate) fn assumed_output(x: &Exchange, quotes: &[Quote]) -> Option<u64> {
    let capped = x.call.peek().is_none_or(|call| call.max_output_tokens().is_some());
    let dearest = quotes.iter().max_by_key(|quote| quote.worst_case).filter(|_| !capped)?;
    Some(dearest.bounds.output).filter(|tokens| *tokens > 0)
}

/// Every token has at least one byte of the body, unless the body only points at its input.
fn worst_case_of(call: &Call) -> WorstCase {
    let bytes = call.body().len() as u64;
    WorstCase {
        input_bytes: (!call.has_remote_input()).then_some(bytes),
        output_cap: call.max_output_tokens(),
        many_prompts: !call.api().converses(),
        choices: call.choices(),
    }
}
