//! What a response repeats of its request, with the defaults where that says nothing. SDKs have
//! most of these members as required ones.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::ResponsesRequest;
use crate::translate::object::Members;

/// Raw values of the request; null where there is none.
#[derive(Default, Serialize)]
pub(super) struct Echo<'a> {
    background: bool,
    frequency_penalty: Option<&'a RawValue>,
    instructions: Option<&'a RawValue>,
    max_output_tokens: Option<&'a RawValue>,
    max_tool_calls: Option<()>,
    metadata: Option<&'a RawValue>,
    parallel_tool_calls: Option<&'a RawValue>,
    presence_penalty: Option<&'a RawValue>,
    previous_response_id: Option<()>,
    prompt_cache_key: Option<&'a RawValue>,
    reasoning: Object<'a>,
    safety_identifier: Option<&'a RawValue>,
    service_tier: &'static str,
    /// Never: there is nothing to look it up by here.
    store: bool,
    temperature: Option<&'a RawValue>,
    text: Text<'a>,
    tool_choice: Option<&'a RawValue>,
    tools: Vec<Object<'a>>,
    top_logprobs: Option<&'a RawValue>,
    top_p: Option<&'a RawValue>,
    truncation: &'static str,
    user: Option<&'a RawValue>,
}

type Object<'a> = BTreeMap<&'static str, Option<&'a RawValue>>;

#[derive(Default, Serialize)]
struct Text<'a> {
    format: Object<'a>,
}

impl<'a> Echo<'a> {
    pub(super) fn of(request: &'a ResponsesRequest) -> Echo<'a> {
        // A request that passed is an object.
        let Ok(mut members) = Members::of(request.text(), String::new()) else {
            return Echo::default();
        };
        Echo {
            background: false,
            frequency_penalty: members.take("frequency_penalty").or(raw("0")),
            instructions: members.take("instructions"),
            max_output_tokens: members.take("max_output_tokens"),
            max_tool_calls: None,
            metadata: members.take("metadata").or(raw("{}")),
            parallel_tool_calls: members.take("parallel_tool_calls").or(raw("true")),
            presence_penalty: members.take("presence_penalty").or(raw("0")),
            previous_response_id: None,
            prompt_cache_key: members.take("prompt_cache_key"),
            reasoning: object(members.take("reasoning"), &[("effort", None), ("summary", None)]),
            safety_identifier: members.take("safety_identifier"),
            service_tier: "default",
            store: false,
            temperature: members.take("temperature").or(raw("1")),
            text: Text { format: format(&mut members) },
            tool_choice: members.take("tool_choice").or(raw(r#""auto""#)),
            tools: tools(&mut members),
            top_logprobs: members.take("top_logprobs").or(raw("0")),
            top_p: members.take("top_p").or(raw("1")),
            truncation: "disabled",
            user: members.take("user"),
        }
    }
}

/// The members of an object that are wanted of it, each with its default.
fn object<'a>(
    value: Option<&'a RawValue>,
    wanted: &[(&'static str, Option<&'static str>)],
) -> Object<'a> {
    let members = value.and_then(|raw| Members::of(raw.get(), String::new()).ok());
    let mut members = members;
    let mut taken = |name| members.as_mut().and_then(|members| members.take(name));
    wanted.iter().map(|&(name, default)| (name, taken(name).or(default.and_then(raw)))).collect()
}

fn format<'a>(members: &mut Members<'a>) -> Object<'a> {
    let text = members.object("text").ok().flatten();
    let format = text.and_then(|mut text| text.take("format"));
    let told = object(format, &[("type", Some(r#""text""#))]);
    let is_schema = |raw: &RawValue| raw.get() == r#""json_schema""#;
    if !told.get("type").copied().flatten().is_some_and(is_schema) {
        return told;
    }
    let wanted = [
        ("description", None),
        ("name", Some(r#""""#)),
        ("schema", None),
        ("strict", Some("false")),
        ("type", None),
    ];
    object(format, &wanted)
}

fn tools<'a>(members: &mut Members<'a>) -> Vec<Object<'a>> {
    let wanted = ["description", "name", "parameters", "strict", "type"].map(|name| (name, None));
    let tools = members.array("tools").unwrap_or_default();
    tools.into_iter().map(|tool| object(Some(tool), &wanted)).collect()
}

fn raw(json: &'static str) -> Option<&'static RawValue> {
    serde_json::from_str(json).ok()
}
