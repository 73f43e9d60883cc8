//! Turns become items of the input.

use std::borrow::Cow;

use serde::Serialize;

use super::super::part::sound_format;
use crate::neutral::{Content, Media, Part, Role, Source, Turn};
use crate::{Invalid, Target};

/// An item of the input.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item<'a> {
    Message { role: &'static str, content: Parts<'a> },
    FunctionCall { call_id: &'a str, name: &'a str, arguments: &'a str },
    FunctionCallOutput { call_id: &'a str, output: Parts<'a> },
    Reasoning(Reasoning<'a>),
}

/// What was thought: words as a summary when they are sealed, and in full when not.
#[derive(Serialize)]
pub(super) struct Reasoning<'a> {
    id: String,
    summary: Vec<PartItem<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    content: Vec<PartItem<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted_content: Option<&'a str>,
}

/// A text alone is written as such.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Parts<'a> {
    Text(&'a str),
    Several(Vec<PartItem<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum PartItem<'a> {
    InputText {
        text: &'a str,
    },
    OutputText {
        text: &'a str,
    },
    SummaryText {
        text: &'a str,
    },
    ReasoningText {
        text: &'a str,
    },
    Refusal {
        refusal: &'a str,
    },
    InputImage {
        #[serde(flatten)]
        place: Place<'a>,
        detail: &'a str,
    },
    InputFile {
        #[serde(flatten)]
        place: Place<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        filename: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<&'a str>,
    },
    InputAudio {
        input_audio: Sound<'a>,
    },
}

/// Where a picture or a file is.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place<'a> {
    ImageUrl(Cow<'a, str>),
    FileUrl(&'a str),
    FileData(String),
    FileId(&'a str),
}

#[derive(Serialize)]
pub(super) struct Sound<'a> {
    data: &'a str,
    format: &'static str,
}

/// The items that say the same as these turns.
pub(super) fn input<'a>(turns: &'a [Turn<'a>], to: &Target<'_>) -> Result<Vec<Item<'a>>, Invalid> {
    let mut input =
        Input { items: Vec::new(), shows_thoughts: to.vendor.quirks().reasoning_content };
    for turn in turns {
        input.turn(turn)?;
    }
    Ok(input.items)
}

struct Input<'a> {
    items: Vec<Item<'a>>,
    /// The provider reads thoughts that nobody has sealed.
    shows_thoughts: bool,
}

impl<'a> Input<'a> {
    fn turn(&mut self, turn: &'a Turn<'a>) -> Result<(), Invalid> {
        if let Some(name) = &turn.name {
            return Err(name.unsupported());
        }
        let mut said = Vec::new();
        for part in &turn.parts {
            match self.item(part)? {
                Told::Part => said.push(part),
                Told::Item(item) => {
                    self.message(turn.role, &mut said)?;
                    self.items.push(item);
                }
                Told::Nothing => {}
            }
        }
        if turn.parts.is_empty() {
            let content = Parts::Text("");
            self.items.push(Item::Message { role: role(turn.role), content });
        }
        self.message(turn.role, &mut said)
    }

    /// Writes what was said before an item of its own.
    fn message(&mut self, speaker: Role, said: &mut Vec<&'a Part<'a>>) -> Result<(), Invalid> {
        if said.is_empty() {
            return Ok(());
        }
        let content = parts(said.drain(..), speaker)?;
        self.items.push(Item::Message { role: role(speaker), content });
        Ok(())
    }

