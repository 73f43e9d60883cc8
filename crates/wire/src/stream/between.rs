//! A provider's stream told in its caller's dialect: read for its facts as in its own dialect, and
//! once more, step by step, for what the caller gets.

use bytes::Bytes;

use super::anthropic::AnthropicStream;
use super::openai::OpenAiStream;
use super::{Listen, Meaning, Piece};
use crate::gemini::GenerateStream;
use crate::neutral::{ReadSteps, WriteSteps};
use crate::openai::ResponsesStream;
use crate::sse::{self, EventKind};
use crate::{Api, Call, translate};

/// From one dialect to another.
pub(super) struct Between {
    listener: Box<dyn Listen>,
    reader: Box<dyn ReadSteps>,
    writer: Box<dyn WriteSteps>,
    caller: Api,
}

impl Between {
    /// None where there is no way from one to the other.
    pub(super) fn new(call: &Call, provider: Api, created_unix_seconds: u64) -> Option<Between> {
        let listener: Box<dyn Listen> = match provider {
            Api::Chat => Box::new(OpenAiStream::new(true, call.choices())),
            Api::Messages => Box::new(AnthropicStream::default()),
            Api::Responses => Box::new(ResponsesStream::default()),
            Api::Generate => Box::new(GenerateStream::new(call.choices())),
            _ => return None,
        };
        Some(Between {
            listener,
            reader: translate::reader(provider)?,
            writer: translate::writer(call, created_unix_seconds)?,
            caller: call.api(),
        })
    }

    /// The caller's bytes for a part of the answer; none when it cannot be told.
    fn told(&mut self, event: &sse::Event) -> Option<Bytes> {
        let mut out = Vec::new();
        let writer = &mut self.writer;
        let read = self.reader.read(event, &mut |step| writer.write(&step, &mut out));
        read.ok().map(|()| out.into())
    }
}

impl Listen for Between {
    fn read(&mut self, event: &sse::Event) -> Piece {
        let comments = self.caller.dialect().skips_comments();
        if event.kind == EventKind::Comment {
            return Piece::aside(if comments { event.raw.clone() } else { Bytes::new() });
        }
        let Piece { facts, meaning, .. } = self.listener.read(event);
        let bytes = match meaning {
            Meaning::Garbage => return Piece::garbage(),
            Meaning::Error => translate::error_event(self.caller, event),
            // An end mark may be part of the answer too.
            Meaning::End => match facts.as_ref().map_or(Some(Bytes::new()), |_| self.told(event)) {
                Some(told) => [told, self.finish()].concat().into(),
                None => return Piece::garbage(),
            },
            // Something for connections that would be taken for dead while the model thinks.
            Meaning::Aside if facts.is_none() && comments => sse::comment("ping"),
            Meaning::Aside if facts.is_none() => Bytes::new(),
            Meaning::Aside | Meaning::Content => match self.told(event) {
                Some(bytes) => bytes,
                None => return Piece::garbage(),
            },
        };
        let silent = meaning == Meaning::Content && bytes.is_empty();
        Piece { bytes, facts, meaning: if silent { Meaning::Aside } else { meaning } }
    }

    fn is_finished(&self) -> bool {
        self.listener.is_finished()
    }

    fn finish(&mut self) -> Bytes {
        let mut out = Vec::new();
        self.writer.finish(&mut out);
        out.into()
    }

    fn end_mark(&self) -> Bytes {
        self.writer.end_mark()
    }
}
