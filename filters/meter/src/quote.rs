//! What a call can cost at worst, before it is made.

use std::sync::Arc;

use inferlayer_accounts::price::WorstCase;
use inferlayer_accounts::{NanoUsd, PriceBook};
use inferlayer_filter::candidate::Exclusion;
use inferlayer_filter::exchange::{Operation, Quote};
use inferlayer_filter::{Candidate, Candidates, Exchange, Refusal};
use inferlayer_wire::{Call, Invalid, Target};

use crate::refusal::NotHeld;

/// Quotes for the candidates; those without a price are struck off, unless the tenant allows them.
pub(crate) fn affordable(x: &mut Exchange, prices: &PriceBook) -> Result<(), Refusal> {
    if matches!(x.operation, Operation::Passage(_)) {
        return flat(x);
    }
    let allows_unpriced = x.tenant.need()?.allows_unpriced();
    let call = x.call.need()?;
    let tier = unpriced_tier(call, x.candidates.need()?, prices);
    let unpriced = || match &tier {
        Some(field) => Invalid::value(field, TIER_RULE).into(),
        None => NotHeld::Unpriced { model: call.model().to_owned() }.into(),
    };

    let priced = x.candidates.need_mut()?.exclude(|candidate| {
        candidate.quote = quote(call, candidate, prices, allows_unpriced).map(Arc::new);
        candidate.quote.is_none().then_some(Exclusion::Unpriced)
    });
    priced.map_err(|none| none.refusal(call.model(), unpriced))
}

/// What passes through has the price of its rule, whatever is in it.
fn flat(x: &mut Exchange) -> Result<(), Refusal> {
    let unpriced = x.tenant.need()?.allows_unpriced().then_some(NanoUsd::ZERO);
    let price = x.flat_price.peek().copied().or(unpriced);
    let priced = x.candidates.need_mut()?.iter_mut().try_for_each(|candidate| {
        let worst_case = if candidate.provider.free { NanoUsd::ZERO } else { price? };
        candidate.quote = Some(Arc::new(Quote::flat(worst_case)));
        Some(())
    });
    match (&x.operation, priced) {
        (Operation::Passage(passage), None) => {
            Err(NotHeld::Unpriced { model: passage.path().to_string() }.into())
        }
        _ => Ok(()),
    }
}

const TIER_RULE: &str = "be left out: the price book has no price for this tier";

/// The field that asks a candidate for a tier without a price, though its model has one.
fn unpriced_tier(call: &Call, candidates: &Candidates, prices: &PriceBook) -> Option<String> {
    candidates.iter().find_map(|candidate| {
        let (provider, model) = (&*candidate.provider.name, &*candidate.model);
        let target = candidate.target(call).ok()?;
        let (field, tier) = call.service_tier(&target)?;
        let unpriced = prices.price_in(provider, model, Some(tier)).is_none();
        let priced = prices.price(provider, model).is_some();
        (unpriced && priced).then(|| field.to_owned())
    })
}

fn quote(
    call: &Call,
    candidate: &Candidate,
    prices: &PriceBook,
    allows_unpriced: bool,
) -> Option<Quote> {
    if candidate.provider.free || call.api().counts() {
        return Some(Quote::FREE);
    }
    let target = candidate.target(call).ok()?;
    let tier = call.service_tier(&target).map(|(_, tier)| tier);
    let price = prices.price_in(&candidate.provider.name, &candidate.model, tier);
    match price {
        Some(price) => {
            let quote = Quote::within(price.bounds(worst_case(call, &target)), price);
            Some(Quote { service_tier: tier.map(Arc::from), ..quote })
        }
        None => allows_unpriced.then_some(Quote::FREE),
    }
}

/// The quote that the hold has to cover.
pub(crate) fn dearest(candidates: &Candidates) -> Option<&Quote> {
    let quotes = candidates.iter().filter_map(|candidate| candidate.quote.as_deref());
    quotes.max_by_key(|quote| quote.worst_case)
}

/// What the dearest candidate may write to a request that names no cap.
pub(crate) fn assumed_output(x: &Exchange, dearest: &Quote) -> Option<u64> {
    let capped = x.call.peek().is_none_or(|call| call.max_output_tokens().is_some());
    Some(dearest.bounds.output).filter(|tokens| !capped && *tokens > 0)
}

/// Every token has at least one byte of the body, unless the body only points at its input.
fn worst_case(call: &Call, target: &Target<'_>) -> WorstCase {
    let bytes = call.body().len() as u64;
    WorstCase {
        input_bytes: (!call.has_remote_input()).then_some(bytes),
        output_cap: call.output_cap(target),
        many_prompts: !call.api().converses(),
        choices: call.choices(),
    }
}