    /// What is no part of a message.
    ///
    /// Thoughts without a seal are left out where only sealed ones are read: they are the model's
    /// notes. Whether a tool failed OpenAI's results say in their words alone.
    fn item(&self, part: &'a Part<'a>) -> Result<Told<'a>, Invalid> {
        Ok(Told::Item(match &part.content {
            Content::Call { id, name, input } => {
                Item::FunctionCall { call_id: id, name, arguments: input.get() }
            }
            Content::Result { id, content, .. } => {
                Item::FunctionCallOutput { call_id: id, output: parts(content.iter(), Role::User)? }
            }
            Content::Thought { text, signature: Some(signature) } => {
                let summary = vec![PartItem::SummaryText { text }];
                self.reasoning(summary, Vec::new(), Some(signature))
            }
            Content::Thought { text, signature: None } if self.shows_thoughts => {
                self.reasoning(Vec::new(), vec![PartItem::ReasoningText { text }], None)
            }
            Content::Thought { .. } => return Ok(Told::Nothing),
            Content::SealedThought(data) => self.reasoning(Vec::new(), Vec::new(), Some(data)),
            _ => return Ok(Told::Part),
        }))
    }

    fn reasoning(
        &self,
        summary: Vec<PartItem<'a>>,
        content: Vec<PartItem<'a>>,
        encrypted_content: Option<&'a str>,
    ) -> Item<'a> {
        // OpenAI wants one and looks nothing up by it, since nothing is stored.
        let id = format!("rs_{}", self.items.len());
        Item::Reasoning(Reasoning { id, summary, content, encrypted_content })
    }
}

/// What becomes of a part of a turn.
enum Told<'a> {
    /// It stays a part of a message.
    Part,
    Item(Item<'a>),
    Nothing,
}

fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

fn parts<'a>(
    said: impl ExactSizeIterator<Item = &'a Part<'a>>,
    speaker: Role,
) -> Result<Parts<'a>, Invalid> {
    let parts = said.map(|part| written(part, speaker)).collect::<Result<Vec<_>, _>>()?;
    Ok(match parts.as_slice() {
        [] => Parts::Text(""),
        [PartItem::InputText { text } | PartItem::OutputText { text }] => Parts::Text(text),
        _ => Parts::Several(parts),
    })
}

fn written<'a>(part: &'a Part<'a>, speaker: Role) -> Result<PartItem<'a>, Invalid> {
    let unsupported = || Invalid::unsupported(&part.path.0);
    match (&part.content, speaker) {
        (Content::Text(text), Role::Assistant) => Ok(PartItem::OutputText { text }),
        (Content::Text(text), _) => Ok(PartItem::InputText { text }),
        (Content::Refusal(refusal), Role::Assistant) => Ok(PartItem::Refusal { refusal }),
        (_, Role::Assistant) => Err(unsupported()),
        (Content::Image(media), _) => image(media).ok_or_else(unsupported),
        (Content::Document(media), _) => file(media).ok_or_else(unsupported),
        (Content::Audio(media), _) => sound(media).ok_or_else(unsupported),
        _ => Err(unsupported()),
    }
}

fn image<'a>(media: &'a Media<'a>) -> Option<PartItem<'a>> {
    let place = match &media.source {
        Source::Base64 { media_type, data } => Place::ImageUrl(data_url(media_type, data).into()),
        Source::Url { url, .. } => Place::ImageUrl(Cow::Borrowed(url)),
        Source::FileId(id) => Place::FileId(id),
        Source::Text(_) => return None,
    };
    let detail = media.detail.as_ref().map_or("auto", |detail| &detail.value);
    Some(PartItem::InputImage { place, detail })
}

fn file<'a>(media: &'a Media<'a>) -> Option<PartItem<'a>> {
    /// OpenAI wants a name for a file that stands in the request.
    const NAMELESS: &str = "document.pdf";
    let name = media.name.as_ref().map(|name| name.value.as_ref());
    let (place, filename) = match &media.source {
        Source::Base64 { media_type, data } => {
            let nameless = (media_type == "application/pdf").then_some(NAMELESS);
            (Place::FileData(data_url(media_type, data)), name.or(nameless))
        }
        Source::Url { url, .. } => (Place::FileUrl(url), name),
        Source::FileId(id) => (Place::FileId(id), name),
        Source::Text(_) => return None,
    };
    let detail = media.detail.as_ref().map(|detail| detail.value.as_ref());
    Some(PartItem::InputFile { place, filename, detail })
}

fn sound<'a>(media: &'a Media<'a>) -> Option<PartItem<'a>> {
    let Source::Base64 { media_type, data } = &media.source else { return None };
    let format = sound_format(media_type)?;
    Some(PartItem::InputAudio { input_audio: Sound { data, format } })
}

fn data_url(media_type: &str, data: &str) -> String {
    format!("data:{media_type};base64,{data}")
}
