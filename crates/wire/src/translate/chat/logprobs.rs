//! How likely tokens were, as OpenAI tells it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::neutral::Logprob;

/// A token, and others in its place, which have none themselves.
#[derive(Serialize, Deserialize)]
pub(super) struct Token<'a> {
    #[serde(borrow)]
    token: Cow<'a, str>,
    logprob: f64,
    bytes: Option<Vec<u8>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<Vec<Token<'a>>>,
}

pub(super) fn read(tokens: Vec<Token<'_>>) -> Vec<Logprob<'_>> {
    tokens.into_iter().map(Logprob::from).collect()
}

impl<'a> From<Token<'a>> for Logprob<'a> {
    fn from(token: Token<'a>) -> Logprob<'a> {
        let others = token.top_logprobs.unwrap_or_default().into_iter().map(|other| Logprob {
            token: other.token,
            logprob: other.logprob,
            bytes: other.bytes,
            others: Vec::new(),
        });
        Logprob {
            others: others.collect(),
            token: token.token,
            logprob: token.logprob,
            bytes: token.bytes,
        }
    }
}

pub(super) fn written<'a>(tokens: &'a [Logprob<'_>]) -> Vec<Token<'a>> {
    let written = |token: &'a Logprob<'_>| Token {
        token: Cow::Borrowed(&token.token),
        logprob: token.logprob,
        bytes: token.bytes.clone(),
        top_logprobs: None,
    };
    let with_others = |token: &'a Logprob<'_>| Token {
        top_logprobs: Some(token.others.iter().map(written).collect()),
        ..written(token)
    };
    tokens.iter().map(with_others).collect()
}
