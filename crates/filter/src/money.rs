//! What a call can cost and what it did: a quote for each candidate before, a charge for each
//! attempt that costs something after. Both say how they were computed.

use std::sync::Arc;

use inferlayer_accounts::price::{Bounds, Tokens};
use inferlayer_accounts::{NanoUsd, Price};
use inferlayer_records::Basis;

/// What one attempt at a candidate costs at worst, and its price.
#[derive(Clone, Debug)]
pub struct Quote {
    /// The price its usage is settled with. None: the call is free, unpriced, or has a price for
    /// the whole of it.
    pub price: Option<Arc<Price>>,
    /// The most tokens that it can use; nothing without a price for them.
    pub bounds: Bounds,
    /// The most that it can cost.
    pub worst_case: NanoUsd,
    /// The service tier that the price is for, where it is not the usual one.
    pub service_tier: Option<Arc<str>>,
}

/// What an inference cost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// The amount: the sum of `charges`.
    pub amount: NanoUsd,
    /// Tokens of the answer: as the provider says, or as counted by us.
    pub tokens: Tokens,
    /// Not the provider's count alone: our own, or more than the call's bounds, or with attempts
    /// that may be billed and gave no answer.
    pub estimated: bool,
    /// What each attempt cost that costs something.
    pub charges: Vec<Charge>,
}

/// What one attempt cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Its place among the attempts.
    pub attempt: usize,
    /// Where the tokens come from.
    pub basis: Basis,
    /// The tokens that are paid for, and the price; none where a price is for the whole request.
    pub priced: Option<Priced>,
    /// The amount.
    pub amount: NanoUsd,
}

/// Tokens and the price that they are paid at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Priced {
    /// The tokens that are paid for.
    pub tokens: Tokens,
    /// Their price.
    pub price: Arc<Price>,
    /// Whose price it is, where another model answered than was asked.
    pub model: Option<Arc<str>>,
    /// Which service tier's price it is, where it is not the usual one.
    pub service_tier: Option<Arc<str>>,
    /// Another model or tier answered than was asked, and the book has no price for it.
    pub unpriced_answer: bool,
}

impl Quote {
    /// What costs nothing, as far as is known.
    pub const FREE: Quote = Quote::flat(NanoUsd::ZERO);

    /// A price for the whole request.
    pub const fn flat(price: NanoUsd) -> Quote {
        let bounds = Bounds { input: 0, output: 0 };
        Quote { price: None, bounds, worst_case: price, service_tier: None }
    }

    /// The worst case of a call within `bounds`.
    pub fn within(bounds: Bounds, price: &Arc<Price>) -> Quote {
        let worst_case = price.worst_case(bounds);
        Quote { price: Some(Arc::clone(price)), bounds, worst_case, service_tier: None }
    }
}
