//! Prices by provider, model and service tier, and the one form in which they are hashed and stored
//! in the ledger, so that whoever has a record has the prices that it was computed with.

use std::collections::HashMap;
use std::sync::Arc;

use inferlayer_records::{NanoUsd, sha256_hex};
use serde::{Deserialize, Deserializer, Serialize};

use crate::price::Price;

/// The most that a book may take in its canonical form: it has to fit a record's metadata.
const MAX_CANONICAL_BYTES: usize = 512 * 1024;

/// Prices by provider and model.
#[derive(Debug)]
pub struct PriceBook {
    prices: HashMap<Box<str>, HashMap<Box<str>, Vec<Entry>>>,
    canonical: Arc<str>,
    digest: String,
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
    /// The book does not fit a record.
    #[error("the book is {bytes} bytes as the ledger keeps it, and {MAX_CANONICAL_BYTES} at most")]
    TooLarge {
        /// In canonical form.
        bytes: usize,
    },
}

/// One price, as the file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    provider: Box<str>,
    model: Box<str>,
    #[serde(default)]
    service_tier: Option<Box<str>>,
    #[serde(rename = "per_million_tokens", deserialize_with = "shared")]
    price: Arc<Price>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    prices: Vec<Entry>,
}

/// One price in canonical form: the names in alphabetical order.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read: Option<NanoUsd>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write: Option<NanoUsd>,
    context_tokens: u64,
    input: NanoUsd,
    max_output_tokens: u64,
    model: &'a str,
    output: NanoUsd,
    provider: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
}

impl PriceBook {
    /// Reads a book from YAML.
    pub fn parse(yaml: &str) -> Result<PriceBook, PriceBookError> {
        let Book { prices: mut entries } = serde_yaml::from_str(yaml)?;
        entries.sort_by(|a, b| a.key().cmp(&b.key()));
        if let Some(twice) = twice(&entries) {
            let (provider, model) = (twice.provider.clone(), twice.model.clone());
            return Err(PriceBookError::Duplicate { provider, model });
        }
        let canonical = canonical(&entries);
        if canonical.len() > MAX_CANONICAL_BYTES {
            return Err(PriceBookError::TooLarge { bytes: canonical.len() });
        }
        let digest = sha256_hex(canonical.as_bytes());
        let mut prices: HashMap<Box<str>, HashMap<Box<str>, Vec<Entry>>> = HashMap::new();
        for entry in entries {
            let of_provider = prices.entry(entry.provider.clone()).or_default();
            of_provider.entry(entry.model.clone()).or_default().push(entry);
        }
        Ok(PriceBook { prices, canonical: canonical.into(), digest })
    }

    /// The price of a provider's model, if the book has one.
    pub fn price(&self, provider: &str, model: &str) -> Option<&Arc<Price>> {
        self.price_in(provider, model, None)
    }

    /// Whether a model of this provider has a price whose name begins so.
    pub fn has_price_of(&self, provider: &str, beginning: &str) -> bool {
        let mut models = self.prices.get(provider).into_iter().flat_map(HashMap::keys);
        models.any(|model| model.starts_with(beginning))
    }

    /// The price of a provider's model in a service tier; that of no tier is the usual one.
    pub fn price_in(&self, provider: &str, model: &str, tier: Option<&str>) -> Option<&Arc<Price>> {
        let entries = self.prices.get(provider)?.get(model)?;
        let found = entries.iter().find(|entry| entry.service_tier.as_deref() == tier);
        found.map(|entry| &entry.price)
    }

    /// The book as the ledger keeps it: JSON, in exactly one spelling (`FORMAT.md` §12).
    pub fn canonical(&self) -> &Arc<str> {
        &self.canonical
    }

