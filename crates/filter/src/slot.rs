//! A place for a fact that is filled once and asked for by name: what is missing or given twice is
//! an error that says which, not a wrong answer.

use crate::refusal::{GatewayError, Refusal};

/// A fact that is filled once and asked for by name.
pub struct Slot<T> {
    name: &'static str,
    value: Option<T>,
}

impl<T> Slot<T> {
    /// A fact not yet known.
    pub const fn empty(name: &'static str) -> Slot<T> {
        Slot { name, value: None }
    }

    /// Fills it; an error when it is filled already.
    pub fn fill(&mut self, value: T) -> Result<(), Refusal> {
        if self.value.is_some() {
            return Err(GatewayError::Fact(self.name).into());
        }
        self.value = Some(value);
        Ok(())
    }

    /// The fact; an error that names it when nobody gave it.
    pub fn need(&self) -> Result<&T, Refusal> {
        self.value.as_ref().ok_or_else(|| GatewayError::Fact(self.name).into())
    }

    /// The fact, to change.
    pub fn need_mut(&mut self) -> Result<&mut T, Refusal> {
        self.value.as_mut().ok_or_else(|| GatewayError::Fact(self.name).into())
    }

    /// The fact, if it is known.
    pub fn peek(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The fact, if it is known, to change.
    pub fn peek_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }

    /// Takes the fact out, for the one who ends it.
    pub fn take(&mut self) -> Option<T> {
        self.value.take()
    }
}
