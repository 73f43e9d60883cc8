//! The events of a streamed message as the chunks of a streamed completion.

use bytes::Bytes;

use super::chat::{
    ChunkChoice, Delta, FunctionDelta, ToolCallDelta, Written, WrittenUsage, finish_reason,
};
use crate::anthropic::{Block, Event, EventType, Tally};
use crate::sse::{self, EventKind};
use crate::stream::{Listen, Meaning, Piece, Unread};
use crate::translate::error;
use crate::{ChatRequest, Chunk};

/// What the chunks so far were made of.
pub(crate) struct ChatStream {
    id: String,
    model: String,
    created: u64,
    wants_usage: bool,
    tally: Tally,
    /// Calls begun: OpenAI numbers them, Anthropic numbers all blocks.
    calls: u32,
    open_call: Option<OpenCall>,
    finished: bool,
}

/// A call whose arguments are coming.
struct OpenCall {
    index: u32,
    /// What it began with; sent at its end if no pieces of arguments come.
    input: String,
    has_pieces: bool,
}

impl ChatStream {
    pub(crate) fn new(chat: &ChatRequest, created_unix_seconds: u64) -> ChatStream {
        ChatStream {
            id: String::new(),
            model: chat.gist().model().to_owned(),
            created: created_unix_seconds,
            wants_usage: chat.wants_usage(),
            tally: Tally::default(),
            calls: 0,
            open_call: None,
            finished: false,
        }
    }

    fn event(&mut self, event: &sse::Event, told: &Event<'_>) -> Piece {
        let event_type = told.event_type(event);
        match event_type {
            EventType::Error => return error_piece(event),
            EventType::MessageStop => return Piece::end(),
            // Something for connections that would be taken for dead while the model thinks.
            EventType::Ping => return Piece::aside(sse::comment("ping")),
            _ => {}
        }
        let facts = told.facts(&mut self.tally);
        let mut chunks = Vec::new();
        match event_type {
            EventType::MessageStart => self.begin(&facts, &mut chunks),
            EventType::BlockStart => self.begin_block(told, &mut chunks),
            EventType::BlockDelta => self.extend_block(told, &mut chunks),
            EventType::BlockStop => self.end_call(&mut chunks),
            EventType::MessageDelta => self.end(&facts, &mut chunks),
            _ => {}
        }
        let meaning = if chunks.is_empty() { Meaning::Aside } else { Meaning::Content };
        Piece { bytes: chunks.into(), facts: Some(facts), meaning }
    }

    fn begin(&mut self, facts: &Chunk, chunks: &mut Vec<u8>) {
        self.id = facts.id.clone().unwrap_or_default();
        if let Some(model) = &facts.model {
            self.model.clone_from(model);
        }
        self.delta(
            Delta { role: Some("assistant"), content: Some(""), ..Delta::default() },
            chunks,
        );
    }

    fn begin_block(&mut self, told: &Event<'_>, chunks: &mut Vec<u8>) {
        self.end_call(chunks);
        let Some(block) = &told.content_block else { return };
        self.say(block.text(), chunks);
        self.think(block.thinking(), chunks);
        self.begin_call(block, chunks);
    }

    fn extend_block(&mut self, told: &Event<'_>, chunks: &mut Vec<u8>) {
        let Some(delta) = &told.delta else { return };
        self.say(delta.text(), chunks);
        self.think(delta.thinking(), chunks);
        let piece = delta.partial_json().filter(|piece| !piece.is_empty());
        if let (Some(call), Some(piece)) = (&mut self.open_call, piece) {
            call.has_pieces = true;
            let index = call.index;
            self.arguments(index, piece, chunks);
        }
    }

