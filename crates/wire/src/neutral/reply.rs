//! What a whole answer says.

use std::borrow::Cow;

use super::Content;
use crate::{FinishReason, Usage};

/// A whole answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reply<'a> {
    pub(crate) id: Option<Cow<'a, str>>,
    pub(crate) model: Option<Cow<'a, str>>,
    /// Unix seconds, where the provider says.
    pub(crate) created: Option<u64>,
    pub(crate) choices: Vec<Choice<'a>>,
    pub(crate) usage: Option<Usage>,
}

/// One of the answers asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Choice<'a> {
    /// Texts, refusals, thoughts and calls, in their order.
    pub(crate) contents: Vec<Content<'a>>,
    /// A whole answer has ended, even if it does not say why.
    pub(crate) finish: Option<FinishReason>,
    /// The sequence of the caller's that ended it, where the provider says.
    pub(crate) stop_sequence: Option<Cow<'a, str>>,
    /// Of the text; none when they were not asked for.
    pub(crate) logprobs: Option<Vec<Logprob<'a>>>,
}

/// How likely a token was.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Logprob<'a> {
    pub(crate) token: Cow<'a, str>,
    pub(crate) logprob: f64,
    /// Its bytes, where the provider tells them.
    pub(crate) bytes: Option<Vec<u8>>,
    /// Others in its place, the likeliest first; empty inside of one of these.
    pub(crate) others: Vec<Logprob<'a>>,
}

impl Logprob<'_> {
    /// The same, to outlive its event.
    pub(super) fn kept(&self) -> Logprob<'static> {
        Logprob {
            token: Cow::Owned(self.token.clone().into_owned()),
            logprob: self.logprob,
            bytes: self.bytes.clone(),
            others: self.others.iter().map(Logprob::kept).collect(),
        }
    }
}
