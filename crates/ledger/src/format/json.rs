//! The JSON that metadata are made of (`FORMAT.md` §2): one object that reads the same for every
//! parser. What two parsers may read differently is refused: a name twice in an object, half a
//! surrogate pair, a number beyond a double, deep nesting.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Objects and arrays in each other, the outermost counted.
const MAX_DEPTH: usize = 32;
/// Up to so many names are compared one by one, which costs less than a set.
const FEW_NAMES: usize = 16;

/// Whether `metadata` is one such object whose first byte is the brace; builds no tree.
pub(crate) fn is_object(metadata: &[u8]) -> bool {
    let text = std::str::from_utf8(metadata).ok().filter(|text| text.starts_with('{'));
    text.is_some_and(|text| {
        let mut json = serde_json::Deserializer::from_str(text);
        Strict { depth: 0 }.deserialize(&mut json).and_then(|()| json.end()).is_ok()
    })
}

/// Reads one value and keeps nothing.
#[derive(Clone, Copy)]
struct Strict {
    /// Of objects and arrays around it.
    depth: usize,
}

impl Strict {
    fn inside<E: Error>(self) -> Result<Self, E> {
        match self.depth < MAX_DEPTH {
            true => Ok(Self { depth: self.depth + 1 }),
            false => Err(E::custom("nested too deep")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        while items.next_element_seed(inside)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inside = self.inside()?;
        let mut names = Names::default();
        while let Some(Name(name)) = members.next_key()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a name twice"));
            }
            members.next_value_seed(inside)?;
        }
        Ok(())
    }
}

/// A member's name, borrowed unless it holds an escape.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The names of one object so far.
#[derive(Default)]
struct Names<'a> {
    few: Vec<Cow<'a, str>>,
    many: HashSet<Cow<'a, str>>,
}

impl<'a> Names<'a> {
    /// `false` when it is there already.
    fn insert(&mut self, name: Cow<'a, str>) -> bool {
        if self.many.is_empty() && self.few.len() < FEW_NAMES {
            let new = !self.few.contains(&name);
            self.few.push(name);
            return new;
        }
        self.many.extend(self.few.drain(..));
        self.many.insert(name)
    }
}

/// A `T` that is written as an object: a struct of serde's may also come from an array.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(OfObject(PhantomData)).map(Self)
    }
}

struct OfObject<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OfObject<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}{}", r#"{"a":"#.repeat(levels - 1) + "{", "}".repeat(levels))
    }

    #[test]
    fn metadata_are_one_json_object_from_the_first_byte() {
        let whole = [r#"{"a":[1,{}]} "#, r#"{"a":{"a":1},"b":{"a":1.5e3}}"#, &nested(32)];
        for object in [&["{}"][..], &whole].concat() {
            assert!(is_object(object.as_bytes()), "{object}");
        }
        for other in ["", " {}", "[]", "{", "{}{}", r#"{"a":NaN}"#, "{\"a\":\"\n\"}"] {
            assert!(!is_object(other.as_bytes()), "{other}");
        }
        assert!(!is_object(b"{\"a\":\"\xff\"}"));
    }

    #[test]
    fn what_two_parsers_may_read_differently_is_refused() {
        let many: String = (0..40).map(|name| format!(r#""{name}":1,"#)).collect();
        for other in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":[{"a":1,"b":2,"a":3}]}"#,
            &format!(r#"{{{many}"17":2}}"#),
            r#"{"a":"\ud800"}"#,
            r#"{"\udc00":1}"#,
            r#"{"a":1e999}"#,
            r#"{"a":-1e999}"#,
            &nested(33),
            &format!(r#"{{"a":{}{}}}"#, "[".repeat(32), "]".repeat(32)),
            &"{\"a\":".repeat(100_000),
        ] {
            assert!(!is_object(other.as_bytes()), "{other:.60}");
        }
        assert!(is_object(format!(r#"{{{many}"40":2}}"#).as_bytes()));
    }

    #[test]
    fn an_object_is_no_array() {
        #[derive(Deserialize)]
        struct Pair {
            a: u8,
        }
        let read = |json| serde_json::from_str::<Object<Pair>>(json).map(|Object(pair)| pair.a);
        assert_eq!(read(r#"{"a":1,"more":2}"#).unwrap(), 1);
        assert!(read("[1]").is_err());
    }
}
