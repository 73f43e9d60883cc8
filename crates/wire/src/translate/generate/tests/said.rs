//! Prompts by chance, as far as Gemini can say them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::common::Chance;
use crate::neutral::{
    Choice, Content, Format, Json, Logprob, Media, Part, Path, Prompt, Reasoning, Reply, Role,
    Said, Source, Step, Tool, ToolChoice, Turn,
};
use crate::{FinishReason, Usage};

const TEXTS: [&str; 5] = ["hi", "Grüße 😀", "a\n\"b\"\\", " ", "{\"a\":1}"];
const OBJECTS: [&str; 3] = ["{}", r#"{"city":"Bern"}"#, r#"{"a":[1,{"b":null}],"c":"d"}"#];
const SIGNATURES: [&str; 2] = ["c2lnbmF0dXJl", "AA=="];

pub(super) fn prompt(chance: &mut Chance) -> Prompt<'static> {
    let mut turns = Vec::new();
    if chance.below(2) == 0 {
        turns.push(turn(Role::System, vec![text(chance), text(chance)]));
    }
    for at in 0..=chance.below(4) {
        turns.push(turn(Role::User, vec![text(chance), media(chance)]));
        let (said, results) = model(chance, at);
        turns.push(turn(Role::Assistant, said));
        if !results.is_empty() {
            turns.push(turn(Role::User, results));
        }
    }
    let tools: Vec<_> = (0..chance.below(3)).map(|at| tool(chance, at)).collect();
    Prompt { turns, tools, ..settings(chance) }
}

fn settings(chance: &mut Chance) -> Prompt<'static> {
    let number = |chance: &mut Chance| maybe(chance, |chance| chance.below(8) as f64 / 4.0);
    Prompt {
        tool_choice: maybe(chance, tool_choice),
        format: maybe(chance, format),
        reasoning: maybe(chance, |chance| Reasoning {
            budget_tokens: Some(chance.below(9999) as u64),
            shown: [None, Some(true), Some(false)][chance.below(3)],
            effort: None,
        }),
        temperature: number(chance),
        top_p: number(chance),
        top_k: maybe(chance, |chance| chance.below(99) as u64),
        presence_penalty: number(chance),
        frequency_penalty: number(chance),
        seed: maybe(chance, |chance| chance.below(99) as i64 - 50),
        stop: maybe(chance, |chance| vec![Cow::Borrowed(chance.pick(&TEXTS))]),
        output_tokens: maybe(chance, |chance| chance.below(99) as u64 + 1).map(|said| said.value),
        choices: maybe(chance, |chance| chance.below(8) as u32 + 1),
        logprobs: maybe(chance, |chance| chance.below(21) as u32),
        ..Prompt::default()
    }
}

/// What the model says, and the results of its calls.
fn model(chance: &mut Chance, turn: usize) -> (Vec<Part<'static>>, Vec<Part<'static>>) {
    let (mut said, mut results) = (Vec::new(), Vec::new());
    for content in contents(chance, turn) {
        if let Content::Call { id, .. } = &content {
            results.push(result(chance, id.clone()));
        }
        said.push(part(content));
    }
    (said, results)
}

/// Texts, thoughts, signatures and calls. A signature behind a thought that has none is that
/// thought's, so none stands there by itself.
fn contents(chance: &mut Chance, turn: usize) -> Vec<Content<'static>> {
    let mut said = Vec::new();
    for at in 0..=chance.below(4) {
        let kind = chance.below(4);
        match said.last() {
            Some(Content::Thought { signature: None, .. }) if kind == 2 => continue,
            _ => {}
        }
        said.push(match kind {
            0 => Content::Text(text_of(chance)),
            1 => thought(chance),
            2 => Content::Thought {
                text: "".into(),
                signature: Some(chance.pick(&SIGNATURES).into()),
            },
            _ => {
                let id = format!("id-{turn}-{at}").into();
                Content::Call { id, name: "look".into(), input: object(chance) }
            }
        });
    }
    said
}

