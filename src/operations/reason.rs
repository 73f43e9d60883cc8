//! Why an operator does what cannot be undone. The ledger keeps it in the clear.

use serde::{Deserialize, Serialize};

use crate::operations::one_line::is_one_line;

/// One line of 1 to 1024 bytes, and not all of them space.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Reason(String);

/// A text that is none.
#[derive(Debug, thiserror::Error)]
#[error("a reason is one line of 1 to {MAX_BYTES} bytes, without control characters")]
pub(crate) struct NoReason;

const MAX_BYTES: usize = 1024;

impl Reason {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reason {
    type Error = NoReason;

    fn try_from(text: String) -> Result<Reason, NoReason> {
        if text.trim().is_empty() || text.len() > MAX_BYTES || !is_one_line(&text) {
            return Err(NoReason);
        }
        Ok(Reason(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_and_not_too_much() {
        for text in ["", " \n", "a\nb", "a\u{202e}b", &"x".repeat(MAX_BYTES + 1)] {
            assert!(Reason::try_from(text.to_owned()).is_err());
        }
        let longest = "x".repeat(MAX_BYTES);
        assert_eq!(Reason::try_from(longest.clone()).unwrap().as_str(), longest);
    }
}
