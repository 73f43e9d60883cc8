//! What the members of requests, responses and events are. The four dialects use one name for one
//! thing often enough that a single table holds them all: where two of them differ, the `type`
//! beside it or the value's form tells.
//!
//! The table only sorts. What it does not know is told of all the same, as [`Kind::Other`].

mod names;

use std::borrow::Cow;

use self::names::{ends, is_label, named, of_event, of_type};
use super::{Channel, Kind, Of, Role, flat};
use crate::json;

/// What is known of a place in a document.
#[derive(Clone, Copy)]
pub(super) struct At {
    pub(super) role: Role,
    pub(super) kind: Kind,
    pub(super) choice: u32,
    call: u32,
    of: Of,
    /// The objects of this array are choices.
    is_choices: bool,
    /// Known texts go on where the event before ended.
    pieces: Pieces,
    /// The member that holds a text, by its name.
    pub(super) field: u64,
    pub(super) depth: u32,
}

/// What goes on from event to event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pieces {
    /// Nothing: all stands here whole.
    None,
    /// Texts that are known.
    Known,
    /// Every string that is no label: clients put together what they do not know, too.
    All,
}

/// What an object says of itself.
#[derive(Default)]
pub(super) struct Marks<'j> {
    /// Its `type`.
    pub(super) name: Option<Cow<'j, str>>,
    pub(super) media_type: Option<Cow<'j, str>>,
    role: Option<Role>,
    /// It says who speaks, so its name is one's and not a tool's.
    speaks: bool,
    index: Option<u32>,
    is_thought: bool,
    /// It says that something has ended.
    pub(super) ends: bool,
}

/// What becomes of a member.
pub(super) enum Rule {
    /// Its value is known, and walked.
    Into(At),
    /// Every string of it is this.
    All(At),
    /// Content that is no text, or where that is.
    Media,
    /// Nobody knows: its key is told too.
    Unknown(At),
}

impl At {
    pub(super) fn start(of: Of) -> At {
        At {
            role: if of == Of::Request { Role::User } else { Role::Assistant },
            kind: Kind::Text,
            choice: 0,
            call: 0,
            of,
            is_choices: false,
            pieces: Pieces::None,
            field: 0,
            depth: 0,
        }
    }

    /// An item of an array that stands here.
    pub(super) fn item(self, place: usize) -> At {
        let choice = u32::try_from(place).unwrap_or(u32::MAX);
        let choice = if self.is_choices { choice } else { self.choice };
        At { choice, depth: self.depth + 1, ..self }
    }

    /// Inside of an object that stands here.
    pub(super) fn inside(self, marks: &Marks<'_>) -> At {
        let index = marks.index.unwrap_or(if self.is_choices { self.choice } else { self.call });
        let (choice, call) =
            if self.is_choices { (index, self.call) } else { (self.choice, index) };
        let role = marks.role.unwrap_or(self.role);
        let kind =
            if self.kind == Kind::Text && marks.is_thought { Kind::Reasoning } else { self.kind };
        At { role, kind, choice, call, is_choices: false, depth: self.depth + 1, ..self }
    }

    /// In the member of this name.
    pub(super) fn member(self, name: &str) -> At {
        At { field: flat::named(0, name), ..self }
    }

    /// Below a member that nobody knows, in this field of it; none of its keys goes on.
    pub(super) fn below(self, field: Option<u64>) -> At {
        field.map_or(self.whole(), |field| At { field, ..self })
    }

    /// Which text a string here is a piece of.
    pub(super) fn channel(self) -> Option<Channel> {
        let At { kind, choice, pieces, field, .. } = self;
        let said = matches!(kind, Kind::Text | Kind::Refusal | Kind::Reasoning);
        let call = match kind {
            _ if self.of == Of::Request => return None,
            // Clients put the blocks of an answer together, so they are read as one.
            _ if said && self.role == Role::Assistant => 0,
            Kind::ToolName | Kind::ToolArguments if pieces != Pieces::None => self.call,
            Kind::Other if pieces == Pieces::All => self.call,
            _ => return None,
        };
        Some(Channel { choice, kind, call, field, is_whole: pieces == Pieces::None })
    }

    pub(super) fn says(self, kind: Kind) -> At {
        At { kind, ..self }
    }

    fn by(self, role: Role) -> At {
        At { role, kind: Kind::Text, ..self }
    }

    fn pieces(self, pieces: Pieces) -> At {
        At { pieces: if self.of == Of::Event { pieces } else { Pieces::None }, ..self }
    }

