//! A response on its way past one [`TextFilter`]: chunks go in, and come out in the same order, one
//! for one, as soon as no text in them is in doubt.

mod tail;

use std::collections::VecDeque;
use std::mem;

use bytes::Bytes;
use inferlayer_wire::texts::{Channel, Edit, Item, Text, Texts};

use self::tail::Tail;
use super::{TextFilter, TextFlow, Window};
use crate::answer::ChunkForm;
use crate::exchange::Exchange;
use crate::refusal::Refusal;

/// More than this in events that wait is not held: the texts in doubt are taken to have ended.
pub const HELD_BYTES_MAX: usize = 1024 * 1024;
/// Texts that a response may have at the same time before those that ended are forgotten.
const TAILS_MAX: usize = 256;

/// The chunks of one response, and the filter that reads them.
pub struct ResponseTexts {
    filter: Box<dyn TextFilter>,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// The number of the first chunk that waits, counted from the first of the response.
    first: usize,
    tails: Vec<(Channel, Tail)>,
}

/// A chunk that waits until all of its texts are decided.
struct Waiting {
    bytes: Bytes,
    texts: Texts,
    edits: Vec<Edit>,
    /// Texts, or pieces of some, that are in doubt.
    doubts: usize,
}

/// What one chunk says of the texts in it.
#[derive(Default)]
struct Heard {
    went_on: Vec<Channel>,
    ended: Vec<u32>,
}

impl ResponseTexts {
    /// A response that this filter reads.
    pub fn new(filter: Box<dyn TextFilter>) -> ResponseTexts {
        let (waiting, tails) = (VecDeque::new(), Vec::new());
        ResponseTexts { filter, waiting, waiting_bytes: 0, first: 0, tails }
    }

    /// Takes the next chunk. What may go out now is appended to `out`, a chunk for each that went
    /// in.
    pub fn push(
        &mut self,
        x: &mut Exchange,
        bytes: Bytes,
        form: ChunkForm,
        out: &mut Vec<Bytes>,
    ) -> Result<(), Refusal> {
        let Some(texts) = form.texts(&bytes) else {
            self.finish(x, out)?;
            out.push(bytes);
            return Ok(());
        };
        self.waiting_bytes += bytes.len();
        self.waiting.push_back(Waiting {
            bytes,
            texts: texts.clone(),
            edits: Vec::new(),
            doubts: 0,
        });
        let (mut heard, mut read) = (Heard::default(), Ok(()));
        texts.items(|item| {
            if read.is_ok() {
                read = self.item(x, &item, &mut heard);
            }
        });
        read?;
        self.end(x, |channel| heard.ends(channel))?;
        if self.waiting_bytes > HELD_BYTES_MAX || self.tails.len() > TAILS_MAX {
            self.end(x, |_| true)?;
        }
        self.release(out);
        Ok(())
    }

    /// The response has ended: nothing is held any more.
    pub fn finish(&mut self, x: &mut Exchange, out: &mut Vec<Bytes>) -> Result<(), Refusal> {
        self.end(x, |_| true)?;
        self.tails.clear();
        self.release(out);
        Ok(())
    }

    fn item(
        &mut self,
        x: &mut Exchange,
        item: &Item<'_>,
        heard: &mut Heard,
    ) -> Result<(), Refusal> {
        match item {
            Item::End { choice } => heard.ended.push(*choice),
            Item::Text(text) => match text.channel {
                None => self.alone(x, text)?,
                Some(_) if text.text.is_empty() => {}
                Some(channel) => {
                    heard.went_on.push(channel);
                    self.piece(x, channel, text)?;
                }
            },
        }
        Ok(())
    }

    /// A text that stands for itself.
    fn alone(&mut self, x: &mut Exchange, text: &Text<'_>) -> Result<(), Refusal> {
        let (role, kind) = (text.role, text.kind);
        let window =
            Window { role, kind, choice: 0, text: &text.text, sent_bytes: 0, is_end: true };
        let TextFlow { edits, .. } = self.filter.read(x, &window)?;
        x.answer.edited_texts += u64::from(!edits.is_empty());
        if let Some(waiting) = self.waiting.back_mut() {
            waiting.edits.extend(edits.into_iter().map(|(range, new)| text.edit(range, new)));
        }
        Ok(())
    }

    /// A piece of a text that may go on.
    fn piece(
        &mut self,
        x: &mut Exchange,
        channel: Channel,
        text: &Text<'_>,
    ) -> Result<(), Refusal> {
        let chunk = self.first + self.waiting.len() - 1;
        if let Some(waiting) = self.waiting.back_mut() {
            waiting.doubts += 1;
        }
        let known = self.tails.iter().position(|(known, _)| *known == channel);
        let index = known.unwrap_or_else(|| {
            self.tails.push((channel, Tail::new(text.role)));
            self.tails.len() - 1
        });
        if let Some((_, tail)) = self.tails.get_mut(index) {
            tail.add(chunk, text);
        }
        self.read(x, index, false)
    }

    /// Asks the filter about a text as far as it has come.
    fn read(&mut self, x: &mut Exchange, index: usize, is_end: bool) -> Result<(), Refusal> {
        let Some((channel, tail)) = self.tails.get_mut(index) else { return Ok(()) };
        let flow = self.filter.read(x, &tail.window(channel, is_end))?;
        x.answer.edited_texts += u64::from(!flow.edits.is_empty());
        let decided = tail.decide(flow, is_end);
        for (chunk, edit) in decided.edits {
            let waiting = chunk.checked_sub(self.first).and_then(|at| self.waiting.get_mut(at));
            waiting.into_iter().for_each(|waiting| waiting.edits.push(edit.clone()));
        }
        for chunk in decided.pieces {
            let waiting = chunk.checked_sub(self.first).and_then(|at| self.waiting.get_mut(at));
            waiting.into_iter().for_each(|waiting| waiting.doubts -= 1);
        }
        Ok(())
    }

    /// Ends the texts of these channels.
    fn end(&mut self, x: &mut Exchange, ends: impl Fn(&Channel) -> bool) -> Result<(), Refusal> {
        for index in 0..self.tails.len() {
            let open = self.tails.get(index);
            if open.is_some_and(|(channel, tail)| tail.is_open() && ends(channel)) {
                self.read(x, index, true)?;
            }
        }
        let crowded = self.tails.len() > TAILS_MAX;
        self.tails.retain(|(channel, tail)| tail.is_open() || !(channel.is_whole || crowded));
        Ok(())
    }

    /// Gives out what waits no longer.
    fn release(&mut self, out: &mut Vec<Bytes>) {
        let is_decided = |waiting: &Waiting| waiting.doubts == 0;
        while self.waiting.front().is_some_and(is_decided)
            && let Some(waiting) = self.waiting.pop_front()
        {
            self.waiting_bytes -= waiting.bytes.len();
            self.first += 1;
            out.push(waiting.bytes());
        }
    }
}

impl Waiting {
    fn bytes(mut self) -> Bytes {
        match mem::take(&mut self.edits) {
            edits if edits.is_empty() => self.bytes,
            edits => self.texts.edited(&edits),
        }
    }
}

impl Heard {
    /// Whether nothing more is expected of a text: it stood here whole, its answer has ended, or
    /// another text of that answer goes on instead.
    fn ends(&self, channel: &Channel) -> bool {
        let goes_on = |other: &Channel| other.choice == channel.choice && !other.is_whole;
        channel.is_whole
            || self.ended.contains(&channel.choice)
            || (self.went_on.iter().any(goes_on) && !self.went_on.contains(channel))
    }
}
