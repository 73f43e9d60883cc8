//! Requests, written and read.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use serde_json::Value;

use super::super::{read_prompt, write_prompt};
use super::{Chance, json};
use crate::neutral::{
    Content, Effort, Format, Media, Part, Prompt, Reasoning, Role, Said, Source, Tool, ToolChoice,
    Turn,
};
use crate::{MessagesRequest, Target, Vendor};

fn claude() -> Target<'static> {
    Target { max_output_tokens: Some(64_000), ..Target::main(Vendor::Anthropic, "claude") }
}

/// Requests that were written from chat, in the order and shapes that prompt caches hang on.
#[test]
fn requests_are_written_as_they_were_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/anthropic/requests");
    let mut cases = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "provider") {
            continue;
        }
        let before = fs::read_to_string(&path).unwrap();
        let request = MessagesRequest::parse(Bytes::from(before.clone())).unwrap();
        let after = write_prompt(&read_prompt(&request).unwrap(), &claude()).unwrap();
        let after = String::from_utf8(after).unwrap();
        if path.file_stem().unwrap() == "sampling" {
            // Numbers are the same and need not be written the same.
            let values = [&before, &after].map(|json| serde_json::from_str::<Value>(json).unwrap());
            assert_eq!(values[0], values[1]);
        } else {
            assert_eq!(after, before.trim_end(), "{}", path.display());
        }
        cases += 1;
    }
    assert!(cases > 20);
}

#[test]
fn what_a_request_asks_is_read_back() {
    let mut chance = Chance(11);
    let mut with_everything = 0;
    for _ in 0..3_000 {
        let asked = prompt(&mut chance);
        let body = Bytes::from(write_prompt(&asked, &claude()).unwrap());
        let request = MessagesRequest::parse(body).unwrap();
        let read = read_prompt(&request).unwrap();
        assert_eq!(read, asked, "{}", String::from_utf8_lossy(request.gist().body()));
        with_everything += usize::from(asked.tool_choice.is_some() && asked.reasoning.is_some());
    }
    assert!(with_everything > 100, "{with_everything}");
}

fn said<T>(value: T) -> Said<T> {
    Said::new(value, "")
}

/// A prompt that can be told in full, the sides alternating and defaults unsaid.
fn prompt(chance: &mut Chance) -> Prompt<'static> {
    let tools = chance.some(2, tool);
    let tool_choice = if tools.is_empty() { None } else { chance.maybe(tool_choice) };
    let free = tool_choice.as_ref().is_some_and(|choice| choice.value == ToolChoice::Auto);
    let none = tool_choice.as_ref().is_none_or(|choice| choice.value == ToolChoice::None);
    let sequential = free || (!none && chance.below(2) == 0);
    Prompt {
        turns: turns(chance),
        tools,
        tool_choice,
        parallel_calls: sequential.then(|| said(false)),
        format: chance.maybe(|_| said(schema())),
        reasoning: chance.maybe(|chance| said(reasoning(chance))),
        temperature: chance.maybe(|chance| said(chance.pick(&[0.0, 0.2, 0.7]))),
        top_p: chance.maybe(|_| said(0.95)),
        top_k: chance.maybe(|_| said(40)),
        stop: chance.maybe(|_| said(vec!["END".into(), "\nUser:".into()])),
        output_tokens: Some(2_000 + chance.below(9_000) as u64),
        user: chance.maybe(|_| said("user-7".into())),
        stream: chance.below(2) == 0,
        cache_control: chance.maybe(|_| said(json(r#"{"type":"ephemeral"}"#))),
        ..Prompt::default()
    }
}

fn schema() -> Format<'static> {
    let schema = json(r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#);
    Format::Schema { name: None, description: None, schema, strict: None }
}

fn reasoning(chance: &mut Chance) -> Reasoning {
    let effort = Some(chance.pick(&[Effort::Low, Effort::Medium, Effort::High, Effort::XHigh]));
    let budget_tokens = Some(chance.pick(&[1024, 1999]));
    let shown = chance.maybe(|chance| chance.below(2) == 0);
    match chance.below(4) {
        0 => Reasoning { effort: Some(Effort::None), ..Reasoning::default() },
        1 => Reasoning { effort, budget_tokens, shown },
        2 => Reasoning { effort: None, budget_tokens, shown },
        _ => Reasoning { effort, budget_tokens: None, shown },
    }
}

fn tool(chance: &mut Chance) -> Tool<'static> {
    Tool {
        name: chance.pick(&["now", "get_weather"]).into(),
        description: chance.maybe(|chance| chance.text().into()),
        parameters: Some(json(r#"{"properties":{"city":{"type":"string"}},"type":"object"}"#)),
        strict: chance.maybe(|_| said(true)),
        cache_control: mark(chance),
        path: Default::default(),
    }
}

fn tool_choice(chance: &mut Chance) -> Said<ToolChoice<'static>> {
    said(match chance.below(4) {
        0 => ToolChoice::Auto,
        1 => ToolChoice::None,
        2 => ToolChoice::Required,
        _ => ToolChoice::Named("now".into()),
    })
}

fn mark(chance: &mut Chance) -> Option<Said<crate::neutral::Json<'static>>> {
    chance.maybe(|_| said(json(r#"{"type":"ephemeral","ttl":"1h"}"#)))
}

fn turns(chance: &mut Chance) -> Vec<Turn<'static>> {
    let system = chance.some(2, |chance| Content::Text(chance.text().into()));
    let mut turns = vec![turn(Role::System, system, chance)];
    turns.retain(|turn| !turn.parts.is_empty());
    let question = 1 + chance.below(3);
    turns.push(user(question, 0, chance));
    for _ in 0..chance.below(3) {
        let mut answers = chance.some(3, Chance::answer);
        answers.push(chance.answer());
        turns.push(turn(Role::Assistant, answers, chance));
        let (results, others) = (chance.below(3), chance.below(3));
        turns.push(user(others.max(usize::from(results == 0)), results, chance));
    }
    turns
}

fn turn(role: Role, contents: Vec<Content<'static>>, chance: &mut Chance) -> Turn<'static> {
    let parts = contents.into_iter();
    let parts = parts.map(|content| Part { cache_control: mark(chance), ..Part::new(content, "") });
    Turn { role, parts: parts.collect(), name: None, path: Default::default() }
}

fn user(others: usize, results: usize, chance: &mut Chance) -> Turn<'static> {
    let mut contents = Vec::new();
    for _ in 0..results {
        let content = chance.some(2, content).into_iter();
        let content = content.map(|content| Part::new(content, "")).collect();
        let is_error = chance.below(2) == 0;
        contents.push(Content::Result { id: "toolu_1".into(), name: None, content, is_error });
    }
    contents.extend((0..others).map(|_| content(chance)));
    turn(Role::User, contents, chance)
}

/// What users say and tools tell.
fn content(chance: &mut Chance) -> Content<'static> {
    let url = || Source::Url { url: "https://example.com/a".into(), media_type: None };
    let media = |source| Media { source, name: None, detail: None };
    let base64 = |media_type: &'static str| Source::Base64 {
        media_type: media_type.into(),
        data: "iVBORw0KGgo=".into(),
    };
    match chance.below(7) {
        0 => Content::Image(media(base64("image/png"))),
        1 => Content::Image(media(url())),
        2 => Content::Image(media(Source::FileId("file_1".into()))),
        3 => Content::Document(media(base64("application/pdf"))),
        4 => Content::Document(Media { name: Some(said("Title".into())), ..media(url()) }),
        5 => Content::Document(media(Source::Text("plain".into()))),
        _ => Content::Text(chance.text().into()),
    }
}
