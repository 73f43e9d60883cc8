//! One file of the disk: what readers see of it, what lies on the disk, and what is on its way.

use super::fault::Fate;

/// Numbers that look random and are the same in every run.
#[derive(Clone, Default)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}

#[derive(Clone, Default)]
pub struct StoredFile {
    seen: Vec<u8>,
    stored: Vec<u8>,
    /// Since the last sync, in order.
    changes: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

impl StoredFile {
    pub fn seen(&self) -> &[u8] {
        &self.seen
    }

    pub fn append(&mut self, bytes: &[u8]) {
        self.change(Change::Write { at: self.seen.len(), bytes: bytes.to_vec() });
    }

    pub fn truncate(&mut self, length: usize) {
        self.change(Change::Truncate(length));
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen, true);
        self.changes.push(change);
    }

    pub fn sync(&mut self) {
        for change in self.changes.drain(..) {
            change.apply(&mut self.stored, true);
        }
    }

    /// What was on its way never arrives, and no later sync tells: readers see it all the same,
    /// from memory.
    pub fn forget(&mut self) {
        self.changes.clear();
    }

    /// Readers see what lies on the disk, or is still on its way; where nothing was written, zeros.
    pub fn evict(&mut self) {
        let length = self.seen.len();
        self.seen = self.stored.clone();
        self.changes.iter().for_each(|change| change.apply(&mut self.seen, true));
        self.seen.resize(length, 0);
    }

    /// The power is cut.
    pub fn crash(&mut self, fate: Fate, random: &mut Random) {
        let kept = match fate {
            Fate::Nothing => 0,
            Fate::Everything | Fate::Mixture => self.changes.len(),
            Fate::Some => random.below(self.changes.len() + 1),
        };
        self.changes.truncate(kept);
        if let (Fate::Some | Fate::Mixture, Some(Change::Write { bytes, .. })) =
            (fate, self.changes.last_mut())
        {
            let whole = bytes.len();
            bytes.truncate(random.below(whole + 1));
            if fate == Fate::Some && random.below(2) == 0 {
                bytes.resize(whole, 0);
            }
        }
        for change in self.changes.drain(..) {
            change.apply(&mut self.stored, fate != Fate::Mixture);
        }
        self.seen = self.stored.clone();
    }
}

impl Change {
    fn apply(&self, image: &mut Vec<u8>, shrinks: bool) {
        match self {
            Self::Write { at, bytes } => {
                let end = at + bytes.len();
                image.resize(image.len().max(end), 0);
                image[*at..end].copy_from_slice(bytes);
            }
            Self::Truncate(length) if shrinks => image.truncate(*length),
            Self::Truncate(_) => {}
        }
    }
}
