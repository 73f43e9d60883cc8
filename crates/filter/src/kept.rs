//! What filters keep from one configuration to the next, such as an index that took a day to fill.
//! A filter is built anew for each configuration; what it keeps is found by its type.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One value of each type.
#[derive(Default)]
pub struct Kept(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Kept {
    /// The value of this type, made if there is none yet.
    pub fn get_or_try_make<T, E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E>
    where
        T: Any + Send + Sync,
    {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.get(&TypeId::of::<T>()).map(Arc::clone);
        if let Some(known) = known.and_then(|known| known.downcast().ok()) {
            return Ok(known);
        }
        let made = Arc::new(make()?);
        kept.insert(TypeId::of::<T>(), Arc::clone(&made) as _);
        Ok(made)
    }

    /// The same, of what cannot fail.
    pub fn get_or_make<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let Ok(made) = self.get_or_try_make(|| Ok::<T, std::convert::Infallible>(make()));
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Mine(u8);

    #[test]
    fn a_value_is_made_once_and_found_by_its_type() {
        let kept = Kept::default();
        assert_eq!(kept.get_or_make(|| Mine(1)).0, 1);
        assert_eq!(kept.get_or_make(|| Mine(2)).0, 1);
        assert_eq!(*kept.get_or_make(|| 3_u8), 3);
    }

    #[test]
    fn what_could_not_be_made_is_tried_again() {
        let kept = Kept::default();
        assert_eq!(kept.get_or_try_make(|| Err::<Mine, _>("no")).map(drop), Err("no"));
        assert_eq!(kept.get_or_try_make(|| Ok::<_, ()>(Mine(2))).unwrap().0, 2);
    }
}
