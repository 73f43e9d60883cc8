//! What several test files share: a seeded source of chance.

/// Xorshift64*: the same numbers in every run, so that a failure can be seen again.
pub struct Chance(u64);

impl Chance {
    /// `seed` must not be 0.
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end
    }

    /// One of `choices`.
    pub fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}
