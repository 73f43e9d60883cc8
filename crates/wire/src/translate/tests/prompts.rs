//! Prompts that two dialects can say mean the same in both.

use serde_json::value::RawValue;

use super::{pairs, parse};
use crate::neutral::arbitrary::{self, Chance, Reach};
use crate::neutral::{
    Content, Effort, Format, Media, Part, Prompt, Reasoning, Said, Source, Tool, ToolChoice, Turn,
};
use crate::translate::{chat, generate, messages, read_prompt, request, responses};
use crate::{Api, Call, Target};

#[test]
fn a_prompt_means_the_same_in_any_two_dialects() {
    for (from, to) in pairs() {
        let mut chance = Chance::new(11);
        for _ in 0..300 {
            let prompt = sayable(arbitrary::prompt(&mut chance, &reach(from.api, to.api)), to.api);
            let prompt = sayable(prompt, from.api);
            let asked = parse(from.api, prompt.stream, write(&prompt, &from));
            let sent = request(&asked, &to).unwrap_or_else(|refused| {
                panic!("{:?} {:?}: {refused} {:?}", from.api, to.api, asked.body());
            });
            let sent = parse(to.api, prompt.stream, sent);
            let read = meaning(&sent);
            let expected = canonical(prompt);
            assert_eq!(read, expected, "{:?} {:?}: {:?}", from.api, to.api, sent.body());
        }
    }
}

fn write(prompt: &Prompt<'_>, to: &Target<'_>) -> Vec<u8> {
    let written = match to.api {
        Api::Chat => chat::write_prompt(prompt, to),
        Api::Responses => responses::write_prompt(prompt, to),
        Api::Messages => messages::write_prompt(prompt, to),
        _ => generate::write_prompt(prompt, to),
    };
    written.unwrap()
}

/// What every pair can say.
fn reach(one: Api, other: Api) -> Reach {
    let both = |can: fn(Api) -> bool| can(one) && can(other);
    Reach {
        texts: true,
        schema: true,
        effort: true,
        top_k: both(|api| matches!(api, Api::Messages | Api::Generate)),
        seed: both(|api| matches!(api, Api::Chat | Api::Generate)),
        penalties: both(|api| matches!(api, Api::Chat | Api::Generate)),
        choices: both(|api| matches!(api, Api::Chat | Api::Generate)),
        logprobs: both(|api| api != Api::Messages),
        audio: both(|api| api != Api::Messages),
        user: both(|api| api != Api::Generate),
        ..Reach::default()
    }
}

/// Without what this dialect would refuse.
fn sayable<'a>(mut prompt: Prompt<'a>, api: Api) -> Prompt<'a> {
    prompt.output_tokens = prompt.output_tokens.or(Some(1000)).map(|cap| cap + 50_000);
    match api {
        Api::Messages => {
            let is_free = |stop: &str| !stop.trim().is_empty();
            prompt.stop = prompt.stop.filter(|stop| stop.value.iter().all(|stop| is_free(stop)));
            prompt.format = prompt.format.filter(|format| format.value != Format::Json);
            prompt.temperature = prompt.temperature.filter(|told| told.value < 1.0);
        }
        Api::Responses => prompt.stop = None,
        Api::Generate => prompt.parallel_calls = None,
        _ => {}
    }
    prompt
}

fn meaning(call: &Call) -> Prompt<'_> {
    canonical(read_prompt(call).unwrap())
}

/// The one of all prompts of the same meaning by which they are compared.
fn canonical(mut prompt: Prompt<'_>) -> Prompt<'_> {
    let mut turns: Vec<Turn<'_>> = Vec::new();
    for mut turn in prompt.turns.drain(..) {
        turn.parts.iter_mut().for_each(|part| forget_names(&mut part.content));
        match turns.last_mut() {
            Some(last) if last.role == turn.role => last.parts.append(&mut turn.parts),
            _ => turns.push(turn),
        }
    }
    prompt.turns = turns;
    prompt.tools.iter_mut().for_each(forget_defaults);
    prompt.tool_choice.take_if(|choice| choice.value == ToolChoice::Auto);
    let calls_none = |prompt: &Prompt<'_>| {
        prompt.tool_choice.as_ref().is_some_and(|choice| choice.value == ToolChoice::None)
    };
    prompt.parallel_calls = prompt.parallel_calls.take_if(|parallel| !parallel.value);
    if calls_none(&prompt) {
        prompt.parallel_calls = None;
    }
    prompt.format = prompt.format.map(only_schema);
    if let Some(said) = &mut prompt.reasoning {
        let Reasoning { effort, budget_tokens, .. } = said.value;
        let tokens = budget_tokens.or(effort.map(Effort::budget_tokens));
        said.value = Reasoning { effort: tokens.map(Effort::of_budget), ..Reasoning::default() };
    }
    prompt
}

/// Media types of URLs, names of files, and of tools beside their results, which have one text.
fn forget_names(content: &mut Content<'_>) {
    match content {
        Content::Document(media) => media.name = None,
        Content::Image(Media { source: Source::Url { media_type, .. }, .. }) => *media_type = None,
        Content::Result { name, content, .. } => {
            *name = None;
            let texts: Vec<String> = content.drain(..).map(|part| text(&part.content)).collect();
            content.extend(Part::text(texts.join("\n").into(), ""));
        }
        _ => {}
    }
}

fn text(content: &Content<'_>) -> String {
    match content {
        Content::Text(text) => text.clone().into_owned(),
        other => panic!("{other:?}"),
    }
}

/// No arguments are an object without members, and strict or not is not for all dialects to say.
fn forget_defaults(tool: &mut Tool<'_>) {
    tool.strict = None;
    if tool.parameters.as_ref().is_none_or(|schema| schema.get() == "{}") {
        let nothing = r#"{"type":"object","properties":{}}"#.to_owned();
        tool.parameters = Some(RawValue::from_string(nothing).unwrap().into());
    }
}

/// The schema alone, with what else is said of it.
fn only_schema<'a>(format: Said<Format<'a>>) -> Said<Format<'a>> {
    let schema = format.described_schema().unwrap().map(|schema| schema.get().to_owned());
    let Some(schema) = schema else { return format };
    let schema = RawValue::from_string(schema).unwrap().into();
    let value = Format::Schema { name: None, description: None, schema, strict: None };
    Said { value, path: format.path }
}
