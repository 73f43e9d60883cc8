//! How likely tokens were: Google has a list of those chosen, and beside it one of those that could
//! have been.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::neutral::Logprob;
use crate::text::Text;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    #[serde(borrow, default)]
    chosen_candidates: Vec<Token<'a>>,
    #[serde(borrow, default)]
    top_candidates: Vec<Top<'a>>,
}

#[derive(Deserialize)]
struct Top<'a> {
    #[serde(borrow, default)]
    candidates: Vec<Token<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token<'a> {
    #[serde(borrow)]
    token: Text<'a>,
    log_probability: f64,
}

/// Reads a `logprobsResult`. An odd one is none.
pub(super) fn read_logprobs(raw: &RawValue) -> Option<Vec<Logprob<'_>>> {
    let told: Told = serde_json::from_str(raw.get()).ok()?;
    let mut others = told.top_candidates.into_iter();
    let chosen = told.chosen_candidates.into_iter().map(|token| {
        let others = others.next().map_or_else(Vec::new, |top| top.candidates);
        Logprob { others: others.into_iter().map(Token::read).collect(), ..token.read() }
    });
    Some(chosen.collect())
}

impl<'a> Token<'a> {
    fn read(self) -> Logprob<'a> {
        let (token, logprob) = (self.token.into_cow(), self.log_probability);
        Logprob { token, logprob, bytes: None, others: Vec::new() }
    }
}

/// A `logprobsResult` as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenLogprobs<'p> {
    chosen_candidates: Vec<WrittenToken<'p>>,
    top_candidates: Vec<WrittenTop<'p>>,
}

#[derive(Serialize)]
struct WrittenTop<'p> {
    candidates: Vec<WrittenToken<'p>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenToken<'p> {
    token: &'p str,
    log_probability: f64,
}

impl<'p> WrittenLogprobs<'p> {
    pub(super) fn of(tokens: &'p [Logprob<'_>]) -> WrittenLogprobs<'p> {
        let top = |token: &'p Logprob<'_>| WrittenTop { candidates: written(&token.others) };
        WrittenLogprobs {
            chosen_candidates: written(tokens),
            top_candidates: tokens.iter().map(top).collect(),
        }
    }
}

fn written<'p>(tokens: &'p [Logprob<'_>]) -> Vec<WrittenToken<'p>> {
    let token = |token: &'p Logprob<'_>| WrittenToken {
        token: &token.token,
        log_probability: token.logprob,
    };
    tokens.iter().map(token).collect()
}
