//! Prompts, replies and steps at random, as far as responses can say them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::common::Chance;
use crate::neutral::{
    Choice, Content, Effort, Format, Json, Logprob, Media, Part, Prompt, Reasoning, Reply, Role,
    Said, Source, Step, Tool, ToolChoice, Turn,
};
use crate::{FinishReason, Usage};

const WORDS: [&str; 7] =
    ["a", "Grüße 😀", "\"quoted\\\"", "line\nline", "\u{1}\u{7f}", "data: [DONE]\n\n", "{}"];
const INPUTS: [&str; 3] = ["{}", r#"{"a":[1,{"b":"\n"}]}"#, r#"{"é":"\u00e9"}"#];

pub(super) fn text(chance: &mut Chance) -> Cow<'static, str> {
    let count = 1 + chance.below(3);
    (0..count).map(|_| chance.pick(&WORDS)).collect::<Vec<_>>().join(" ").into()
}

fn some<T>(chance: &mut Chance, make: impl Fn(&mut Chance) -> T) -> Option<T> {
    (chance.below(2) == 0).then(|| make(chance))
}

fn said<T>(chance: &mut Chance, make: impl Fn(&mut Chance) -> T) -> Option<Said<T>> {
    some(chance, make).map(|value| Said::new(value, ""))
}

fn json(chance: &mut Chance) -> Json<'static> {
    RawValue::from_string(chance.pick(&INPUTS).to_owned()).unwrap().into()
}

pub(super) fn prompt(chance: &mut Chance) -> Prompt<'static> {
    let mut turns = Vec::new();
    for _ in 0..chance.below(3) {
        turns.push(turn(Role::System, vec![Content::Text(text(chance))]));
    }
    for _ in 0..=chance.below(3) {
        turns.extend(round(chance));
    }
    Prompt {
        turns,
        tools: (0..chance.below(3)).map(|_| tool(chance)).collect(),
        tool_choice: said(chance, |chance| match chance.below(4) {
            0 => ToolChoice::Auto,
            1 => ToolChoice::None,
            2 => ToolChoice::Required,
            _ => ToolChoice::Named(text(chance)),
        }),
        parallel_calls: said(chance, |chance| chance.below(2) == 0),
        format: said(chance, format),
        reasoning: reasoning(chance),
        temperature: said(chance, |chance| chance.below(20) as f64 / 10.0),
        top_p: said(chance, |chance| chance.below(10) as f64 / 10.0),
        output_tokens: some(chance, |chance| 1 + chance.below(9000) as u64),
        logprobs: said(chance, |chance| chance.below(20) as u32),
        user: said(chance, text),
        stream: chance.below(2) == 0,
        ..Prompt::default()
    }
}

fn tool(chance: &mut Chance) -> Tool<'static> {
    Tool {
        name: text(chance),
        description: some(chance, text),
        parameters: some(chance, json),
        strict: said(chance, |_| true),
        cache_control: None,
        path: Default::default(),
    }
}

fn format(chance: &mut Chance) -> Format<'static> {
    match chance.below(2) {
        0 => Format::Json,
        _ => Format::Schema {
            name: Some(text(chance)),
            description: some(chance, text),
            schema: json(chance),
            strict: some(chance, |chance| chance.below(2) == 0),
        },
    }
}

fn reasoning(chance: &mut Chance) -> Option<Said<Reasoning>> {
    let words = ["none", "minimal", "low", "medium", "high", "xhigh"];
    let effort = some(chance, |chance| Effort::named(chance.pick(&words)).unwrap());
    let shown = some(chance, |_| true);
    let asked = Reasoning { effort, budget_tokens: None, shown };
    (asked != Reasoning::default()).then(|| Said::new(asked, ""))
}

fn turn(role: Role, contents: Vec<Content<'static>>) -> Turn<'static> {
    let parts = contents.into_iter().map(|content| Part::new(content, "")).collect();
    Turn { role, parts, name: None, path: Default::default() }
}

/// A question, and maybe an answer and the results of its calls.
fn round(chance: &mut Chance) -> Vec<Turn<'static>> {
    let asked = (0..chance.below(4)).map(|_| shown(chance)).collect();
    let mut turns = vec![turn(Role::User, asked)];
    if chance.below(3) == 0 {
        return turns;
    }
    let mut answer: Vec<_> = (0..chance.below(3)).map(|_| thought(chance)).collect();
    answer.extend((0..chance.below(3)).map(|_| match chance.below(3) {
        0 => Content::Refusal(text(chance)),
        _ => Content::Text(text(chance)),
    }));
    let calls = chance.below(3);
    for _ in 0..calls {
        answer.extend((chance.below(2) == 0).then(|| thought(chance)));
        answer.push(call(chance));
    }
    if answer.is_empty() {
        return turns;
    }
    turns.push(turn(Role::Assistant, answer));
    if calls > 0 {
        turns.push(turn(Role::User, (0..calls).map(|_| result(chance)).collect()));
    }
    turns
}

