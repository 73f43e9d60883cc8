//! Cutting a document into what is read in one way: JSON, a line of an event, plain text.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use super::path;
use super::walk::{Found, Walk};
use super::{Form, Item, Kind, Of, Role, Span, Text};
use crate::{splice, sse};

/// A part of a document that is read in one way.
pub(super) struct Segment<'a> {
    /// Lines of data that belong together are joined.
    text: Cow<'a, str>,
    /// Where each line begins: in `text`, and in the document. Only JSON has several, and no string
    /// of it goes over the end of a line.
    lines: Vec<(usize, usize)>,
    content: Content,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Json,
    /// Comments and fields of an event.
    Line,
    Plain,
}

/// The parts of `document` that hold texts.
pub(super) fn segments(document: &str, of: Of) -> Vec<Segment<'_>> {
    if of == Of::Event {
        return of_event(document);
    }
    let content = if is_json(document) { Content::Json } else { Content::Plain };
    vec![Segment { text: document.into(), lines: vec![(0, 0)], content }]
}

/// The data of an event, behind the other lines.
fn of_event(event: &str) -> Vec<Segment<'_>> {
    let mut segments = Vec::new();
    let mut data: Option<Segment<'_>> = None;
    for (start, line) in sse::lines(event) {
        let Some(value) = sse::data_of(line) else {
            if !line.is_empty() {
                let lines = vec![(0, start)];
                segments.push(Segment { text: line.into(), lines, content: Content::Line });
            }
            continue;
        };
        let start = start + line.len() - value.len();
        match &mut data {
            None => {
                data = Some(Segment {
                    text: value.into(),
                    lines: vec![(0, start)],
                    content: Content::Json,
                })
            }
            Some(data) => data.join(value, start),
        }
    }
    if let Some(data) = data {
        match is_json(&data.text) {
            true => segments.push(data),
            false => segments.extend(data.into_lines()),
        }
    }
    segments
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

impl<'a> Segment<'a> {
    fn join(&mut self, line: &str, start: usize) {
        let text = self.text.to_mut();
        text.push('\n');
        self.lines.push((text.len(), start));
        text.push_str(line);
    }

    /// Lines that are no JSON together.
    fn into_lines(self) -> Vec<Segment<'a>> {
        let texts: Vec<Cow<'a, str>> = match self.text {
            Cow::Borrowed(text) => vec![text.into()],
            Cow::Owned(text) => text.split('\n').map(|line| line.to_owned().into()).collect(),
        };
        let starts = self.lines.into_iter().map(|(_, start)| vec![(0, start)]);
        let lines = texts.into_iter().zip(starts);
        lines.map(|(text, lines)| Segment { text, lines, content: Content::Line }).collect()
    }

    /// Tells of the texts.
    pub(super) fn walk(&self, of: Of, tell: &mut dyn FnMut(Item<'_>)) {
        let (kind, form) = match self.content {
            Content::Json => {
                return Walk::new(of, &mut |found| tell(self.item(found))).document(&self.text);
            }
            Content::Line => (Kind::Label, Form::Line),
            Content::Plain => (Kind::Other, Form::Plain),
        };
        let start = self.place(0);
        let span = Span { raw: start..start + self.text.len(), form };
        let (role, text) = (Role::Assistant, Cow::Borrowed(&*self.text));
        tell(Item::Text(Text { role, kind, text, channel: None, span }));
    }

    fn item<'t>(&self, found: Found<'t>) -> Item<'t> {
        match found {
            Found::Text { raw, role, kind, channel } => {
                let (span, text) = (self.span(raw, Form::Json), unescaped(raw));
                Item::Text(Text { role, kind, text, channel, span })
            }
            Found::Media { raw, role, media_type } => {
                let (span, kind) = (self.span(raw, Form::Fixed), Kind::Media);
                Item::Text(Text { role, kind, text: media_type, channel: None, span })
            }
            Found::End { choice } => Item::End { choice },
        }
    }

    fn span(&self, raw: &str, form: Form) -> Span {
        let start = self.place(splice::span(self.text.as_bytes(), raw).start);
        Span { raw: start..start + raw.len(), form }
    }

    /// Where a place of the text is in the document.
    fn place(&self, at: usize) -> usize {
        let before = self.lines.iter().rev().find(|(start, _)| *start <= at);
        before.map_or(at, |(start, place)| place + at - start)
    }

    /// The path to what stands at this place of the document; none outside of JSON.
    pub(super) fn path(&self, place: usize) -> Option<String> {
        if self.content != Content::Json {
            return None;
        }
        let (start, line) = self.lines.iter().rev().find(|(_, line)| *line <= place)?;
        path::of(&self.text, start + place - line)
    }
}

/// The text of a string without its quotes. One with half of a surrogate pair is told as written.
fn unescaped(inner: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Cow::Borrowed(inner);
    }
    serde_json::from_str(&format!("\"{inner}\"")).map_or(Cow::Borrowed(inner), Cow::Owned)
}
