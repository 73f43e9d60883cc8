//! What a request looks like, counted turn by turn, whatever the dialect it came in.

use super::marks::Marks;

/// What a request looks like: what a classifier may know of it. Counts and lengths, no content.
///
/// Every count of a history only grows as turns are added to it, so that rules over it can be
/// monotone: of marks and lengths of a turn, the largest over all turns is kept. Marks are looked
/// for in the first and the last 8 KiB of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    /// Number of messages, at least 1.
    pub messages: u32,
    /// Number of image parts.
    pub images: u32,
    /// Whether a message holds audio, or the answer is to be spoken.
    pub audio: bool,
    /// Whether the model is offered tools (or the older functions).
    pub tools: bool,
    /// Whether the answer must follow a JSON schema.
    pub json_schema: bool,
    /// Whether the caller asks for reasoning of more than low effort.
    pub reasoning: bool,
    /// Messages of the user.
    pub user_turns: u32,
    /// Messages of the model.
    pub assistant_turns: u32,
    /// Calls of tools in the messages of the model.
    pub tool_calls: u32,
    /// Results of tools in the history.
    pub tool_results: u32,
    /// Bytes of text (UTF-8, unescaped) in all messages.
    pub text_bytes: u64,
    /// Of these, bytes in system and developer messages.
    pub system_bytes: u64,
    /// Bytes of text in the user's longest turn.
    pub longest_user_bytes: u64,
    /// Bytes of the user's longest instruction: how a turn begins, up to its first line's end,
    /// quotation mark or colon. What follows is taken for material.
    pub longest_instruction_bytes: u64,
    /// Marks of code in the turn, of user or model, that has most: fences, operators, line ends.
    pub code_marks: u32,
    /// Marks of mathematics in the turn, of user or model, that has most: LaTeX, powers, equations.
    pub math_marks: u32,
    /// Bulleted or numbered lines, after the first, in the user's turn that has most.
    pub list_items: u32,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// The application: instructions that are the same in every request of it.
    System,
    /// The user.
    User,
    /// The model.
    Assistant,
    /// A tool.
    Tool,
}

/// One message, counted while it is read.
#[derive(Default)]
pub(crate) struct Turn {
    /// Its writer; the user when nobody is named. Best set before its texts.
    pub(crate) speaker: Option<Speaker>,
    /// Tools it calls.
    pub(crate) tool_calls: u32,
    bytes: u64,
    marks: Marks,
}

impl Turn {
    /// Counts a text of it. Those of system and tools are not looked into: they say how an
    /// application is made, not what is asked of it.
    pub(crate) fn text(&mut self, text: &str) {
        self.bytes = self.bytes.saturating_add(text.len() as u64);
        if !matches!(self.speaker, Some(Speaker::System | Speaker::Tool)) {
            self.marks.add(text.as_bytes());
        }
    }

    /// Counts a call of a tool in it.
    pub(crate) fn call_tool(&mut self) {
        self.tool_calls = self.tool_calls.saturating_add(1);
    }
}

impl Shape {
    /// Counts a message.
    pub(crate) fn add(&mut self, turn: &Turn) {
        self.messages = self.messages.saturating_add(1);
        self.text_bytes = self.text_bytes.saturating_add(turn.bytes);
        self.tool_calls = self.tool_calls.saturating_add(turn.tool_calls);
        match turn.speaker.unwrap_or(Speaker::User) {
            Speaker::System => self.system_bytes = self.system_bytes.saturating_add(turn.bytes),
            Speaker::Tool => self.tool_results = self.tool_results.saturating_add(1),
            Speaker::Assistant => {
                self.assistant_turns = self.assistant_turns.saturating_add(1);
                self.add_work(&turn.marks);
            }
            Speaker::User => {
                self.user_turns = self.user_turns.saturating_add(1);
                self.longest_user_bytes = self.longest_user_bytes.max(turn.bytes);
                self.add_work(&turn.marks);
                self.add_demand(&turn.marks);
            }
        }
    }

    /// What the conversation is about, whoever says it.
    fn add_work(&mut self, marks: &Marks) {
        self.code_marks = self.code_marks.max(marks.code);
        self.math_marks = self.math_marks.max(marks.math);
    }

    /// What the user asks for.
    fn add_demand(&mut self, marks: &Marks) {
        self.list_items = self.list_items.max(marks.list_items);
        self.longest_instruction_bytes =
            self.longest_instruction_bytes.max(marks.instruction_bytes);
    }
}