    /// SHA-256 of the canonical form, in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

impl Entry {
    fn key(&self) -> (&str, &str, &str) {
        (&self.provider, &self.model, self.service_tier.as_deref().unwrap_or_default())
    }
}

fn shared<'de, D: Deserializer<'de>>(d: D) -> Result<Arc<Price>, D::Error> {
    Price::deserialize(d).map(Arc::new)
}

fn twice(sorted: &[Entry]) -> Option<&Entry> {
    sorted.iter().zip(sorted.iter().skip(1)).find(|(a, b)| a.key() == b.key()).map(|(a, _)| a)
}

fn canonical(sorted: &[Entry]) -> String {
    let rows: Vec<_> = sorted.iter().map(Row::of).collect();
    // Strings and integers always serialise.
    serde_json::to_string(&rows).unwrap_or_default()
}

impl<'a> Row<'a> {
    fn of(entry: &'a Entry) -> Row<'a> {
        let price = &entry.price;
        Row {
            cache_read: price.cached_input,
            cache_write: price.cache_write,
            context_tokens: price.context_tokens,
            input: price.input,
            max_output_tokens: price.max_output_tokens,
            model: &entry.model,
            output: price.output,
            provider: &entry.provider,
            service_tier: entry.service_tier.as_deref(),
        }
    }
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

    fn further(row: &str) -> String {
        format!(
            "{BOOK}  - {{ {row}, per_million_tokens: {{ input_usd: 1, output_usd: 2, max_output_tokens: 3, context_tokens: 4 }} }}\n"
        )
    }

    #[test]
    fn refuses_two_prices_for_one_model_and_unknown_fields() {
        let twice = format!("{BOOK}{}", BOOK.trim_start().trim_start_matches("prices:"));
        assert!(matches!(PriceBook::parse(&twice), Err(PriceBookError::Duplicate { .. })));
        let error = PriceBook::parse(&BOOK.replace("output_usd", "output_us")).unwrap_err();
        assert!(error.to_string().contains("output_us"), "{error}");
        let beyond = BOOK.replace("8000", "9007199254740993");
        assert!(PriceBook::parse(&beyond).unwrap_err().to_string().contains("2^53"));
    }

    #[test]
    fn a_book_has_one_canonical_form_however_it_is_written() {
        let canonical = concat!(
            r#"[{"context_tokens":4,"input":"1000000000","max_output_tokens":3,"#,
            r#""model":"a\"é","output":"2000000000","provider":"other"},"#,
            r#"{"cache_read":"37500000","context_tokens":8000,"input":"150000000","#,
            r#""max_output_tokens":1000,"model":"small","output":"600000000","#,
            r#""provider":"openai"}]"#,
        );
        let sorted = further(r#"provider: other, model: 'a"é'"#).replace("openai", "z");
        let book = PriceBook::parse(&sorted).unwrap();
        let canonical = canonical.replace("openai", "z");
        assert_eq!(&**book.canonical(), canonical);
        assert_eq!(book.digest(), sha256_hex(canonical.as_bytes()));
        let commented = sorted.replace("0.15", "0.150").replace("prices:", "# a comment\nprices:");
        assert_eq!(PriceBook::parse(&commented).unwrap().digest(), book.digest());
        assert_eq!(&**PriceBook::parse("prices: []").unwrap().canonical(), "[]");
    }

    #[test]
    fn a_tier_has_a_price_of_its_own() {
        let yaml = further("provider: openai, model: small, service_tier: priority");
        let book = PriceBook::parse(&yaml).unwrap();
        assert_eq!(book.price("openai", "small").unwrap().max_output_tokens, 1000);
        let priority = book.price_in("openai", "small", Some("priority"));
        assert_eq!(priority.unwrap().max_output_tokens, 3);
        assert_eq!(book.price_in("openai", "small", Some("flex")), None);
        assert!(book.canonical().contains(r#""service_tier":"priority""#));
    }

    #[test]
    fn a_book_that_no_record_could_hold_is_refused() {
        let rows = |count: usize| {
            let row = |n| {
                format!(
                    "  - {{ provider: p, model: m{n}, per_million_tokens: {{ input_usd: 1, output_usd: 2, max_output_tokens: 3, context_tokens: 4 }} }}\n"
                )
            };
            format!("prices:\n{}", (0..count).map(row).collect::<String>())
        };
        assert!(PriceBook::parse(&rows(2000)).is_ok());
        assert!(matches!(PriceBook::parse(&rows(6000)), Err(PriceBookError::TooLarge { .. })));
    }
}
