//! Turns as contents.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::Invalid;
use crate::neutral::{Content, Part, Prompt, Role, Turn};
use crate::translate::generate::media;
use crate::translate::generate::part::{
    FunctionResponse, Parts, Response, SaidPart, WrittenContent,
};

/// The system instruction, and the contents.
pub(super) fn contents<'p>(
    prompt: &'p Prompt<'_>,
) -> Result<(Option<WrittenContent<'p>>, Vec<WrittenContent<'p>>), Invalid> {
    let (system, turns) = prompt.leading_instructions().map_err(|late| {
        Invalid::unsupported_value(&late.path.0, "stand before the conversation")
    })?;
    let mut contents = Contents::default();
    for turn in turns {
        contents.turn(turn)?;
    }
    Ok((instruction(system)?, contents.written))
}

fn instruction<'p>(system: &'p [Turn<'_>]) -> Result<Option<WrittenContent<'p>>, Invalid> {
    let mut parts = Parts::default();
    for part in system.iter().flat_map(|turn| &turn.parts) {
        let Content::Text(text) = &part.content else {
            return Err(Invalid::unsupported(&part.path.0));
        };
        parts.push(SaidPart::Text(text));
    }
    let is_said = system.iter().any(|turn| !turn.parts.is_empty());
    Ok(is_said.then(|| WrittenContent { role: None, parts: parts.finish() }))
}

/// The contents so far.
#[derive(Default)]
struct Contents<'p> {
    written: Vec<WrittenContent<'p>>,
    /// The last of them holds nothing but responses.
    responds: bool,
    /// The functions called, by the ids of the calls.
    called: BTreeMap<&'p str, &'p str>,
}

impl<'p> Contents<'p> {
    fn turn(&mut self, turn: &'p Turn<'_>) -> Result<(), Invalid> {
        if let Some(name) = &turn.name {
            return Err(name.unsupported());
        }
        let mut parts = Parts::default();
        for part in &turn.parts {
            let Some(other) = parts.say(&part.content) else {
                self.note_call(&part.content);
                continue;
            };
            parts.push(self.said(other, part)?);
        }
        let role = if turn.role == Role::Assistant { "model" } else { "user" };
        self.add(WrittenContent { role: Some(role), parts: parts.finish() });
        Ok(())
    }

    /// Google wants the responses to all calls of a turn in one content.
    fn add(&mut self, content: WrittenContent<'p>) {
        let responds = content.is_responses();
        match self.written.last_mut() {
            Some(last) if self.responds && content.begins_with_response() => {
                last.parts.extend(content.parts);
            }
            _ => self.written.push(content),
        }
        self.responds = responds;
    }

    fn note_call(&mut self, content: &'p Content<'_>) {
        if let Content::Call { id, name, .. } = content {
            self.called.insert(id, name);
        }
    }

    fn said(&self, content: &'p Content<'_>, part: &Part<'_>) -> Result<SaidPart<'p>, Invalid> {
        match content {
            Content::Image(media)
            | Content::Document(media)
            | Content::Audio(media)
            | Content::Video(media) => media::write(media, &part.path.0).map(SaidPart::Media),
            Content::Result { id, name, content, is_error } => {
                let name = name.as_deref().or_else(|| self.called.get(id.as_ref()).copied());
                let name = name.ok_or_else(|| {
                    Invalid::unsupported_value(&part.path.0, "answer a call before it")
                })?;
                let text = result(content)?;
                let response =
                    if *is_error { Response::Error(text) } else { Response::Result(text) };
                Ok(SaidPart::FunctionResponse(FunctionResponse { id, name, response }))
            }
            _ => Err(Invalid::unsupported(&part.path.0)),
        }
    }
}

/// What a function said; the text of several parts as lines.
fn result<'p>(content: &'p [Part<'_>]) -> Result<Cow<'p, str>, Invalid> {
    let text = |part: &'p Part<'_>| match &part.content {
        Content::Text(text) => Ok(text.as_ref()),
        _ => Err(Invalid::unsupported(&part.path.0)),
    };
    match content {
        [] => Ok(Cow::Borrowed("")),
        [only] => text(only).map(Cow::Borrowed),
        several => {
            let texts: Vec<&str> = several.iter().map(text).collect::<Result<_, _>>()?;
            Ok(Cow::Owned(texts.join("\n")))
        }
    }
}
