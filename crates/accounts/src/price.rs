//! What a model costs. A price is a whole number of nano-dollars for a million tokens, so that
//! `$0.0375 per million` is exact; a call's cost is summed over its token classes in 128 bits and
//! rounded up once. `crates/ledger/FORMAT.md` §12 has the same formula for auditors.

use inferlayer_records::{NanoUsd, Row, Used};
use serde::{Deserialize, Deserializer};

use crate::money::usd;

/// One model's price. Amounts are for a million tokens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Fresh input tokens.
    #[serde(rename = "input_usd", deserialize_with = "usd::deserialize")]
    pub input: NanoUsd,
    /// Input tokens read from the provider's prompt cache; the input price when absent.
    #[serde(default, rename = "cached_input_usd", deserialize_with = "optional_usd")]
    pub cached_input: Option<NanoUsd>,
    /// Input tokens written to the provider's prompt cache; the input price when absent.
    #[serde(default, rename = "cache_write_usd", deserialize_with = "optional_usd")]
    pub cache_write: Option<NanoUsd>,
    /// Output tokens, reasoning included.
    #[serde(rename = "output_usd", deserialize_with = "usd::deserialize")]
    pub output: NanoUsd,
    /// The most tokens one answer can have: bounds a call that names no limit of its own.
    #[serde(deserialize_with = "tokens")]
    pub max_output_tokens: u64,
    /// The most tokens a prompt can have: bounds input whose bytes do not (a remote image).
    #[serde(deserialize_with = "tokens")]
    pub context_tokens: u64,
}

/// The most tokens that a price may name: the last integer that every JSON reader keeps exact.
const MAX_TOKENS: u64 = 1 << 53;

/// Tokens of one call by price class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// All input tokens, cached and written ones included.
    pub input: u64,
    /// Of the input: read from the provider's prompt cache.
    pub cached_input: u64,
    /// Of the input: written to the provider's prompt cache.
    pub cache_write: u64,
    /// All output tokens, reasoning included.
    pub output: u64,
}

/// What a call can use at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Input tokens, of whichever class.
    pub input: u64,
    /// Output tokens of all answers together.
    pub output: u64,
}

impl Price {
    /// What `tokens` cost, rounded up to the next nano-dollar.
    pub fn cost(&self, tokens: Tokens) -> NanoUsd {
        let cached = tokens.cached_input.min(tokens.input);
        let written = tokens.cache_write.min(tokens.input - cached);
        sum_rounded_up(&[
            (tokens.input - cached - written, self.input),
            (cached, self.cached_input.unwrap_or(self.input)),
            (written, self.cache_write.unwrap_or(self.input)),
            (tokens.output, self.output),
        ])
    }

    /// What a call can use at most; `choices` answers of at most `output_cap` tokens each.
    pub fn bounds(&self, call: WorstCase) -> Bounds {
        let input = match call.input_bytes {
            Some(bytes) if call.many_prompts => bytes,
            Some(bytes) => bytes.min(self.context_tokens),
            None => self.context_tokens,
        };
        // A caller's cap above the model's own cannot be reached.
        let output =
            call.output_cap.map_or(self.max_output_tokens, |cap| cap.min(self.max_output_tokens));
        Bounds { input, output: output.saturating_mul(u64::from(call.choices)) }
    }

    /// What the model can use at all for such a call, whatever its caller asked for.
    pub fn limits(&self, bounds: Bounds, choices: u32) -> Bounds {
        Bounds {
            input: bounds.input.max(self.context_tokens),
            output: self.max_output_tokens.saturating_mul(u64::from(choices)),
        }
    }

    /// The most that what is within `bounds` can cost: all of the input at its dearest class.
    pub fn worst_case(&self, bounds: Bounds) -> NanoUsd {
        let other_classes = [self.cached_input, self.cache_write].into_iter().flatten();
        let dearest_input = other_classes.fold(self.input, NanoUsd::max);
        sum_rounded_up(&[(bounds.input, dearest_input), (bounds.output, self.output)])
    }
}

/// What is known of a call before it is made.
#[derive(Clone, Copy, Debug)]
pub struct WorstCase {
    /// UTF-8 bytes of the prompt, which bound its tokens; `None` when it has input that bytes do
    /// not bound, such as a remote image.
    pub input_bytes: Option<u64>,
    /// The caller's limit of output tokens for each answer.
    pub output_cap: Option<u64>,
    /// The prompt may be several, each as long as the model can read.
    pub many_prompts: bool,
    /// How many answers were asked for; none where no text is generated.
    pub choices: u32,
}

fn sum_rounded_up(lines: &[(u64, NanoUsd)]) -> NanoUsd {
    const MILLION: u128 = 1_000_000;
    let sum: u128 = lines
        .iter()
        .map(|(tokens, per_million)| u128::from(*tokens) * u128::from(per_million.nano()))
        .fold(0, u128::saturating_add);
    NanoUsd::from_nano(u64::try_from(sum.div_ceil(MILLION)).unwrap_or(u64::MAX))
}

fn optional_usd<'de, D: Deserializer<'de>>(d: D) -> Result<Option<NanoUsd>, D::Error> {
    usd::deserialize(d).map(Some)
}