fn call(chance: &mut Chance) -> Content<'static> {
    Content::Call { id: text(chance), name: text(chance), input: json(chance) }
}

fn result(chance: &mut Chance) -> Content<'static> {
    let content = (0..chance.below(3)).map(|_| Part::new(shown(chance), "")).collect();
    Content::Result { id: text(chance), name: None, content, is_error: false }
}

fn thought(chance: &mut Chance) -> Content<'static> {
    match chance.below(4) {
        0 => Content::SealedThought(text(chance)),
        1 => Content::Thought { text: Cow::Borrowed(""), signature: Some(text(chance)) },
        _ => Content::Thought { text: text(chance), signature: some(chance, text) },
    }
}

fn shown(chance: &mut Chance) -> Content<'static> {
    let data = Cow::Borrowed("AAECAw==");
    let inline = |media_type: &'static str| Source::Base64 {
        media_type: Cow::Borrowed(media_type),
        data: data.clone(),
    };
    let url = Source::Url { url: Cow::Borrowed("https://example.com/a?b=c"), media_type: None };
    let id = Source::FileId(Cow::Borrowed("file-1"));
    let source = |own, pick| [own, url, id].into_iter().nth(pick).unwrap();
    let pick = chance.below(3);
    match chance.below(5) {
        0 => Content::Image(Media {
            source: source(inline("image/png"), pick),
            name: None,
            detail: said(chance, |_| Cow::Borrowed("high")),
        }),
        1 => Content::Document(Media {
            source: source(inline("application/pdf"), pick),
            name: Some(Said::new(text(chance), "")),
            detail: None,
        }),
        2 => Content::Audio(Media { source: inline("audio/wav"), name: None, detail: None }),
        _ => Content::Text(text(chance)),
    }
}

pub(super) fn reply(chance: &mut Chance) -> Reply<'static> {
    let contents: Vec<_> = (0..chance.below(6)).map(|_| content(chance)).collect();
    let calls = contents.iter().any(|content| matches!(content, Content::Call { .. }));
    let speaks = contents.iter().any(|content| matches!(content, Content::Text(_)));
    let finish = match chance.below(3) {
        0 => FinishReason::Length,
        1 => FinishReason::ContentFilter,
        _ if calls => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    };
    let logprobs = speaks.then(|| some(chance, tokens)).flatten();
    let choice = Choice { contents, finish: Some(finish), stop_sequence: None, logprobs };
    Reply {
        id: Some(Cow::Borrowed("resp_1")),
        model: Some(text(chance)),
        created: Some(chance.below(2_000_000_000) as u64),
        choices: vec![choice],
        usage: some(chance, usage),
    }
}

fn content(chance: &mut Chance) -> Content<'static> {
    match chance.below(4) {
        0 => thought(chance),
        1 => call(chance),
        2 => Content::Refusal(text(chance)),
        _ => Content::Text(text(chance)),
    }
}

pub(super) fn usage(chance: &mut Chance) -> Usage {
    let (cached, written, reasoning) = (chance.below(9), chance.below(9), chance.below(9));
    Usage {
        input_tokens: (cached + written + chance.below(9)) as u64,
        cached_input_tokens: cached as u64,
        cache_write_input_tokens: written as u64,
        output_tokens: (reasoning + chance.below(9)) as u64,
        reasoning_tokens: reasoning as u64,
    }
}

pub(super) fn tokens(chance: &mut Chance) -> Vec<Logprob<'static>> {
    let token = |chance: &mut Chance, others| Logprob {
        token: text(chance),
        logprob: -(chance.below(100) as f64) / 8.0,
        bytes: Some(vec![chance.below(256) as u8]),
        others,
    };
    let others = (0..chance.below(3)).map(|_| token(chance, Vec::new())).collect();
    vec![token(chance, others)]
}

/// Steps in an order that a provider may send them in, without a beginning or an end.
pub(super) fn steps(chance: &mut Chance) -> Vec<Step<'static>> {
    let mut calls = 0;
    let mut steps = Vec::new();
    for _ in 0..chance.below(12) {
        steps.push(match chance.below(9) {
            0 | 1 => Step::Thought { choice: 0, text: text(chance) },
            2 => Step::Signature { choice: 0, signature: text(chance) },
            3 => Step::SealedThought { choice: 0, data: text(chance) },
            4 => Step::Refusal { choice: 0, text: text(chance) },
            5 => {
                calls += 1;
                Step::CallBegin { choice: 0, call: calls - 1, id: text(chance), name: text(chance) }
            }
            6 if calls > 0 => {
                let call = chance.below(calls as usize) as u32;
                Step::CallInput { choice: 0, call, json: text(chance) }
            }
            _ => Step::Text { choice: 0, text: text(chance) },
        });
    }
    steps
}

pub(super) fn owned(token: Logprob<'_>) -> Logprob<'static> {
    Logprob {
        token: token.token.into_owned().into(),
        logprob: token.logprob,
        bytes: token.bytes,
        others: token.others.into_iter().map(owned).collect(),
    }
}
