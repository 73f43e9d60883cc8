//! Amounts of money as a configuration has them. What an amount is, records say:
//! [`inferlayer_records::NanoUsd`].

/// In configuration: a decimal amount of dollars, quoted or not (`budget_usd: 12.50`).
pub mod usd {
    use inferlayer_records::NanoUsd;
    use serde::de::{Deserializer, Error, Unexpected, Visitor};

    /// For `#[serde(deserialize_with)]`.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NanoUsd, D::Error> {
        struct Usd;
        impl Visitor<'_> for Usd {
            type Value = NanoUsd;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an amount of US dollars such as 12.50")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<NanoUsd, E> {
                text.parse().map_err(|error| E::custom(format!("`{text}` {error}")))
            }
            fn visit_u64<E: Error>(self, whole: u64) -> Result<NanoUsd, E> {
                self.visit_str(&whole.to_string())
            }
            // The shortest decimal that reads back as this float is what the file says.
            fn visit_f64<E: Error>(self, value: f64) -> Result<NanoUsd, E> {
                let text = value.to_string();
                text.parse().map_err(|_| E::invalid_value(Unexpected::Float(value), &self))
            }
        }
        deserializer.deserialize_any(Usd)
    }
}