fn tokens<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    let tokens = u64::deserialize(d)?;
    let message = "expected a whole number of tokens up to 2^53";
    if tokens > MAX_TOKENS { Err(serde::de::Error::custom(message)) } else { Ok(tokens) }
}

impl From<Tokens> for Used {
    fn from(tokens: Tokens) -> Used {
        Used {
            input: tokens.input,
            cache_read: tokens.cached_input,
            cache_write: tokens.cache_write,
            output: tokens.output,
        }
    }
}

impl From<Bounds> for Used {
    fn from(Bounds { input, output }: Bounds) -> Used {
        Used { input, cache_read: 0, cache_write: 0, output }
    }
}

impl From<&Price> for Row {
    fn from(price: &Price) -> Row {
        Row {
            input: price.input,
            cache_read: price.cached_input,
            cache_write: price.cache_write,
            output: price.output,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Price {
        Price {
            input: NanoUsd::from_nano(150_000_000),
            cached_input: Some(NanoUsd::from_nano(37_500_000)),
            cache_write: None,
            output: NanoUsd::from_nano(600_000_000),
            max_output_tokens: 1000,
            context_tokens: 8000,
        }
    }

    fn worst_case(price: &Price, call: WorstCase) -> u64 {
        price.worst_case(price.bounds(call)).nano()
    }

    #[test]
    fn sums_classes_exactly_and_rounds_up_once() {
        let tokens = Tokens { input: 1000, cached_input: 999, output: 1, ..Tokens::default() };
        // 1 × 150 + 999 × 37.5 + 1 × 600 = 38 212.5 nano-dollars
        assert_eq!(small().cost(tokens).nano(), 38_213);
        assert_eq!(small().cost(Tokens::default()), NanoUsd::ZERO);
    }

    #[test]
    fn more_cached_than_input_is_not_a_discount_below_zero() {
        let tokens = Tokens { input: 10, cached_input: 1000, ..Tokens::default() };
        assert_eq!(small().cost(tokens).nano(), 375);
    }

    #[test]
    fn written_tokens_have_a_price_of_their_own_and_bound_the_worst_case() {
        let mut price = small();
        let tokens = Tokens { input: 10, cached_input: 4, cache_write: 5, output: 0 };
        assert_eq!(price.cost(tokens).nano(), 4 * 75 / 2 + 6 * 150);
        price.cache_write = Some(NanoUsd::from_nano(187_500_000));
        assert_eq!(price.cost(tokens).nano(), (4 * 75 + 2 * 150 + 5 * 375_u64).div_ceil(2));
        let call = WorstCase {
            input_bytes: Some(10),
            output_cap: Some(1),
            many_prompts: false,
            choices: 1,
        };
        assert_eq!(worst_case(&price, call), 10 * 375 / 2 + 600);
        // More than there is: what is left after the cached ones.
        let absurd = Tokens { cache_write: 1000, ..tokens };
        assert_eq!(price.cost(absurd).nano(), (4 * 75 + 6 * 375_u64).div_ceil(2));
    }

    #[test]
    fn worst_case_covers_every_cost_within_its_bounds() {
        let call = WorstCase {
            input_bytes: Some(500),
            output_cap: Some(100),
            many_prompts: false,
            choices: 3,
        };
        assert_eq!(worst_case(&small(), call), 500 * 150 + 300 * 600);
        let unbounded =
            WorstCase { input_bytes: None, output_cap: None, many_prompts: false, choices: 1 };
        assert_eq!(worst_case(&small(), unbounded), 8000 * 150 + 1000 * 600);
        let absurd =
            WorstCase { input_bytes: Some(u64::MAX), output_cap: Some(u64::MAX), ..unbounded };
        assert_eq!(worst_case(&small(), absurd), worst_case(&small(), unbounded));
        let many = WorstCase { input_bytes: Some(9000), many_prompts: true, choices: 0, ..call };
        assert_eq!(worst_case(&small(), many), 9000 * 150);
    }

    #[test]
    fn a_sum_beyond_the_largest_amount_is_the_largest_amount() {
        let price = Price { output: NanoUsd::from_nano(u64::MAX), ..small() };
        let tokens = Tokens { input: u64::MAX, output: u64::MAX, ..Tokens::default() };
        assert_eq!(price.cost(tokens).nano(), u64::MAX);
        let bounds = Bounds { input: u64::MAX, output: u64::MAX };
        assert_eq!(price.worst_case(bounds).nano(), u64::MAX);
    }

    #[test]
    fn a_model_s_own_limits_are_not_its_caller_s_cap() {
        let call = WorstCase {
            input_bytes: Some(500),
            output_cap: Some(100),
            many_prompts: false,
            choices: 3,
        };
        let bounds = small().bounds(call);
        assert_eq!(bounds, Bounds { input: 500, output: 300 });
        assert_eq!(small().limits(bounds, 3), Bounds { input: 8000, output: 3000 });
        let many =
            small().bounds(WorstCase { input_bytes: Some(9000), many_prompts: true, ..call });
        assert_eq!(small().limits(many, 3).input, 9000);
    }
}
