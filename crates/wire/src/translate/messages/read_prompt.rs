//! A caller's request.

use std::borrow::Cow;

use serde::Deserialize;

use super::{read_config, read_tools, read_turns};
use crate::neutral::{Json, Prompt, Said};
use crate::text::Text;
use crate::translate::object::{LeftOut, Members};
use crate::{Invalid, MessagesRequest};

/// Members that have no counterpart, and the values that ask for nothing that others do not do.
const LEFT_OUT: &LeftOut = &[
    // What Claude Code says to keep all there is.
    (
        "context_management",
        &[
            "{}",
            r#"{"edits":[]}"#,
            r#"{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]}"#,
        ],
    ),
    ("mcp_servers", &["[]"]),
    // Which of Anthropic's capacities serves it.
    ("service_tier", &[r#""auto""#, r#""standard_only""#]),
    // What the gateway itself acts on.
    ("max_tokens", &[]),
    ("model", &[]),
    ("stream", &[]),
];

/// Members that are known, so that a refusal names them.
const REFUSED: &[&str] =
    &["container", "context_management", "inference_geo", "mcp_servers", "service_tier", "speed"];

/// What a request asks.
pub(in crate::translate) fn read_prompt(request: &MessagesRequest) -> Result<Prompt<'_>, Invalid> {
    let gist = request.gist();
    // The body passed as strict JSON, so it is UTF-8.
    let mut members = Members::of(str::from_utf8(gist.body()).unwrap_or_default(), String::new())?;
    members.leave_out(LEFT_OUT);
    refuse(&mut members, REFUSED)?;
    let (tool_choice, parallel_calls) = read_tools::tool_choice(&mut members)?;
    let (format, reasoning) = read_config::read(&mut members)?;
    let prompt = Prompt {
        turns: read_turns::read(&mut members)?,
        tools: read_tools::tools(&mut members)?,
        tool_choice,
        parallel_calls,
        format,
        reasoning,
        temperature: value(&mut members, "temperature", "be a number")?,
        top_p: value(&mut members, "top_p", "be a number")?,
        top_k: value(&mut members, "top_k", "be a whole number")?,
        stop: stop_sequences(&mut members)?,
        output_tokens: gist.max_output_tokens(),
        user: user(&mut members)?,
        stream: gist.stream(),
        cache_control: cache_control(&mut members),
        ..Prompt::default()
    };
    members.finish()?;
    Ok(prompt)
}

/// Refuses these members by their names.
pub(super) fn refuse(members: &mut Members<'_>, names: &[&str]) -> Result<(), Invalid> {
    match names.iter().find(|name| members.take(name).is_some()) {
        Some(name) => Err(Invalid::unsupported(&members.path(name))),
        None => Ok(()),
    }
}

/// Takes a member of this type; `rule` completes "it must …".
pub(super) fn value<'a, T: Deserialize<'a>>(
    members: &mut Members<'a>,
    name: &str,
    rule: &str,
) -> Result<Option<Said<T>>, Invalid> {
    let Some(raw) = members.take(name) else { return Ok(None) };
    let path = members.path(name);
    match serde_json::from_str(raw.get()) {
        Ok(value) => Ok(Some(Said::new(value, path))),
        Err(_) => Err(Invalid::value(&path, rule)),
    }
}

/// Takes the mark up to which the provider is to cache.
pub(super) fn cache_control<'a>(members: &mut Members<'a>) -> Option<Said<Json<'a>>> {
    let mark = members.take("cache_control")?;
    Some(Said::new(Json::new(mark), members.path("cache_control")))
}

fn stop_sequences<'a>(
    members: &mut Members<'a>,
) -> Result<Option<Said<Vec<Cow<'a, str>>>>, Invalid> {
    let path = members.path("stop_sequences");
    let sequences = members.array("stop_sequences")?.into_iter().map(Text::of);
    let sequences = sequences.collect::<Option<Vec<_>>>();
    let sequences = sequences
        .filter(|all| all.iter().all(|sequence| !sequence.is_empty()))
        .ok_or_else(|| Invalid::value(&path, "be an array of strings that are not empty"))?;
    Ok((!sequences.is_empty()).then(|| Said::new(sequences, path)))
}

/// Takes `metadata`, which holds nothing but a user's id.
fn user<'a>(members: &mut Members<'a>) -> Result<Option<Said<Cow<'a, str>>>, Invalid> {
    let Some(mut metadata) = members.object("metadata")? else { return Ok(None) };
    let path = metadata.path("user_id");
    let user = metadata.string("user_id")?.map(|user| Said::new(user, path));
    metadata.finish()?;
    Ok(user)
}
