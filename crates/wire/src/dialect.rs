//! Which API a caller speaks.

/// The API whose request, error and stream shapes a caller expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// The OpenAI API and the many servers compatible with it.
    OpenAi,
}