    fn say(&self, text: Option<&str>, chunks: &mut Vec<u8>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.delta(Delta { content: Some(text), ..Delta::default() }, chunks);
        }
    }

    fn think(&self, thought: Option<&str>, chunks: &mut Vec<u8>) {
        if let Some(thought) = thought.filter(|thought| !thought.is_empty()) {
            self.delta(Delta { reasoning_content: Some(thought), ..Delta::default() }, chunks);
        }
    }

    fn begin_call(&mut self, block: &Block<'_>, chunks: &mut Vec<u8>) {
        let Some((id, name, input)) = block.tool_use() else { return };
        let index = self.calls;
        self.calls = self.calls.saturating_add(1);
        self.open_call = Some(OpenCall { index, input: input.to_owned(), has_pieces: false });
        let function = FunctionDelta { name: Some(name), arguments: "" };
        let call = ToolCallDelta { index, id: Some(id), kind: Some("function"), function };
        self.delta(Delta { tool_calls: Some([call]), ..Delta::default() }, chunks);
    }

    /// The end of a block. A call without pieces still has arguments: `{}`, or those it began with.
    fn end_call(&mut self, chunks: &mut Vec<u8>) {
        if let Some(call) = self.open_call.take().filter(|call| !call.has_pieces) {
            self.arguments(call.index, &call.input, chunks);
        }
    }

    fn arguments(&self, index: u32, arguments: &str, chunks: &mut Vec<u8>) {
        let function = FunctionDelta { name: None, arguments };
        let call = ToolCallDelta { index, id: None, kind: None, function };
        self.delta(Delta { tool_calls: Some([call]), ..Delta::default() }, chunks);
    }

    /// The chunk that says why it ended, and the usage for those who asked.
    fn end(&mut self, facts: &Chunk, chunks: &mut Vec<u8>) {
        let Some(reason) = facts.finish_reasons.first().filter(|_| !self.finished) else { return };
        self.end_call(chunks);
        self.finished = true;
        let delta = Delta::default();
        let choice = ChunkChoice { index: 0, delta, finish_reason: Some(finish_reason(*reason)) };
        self.write(&[choice], None, chunks);
        if let Some(usage) = facts.usage.filter(|_| self.wants_usage) {
            self.write(&[], Some(usage.into()), chunks);
        }
    }

    fn delta(&self, delta: Delta<'_>, chunks: &mut Vec<u8>) {
        self.write(&[ChunkChoice { index: 0, delta, finish_reason: None }], None, chunks);
    }

    fn write(
        &self,
        choices: &[ChunkChoice<'_>],
        usage: Option<WrittenUsage>,
        chunks: &mut Vec<u8>,
    ) {
        let chunk = Written {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.created,
            model: &self.model,
            choices,
            usage,
        };
        chunks.extend_from_slice(&sse::data(&chunk.to_json()));
    }
}

impl Listen for ChatStream {
    fn read(&mut self, event: &sse::Event) -> Piece {
        if event.kind == EventKind::Comment {
            return Piece::aside(event.raw.clone());
        }
        let data = event.data();
        match Event::parse(&data) {
            Some(told) => self.event(event, &told),
            None if event.name() == Some("error") => error_piece(event),
            None => match Unread::of(&data) {
                // A part of the answer that cannot be told is not left out in silence.
                Unread::Json if event.name().is_some_and(carries_answer) => Piece::garbage(),
                Unread::Blank | Unread::Json => Piece::aside(Bytes::new()),
                Unread::Garbage => Piece::garbage(),
            },
        }
    }

    fn is_finished(&self) -> bool {
        self.finished
    }

    fn end_mark(&self) -> Bytes {
        Bytes::from_static(b"data: [DONE]\n\n")
    }
}

fn carries_answer(event: &str) -> bool {
    matches!(
        event,
        "message_start" | "content_block_start" | "content_block_delta" | "message_delta"
    )
}

fn error_piece(event: &sse::Event) -> Piece {
    let facts = Some(Chunk { error: true, ..Chunk::default() });
    Piece { bytes: error::error_event(crate::Api::Chat, event), facts, meaning: Meaning::Error }
}
