//! The keys one object has shown so far.

use std::borrow::Cow;
use std::collections::HashSet;

/// Up to this many keys a scan is cheaper than hashing; requests rarely have more.
const FEW: usize = 16;

/// A set of keys: an array without an allocation while it is small, hashed beyond. The hash is
/// randomly keyed, so that chosen keys cannot make it slow.
pub(super) struct Keys<'de> {
    few: [Cow<'de, str>; FEW],
    count: usize,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Keys<'de> {
    pub(super) fn new() -> Keys<'de> {
        Keys { few: [const { Cow::Borrowed("") }; FEW], count: 0, many: HashSet::new() }
    }

    /// Takes a key; false when it was there before.
    pub(super) fn insert(&mut self, key: Cow<'de, str>) -> bool {
        let shown = self.few.get(..self.count).unwrap_or(&self.few);
        if shown.contains(&key) {
            return false;
        }
        match self.few.get_mut(self.count) {
            Some(free) => {
                *free = key;
                self.count += 1;
                true
            }
            None => self.many.insert(key),
        }
    }
}
