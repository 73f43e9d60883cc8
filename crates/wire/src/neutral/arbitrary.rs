//! Prompts and replies made up for tests: each dialect writes them, reads them back and must have
//! lost nothing. A [`Reach`] says what a dialect can hold.

#[path = "../../tests/common/mod.rs"]
mod common;
mod reply;

use std::borrow::Cow;

use serde_json::value::RawValue;

pub(crate) use self::common::Chance;
pub(crate) use self::reply::{logprobs, reply, usage};
use super::{
    Content, Effort, Format, Json, Media, Part, Prompt, Reasoning, Role, Said, Source, Tool,
    ToolChoice, Turn,
};

/// What a dialect can say and reads back as it was said.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reach {
    /// Instructions behind the first turn of the user.
    pub(crate) late_instructions: bool,
    /// Several texts in one message.
    pub(crate) texts: bool,
    /// Names of users.
    pub(crate) names: bool,
    pub(crate) cache_marks: bool,
    pub(crate) thoughts: bool,
    pub(crate) refusals: bool,
    pub(crate) audio: bool,
    /// How closely to look at pictures.
    pub(crate) detail: bool,
    pub(crate) files: bool,
    pub(crate) schema: bool,
    pub(crate) effort: bool,
    pub(crate) top_k: bool,
    pub(crate) seed: bool,
    pub(crate) penalties: bool,
    pub(crate) choices: bool,
    pub(crate) logprobs: bool,
    pub(crate) user: bool,
}

const TEXTS: [&str; 9] = [
    "hi",
    "a\nb",
    "\u{e9}\u{1F600}\u{2028}",
    "\"quoted\\\"",
    " ",
    "data: [DONE]\n\n",
    "\u{1}\u{7f}",
    "</tool>{}",
    "null",
];

const SCHEMAS: [&str; 3] = [
    "{}",
    r#"{"type":"object","properties":{"a":{"type":"string","enum":["\u00e9",null]}}}"#,
    r#"{"type":"object","properties":{},"additionalProperties":false}"#,
];

const INPUTS: [&str; 3] = ["{}", r#"{"a":[1,2.5,"\n"]}"#, r#"{ "b" : {"c": null} }"#];

impl Chance {
    pub(crate) fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    /// Sometimes something, when it may be at all.
    pub(crate) fn maybe<T>(&mut self, may: bool, make: impl FnOnce(&mut Chance) -> T) -> Option<T> {
        (self.coin() && may).then(|| make(self))
    }

    pub(crate) fn text(&mut self) -> Cow<'static, str> {
        let pieces: Vec<&str> = (0..=self.below(3)).map(|_| self.pick(&TEXTS)).collect();
        pieces.concat().into()
    }

    /// A name of letters that every dialect takes.
    pub(crate) fn word(&mut self) -> Cow<'static, str> {
        format!("{}_{}", self.pick(&["f", "get-it", "A1"]), self.below(100)).into()
    }

    fn json(&mut self, texts: &[&str]) -> Json<'static> {
        RawValue::from_string(self.pick(texts).to_owned()).unwrap().into()
    }

    fn tenths(&mut self, most: usize) -> f64 {
        self.below(most * 10) as f64 / 10.0
    }
}

/// A conversation of up to eight turns that ends with the user.
pub(crate) fn prompt(chance: &mut Chance, reach: &Reach) -> Prompt<'static> {
    let tools: Vec<Tool> = (0..chance.below(3)).map(|_| tool(chance, reach)).collect();
    let has_tools = !tools.is_empty();
    Prompt {
        turns: turns(chance, reach),
        tool_choice: chance.maybe(has_tools, |chance| said(tool_choice(chance, &tools))),
        parallel_calls: chance.maybe(has_tools, |_| said(false)),
        tools,
        format: chance.maybe(true, |chance| format(chance, reach)).flatten().map(said),
        reasoning: chance.maybe(reach.effort, reasoning).map(said),
        temperature: chance.maybe(true, |chance| said(chance.tenths(2))),
        top_p: chance.maybe(true, |chance| said(chance.tenths(1))),
        top_k: chance.maybe(reach.top_k, |chance| said(1 + chance.below(99) as u64)),
        presence_penalty: chance.maybe(reach.penalties, |chance| said(0.1 + chance.tenths(1))),
        frequency_penalty: chance.maybe(reach.penalties, |chance| said(-0.1 - chance.tenths(1))),
        seed: chance.maybe(reach.seed, |chance| said(chance.below(1000) as i64 - 500)),
        stop: chance.maybe(true, |chance| said(vec!["stop".into(), chance.text()])),
        output_tokens: chance.maybe(true, |chance| 1 + chance.below(5000) as u64),
        choices: chance.maybe(reach.choices, |chance| said(2 + chance.below(5) as u32)),
        logprobs: chance.maybe(reach.logprobs, |chance| said(chance.below(21) as u32)),
        user: chance.maybe(reach.user, |chance| said(chance.word())),
        stream: chance.coin(),
        cache_control: mark(chance, reach),
    }
}

fn said<T>(value: T) -> Said<T> {
    Said::new(value, "somewhere")
}

fn mark(chance: &mut Chance, reach: &Reach) -> Option<Said<Json<'static>>> {
    let json = [r#"{"type":"ephemeral"}"#, r#"{"type":"ephemeral","ttl":"1h"}"#];
    chance.maybe(reach.cache_marks, |chance| said(chance.json(&json)))
}

fn tool(chance: &mut Chance, reach: &Reach) -> Tool<'static> {
    Tool {
        name: chance.word(),
        description: chance.maybe(true, Chance::text),
        parameters: chance.maybe(true, |chance| chance.json(&SCHEMAS)),
        strict: chance.maybe(true, |chance| said(chance.coin())),
        cache_control: mark(chance, reach),
        path: Default::default(),
    }
}

