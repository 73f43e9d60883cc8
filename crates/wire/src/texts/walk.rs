//! The walk over a JSON document, from what the [`grammar`](super::grammar) knows to the strings of
//! what it does not.

use std::borrow::Cow;

use super::flat;
use super::grammar::{self, At, Marks, Rule};
use super::{Channel, Kind, Of, Role};
use crate::json;

/// No dialect nests its texts deeper. Below that, what is known of a place no longer matters, and
/// one pass reads all.
const DEPTH_MAX: u32 = 12;

/// What is met on the walk.
pub(super) enum Found<'j> {
    /// A string without its quotes.
    Text { raw: &'j str, role: Role, kind: Kind, channel: Option<Channel> },
    /// Content that is no text, and where it stands.
    Media { raw: &'j str, role: Role, media_type: Cow<'j, str> },
    /// Nothing more is expected of this choice.
    End { choice: u32 },
}

/// A walk over one document.
pub(super) struct Walk<'t, 'j> {
    of: Of,
    tell: &'t mut dyn FnMut(Found<'j>),
}

impl<'t, 'j> Walk<'t, 'j> {
    pub(super) fn new(of: Of, tell: &'t mut dyn FnMut(Found<'j>)) -> Walk<'t, 'j> {
        Walk { of, tell }
    }

    /// Walks a document that is valid JSON.
    pub(super) fn document(mut self, json: &'j str) {
        self.value(json.trim_ascii(), At::start(self.of));
    }

    fn value(&mut self, value: &'j str, at: At) {
        match value.as_bytes().first() {
            Some(b'"') => self.string(value, at),
            Some(b'[' | b'{') if at.depth > DEPTH_MAX => self.all(value, at),
            Some(b'[') => {
                for (place, item) in json::items(value).enumerate() {
                    self.value(item, at.item(place));
                }
            }
            Some(b'{') => self.object(value, at),
            _ => {}
        }
    }

    fn object(&mut self, object: &'j str, at: At) {
        let marks = Marks::of(object);
        let at = at.inside(&marks);
        if marks.ends && self.of == Of::Event {
            (self.tell)(Found::End { choice: at.choice });
        }
        let mut values = json::items(object);
        while let (Some(key), Some(value)) = (values.next(), values.next()) {
            let name = json::text(key).unwrap_or(Cow::Borrowed(key));
            match grammar::rule(&name, value, &marks, at) {
                Rule::Into(at) => self.value(value, at.member(&name)),
                Rule::All(at) => self.all(value, at.member(&name)),
                Rule::Media => self.media(value, &marks, at.member(&name)),
                Rule::Unknown(at) => {
                    self.string(key, at.whole().says(Kind::Label));
                    self.all(value, at.member(&name));
                }
            }
        }
    }

    fn string(&mut self, value: &'j str, at: At) {
        self.text(inner(value).unwrap_or_default(), at);
    }

    /// Every string below, whatever it stands in.
    fn all(&mut self, value: &'j str, at: At) {
        flat::strings(value, at.field, |found| {
            self.text(found.inner, at.below(found.field));
        });
    }

    fn text(&mut self, raw: &'j str, at: At) {
        let (role, kind, channel) = (at.role, at.kind, at.channel());
        (self.tell)(Found::Text { raw, role, kind, channel });
    }

    /// A picture that stands behind a URL is told of as text too: a URL may say much.
    fn media(&mut self, value: &'j str, marks: &Marks<'j>, at: At) {
        let Some(raw) = inner(value) else {
            return self.value(value, at.says(Kind::Other));
        };
        let data_url = raw.strip_prefix("data:").and_then(|rest| rest.split([';', ',']).next());
        let media_type = data_url.map(Cow::Borrowed).or_else(|| marks.media_type.clone());
        let media_type = media_type.or_else(|| marks.name.clone()).unwrap_or_default();
        (self.tell)(Found::Media { raw, role: at.role, media_type });
        if data_url.is_none() && raw.contains("://") {
            self.text(raw, at.whole().says(Kind::Other));
        }
    }
}

/// A string without its quotes.
fn inner(value: &str) -> Option<&str> {
    value.strip_prefix('"')?.strip_suffix('"')
}
