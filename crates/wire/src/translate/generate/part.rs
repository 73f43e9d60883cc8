//! Parts as they are written: what a content of a request or of an answer is made of.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::media;
use crate::neutral::Content;

/// A content: who says what.
#[derive(Serialize)]
pub(super) struct WrittenContent<'p> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<WrittenPart<'p>>,
}

impl WrittenContent<'_> {
    /// Whether it holds responses of functions and nothing else.
    pub(super) fn is_responses(&self) -> bool {
        self.parts.iter().all(WrittenPart::is_response)
    }

    pub(super) fn begins_with_response(&self) -> bool {
        self.parts.first().is_some_and(WrittenPart::is_response)
    }
}

impl WrittenPart<'_> {
    fn is_response(&self) -> bool {
        matches!(self.said, SaidPart::FunctionResponse(_))
    }
}

/// One of its parts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenPart<'p> {
    #[serde(flatten)]
    pub(super) said: SaidPart<'p>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    thought: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought_signature: Option<&'p str>,
}

/// What a part says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum SaidPart<'p> {
    Text(&'p str),
    FunctionCall(FunctionCall<'p>),
    FunctionResponse(FunctionResponse<'p>),
    #[serde(untagged)]
    Media(media::Written<'p>),
}

#[derive(Serialize)]
pub(super) struct FunctionCall<'p> {
    id: &'p str,
    name: &'p str,
    args: &'p RawValue,
}

#[derive(Serialize)]
pub(super) struct FunctionResponse<'p> {
    pub(super) id: &'p str,
    pub(super) name: &'p str,
    pub(super) response: Response<'p>,
}

/// What a function said: an object, as Google wants one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Response<'p> {
    Result(Cow<'p, str>),
    Error(Cow<'p, str>),
}

/// Parts, and a signature that waits for the part it belongs to.
#[derive(Default)]
pub(super) struct Parts<'p> {
    written: Vec<WrittenPart<'p>>,
    signature: Option<&'p str>,
}

impl<'p> Parts<'p> {
    /// Adds what is text, thought or call. Gives back what is not.
    pub(super) fn say(&mut self, content: &'p Content<'_>) -> Option<&'p Content<'p>> {
        match content {
            Content::Text(text) | Content::Refusal(text) => self.push(SaidPart::Text(text)),
            Content::Thought { text, signature: Some(signature) } if text.is_empty() => {
                self.sign(signature);
            }
            Content::Thought { text, signature } => self.think(text, signature.as_deref()),
            // Only its provider can read it, as it does a signature.
            Content::SealedThought(data) => self.sign(data),
            Content::Call { id, name, input } => {
                self.push(SaidPart::FunctionCall(FunctionCall { id, name, args: &input.0 }));
            }
            other => return Some(other),
        }
        None
    }

    /// Adds a part, with the signature that waited for it.
    pub(super) fn push(&mut self, said: SaidPart<'p>) {
        let thought_signature = self.signature.take();
        self.written.push(WrittenPart { said, thought: false, thought_signature });
    }

    /// All parts; at least one, because Google wants one in a request.
    pub(super) fn finish(mut self) -> Vec<WrittenPart<'p>> {
        if self.signature.is_some() || self.written.is_empty() {
            self.push(SaidPart::Text(""));
        }
        self.written
    }

    /// All parts, maybe none.
    pub(super) fn finish_answer(mut self) -> Vec<WrittenPart<'p>> {
        self.flush();
        self.written
    }

    /// Google signs what comes of a thought and never the thought itself, which is but a summary.
    fn think(&mut self, text: &'p str, signature: Option<&'p str>) {
        self.flush();
        self.written.push(WrittenPart {
            said: SaidPart::Text(text),
            thought: true,
            thought_signature: None,
        });
        self.signature = signature;
    }

    /// Keeps a signature for the next part; one that waits already has none.
    fn sign(&mut self, signature: &'p str) {
        self.flush();
        self.signature = Some(signature);
    }

    fn flush(&mut self) {
        if self.signature.is_some() {
            self.push(SaidPart::Text(""));
        }
    }
}
