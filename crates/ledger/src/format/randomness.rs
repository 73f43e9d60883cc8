//! The system's randomness, drawn in blocks: a system call for each record would cost more than
//! sealing it. What was given out is wiped at once, the rest when the thread ends.

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::{Zeroize, Zeroizing};

const BLOCK_BYTES: usize = 4096;

/// A source for one thread.
pub(crate) struct Randomness {
    system: SystemRandom,
    block: Zeroizing<[u8; BLOCK_BYTES]>,
    used: usize,
}

impl Randomness {
    /// Draws nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            system: SystemRandom::new(),
            block: Zeroizing::new([0; BLOCK_BYTES]),
            used: BLOCK_BYTES,
        }
    }

    /// Bytes that nobody was given before; `None` when the system has none to give.
    pub(crate) fn take<const N: usize>(&mut self) -> Option<Zeroizing<[u8; N]>> {
        if BLOCK_BYTES - self.used < N {
            self.system.fill(self.block.as_mut()).ok()?;
            self.used = 0;
        }
        let unused = self.block.get_mut(self.used..self.used + N)?;
        let mut taken = Zeroizing::new([0; N]);
        taken.copy_from_slice(unused);
        unused.zeroize();
        self.used += N;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nothing_is_given_twice_over_many_blocks() {
        let mut randomness = Randomness::new();
        let taken: HashSet<[u8; 56]> = (0..1000).map(|_| *randomness.take().unwrap()).collect();
        assert_eq!(taken.len(), 1000);
        assert!(!taken.contains(&[0; 56]));
    }

    #[test]
    fn what_was_given_is_gone() {
        let mut randomness = Randomness::new();
        randomness.take::<56>().unwrap();
        assert_eq!(randomness.block[..56], [0; 56]);
        assert_ne!(randomness.block[56..112], [0; 56]);
    }
}
