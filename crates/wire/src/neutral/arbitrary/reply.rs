//! Whole answers made up for tests.

use super::{Chance, Reach, calls};
use crate::neutral::{Choice, Content, Logprob, Reply};
use crate::{FinishReason, Usage};

/// A whole answer, of one choice unless the dialect has several.
pub(crate) fn reply(chance: &mut Chance, reach: &Reach) -> Reply<'static> {
    let choices = if reach.choices { 1 + chance.below(3) } else { 1 };
    Reply {
        id: Some(chance.word()),
        model: Some(chance.word()),
        created: Some(chance.below(1 << 30) as u64),
        choices: (0..choices).map(|_| choice(chance, reach)).collect(),
        usage: chance.maybe(true, usage),
    }
}

pub(crate) fn usage(chance: &mut Chance) -> Usage {
    let cached_input_tokens = chance.below(100) as u64;
    let reasoning_tokens = chance.below(100) as u64;
    Usage {
        input_tokens: cached_input_tokens + chance.below(1000) as u64,
        cached_input_tokens,
        cache_write_input_tokens: 0,
        output_tokens: reasoning_tokens + 1 + chance.below(1000) as u64,
        reasoning_tokens,
    }
}

pub(crate) fn logprobs(chance: &mut Chance) -> Vec<Logprob<'static>> {
    (0..=chance.below(2))
        .map(|_| Logprob { others: vec![token(chance)], ..token(chance) })
        .collect()
}

fn token(chance: &mut Chance) -> Logprob<'static> {
    Logprob {
        token: chance.text(),
        logprob: -chance.tenths(3),
        bytes: chance.maybe(true, |_| vec![0, 255]),
        others: Vec::new(),
    }
}

fn choice(chance: &mut Chance, reach: &Reach) -> Choice<'static> {
    let mut contents = Vec::new();
    if reach.thoughts {
        contents.extend(thoughts(chance));
    }
    contents.extend(chance.maybe(true, |chance| Content::Text(chance.text())));
    contents.extend(chance.maybe(reach.refusals, |chance| Content::Refusal(chance.text())));
    let calls = calls(chance);
    let finish = match calls.is_empty() {
        false => FinishReason::ToolCalls,
        true if chance.coin() => FinishReason::Length,
        true => FinishReason::Stop,
    };
    contents.extend(calls);
    let logprobs = chance.maybe(reach.logprobs, logprobs);
    Choice { contents, finish: Some(finish), stop_sequence: None, logprobs }
}

/// One thought without a signature, or several of which the first has one.
fn thoughts(chance: &mut Chance) -> Vec<Content<'static>> {
    let signed = |text| Content::Thought { text, signature: Some("c2lnbmVk+/=".into()) };
    match chance.below(4) {
        0 => vec![],
        1 => vec![Content::Thought { text: chance.text(), signature: None }],
        2 => vec![signed(chance.text()), Content::SealedThought("c2VhbGVk".into())],
        _ => vec![signed("".into()), signed(chance.text())],
    }
}
