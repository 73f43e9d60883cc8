//! How the proxy knows a filter: one line in the list of `main.rs`, `Registration::of::<S>()`.
//! Settings are read by the filter's own type from wherever the configuration's reader stands, so
//! that a mistake in them is told with its line.

use std::sync::Arc;

use erased_serde::Deserializer;

use crate::candidate::Provider;
use crate::contract::{BuildError, Fact, Filter, Settings, Warning};
use crate::outline::{Offer, Outline};
use crate::site::Site;

/// A filter that the proxy can be configured with.
pub struct Registration {
    /// The name of its block.
    pub name: &'static str,
    /// What must be known before it.
    pub needs: &'static [Fact],
    /// What is to be known before it if a filter gives it.
    pub uses: &'static [Fact],
    /// What must not be known before it.
    pub before: &'static [Fact],
    /// What is known after it.
    pub gives: &'static [Fact],
    /// Reads its block.
    pub read: ReadSettings,
}

/// Reads a filter's block from wherever the configuration's reader stands.
pub type ReadSettings =
    fn(&mut dyn Deserializer<'_>) -> Result<Box<dyn Unbuilt>, erased_serde::Error>;

/// Settings that were read and not yet built.
pub trait Unbuilt: Send + Sync {
    /// The name of the block.
    fn name(&self) -> &'static str;

    /// What clients may ask for because of these settings.
    fn offers(&self, providers: &[Arc<Provider>]) -> Vec<Offer>;

    /// Which models of which providers these settings name to ask for.
    fn asks(&self) -> Vec<(String, String)>;

    /// Every mistake that the configuration alone shows.
    fn check(&self, outline: &Outline) -> Vec<BuildError>;

    /// What can work and is likely not meant.
    fn warnings(&self, outline: &Outline) -> Vec<Warning>;

    /// Makes the filter.
    fn build(self: Box<Self>, site: &Site) -> Result<Box<dyn Filter>, BuildError>;
}

impl Registration {
    /// The registration of a filter by its settings.
    pub const fn of<S: Settings>() -> Registration {
        Registration {
            name: S::NAME,
            needs: S::NEEDS,
            uses: S::USES,
            before: S::BEFORE,
            gives: S::GIVES,
            read: |deserializer| {
                let settings: S = erased_serde::deserialize(deserializer)?;
                Ok(Box::new(settings))
            },
        }
    }
}

impl<S: Settings> Unbuilt for S {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn offers(&self, providers: &[Arc<Provider>]) -> Vec<Offer> {
        S::offers(self, providers)
    }

    fn asks(&self) -> Vec<(String, String)> {
        S::asks(self)
    }

    fn check(&self, outline: &Outline) -> Vec<BuildError> {
        S::check(self, outline)
    }

    fn warnings(&self, outline: &Outline) -> Vec<Warning> {
        S::warnings(self, outline)
    }

    fn build(self: Box<Self>, site: &Site) -> Result<Box<dyn Filter>, BuildError> {
        S::build(*self, site)
    }
}
