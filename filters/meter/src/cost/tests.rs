//! What each way that a call can end costs.

use inferlayer_filter::candidate::{Candidates, Exclusion};
use inferlayer_filter::exchange::AttemptResult::{self, *};
use inferlayer_filter::testkit;
use inferlayer_wire::Usage;

use super::*;

/// Prices of 100 and 200 nano-dollars a token; ten times as dear; and `m` in a tier, 300 and 400.
const BOOK: &str = "prices:
  - provider: p
    model: m
    per_million_tokens:
      { input_usd: 0.1, output_usd: 0.2, max_output_tokens: 100, context_tokens: 1000 }
  - provider: p
    model: dear
    per_million_tokens:
      { input_usd: 1, output_usd: 2, max_output_tokens: 50, context_tokens: 1000 }
  - provider: p
    model: m
    service_tier: priority
    per_million_tokens:
      { input_usd: 0.3, output_usd: 0.4, max_output_tokens: 100, context_tokens: 1000 }
";
const ANSWERED: AttemptResult = Answered { status: 200 };

fn book() -> PriceBook {
    PriceBook::parse(BOOK).unwrap()
}

/// Prices of 100 an input token and 200 an output token; at most 100 and 200 of them, so 50,000 an
/// attempt at worst.
fn exchange(stream: bool, results: &[AttemptResult]) -> Exchange {
    let body = format!(r#"{{"model":"m","stream":{stream},"messages":[{{}}]}}"#);
    let mut x = testkit::chat(&body).unwrap();
    let mut candidate = testkit::candidate("p", "m");
    let price = book().price("p", "m").unwrap().clone();
    let quote = Quote::within(Bounds { input: 100, output: 200 }, &price);
    candidate.quote = Some(Arc::new(quote));
    x.attempts.extend(results.iter().map(|result| Attempt::new(&candidate, *result)));
    x
}

/// One answer that was seen to its end.
fn answered(input_tokens: u64, output_tokens: u64) -> Exchange {
    let mut x = exchange(false, &[ANSWERED]);
    x.answer.usage = Some(Usage { input_tokens, output_tokens, ..Usage::default() });
    x.ending.fill(Ending::Complete).unwrap();
    x
}

/// The amount, and each charge's attempt and basis.
fn cost(x: &Exchange) -> (u64, Vec<(usize, Basis)>, bool) {
    let cost = of(x, &book());
    let bases = cost.charges.iter().map(|charge| (charge.attempt, charge.basis)).collect();
    let sum: u64 = cost.charges.iter().map(|charge| charge.amount.nano()).sum();
    assert_eq!(sum, cost.amount.nano(), "a cost is the sum of its charges");
    (cost.amount.nano(), bases, cost.estimated)
}

fn only_charge(x: &Exchange) -> Charge {
    let Ok([charge]) = <[Charge; 1]>::try_from(of(x, &book()).charges) else { panic!("not one") };
    charge
}

#[test]
fn the_providers_count_settles() {
    assert_eq!(cost(&answered(3, 2)), (700, vec![(0, Basis::Usage)], false));
    let mut x = exchange(false, &[Refused, ANSWERED]);
    x.answer.usage = Some(Usage { input_tokens: 3, output_tokens: 2, ..Usage::default() });
    x.ending.fill(Ending::Complete).unwrap();
    assert_eq!(cost(&x), (700, vec![(1, Basis::Usage)], false));
}

#[test]
fn hanging_up_before_any_text_does_not_lower_the_bill() {
    let worst = (50_000, vec![(0, Basis::WorstCase)], true);
    for stream in [false, true] {
        let mut x = exchange(stream, &[ANSWERED]);
        x.ending.fill(Ending::ClientGone).unwrap();
        assert_eq!(cost(&x), worst, "a model may be thinking: {stream}");
    }
    assert_eq!(cost(&exchange(false, &[Sent])), worst);
}

#[test]
fn attempts_that_may_be_billed_are_paid_for_and_others_are_not() {
    let mut x = exchange(true, &[FirstByteTimeout, Status { status: 500 }, Broken, ANSWERED]);
    x.answer.usage = Some(Usage { input_tokens: 1, ..Usage::default() });
    x.ending.fill(Ending::Complete).unwrap();
    let charges = vec![(0, Basis::WorstCase), (2, Basis::WorstCase), (3, Basis::Usage)];
    assert_eq!(cost(&x), (100_100, charges, true));
    let x = exchange(true, &[Refused, Unresolved, TlsFailed, ConnectTimeout, Stale]);
    assert_eq!(cost(&x), (0, vec![], false));
}

#[test]
fn an_error_answer_costs_nothing() {
    let x = exchange(false, &[Answered { status: 400 }]);
    assert_eq!(cost(&x), (0, vec![], false));
}

#[test]
fn our_own_count_keeps_to_the_cap_unless_the_answer_overran_it() {
    let mut x = exchange(true, &[ANSWERED]);
    (x.answer.output_bytes, x.answer.output_events) = (900, 4);
    x.ending.fill(Ending::ClientGone).unwrap();
    let output = |x: &Exchange| only_charge(x).priced.unwrap().tokens.output;
    assert_eq!(output(&x), 200);
    x.answer.output_bytes = 30;
    assert_eq!(output(&x), 10);
    x.answer.output_bytes = 200 * 128 + 1;
    assert_eq!(output(&x), 100, "what the model can make at all");
}

#[test]
fn what_passes_through_costs_its_price_when_answered_or_perhaps_billed() {
    let costs = |result: AttemptResult| {
        let mut x = testkit::passage(http::Method::POST, "/v1/audio/speech").unwrap();
        let mut candidate = testkit::candidate("p", "audio");
        candidate.quote = Some(Arc::new(Quote::flat(NanoUsd::from_nano(700))));
        x.attempts.push(Attempt::new(&candidate, result));
        // Nobody counts tokens in it.
        (x.answer.output_bytes, x.answer.output_events) = (30, 4);
        assert_eq!(of(&x, &book()).tokens, Tokens::default());
        cost(&x)
    };
    assert_eq!(costs(ANSWERED), (700, vec![(0, Basis::Flat)], false));
    assert_eq!(costs(Answered { status: 206 }), (700, vec![(0, Basis::Flat)], false));
    for result in [Answered { status: 404 }, Status { status: 500 }, Refused, CircuitOpen] {
        assert_eq!(costs(result), (0, vec![], false), "{result:?}");
    }
    for result in [Sent, Broken, FirstByteTimeout, BadAnswer] {
        assert_eq!(costs(result), (700, vec![(0, Basis::WorstCase)], true), "{result:?}");
    }
}

#[test]
fn a6_35_a_count_beyond_the_call_is_claimed_and_paid_for_up_to_what_the_model_can_do() {
    let x = answered(300, 150);
    let charge = only_charge(&x);
    assert_eq!((charge.basis, charge.amount.nano()), (Basis::Claimed, 300 * 100 + 100 * 200));
    let cost = of(&x, &book());
    assert_eq!((cost.tokens.input, cost.tokens.output), (300, 150), "as the provider says");
    assert!(cost.estimated);
    let absurd = only_charge(&answered(1 << 50, 1 << 50));
    assert_eq!((absurd.basis, absurd.amount.nano()), (Basis::Claimed, 1000 * 100 + 100 * 200));
}

#[test]
fn the_price_of_the_model_that_answered_settles() {
    let mut x = answered(3, 2);
    x.answer.model = Some("dear".to_owned());
    let charge = only_charge(&x);
    let priced = charge.priced.unwrap();
    assert_eq!((charge.amount.nano(), priced.model.as_deref()), (7000, Some("dear")));
    assert!(!priced.unpriced_answer);
    for (answered, unpriced) in [("m", false), ("m-2026-01-31", false), ("other", true)] {
        x.answer.model = Some(answered.to_owned());
        let charge = only_charge(&x);
        let priced = charge.priced.unwrap();
        assert_eq!((charge.amount.nano(), priced.model), (700, None), "{answered}");
        assert_eq!(priced.unpriced_answer, unpriced, "{answered}");
    }
}

#[test]
fn the_price_of_the_tier_that_was_answered_in_settles() {
    let mut x = answered(3, 2);
    for (told, amount, tier, unpriced) in [
        ("priority", 3 * 300 + 2 * 400, Some("priority"), false),
        ("Priority", 3 * 300 + 2 * 400, Some("priority"), false),
        ("default", 700, None, false),
        ("scale", 700, None, true),
    ] {
        x.answer.service_tier = Some(told.to_owned());
        let charge = only_charge(&x);
        let priced = charge.priced.unwrap();
        assert_eq!(
            (charge.amount.nano(), priced.service_tier.as_deref()),
            (amount, tier),
            "{told}"
        );
        assert_eq!(priced.unpriced_answer, unpriced, "{told}");
    }
}

#[test]
fn what_cannot_be_read_may_be_billed_and_what_spoke_no_http_may_not() {
    let worst = (50_000, vec![(0, Basis::WorstCase)], true);
    assert_eq!(cost(&exchange(false, &[UnreadableAnswer { status: 200 }])), worst);
    for free in [NoHttp, ErrorAnswer { status: 200 }] {
        assert_eq!(cost(&exchange(false, &[free])), (0, vec![], false), "{free:?}");
    }
}

#[test]
fn a_filter_that_drops_candidates_behind_the_meter_cannot_misprice() {
    let tenant = testkit::tenant("{ name: a, budget_usd: 1 }").unwrap();
    let mut x = testkit::chat(r#"{"model":"m","max_tokens":10,"messages":[{}]}"#).unwrap();
    let wanted = ["m", "dear"].map(|model| testkit::candidate("p", model));
    x.candidates.fill(Candidates::permitted(&tenant, wanted).unwrap()).unwrap();
    x.tenant.fill(tenant).unwrap();
    crate::quote::affordable(&mut x, &book()).unwrap();
    let candidates = x.candidates.need_mut().unwrap();
    candidates.exclude(|c| (&*c.model == "m").then_some(Exclusion::NotLocal)).unwrap();
    let attempt = Attempt::new(candidates.get(0).unwrap(), ANSWERED);
    x.attempts.push(attempt);
    x.answer.usage = Some(Usage { input_tokens: 3, output_tokens: 2, ..Usage::default() });
    x.ending.fill(Ending::Complete).unwrap();
    assert_eq!(cost(&x), (7000, vec![(0, Basis::Usage)], false), "at the price of `dear`");
}
