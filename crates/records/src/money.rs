//! Money as an integer count of nano-dollars (10⁻⁹ USD), so that sums are exact and an auditor
//! recomputes them to the last digit. Floats never touch it: decimals are read digit by digit.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An amount in 10⁻⁹ US dollars. Saturates at 18.4 billion dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NanoUsd(u64);

/// An exact sum of amounts: 2^64 of the largest fit. Records know it in the same form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Total(u128);

/// Why a text is not an amount of dollars.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseUsdError {
    /// Not digits with at most one point.
    #[error("expected a decimal number of US dollars such as \"12.50\"")]
    NotDecimal,
    /// More digits after the point than a nano-dollar has.
    #[error("has more than nine digits after the point")]
    TooFine,
    /// Does not fit.
    #[error("is larger than 18 billion dollars")]
    TooLarge,
}

const NANO_PER_USD: u64 = 1_000_000_000;
const NANO_DIGITS: usize = 9;
/// Digits of the largest amount, and of the largest sum.
const MAX_AMOUNT_DIGITS: usize = 20;
const MAX_TOTAL_DIGITS: usize = 39;

impl NanoUsd {
    /// Nothing.
    pub const ZERO: NanoUsd = NanoUsd(0);

    /// An amount of `nano` × 10⁻⁹ dollars.
    pub const fn from_nano(nano: u64) -> NanoUsd {
        NanoUsd(nano)
    }

    /// The count of 10⁻⁹ dollars.
    pub const fn nano(self) -> u64 {
        self.0
    }

    /// For gauges only; never for decisions.
    pub fn as_usd_lossy(self) -> f64 {
        self.0 as f64 / NANO_PER_USD as f64
    }

    /// Sum, held at the largest amount.
    #[must_use]
    pub const fn saturating_add(self, other: NanoUsd) -> NanoUsd {
        NanoUsd(self.0.saturating_add(other.0))
    }

    /// Difference, held at zero.
    #[must_use]
    pub const fn saturating_sub(self, other: NanoUsd) -> NanoUsd {
        NanoUsd(self.0.saturating_sub(other.0))
    }
}

impl Total {
    /// Nothing.
    pub const ZERO: Total = Total(0);

    /// The count of 10⁻⁹ dollars.
    pub const fn nano(self) -> u128 {
        self.0
    }

    /// The sum with `other`; `None` for more than any log can come to.
    #[must_use]
    pub fn plus(self, other: Total) -> Option<Total> {
        self.0.checked_add(other.0).map(Total)
    }

    /// As an amount, held at the largest: for limits, which are amounts and never above it.
    pub fn saturated(self) -> NanoUsd {
        NanoUsd(u64::try_from(self.0).unwrap_or(u64::MAX))
    }
}

impl From<NanoUsd> for Total {
    fn from(amount: NanoUsd) -> Total {
        Total(amount.0.into())
    }
}

impl FromStr for NanoUsd {
    type Err = ParseUsdError;

    fn from_str(text: &str) -> Result<NanoUsd, ParseUsdError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
            return Err(ParseUsdError::NotDecimal);
        }
        if fraction.len() > NANO_DIGITS {
            return Err(ParseUsdError::TooFine);
        }
        let padded = format!("{fraction:0<NANO_DIGITS$}");
        let parse = |s: &str| s.parse::<u64>().map_err(|_| ParseUsdError::TooLarge);
        parse(whole)?
            .checked_mul(NANO_PER_USD)
            .and_then(|nano| nano.checked_add(parse(&padded).ok()?))
            .map(NanoUsd)
            .ok_or(ParseUsdError::TooLarge)
    }
}

/// Dollars with the digits that matter: `0.00042`, `12.5`, `0`.
impl fmt::Display for NanoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Total::from(*self).fmt(f)
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nano_per_usd = u128::from(NANO_PER_USD);
        let (whole, fraction) = (self.0 / nano_per_usd, self.0 % nano_per_usd);
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{fraction:09}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// In records: the count of nano-dollars as a decimal string, for readers whose numbers are floats.
impl Serialize for NanoUsd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for NanoUsd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NanoUsd, D::Error> {
        count(deserializer, MAX_AMOUNT_DIGITS).map(NanoUsd)
    }
}

impl Serialize for Total {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Total {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Total, D::Error> {
        count(deserializer, MAX_TOTAL_DIGITS).map(Total)
    }
}

/// A count in digits alone: what else a parser of integers takes (`+5`) is not in the format.
fn count<'de, D, T>(deserializer: D, max_digits: usize) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err = std::num::ParseIntError>,
{
    let text = Cow::<str>::deserialize(deserializer)?;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.len() > max_digits {
        let form = format!("an amount is a string of 1 to {max_digits} digits");
        return Err(serde::de::Error::custom(form));
    }
    text.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_exact_decimals() {
        for (text, nano) in [("0", 0), ("12.5", 12_500_000_000), ("0.000000001", 1)] {
            let amount: NanoUsd = text.parse().unwrap();
            assert_eq!(amount.nano(), nano);
            assert_eq!(amount.to_string(), text);
        }
        assert_eq!("18446744073.709551615".parse(), Ok(NanoUsd(u64::MAX)));
    }

    #[test]
    fn refuses_what_is_not_an_exact_amount() {
        use ParseUsdError::*;
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "NaN", "１"] {
            assert_eq!(text.parse::<NanoUsd>(), Err(NotDecimal), "{text:?}");
        }
        assert_eq!("0.0000000001".parse::<NanoUsd>(), Err(TooFine));
        for text in ["18446744073.709551616", "99999999999999999999"] {
            assert_eq!(text.parse::<NanoUsd>(), Err(TooLarge), "{text}");
        }
    }

    #[test]
    fn a_sum_is_exact_beyond_the_largest_amount() {
        let largest = NanoUsd::from_nano(u64::MAX);
        let sum = Total::from(largest).plus(largest.into()).unwrap();
        assert_eq!(serde_json::to_string(&sum).unwrap(), "\"36893488147419103230\"");
        assert_eq!(serde_json::from_str::<Total>("\"36893488147419103230\"").unwrap(), sum);
        assert_eq!((sum.to_string().as_str(), sum.saturated()), ("36893488147.41910323", largest));
        assert_eq!(Total(u128::MAX).plus(Total(1)), None);
    }

    #[test]
    fn money_in_records_is_digits_alone() {
        for text in ["", "+5", "-0", " 5", "5 ", "1_0", "0x5", "18446744073709551616", "٣"] {
            assert!(serde_json::from_value::<NanoUsd>(text.into()).is_err(), "{text:?}");
        }
        assert!(serde_json::from_value::<NanoUsd>("000000000000000000005".into()).is_err());
        assert_eq!(serde_json::from_value::<NanoUsd>("0005".into()).unwrap(), NanoUsd(5));
        let longest = "1".repeat(40);
        assert!(serde_json::from_value::<Total>(longest.as_str().into()).is_err());
    }

    #[test]
    fn travels_through_records_as_a_string() {
        let json = serde_json::to_string(&NanoUsd(u64::MAX)).unwrap();
        assert_eq!(json, "\"18446744073709551615\"");
        assert_eq!(serde_json::from_str::<NanoUsd>(&json).unwrap(), NanoUsd(u64::MAX));
    }
}
