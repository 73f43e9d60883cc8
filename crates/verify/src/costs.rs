//! Amounts computed again: every quote and every charge from its tokens and its price, the price
//! from its book, a hold from the quotes and a cost from the charges.

use inferlayer_records::{Basis, Charge, NanoUsd, Quote, Total, Used};

use crate::amounts::{bound, cost};
use crate::books::{Books, Entry, Shown, Stated};
use crate::reading::{Attempt, Intent, Outcome};

/// What is wrong with one record.
pub(crate) type Wrongs = Vec<String>;

/// What is wrong with the amounts of an intent that has quotes.
pub(crate) fn of_intent(intent: &Intent, sequence: u64, books: &mut Books) -> Wrongs {
    let mut wrongs = Wrongs::new();
    let Intent { candidates, quotes, hold_nano_usd, .. } = intent;
    if quotes.len() != candidates.len() {
        wrongs.push(format!("it has {} quotes for {} candidates", quotes.len(), candidates.len()));
    }
    for (quote, candidate) in quotes.iter().zip(candidates) {
        if let (Some(used), Some(price)) = (&quote.used, &quote.price) {
            expect(&mut wrongs, candidate, quote.nano_usd, bound(used, price));
            let Some((provider, model)) = candidate.split_once('/') else { continue };
            let stated = Stated {
                digest: intent.prices_sha256.clone(),
                provider: provider.into(),
                model: model.into(),
                service_tier: quote.service_tier.clone(),
                row: *price,
            };
            if let Shown::Otherwise(what) = books.show(stated, sequence) {
                wrongs.push(what);
            }
        } else if quote.used.is_some() || quote.price.is_some() {
            wrongs.push(format!("the quote for {candidate} has tokens or a price alone"));
        }
    }
    let dearest = quotes.iter().map(|quote| quote.nano_usd).max().unwrap_or_default();
    expect(&mut wrongs, "hold_nano_usd", *hold_nano_usd, dearest);
    wrongs
}

/// What is wrong with the amounts of an outcome that has charges, or should have by its intent.
/// `asked` are the intent's candidates and quotes, when the log has them.
pub(crate) fn of_outcome(
    outcome: &Outcome,
    sequence: u64,
    asked: Option<(&[Box<str>], &[Quote])>,
    books: &mut Books,
) -> Wrongs {
    let mut wrongs = Wrongs::new();
    let Outcome { charges, attempts, .. } = outcome;
    if !charges.is_sorted_by(|a, b| a.attempt < b.attempt) {
        wrongs.push("an attempt is charged twice, or out of order".to_owned());
    }
    for charge in charges {
        let Some(attempt) = attempts.get(charge.attempt) else {
            wrongs.push(format!("it has no attempt {}", charge.attempt));
            continue;
        };
        let quote = asked.and_then(|asked| quote_of(attempt, asked));
        if asked.is_some() && quote.is_none() {
            wrongs.push(format!("{} is no candidate of the intent", name(attempt)));
        }
        of_charge(&mut wrongs, &Charged { outcome, charge, attempt, quote, sequence }, books);
    }
    let sum = charges.iter().try_fold(Total::ZERO, |sum, charge| sum.plus(charge.nano_usd.into()));
    let due = sum.map_or(NanoUsd::from_nano(u64::MAX), Total::saturated);
    expect(&mut wrongs, "cost_nano_usd", outcome.cost_nano_usd, due);
    if charges.iter().any(|charge| charge.basis.is_estimate()) && !outcome.estimated {
        wrongs.push("a charge is an estimate, and `estimated` is false".to_owned());
    }
    if let Some(asked) = asked {
        uncharged(&mut wrongs, outcome, asked);
    }
    wrongs
}

/// One charge, and what it is of.
struct Charged<'a> {
    outcome: &'a Outcome,
    charge: &'a Charge<'static>,
    attempt: &'a Attempt,
    quote: Option<&'a Quote>,
    sequence: u64,
}

fn of_charge(wrongs: &mut Wrongs, charged: &Charged<'_>, books: &mut Books) {
    let Charged { charge, attempt, quote, .. } = charged;
    let label = format!("attempt {} ({})", charge.attempt, charge.basis.name());
    let (used, price) = match (&charge.used, &charge.price) {
        (Some(used), Some(price)) => (used, price),
        (None, None) => return of_whole(wrongs, charge, *quote, &label),
        _ => return wrongs.push(format!("{label} has tokens or a price alone")),
    };
    let due = if charge.basis == Basis::WorstCase { bound } else { cost };
    expect(wrongs, &label, charge.nano_usd, due(used, price));
    let stated = Stated {
        digest: charged.outcome.prices_sha256.clone(),
        provider: attempt.provider.clone(),
        model: charge.model.as_deref().unwrap_or(&attempt.model).into(),
        service_tier: charge.service_tier.as_deref().map(Box::from),
        row: *price,
    };
    let entry = match books.show(stated, charged.sequence) {
        Shown::Entry(entry) => Some(entry),
        Shown::Otherwise(what) => {
            wrongs.push(what);
            None
        }
        Shown::NoBook => None,
    };
    if let Err(what) = charged.basis_holds(used, entry) {
        wrongs.push(format!("{label}: {what}"));
    }
}

