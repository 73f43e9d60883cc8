//! One strict pass over a JSON value, telling a [`Reader`] what it meets.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::keys::Keys;

/// What a caller wants of one value. The defaults walk everything below and keep nothing.
pub(crate) trait Reader<'de> {
    /// The value is an object and has this member, whose value must now be taken from `object`.
    fn member<A: MapAccess<'de>>(&mut self, _key: &str, object: &mut A) -> Result<(), A::Error> {
        skip(object)
    }

    /// The value is an array: takes its next item, false when there is none.
    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        Ok(array.next_element_seed(Walk(&mut Skip))?.is_some())
    }

    /// The value is this string.
    fn string(&mut self, _text: &str) {}
}

/// The reader that wants nothing.
pub(crate) struct Skip;

impl Reader<'_> for Skip {}

/// Walks a member nobody wants: strict all the same.
pub(crate) fn skip<'de, A: MapAccess<'de>>(object: &mut A) -> Result<(), A::Error> {
    object.next_value_seed(Walk(&mut Skip)).map(drop)
}

/// The kinds of JSON values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

/// The walk over one value. It takes every kind, so that serde never writes a message that quotes
/// an unexpected value.
pub(crate) struct Walk<'r, R>(pub(crate) &'r mut R);

impl<'de, R: Reader<'de>> DeserializeSeed<'de> for Walk<'_, R> {
    type Value = Kind;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kind, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, R: Reader<'de>> Visitor<'de> for Walk<'_, R> {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any json value")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Kind, E> {
        Ok(Kind::Boolean)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Kind, E> {
        Ok(Kind::Number)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Kind, E> {
        Ok(Kind::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Kind, E> {
        Ok(Kind::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Kind, E> {
        self.0.string(text);
        Ok(Kind::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Kind, A::Error> {
        while self.0.item(&mut array)? {}
        Ok(Kind::Array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Kind, A::Error> {
        let mut keys = Keys::new();
        while let Some(key) = object.next_key_seed(Key)? {
            if key.contains('\0') {
                return Err(A::Error::custom("a key contains nul"));
            }
            // Only keys with escapes are copied, and few have any.
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom("an object has the same key twice"));
            }
            self.0.member(&key, &mut object)?;
        }
        Ok(Kind::Object)
    }
}

/// An object's key, unescaped; borrowed from the document when it holds no escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
