//! Token counts as every dialect's answers are brought down to.

/// The tokens of one answer. Each part is at most its whole, and each count at most
/// [`Usage::MAX_TOKENS`], whoever reports them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read, those read from and written to a cache included.
    pub input_tokens: u64,
    /// The part of `input_tokens` that the provider had cached.
    pub cached_input_tokens: u64,
    /// The part of `input_tokens` that the provider wrote to its cache, where that has a price of
    /// its own (Anthropic's `cache_creation_input_tokens`).
    pub cache_write_input_tokens: u64,
    /// Tokens generated, reasoning included.
    pub output_tokens: u64,
    /// The part of `output_tokens` spent on reasoning that the answer may not show.
    pub reasoning_tokens: u64,
}

impl Usage {
    /// Largest count believed: 2^53, the last integer that every JSON implementation keeps exact.
    pub const MAX_TOKENS: u64 = 1 << 53;

    /// Whether the counts keep what the type promises.
    pub(crate) fn is_consistent(&self) -> bool {
        let cache = self.cached_input_tokens.checked_add(self.cache_write_input_tokens);
        self.input_tokens <= Self::MAX_TOKENS
            && self.output_tokens <= Self::MAX_TOKENS
            && cache.is_some_and(|tokens| tokens <= self.input_tokens)
            && self.reasoning_tokens <= self.output_tokens
    }
}
