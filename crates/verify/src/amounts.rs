//! The formula of `FORMAT.md` §12, Amounts, written anew from the document: the gateway's own would
//! repeat its mistakes.

use inferlayer_records::{NanoUsd, Row, Used};

const MILLION: u128 = 1_000_000;

/// What these tokens cost.
pub(crate) fn cost(used: &Used, price: &Row) -> NanoUsd {
    let read = used.cache_read.min(used.input);
    let written = used.cache_write.min(used.input - read);
    let fresh = used.input - read - written;
    amount(&[
        (fresh, price.input),
        (read, price.cache_read.unwrap_or(price.input)),
        (written, price.cache_write.unwrap_or(price.input)),
        (used.output, price.output),
    ])
}

/// What so many tokens cost at most, all input at its dearest class.
pub(crate) fn bound(used: &Used, price: &Row) -> NanoUsd {
    let classes = [price.cache_read, price.cache_write].into_iter().flatten();
    let dearest = classes.fold(price.input, NanoUsd::max);
    amount(&[(used.input, dearest), (used.output, price.output)])
}

/// Saturates where 128 bits end, which is far above the largest amount.
fn amount(lines: &[(u64, NanoUsd)]) -> NanoUsd {
    let lines = lines.iter().map(|(tokens, price)| u128::from(*tokens) * u128::from(price.nano()));
    let sum = lines.fold(0_u128, u128::saturating_add);
    NanoUsd::from_nano(u64::try_from(sum.div_ceil(MILLION)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use inferlayer_accounts::{Price, price::Bounds, price::Tokens};

    fn row(input: u64, cache_read: Option<u64>, cache_write: Option<u64>, output: u64) -> Row {
        let nano = NanoUsd::from_nano;
        let (cache_read, cache_write) = (cache_read.map(nano), cache_write.map(nano));
        Row { input: nano(input), cache_read, cache_write, output: nano(output) }
    }

    #[test]
    fn two_readings_of_the_formula_agree() {
        let counts = [0, 1, 3, 999_999, 1_000_001, u64::MAX];
        let prices =
            [row(1, None, None, 1), row(150, Some(37), Some(187), 600), row(7, Some(9), None, 3)];
        let largest = row(u64::MAX, Some(u64::MAX), Some(u64::MAX), u64::MAX);
        for price in prices.into_iter().chain([largest]) {
            let gateway = Price {
                input: price.input,
                cached_input: price.cache_read,
                cache_write: price.cache_write,
                output: price.output,
                max_output_tokens: 1,
                context_tokens: 1,
            };
            for (input, other) in counts.iter().flat_map(|a| counts.map(|b| (*a, b))) {
                let used = Used { input, cache_read: other, cache_write: 2, output: other };
                let tokens = Tokens { input, cached_input: other, cache_write: 2, output: other };
                assert_eq!(cost(&used, &price), gateway.cost(tokens), "{used:?} {price:?}");
                let most = gateway.worst_case(Bounds { input, output: other });
                assert_eq!(bound(&used, &price), most, "{used:?} {price:?}");
            }
        }
    }
}
