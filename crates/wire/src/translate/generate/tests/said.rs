//! Prompts by chance, as far as Gemini can say them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::common::Chance;
use crate::neutral::{
    Content, Format, Json, Media, Part, Path, Prompt, Reasoning, Role, Said, Source, Tool,
    ToolChoice, Turn,
};

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
    for at in 0..=chance.below(4) {
        said.push(match chance.below(4) {
            0 => text(chance),
            1 => part(thought(chance)),
            2 => part(Content::Thought {
                text: Cow::Borrowed(""),
                signature: Some(Cow::Borrowed(chance.pick(&SIGNATURES))),
            }),
            _ => {
                let id: Cow<str> = Cow::Owned(format!("id-{turn}-{at}"));
                results.push(result(chance, id.clone()));
                part(Content::Call { id, name: "look".into(), input: object(chance) })
            }
        });
    }
    (said, results)
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
