//! What is said in a request or a response: one read-only view of its texts, whatever its dialect,
//! and edits of them that leave every other byte as it was.
//!
//! A view is made when somebody asks for it, in one walk that keeps nothing: [`Texts::each`] tells
//! of one text after another. It is complete by construction. Every string of the document is told
//! of, those with a place in the [`grammar`] as what they are, ids and types as
//! [`Kind::Label`], and what nobody knows as [`Kind::Other`]: a member that a provider invents
//! tomorrow is still seen by whoever looks for secrets.
//!
//! ```text
//! bytes ─► document (JSON, lines of an event, plain text) ─► walk (grammar) ─► texts
//!   └───────────────────────────── edit ◄──────────────── edits of single texts ◄┘
//! ```
//!
//! The documents were read within [`Bounds`](crate::json::Bounds) before, so a view has a bound
//! too.

mod document;
mod edit;
mod flat;
mod grammar;
mod path;
mod walk;

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

pub use self::edit::Edit;
use crate::splice;

/// The texts of one document.
#[derive(Clone)]
pub struct Texts {
    /// UTF-8.
    bytes: Bytes,
    of: Of,
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Request,
    Response,
    /// One event of a streamed response.
    Event,
}

/// One text of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<'a> {
    /// Who says it.
    pub role: Role,
    /// What it is.
    pub kind: Kind,
    /// The text, unescaped.
    pub text: Cow<'a, str>,
    /// Which longer text it is a piece of; none of a text that stands for itself.
    pub channel: Option<Channel>,
    /// Where it stands.
    pub span: Span,
}

/// What is met in a document, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<'a> {
    /// A text.
    Text(Text<'a>),
    /// Of this choice nothing more is expected in the texts that have begun.
    End {
        /// Which of several answers, counted from 0.
        choice: u32,
    },
}

/// Who says a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Instructions, OpenAI's `developer` included.
    System,
    /// The user.
    User,
    /// The model.
    Assistant,
    /// A tool that was called.
    Tool,
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Words of the conversation, results of tools included.
    Text,
    /// The words in which a model says no.
    Refusal,
    /// What a model thinks before it answers.
    Reasoning,
    /// The name of a tool.
    ToolName,
    /// What a tool is called with. Where it is JSON in a string, its own escapes stand in the text.
    ToolArguments,
    /// The description and the schema of a tool.
    ToolDefinition,
    /// A picture, a file or audio; the text is its media type and cannot be edited.
    Media,
    /// A name in the protocol: an id, a type, a model, a member that nobody knows.
    Label,
    /// Anything else, keys of objects that nobody knows included.
    Other,
}

/// A text that comes in pieces: those of one channel, in order, are the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Channel {
    /// Which of several answers, counted from 0.
    pub choice: u32,
    /// What the text is.
    pub kind: Kind,
    /// Which of several tool calls.
    pub call: u32,
    /// The member that holds it, by its name.
    field: u64,
    /// It stands whole in one document: an answer that is no stream, or an event that repeats what
    /// others have said.
    pub is_whole: bool,
}

/// Where a text stands in the bytes of its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    raw: Range<usize>,
    form: Form,
}

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Inside of a JSON string.
    Json,
    /// As it is, in a line of an event.
    Line,
    /// As it is.
    Plain,
    /// It stands nowhere, or is too long to be read; it cannot be changed.
    Fixed,
}

impl Texts {
    /// The texts of the body of a request.
    pub fn of_request(body: &Bytes) -> Texts {
        Texts::new(body, Of::Request)
    }

    /// The texts of the whole body of a response, an error's included. A body that is no JSON is
    /// one text.
    pub fn of_response(body: &Bytes) -> Texts {
        Texts::new(body, Of::Response)
    }

    /// The texts of one event of a streamed response. Its comments, and what stands in fields
    /// beside the data, are texts too.
    pub fn of_event(event: &Bytes) -> Texts {
        Texts::new(event, Of::Event)
    }

    /// Bytes that are no UTF-8 are replaced: clients that read text do the same.
    fn new(bytes: &Bytes, of: Of) -> Texts {
        let bytes = match String::from_utf8_lossy(bytes) {
            Cow::Borrowed(_) => bytes.clone(),
            Cow::Owned(text) => text.into(),
        };
        Texts { bytes, of }
    }

    /// Tells of each text, in the order of the document.
    pub fn each(&self, mut tell: impl FnMut(Text<'_>)) {
        self.items(|item| {
            if let Item::Text(text) = item {
                tell(text);
            }
        });
    }

    /// Tells of each text, and where texts end.
    pub fn items(&self, mut tell: impl FnMut(Item<'_>)) {
        // Always UTF-8: see `new`.
        let text = str::from_utf8(&self.bytes).unwrap_or_default();
        for segment in document::segments(text, self.of) {
            segment.walk(self.of, &mut tell);
        }
    }

    /// Where a text of this document stands, such as `messages[1].content[0].text`. Empty for what
    /// is not in JSON.
    pub fn path(&self, text: &Text<'_>) -> String {
        let document = str::from_utf8(&self.bytes).unwrap_or_default();
        let segments = document::segments(document, self.of);
        segments.iter().find_map(|segment| segment.path(text.span.raw.start)).unwrap_or_default()
    }

    /// The document with these edits of its texts, in any order; every other byte stays. Of edits
    /// that overlap the first one in the document counts.
    pub fn edited(&self, edits: &[Edit]) -> Bytes {
        let mut raw: Vec<splice::Edit> =
            edits.iter().filter_map(|edit| edit.raw(&self.bytes)).collect();
        raw.sort_by_key(|edit| (edit.start(), edit.end()));
        let mut end = 0;
        raw.retain(|edit| {
            let fits = edit.start() >= end;
            end = end.max(edit.end());
            fits
        });
        splice::splice(&self.bytes, &raw.iter().collect::<Vec<_>>())
    }
}

impl Text<'_> {
    /// Another text in place of `range` of this one. A range that cuts a letter takes all of it.
    pub fn edit(&self, range: Range<usize>, text: impl Into<String>) -> Edit {
        Edit::new(&self.span, range, text.into())
    }
}

impl Span {
    /// Another text in place of `range` of the text that stands here.
    pub fn edit(&self, range: Range<usize>, text: impl Into<String>) -> Edit {
        Edit::new(self, range, text.into())
    }
}
