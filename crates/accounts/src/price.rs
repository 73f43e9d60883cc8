//! What a model costs. A price is a whole number of nano-dollars for a million tokens, so that
//! `$0.0375 per million` is exact; a call's cost is summed over its token classes in 128 bits and
//! rounded up once. The book's digest is in every record, so an invoice line can be re-derived.

use std::collections::HashMap;
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use serde::Deserialize;

use crate::money::{NanoUsd, usd};

/// Prices by provider and model.
#[derive(Debug)]
pub struct PriceBook {
    prices: HashMap<Box<str>, HashMap<Box<str>, Arc<Price>>>,
    digest: String,
}

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
    pub max_output_tokens: u64,
    /// The most tokens a prompt can have: bounds input whose bytes do not (a remote image).
    pub context_tokens: u64,
}

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

/// A price book that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PriceBookError {
    /// Not the expected YAML; the text has line and column.
    #[error("{0}")]
    Yaml(#[from] serde_yaml::Error),
    /// Two prices for one model.
    #[error("{provider}/{model} has two prices")]
    Duplicate {
        /// The provider named twice.
        provider: Box<str>,
        /// The model named twice.
        model: Box<str>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    provider: Box<str>,
    model: Box<str>,
    #[serde(rename = "per_million_tokens")]
    price: Price,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    prices: Vec<Entry>,
}

impl PriceBook {
    /// Reads a book from YAML.
    pub fn parse(yaml: &str) -> Result<PriceBook, PriceBookError> {
        let book: Book = serde_yaml::from_str(yaml)?;
        let mut prices: HashMap<Box<str>, HashMap<Box<str>, Arc<Price>>> = HashMap::new();
        for Entry { provider, model, price } in book.prices {
            let of_provider = prices.entry(provider.clone()).or_default();
            if of_provider.insert(model.clone(), Arc::new(price)).is_some() {
                return Err(PriceBookError::Duplicate { provider, model });
            }
        }
        Ok(PriceBook { prices, digest: sha256_hex(yaml.as_bytes()) })
    }

    /// The price of a provider's model, if the book has one.
    pub fn price(&self, provider: &str, model: &str) -> Option<&Arc<Price>> {
        self.prices.get(provider)?.get(model)
    }

    /// SHA-256 of the book as read, in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }
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

    /// The most a call can cost: `input_bytes` bound its tokens unless `input_unbounded`, and
    /// `output_cap` is the caller's own limit for each of `choices` answers.
    pub fn worst_case(&self, call: WorstCase) -> NanoUsd {
        let input = match call.input_bytes {
            Some(bytes) if call.many_prompts => bytes,
            Some(bytes) => bytes.min(self.context_tokens),
            None => self.context_tokens,
        };
        // A caller's cap above the model's own cannot be reached.
        let output =
            call.output_cap.map_or(self.max_output_tokens, |cap| cap.min(self.max_output_tokens));
        let other_classes = [self.cached_input, self.cache_write].into_iter().flatten();
        let dearest_input = other_classes.fold(self.input, NanoUsd::max);
        let outputs = output.saturating_mul(u64::from(call.choices));
        sum_rounded_up(&[(input, dearest_input), (outputs, self.output)])
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

fn optional_usd<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<NanoUsd>, D::Error> {
    usd::deserialize(d).map(Some)
}

/// SHA-256 in hexadecimal, as records name configurations and price books.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOK: &str = "
prices:
  - provider: openai
    model: small
    per_million_tokens:
      { input_usd: 0.15, cached_input_usd: 0.0375, output_usd: 0.6, max_output_tokens: 1000, context_tokens: 8000 }
";

    fn small() -> Arc<Price> {
        PriceBook::parse(BOOK).unwrap().price("openai", "small").unwrap().clone()
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
        let mut price = Price::clone(&small());
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
        assert_eq!(price.worst_case(call).nano(), 10 * 375 / 2 + 600);
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
        assert_eq!(small().worst_case(call).nano(), 500 * 150 + 300 * 600);
        let unbounded =
            WorstCase { input_bytes: None, output_cap: None, many_prompts: false, choices: 1 };
        assert_eq!(small().worst_case(unbounded).nano(), 8000 * 150 + 1000 * 600);
        let absurd =
            WorstCase { input_bytes: Some(u64::MAX), output_cap: Some(u64::MAX), ..unbounded };
        assert_eq!(small().worst_case(absurd), small().worst_case(unbounded));
        let many = WorstCase { input_bytes: Some(9000), many_prompts: true, choices: 0, ..call };
        assert_eq!(small().worst_case(many).nano(), 9000 * 150);
    }

    #[test]
    fn refuses_two_prices_for_one_model_and_unknown_fields() {
        let twice = format!("{BOOK}{}", BOOK.trim_start().trim_start_matches("prices:"));
        assert!(matches!(PriceBook::parse(&twice), Err(PriceBookError::Duplicate { .. })));
        let error = PriceBook::parse(&BOOK.replace("output_usd", "output_us")).unwrap_err();
        assert!(error.to_string().contains("output_us"), "{error}");
    }
}
