//! What is known of one model of a provider; of a bounded number of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use crate::breaker::Breaker;
use crate::cooling::Cooling;
use crate::keys::Keys;

/// What is known of one model.
#[derive(Debug)]
pub(crate) struct Model {
    /// By its failures.
    pub(crate) breaker: Breaker,
    /// By refusals of keys for this model.
    pub(crate) keys: Keys,
    pub(crate) cooling: Cooling,
    last_asked: Instant,
}

/// Models by name. Names may be a caller's, so there is room for so many.
#[derive(Debug, Default)]
pub(crate) struct Models(HashMap<Arc<str>, Model>);

pub(crate) const MODELS_MAX: usize = 256;

impl Model {
    fn new(now: Instant) -> Model {
        let (breaker, keys, cooling) = Default::default();
        Model { breaker, keys, cooling, last_asked: now }
    }

    fn is_quiet(&self, now: Instant) -> bool {
        self.breaker.is_quiet() && self.keys.is_quiet() && !self.cooling.is_cooling(now)
    }
}

impl Models {
    pub(crate) fn get(&self, name: &str) -> Option<&Model> {
        self.0.get(name)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Model> {
        self.0.values_mut()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Model)> {
        self.0.iter()
    }

    /// The model of this name; what is known of another makes room, best of one that is well.
    pub(crate) fn entry(&mut self, name: &Arc<str>, now: Instant) -> &mut Model {
        if !self.0.contains_key(name) && self.0.len() >= MODELS_MAX {
            let known = self.0.iter();
            let oldest = known.min_by_key(|(_, model)| (!model.is_quiet(now), model.last_asked));
            if let Some(name) = oldest.map(|(name, _)| Arc::clone(name)) {
                self.0.remove(&name);
            }
        }
        let model = self.0.entry(Arc::clone(name)).or_insert_with(|| Model::new(now));
        model.last_asked = now;
        model
    }

    /// The model of this name, if something is known of it still.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Model> {
        self.0.get_mut(name)
    }
}
