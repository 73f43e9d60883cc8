//! Quotes and charges as records have them: what was counted, the price, the amount.

use std::borrow::Cow;

use inferlayer_filter::exchange::{Charge, Priced, Quote};
use inferlayer_records::record;

pub(crate) fn quote(quote: &Quote) -> record::Quote {
    record::Quote {
        used: quote.price.is_some().then(|| quote.bounds.into()),
        price: quote.price.as_deref().map(record::Row::from),
        service_tier: quote.service_tier.as_deref().map(Box::from),
        nano_usd: quote.worst_case,
    }
}

pub(crate) fn charge(charge: &Charge) -> record::Charge<'_> {
    let priced = charge.priced.as_ref();
    record::Charge {
        attempt: charge.attempt,
        basis: charge.basis,
        used: priced.map(|priced| priced.tokens.into()),
        price: priced.map(|priced| record::Row::from(&*priced.price)),
        model: priced.and_then(|Priced { model, .. }| model.as_deref().map(Cow::from)),
        service_tier: priced.and_then(|priced| priced.service_tier.as_deref().map(Cow::from)),
        unpriced_answer: priced.is_some_and(|priced| priced.unpriced_answer),
        nano_usd: charge.amount,
    }
}
