//! The keys one object has shown so far.

use std::borrow::Cow;
use std::collections::HashSet;

/// Up to this many keys a scan is cheaper than hashing; requests rarely have more.
const SCANNED: usize = 16;

/// A set of keys, scanned while small. The hash is randomly keyed, so that chosen keys cannot
/// make it slow.
#[derive(Default)]
pub(super) struct Keys<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Keys<'de> {
    pub(super) fn contains(&self, key: &str) -> bool {
        self.few.iter().any(|seen| seen == key) || self.many.contains(key)
    }

    pub(super) fn insert(&mut self, key: Cow<'de, str>) {
        if self.few.len() < SCANNED {
            if self.few.is_empty() {
                self.few.reserve(SCANNED / 2);
            }
            self.few.push(key);
        } else {
            self.many.insert(key);
        }
    }
}
