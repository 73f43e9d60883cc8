//! What requests have cost, and what that rests on.

use inferlayer_filter::Exchange;
use inferlayer_filter::exchange::{Charge, Cost};
use prometheus::{CounterVec, IntCounterVec, Opts, Registry};

use super::counter;

/// Counters of tokens and money.
pub(super) struct Money {
    tokens: IntCounterVec,
    spend: CounterVec,
    charges: IntCounterVec,
    estimated: IntCounterVec,
}

impl Money {
    pub(super) fn register(registry: &Registry) -> prometheus::Result<Money> {
        let spend = CounterVec::new(
            Opts::new(
                "inferlayer_spend_usd_total",
                "settled cost by tenant and provider, what may be billed included",
            ),
            &["tenant", "gen_ai_provider_name"],
        )?;
        registry.register(Box::new(spend.clone()))?;
        Ok(Money {
            tokens: counter(
                registry,
                "inferlayer_tokens_total",
                "tokens by tenant, provider and type (input, cached_input, cache_write, output)",
                &["tenant", "gen_ai_provider_name", "gen_ai_token_type"],
            )?,
            spend,
            charges: counter(
                registry,
                "inferlayer_charges_total",
                "attempts that were charged by what the charge rests on (usage, claimed, \
                 own_count, worst_case, flat)",
                &["tenant", "gen_ai_provider_name", "basis"],
            )?,
            estimated: counter(
                registry,
                "inferlayer_estimated_costs_total",
                "inferences whose cost is not the provider's count within the call's bounds",
                &["tenant"],
            )?,
        })
    }

    /// Attempts that gave no answer may cost something too.
    pub(super) fn observe(&self, x: &Exchange, tenant: &str, cost: &Cost) {
        for Charge { attempt, basis, amount, .. } in &cost.charges {
            let Some(attempt) = x.attempts.get(*attempt) else { continue };
            let provider = &*attempt.provider.name;
            self.spend.with_label_values(&[tenant, provider]).inc_by(amount.as_usd_lossy());
            self.charges.with_label_values(&[tenant, provider, basis.name()]).inc();
        }
        if cost.estimated {
            self.estimated.with_label_values(&[tenant]).inc();
        }
        let Some(attempt) = x.answered() else { return };
        let count = |kind, tokens| {
            self.tokens.with_label_values(&[tenant, &*attempt.provider.name, kind]).inc_by(tokens);
        };
        count("input", cost.tokens.input);
        count("cached_input", cost.tokens.cached_input);
        count("cache_write", cost.tokens.cache_write);
        count("output", cost.tokens.output);
    }
}
