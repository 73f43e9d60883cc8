//! Reading and changing what is said. A filter sees texts and never a dialect, an event or a byte
//! of JSON: [`Exchange::edit_request`] brings it the texts of a request, and a [`TextFilter`] those
//! of a response on its way to the client, whole or streamed, in any dialect.
//!
//! ```text
//! event ─► its texts ─► window: what is held of a text, and what has come ─► read ─► edits, hold
//!                          ▲                                                           │
//!                          └─────────── held, with the events it stands in ◄───────────┘
//! ```
//!
//! Nothing is moved from one event to another and no event is made: an event that holds a text in
//! doubt waits, and those behind it, so that an event without edits keeps every byte.

mod response;

use std::ops::Range;

use inferlayer_wire::texts::{Edit, Kind, Role, Text};

pub use self::response::{HELD_BYTES_MAX, ResponseTexts};
use crate::exchange::Exchange;
use crate::refusal::Refusal;

/// Reads the texts of one response, and may change them. Made for each response by
/// [`Filter::text_filter`](crate::Filter::text_filter), so it may remember what it has seen.
pub trait TextFilter: Send {
    /// Reads a text as far as it has come. Called when more of it comes, and at its end.
    fn read(&mut self, x: &mut Exchange, window: &Window<'_>) -> Result<TextFlow, Refusal>;
}

/// What is there of a text: what was held back, and what has come since.
#[derive(Debug, Clone, Copy)]
pub struct Window<'a> {
    /// Who says it.
    pub role: Role,
    /// What it is.
    pub kind: Kind,
    /// Which of several answers it belongs to, counted from 0.
    pub choice: u32,
    /// The text.
    pub text: &'a str,
    /// So many bytes at its beginning the client has already, and they stay as they are: the end of
    /// this text seemed to have come before.
    pub sent_bytes: usize,
    /// Nothing more is expected of it: what is not changed now goes out.
    pub is_end: bool,
}

/// What becomes of a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextFlow {
    edits: Vec<(Range<usize>, String)>,
    hold_bytes: usize,
}

impl TextFlow {
    /// All of it goes out as it is.
    pub fn keep() -> TextFlow {
        TextFlow::default()
    }

    /// Puts `text` in place of a range of the window. An empty range inserts.
    pub fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.edits.push((range, text.into()));
    }

    /// Holds so many bytes at the end of the window back until more comes. At the end of a text
    /// they go out, and stand at the beginning of the next window, should it go on after all.
    pub fn hold(&mut self, bytes: usize) {
        self.hold_bytes = bytes;
    }
}

impl Exchange {
    /// Edits the texts of the request: `edit` is told of each and gives the edits of it. The number
    /// of edits made. For a large body see [`Call::edited`](inferlayer_wire::Call::edited), which
    /// can run elsewhere.
    pub fn edit_request(
        &mut self,
        edit: impl FnMut(&Text<'_>) -> Vec<Edit>,
    ) -> Result<usize, Refusal> {
        let call = self.call.need_mut()?;
        let Some((edited, edits)) = call.edited(edit)? else { return Ok(0) };
        *call = edited;
        self.edited_texts += edits as u64;
        Ok(edits)
    }
}