/// An answer by chance, as far as Gemini can say it.
pub(super) fn reply(chance: &mut Chance) -> Reply<'static> {
    let output_tokens = chance.below(99) as u64 + 1;
    let usage = maybe(chance, |chance| Usage {
        input_tokens: 50,
        cached_input_tokens: chance.below(50) as u64,
        cache_write_input_tokens: 0,
        output_tokens,
        reasoning_tokens: chance.below(output_tokens as usize) as u64,
    });
    Reply {
        id: Some("answer-1".into()),
        model: Some("gemini".into()),
        created: None,
        choices: (0..=chance.below(2)).map(|at| choice(chance, at)).collect(),
        usage: usage.map(|said| said.value),
    }
}

fn choice(chance: &mut Chance, at: usize) -> Choice<'static> {
    let contents = contents(chance, at);
    let calls = contents.iter().any(|content| matches!(content, Content::Call { .. }));
    let reasons = [FinishReason::Length, FinishReason::ContentFilter, FinishReason::Other];
    let end = if calls { FinishReason::ToolCalls } else { FinishReason::Stop };
    let finish = Some(reasons.get(chance.below(4)).copied().unwrap_or(end));
    let logprobs = maybe(chance, |chance| {
        let token = |chance: &mut Chance, others| {
            let logprob = chance.below(40) as f64 / -8.0;
            Logprob { token: text_of(chance), logprob, bytes: None, others }
        };
        let others = vec![token(chance, Vec::new())];
        vec![token(chance, others), token(chance, Vec::new())]
    });
    Choice { contents, finish, stop_sequence: None, logprobs: logprobs.map(|said| said.value) }
}