/// A price for the whole of it, which is the quote's.
fn of_whole(wrongs: &mut Wrongs, charge: &Charge<'_>, quote: Option<&Quote>, label: &str) {
    if !matches!(charge.basis, Basis::Flat | Basis::WorstCase) {
        return wrongs.push(format!("{label} has no tokens"));
    }
    let Some(quote) = quote else { return };
    expect(wrongs, label, charge.nano_usd, quote.nano_usd);
    if quote.price.is_some() {
        wrongs.push(format!("{label} is charged as a whole, and its quote has tokens"));
    }
}

impl Charged<'_> {
    /// Whether the tokens may be those of this basis.
    fn basis_holds(&self, used: &Used, entry: Option<&Entry>) -> Result<(), &'static str> {
        let told = self.outcome.told();
        let bounds = self.quote.and_then(|quote| quote.used);
        let exceeds = |a: &Used, b: &Used| a.input > b.input || a.output > b.output;
        let holds = |holds: bool, what| if holds { Ok(()) } else { Err(what) };
        match self.charge.basis {
            Basis::Usage => {
                // Another model or tier may be able to make less than its provider says.
                let tier = self.quote.is_some_and(|quote| {
                    quote.service_tier.as_deref() != self.charge.service_tier.as_deref()
                });
                let other = self.charge.model.is_some() || tier;
                let same = used.input == told.input && (used.output == told.output || other);
                holds(same && !exceeds(used, &told), "the tokens are not the provider's count")?;
                let within = bounds.is_none_or(|bounds| !exceeds(&told, &bounds));
                holds(within, "the provider's count is above the quote")
            }
            Basis::Claimed => {
                holds(!exceeds(used, &told), "the tokens are more than the provider's count")?;
                let Some(bounds) = bounds else { return Ok(()) };
                holds(exceeds(&told, &bounds), "the provider's count is within the quote")?;
                let Some(entry) = entry else { return Ok(()) };
                holds(self.is_capped(used, &bounds, entry), "not what the model can use at all")
            }
            Basis::OwnCount => {
                holds(!exceeds(used, &told), "the tokens are more than what was counted")
            }
            Basis::WorstCase => {
                let same = bounds.is_none_or(|bounds| bounds == *used);
                let price = self.quote.is_none_or(|quote| quote.price == self.charge.price);
                holds(same && price, "the tokens or the price are not the quote's")
            }
            Basis::Flat => Err("a price for the whole has no tokens"),
        }
    }

    /// Each count is the provider's, or cut to what the model can use at all.
    fn is_capped(&self, used: &Used, bounds: &Used, entry: &Entry) -> bool {
        let told = self.outcome.told();
        let input = told.input.min(entry.context_tokens.max(bounds.input));
        let most = entry.max_output_tokens;
        let whole_answers = used.output.checked_rem(most).is_none_or(|rest| rest == 0);
        used.input == input && (used.output == told.output || whole_answers)
    }
}

/// Attempts that must cost something and do not.
fn uncharged(wrongs: &mut Wrongs, outcome: &Outcome, asked: (&[Box<str>], &[Quote])) {
    for (index, attempt) in outcome.attempts.iter().enumerate().filter(|(_, a)| a.is_charged()) {
        let has_price = quote_of(attempt, asked).is_some_and(|q| q.nano_usd > NanoUsd::ZERO);
        if has_price && !outcome.charges.iter().any(|charge| charge.attempt == index) {
            wrongs.push(format!("attempt {index} at {} is not charged", name(attempt)));
        }
    }
}

fn quote_of<'a>(
    attempt: &Attempt,
    (candidates, quotes): (&[Box<str>], &'a [Quote]),
) -> Option<&'a Quote> {
    let (provider, model) = (&*attempt.provider, &*attempt.model);
    let mut names = candidates.iter().map(|candidate| candidate.split_once('/'));
    quotes.get(names.position(|name| name == Some((provider, model)))?)
}

fn name(attempt: &Attempt) -> String {
    format!("{}/{}", attempt.provider, attempt.model)
}

fn expect(wrongs: &mut Wrongs, what: &str, stated: NanoUsd, due: NanoUsd) {
    if stated != due {
        let (stated, due) = (stated.nano(), due.nano());
        wrongs.push(format!("{what}: {stated} nano-USD are stated, and {due} are due"));
    }
}
