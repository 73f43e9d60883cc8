//! Whose price an answer is paid at: that of the model that is said to have given it, in the
//! service tier that it is said to have given it in. Where the book has no such price, that of what
//! was asked, and the charge says so.

use std::sync::Arc;

use inferlayer_accounts::price::Tokens;
use inferlayer_accounts::{Price, PriceBook};
use inferlayer_filter::Exchange;
use inferlayer_filter::exchange::{Attempt, Priced, Quote};

/// At the price of the model, in the tier, that is said to have answered; of what was asked where
/// the book has none.
pub(crate) fn price(
    x: &Exchange,
    attempt: &Attempt,
    quote: &Quote,
    prices: &PriceBook,
) -> Option<Priced> {
    let (provider, asked) = (&*attempt.provider.name, &*attempt.model);
    let asked_tier = quote.service_tier.as_deref();
    let tier = answered_tier(x, attempt, quote);
    let tier = tier.as_deref();
    let answered = x.answer.model.as_deref().unwrap_or(asked);
    let is_asked = answered == asked || is_version_of(answered, asked);
    let priced = |price: &Arc<Price>, model: Option<&str>, tier: Option<&str>| Priced {
        tokens: Tokens::default(),
        price: Arc::clone(price),
        model: model.map(Arc::from),
        service_tier: tier.map(Arc::from),
        unpriced_answer: false,
    };
    if answered != asked
        && let Some(own) = prices.price_in(provider, answered, tier)
    {
        return Some(priced(own, Some(answered), tier));
    }
    if tier != asked_tier
        && let Some(own) = prices.price_in(provider, asked, tier)
    {
        return Some(Priced { unpriced_answer: !is_asked, ..priced(own, None, tier) });
    }
    let unpriced_answer = !is_asked || tier != asked_tier;
    Some(Priced { unpriced_answer, ..priced(quote.price.as_ref()?, None, asked_tier) })
}

/// The tier that is said to have been answered in, none for a usual one; the one asked for where
/// nothing is said.
fn answered_tier(x: &Exchange, attempt: &Attempt, quote: &Quote) -> Option<String> {
    match &x.answer.service_tier {
        None => quote.service_tier.as_deref().map(str::to_owned),
        Some(told) => {
            let usual = attempt.provider.vendor.quirks().usual_tiers;
            Some(told.to_ascii_lowercase()).filter(|told| !usual.contains(&told.as_str()))
        }
    }
}

/// Whether a name is that of the model asked, told more exactly: `gpt-x-2026-01-31` for `gpt-x`,
/// `models/gemini-y-001` for `gemini-y`.
fn is_version_of(answered: &str, asked: &str) -> bool {
    let plain = |name: &str| name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let (answered, asked) = (plain(answered), plain(asked));
    let rest = answered.strip_prefix(&asked).unwrap_or("x");
    let is_version = |part: &str| part.bytes().all(|b| b.is_ascii_digit()) || part == "latest";
    rest.is_empty()
        || rest.strip_prefix(['-', '@']).is_some_and(|rest| rest.split('-').all(is_version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_of_a_model_is_that_model() {
        for (answered, asked) in [
            ("gpt-x-2026-01-31", "gpt-x"),
            ("models/gemini-y-001", "gemini-y"),
            ("Qwen3", "org/qwen3"),
            ("claude-z@20260131", "claude-z"),
            ("claude-z-latest", "claude-z"),
        ] {
            assert!(is_version_of(answered, asked), "{answered}");
        }
        for (answered, asked) in
            [("gpt-x-pro", "gpt-x"), ("gpt-x1", "gpt-x"), ("o1", "gpt-x"), ("", "m")]
        {
            assert!(!is_version_of(answered, asked), "{answered}");
        }
    }
}
