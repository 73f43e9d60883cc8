//! What providers and their models are at. Labels come from the configuration: models that callers
//! made up are told together, as `*`.

use std::collections::HashMap;

use inferlayer_balance::ModelState;
use prometheus::{GaugeVec, Opts, Registry};

use crate::generation::Generation;

pub(super) struct HealthGauges {
    providers: GaugeVec,
    states: GaugeVec,
}

/// All models that the configuration does not name.
const OTHERS: &str = "*";

impl HealthGauges {
    pub(super) fn register(registry: &Registry) -> prometheus::Result<HealthGauges> {
        let providers = GaugeVec::new(
            Opts::new("inferlayer_breaker_open", "1 while a provider is left alone after failures"),
            &["gen_ai_provider_name"],
        )?;
        let states = GaugeVec::new(
            Opts::new(
                "inferlayer_upstream_state",
                "1 while a model is left alone: circuit_open (for some callers at least), \
                 circuit_open_for_all, cooling, key_refused; an empty model is the whole provider",
            ),
            &["gen_ai_provider_name", "gen_ai_request_model", "state"],
        )?;
        registry.register(Box::new(providers.clone()))?;
        registry.register(Box::new(states.clone()))?;
        Ok(HealthGauges { providers, states })
    }

    /// Forgets all providers and models.
    pub(super) fn reset(&self) {
        self.providers.reset();
        self.states.reset();
    }

    /// Sets them to what is so now.
    pub(super) fn read(&self, generation: &Generation) {
        let named = &generation.config.outline.asked;
        for (provider, health) in generation.upstreams.health() {
            let whole = health.state();
            let left_alone = whole.circuit_open || whole.key_refused;
            self.providers.with_label_values(&[provider]).set(flag(left_alone));
            self.set(provider, "", whole);
            let mut states: HashMap<&str, ModelState> = HashMap::new();
            health.each_model(|(model, state)| {
                let named = named.iter().find(|(of, name)| of == provider && name == model);
                let label = named.map_or(OTHERS, |(_, name)| name);
                let told = states.entry(label).or_default();
                *told = either(*told, state);
            });
            states.into_iter().for_each(|(model, state)| self.set(provider, model, state));
        }
    }

    fn set(&self, provider: &str, model: &str, state: ModelState) {
        for (name, is) in [
            ("circuit_open", state.circuit_open),
            ("circuit_open_for_all", state.circuit_open_for_all),
            ("cooling", state.cooling),
            ("key_refused", state.key_refused),
        ] {
            self.states.with_label_values(&[provider, model, name]).set(flag(is));
        }
    }
}

fn either(a: ModelState, b: ModelState) -> ModelState {
    ModelState {
        circuit_open: a.circuit_open || b.circuit_open,
        circuit_open_for_all: a.circuit_open_for_all || b.circuit_open_for_all,
        cooling: a.cooling || b.cooling,
        key_refused: a.key_refused || b.key_refused,
    }
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}