/// The answer told step by step: texts in pieces, counts at any time, calls as they come.
pub(super) fn steps(chance: &mut Chance, reply: &Reply<'static>) -> Vec<Step<'static>> {
    let mut steps = Vec::new();
    for (choice, one) in (0..).zip(&reply.choices) {
        for (call, content) in (0..).zip(&one.contents) {
            content_steps(choice, call, content, &mut steps);
        }
        let tokens = one.logprobs.clone();
        steps.extend(tokens.map(|tokens| Step::Logprobs { choice, tokens }));
        let reason = one.finish.unwrap();
        steps.push(Step::Finish { choice, reason, stop_sequence: None });
    }
    if let Some(usage) = reply.usage {
        steps.insert(chance.below(steps.len() + 1), Step::Usage(usage));
    }
    let (id, model) = (reply.id.clone(), reply.model.clone());
    steps.insert(0, Step::Begin { id, model, usage: None });
    steps
}

fn content_steps(
    choice: u32,
    call: u32,
    content: &Content<'static>,
    steps: &mut Vec<Step<'static>>,
) {
    match content.clone() {
        Content::Text(text) => {
            steps.push(Step::Text { choice, text: text.clone() });
            steps.push(Step::Text { choice, text });
        }
        Content::Thought { text, signature } => {
            if !text.is_empty() {
                steps.push(Step::Thought { choice, text });
            }
            steps.extend(signature.map(|signature| Step::Signature { choice, signature }));
        }
        Content::Call { id, name, input } => {
            steps.push(Step::CallBegin { choice, call, id, name });
            let (head, tail) = input.get().split_at(1);
            for piece in [head, tail] {
                let json = piece.to_owned().into();
                steps.push(Step::CallInput { choice, call, json });
            }
        }
        other => panic!("{other:?}"),
    }
}

/// A step that borrows nothing.
pub(super) fn owned(step: &Step<'_>) -> Step<'static> {
    let own = |text: &Cow<'_, str>| Cow::Owned(text.clone().into_owned());
    match step {
        Step::Begin { id, model, usage } => {
            Step::Begin { id: id.as_ref().map(own), model: model.as_ref().map(own), usage: *usage }
        }
        Step::Text { choice, text } => Step::Text { choice: *choice, text: own(text) },
        Step::Refusal { choice, text } => Step::Refusal { choice: *choice, text: own(text) },
        Step::Thought { choice, text } => Step::Thought { choice: *choice, text: own(text) },
        Step::Signature { choice, signature } => {
            Step::Signature { choice: *choice, signature: own(signature) }
        }
        Step::SealedThought { choice, data } => {
            Step::SealedThought { choice: *choice, data: own(data) }
        }
        Step::CallBegin { choice, call, id, name } => {
            Step::CallBegin { choice: *choice, call: *call, id: own(id), name: own(name) }
        }
        Step::CallInput { choice, call, json } => {
            Step::CallInput { choice: *choice, call: *call, json: own(json) }
        }
        Step::Logprobs { choice, tokens } => {
            Step::Logprobs { choice: *choice, tokens: tokens.iter().map(token).collect() }
        }
        Step::Finish { choice, reason, .. } => {
            Step::Finish { choice: *choice, reason: *reason, stop_sequence: None }
        }
        Step::Usage(usage) => Step::Usage(*usage),
    }
}

fn token(told: &Logprob<'_>) -> Logprob<'static> {
    Logprob {
        token: Cow::Owned(told.token.clone().into_owned()),
        logprob: told.logprob,
        bytes: told.bytes.clone(),
        others: told.others.iter().map(token).collect(),
    }
}

pub(super) fn thought(chance: &mut Chance) -> Content<'static> {
    let signature = maybe(chance, |chance| chance.pick(&SIGNATURES).into());
    Content::Thought {
        text: chance.pick(&TEXTS).into(),
        signature: signature.map(|said: Said<Cow<'_, str>>| said.value),
    }
}

fn result(chance: &mut Chance, id: Cow<'static, str>) -> Part<'static> {
    let content = if chance.below(4) == 0 { Vec::new() } else { vec![text(chance)] };
    let (name, is_error) = (Some("look".into()), chance.below(3) == 0);
    part(Content::Result { id, name, content, is_error })
}

fn media(chance: &mut Chance) -> Part<'static> {
    let source = |media_type: &'static str, chance: &mut Chance| match chance.below(2) {
        0 => Source::Base64 { media_type: media_type.into(), data: "AA==".into() },
        _ => Source::Url {
            url: "https://host.example/a".into(),
            media_type: Some(media_type.into()),
        },
    };
    let media = |source| Media { source, name: None, detail: None };
    part(match chance.below(5) {
        0 => Content::Image(media(source("image/png", chance))),
        1 => Content::Audio(media(source("audio/wav", chance))),
        2 => Content::Video(media(source("video/mp4", chance))),
        3 => Content::Document(media(source("application/pdf", chance))),
        _ => Content::Document(media(Source::FileId("gs://bucket/file".into()))),
    })
}

fn tool(chance: &mut Chance, at: usize) -> Tool<'static> {
    Tool {
        name: format!("tool{at}").into(),
        description: maybe(chance, |chance| chance.pick(&TEXTS).into()).map(|said| said.value),
        parameters: maybe(chance, object).map(|said| said.value),
        strict: None,
        cache_control: None,
        path: Path::default(),
    }
}

fn tool_choice(chance: &mut Chance) -> ToolChoice<'static> {
    match chance.below(4) {
        0 => ToolChoice::Auto,
        1 => ToolChoice::None,
        2 => ToolChoice::Required,
        _ => ToolChoice::Named("tool0".into()),
    }
}

fn format(chance: &mut Chance) -> Format<'static> {
    match chance.below(2) {
        0 => Format::Json,
        _ => Format::Schema { name: None, description: None, schema: object(chance), strict: None },
    }
}

pub(super) fn text_of(chance: &mut Chance) -> Cow<'static, str> {
    chance.pick(&TEXTS).into()
}

pub(super) fn object(chance: &mut Chance) -> Json<'static> {
    RawValue::from_string(chance.pick(&OBJECTS).to_owned()).unwrap().into()
}

fn text(chance: &mut Chance) -> Part<'static> {
    part(Content::Text(text_of(chance)))
}

fn part(content: Content<'static>) -> Part<'static> {
    Part::new(content, "")
}

fn turn(role: Role, parts: Vec<Part<'static>>) -> Turn<'static> {
    Turn { role, parts, name: None, path: Path::default() }
}

fn maybe<T>(chance: &mut Chance, make: impl Fn(&mut Chance) -> T) -> Option<Said<T>> {
    (chance.below(2) == 0).then(|| Said::new(make(chance), ""))
}