fn tool_choice(chance: &mut Chance, tools: &[Tool<'static>]) -> ToolChoice<'static> {
    match chance.below(4) {
        0 => ToolChoice::Auto,
        1 => ToolChoice::None,
        2 => ToolChoice::Required,
        _ => ToolChoice::Named(tools[chance.below(tools.len())].name.clone()),
    }
}

fn format(chance: &mut Chance, reach: &Reach) -> Option<Format<'static>> {
    if chance.coin() {
        return Some(Format::Json);
    }
    reach.schema.then(|| Format::Schema {
        name: Some(chance.word()),
        description: chance.maybe(true, Chance::text),
        schema: chance.json(&SCHEMAS),
        strict: chance.maybe(true, Chance::coin),
    })
}

fn reasoning(chance: &mut Chance) -> Reasoning {
    let word = chance.pick(&["none", "minimal", "low", "medium", "high", "xhigh"]);
    Reasoning { effort: Effort::named(word), ..Reasoning::default() }
}

fn turns(chance: &mut Chance, reach: &Reach) -> Vec<Turn<'static>> {
    let mut turns = Vec::new();
    for round in 0..=chance.below(3) {
        if round == 0 || reach.late_instructions {
            turns.extend(chance.maybe(true, |chance| {
                turn(Role::System, vec![text(chance, reach)], chance, reach)
            }));
        }
        if round > 0 {
            let answer = answer(chance, reach);
            let ids: Vec<Cow<str>> = answer.iter().filter_map(call_id).collect();
            turns.push(turn(Role::Assistant, answer, chance, reach));
            for id in ids {
                let content = texts(chance, reach);
                let result = Content::Result { id, name: None, content, is_error: false };
                turns.push(turn(
                    Role::User,
                    vec![Part::new(result, "")],
                    chance,
                    &Reach::default(),
                ));
            }
        }
        let question = question(chance, reach);
        turns.push(turn(Role::User, question, chance, reach));
    }
    turns
}

fn turn(
    role: Role,
    parts: Vec<Part<'static>>,
    chance: &mut Chance,
    reach: &Reach,
) -> Turn<'static> {
    let name = chance.maybe(reach.names, |chance| said(chance.word()));
    Turn { role, parts, name, path: Default::default() }
}

fn call_id(part: &Part<'static>) -> Option<Cow<'static, str>> {
    match &part.content {
        Content::Call { id, .. } => Some(id.clone()),
        _ => None,
    }
}

fn text(chance: &mut Chance, reach: &Reach) -> Part<'static> {
    let part = Part::new(Content::Text(chance.text()), "");
    Part { cache_control: mark(chance, reach), ..part }
}

fn texts(chance: &mut Chance, reach: &Reach) -> Vec<Part<'static>> {
    let most = if reach.texts { 3 } else { 2 };
    (0..chance.below(most)).map(|_| text(chance, reach)).collect()
}

fn question(chance: &mut Chance, reach: &Reach) -> Vec<Part<'static>> {
    let mut parts = texts(chance, reach);
    if reach.texts {
        parts.extend(chance.maybe(true, |chance| Part::new(image(chance, reach), "")));
        parts.extend(chance.maybe(reach.audio, |_| Part::new(Content::Audio(recording()), "")));
        parts.extend(chance.maybe(true, |chance| Part::new(document(chance, reach), "")));
    }
    if parts.is_empty() {
        parts.push(text(chance, reach));
    }
    parts
}

fn image(chance: &mut Chance, reach: &Reach) -> Content<'static> {
    let source = match chance.coin() {
        true => Source::Url { url: "https://example.com/a.png?b=c".into(), media_type: None },
        false => Source::Base64 { media_type: "image/png".into(), data: "iVBORw0KGgo=".into() },
    };
    let detail = chance.maybe(reach.detail, |chance| said(chance.pick(&["low", "high"]).into()));
    Content::Image(Media { source, name: None, detail })
}

fn recording() -> Media<'static> {
    let source = Source::Base64 { media_type: "audio/wav".into(), data: "UklGRg==".into() };
    Media { source, name: None, detail: None }
}

fn document(chance: &mut Chance, reach: &Reach) -> Content<'static> {
    let source = match chance.maybe(reach.files, |_| Source::FileId("file-1".into())) {
        Some(uploaded) => uploaded,
        None => Source::Base64 { media_type: "application/pdf".into(), data: "JVBERi0=".into() },
    };
    let name = chance.maybe(true, |chance| said(chance.word()));
    Content::Document(Media { source, name, detail: None })
}

/// What an assistant has said before: a thought, texts, a refusal, calls. Never nothing.
fn answer(chance: &mut Chance, reach: &Reach) -> Vec<Part<'static>> {
    let mut parts = Vec::new();
    let unsigned = |text| Part::new(Content::Thought { text, signature: None }, "");
    parts.extend(chance.maybe(reach.thoughts, |chance| unsigned(chance.text())));
    parts.extend(texts(chance, reach));
    let refusal = chance.maybe(reach.refusals, Chance::text);
    parts.extend(refusal.map(|said| Part::new(Content::Refusal(said), "")));
    parts.extend(calls(chance).into_iter().map(|call| Part::new(call, "")));
    if parts.is_empty() {
        parts.push(text(chance, reach));
    }
    parts
}

fn calls(chance: &mut Chance) -> Vec<Content<'static>> {
    (0..chance.below(3))
        .map(|number| Content::Call {
            // As every provider takes them.
            id: format!("call{number}{:04}", chance.below(1000)).into(),
            name: chance.word(),
            input: chance.json(&INPUTS),
        })
        .collect()
}
