//! Reads types from a [`Tree`]. Which value could not be read is noted here and not in the error,
//! because errors pass through code of others, such as a filter's own types, which keep the text
//! alone.

use std::cell::OnceCell;
use std::slice;

use serde::de::value::{BorrowedStrDeserializer, Error, MapAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::config::stand_in::StandIn;
use crate::config::tree::{Id, Spot, Tree, Value};

/// Something that could not be read, and what its type said.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) spot: Spot,
    pub(crate) problem: String,
}

/// Reads the value `id` of a tree.
pub(crate) fn read<'de, S: DeserializeSeed<'de>>(
    tree: &'de Tree,
    id: Id,
    seed: S,
) -> Result<S::Value, Fault> {
    let fault = OnceCell::new();
    let read = Reader { tree, id, fault: &fault }.read(seed);
    read.map_err(|error| {
        let unseen = || Fault { spot: Spot::Value(id), problem: error.to_string() };
        fault.into_inner().unwrap_or_else(unseen)
    })
}

#[derive(Clone, Copy)]
struct Reader<'de, 'a> {
    tree: &'de Tree,
    id: Id,
    /// The innermost, which is noted first.
    fault: &'a OnceCell<Fault>,
}

impl<'de> Reader<'de, '_> {
    fn read<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        let read = match self.value() {
            Value::StandIn(tries) => seed.deserialize(StandIn::new(*tries)),
            _ => seed.deserialize(self),
        };
        read.map_err(|error| self.note(Spot::Value(self.id), error))
    }

    fn value(self) -> &'de Value {
        self.tree.value(self.id)
    }

    fn at(self, id: Id) -> Self {
        Reader { id, ..self }
    }

    fn note(self, spot: Spot, error: Error) -> Error {
        self.fault.get_or_init(|| Fault { spot, problem: error.to_string() });
        error
    }

    fn parts(self, ids: &'de [Id]) -> Parts<'de, Self> {
        Parts { whole: self, ids: ids.iter(), value: self.id }
    }
}

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value() {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Unsigned(value) => visitor.visit_u64(*value),
            Value::Signed(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(ids) => visitor.visit_seq(self.parts(ids)),
            Value::Map(ids) => visitor.visit_map(self.parts(ids)),
            Value::StandIn(tries) => StandIn::new(*tries).deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value() {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// `key:` with nothing after it is an empty list where a list is asked for.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value() {
            Value::Null => visitor.visit_seq(self.parts(&[])),
            _ => self.deserialize_any(visitor),
        }
    }

    /// `key:` with nothing after it is an empty map where a map is asked for.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value() {
            Value::Null => visitor.visit_map(self.parts(&[])),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    /// `variant`, or `{ variant: content }`.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.value() {
            Value::Text(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            Value::Map(ids) if ids.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(self.parts(ids)))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// The parts of a list or a map, one after the other.
struct Parts<'de, R> {
    whole: R,
    ids: slice::Iter<'de, Id>,
    /// In a map: the value whose key was read.
    value: Id,
}

impl<'de> SeqAccess<'de> for Parts<'de, Reader<'de, '_>> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        self.ids.next().map(|id| self.whole.at(*id).read(seed)).transpose()
    }
}

impl<'de> MapAccess<'de> for Parts<'de, Reader<'de, '_>> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Reader { tree, .. } = self.whole;
        let Some(id) = self.ids.find(|id| !tree.is_ignored(**id)) else { return Ok(None) };
        self.value = *id;
        let key = seed.deserialize(BorrowedStrDeserializer::new(tree.key(*id)));
        key.map(Some).map_err(|error| self.whole.note(Spot::Key(*id), error))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        self.whole.at(self.value).read(seed)
    }
}
