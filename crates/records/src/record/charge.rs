//! How an amount of money in a record came about: what was counted, by whom, at which price. So an
//! auditor computes every cost and every hold again (`crates/ledger/FORMAT.md` §12, Money).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::money::NanoUsd;

/// What one attempt cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge<'a> {
    /// Its place among the outcome's attempts.
    pub attempt: usize,
    /// Where `used` comes from.
    pub basis: Basis,
    /// The tokens that are paid for; none where a price is for the whole request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub used: Option<Used>,
    /// The price for a million of them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub price: Option<Row>,
    /// Whose price it is, where another model answered than was asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub model: Option<Cow<'a, str>>,
    /// Which service tier's price it is, where it is not the usual one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service_tier: Option<Cow<'a, str>>,
    /// Another model or tier answered than was asked, and the book has no price for it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub unpriced_answer: bool,
    /// What they cost.
    pub nano_usd: NanoUsd,
}

/// What one attempt at a candidate costs at worst.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The most tokens it can use; none where it is free, or a price is for the whole request.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub used: Option<Used>,
    /// The price for a million of them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub price: Option<Row>,
    /// Which service tier's price it is, where it is not the usual one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service_tier: Option<Box<str>>,
    /// What they cost, all input at its dearest class.
    pub nano_usd: NanoUsd,
}

/// Where the tokens of a charge come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The provider's count, within the bounds of the call.
    Usage,
    /// The provider's count is above the bounds of the call; paid for up to what the model can use
    /// at all.
    Claimed,
    /// The gateway's count, as the provider's is missing or not to be believed.
    OwnCount,
    /// The bounds of the call: the provider may bill for it, and nothing was seen of an answer.
    WorstCase,
    /// A price for the whole request.
    Flat,
}

/// Tokens by price class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// All input tokens, those of the next two included.
    pub input: u64,
    /// Of the input: read from the provider's prompt cache.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub cache_read: u64,
    /// Of the input: written to the provider's prompt cache.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub cache_write: u64,
    /// All output tokens.
    pub output: u64,
}

/// A row of the price book, for a million tokens of each class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Row {
    /// Input.
    pub input: NanoUsd,
    /// Input read from the provider's prompt cache; as `input` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cache_read: Option<NanoUsd>,
    /// Input written to the provider's prompt cache; as `input` when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cache_write: Option<NanoUsd>,
    /// Output.
    pub output: NanoUsd,
}

impl Basis {
    /// The word in records and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Basis::Usage => "usage",
            Basis::Claimed => "claimed",
            Basis::OwnCount => "own_count",
            Basis::WorstCase => "worst_case",
            Basis::Flat => "flat",
        }
    }

    /// Whether it is not simply what the provider says, or what was agreed.
    pub fn is_estimate(self) -> bool {
        !matches!(self, Basis::Usage | Basis::Flat)
    }
}

fn is_zero(tokens: &u64) -> bool {
    *tokens == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_says_in_few_bytes_how_it_came_about() {
        let row = Row {
            input: NanoUsd::from_nano(150_000_000),
            cache_read: Some(NanoUsd::from_nano(37_500_000)),
            cache_write: None,
            output: NanoUsd::from_nano(600_000_000),
        };
        let charge = Charge {
            attempt: 1,
            basis: Basis::OwnCount,
            used: Some(Used { input: 7, cache_read: 0, cache_write: 0, output: 3 }),
            price: Some(row),
            model: None,
            service_tier: None,
            unpriced_answer: false,
            nano_usd: NanoUsd::from_nano(2850),
        };
        let json = serde_json::to_string(&charge).unwrap();
        let expected = concat!(
            r#"{"attempt":1,"basis":"own_count","used":{"input":7,"output":3},"#,
            r#""price":{"input":"150000000","cache_read":"37500000","output":"600000000"},"#,
            r#""nano_usd":"2850"}"#,
        );
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_str::<Charge<'_>>(&json).unwrap(), charge);
    }

    #[test]
    fn the_word_of_a_basis_is_the_one_in_records() {
        use Basis::*;
        for basis in [Usage, Claimed, OwnCount, WorstCase, Flat] {
            let word = format!("\"{}\"", basis.name());
            assert_eq!(serde_json::to_string(&basis).unwrap(), word);
        }
    }
}
