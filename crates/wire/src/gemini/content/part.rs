//! What a turn says: texts, calls, responses of functions, media.

use std::mem;

use serde::de::{MapAccess, SeqAccess};
use serde_json::value::RawValue;

use super::Content;
use crate::gemini::names::camel;
use crate::json::{Kind, Reader, Text, Walk, is_set, skip};
use crate::openai::{Speaker, Turn};

/// A turn while it is read.
#[derive(Default)]
pub(super) struct Spoken {
    turn: Turn,
    /// It holds responses of functions, which are turns of their own.
    responds: bool,
    /// It holds something else.
    speaks: bool,
}

impl Spoken {
    pub(super) fn of(speaker: Speaker) -> Spoken {
        let mut spoken = Spoken::default();
        spoken.turn.speaker = Some(speaker);
        spoken
    }

    /// Takes the word for who speaks; the system instruction's is not believed.
    pub(super) fn by(&mut self, role: &str) {
        if self.turn.speaker != Some(Speaker::System) {
            let model = role == "model";
            self.turn.speaker = Some(if model { Speaker::Assistant } else { Speaker::User });
        }
    }

    /// Counts the turn, unless all that it holds is counted.
    pub(super) fn end(self, content: &mut Content) {
        if self.speaks || !self.responds {
            content.shape.add(&self.turn);
        }
    }
}

/// `parts`
pub(super) struct Parts<'c> {
    content: &'c mut Content,
    spoken: &'c mut Spoken,
    /// The only one, when it stands there without an array.
    alone: Said,
}

impl<'c> Parts<'c> {
    pub(super) fn new(content: &'c mut Content, spoken: &'c mut Spoken) -> Parts<'c> {
        Parts { content, spoken, alone: Said::default() }
    }

    /// All parts have been read.
    pub(super) fn end(mut self, kind: Kind) {
        match kind {
            Kind::Object => mem::take(&mut self.alone).end(self.content, self.spoken),
            Kind::Array | Kind::Null => {}
            _ => self.content.odd = true,
        }
    }
}

impl<'de> Reader<'de> for Parts<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        OnePart { content: self.content, said: &mut self.alone }.member(key, object)
    }

    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        let mut said = Said::default();
        let mut one = OnePart { content: self.content, said: &mut said };
        let kind = array.next_element_seed(Walk(&mut one))?;
        if let Some(kind) = kind {
            self.content.odd |= kind != Kind::Object;
            said.end(self.content, self.spoken);
        }
        Ok(kind.is_some())
    }
}

/// What a part says. Its members come in any order, so that only its end tells what it is.
#[derive(Default)]
struct Said {
    text: Option<String>,
    is_thought: bool,
    calls: bool,
    response: Option<Turn>,
}

impl Said {
    /// A thought handed back is no text of the conversation.
    fn end(self, content: &mut Content, spoken: &mut Spoken) {
        if let Some(response) = self.response {
            content.shape.add(&response);
            spoken.responds = true;
            return;
        }
        spoken.speaks = true;
        if let Some(text) = self.text.filter(|_| !self.is_thought) {
            spoken.turn.text(&text);
        }
        if self.calls {
            spoken.turn.call_tool();
        }
    }
}

/// One of the parts
struct OnePart<'c> {
    content: &'c mut Content,
    said: &'c mut Said,
}

impl<'de> Reader<'de> for OnePart<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match camel(key).as_ref() {
            "text" => {
                let mut read = Text(|text: &str| self.said.text = Some(text.to_owned()));
                object.next_value_seed(Walk(&mut read))?;
            }
            "thought" => {
                self.said.is_thought = object.next_value::<&RawValue>()?.get() == "true";
            }
            "functionCall" => self.said.calls = is_set(object)?,
            "functionResponse" => {
                let turn = Spoken::of(Speaker::Tool).turn;
                let mut response = Response { content: self.content, turn };
                let kind = object.next_value_seed(Walk(&mut response))?;
                self.said.response = Some(response.turn).filter(|_| kind != Kind::Null);
            }
            "inlineData" | "fileData" => self.media(object)?,
            // Text in the body, and what is only beside it.
            "thoughtSignature"
            | "executableCode"
            | "codeExecutionResult"
            | "videoMetadata"
            | "mediaResolution"
            | "partMetadata" => skip(object)?,
            _ => self.content.unbounded |= is_set(object)?,
        }
        Ok(())
    }
}

impl OnePart<'_> {
    fn media<'de, A: MapAccess<'de>>(&mut self, object: &mut A) -> Result<(), A::Error> {
        let mut media = Media::default();
        if object.next_value_seed(Walk(&mut media))? != Kind::Null {
            self.content.media(&media.media_type);
            self.content.unbounded |= media.is_elsewhere;
        }
        Ok(())
    }
}

/// `inlineData`, or `fileData`, which says where it is
#[derive(Default)]
struct Media {
    media_type: String,
    is_elsewhere: bool,
}

impl<'de> Reader<'de> for Media {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match camel(key).as_ref() {
            "mimeType" => {
                let mut read = Text(|name: &str| self.media_type = name.to_ascii_lowercase());
                object.next_value_seed(Walk(&mut read))?;
            }
            "fileUri" => self.is_elsewhere |= is_set(object)?,
            _ => skip(object)?,
        }
        Ok(())
    }
}

/// `functionResponse`: every text in what the function said
struct Response<'c> {
    content: &'c mut Content,
    turn: Turn,
}

impl<'de> Reader<'de> for Response<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "response" => drop(object.next_value_seed(Walk(&mut Texts(&mut self.turn)))?),
            // Pictures and files.
            "parts" => self.content.unbounded |= is_set(object)?,
            _ => skip(object)?,
        }
        Ok(())
    }
}

/// All strings in a value
struct Texts<'t>(&'t mut Turn);

impl<'de> Reader<'de> for Texts<'_> {
    fn string(&mut self, text: &str) {
        self.0.text(text);
    }

    fn member<A: MapAccess<'de>>(&mut self, _: &str, object: &mut A) -> Result<(), A::Error> {
        object.next_value_seed(Walk(&mut Texts(self.0))).map(drop)
    }

    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        Ok(array.next_element_seed(Walk(&mut Texts(self.0)))?.is_some())
    }
}
