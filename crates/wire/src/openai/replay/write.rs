//! Writing JSON objects member by member: fresh values among raw ones that stay as they came.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::json::compact;

/// A member of an answer.
pub(super) enum Member {
    /// A string, which a stream may cut into pieces.
    Text(String),
    /// Anything else.
    Raw(Box<RawValue>),
}

impl Member {
    /// A value, and its text if it is one.
    pub(super) fn of(text: Option<Cow<'_, str>>, raw: &RawValue) -> Member {
        text.map_or_else(|| Member::Raw(raw.to_owned()), |text| Member::Text(text.into_owned()))
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Member::Raw(raw) if raw.get() == "null")
    }
}

/// Members of an object that stay as they came, in order.
pub(super) type Members = Vec<(String, Box<RawValue>)>;

/// An object on its way; its members stand in the order they are given.
#[derive(Clone, Default)]
pub(super) struct Object(Vec<u8>);

impl Object {
    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Object {
        self.name(name);
        self.string(text);
        self
    }

    pub(super) fn number(&mut self, name: &str, number: u64) -> &mut Object {
        self.bytes(name, number.to_string().as_bytes())
    }

    pub(super) fn raw(&mut self, name: &str, raw: &RawValue) -> &mut Object {
        // Without line breaks, so that it fits one line of an event.
        self.name(name);
        compact(raw.get().as_bytes(), &mut self.0);
        self
    }

    pub(super) fn raws(&mut self, members: &Members) -> &mut Object {
        for (name, raw) in members {
            self.raw(name, raw);
        }
        self
    }

    pub(super) fn member(&mut self, name: &str, member: &Member) -> &mut Object {
        match member {
            Member::Text(text) => self.text(name, text),
            Member::Raw(raw) => self.raw(name, raw),
        }
    }

    pub(super) fn object(&mut self, name: &str, object: Object) -> &mut Object {
        self.bytes(name, &object.finish())
    }

    /// An array of at most one object.
    pub(super) fn array(&mut self, name: &str, object: Option<Object>) -> &mut Object {
        let item = object.map(Object::finish).unwrap_or_default();
        self.bytes(name, &[b"[", item.as_slice(), b"]"].concat())
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.0.is_empty() {
            self.0.push(b'{');
        }
        self.0.push(b'}');
        self.0
    }

    pub(super) fn into_raw(self) -> Box<RawValue> {
        let text = String::from_utf8(self.finish()).unwrap_or_default();
        // What was written here is JSON.
        RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
    }

    fn bytes(&mut self, name: &str, value: &[u8]) -> &mut Object {
        self.name(name);
        self.0.extend_from_slice(value);
        self
    }

    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        self.string(name);
        self.0.push(b':');
    }

    fn string(&mut self, text: &str) {
        // Strings always serialise, and a `Vec` always has room.
        let _ = serde_json::to_writer(&mut self.0, text);
    }
}