    pub(super) fn whole(self) -> At {
        At { pieces: Pieces::None, ..self }
    }
}

impl<'j> Marks<'j> {
    pub(super) fn of(object: &'j str) -> Marks<'j> {
        let mut marks = Marks::default();
        let mut values = json::items(object);
        while let (Some(key), Some(value)) = (values.next(), values.next()) {
            let number = || value.parse().ok();
            match key {
                r#""type""# => marks.name = json::text(value),
                r#""role""# => marks.role = json::text(value).map(|role| named(&role)),
                r#""index""# | r#""output_index""# => marks.index = number(),
                r#""thought""# => marks.is_thought = value == "true",
                r#""media_type""# | r#""mimeType""# | r#""mime_type""# | r#""format""# => {
                    marks.media_type = json::text(value);
                }
                r#""finish_reason""# | r#""finishReason""# => {
                    marks.ends |= value.len() > 2 && value.starts_with('"');
                }
                _ => {}
            }
        }
        let name = marks.name.as_deref().unwrap_or_default();
        marks.ends |= ends(name);
        marks.speaks = marks.role.is_some();
        marks.role = marks.role.or_else(|| of_type(name));
        marks
    }

    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

/// What the member `name` of an object with these `marks` is.
pub(super) fn rule(name: &str, value: &str, marks: &Marks<'_>, at: At) -> Rule {
    let is_string = value.starts_with('"');
    let kind = marks.name();
    match name {
        "choices" | "candidates" => {
            Rule::Into(At { is_choices: true, ..at.by(Role::Assistant).pieces(Pieces::Known) })
        }
        "delta" if is_string => Rule::Into(at.says(of_event(kind)).pieces(Pieces::Known)),
        "delta" | "content_block" => Rule::Into(at.pieces(Pieces::All)),
        "message" | "item" | "part" => Rule::Into(at.whole()),
        "messages"
        | "contents"
        | "content"
        | "parts"
        | "output"
        | "tool_calls"
        | "function"
        | "custom"
        | "function_call"
        | "functionCall"
        | "audio"
        | "source"
        | "inlineData"
        | "inline_data"
        | "fileData"
        | "file"
        | "input_audio"
        | "requests"
        | "generateContentRequest" => Rule::Into(at),
        "tools" | "functionDeclarations" | "function_declarations" => {
            Rule::Into(at.by(Role::System).says(Kind::ToolDefinition))
        }
        "system" | "instructions" | "systemInstruction" | "system_instruction" => {
            Rule::Into(at.by(Role::System))
        }
        "prompt" => Rule::Into(at.by(Role::User)),
        "functionResponse" | "function_response" => Rule::Into(at.by(Role::Tool)),
        "response" if kind.starts_with("response.") => Rule::Into(at.whole()),
        "response" => Rule::All(at.by(Role::Tool)),
        "input" if kind.ends_with("tool_use") || kind.ends_with("_call") => arguments(value, at),
        "input" => Rule::Into(at.by(Role::User)),
        "arguments" | "args" | "partial_json" => arguments(value, at),
        "text" if is_string && kind.contains("reasoning") => Rule::Into(at.says(Kind::Reasoning)),
        "text" if is_string && kind == "summary_text" => Rule::Into(at.says(Kind::Reasoning)),
        "text" | "transcript" if is_string => Rule::Into(at),
        "thinking" | "reasoning" | "reasoning_content" if is_string => {
            Rule::Into(at.says(Kind::Reasoning))
        }
        "summary" => Rule::Into(at.says(Kind::Reasoning)),
        "refusal" => Rule::Into(at.says(Kind::Refusal)),
        "name" if !marks.speaks => Rule::Into(at.says(Kind::ToolName)),
        "description" | "parameters" | "input_schema" | "schema"
            if at.kind == Kind::ToolDefinition =>
        {
            Rule::All(at)
        }
        "data" if kind == "text" => Rule::Into(at),
        "data" if kind == "redacted_thinking" => Rule::All(at.says(Kind::Label).whole()),
        "data" | "file_data" | "b64_json" | "url" | "image_url" | "file_url" | "fileUri"
        | "file_uri" => Rule::Media,
        name if is_label(name) => Rule::All(at.says(Kind::Label).whole()),
        _ => Rule::Unknown(at.says(Kind::Other)),
    }
}

/// What a tool is called with: JSON in a string, in pieces where the rest is; or an object.
fn arguments(value: &str, at: At) -> Rule {
    let at = at.says(Kind::ToolArguments);
    if value.starts_with('"') { Rule::Into(at) } else { Rule::All(at.whole()) }
}
