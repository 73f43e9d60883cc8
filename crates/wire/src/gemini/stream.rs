//! Gemini's stream for Gemini's callers: bytes as they came. It has no end mark: it ends.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::GenerateAnswer;
use crate::sse::{self, EventKind};
use crate::stream::{Listen, Meaning, Piece};

/// Reads events for their facts.
pub(crate) struct GenerateStream {
    choices: u32,
    /// Candidates that have ended, of those asked for.
    ended: BTreeSet<u32>,
    /// The prompt was refused, so that no candidate will come.
    blocked: bool,
}

impl GenerateStream {
    /// A stream of this many candidates.
    pub(crate) fn new(choices: u32) -> GenerateStream {
        GenerateStream { choices, ended: BTreeSet::new(), blocked: false }
    }

    fn answer(&mut self, event: &sse::Event, answer: &GenerateAnswer<'_>) -> Piece {
        self.blocked |= answer.is_blocked();
        let ends = answer.candidates().iter().filter(|one| one.finish_reason().is_some());
        let asked = ends.map(|one| one.index()).filter(|index| *index < self.choices);
        self.ended.extend(asked);
        let facts = answer.chunk();
        let meaning = if facts.error { Meaning::Error } else { Meaning::Content };
        Piece { bytes: event.raw.clone(), facts: Some(facts), meaning }
    }
}

impl Listen for GenerateStream {
    fn read(&mut self, event: &sse::Event) -> Piece {
        if event.kind == EventKind::Comment {
            return Piece::aside(event.raw.clone());
        }
        let data = event.data();
        match GenerateAnswer::parse(&data) {
            Some(answer) => self.answer(event, &answer),
            None => Piece::unread(event, &data),
        }
    }

    fn is_finished(&self) -> bool {
        self.blocked || self.ended.len() >= self.choices as usize
    }

    fn end_mark(&self) -> Bytes {
        Bytes::new()
    }
}
