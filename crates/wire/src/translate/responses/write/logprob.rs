//! How likely tokens were, as responses tell it.

use serde::Serialize;

use crate::neutral::Logprob;

/// A token that was chosen, and others in its place.
#[derive(Debug, Serialize)]
pub(super) struct Token {
    #[serde(flatten)]
    chosen: Likely,
    top_logprobs: Vec<Likely>,
}

#[derive(Debug, Serialize)]
struct Likely {
    token: String,
    logprob: f64,
    bytes: Vec<u8>,
}

impl From<&Logprob<'_>> for Token {
    fn from(token: &Logprob<'_>) -> Token {
        let top_logprobs = token.others.iter().map(Likely::from).collect();
        Token { chosen: Likely::from(token), top_logprobs }
    }
}

impl From<&Logprob<'_>> for Likely {
    fn from(token: &Logprob<'_>) -> Likely {
        // Those of its text, where the provider tells of none.
        let bytes = token.bytes.clone().unwrap_or_else(|| token.token.as_bytes().to_vec());
        Likely { token: token.token.clone().into_owned(), logprob: token.logprob, bytes }
    }
}
