//! What is known of a provider's keys. Each has a state of its own, found by its name: a key that
//! is refused says nothing of the others.

use std::collections::HashMap;
use std::sync::Arc;

use crate::breaker::Breaker;

/// Keys by name. Names come from configurations; of more than so many one that is well makes room.
#[derive(Debug, Default)]
pub(crate) struct Keys(HashMap<Arc<str>, Breaker>);

const KEYS_MAX: usize = 64;

impl Keys {
    pub(crate) fn get(&self, name: &str) -> Option<&Breaker> {
        self.0.get(name)
    }

    /// The key of this name, if something is known of it still.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Breaker> {
        self.0.get_mut(name)
    }

    pub(crate) fn entry(&mut self, name: &Arc<str>) -> &mut Breaker {
        if !self.0.contains_key(name) && self.0.len() >= KEYS_MAX {
            let spare = self.0.iter().min_by_key(|(_, key)| !key.is_quiet());
            if let Some(name) = spare.map(|(name, _)| Arc::clone(name)) {
                self.0.remove(&name);
            }
        }
        self.0.entry(Arc::clone(name)).or_default()
    }

    /// Whether one of them is refused, for somebody at least.
    pub(crate) fn is_any_refused(&self) -> bool {
        self.0.values().any(|key| key.is_open().0)
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.0.values().all(Breaker::is_quiet)
    }
}
