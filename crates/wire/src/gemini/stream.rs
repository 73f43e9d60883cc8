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
    /// Candidates that have called tools, of those asked for.
    called: BTreeSet<u32>,
    /// The prompt was refused, so that no candidate will come.
    blocked: bool,
}

impl GenerateStream {
    /// A stream of this many candidates.
    pub(crate) fn new(choices: u32) -> GenerateStream {
        let (ended, called) = (BTreeSet::new(), BTreeSet::new());
        GenerateStream { choices, ended, called, blocked: false }
    }

    fn answer(&mut self, event: &sse::Event, answer: &GenerateAnswer<'_>) -> Piece {
        self.blocked |= answer.is_blocked();
        for one in answer.candidates().iter().filter(|one| one.index() < self.choices) {
            self.ended.extend(one.finish_reason().map(|_| one.index()));
            self.called.extend(one.calls_tool().then(|| one.index()));
        }
        let facts = answer.chunk(|one| self.called.contains(&one.index()));
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
